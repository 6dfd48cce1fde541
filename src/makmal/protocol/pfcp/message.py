"""PFCP messages: the header (TS 29.244, 7.2.2) and the elements behind it (8.1.1).

Decoding finds the elements; what they say is read when it is asked for. The octets that came are
kept, so a decoded message encodes to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp.element_names import ELEMENT_NAMES
from makmal.protocol.pfcp.message_type import MESSAGE_TYPES, REQUESTS, message_name
from makmal.protocol.pfcp.octets import uint_octets

T = TypeVar("T")

# The specification nests four deep (Create PDR, PDI, Ethernet Packet Filter, MAC address).
_DEEPEST = 8
_VENDOR_SPECIFIC = 0x8000
_CAUSE = 19

_KEYS: dict[int, InformationElement[Any]] = {}


def register(key: InformationElement[Any]) -> None:
    """Let ``items()`` decode elements of this key's type."""
    _KEYS[key.identifier] = key


class VendorSpecific(NamedTuple):
    """The value of an element of type 32768 or more (TS 29.244, 8.1.1), or of type 320.

    ``enterprise_id`` is the vendor's IANA private enterprise number.
    """

    enterprise_id: int
    content: bytes


def decode_vendor_specific(data: bytes) -> VendorSpecific:
    """An enterprise number and what stands behind it. Raises DecodeError."""
    if len(data) < 2:
        raise DecodeError("PFCP", 0, f"an enterprise ID of {len(data)} octets")
    return VendorSpecific(int.from_bytes(data[:2], "big"), data[2:])


def encode_vendor_specific(value: VendorSpecific) -> bytes:
    """An enterprise number and what stands behind it. Raises EncodeError."""
    return uint_octets(value.enterprise_id, 2, "Enterprise ID") + value.content


class Elements:
    """Information elements in the order in which they came: a message's, or a grouped element's.

    Elements are equal when their octets are.
    """

    __slots__ = ("_depth", "pairs")

    def __init__(self, pairs: Sequence[tuple[int, bytes]] = (), depth: int = 0) -> None:
        self.pairs = tuple(pairs)
        self._depth = depth

    def get(self, key: InformationElement[T]) -> T | None:
        """The first element of this kind, or None. Raises DecodeError if it cannot be read."""
        wanted = key.identifier
        for element_type, value in self.pairs:
            if element_type == wanted:
                return self._decode(key, value)
        return None

    def all(self, key: InformationElement[T]) -> tuple[T, ...]:
        """Every element of this kind. Raises DecodeError if one of them cannot be read."""
        wanted = key.identifier
        return tuple(
            self._decode(key, value) for element_type, value in self.pairs if element_type == wanted
        )

    def raw(self, element_type: int) -> bytes | None:
        """The value's octets of the first element of this type, or None."""
        for present, value in self.pairs:
            if present == element_type:
                return value
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """The name and the decoded value of every element; its octets if they cannot be read."""
        for element_type, value in self.pairs:
            decoded: Any = value
            key = _KEYS.get(element_type)
            if key is not None:
                try:
                    decoded = self._decode(key, value)
                except DecodeError:
                    decoded = value
            elif element_type >= _VENDOR_SPECIFIC and len(value) >= 2:
                decoded = decode_vendor_specific(value)
            yield element_name(element_type), decoded

    def encode(self) -> bytes:
        """The octets of all elements. Raises EncodeError for one longer than 65535 octets."""
        parts = []
        for element_type, value in self.pairs:
            size = len(value)
            if 0 <= element_type <= 0xFFFF and size <= 0xFFFF:
                parts.append((element_type << 16 | size).to_bytes(4, "big"))
            else:
                name = element_name(element_type)
                parts.append(uint_octets(element_type, 2, name))
                parts.append(uint_octets(size, 2, name))
            parts.append(value)
        return b"".join(parts)

    def _decode(self, key: InformationElement[T], value: bytes) -> T:
        decoded = key.decode(value)
        if isinstance(decoded, Elements):
            decoded._depth = self._depth + 1
            if decoded._depth > _DEEPEST:
                raise DecodeError("PFCP", 0, f"grouped elements more than {_DEEPEST} deep")
        return decoded

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Elements) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"Elements({inside})"


class Message(Elements):
    """One PFCP message.

    ``seid`` is None in a message without one (S flag 0); ``priority`` is the message priority 0
    (highest) to 15, None if the MP flag is 0. ``follow_on``: another message stands behind this
    one in the datagram (FO flag). ``trailing`` holds the octets behind this message when it was
    decoded alone, or when it is the last of its datagram.
    """

    __slots__ = (
        "_data",
        "follow_on",
        "message_type",
        "priority",
        "seid",
        "sequence_number",
        "trailing",
    )

    def __init__(
        self,
        message_type: int,
        seid: int | None,
        sequence_number: int,
        priority: int | None,
        follow_on: bool,
        pairs: Sequence[tuple[int, bytes]],
        data: bytes,
        trailing: bytes = b"",
    ) -> None:
        super().__init__(pairs)
        self.message_type: int = MESSAGE_TYPES.get(message_type, message_type)
        self.seid = seid
        self.sequence_number = sequence_number
        self.priority = priority
        self.follow_on = follow_on
        self.trailing = trailing
        self._data = data

    @property
    def name(self) -> str:
        """The name as TS 29.244 and Wireshark spell it ("PFCP Heartbeat Request")."""
        return message_name(self.message_type)

    @property
    def is_request(self) -> bool:
        """True for a message that the peer answers."""
        return self.message_type in REQUESTS

    @property
    def is_accepted(self) -> bool:
        """True if the message carries a cause of acceptance (TS 29.244, 8.2.1: 1 to 63)."""
        cause = self.raw(_CAUSE)
        return cause is not None and b"\x01" <= cause[:1] <= b"\x3f"

    def encode(self) -> bytes:
        """The octets that came, or that ``build`` made."""
        return self._data + self.trailing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.items())
        seid = None if self.seid is None else f"{self.seid:#x}"
        return f"<{self.name} seid={seid} sequence_number={self.sequence_number}: {inside}>"


def element_name(element_type: int) -> str:
    """The element's name in TS 29.244, Table 8.1.2-1."""
    name = ELEMENT_NAMES.get(element_type)
    if name is not None:
        return name
    if element_type >= _VENDOR_SPECIFIC:
        return f"Vendor-specific element {element_type}"
    return f"Unknown element {element_type}"


def split_elements(data: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
    """The types and values of the elements between two offsets.

    Raises DecodeError, its offset counted as ``start`` and ``end`` are.
    """
    pairs = []
    at = start
    while at < end:
        body = at + 4
        if body > end:
            raise DecodeError("PFCP", at, f"{end - at} octets are no information element")
        element_type = data[at] << 8 | data[at + 1]
        following = body + (data[at + 2] << 8 | data[at + 3])
        if following > end:
            name = element_name(element_type)
            reason = f"{name} says {following - body} octets, {end - body} are left"
            raise DecodeError("PFCP", at, reason)
        pairs.append((element_type, data[body:following]))
        at = following
    return pairs


def decode_elements(data: bytes) -> Elements:
    """The elements in the value of a grouped element. Raises DecodeError."""
    return Elements(split_elements(data, 0, len(data)))


def decode(data: bytes) -> Message:
    """The (first) message of a datagram; what stands behind it is its ``trailing``.

    Raises DecodeError for a version other than 1 and for octets that are not the elements that
    the header and they themselves promise.
    """
    message, end = _decode_at(data, 0)
    message.trailing = data[end:]
    return message


def decode_all(data: bytes) -> tuple[Message, ...]:
    """All messages of a datagram (TS 29.244, 6.2.5.8 and 7.2.2: the FO flag bundles them).

    Octets behind the last message are its ``trailing``, so that the messages' octets joined are
    the datagram. Raises DecodeError, its offset counted from the start of the datagram.
    """
    messages = []
    at = 0
    while True:
        message, at = _decode_at(data, at)
        messages.append(message)
        if not message.follow_on:
            message.trailing = data[at:]
            return tuple(messages)


def _decode_at(data: bytes, at: int) -> tuple[Message, int]:
    left = len(data) - at
    if left < 8:
        raise DecodeError("PFCP", at, f"{left} octets are no header")
    flags = data[at]
    if flags >> 5 != 1:
        raise DecodeError("PFCP", at, f"version {flags >> 5}, not 1")
    end = at + 4 + (data[at + 2] << 8 | data[at + 3])
    if end > at + left:
        reason = f"message says {end - at - 4} octets behind its length, {left - 4} are there"
        raise DecodeError("PFCP", at + 2, reason)
    seid = priority = None
    number = at + 4
    if flags & 1:
        seid = int.from_bytes(data[at + 4 : at + 12], "big")
        number = at + 12
    body = number + 4
    if body > end:
        raise DecodeError("PFCP", at + 2, f"message ends within its header of {body - at} octets")
    if flags & 3 == 3:
        priority = data[number + 3] >> 4
    sequence_number = int.from_bytes(data[number : number + 3], "big")
    pairs = split_elements(data, body, end)
    octets = data[at:end]
    follow_on = flags & 4 != 0
    message = Message(data[at + 1], seid, sequence_number, priority, follow_on, pairs, octets)
    return message, end


ElementSpec = tuple[InformationElement[Any] | int, Any]


def elements(specs: Sequence[ElementSpec]) -> Elements:
    """Elements from (key or type number, value) pairs. Raises EncodeError.

    A value is what the key decodes to, or bytes (taken as they are, however wrong), or, for a
    grouped element, a list of such pairs.
    """
    return Elements([_encoded(key, value) for key, value in specs])


def _encoded(key: InformationElement[Any] | int, value: Any) -> tuple[int, bytes]:
    element_type = key if isinstance(key, int) else key.identifier
    if isinstance(value, bytes | bytearray | memoryview):
        return element_type, bytes(value)
    if isinstance(value, list):
        return element_type, elements(value).encode()
    if isinstance(value, Elements):
        return element_type, value.encode()
    if isinstance(value, VendorSpecific):
        return element_type, encode_vendor_specific(value)
    if isinstance(key, int):
        reason = f"{type(value).__name__} needs a key; a type number goes with bytes or a list"
        raise EncodeError("PFCP", element_name(key), reason)
    return element_type, key.encode(value)


def build(
    message_type: int,
    seid: int | None = None,
    sequence_number: int = 0,
    elements: Sequence[ElementSpec] | Elements = (),
    *,
    priority: int | None = None,
    follow_on: bool = False,
    version: int = 1,
    message_length: int | None = None,
) -> Message:
    """A message from its parts. Raises EncodeError for a number that its field cannot hold.

    ``version`` and ``message_length`` are for messages that are wrong on purpose; without the
    latter the length is the right one. ``elements`` are as for the function of that name.
    """
    if isinstance(elements, Elements):
        contents = elements
    else:
        contents = Elements([_encoded(key, value) for key, value in elements])
    flags = (seid is not None) | (priority is not None) << 1 | follow_on << 2
    if not 0 <= version <= 7:
        raise EncodeError("PFCP", "Version", f"{version} does not fit 3 bits")
    if priority is not None and not 0 <= priority <= 15:
        raise EncodeError("PFCP", "Message Priority", f"{priority} does not fit 4 bits")
    behind = b"" if seid is None else uint_octets(seid, 8, "SEID")
    behind += uint_octets(sequence_number, 3, "Sequence Number")
    behind += bytes((0 if priority is None else priority << 4,)) + contents.encode()
    length = len(behind) if message_length is None else message_length
    data = b"".join(
        (
            bytes((version << 5 | flags,)),
            uint_octets(message_type, 1, "Message Type"),
            uint_octets(length, 2, "Message Length"),
            behind,
        )
    )
    return Message(message_type, seid, sequence_number, priority, follow_on, contents.pairs, data)
