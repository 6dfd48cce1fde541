"""5GS NAS messages (TS 24.501, 8 and 9): framing at once, elements when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.layout import LAYOUTS, Field, Format, Layout
from makmal.protocol.nas.message_type import (
    EPD_5GMM,
    EPD_5GSM,
    NAMES,
    MessageType,
    SecurityHeaderType,
)
from makmal.protocol.recent import Recent

T = TypeVar("T")
_NO_LAYOUT = Layout((), {})
_HEADER_TYPES = {int(header_type): header_type for header_type in SecurityHeaderType}
# Elements that hold a NAS message of their own.
_CONTAINERS = (ie.NAS_MESSAGE_CONTAINER, ie.PAYLOAD_CONTAINER)


class Span(NamedTuple):
    """Where an element's value stands in the message; a half octet is told by its nibble."""

    key: InformationElement[Any] | None
    identifier: int
    start: int
    end: int
    nibble: int | None = None


class Message:
    """A plain 5GMM or 5GSM message.

    ``pdu_session_id`` and ``procedure_transaction_identity`` are None for 5GMM. The octets are
    kept: ``encode`` gives them back whatever was read in between.
    """

    __slots__ = ("_cache", "_data", "_first", "_spans", "message_type")

    def __init__(self, data: bytes) -> None:
        """``data`` has been checked by ``decode``."""
        self._data = data
        self._first = 4 if data[0] == EPD_5GSM else 3
        self.message_type: int = data[self._first - 1]
        self._spans: tuple[Span, ...] | None = None
        self._cache: dict[InformationElement[Any], Any] = {}

    @property
    def extended_protocol_discriminator(self) -> int:
        """0x7e for mobility management, 0x2e for session management."""
        return self._data[0]

    @property
    def is_session_management(self) -> bool:
        """Whether this is a 5GSM message."""
        return self._data[0] == EPD_5GSM

    @property
    def security_header_type(self) -> SecurityHeaderType:
        """Always plain: a protected message is a SecurityProtected."""
        return SecurityHeaderType.PLAIN

    @property
    def is_known(self) -> bool:
        """Whether TS 24.501 has this message type."""
        return self.message_type in LAYOUTS

    @property
    def name(self) -> str:
        """The message name of TS 24.501."""
        return NAMES.get(self.message_type, f"Unknown message type 0x{self.message_type:02x}")

    @property
    def pdu_session_id(self) -> int | None:
        """PDU session identity of a 5GSM message."""
        return self._data[1] if self.is_session_management else None

    @property
    def procedure_transaction_identity(self) -> int | None:
        """Procedure transaction identity of a 5GSM message."""
        return self._data[2] if self.is_session_management else None

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every element in its order. Raises DecodeError if one runs past the end."""
        if self._spans is None:
            self._spans = tuple(
                _walk(self._data, self._first, LAYOUTS.get(self.message_type, _NO_LAYOUT))
            )
        return self._spans

    @property
    def unknown(self) -> tuple[tuple[int, bytes], ...]:
        """Optional elements that the layout does not have: (identifier, value)."""
        return tuple(
            (span.identifier, self._value(span)) for span in self.spans if span.key is None
        )

    def raw(self, key: InformationElement[Any]) -> bytes | None:
        """The value octets of an element (of its first occurrence), None if it is absent."""
        for span in self.spans:
            if span.key is key:
                return self._value(span)
        return None

    def get(self, key: InformationElement[T]) -> T | None:
        """The decoded value of an element, None if it is absent.

        Raises DecodeError, its offset counted from the start of the message.
        """
        if key in self._cache:
            cached: T = self._cache[key]
            return cached
        for span in self.spans:
            if span.key is key:
                value = self._decode(span, key)
                self._cache[key] = value
                return value
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """Name and value of every element in its order; octets where the value is malformed."""
        if self.is_session_management:
            yield "PDU session identity", self._data[1]
            yield "Procedure transaction identity", self._data[2]
        try:
            spans = self.spans
        except DecodeError as error:
            yield "malformed", str(error)
            yield "octets", self._data
            return
        for span in spans:
            if span.key is None:
                yield f"Unknown element 0x{span.identifier:02x}", self._value(span)
            elif span.key is not ie.SPARE_HALF_OCTET:
                yield span.key.name, self._printable(span, span.key)

    def encode(self) -> bytes:
        """The octets of the message."""
        return self._data

    def _value(self, span: Span) -> bytes:
        return self._data[span.start : span.end] if span.nibble is None else bytes((span.nibble,))

    def _decode(self, span: Span, key: InformationElement[T]) -> T:
        try:
            return key.decode(self._value(span))
        except DecodeError as error:
            raise error.shifted(span.start) from None

    def _printable(self, span: Span, key: InformationElement[Any]) -> Any:
        value = self._value(span)
        if key in _CONTAINERS:
            try:
                return decode(value)
            except DecodeError:
                return value
        try:
            return key.decode(value)
        except DecodeError:
            return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"<NAS {self.name}: {self._data.hex()}>"


class SecurityProtected:
    """A security protected 5GMM message (TS 24.501, 9.1.1), and what is in it."""

    __slots__ = ("_data", "security_header_type")

    def __init__(self, data: bytes, security_header_type: SecurityHeaderType) -> None:
        """``data`` has been checked by ``decode``."""
        self._data = data
        self.security_header_type = security_header_type

    @property
    def message_authentication_code(self) -> bytes:
        """Four octets."""
        return self._data[2:6]

    @property
    def sequence_number(self) -> int:
        """The lowest 8 bits of the NAS COUNT."""
        return self._data[6]

    @property
    def payload(self) -> bytes:
        """The NAS message inside, ciphered or not."""
        return self._data[7:]

    @property
    def protected_part(self) -> bytes:
        """What the MAC covers: sequence number and payload (TS 24.501, 4.4.3.3)."""
        return self._data[6:]

    @property
    def name(self) -> str:
        """The name of the message inside if it can be read, else that it is protected."""
        try:
            return self.plain().name
        except DecodeError:
            return "Security protected NAS message"

    def plain(self) -> Message:
        """The payload read as a plain message. Raises DecodeError if it is none (ciphered)."""
        try:
            message = decode(self.payload)
        except DecodeError as error:
            raise error.shifted(7) from None
        if not isinstance(message, Message):
            raise DecodeError("NAS", 8, "a protected message inside a protected message")
        return message

    def items(self) -> Iterator[tuple[str, Any]]:
        """Header fields and payload octets."""
        yield "Security header type", self.security_header_type
        yield "Message authentication code", self.message_authentication_code
        yield "Sequence number", self.sequence_number
        yield "Payload", self.payload

    def encode(self) -> bytes:
        """The octets of the message."""
        return self._data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecurityProtected) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"<NAS {self.security_header_type.name}: {self._data.hex()}>"


def decode(data: bytes) -> SecurityProtected | Message:
    """One NAS message. Raises DecodeError, and nothing else, on anything that is none."""
    if len(data) < 3:
        raise DecodeError("NAS", len(data), "a NAS message has 3 octets at least")
    discriminator = data[0]
    if discriminator == EPD_5GSM:
        if len(data) < 4:
            raise DecodeError(
                "NAS", len(data), "a session management message has 4 octets at least"
            )
        return Message(data)
    if discriminator != EPD_5GMM:
        raise DecodeError(
            "NAS", 0, f"0x{discriminator:02x} is no extended protocol discriminator of 5GS"
        )
    header = data[1] & 0x0F
    if header == 0:
        return Message(data)
    header_type = _HEADER_TYPES.get(header)
    if header_type is None:
        raise DecodeError("NAS", 1, f"security header type {header} is reserved")
    if len(data) < 8:
        raise DecodeError("NAS", len(data), "a security protected message has 8 octets at least")
    return SecurityProtected(data, header_type)


decode_recent: Recent[SecurityProtected | Message] = Recent(decode)


def _walk(data: bytes, position: int, layout: Layout) -> Iterator[Span]:
    end = len(data)
    upper_half = False
    for field in layout.mandatory:
        if field.format is Format.HALF:
            if position >= end:
                raise DecodeError("NAS", position, f"{field.key.name} is missing")
            octet = data[position]
            nibble = octet >> 4 if upper_half else octet & 0x0F
            yield Span(field.key, 0, position, position + 1, nibble)
            position += upper_half
            upper_half = not upper_half
            continue
        start, stop = _extent(data, position, field)
        yield Span(field.key, 0, start, stop)
        position = stop
    while position < end:
        octet = data[position]
        identifier = octet & 0xF0 if octet & 0x80 else octet
        optional = layout.optional.get(identifier)
        if octet & 0x80:
            key = None if optional is None else optional.key
            yield Span(key, identifier, position, position + 1, octet & 0x0F)
            position += 1
            continue
        if optional is None:
            # Comprehension by shape alone, TS 24.007, 11.2.4.
            kind = Format.LENGTH_2 if identifier & 0xF0 == 0x70 else Format.LENGTH
            optional = Field(ie.SPARE_HALF_OCTET, kind)
            start, stop = _extent(data, position + 1, optional)
            yield Span(None, identifier, start, stop)
        else:
            start, stop = _extent(data, position + 1, optional)
            yield Span(optional.key, identifier, start, stop)
        position = stop


def _extent(data: bytes, position: int, field: Field) -> tuple[int, int]:
    """Where the value of an element begins and ends. Raises DecodeError if that is too far."""
    kind = field.format
    if kind is Format.LENGTH:
        start = position + 1
        stop = start + data[position] if position < len(data) else start
    elif kind is Format.LENGTH_2:
        start = position + 2
        stop = start + int.from_bytes(data[position:start], "big")
    else:
        start, stop = position, position + field.length
    if stop > len(data) or start > len(data):
        raise DecodeError("NAS", position, f"{field.key.name} runs past the end of the message")
    return start, stop


def build(
    message_type: MessageType | int,
    elements: Mapping[InformationElement[Any], Any] | None = None,
    *,
    pdu_session_id: int = 0,
    procedure_transaction_identity: int = 0,
    appended: bytes = b"",
) -> Message:
    """A plain message from its elements, put in the layout's order.

    A value given as bytes is taken as the element's octets, whatever they are. ``appended`` is put
    at the end as it is, to make elements that the layout does not have, or a malformed message.
    Raises EncodeError for an element that the message does not have, or that is missing.
    """
    layout = LAYOUTS.get(message_type, _NO_LAYOUT)
    left = dict(elements or {})
    octets = bytearray()
    if message_type >= 0xC0:
        octets += bytes((EPD_5GSM, pdu_session_id, procedure_transaction_identity, message_type))
    else:
        octets += bytes((EPD_5GMM, 0, message_type))
    lower: int | None = None
    for field in layout.mandatory:
        if field.key is ie.SPARE_HALF_OCTET:
            value = b"\0"
        elif field.key not in left:
            raise EncodeError("NAS", field.key.name, f"is missing in {NAMES[message_type]}")
        else:
            value = _encoded(field.key, left.pop(field.key))
        if field.format is Format.HALF:
            half = value[0] & 0x0F if value else 0
            if lower is None:
                lower = half
            else:
                octets.append(half << 4 | lower)
                lower = None
        else:
            octets += _framed(field, value)
    places = _places(message_type) if left else {}
    unknown = left.keys() - places.keys()
    if unknown:
        names = ", ".join(key.name for key in left if key in unknown)
        raise EncodeError("NAS", names, f"{NAMES.get(message_type)} has no such element")
    for _, identifier, field in sorted([places[key] for key in left]):
        value = _encoded(field.key, left[field.key])
        if field.format is Format.HALF:
            octets.append(identifier | (value[0] & 0x0F if value else 0))
        else:
            octets.append(identifier)
            octets += _framed(field, value)
    return Message(bytes(octets) + appended)


@cache
def _places(message_type: int) -> dict[InformationElement[Any], tuple[int, int, Field]]:
    """Where the optional elements of a message stand, with their identifiers."""
    found: dict[InformationElement[Any], tuple[int, int, Field]] = {}
    layout = LAYOUTS.get(message_type, _NO_LAYOUT)
    for place, (identifier, field) in enumerate(layout.optional.items()):
        found.setdefault(field.key, (place, identifier, field))
    return found


def _encoded(key: InformationElement[Any], value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    encoded: bytes = key.encode(value)
    return encoded


def _framed(field: Field, value: bytes) -> bytes:
    if field.format is Format.LENGTH:
        if len(value) > 0xFF:
            raise EncodeError("NAS", field.key.name, "has more than 255 octets")
        return bytes((len(value),)) + value
    if field.format is Format.LENGTH_2:
        return len(value).to_bytes(2, "big") + value
    return value


def protected(
    security_header_type: SecurityHeaderType | int,
    message_authentication_code: bytes,
    sequence_number: int,
    payload: bytes,
) -> SecurityProtected:
    """A security protected message from its parts; nothing is computed, so any may be wrong."""
    header_type = SecurityHeaderType(security_header_type)
    data = bytes((EPD_5GMM, header_type)) + message_authentication_code
    return SecurityProtected(data + bytes((sequence_number & 0xFF,)) + payload, header_type)
