"""The IP packet of a user inside a tunnel, as far as a judge reads it (RFC 791, 8200, 768)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

_TCP, _UDP = 6, 17


@dataclass(frozen=True, slots=True)
class UserPacket:
    """``content`` is what stands behind the UDP header, else behind the IP header."""

    source: str
    destination: str
    protocol: int
    ports: tuple[int, int] | None
    content: bytes


def read_user_packet(octets: bytes) -> UserPacket | None:
    """An IP packet; None for what is none."""
    if not octets:
        return None
    version = octets[0] >> 4
    if version == 4 and len(octets) >= 20:
        start, protocol = (octets[0] & 0x0F) * 4, octets[9]
        ends = octets[12:16], octets[16:20]
    elif version == 6 and len(octets) >= 40:
        start, protocol = 40, octets[6]
        ends = octets[8:24], octets[24:40]
    else:
        return None
    source, destination = (str(ip_address(each)) for each in ends)
    body = octets[start:]
    if protocol in (_TCP, _UDP) and len(body) >= 8:
        ports = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
        content = body[8:] if protocol == _UDP else body
        return UserPacket(source, destination, protocol, ports, content)
    return UserPacket(source, destination, protocol, None, body)
