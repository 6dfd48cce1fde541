"""The frame of MQTT control packets (MQTT 3.1.1, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from makmal.protocol.errors import DecodeError

_MOST_OCTETS = 1 << 20


class PacketType(IntEnum):
    """MQTT 3.1.1, 2.2.1."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


@dataclass(frozen=True, slots=True)
class Packet:
    """One control packet: type, flags, and what follows the fixed header."""

    kind: PacketType
    flags: int
    body: bytes = b""

    @property
    def name(self) -> str:
        """The name in the standard."""
        return self.kind.name

    def encode(self) -> bytes:
        """The octets."""
        length, left = bytearray(), len(self.body)
        while left > 0x7F:
            length.append(left & 0x7F | 0x80)
            left >>= 7
        length.append(left)
        return bytes((self.kind << 4 | self.flags,)) + bytes(length) + self.body


def decode(octets: bytes | bytearray) -> tuple[Packet, int] | None:
    """The first packet and its length; None when it is not whole yet. Raises DecodeError."""
    if len(octets) < 2:
        return None
    try:
        kind = PacketType(octets[0] >> 4)
    except ValueError:
        raise DecodeError("MQTT", 0, f"control packet type {octets[0] >> 4}") from None
    length = 0
    for index in range(4):
        if len(octets) < index + 2:
            return None
        digit = octets[index + 1]
        length |= (digit & 0x7F) << (7 * index)
        if not digit & 0x80:
            break
    else:
        raise DecodeError("MQTT", 1, "a remaining length of more than four octets")
    if length > _MOST_OCTETS:
        raise DecodeError("MQTT", 1, f"a packet of {length} octets")
    start = index + 2
    if len(octets) < start + length:
        return None
    return Packet(kind, octets[0] & 0x0F, bytes(octets[start : start + length])), start + length


def looks_like_mqtt(octets: bytes) -> bool:
    """Whether octets begin a CONNECT (MQTT 3.1.1, 3.1; the name of 3.1 too)."""
    return octets[:1] == b"\x10" and (b"\x00\x04MQTT" in octets[:12] or b"MQIsdp" in octets[:14])
