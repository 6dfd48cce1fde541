"""The router behind a session tells the UE its IPv6 prefix (RFC 4861; TS 23.501, 5.8.2.2.3)."""

from __future__ import annotations

from makmal.network.upf import packets
from makmal.trace.checksum import internet_checksum

_SOLICITATION, _ADVERTISEMENT = 133, 134
_LINK_LOCAL = b"\xfe\x80" + bytes(6)
_ROUTER = _LINK_LOCAL + bytes(7) + b"\x01"
_ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
# Neighbour discovery goes no further than the link.
_HOP_LIMIT = 255


def is_solicitation(packet: bytes) -> bool:
    """Whether a UE asks for its prefix."""
    return (
        packets.version(packet) == 6
        and packets.protocol(packet) == packets.ICMPV6
        and packet[40:41] == bytes((_SOLICITATION,))
        and packets.destination(packet)[:1] == b"\xff"
    )


def advertisement(solicitation: bytes, prefix: bytes) -> bytes:
    """The answer: a prefix of 64 bits, for good."""
    asker = packets.source(solicitation)
    receiver = asker if asker[:8] == _LINK_LOCAL else _ALL_NODES
    return announcement(_ROUTER, receiver, prefix)


def announcement(sender: bytes, receiver: bytes, prefix: bytes) -> bytes:
    """A router advertisement by whomever, of a prefix of 64 bits, for good."""
    # Hop limit 64, a router for as long as can be said; then the prefix information option.
    content = b"\x40\0\xff\xff" + bytes(8)
    content += b"\x03\x04\x40\x40" + b"\xff" * 8 + bytes(4) + prefix + bytes(8)
    return _icmpv6(sender, receiver, _ADVERTISEMENT, content)


def solicitation(interface_identifier: bytes) -> bytes:
    """A UE's question for its prefix."""
    all_routers = bytes.fromhex("ff020000000000000000000000000002")
    return _icmpv6(_LINK_LOCAL + interface_identifier, all_routers, _SOLICITATION, bytes(4))


def advertised_prefix(packet: bytes) -> bytes | None:
    """The prefix of an advertisement; None for any other packet."""
    if (
        packets.version(packet) != 6
        or packets.protocol(packet) != packets.ICMPV6
        or packet[40:41] != bytes((_ADVERTISEMENT,))
    ):
        return None
    at = 56
    while at + 2 <= len(packet):
        length = packet[at + 1] * 8
        if not length:
            return None
        if packet[at] == 3 and length == 32 and at + length <= len(packet):
            return packet[at + 16 : at + 24]
        at += length
    return None


def _icmpv6(sender: bytes, receiver: bytes, kind: int, content: bytes) -> bytes:
    body = bytes((kind, 0, 0, 0)) + content
    pseudo = packets.pseudo_header(sender, receiver, packets.ICMPV6, len(body))
    total = internet_checksum(pseudo + body).to_bytes(2, "big")
    return packets.ipv6_packet(
        sender, receiver, packets.ICMPV6, body[:2] + total + body[4:], _HOP_LIMIT
    )
