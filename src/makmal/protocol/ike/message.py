"""IKEv2 messages (RFC 7296, 3): the header and the payloads that travel in clear."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from makmal.protocol.errors import DecodeError
from makmal.protocol.ike.algorithms import TransformType, is_forbidden, transform_name

_HEADER = Struct(">8s8sBBBBII")
_PAYLOAD = Struct(">BBH")
_VERSION_2 = 2
_RESPONSE = 0x20
_KEY_LENGTH = 0x800E
_MOST_PAYLOADS = 256


class ExchangeType(IntEnum):
    """RFC 7296, 3.1."""

    IKE_SA_INIT = 34
    IKE_AUTH = 35
    CREATE_CHILD_SA = 36
    INFORMATIONAL = 37


class PayloadType(IntEnum):
    """RFC 7296, 3.2: those that are named here."""

    SECURITY_ASSOCIATION = 33
    KEY_EXCHANGE = 34
    NONCE = 40
    NOTIFY = 41
    ENCRYPTED = 46
    ENCRYPTED_FRAGMENT = 53


class NotifyType(IntEnum):
    """RFC 7296, 3.10.1: those that are named here."""

    INVALID_SYNTAX = 7
    NO_PROPOSAL_CHOSEN = 14
    INVALID_KE_PAYLOAD = 17
    AUTHENTICATION_FAILED = 24
    COOKIE = 16390


@dataclass(frozen=True, slots=True)
class Transform:
    """One algorithm of a proposal (RFC 7296, 3.3.2). ``key_length`` is in bits, 0 if not said."""

    kind: int
    identifier: int
    key_length: int = 0

    @property
    def name(self) -> str:
        """Such as ENCR_AES_GCM_16-128."""
        name = transform_name(self.kind, self.identifier)
        return f"{name}-{self.key_length}" if self.key_length else name

    @property
    def is_forbidden(self) -> bool:
        """Whether no implementation may use it (RFC 8247, RFC 8221)."""
        return is_forbidden(self.kind, self.identifier)

    def encode(self, *, is_last: bool) -> bytes:
        """As it stands in a proposal."""
        attributes = b""
        if self.key_length:
            attributes = _KEY_LENGTH.to_bytes(2, "big") + self.key_length.to_bytes(2, "big")
        head = bytes((0 if is_last else 3, 0)) + (8 + len(attributes)).to_bytes(2, "big")
        return head + bytes((self.kind, 0)) + self.identifier.to_bytes(2, "big") + attributes


@dataclass(frozen=True, slots=True)
class Proposal:
    """Transforms together (RFC 7296, 3.3.1). ``protocol`` is 1 for IKE, 3 for ESP."""

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]

    @property
    def name(self) -> str:
        """Its algorithms."""
        return ", ".join(
            each.name
            for each in self.transforms
            if each.kind != TransformType.EXTENDED_SEQUENCE_NUMBERS
        )


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload. ``content`` is without the generic header."""

    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One IKEv2 message. What is in an encrypted payload stays there."""

    initiator_spi: bytes
    responder_spi: bytes
    exchange: int
    flags: int
    message_id: int
    payloads: tuple[Payload, ...]

    @property
    def is_response(self) -> bool:
        """Whether it answers."""
        return bool(self.flags & _RESPONSE)

    @property
    def name(self) -> str:
        """The exchange, and whether this is its request or response."""
        known = self.exchange in {each.value for each in ExchangeType}
        exchange = ExchangeType(self.exchange).name if known else f"exchange {self.exchange}"
        return f"{exchange} {'response' if self.is_response else 'request'}"

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What is offered, or in a response what was chosen. Raises DecodeError."""
        found = self._content(PayloadType.SECURITY_ASSOCIATION)
        return () if found is None else _proposals(found)

    @property
    def notifications(self) -> tuple[int, ...]:
        """The types of its notifications. Raises DecodeError."""
        found = []
        for each in self.payloads:
            if each.kind == PayloadType.NOTIFY:
                if len(each.content) < 4:
                    raise DecodeError("IKE", 0, "a notification is cut short")
                found.append(int.from_bytes(each.content[2:4], "big"))
        return tuple(found)

    def _content(self, kind: PayloadType) -> bytes | None:
        return next((each.content for each in self.payloads if each.kind == kind), None)


def decode(octets: bytes) -> Message:
    """A message, from its header on (without the four zeros of port 4500). Raises DecodeError."""
    if len(octets) < _HEADER.size:
        raise DecodeError("IKE", len(octets), "the header is cut short")
    initiator, responder, kind, version, exchange, flags, number, length = _HEADER.unpack_from(
        octets
    )
    if version >> 4 != _VERSION_2:
        raise DecodeError("IKE", 17, f"version {version >> 4} is not IKEv2")
    if not _HEADER.size <= length <= len(octets):
        raise DecodeError("IKE", 24, f"a length of {length} in {len(octets)} octets")
    payloads: list[Payload] = []
    at = _HEADER.size
    while kind:
        if at + _PAYLOAD.size > length or len(payloads) == _MOST_PAYLOADS:
            raise DecodeError("IKE", at, "the payloads go on behind the end")
        following, _, size = _PAYLOAD.unpack_from(octets, at)
        if size < _PAYLOAD.size or at + size > length:
            raise DecodeError("IKE", at + 2, f"a payload of {size} octets does not fit")
        payloads.append(Payload(kind, bytes(octets[at + _PAYLOAD.size : at + size])))
        at += size
        if kind in (PayloadType.ENCRYPTED, PayloadType.ENCRYPTED_FRAGMENT):
            # Its next payload is the first inside.
            break
        kind = following
    return Message(initiator, responder, exchange, flags, number, tuple(payloads))


def _proposals(content: bytes) -> tuple[Proposal, ...]:
    found = []
    at = 0
    while at < len(content):
        if at + 8 > len(content):
            raise DecodeError("IKE", at, "a proposal is cut short")
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        number, protocol, spi_size, count = content[at + 4 : at + 8]
        end, start = at + length, at + 8 + spi_size
        if not start <= end <= len(content):
            raise DecodeError("IKE", at + 2, f"a proposal of {length} octets does not fit")
        transforms = _transforms(content, start, end)
        if len(transforms) != count:
            raise DecodeError("IKE", at + 7, f"{count} transforms announced")
        found.append(Proposal(number, protocol, content[at + 8 : start], transforms))
        at = end
    return tuple(found)


def _transforms(content: bytes, at: int, end: int) -> tuple[Transform, ...]:
    found = []
    while at < end:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 8 or at + length > end:
            raise DecodeError("IKE", at, "a transform does not fit")
        key_length = 0
        attributes = content[at + 8 : at + length]
        if attributes[:2] == _KEY_LENGTH.to_bytes(2, "big"):
            key_length = int.from_bytes(attributes[2:4], "big")
        identifier = int.from_bytes(content[at + 6 : at + 8], "big")
        found.append(Transform(content[at + 4], identifier, key_length))
        at += length
    return tuple(found)
