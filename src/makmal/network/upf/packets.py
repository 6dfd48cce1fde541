"""IP packets of the user plane: who sends to whom, and echoes (RFC 791, 8200, 792, 4443, 862)."""

from __future__ import annotations

from makmal.trace.checksum import internet_checksum

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_ECHO_REQUEST_V6, _ECHO_REPLY_V6 = 128, 129
_ECHO_PORT = 7
_IPV6_HEADER = 40
_HOP_LIMIT = 64


def version(packet: bytes) -> int:
    """4, 6, or 0 for what is no whole IP header."""
    if not packet:
        return 0
    number = packet[0] >> 4
    if number == 4 and len(packet) >= 20 and (packet[0] & 0x0F) >= 5:
        return 4
    return 6 if number == 6 and len(packet) >= _IPV6_HEADER else 0


def source(packet: bytes) -> bytes:
    """The source address of a packet that ``version`` knows."""
    return packet[12:16] if packet[0] >> 4 == 4 else packet[8:24]


def destination(packet: bytes) -> bytes:
    """The destination address of a packet that ``version`` knows."""
    return packet[16:20] if packet[0] >> 4 == 4 else packet[24:40]


def protocol(packet: bytes) -> int:
    """The protocol of IPv4, the first next header of IPv6."""
    return packet[9] if packet[0] >> 4 == 4 else packet[6]


def payload_at(packet: bytes) -> int:
    """Where the payload begins. Extension headers of IPv6 count as payload."""
    return (packet[0] & 0x0F) * 4 if packet[0] >> 4 == 4 else _IPV6_HEADER


def ports(packet: bytes) -> tuple[int, int] | None:
    """Source and destination port of UDP and TCP; None for others and for later fragments."""
    if protocol(packet) not in (6, UDP):
        return None
    if packet[0] >> 4 == 4 and (packet[6] & 0x1F or packet[7]):
        return None
    at = payload_at(packet)
    if len(packet) < at + 4:
        return None
    return packet[at] << 8 | packet[at + 1], packet[at + 2] << 8 | packet[at + 3]


def ipv4_packet(sender: bytes, receiver: bytes, number: int, payload: bytes) -> bytes:
    """A packet without options."""
    length = 20 + len(payload)
    header = bytes((0x45, 0, length >> 8, length & 0xFF, 0, 0, 0x40, 0, _HOP_LIMIT, number))
    total = internet_checksum(header + b"\0\0" + sender + receiver)
    return header + total.to_bytes(2, "big") + sender + receiver + payload


def ipv6_packet(
    sender: bytes, receiver: bytes, number: int, payload: bytes, hop_limit: int = _HOP_LIMIT
) -> bytes:
    """A packet without extension headers."""
    head = b"\x60\0\0\0" + len(payload).to_bytes(2, "big") + bytes((number, hop_limit))
    return head + sender + receiver + payload


def ip_packet(sender: bytes, receiver: bytes, number: int, payload: bytes) -> bytes:
    """A packet between two addresses of one family."""
    make = ipv4_packet if len(sender) == 4 else ipv6_packet
    return make(sender, receiver, number, payload)


def tcp_packet(sender: bytes, receiver: bytes, segment: bytes) -> bytes:
    """A segment with its checksum filled in, in its IP packet."""
    total = internet_checksum(pseudo_header(sender, receiver, TCP, len(segment)) + segment)
    segment = segment[:16] + total.to_bytes(2, "big") + segment[18:]
    return ip_packet(sender, receiver, TCP, segment)


def pseudo_header(sender: bytes, receiver: bytes, number: int, length: int) -> bytes:
    """What a checksum of TCP, UDP or ICMPv6 begins with (RFC 9293, 3.1; RFC 8200, 8.1)."""
    if len(sender) == 4:
        return sender + receiver + bytes((0, number)) + length.to_bytes(2, "big")
    return sender + receiver + length.to_bytes(4, "big") + bytes((0, 0, 0, number))


def udp_packet(
    sender: bytes, receiver: bytes, sender_port: int, receiver_port: int, content: bytes
) -> bytes:
    """A datagram in its IP packet."""
    length = 8 + len(content)
    head = sender_port.to_bytes(2, "big") + receiver_port.to_bytes(2, "big")
    head += length.to_bytes(2, "big")
    pseudo = pseudo_header(sender, receiver, UDP, length)
    # RFC 768: a checksum of zero is sent as all ones, since zero means that there is none.
    total = internet_checksum(pseudo + head + b"\0\0" + content) or 0xFFFF
    return ip_packet(sender, receiver, UDP, head + total.to_bytes(2, "big") + content)


def echo_request(sender: bytes, receiver: bytes, sequence_number: int, content: bytes) -> bytes:
    """A ping."""
    rest = b"\0\1" + sequence_number.to_bytes(2, "big") + content
    return _icmp(sender, receiver, (_ECHO_REQUEST, _ECHO_REQUEST_V6), rest)


def _icmp(sender: bytes, receiver: bytes, kinds: tuple[int, int], rest: bytes) -> bytes:
    if len(sender) == 4:
        head, pseudo, number = bytes((kinds[0], 0)), b"", ICMP
    else:
        head, number = bytes((kinds[1], 0)), ICMPV6
        pseudo = pseudo_header(sender, receiver, ICMPV6, 4 + len(rest))
    total = internet_checksum(pseudo + head + b"\0\0" + rest)
    return ip_packet(sender, receiver, number, head + total.to_bytes(2, "big") + rest)


def echo_reply(packet: bytes) -> bytes | None:
    """The answer to an ICMP or ICMPv6 echo request; None for any other packet."""
    at = payload_at(packet)
    is_ipv4 = packet[0] >> 4 == 4
    expected = (ICMP, _ECHO_REQUEST) if is_ipv4 else (ICMPV6, _ECHO_REQUEST_V6)
    if len(packet) < at + 8 or (protocol(packet), packet[at]) != expected:
        return None
    kinds = _ECHO_REPLY, _ECHO_REPLY_V6
    return _icmp(destination(packet), source(packet), kinds, packet[at + 4 :])


def udp_echo(packet: bytes) -> bytes | None:
    """The answer of the echo service (RFC 862); None for any other packet."""
    if packet[0] == 0x45 and packet[9] == UDP and packet[22:24] == b"\0\x07":
        swapped = packet[22:24] + packet[20:22] + packet[24:]
        return packet[:12] + packet[16:20] + packet[12:16] + swapped
    ends = ports(packet)
    if ends is None or protocol(packet) != UDP or ends[1] != _ECHO_PORT:
        return None
    at = payload_at(packet)
    swapped = packet[at + 2 : at + 4] + packet[at : at + 2] + packet[at + 4 :]
    # No checksum changes where two ends change their places: sums have no order.
    if packet[0] >> 4 == 4:
        return packet[:12] + packet[16:20] + packet[12:16] + packet[20:at] + swapped
    return packet[:8] + packet[24:40] + packet[8:24] + swapped
