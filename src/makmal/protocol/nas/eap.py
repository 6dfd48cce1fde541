"""EAP packets as NAS carries them (TS 24.501, 9.11.2.2; RFC 3748, 4; RFC 4187, 8.1; RFC 9048)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import need

_HEADER, _AKA_HEADER = 4, 4
_UNIT = 4


class EapCode(IntEnum):
    """RFC 3748, 4."""

    REQUEST = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


class EapMethod(IntEnum):
    """The methods that 5G names (TS 33.501, 6.1.3.1 and annexes B and I), and those of RFC 3748."""

    IDENTITY = 1
    NOTIFICATION = 2
    NAK = 3
    TLS = 13
    TTLS = 21
    AKA = 23
    AKA_PRIME = 50
    EXPANDED = 254


class EapSubtype(IntEnum):
    """What an EAP-AKA or EAP-AKA' packet is (RFC 4187, 11)."""

    CHALLENGE = 1
    AUTHENTICATION_REJECT = 2
    SYNCHRONIZATION_FAILURE = 4
    IDENTITY = 5
    NOTIFICATION = 12
    REAUTHENTICATION = 13
    CLIENT_ERROR = 14


class EapAttributeType(IntEnum):
    """Attributes of EAP-AKA and EAP-AKA' (RFC 4187, 11; RFC 9048, 6)."""

    AT_RAND = 1
    AT_AUTN = 2
    AT_RES = 3
    AT_AUTS = 4
    AT_PADDING = 6
    AT_PERMANENT_ID_REQ = 10
    AT_MAC = 11
    AT_NOTIFICATION = 12
    AT_ANY_ID_REQ = 13
    AT_IDENTITY = 14
    AT_FULLAUTH_ID_REQ = 17
    AT_COUNTER = 19
    AT_COUNTER_TOO_SMALL = 20
    AT_NONCE_S = 21
    AT_CLIENT_ERROR_CODE = 22
    AT_KDF_INPUT = 23
    AT_KDF = 24
    AT_IV = 129
    AT_ENCR_DATA = 130
    AT_NEXT_PSEUDONYM = 132
    AT_NEXT_REAUTH_ID = 133
    AT_CHECKCODE = 134
    AT_RESULT_IND = 135
    AT_BIDDING = 136


@dataclass(frozen=True, slots=True)
class EapAttribute:
    """An attribute; ``octets`` is all after its length, reserved octets and inner lengths too."""

    type: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class EapPacket:
    """An EAP packet. ``method`` is None in success and failure, which have no more than a header.

    EAP-AKA and EAP-AKA' are read to ``subtype`` and ``attributes``; the data of other methods stay
    in ``data``. ``trailing`` is what came after the packet's own length.
    """

    code: int
    identifier: int
    method: int | None = None
    subtype: int | None = None
    attributes: tuple[EapAttribute, ...] = ()
    data: bytes = b""
    reserved: bytes = b"\0\0"
    trailing: bytes = b""

    def attribute(self, kind: int) -> bytes | None:
        """The octets of the first attribute of a type, None where it is absent."""
        return next((each.octets for each in self.attributes if each.type == kind), None)


E = TypeVar("E", bound=IntEnum)


def _named(kind: type[E], value: int) -> E | int:
    try:
        return kind(value)
    except ValueError:
        return value


def decode_eap(data: bytes) -> EapPacket:
    """Raises DecodeError."""
    need(data, _HEADER, "an EAP packet")
    code, identifier = _named(EapCode, data[0]), data[1]
    length = int.from_bytes(data[2:4], "big")
    if length < _HEADER:
        raise DecodeError("NAS", 2, f"an EAP packet of {length} octets is shorter than its header")
    need(data, length, "an EAP packet")
    packet, trailing = data[:length], data[length:]
    if code not in (EapCode.REQUEST, EapCode.RESPONSE) or length == _HEADER:
        return EapPacket(code, identifier, data=packet[_HEADER:], trailing=trailing)
    method = _named(EapMethod, packet[_HEADER])
    body = packet[_HEADER + 1 :]
    if method not in (EapMethod.AKA, EapMethod.AKA_PRIME) or not body:
        return EapPacket(code, identifier, method, data=body, trailing=trailing)
    need(packet, _HEADER + _AKA_HEADER, "the header of EAP-AKA")
    subtype = _named(EapSubtype, body[0])
    attributes = _decode_attributes(packet, _HEADER + _AKA_HEADER)
    return EapPacket(
        code, identifier, method, subtype, attributes, reserved=body[1:3], trailing=trailing
    )


def _decode_attributes(packet: bytes, position: int) -> tuple[EapAttribute, ...]:
    attributes = []
    while position < len(packet):
        need(packet, position + 2, "an EAP-AKA attribute")
        size = packet[position + 1] * _UNIT
        if size == 0:
            raise DecodeError("NAS", position + 1, "an EAP-AKA attribute has a length of 0")
        need(packet, position + size, "an EAP-AKA attribute")
        kind = _named(EapAttributeType, packet[position])
        attributes.append(EapAttribute(kind, packet[position + 2 : position + size]))
        position += size
    return tuple(attributes)


def encode_eap(value: EapPacket) -> bytes:
    """The octets of a packet, its length computed. Raises EncodeError."""
    body = b""
    if value.method is not None:
        body = bytes((value.method,))
    if value.subtype is not None:
        body += bytes((value.subtype,)) + value.reserved
    for attribute in value.attributes:
        size, rest = divmod(len(attribute.octets) + 2, _UNIT)
        if rest or size > 255:
            raise EncodeError(
                "NAS", "EAP message", f"attribute {attribute.type} does not fill units of 4 octets"
            )
        body += bytes((attribute.type, size)) + attribute.octets
    body += value.data
    header = bytes((value.code, value.identifier)) + (_HEADER + len(body)).to_bytes(2, "big")
    return header + body + value.trailing
