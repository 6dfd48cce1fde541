"""IP fragments: each order, overlaps, repeats, losses, and bounds."""

from __future__ import annotations

import tracemalloc
from ipaddress import ip_address
from itertools import permutations
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.trace.frame import Frame, Payload, UdpDatagram
from makmal.trace.ip_fragments import IpFragments, Whole
from makmal.trace.transport import Reassembler

SECOND = 1_000_000_000
Part = tuple[int, bool, bytes]
ENDS = {
    4: ip_address("192.0.2.1").packed + ip_address("192.0.2.2").packed,
    6: ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed,
}


def packet(version: int, offset: int, more: bool, payload: bytes, identification: int = 7) -> bytes:
    ends = ENDS[version]
    if version == 4:
        word = more << 13 | offset // 8
        head = (0x45, 0, 20 + len(payload), identification & 0xFFFF, word, 64, 17, 0)
        return pack(">BBHHHBBH", *head) + ends + payload
    fragment = pack(">BBHI", 17, 0, offset | more, identification) + payload
    return pack(">IHBB", 6 << 28, len(fragment), 44, 64) + ends + fragment


def udp(size: int) -> bytes:
    return pack(">HHHH", 1000, 2000, min(8 + size, 65535), 0) + bytes(
        (n * 37 + size) % 251 for n in range(size)
    )


def cut(datagram: bytes, size: int) -> list[Part]:
    starts = range(0, len(datagram), size)
    return [(at, at + size < len(datagram), datagram[at : at + size]) for at in starts]


def feed(
    parts: list[Part], version: int = 4, reassembler: Reassembler | None = None, time_ns: int = 0
) -> list[Payload]:
    reassembler = Reassembler() if reassembler is None else reassembler
    found: list[Payload] = []
    for number, part in enumerate(parts, start=1):
        data = packet(version, *part)
        found += reassembler.feed(Frame(number, time_ns + number, 101, data, len(data)))
    return found


def payloads(found: list[Payload]) -> list[bytes]:
    return [payload.payload for payload in found if isinstance(payload, UdpDatagram)]


each_version = pytest.mark.parametrize("version", [4, 6])


@each_version
def test_every_order(version: int) -> None:
    datagram = udp(50)
    parts = cut(datagram, 16)
    assert len(parts) == 4
    for order in permutations(parts):
        (found,) = feed(list(order), version)
        assert isinstance(found, UdpDatagram)
        assert found.payload == datagram[8:]
        assert (found.frames, found.time_ns, found.truncated) == ((1, 2, 3, 4), 4, False)
        assert found.source.port == 1000


@each_version
def test_longest_datagram(version: int) -> None:
    datagram = udp(65_535 - 20 - 8)
    parts = cut(datagram, 1480)
    assert payloads(feed(parts, version)) == [datagram[8:]]
    assert payloads(feed(parts[::-1], version)) == [datagram[8:]]


@each_version
def test_beyond_the_longest_datagram(version: int) -> None:
    # A whole but for its length: the last fragment would reach beyond what a length can say.
    datagram = udp(65_600)
    assert feed(cut(datagram, 1480), version) == []


@each_version
def test_one_fragment_only(version: int) -> None:
    datagram = udp(30)
    if version == 6:  # An atomic fragment, RFC 6946.
        assert payloads(feed([(0, False, datagram)], 6)) == [datagram[8:]]
    assert feed([(0, True, datagram)], version) == []
    assert feed([(8, False, datagram)], version) == []


@each_version
def test_repeated_fragments(version: int) -> None:
    datagram = udp(50)
    parts = cut(datagram, 16)
    (found,) = feed([parts[0], parts[0], parts[2], parts[1], parts[2], parts[3]], version)
    assert isinstance(found, UdpDatagram)
    assert found.payload == datagram[8:]
    assert found.frames[-1] == 6


@each_version
@pytest.mark.parametrize("lost", range(4))
def test_lost_fragment(version: int, lost: int) -> None:
    datagram = udp(50)
    parts = cut(datagram, 16)
    del parts[lost]
    assert feed(parts * 3, version) == []


@each_version
def test_a_longer_repeat_of_the_same_offset_counts(version: int) -> None:
    datagram = udp(50)
    parts: list[Part] = [
        (0, True, datagram[:8]),
        (0, True, datagram[:32]),
        (32, False, datagram[32:]),
    ]
    assert payloads(feed(parts, version)) == [datagram[8:]]


def test_of_overlapping_octets_the_first_that_came_stay() -> None:
    head = udp(40)[:8]
    a, b = b"a" * 40, b"b" * 40
    # Octets 16 to 24 come first in the one that lies behind.
    found = feed([(16, True, a[:16]), (0, True, head + b[:24]), (32, False, b[:16])])
    assert payloads(found) == [b[:8] + a[:16] + b[:16]]
    found = feed([(0, True, head + b[:16]), (16, True, a[:16]), (32, False, b[:16])])
    assert payloads(found) == [b[:16] + a[:8] + b[:16]]
    # One fragment that covers those before it fills the holes between them only.
    found = feed(
        [(8, True, a[:8]), (24, True, a[:8]), (0, True, head + b[:32]), (40, False, b[:8])]
    )
    assert payloads(found) == [a[:8] + b[:8] + a[:8] + b[:16]]


def model(parts: list[Part]) -> tuple[int, bytes] | None:
    """Octet by octet: after how many fragments it is whole, and what it is."""
    octets: dict[int, int] = {}
    total = None
    for count, (offset, more, payload) in enumerate(parts, start=1):
        for index, octet in enumerate(payload):
            octets.setdefault(offset + index, octet)
        if not more and total is None:
            total = offset + len(payload)
        if total is not None and all(at in octets for at in range(total)):
            return count, bytes(octets[at] for at in range(total))
    return None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 7).map(lambda units: units * 8),
            st.booleans(),
            st.binary(min_size=1, max_size=40),
        ).filter(lambda part: part[0] or part[1]),
        max_size=10,
    )
)
def test_random_overlaps_as_the_model_has_them(parts: list[Part]) -> None:
    # Protocol 50 gives the reassembled octets as they are.
    reassembler = Reassembler()
    expected = model(parts)
    whole = None
    for number, part in enumerate(parts, start=1):
        data = packet(4, *part)
        frame = Frame(number, number, 101, data[:9] + b"\x32" + data[10:], len(data))
        found = reassembler.feed(frame)
        if found and whole is None:
            whole = (number, found[0].payload)
    assert whole == expected


@each_version
def test_datagrams_between_each_other(version: int) -> None:
    one, other = udp(90), udp(91)
    reassembler = Reassembler()
    found: list[Payload] = []
    for number, (a, b) in enumerate(zip(cut(one, 24), cut(other, 24), strict=True)):
        for part, identification in ((a, 1), (b, 2)):
            data = packet(version, *part, identification)
            found += reassembler.feed(Frame(number, 0, 101, data, len(data)))
    assert payloads(found) == [one[8:], other[8:]]


@each_version
def test_an_identification_used_again_after_a_minute(version: int) -> None:
    old, new = udp(50), udp(48)
    reassembler = Reassembler()
    assert feed(cut(old, 16)[:2], version, reassembler) == []
    found = feed(cut(new, 16), version, reassembler, 61 * SECOND)
    assert payloads(found) == [new[8:]]


@each_version
def test_an_identification_used_again_after_completion(version: int) -> None:
    old, new = udp(50), udp(48)
    reassembler = Reassembler()
    assert payloads(feed(cut(old, 16), version, reassembler)) == [old[8:]]
    assert payloads(feed(cut(new, 16), version, reassembler)) == [new[8:]]


def test_cut_last_fragment_is_truncated() -> None:
    datagram = udp(50)
    *parts, last = cut(datagram, 16)
    reassembler = Reassembler()
    assert feed(parts, 4, reassembler) == []
    data = packet(4, *last)
    (found,) = reassembler.feed(Frame(9, 0, 101, data[:-4], len(data)))
    assert isinstance(found, UdpDatagram)
    assert (found.payload, found.truncated) == (datagram[8:-4], True)


def test_whichever_fragment_was_cut_the_whole_says_so() -> None:
    for cut_one in range(3):
        fragments = IpFragments()
        for n in range(3):
            whole = fragments.add((b"", b"", 0, 0), n * 8, n < 2, bytes(8), n, n, n == cut_one)
        assert whole == Whole(bytes(24), (0, 1, 2), True)


def memory_of(count: int, make: bytes, identification: bool) -> int:
    """The growth of memory by that many fragments that never make a whole."""
    reassembler = Reassembler()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            key = number.to_bytes(2, "big") if identification else b"\0\1"
            data = make[:4] + key + make[6:]
            reassembler.feed(Frame(number, 0, 101, data, len(data)))
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_over_many_datagrams() -> None:
    part = packet(4, 8, True, bytes(400))
    assert memory_of(8_000, part, True) < 3_000_000


def test_memory_is_bounded_over_one_datagram_repeated() -> None:
    part = packet(4, 8, True, bytes(16))
    assert memory_of(30_000, part, False) < 200_000


def test_memory_is_bounded_over_one_datagram_overlapping() -> None:
    reassembler = Reassembler()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(1, 4000):
            data = packet(4, number * 8, True, bytes(30_000))
            reassembler.feed(Frame(number, 0, 101, data, len(data)))
        assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
    finally:
        tracemalloc.stop()
