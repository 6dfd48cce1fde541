"""Where the IP packet begins: link layers, IPv4 options, IPv6 extension headers."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.trace.capture import open_capture
from makmal.trace.compose import Composer
from makmal.trace.frame import Endpoint, EspPacket, Frame, Payload, UdpDatagram
from makmal.trace.link import ip_offset
from makmal.trace.transport import Reassembler

V4 = ("192.0.2.1", "192.0.2.2")
V6 = ("2001:db8::1", "2001:db8::2")
MACS = bytes(range(12))


def udp(payload: bytes = b"payload") -> bytes:
    return pack(">HHHH", 1000, 2000, 8 + len(payload), 0) + payload


def ipv4(payload: bytes, protocol: int = 17, options: bytes = b"", total: int = -1) -> bytes:
    length = 20 + len(options) + len(payload)
    first = 0x45 + len(options) // 4
    ends = b"".join(ip_address(address).packed for address in V4)
    total = length if total < 0 else total
    return pack(">BBHHHBBH", first, 0, total, 1, 0, 64, protocol, 0) + ends + options + payload


def ipv6(payload: bytes, protocol: int = 17, length: int = -1) -> bytes:
    ends = b"".join(ip_address(address).packed for address in V6)
    length = len(payload) if length < 0 else length
    return pack(">IHBB", 6 << 28, length, protocol, 64) + ends + payload


def feed(data: bytes, link_type: int = 101) -> tuple[list[Payload], dict[str, int]]:
    reassembler = Reassembler()
    found = reassembler.feed(Frame(1, 5, link_type, data, len(data)))
    assert reassembler.flush() == []
    return found, dict(reassembler.counters)


def datagram(ends: tuple[str, str] = V4, payload: bytes = b"payload") -> UdpDatagram:
    source, destination = Endpoint(ends[0], 1000), Endpoint(ends[1], 2000)
    return UdpDatagram((1,), 5, source, destination, payload, False)


SLL = pack(">HHH8s", 0, 1, 6, bytes(8))
SLL2_REST = pack(">HIHBB8s", 0, 3, 1, 0, 6, bytes(8))
TAG = b"\x81\x00\x00\x2a"
HEADERS = {
    "ethernet": (1, MACS + b"%b"),
    "802.1Q": (1, MACS + TAG + b"%b"),
    "802.1ad": (1, MACS + b"\x88\xa8\x00\x07" + TAG + b"%b"),
    "Q-in-Q of old": (1, MACS + b"\x91\x00\x00\x07" + TAG + b"%b"),
    "three tags": (1, MACS + TAG * 3 + b"%b"),
    "cooked": (113, SLL + b"%b"),
    "cooked with a tag": (113, SLL + TAG + b"%b"),
    "cooked 2": (276, b"%b" + SLL2_REST),
    "cooked 2 with a tag": (276, TAG[:2] + SLL2_REST + TAG[2:] + b"%b"),
    "raw": (101, b""),
    "raw of BSD": (12, b""),
    "raw of OpenBSD": (14, b""),
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("version", [4, 6])
def test_link_layers(name: str, version: int) -> None:
    link_type, pattern = HEADERS[name]
    kind = b"\x08\x00" if version == 4 else b"\x86\xdd"
    header = pattern.replace(b"%b", kind)
    packet = ipv4(udp()) if version == 4 else ipv6(udp())
    expected = [datagram(V4 if version == 4 else V6)]
    assert ip_offset(link_type, header + packet) == len(header)
    assert feed(header + packet, link_type) == (expected, {})
    # Ethernet fills short frames up: what is beyond the packet is no part of it.
    assert feed(header + packet + b"\xee" * 20, link_type) == (expected, {})


@pytest.mark.parametrize(
    ("link_type", "header", "packet", "ends"),
    [
        (228, b"", ipv4(udp()), V4),
        (229, b"", ipv6(udp()), V6),
        *[(link, pack("<I", 2), ipv4(udp()), V4) for link in (0, 108)],
        *[(link, pack(">I", 2), ipv4(udp()), V4) for link in (0, 108)],
        *[(0, pack("<I", family), ipv6(udp()), V6) for family in (10, 24, 28, 30)],
        *[(108, pack(">I", family), ipv6(udp()), V6) for family in (10, 24, 28, 30)],
    ],
)
def test_raw_and_loopback(
    link_type: int, header: bytes, packet: bytes, ends: tuple[str, str]
) -> None:
    assert feed(header + packet, link_type) == ([datagram(ends)], {})


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (1, MACS + b"\x08\x06" + bytes(28)),
        (1, MACS + b"\x00\x26" + bytes(38)),
        (1, MACS + TAG + b"\x08\x06" + bytes(28)),
        (1, MACS + TAG),
        (1, MACS + b"\x08\x00"),
        (1, MACS[:9]),
        (1, b""),
        (1, MACS + TAG * 400),
        (1, MACS + b"\x08\x00" + b"\x55" + bytes(40)),
        (113, SLL + b"\x08\x06" + bytes(28)),
        (113, SLL),
        (276, b"\x08\x06" + SLL2_REST + bytes(28)),
        (276, b""),
        (0, pack("<I", 7) + ipv4(udp())),
        (0, b"\x02"),
        (101, b""),
        (147, ipv4(udp())),
        (-1, ipv4(udp())),
        (105, ipv4(udp())),
    ],
)
def test_frames_without_ip(link_type: int, data: bytes) -> None:
    assert feed(data, link_type) == ([], {"frames without IP": 1})


@pytest.mark.parametrize("words", range(1, 11))
def test_ipv4_options(words: int) -> None:
    assert feed(ipv4(udp(), options=b"\x01" * 4 * words)) == ([datagram()], {})


def test_ipv4_lengths() -> None:
    assert feed(ipv4(udp(), total=0)) == ([datagram()], {})
    assert feed(ipv4(udp(), total=19)) == ([], {"ip malformed": 1})
    assert feed(b"\x44" + ipv4(udp())[1:]) == ([], {"ip malformed": 1})
    assert feed(b"\x4f" + ipv4(udp())[1:]) == ([], {"ip malformed": 1})
    assert feed(ipv4(udp())[:19]) == ([], {"ip malformed": 1})
    cut = datagram(payload=b"payl")._replace(truncated=True)
    assert feed(ipv4(udp())[:-3]) == ([cut], {})
    # The IP packet ends before the UDP datagram does.
    assert feed(ipv4(udp(), total=20 + 8 + 4)) == ([cut], {})


def extension(following: int, octets: bytes) -> bytes:
    body = bytes((following, 0)) + octets
    body += bytes(-len(body) % 8)
    return bytes((following, len(body) // 8 - 1)) + body[2:]


def authentication(following: int, octets: bytes) -> bytes:
    return bytes((following, (12 + len(octets)) // 4 - 2)) + bytes(10) + octets


@pytest.mark.parametrize(
    "chain",
    [
        [(0, 6)],
        [(43, 22)],
        [(60, 6)],
        [(60, 2000)],
        [(135, 6)],
        [(139, 38)],
        [(140, 6)],
        [(51, 12)],
        [(0, 6), (60, 14), (43, 22), (51, 16), (60, 6)],
    ],
)
def test_ipv6_extension_headers(chain: list[tuple[int, int]]) -> None:
    packet, following = udp(), 17
    for kind, size in reversed(chain):
        make = authentication if kind == 51 else extension
        packet, following = make(following, bytes(size)) + packet, kind
    assert feed(ipv6(packet, following)) == ([datagram(V6)], {})


def test_ipv6_lengths() -> None:
    assert feed(ipv6(udp(), length=0)) == ([datagram(V6)], {})
    assert feed(ipv6(udp())[:39]) == ([], {"ip malformed": 1})
    assert feed(ipv6(b"\x11\x00\x00", 0)) == ([], {"ip malformed": 1})
    assert feed(ipv6(b"\x11\x00\x00", 44)) == ([], {"ip malformed": 1})
    assert feed(ipv6(b"\x11\xff" + bytes(6), 60)) == ([], {"udp malformed": 1})
    assert feed(ipv6(b"", 59)) == ([], {})


def test_udp_lengths() -> None:
    assert feed(ipv4(udp()[:7])) == ([], {"udp malformed": 1})
    short = pack(">HHHH", 1000, 2000, 7, 0) + b"payload"
    assert feed(ipv4(short)) == ([], {"udp malformed": 1})
    # RFC 2675: a length of zero is that of the packet.
    jumbo = pack(">HHHH", 1000, 2000, 0, 0) + b"payload"
    assert feed(ipv4(jumbo)) == ([datagram()], {})
    trailer = pack(">HHHH", 1000, 2000, 12, 0) + b"payload"
    assert feed(ipv4(trailer)) == ([datagram(payload=b"payl")], {})


@pytest.mark.parametrize("ends", [V4, V6])
def test_esp_by_itself_and_in_udp(ends: tuple[str, str]) -> None:
    esp = b"\0\0\0\1" + bytes(28)
    expected = EspPacket((1,), 5, Endpoint(ends[0], 0), Endpoint(ends[1], 0), esp)

    def found(protocol: int, payload: bytes) -> list[Payload]:
        packet = ipv4(payload, protocol) if ends == V4 else ipv6(payload, protocol)
        return feed(packet)[0]

    assert found(50, esp) == [expected]
    for ports in ((4500, 4500), (4500, 61000), (61000, 4500)):
        head = pack(">HH", *ports)
        assert found(17, head + pack(">HH", 8 + len(esp), 0) + esp) == [expected]
        # A keep-alive, and IKE after its marker of four zeros (RFC 3948, 2.2 and 2.3).
        assert found(17, head + pack(">HH", 9, 0) + b"\xff") == []
        ike = bytes(4) + bytes(range(1, 29))
        (datagram,) = found(17, head + pack(">HH", 8 + len(ike), 0) + ike)
        assert isinstance(datagram, UdpDatagram)
        assert datagram.payload == ike
        assert found(17, head + pack(">HH", 8, 0)) == []


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276, 147]),
    st.sampled_from(
        [b"", MACS + b"\x08\x00\x45", MACS + b"\x86\xdd\x60", b"\x45\0\0\x54", b"\x60\0\0\0\0\x30"]
    ),
    st.binary(max_size=120),
)
def test_any_frame_is_read_or_counted(link_type: int, beginning: bytes, rest: bytes) -> None:
    data = beginning + rest
    offset = ip_offset(link_type, data)
    assert offset == -1 or 0 <= offset <= max(len(data), 20)
    reassembler = Reassembler()
    for number in range(1, 4):
        found = reassembler.feed(Frame(number, number, link_type, data, len(data)))
        assert all(isinstance(payload.source, Endpoint) for payload in found)
    reassembler.flush()
    assert reassembler.counters.total() <= 3 * max(len(data), 1)


@pytest.mark.parametrize("keep", [14, 33, 34, 41, 42, 60, 141])
def test_composed_frame_cut_by_a_snap_length(keep: int) -> None:
    composer = Composer(0)
    composer.udp(Endpoint(V4[0], 1), Endpoint(V4[1], 2), bytes(range(100)))
    frame = composer.frames[0]
    reassembler = Reassembler()
    found = reassembler.feed(frame._replace(data=frame.data[:keep]))
    if keep < 42:
        assert found == []
        assert reassembler.counters.total() == 1
    else:
        (payload,) = found
        assert isinstance(payload, UdpDatagram)
        assert payload.payload == bytes(range(100))[: keep - 42]
        assert payload.truncated


def test_files_without_ip_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "other.pcap"
    header = b"\xd4\xc3\xb2\xa1" + pack("<HHiIII", 2, 4, 0, 0, 65535, 147)
    path.write_bytes(header + (pack("<IIII", 1, 1, 3, 3) + b"abc") * 5)
    reassembler = Reassembler()
    with open_capture(path) as capture:
        assert [reassembler.feed(frame) for frame in capture] == [[]] * 5
    assert reassembler.counters == {"frames without IP": 5}
