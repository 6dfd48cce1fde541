"""NGAP PDUs (TS 38.413, 9.4.3): split into elements at once, decoded when they are asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from makmal.protocol import nas
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.ngap import ie
from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.element_names import NAMES
from makmal.protocol.ngap.procedures import MESSAGE_NAMES, PROCEDURES, Criticality, Kind
from makmal.protocol.ngap.types import ProtocolElement, read_elements, write_elements
from makmal.protocol.recent import Recent

T = TypeVar("T")
_KINDS = {
    0x00: Kind.INITIATING_MESSAGE,
    0x20: Kind.SUCCESSFUL_OUTCOME,
    0x40: Kind.UNSUCCESSFUL_OUTCOME,
}
_ABSENT = object()
# X.691, 10.9.3.8: from here on a value comes in fragments.
_FRAGMENT = 16_384


class Pdu:
    """One NGAP message.

    ``kind`` tells which of a procedure's messages it is; ``elements`` are its protocol IEs, still
    encoded. The octets are kept: ``encode`` gives them back whatever was read in between.
    """

    __slots__ = ("_cache", "_data", "_positions", "elements", "kind", "procedure_code")

    def __init__(
        self,
        data: bytes,
        kind: Kind,
        procedure_code: int,
        elements: tuple[ProtocolElement, ...],
        positions: tuple[int, ...],
    ) -> None:
        """As ``decode`` found them; ``positions`` are the octets at which the values begin."""
        self._data = data
        self.kind = kind
        self.procedure_code = procedure_code
        self.elements = elements
        self._positions = positions
        self._cache: dict[int, Any] = {}

    @property
    def criticality(self) -> Criticality:
        """The criticality that the PDU came with."""
        return Criticality(self._data[2] >> 6)

    @property
    def name(self) -> str:
        """The message name of TS 38.413."""
        known = MESSAGE_NAMES.get((self.kind, self.procedure_code))
        return known or f"Unknown procedure {self.procedure_code}, {self.kind.name.lower()}"

    def raw(self, identifier: int) -> bytes | None:
        """The encoded value of an element, None if it is absent."""
        for element in self.elements:
            if element[0] == identifier:
                return element[2]
        return None

    def get(self, key: InformationElement[T]) -> T | None:
        """The decoded value of an element, None if it is absent.

        Raises DecodeError, its offset counted from the start of the PDU.
        """
        cached = self._cache.get(key.identifier, _ABSENT)
        if cached is not _ABSENT:
            value: T | None = cached
            return value
        decoded = None
        for index, element in enumerate(self.elements):
            if element[0] == key.identifier:
                try:
                    decoded = key.decode(element[2])
                except DecodeError as error:
                    raise error.shifted(self._positions[index]) from None
                break
        self._cache[key.identifier] = decoded
        return decoded

    def items(self) -> Iterator[tuple[str, Any]]:
        """Name and value of every element; octets where it is malformed or not decoded."""
        for identifier, _, value in self.elements:
            name = NAMES.get(identifier, f"IE {identifier}")
            yield name, _printable(identifier, value)

    def encode(self) -> bytes:
        """The octets of the PDU."""
        return self._data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pdu) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"<NGAP {self.name}: {self._data.hex()}>"


def _printable(identifier: int, value: bytes) -> Any:
    key = ie.KEYS.get(identifier)
    if key is None:
        return value
    try:
        decoded = key.decode(value)
    except DecodeError:
        return value
    if identifier == ie.NAS_PDU.identifier:
        return _nas(decoded)
    transfer = ie.transfer_type(identifier)
    if transfer is None:
        return decoded
    opened = []
    for item in decoded:
        members = {
            field.name: getattr(item, field.name)
            for field in dataclasses.fields(item)
            if field.name != "extensions" or item.extensions
        }
        if members.get("nas_pdu") is not None:
            members["nas_pdu"] = _nas(members["nas_pdu"])
        try:
            members["transfer"] = transfer.decode(members["transfer"])
        except DecodeError:
            members["transfer"] = item.transfer
        opened.append(members)
    return opened


def _nas(octets: bytes) -> nas.Message | nas.SecurityProtected | bytes:
    try:
        return nas.decode(octets)
    except DecodeError:
        return octets


def decode(data: bytes) -> Pdu:
    """One NGAP PDU. Raises DecodeError, and nothing else, on anything that is none.

    Written out for the usual shape of aligned PER, in which every part begins at an octet; what
    is longer than 16 K octets goes through the general reader.
    """
    size = len(data)
    if size < 7:
        raise DecodeError("NGAP", size, "an NGAP PDU has 7 octets at least")
    kind = _KINDS.get(data[0])
    if kind is None:
        raise DecodeError("NGAP", 0, f"0x{data[0]:02x} begins no NGAP PDU")
    if data[2] & 0x3F or data[2] == 0xC0:
        raise DecodeError("NGAP", 2, f"0x{data[2]:02x} is no criticality")
    position = 4
    length = data[3]
    if length >= 0x80:
        if length >= 0xC0:
            return _decode_long(data, kind)
        length = (length & 0x3F) << 8 | data[4]
        position = 5
    if position + length > size:
        raise DecodeError(
            "NGAP", position, f"{length} octets are announced, {size - position} came"
        )
    if length < 3:
        raise DecodeError("NGAP", position, "a message without its list of elements")
    end = position + length
    count = data[position + 1] << 8 | data[position + 2]
    position += 3
    elements, positions = [], []
    for _ in range(count):
        if position + 4 > end:
            raise DecodeError("NGAP", position, "an element is cut short")
        identifier = data[position] << 8 | data[position + 1]
        criticality = data[position + 2] >> 6
        length = data[position + 3]
        position += 4
        if length >= 0x80:
            if length >= 0xC0:
                return _decode_long(data, kind)
            if position >= end:
                raise DecodeError("NGAP", position, "an element is cut short")
            length = (length & 0x3F) << 8 | data[position]
            position += 1
        stop = position + length
        if stop > end:
            raise DecodeError(
                "NGAP", position, f"element {identifier} runs past the end of the message"
            )
        elements.append(ProtocolElement(identifier, criticality, data[position:stop]))
        positions.append(position)
        position = stop
    return Pdu(data, kind, data[1], tuple(elements), tuple(positions))


def _decode_long(data: bytes, kind: Kind) -> Pdu:
    outer = Reader(data[3:])
    try:
        content = outer.open_type()
    except DecodeError as error:
        raise error.shifted(3) from None
    inner = Reader(content)
    inner.bits(1)
    elements = read_elements(inner)
    # Fragment headers stand between the octets, so no element has one position in the PDU.
    return Pdu(data, kind, data[1], elements, (3,) * len(elements))


decode_recent: Recent[Pdu] = Recent(decode)

Entry = tuple[InformationElement[Any] | int, Any] | tuple[InformationElement[Any] | int, int, Any]


def build(
    kind: Kind | int,
    procedure_code: int,
    entries: Sequence[Entry],
    criticality: int | None = None,
) -> Pdu:
    """A PDU from (key or identifier, [criticality,] value or octets), in the order given.

    Octets are taken as the element's encoding, whatever they are, unless the key is one of octets
    (NAS-PDU): pass its identifier to give raw octets there too. Raises EncodeError.
    """
    elements: list[ProtocolElement] = []
    for entry in entries:
        key, value = entry[0], entry[-1]
        importance = entry[1] if len(entry) == 3 else 0
        if isinstance(key, int):
            if not isinstance(value, bytes):
                raise EncodeError("NGAP", f"IE {key}", "a number as key takes octets")
            elements.append(ProtocolElement(key, importance & 3, value))
        else:
            octets = _encoded(key, value)
            elements.append(ProtocolElement(key.identifier, importance & 3, octets))
    if criticality is None:
        procedure = PROCEDURES.get(procedure_code)
        criticality = Criticality.REJECT if procedure is None else procedure.criticality
    header = bytes((int(kind) << 5, procedure_code, criticality << 6))
    return _joined(header, elements) or decode_recent(_joined_long(header, elements))


def _joined(header: bytes, elements: list[ProtocolElement]) -> Pdu | None:
    """A message whose parts all have less than 16 K octets; None for one that is longer, or that no
    decoder would take. It is what ``decode`` would find in its octets.
    """
    kind = _KINDS.get(header[0])
    if kind is None or header[2] == 0xC0:
        return None
    content = bytearray((0, *len(elements).to_bytes(2, "big")))
    positions = []
    for identifier, criticality, value in elements:
        size = len(value)
        if not 0 <= identifier <= 0xFFFF or size >= _FRAGMENT:
            return None
        if size < 0x80:
            head = identifier << 16 | criticality << 14 | size
            content += head.to_bytes(4, "big")
        else:
            head = identifier << 24 | criticality << 22 | 0x8000 | size
            content += head.to_bytes(5, "big")
        positions.append(len(content))
        content += value
    size = len(content)
    if size >= _FRAGMENT:
        return None
    header += bytes((size,)) if size < 0x80 else (0x8000 | size).to_bytes(2, "big")
    octets = header + content
    pdu = Pdu(
        octets,
        kind,
        octets[1],
        tuple(elements),
        tuple([len(header) + each for each in positions]),
    )
    return decode_recent.remember(octets, pdu)


def _joined_long(header: bytes, elements: list[ProtocolElement]) -> bytes:
    inner = Writer()
    inner.bits(0, 1)
    write_elements(inner, elements)
    outer = Writer()
    outer.octets(header)
    outer.open_type(inner.finish())
    return outer.finish()


def _encoded(key: InformationElement[Any], value: Any) -> bytes:
    """An element's octets. What a node says of itself is the same in most of its messages."""
    if isinstance(value, bytes | int):
        return key.encode(value)
    try:
        return _encoded_before(key, value)
    except TypeError:  # a list, say: such a value has no hash
        return key.encode(value)


@lru_cache(maxsize=1024)
def _encoded_before(key: InformationElement[Any], value: Any) -> bytes:
    encoded: bytes = key.encode(value)
    return encoded
