"""The few shapes that most PFCP elements have, as makers of typed keys.

Each maker takes the element's type number; the name comes from the table of names. The keys that
they make are known to ``items()``. Octets behind what a key reads are those of a later release and
are ignored (TS 29.244, 8.1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp.element_names import ELEMENT_NAMES
from makmal.protocol.pfcp.message import Elements, decode_elements, register
from makmal.protocol.pfcp.octets import small, text_octets, text_of, uint_octets

T = TypeVar("T")
FlagT = TypeVar("FlagT", bound=IntFlag)


def structure(
    element_type: int, decode: Callable[[bytes], T], encode: Callable[[T], bytes]
) -> InformationElement[T]:
    """A key with a codec of its own."""
    name = ELEMENT_NAMES[element_type]

    def checked_encode(value: T) -> bytes:
        try:
            return encode(value)
        except (TypeError, AttributeError, ValueError) as error:
            if isinstance(error, EncodeError):
                raise
            raise EncodeError("PFCP", name, f"{value!r}: {error}") from None

    key = InformationElement(element_type, name, decode, checked_encode)
    register(key)
    return key


def number(element_type: int, octets: int) -> InformationElement[int]:
    """An unsigned number."""
    name = ELEMENT_NAMES[element_type]

    def decode(data: bytes) -> int:
        if len(data) < octets:
            raise DecodeError("PFCP", 0, f"{name} needs {octets} octets, has {len(data)}")
        return int.from_bytes(data[:octets], "big")

    def encode(value: int) -> bytes:
        return uint_octets(value, octets, name)

    return structure(element_type, decode, encode)


def signed_number(element_type: int, octets: int) -> InformationElement[int]:
    """A signed number."""
    name = ELEMENT_NAMES[element_type]

    def decode(data: bytes) -> int:
        if len(data) < octets:
            raise DecodeError("PFCP", 0, f"{name} needs {octets} octets, has {len(data)}")
        return int.from_bytes(data[:octets], "big", signed=True)

    def encode(value: int) -> bytes:
        try:
            return value.to_bytes(octets, "big", signed=True)
        except OverflowError:
            reason = f"{value!r} does not fit {8 * octets} bits"
            raise EncodeError("PFCP", name, reason) from None

    return structure(element_type, decode, encode)


def enumerated(
    element_type: int, members: type[IntEnum], bits: int = 8, octets: int = 1
) -> InformationElement[int]:
    """A member of an enumeration in the low bits; a number that is no member stays a number."""
    name = ELEMENT_NAMES[element_type]
    known: dict[int, int] = {member.value: member for member in members}
    mask = (1 << bits) - 1

    def decode(data: bytes) -> int:
        if len(data) < octets:
            raise DecodeError("PFCP", 0, f"{name} has {len(data)} octets")
        value = int.from_bytes(data[:octets], "big") & mask
        return known.get(value, value)

    def encode(value: int) -> bytes:
        return small(value, bits, name).to_bytes(octets, "big")

    return structure(element_type, decode, encode)


def low_bits(element_type: int, bits: int) -> InformationElement[int]:
    """A number in the low bits of one octet."""
    name = ELEMENT_NAMES[element_type]
    mask = (1 << bits) - 1

    def decode(data: bytes) -> int:
        if not data:
            raise DecodeError("PFCP", 0, f"{name} has no octet")
        return data[0] & mask

    def encode(value: int) -> bytes:
        return bytes((small(value, bits, name),))

    return structure(element_type, decode, encode)


def flags(element_type: int, members: type[FlagT], octets: int = 1) -> InformationElement[FlagT]:
    """Bit flags; ``octets`` are written at least, more if higher bits need them."""
    name = ELEMENT_NAMES[element_type]

    def decode(data: bytes) -> FlagT:
        if not data:
            raise DecodeError("PFCP", 0, f"{name} has no octet")
        return members(int.from_bytes(data, "little"))

    def encode(value: FlagT) -> bytes:
        if value < 0:
            raise EncodeError("PFCP", name, f"{value!r} is negative")
        return int(value).to_bytes(max(octets, (value.bit_length() + 7) // 8), "little")

    return structure(element_type, decode, encode)


def text(element_type: int) -> InformationElement[str]:
    """UTF-8 text that fills the element."""
    name = ELEMENT_NAMES[element_type]

    def encode(value: str) -> bytes:
        return text_octets(value, name)

    return structure(element_type, text_of, encode)


def octets(element_type: int) -> InformationElement[bytes]:
    """Octets that are not looked into."""
    return structure(element_type, bytes, bytes)


def group(element_type: int) -> InformationElement[Elements]:
    """A grouped element: its value is elements again."""
    return structure(element_type, decode_elements, Elements.encode)
