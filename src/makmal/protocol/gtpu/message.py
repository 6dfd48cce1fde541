"""GTP-U messages: header, extension headers, T-PDU or information elements (TS 29.281, 5 to 8).

The octets that came are kept, so a decoded message encodes to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.gtpu import ie
from makmal.protocol.gtpu.extension_header import (
    EXTENSION_HEADER_TYPES,
    ExtensionHeaderType,
    decode_extension_header,
    encode_extension_header,
    extension_header_name,
)
from makmal.protocol.gtpu.message_type import MESSAGE_TYPES, MessageType, message_name
from makmal.protocol.gtpu.pdu_session import PduSessionInformation

T = TypeVar("T")

_HEADER = Struct(">BBHI")
_unpack_header = _HEADER.unpack_from

# Version 1 and protocol type GTP (5.1) in the high half of the first octet.
_VERSION_1_GTP = 0x30
_G_PDU = int(MessageType.G_PDU)


class Message:
    """One GTP-U message.

    ``sequence_number`` and ``n_pdu_number`` are None when their flag is 0, whatever stands in
    their octets. ``extension_headers`` holds (type, content) in order, the content without length
    and next type. ``payload`` is what stands behind them: the T-PDU of a G-PDU, the elements of a
    signalling message. ``trailing`` holds the octets behind the length of the message.
    """

    __slots__ = (
        "_data",
        "_pairs",
        "extension_headers",
        "message_type",
        "n_pdu_number",
        "payload",
        "sequence_number",
        "teid",
        "trailing",
    )

    def __init__(
        self,
        message_type: int,
        teid: int,
        sequence_number: int | None,
        n_pdu_number: int | None,
        extension_headers: tuple[tuple[int, bytes], ...],
        payload: bytes,
        pairs: Sequence[tuple[int, bytes]],
        data: bytes,
        trailing: bytes = b"",
    ) -> None:
        self.message_type: int = MESSAGE_TYPES.get(message_type, message_type)
        self.teid = teid
        self.sequence_number = sequence_number
        self.n_pdu_number = n_pdu_number
        self.extension_headers = extension_headers
        self.payload = payload
        self.trailing = trailing
        self._pairs = pairs
        self._data = data

    @property
    def name(self) -> str:
        """The name as TS 29.281 spells it ("G-PDU")."""
        return message_name(self.message_type)

    @property
    def pdu_session_container(self) -> PduSessionInformation | None:
        """What the PDU Session Container says, None without one. Raises DecodeError."""
        content = self.extension_header(ExtensionHeaderType.PDU_SESSION_CONTAINER)
        if content is None:
            return None
        value: PduSessionInformation = decode_extension_header(
            ExtensionHeaderType.PDU_SESSION_CONTAINER, content
        )
        return value

    def extension_header(self, header_type: int) -> bytes | None:
        """The content of the first extension header of this type, or None."""
        for present, content in self.extension_headers:
            if present == header_type:
                return content
        return None

    def get(self, key: InformationElement[T]) -> T | None:
        """The first element of this kind, or None. Raises DecodeError if it cannot be read."""
        value = self.raw(key.identifier)
        return None if value is None else key.decode(value)

    def all(self, key: InformationElement[T]) -> tuple[T, ...]:
        """Every element of this kind. Raises DecodeError if one of them cannot be read."""
        wanted = key.identifier
        return tuple(key.decode(value) for present, value in self._pairs if present == wanted)

    def raw(self, element_type: int) -> bytes | None:
        """The value's octets of the first element of this type, or None."""
        for present, value in self._pairs:
            if present == element_type:
                return value
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """The name and value of every extension header, then of every element, or the T-PDU.

        A value that cannot be read is its octets.
        """
        for header_type, content in self.extension_headers:
            value: Any = content
            try:
                value = decode_extension_header(header_type, content)
            except DecodeError:
                value = content
            yield extension_header_name(header_type), value
        for element_type, octets in self._pairs:
            value = octets
            key = ie.KEYS.get(element_type)
            if key is not None:
                try:
                    value = key.decode(octets)
                except DecodeError:
                    value = octets
            yield ie.element_name(element_type), value
        if self.message_type == _G_PDU:
            yield "T-PDU", self.payload

    def encode(self) -> bytes:
        """The octets that came, or that ``build`` made."""
        return self._data + self.trailing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"<{self.name} teid={self.teid:#x}: {inside}>"


def peek(data: bytes) -> tuple[int, int, int]:
    """Message type, TEID, and the offset of the payload, without making an object.

    The checks are those of ``decode`` on header and extension headers. Raises DecodeError.
    """
    if len(data) < 8:
        raise DecodeError("GTP-U", 0, f"{len(data)} octets are no header")
    flags, message_type, length, teid = _unpack_header(data)
    if flags & 0xF0 != _VERSION_1_GTP:
        raise _not_version_1(flags)
    end = 8 + length
    if end > len(data):
        raise _cut(length, data)
    if not flags & 7:
        return message_type, teid, 8
    if length < 4:
        raise DecodeError("GTP-U", 2, f"length {length} leaves no room for the optional fields")
    if not flags & 4 or not data[11]:
        return message_type, teid, 12
    return message_type, teid, _behind_extension_headers(data, end)


def _behind_extension_headers(data: bytes, end: int) -> int:
    at = 12
    while True:
        if at >= end:
            raise DecodeError("GTP-U", at, "an extension header is announced and missing")
        length = data[at] * 4
        if not length:
            raise DecodeError("GTP-U", at, "an extension header of length zero")
        at += length
        if at > end:
            raise DecodeError("GTP-U", at - length, f"an extension header of {length} octets")
        if not data[at - 1]:
            return at


def _not_version_1(flags: int) -> DecodeError:
    if flags >> 5 != 1:
        return DecodeError("GTP-U", 0, f"version {flags >> 5}, not 1")
    return DecodeError("GTP-U", 0, "protocol type GTP', not GTP")


def _cut(length: int, data: bytes) -> DecodeError:
    reason = f"message says {length} octets behind its header, {len(data) - 8} are there"
    return DecodeError("GTP-U", 2, reason)


def decode(data: bytes) -> Message:
    """One GTP-U message; octets behind its length are its ``trailing``.

    Raises DecodeError for another version than 1, for GTP', for a length that the octets do not
    fill, for an extension header that is cut or has length zero, and for elements of a known
    signalling message that are cut.
    """
    message_type, teid, start = peek(data)
    flags = data[0]
    end = 8 + (data[2] << 8 | data[3])
    headers: tuple[tuple[int, bytes], ...] = ()
    if start > 12:
        headers = _extension_headers(data, start)
    payload = data[start:end]
    pairs: Sequence[tuple[int, bytes]] = ()
    if message_type != _G_PDU and message_type in MESSAGE_TYPES:
        pairs = ie.split_elements(data, start, end)
    return Message(
        message_type,
        teid,
        data[8] << 8 | data[9] if flags & 2 else None,
        data[10] if flags & 1 else None,
        headers,
        payload,
        pairs,
        data[:end],
        data[end:],
    )


def _extension_headers(data: bytes, end: int) -> tuple[tuple[int, bytes], ...]:
    headers = []
    header_type = data[11]
    at = 12
    while at < end:
        following = at + data[at] * 4
        known = EXTENSION_HEADER_TYPES.get(header_type, header_type)
        headers.append((known, data[at + 1 : following - 1]))
        header_type = data[following - 1]
        at = following
    return tuple(headers)


ElementSpec = tuple[InformationElement[Any] | int, Any]


def build(
    message_type: int,
    teid: int = 0,
    payload: bytes = b"",
    *,
    sequence_number: int | None = None,
    n_pdu_number: int | None = None,
    extension_headers: Sequence[tuple[int, Any]] = (),
    elements: Sequence[ElementSpec] = (),
    version: int = 1,
    protocol_type: int = 1,
    message_length: int | None = None,
) -> Message:
    """A message from its parts. Raises EncodeError.

    An extension header is its type and its content: octets, a number, or PDU session information.
    An element is a key and its value, or a key or type number and octets, taken as they are.
    ``version``, ``protocol_type`` and ``message_length`` are for messages that are wrong on
    purpose; without the latter the length is the right one.
    """
    headers = tuple(
        (header_type, encode_extension_header(header_type, value))
        for header_type, value in extension_headers
    )
    pairs = [_encoded(key, value) for key, value in elements]
    content = payload + b"".join(ie.element_octets(*pair) for pair in pairs)
    flags = bool(headers) << 2 | (sequence_number is not None) << 1 | (n_pdu_number is not None)
    parts = []
    if flags:
        first = headers[0][0] if headers else 0
        parts.append(_uint(sequence_number or 0, 2, "Sequence Number"))
        parts.append(_uint(n_pdu_number or 0, 1, "N-PDU Number"))
        parts.append(_uint(first, 1, "Next Extension Header Type"))
    for position, (_, octets) in enumerate(headers):
        following = headers[position + 1][0] if position + 1 < len(headers) else 0
        parts.append(bytes(((len(octets) + 2) // 4,)))
        parts.append(octets)
        parts.append(_uint(following, 1, "Next Extension Header Type"))
    parts.append(content)
    behind = b"".join(parts)
    if not 0 <= version <= 7 or not 0 <= protocol_type <= 1:
        raise EncodeError("GTP-U", "Version", "the version has 3 bits, the protocol type one")
    length = len(behind) if message_length is None else message_length
    data = b"".join(
        (
            bytes((version << 5 | protocol_type << 4 | flags,)),
            _uint(message_type, 1, "Message Type"),
            _uint(length, 2, "Length"),
            _uint(teid, 4, "TEID"),
            behind,
        )
    )
    return Message(message_type, teid, sequence_number, n_pdu_number, headers, content, pairs, data)


def _encoded(key: InformationElement[Any] | int, value: Any) -> tuple[int, bytes]:
    element_type = key if isinstance(key, int) else key.identifier
    if isinstance(value, bytes):
        return element_type, value
    if isinstance(key, int):
        reason = f"{type(value).__name__} needs a key; a type number goes with bytes"
        raise EncodeError("GTP-U", ie.element_name(key), reason)
    return element_type, key.encode(value)


def _uint(value: int, octets: int, field: str) -> bytes:
    try:
        return value.to_bytes(octets, "big")
    except OverflowError:
        raise EncodeError("GTP-U", field, f"{value} does not fit {octets} octets") from None
