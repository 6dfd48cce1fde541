"""TCP octets in order, whatever order, repeats, overlaps and losses the packets have."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.trace.capture import open_capture
from makmal.trace.frame import Endpoint, Frame, TcpChunk
from makmal.trace.tcp_reassembly import ACK, FIN, RST, SYN, TcpReassembly
from makmal.trace.transport import Reassembler

CLIENT, SERVER = Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 7777)
WRAP = 1 << 32
STARTS = [0, 1, 1000, WRAP - 1, WRAP - 2, WRAP - 50, (1 << 31) - 20, 1 << 31]


class Line:
    """Segments in, chunks out; ``at`` counts from the initial sequence number's successor."""

    def __init__(self, start: int = 1000) -> None:
        self.counters: Counter[str] = Counter()
        self.reassembly = TcpReassembly(self.counters)
        self.start = start
        self.frame = 0

    def feed(
        self,
        at: int,
        payload: bytes = b"",
        flags: int = ACK,
        missing: int = 0,
        acknowledgement: int = 0,
        to_client: bool = False,
    ) -> list[TcpChunk]:
        self.frame += 1
        ends = (SERVER, CLIENT) if to_client else (CLIENT, SERVER)
        found: list[TcpChunk] = []
        sequence = (self.start + 1 + at) % WRAP
        acknowledged = (self.start + 1 + acknowledgement) % WRAP
        self.reassembly.feed(
            self.frame,
            self.frame * 10,
            *ends,
            sequence,
            acknowledged if flags & ACK else 0,
            flags,
            payload,
            missing,
            found,
        )
        return found

    def open(self) -> Line:
        assert self.feed(-1, flags=SYN) == []
        assert self.feed(-1, flags=SYN | ACK, to_client=True) == []
        assert self.feed(0) == []
        return self

    def flush(self) -> list[TcpChunk]:
        found: list[TcpChunk] = []
        self.reassembly.flush(found)
        return found


def joined(chunks: list[TcpChunk]) -> bytes:
    return b"".join(chunk.payload for chunk in chunks)


def brief(chunks: list[TcpChunk]) -> list[tuple[bytes, bool, bool]]:
    return [(chunk.payload, chunk.lost, chunk.ended) for chunk in chunks]


def test_one_segment() -> None:
    line = Line().open()
    chunk = TcpChunk(4, 40, CLIENT, SERVER, 1, b"hello", False, False)
    assert line.feed(0, b"hello") == [chunk]
    (answer,) = line.feed(0, b"world", to_client=True)
    assert (answer.source, answer.connection, answer.payload) == (SERVER, 1, b"world")
    assert line.flush() == []


@pytest.mark.parametrize("start", STARTS)
def test_out_of_order(start: int) -> None:
    line = Line(start).open()
    assert line.feed(2, b"cd") == []
    assert line.feed(6, b"gh") == []
    chunks = line.feed(0, b"ab")
    assert brief(chunks) == [(b"ab", False, False), (b"cd", False, False)]
    assert [chunk.frame for chunk in chunks] == [6, 4]
    assert brief(line.feed(4, b"ef")) == [(b"ef", False, False), (b"gh", False, False)]


@pytest.mark.parametrize("start", STARTS)
def test_repeats_and_overlaps(start: int) -> None:
    line = Line(start).open()
    assert joined(line.feed(0, b"abcd")) == b"abcd"
    assert line.feed(0, b"abcd") == []
    assert line.feed(1, b"bc") == []
    assert joined(line.feed(2, b"cdef")) == b"ef"
    assert line.feed(8, b"ijkl") == []
    assert line.feed(9, b"jklm") == []
    assert joined(line.feed(5, b"fghij")) == b"ghijklm"
    assert line.flush() == []


@settings(max_examples=200, deadline=None)
@given(
    st.binary(min_size=1, max_size=400),
    st.sampled_from(STARTS),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_any_disorder_gives_the_octets_once(
    octets: bytes, start: int, random: Random, close: bool
) -> None:
    line = Line(start)
    segments: list[tuple[int, bytes, int]] = [(-1, b"", SYN)]
    at = 0
    while at < len(octets):
        size = random.randint(1, 40)
        segments.append((at, octets[at : at + size], ACK))
        # Now and then the next segment begins before this one ends, or even before this one.
        at += size
        if random.random() < 0.3 and at < len(octets):
            back = random.randint(0, min(at, 60))
            segments.append((at - back, octets[at - back : at + 5], ACK))
    if close:
        segments.append((len(octets), b"", FIN | ACK))
    # Repeats: the same segment later, or as a part of a larger one.
    repeated = []
    for index, (at, payload, flags) in enumerate(segments):
        repeated.append((float(index), (at, payload, flags)))
        if random.random() < 0.3:
            later = index + random.random() * 10
            repeated.append((later, (at, payload, flags)))
            if at > 0:
                repeated.append((later, (at - 1, octets[at - 1 : at + 20], ACK)))
    disordered = [(place + random.random() * 6, part) for place, part in repeated[1:]]
    sent = [repeated[0][1]] + [part for _, part in sorted(disordered, key=lambda one: one[0])]
    found = [chunk for part in sent for chunk in line.feed(*part)]
    found += line.flush()
    assert joined(found) == octets
    assert not any(chunk.lost for chunk in found)
    assert {chunk.connection for chunk in found} == {1}
    assert [chunk.ended for chunk in found] == [False] * (len(found) - close) + [True] * close


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=15),
    st.sampled_from(STARTS),
    st.randoms(use_true_random=False),
)
def test_after_a_hole_the_chunk_says_so(pieces: list[bytes], start: int, random: Random) -> None:
    line = Line(start).open()
    lost = random.randrange(len(pieces) - 1)
    found: list[TcpChunk] = []
    at = 0
    for index, piece in enumerate(pieces):
        if index != lost:
            found += line.feed(at, piece)
            if random.random() < 0.3:
                found += line.feed(at, piece)
        at += len(piece)
    assert joined(found) == b"".join(pieces[:lost])
    assert not any(chunk.lost for chunk in found)
    after = line.flush()
    assert joined(after) == b"".join(pieces[lost + 1 :])
    assert [chunk.lost for chunk in after] == [True] + [False] * (len(after) - 1)
    assert line.counters["tcp holes"] == 1


def test_a_hole_that_the_receiver_acknowledged_is_not_waited_for() -> None:
    line = Line().open()
    assert joined(line.feed(0, b"ab")) == b"ab"
    assert line.feed(4, b"ef") == []
    found = [line.feed(0, acknowledgement=6, to_client=True) for _ in range(3)]
    assert [brief(chunks) for chunks in found] == [[], [], [(b"ef", True, False)]]
    assert brief(line.feed(6, b"gh")) == [(b"gh", False, False)]
    assert line.feed(2, b"cd") == []


def test_acknowledgements_before_a_hole_do_not_end_the_wait() -> None:
    line = Line().open()
    assert joined(line.feed(0, b"ab")) == b"ab"
    assert line.feed(4, b"ef") == []
    for _ in range(10):
        assert line.feed(0, acknowledgement=2, to_client=True) == []
    assert brief(line.feed(2, b"cd")) == [(b"cd", False, False), (b"ef", False, False)]


def test_acknowledgements_into_a_second_hole_do_not_skip_it() -> None:
    line = Line().open()
    assert joined(line.feed(0, b"ab")) == b"ab"
    assert line.feed(6, b"gh") == []
    # The capture lacks "cd"; "ef" is only late.
    for _ in range(4):
        assert line.feed(0, acknowledgement=4, to_client=True) == []
    assert brief(line.feed(4, b"ef")) == [(b"ef", True, False), (b"gh", False, False)]


@pytest.mark.parametrize("start", STARTS)
def test_joined_in_mid_stream(start: int) -> None:
    line = Line(start)
    assert line.feed(0) == []
    assert brief(line.feed(100, b"ab")) == [(b"ab", True, False)]
    assert brief(line.feed(102, b"cd")) == [(b"cd", False, False)]
    assert brief(line.feed(7, b"xy", to_client=True)) == [(b"xy", True, False)]
    assert line.feed(90, b"before") == []
    assert brief(line.feed(96, b"????abcd")) == []
    assert {chunk.connection for chunk in line.feed(104, b"e")} == {1}


def test_fin() -> None:
    line = Line().open()
    line.feed(0, b"ab")
    assert brief(line.feed(4, b"ef", FIN | ACK)) == []
    assert brief(line.feed(2, b"cd")) == [(b"cd", False, False), (b"ef", False, True)]
    assert line.feed(4, b"ef", FIN | ACK) == []
    # The other direction goes on until its own end.
    assert brief(line.feed(0, b"xy", to_client=True)) == [(b"xy", False, False)]
    assert brief(line.feed(2, b"", FIN | ACK, to_client=True)) == [(b"", False, True)]
    assert line.feed(2, b"", FIN | ACK, to_client=True) == []
    assert line.flush() == []


@pytest.mark.parametrize("at", [2, 3, 5])
def test_nothing_comes_after_the_end(at: int) -> None:
    line = Line().open()
    assert brief(line.feed(0, b"ab", FIN | ACK)) == [(b"ab", False, True)]
    assert line.feed(at, b"more") == []
    assert line.flush() == []


def test_rst() -> None:
    line = Line().open()
    line.feed(0, b"ab")
    line.feed(0, b"xy", to_client=True)
    assert line.feed(4, b"ef") == []
    found = line.feed(6, flags=RST | ACK)
    assert [(chunk.source, *one) for chunk, one in zip(found, brief(found), strict=True)] == [
        (CLIENT, b"ef", True, False),
        (CLIENT, b"", False, True),
        (SERVER, b"", False, True),
    ]
    assert line.feed(6, flags=RST) == []
    assert line.flush() == []


def test_ports_used_again_after_fin() -> None:
    line = Line().open()
    line.feed(0, b"old", FIN | ACK)
    line.feed(0, b"old", FIN | ACK, to_client=True)
    # The new initial number is the very next one.
    line.start += 3
    line.open()
    for to_client in (False, True):
        (chunk,) = line.feed(0, b"new", to_client=to_client)
        assert (chunk.payload, chunk.lost, chunk.connection) == (b"new", False, 2)


@pytest.mark.parametrize("start", [0, 5, 1 << 31, WRAP - 1, 1_000_000])
def test_ports_used_again_without_an_end(start: int) -> None:
    line = Line().open()
    line.feed(0, b"old")
    line.feed(0, b"old", to_client=True)
    line.feed(5, b"held")
    line.start = start
    found = line.feed(-1, flags=SYN)
    assert brief(found) == [(b"held", True, False)]
    line.feed(-1, flags=SYN | ACK, to_client=True)
    for to_client in (False, True):
        (chunk,) = line.feed(0, b"new", to_client=to_client)
        assert (chunk.payload, chunk.lost, chunk.connection) == (b"new", False, 2)


@pytest.mark.parametrize("ended", [False, True])
def test_ports_used_again_where_only_the_server_was_heard(ended: bool) -> None:
    line = Line()
    line.feed(50, b"old", FIN | ACK if ended else ACK, to_client=True)
    line.start = 777_000
    line.open()
    for to_client in (False, True):
        (chunk,) = line.feed(0, b"new", to_client=to_client)
        assert (chunk.payload, chunk.lost, chunk.connection) == (b"new", False, 2)


def test_ports_used_again_without_the_syn_in_the_capture() -> None:
    line = Line().open()
    line.feed(0, b"old", to_client=True)
    line.feed(3, b"", FIN | ACK, to_client=True)
    line.start = 777_000
    line.feed(-1, flags=SYN | ACK, to_client=True)
    (chunk,) = line.feed(0, b"new", to_client=True)
    assert (chunk.payload, chunk.lost, chunk.connection) == (b"new", False, 2)


def test_ports_and_numbers_used_again_after_both_ends() -> None:
    line = Line().open()
    line.feed(0, b"old", FIN | ACK)
    line.feed(0, b"old", FIN | ACK, to_client=True)
    line.open()
    for to_client in (False, True):
        (chunk,) = line.feed(0, b"new", to_client=to_client)
        assert (chunk.payload, chunk.lost, chunk.connection) == (b"new", False, 2)


def test_answer_to_a_syn_that_the_capture_lacks() -> None:
    line = Line()
    assert brief(line.feed(0, b"ab")) == [(b"ab", True, False)]
    assert line.feed(-1, flags=SYN | ACK, to_client=True) == []
    (answer,) = line.feed(0, b"xy", to_client=True)
    assert (answer.payload, answer.lost, answer.connection) == (b"xy", False, 1)


def test_repeated_syn_begins_nothing_anew() -> None:
    line = Line()
    line.feed(-1, flags=SYN)
    line.open()
    assert joined(line.feed(0, b"ab")) == b"ab"
    assert joined(line.feed(0, b"xy", to_client=True)) == b"xy"
    # Both are seen again late, as on a capture of all interfaces of a host.
    assert line.feed(-1, flags=SYN) == []
    assert line.feed(-1, flags=SYN | ACK, to_client=True) == []
    for to_client in (False, True):
        (chunk,) = line.feed(2, b"cd", to_client=to_client)
        assert (chunk.payload, chunk.lost, chunk.connection) == (b"cd", False, 1)


def test_syn_captured_late() -> None:
    line = Line()
    assert line.feed(-1, flags=SYN | ACK, to_client=True) == []
    assert line.feed(-1, flags=SYN) == []
    for to_client in (False, True):
        assert brief(line.feed(0, b"ab", to_client=to_client)) == [(b"ab", False, False)]
    line = Line()
    assert joined(line.feed(0, b"ab")) == b"ab"
    assert line.feed(-1, flags=SYN) == []
    assert brief(line.feed(2, b"cd")) == [(b"cd", False, False)]


def test_data_in_the_syn() -> None:
    line = Line()
    assert brief(line.feed(-1, b"fast", SYN)) == [(b"fast", False, False)]
    assert brief(line.feed(4, b"open")) == [(b"open", False, False)]


def test_keep_alives_give_nothing() -> None:
    line = Line().open()
    line.feed(0, b"abc")
    assert line.feed(2) == []
    assert line.feed(2, b"c") == []
    assert brief(line.feed(3, b"d")) == [(b"d", False, False)]


def test_segment_cut_by_a_snap_length() -> None:
    line = Line().open()
    assert brief(line.feed(0, b"abcd", missing=6)) == [(b"abcd", False, False)]
    assert brief(line.feed(10, b"kl")) == [(b"kl", True, False)]
    # Of a repeated one, what the capture has is behind what is known.
    assert line.feed(8, b"ij", missing=6) == []
    assert brief(line.feed(16, b"qr", missing=2)) == [(b"qr", True, False)]
    assert line.feed(18, b"st") == []
    assert brief(line.feed(20, b"uv")) == [(b"uv", True, False)]


def test_segment_cut_before_its_octets() -> None:
    line = Line().open()
    assert line.feed(0, b"", missing=10) == []
    assert brief(line.feed(10, b"ab")) == [(b"ab", True, False)]


def test_held_segment_cut_by_a_snap_length() -> None:
    line = Line().open()
    assert line.feed(2, b"c", missing=3) == []
    assert brief(line.feed(0, b"ab")) == [(b"ab", False, False), (b"c", False, False)]
    assert brief(line.feed(6, b"gh")) == [(b"gh", True, False)]


@pytest.mark.parametrize("keep", range(40, 51))
def test_frames_cut_by_a_snap_length(keep: int) -> None:
    reassembler = Reassembler()
    found = []
    for number in range(3):
        head = pack(">BBHHHBBH4s4s", 0x45, 0, 50, 1, 0, 64, 6, 0, b"\1\1\1\1", b"\2\2\2\2")
        tcp = pack(">HHIIBBHHH", 40000, 7777, 1 + number * 10, 0, 80, ACK, 9, 0, 0)
        packet = head + tcp + b"0123456789"
        # Ethernet fills up short frames; that is not payload.
        data = packet[:keep] if number == 1 else packet + b"\xee" * 9
        found += reassembler.feed(Frame(number, 0, 101, data, 59))
    found += reassembler.flush()
    assert joined(found) == b"0123456789" + b"0123456789"[: keep - 40] + b"0123456789"
    assert found[-1].lost == (keep < 50)


def test_self_connection_and_land_attack() -> None:
    reassembly = TcpReassembly(Counter())
    found: list[TcpChunk] = []
    for sequence, flags, payload in [(5, SYN, b""), (5, SYN | ACK, b""), (6, ACK, b"a")]:
        reassembly.feed(1, 1, CLIENT, CLIENT, sequence, 6, flags, payload, 0, found)
    reassembly.feed(2, 2, CLIENT, CLIENT, 9, 6, ACK, b"z", 0, found)
    reassembly.feed(3, 3, CLIENT, CLIENT, 7, 6, RST, b"", 0, found)
    assert joined(found) == b"az"


random_segment = st.tuples(
    st.integers(0, 30) | st.sampled_from([WRAP - 1, WRAP - 5, 1 << 31, (1 << 31) + 3]),
    st.integers(0, 30) | st.sampled_from([WRAP - 1, 1 << 31]),
    st.integers(0, 255),
    st.binary(max_size=12),
    st.sampled_from([0, 0, 0, 1, 9, 65_535]),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(random_segment, max_size=25))
def test_random_headers_never_raise(segments: list[tuple[int, int, int, bytes, int, bool]]) -> None:
    reassembly = TcpReassembly(Counter())
    found: list[TcpChunk] = []
    for sequence, acknowledgement, flags, payload, missing, back in segments:
        ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
        reassembly.feed(1, 1, *ends, sequence, acknowledgement, flags, payload, missing, found)
    reassembly.flush(found)
    assert len(joined(found)) <= sum(len(segment[3]) for segment in segments)
    ended = set()
    for chunk in found:
        assert (chunk.connection, chunk.source) not in ended
        assert chunk.payload or chunk.ended
        if chunk.ended:
            ended.add((chunk.connection, chunk.source))
    before = len(found)
    reassembly.flush(found)
    assert len(found) == before


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([6, 17, 50, 132]))
def test_random_transport_headers_never_raise(octets: bytes, protocol: int) -> None:
    head = pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(octets), 1, 0, 64, protocol, 0, b"aaaa", b"bbbb")
    reassembler = Reassembler()
    found = reassembler.feed(Frame(1, 1, 101, head + octets, 20 + len(octets)))
    found += reassembler.flush()
    assert sum(len(one.payload) for one in found) <= len(octets)
    if protocol != 50 and len(octets) < 8:
        assert reassembler.counters.total() == 1


@pytest.mark.parametrize("size", [1, 60_000])
def test_what_is_held_is_bounded(size: int) -> None:
    line = Line().open()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        found = sum(len(line.feed(2 + n * (size + 1), bytes(size))) for n in range(2000))
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert growth < 3_000_000
    assert found > 1000


def test_real_http2_as_tshark_reads_it(
    capture_path: Callable[[str], Path], tshark: Callable[..., list[list[str]]]
) -> None:
    path = capture_path("open5gs-registration-sbi.pcap")
    fields = ["tcp.stream", "ip.src", "tcp.srcport", "tcp.payload"]
    usual = "tcp.payload && !tcp.analysis.retransmission && !tcp.analysis.out_of_order"
    rows = tshark(path, fields, "-Y", usual)
    expected: dict[tuple[str, str, str], bytes] = {}
    for stream, address, port, payload in rows:
        key = (stream, address, port)
        expected[key] = expected.get(key, b"") + bytes.fromhex(payload)
    reassembler = Reassembler()
    actual: dict[tuple[int, str, str], bytes] = {}
    with open_capture(path) as capture:
        found = [payload for frame in capture for payload in reassembler.feed(frame)]
    for chunk in found + reassembler.flush():
        if isinstance(chunk, TcpChunk) and chunk.payload:
            end = (chunk.connection, chunk.source.address, str(chunk.source.port))
            actual[end] = actual.get(end, b"") + chunk.payload
    assert len(actual) > 5
    assert sorted(actual.values()) == sorted(expected.values())
