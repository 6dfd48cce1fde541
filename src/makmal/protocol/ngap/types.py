"""ASN.1 types as reader and writer pairs: what NGAP's elements are put together of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from makmal.protocol.errors import EncodeError
from makmal.protocol.ngap.aper import Reader, Writer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


class ProtocolElement(NamedTuple):
    """One protocol IE or extension field: identifier, criticality (0 reject, 1 ignore, 2 notify),
    and its value, still encoded.
    """

    identifier: int
    criticality: int
    value: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Aper(Generic[T]):
    """A type: how a value of it is read, and written."""

    read: Callable[[Reader], T]
    write: Callable[[Writer, T], None]

    def decode(self, data: bytes) -> T:
        """A value that stands alone in these octets. Raises DecodeError."""
        return self.read(Reader(data))

    def encode(self, value: T) -> bytes:
        """The octets of a value. Raises EncodeError."""
        writer = Writer()
        try:
            self.write(writer, value)
        except (TypeError, AttributeError, OverflowError, ValueError) as error:
            if isinstance(error, EncodeError):
                raise
            raise EncodeError("NGAP", type(value).__name__, str(error)) from None
        return writer.finish()


def integer(low: int, high: int, extensible: bool = False) -> Aper[int]:
    """INTEGER (low..high), with or without "..." (X.691, 12)."""

    def read(reader: Reader) -> int:
        if extensible and reader.bits(1):
            return int.from_bytes(reader.octets(reader.length()), "big", signed=True)
        return reader.whole_number(low, high)

    def write(writer: Writer, value: int) -> None:
        if extensible:
            outside = not low <= value <= high
            writer.bits(outside, 1)
            if outside:
                octets = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
                writer.length(len(octets))
                writer.octets(octets)
                return
        writer.whole_number(value, low, high)

    return Aper(read, write)


def enumerated(count: int) -> Aper[int]:
    """ENUMERATED with ``count`` root values and "...": additions follow as count, count + 1, ..."""

    def read(reader: Reader) -> int:
        if reader.bits(1):
            return count + reader.small_number()
        return reader.whole_number(0, count - 1)

    def write(writer: Writer, value: int) -> None:
        writer.bits(value >= count, 1)
        if value >= count:
            writer.small_number(value - count)
        else:
            writer.whole_number(value, 0, count - 1)

    return Aper(read, write)


def bit_string(
    low: int, high: int | None = None, extensible: bool = False
) -> Aper[tuple[int, int]]:
    """BIT STRING (SIZE(low..high)) as (bits as a number, how many) (X.691, 16)."""
    upper = low if high is None else high

    def read(reader: Reader) -> tuple[int, int]:
        if extensible and reader.bits(1):
            size = reader.length()
            reader.align()
        elif upper < 65_536:
            size = reader.whole_number(low, upper)
            if upper > 16:
                reader.align()
        else:
            # X.691, 10.9.4.1: a bound of 64 K or more is none for the length.
            size = reader.length()
            reader.align()
        return reader.bits(size), size

    def write(writer: Writer, value: tuple[int, int]) -> None:
        bits, size = value
        if not 0 <= bits < 1 << size:
            raise EncodeError("NGAP", "bit string", f"{bits} does not fit {size} bits")
        if extensible:
            outside = not low <= size <= upper
            writer.bits(outside, 1)
            if outside:
                writer.length(size)
                writer.align()
                writer.bits(bits, size)
                return
        if upper < 65_536:
            writer.whole_number(size, low, upper, "size")
        else:
            writer.length(size)
        if upper > 16:
            writer.align()
        writer.bits(bits, size)

    return Aper(read, write)


def bits(count: int, extensible: bool = False) -> Aper[int]:
    """BIT STRING (SIZE(count)), as a number."""
    string = bit_string(count, None, extensible)

    def read(reader: Reader) -> int:
        number, size = string.read(reader)
        if size != count:
            # A number cannot tell it, and no version of NGAP has made use of the "..." so far.
            raise reader.fail(f"{size} bits where the specification has {count}")
        return number

    return Aper(read, lambda writer, value: string.write(writer, (value, count)))


def fixed_octets(count: int) -> Aper[bytes]:
    """OCTET STRING (SIZE(count)): up to two octets are not aligned (X.691, 17.6)."""

    def read(reader: Reader) -> bytes:
        if count <= 2:
            return reader.bits(count * 8).to_bytes(count, "big")
        return reader.octets(count)

    def write(writer: Writer, value: bytes) -> None:
        if len(value) != count:
            raise EncodeError("NGAP", "octet string", f"{len(value)} octets instead of {count}")
        if count <= 2:
            writer.bits(int.from_bytes(value, "big"), count * 8)
        else:
            writer.octets(value)

    return Aper(read, write)


OCTETS: Aper[bytes] = Aper(lambda r: r.open_type(), lambda w, value: w.open_type(value))


def number_in_octets(count: int) -> Aper[int]:
    """OCTET STRING (SIZE(count)) whose octets are a number."""
    octets = fixed_octets(count)

    def write(writer: Writer, value: int) -> None:
        if not 0 <= value < 1 << count * 8:
            raise EncodeError("NGAP", "number", f"{value} does not fit {count} octets")
        octets.write(writer, value.to_bytes(count, "big"))

    return Aper(lambda reader: int.from_bytes(octets.read(reader), "big"), write)


def visible_string(low: int, high: int) -> Aper[str]:
    """PrintableString or VisibleString (SIZE(low..high, ...)): 8 bits a character, aligned."""

    def read(reader: Reader) -> str:
        size = reader.length() if reader.bits(1) else reader.whole_number(low, high)
        return reader.octets(size).decode("latin-1")

    def write(writer: Writer, value: str) -> None:
        octets = value.encode("latin-1", "replace")
        outside = not low <= len(octets) <= high
        writer.bits(outside, 1)
        if outside:
            writer.length(len(octets))
        else:
            writer.whole_number(len(octets), low, high)
        writer.octets(octets)

    return Aper(read, write)


def sequence_of(item: Aper[T], high: int, low: int = 1) -> Aper[tuple[T, ...]]:
    """SEQUENCE (SIZE(low..high)) OF item."""
    # X.691, 10.9.4.1: a bound of 64 K or more is none for the length.
    is_bounded = high < 65_536

    def read(reader: Reader) -> tuple[T, ...]:
        count = reader.whole_number(low, high) if is_bounded else reader.length()
        if count < low:
            raise reader.fail(f"a list of {count}, where {low} is the least")
        return tuple([item.read(reader) for _ in range(count)])

    def write(writer: Writer, value: Sequence[T]) -> None:
        if is_bounded:
            writer.whole_number(len(value), low, high, "list")
        else:
            writer.length(len(value))
        for entry in value:
            item.write(writer, entry)

    return Aper(read, write)


def read_elements(reader: Reader, low: int = 0) -> tuple[ProtocolElement, ...]:
    """A protocol IE container or, with ``low`` 1, a protocol extension container."""
    count = reader.whole_number(low, 65_535)
    found = []
    for _ in range(count):
        identifier = reader.whole_number(0, 65_535)
        criticality = reader.bits(2)
        found.append(ProtocolElement(identifier, criticality, reader.open_type()))
    return tuple(found)


def write_elements(writer: Writer, elements: Sequence[ProtocolElement], low: int = 0) -> None:
    """The reverse."""
    writer.whole_number(len(elements), low, 65_535, "container")
    for element in elements:
        writer.whole_number(element.identifier, 0, 65_535)
        writer.bits(element.criticality, 2)
        writer.open_type(element.value)


def sequence(
    kind: type[T], *fields: tuple[str, Aper[Any]] | tuple[str, Aper[Any], bool]
) -> Aper[T]:
    """SEQUENCE { fields, iE-Extensions OPTIONAL, ... } as a dataclass.

    A field is (attribute, type), with True as a third member if it is OPTIONAL. Extensions stay
    encoded in the attribute ``extensions`` where the dataclass has it; what a later version added
    behind the "..." is passed over.
    """
    plan = [(field[0], field[1], len(field) > 2) for field in fields]
    optional = [name for name, _, is_optional in plan if is_optional]
    members = dataclasses.fields(cast("type[DataclassInstance]", kind))
    keeps = any(field.name == "extensions" for field in members)

    def read(reader: Reader) -> T:
        extended = reader.bits(1)
        present = {name: bool(reader.bits(1)) for name in optional}
        has_extensions = reader.bits(1)
        values: dict[str, Any] = {}
        for name, aper, is_optional in plan:
            values[name] = aper.read(reader) if not is_optional or present[name] else None
        extensions = read_elements(reader, 1) if has_extensions else ()
        if keeps:
            values["extensions"] = extensions
        if extended:
            _pass_over_additions(reader)
        return kind(**values)

    def write(writer: Writer, value: T) -> None:
        extensions = getattr(value, "extensions", ())
        writer.bits(0, 1)
        for name in optional:
            writer.bits(getattr(value, name) is not None, 1)
        writer.bits(bool(extensions), 1)
        for name, aper, is_optional in plan:
            member = getattr(value, name)
            if member is not None or not is_optional:
                aper.write(writer, member)
        if extensions:
            write_elements(writer, extensions, 1)

    return Aper(read, write)


def _pass_over_additions(reader: Reader) -> None:
    count = reader.small_number() + 1
    if count > 1024:
        raise reader.fail(f"{count} extension additions")
    present = [reader.bits(1) for _ in range(count)]
    for is_present in present:
        if is_present:
            reader.open_type()


@dataclass(frozen=True, slots=True)
class UnknownChoice:
    """An alternative that came with a later version: the single IE in choice-Extensions."""

    element: ProtocolElement


def choice(*alternatives: tuple[type[Any], Aper[Any]]) -> Aper[Any]:
    """CHOICE { alternatives, choice-Extensions }: the class of a value tells its alternative."""
    apers = [aper for _, aper in alternatives]
    last = len(apers)

    def read(reader: Reader) -> Any:
        index = reader.whole_number(0, last)
        if index < last:
            return apers[index].read(reader)
        identifier = reader.whole_number(0, 65_535)
        criticality = reader.bits(2)
        return UnknownChoice(ProtocolElement(identifier, criticality, reader.open_type()))

    def write(writer: Writer, value: Any) -> None:
        if isinstance(value, UnknownChoice):
            writer.whole_number(last, 0, last)
            writer.whole_number(value.element.identifier, 0, 65_535)
            writer.bits(value.element.criticality, 2)
            writer.open_type(value.element.value)
            return
        for index, (kind, aper) in enumerate(alternatives):
            if isinstance(value, kind):
                writer.whole_number(index, 0, last)
                aper.write(writer, value)
                return
        raise EncodeError("NGAP", "choice", f"{type(value).__name__} is no alternative of it")

    return Aper(read, write)


def _plmn_digits(octets: bytes) -> str:
    text = octets.hex()
    mcc, mnc = text[1] + text[0] + text[3], text[5] + text[4]
    return mcc + mnc if text[2] == "f" else mcc + text[2] + mnc


def _read_plmn(reader: Reader) -> str:
    return _plmn_digits(reader.octets(3))


def _write_plmn(writer: Writer, value: str) -> None:
    if len(value) not in (5, 6):
        raise EncodeError("NGAP", "PLMN identity", f"{value!r} has not 5 or 6 digits")
    # TS 38.413, 9.3.3.5: with an MNC of three digits its first is beside the last of the MCC.
    third, mnc = ("f", value[3:]) if len(value) == 5 else (value[3], value[4:])
    try:
        octets = bytes.fromhex(value[1] + value[0] + third + value[2] + mnc[1] + mnc[0])
    except ValueError:
        raise EncodeError("NGAP", "PLMN identity", f"{value!r} is no row of digits") from None
    writer.octets(octets)


PLMN: Aper[str] = Aper(_read_plmn, _write_plmn)

__all__ = [
    "OCTETS",
    "PLMN",
    "Aper",
    "ProtocolElement",
    "UnknownChoice",
    "bit_string",
    "bits",
    "choice",
    "enumerated",
    "fixed_octets",
    "integer",
    "number_in_octets",
    "read_elements",
    "sequence",
    "sequence_of",
    "visible_string",
    "write_elements",
]
