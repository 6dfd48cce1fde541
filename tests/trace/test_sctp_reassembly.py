"""SCTP: chunks, fragments, repeats, associations, and packets that lie."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.protocol import sctp
from makmal.trace.capture import open_capture
from makmal.trace.compose import Composer
from makmal.trace.frame import Endpoint, SctpMessage
from makmal.trace.sctp_reassembly import SctpReassembly
from makmal.trace.transport import Reassembler

GNB, AMF = Endpoint("192.0.2.1", 50000), Endpoint("192.0.2.2", 38412)
WHOLE, FIRST, MIDDLE, LAST = 3, 2, 0, 1


def data(
    tsn: int, payload: bytes, flags: int = WHOLE, stream: int = 0, ppid: int = 60
) -> sctp.Data:
    return sctp.Data(tsn & 0xFFFFFFFF, stream, 0, ppid, payload, flags)


def i_data(
    tsn: int, message: int, number: int, payload: bytes, flags: int = WHOLE, stream: int = 0
) -> sctp.Data:
    # RFC 8260, 2.1: the payload protocol identifier in the first fragment, else a number.
    fourth = 60 if flags & FIRST else number
    return sctp.Data(tsn & 0xFFFFFFFF, stream, 0, fourth, payload, flags, message)


class Line:
    """Packets in, messages out; each packet is a frame of its own."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.reassembly = SctpReassembly(self.counters)
        self.frame = 0

    def octets(
        self, packet: bytes, truncated: bool = False, ends: tuple[Endpoint, Endpoint] = (GNB, AMF)
    ) -> list[SctpMessage]:
        self.frame += 1
        found: list[SctpMessage] = []
        frames, time_ns = (self.frame,), self.frame * 10
        self.reassembly.feed(frames, time_ns, *ends, packet, truncated, found)
        return found

    def send(
        self,
        *chunks: sctp.Chunk,
        tag: int = 0xAAAA,
        ends: tuple[Endpoint, Endpoint] = (GNB, AMF),
    ) -> list[SctpMessage]:
        return self.octets(encode(*chunks, tag=tag, ends=ends), False, ends)


def encode(
    *chunks: sctp.Chunk, tag: int = 0xAAAA, ends: tuple[Endpoint, Endpoint] = (GNB, AMF)
) -> bytes:
    return sctp.encode(sctp.Packet(ends[0].port, ends[1].port, tag, chunks))


def payloads(messages: list[SctpMessage]) -> list[bytes]:
    return [message.payload for message in messages]


def test_one_message() -> None:
    assert Line().send(data(5, b"hello", stream=3)) == [
        SctpMessage((1,), 10, GNB, AMF, 3, 60, b"hello", False)
    ]


@pytest.mark.parametrize("size", range(1, 9))
def test_bundled_chunks_with_padding(size: int) -> None:
    line = Line()
    sack, other = sctp.Sack(7, 1000), sctp.Unread(4, b"beats")
    chunks = [data(n, bytes([n]) * size, stream=n, ppid=n) for n in range(1, 4)]
    messages = line.send(sack, chunks[0], other, chunks[1], chunks[2])
    assert [(one.stream_id, one.payload_protocol_id, one.payload) for one in messages] == [
        (n, n, bytes([n]) * size) for n in range(1, 4)
    ]
    assert not line.counters


@pytest.mark.parametrize("first", [10, 0xFFFFFFFE, 0xFFFFFFFD, 0])
def test_fragments_in_every_order(first: int) -> None:
    flags = (FIRST, MIDDLE, MIDDLE, LAST)
    chunks = [data(first + n, b"%d" % n * 5, flags[n], 2, 60 + n) for n in range(4)]
    for order in permutations(chunks):
        line = Line()
        found = [line.send(chunk) for chunk in order]
        assert found[:3] == [[], [], []]
        expected = b"".join(chunk.payload for chunk in chunks)
        assert found[3] == [SctpMessage((1, 2, 3, 4), 40, GNB, AMF, 2, 60, expected, False)]
        assert all(line.send(chunk) == [] for chunk in order)
        assert line.counters == {"sctp duplicates": 4}


def test_fragments_of_two_messages_between_each_other() -> None:
    line = Line()
    one = [data(1, b"a", FIRST), data(2, b"b", LAST)]
    two = [data(3, b"c", FIRST, 1), data(4, b"d", LAST, 1)]
    assert payloads(line.send(two[1], one[0])) == []
    assert payloads(line.send(one[1], two[0])) == [b"ab", b"cd"]


def test_a_lost_fragment_keeps_its_message_only() -> None:
    line = Line()
    assert line.send(data(1, b"a", FIRST), data(3, b"c", LAST)) == []
    assert payloads(line.send(data(4, b"d", FIRST), data(5, b"e", LAST))) == [b"de"]
    assert payloads(line.send(data(2, b"b", MIDDLE))) == [b"abc"]


def test_retransmissions_are_not_delivered() -> None:
    line = Line()
    assert payloads(line.send(data(1, b"one"), data(2, b"two"))) == [b"one", b"two"]
    assert line.send(data(1, b"one")) == []
    assert payloads(line.send(data(2, b"two"), data(3, b"three"))) == [b"three"]
    assert payloads(line.send(data(0, b"late"))) == [b"late"]
    assert line.counters == {"sctp duplicates": 2}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=5), max_size=12),
    st.sampled_from([0, 1, 0xFFFFFFF0, 0x7FFFFFFF]),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_any_disorder_gives_each_message_once(
    messages: list[list[bytes]], tsn: int, random: Random, interleaved: bool
) -> None:
    chunks = []
    for identifier, pieces in enumerate(messages):
        for number, piece in enumerate(pieces):
            flags = (FIRST if number == 0 else 0) | (LAST if number == len(pieces) - 1 else 0)
            if interleaved:
                chunks.append(i_data(tsn, identifier, number, piece, flags))
            else:
                chunks.append(data(tsn, piece, flags))
            tsn += 1
    sent = chunks + [chunk for chunk in chunks if random.random() < 0.3]
    random.shuffle(sent)
    line = Line()
    found: list[bytes] = []
    while sent:
        count = random.randint(1, 3)
        found += payloads(line.send(*sent[:count]))
        del sent[:count]
    assert sorted(found) == sorted(b"".join(pieces) for pieces in messages)


def test_interleaved_messages() -> None:
    line = Line()
    assert line.send(i_data(1, 0, 0, b"a", FIRST), i_data(2, 0, 0, b"x", FIRST, 1)) == []
    assert line.send(i_data(3, 0, 1, b"b", MIDDLE), i_data(4, 1, 0, b"n", FIRST)) == []
    first, second = line.send(i_data(5, 0, 1, b"y", LAST, 1), i_data(6, 0, 2, b"c", LAST))
    assert (first.payload, first.stream_id, first.payload_protocol_id) == (b"xy", 1, 60)
    assert (second.payload, second.stream_id, second.frames) == (b"abc", 0, (1, 2, 3))
    assert payloads(line.send(i_data(7, 9, 0, b"whole"))) == [b"whole"]
    # Unordered messages have identifiers of their own.
    assert line.send(i_data(8, 7, 0, b"o", FIRST), i_data(9, 7, 0, b"u", FIRST | 4)) == []
    assert payloads(line.send(i_data(10, 7, 1, b"U", LAST | 4))) == [b"uU"]
    assert line.send(i_data(10, 7, 1, b"U", LAST | 4)) == []
    assert payloads(line.send(i_data(11, 7, 1, b"O", LAST))) == [b"oO"]


def test_associations_with_the_same_tsns() -> None:
    line = Line()
    other = (Endpoint("192.0.2.9", 50001), AMF)
    assert payloads(line.send(data(1, b"a"))) == [b"a"]
    assert payloads(line.send(data(1, b"b"), tag=0xBBBB)) == [b"b"]
    assert payloads(line.send(data(1, b"c"), ends=other)) == [b"c"]
    assert payloads(line.send(data(1, b"d"), ends=(AMF, GNB))) == [b"d"]
    assert not line.counters
    # Fragments of one do not complete those of another.
    line.send(data(2, b"A", FIRST))
    assert line.send(data(3, b"B", LAST), tag=0xBBBB) == []
    assert payloads(line.send(data(3, b"C", LAST))) == [b"AC"]


def test_the_other_path_of_a_multihomed_end_is_the_same_association() -> None:
    line = Line()
    assert payloads(line.send(data(1, b"a"))) == [b"a"]
    other = (Endpoint("198.51.100.1", GNB.port), AMF)
    assert line.send(data(1, b"a"), ends=other) == []
    (message,) = line.send(data(2, b"b"), ends=other)
    assert message.source == other[0]


@pytest.mark.parametrize("kind", [sctp.ChunkType.INIT, sctp.ChunkType.INIT_ACK])
def test_an_association_set_up_anew_with_the_same_tag(kind: sctp.ChunkType) -> None:
    line = Line()
    line.send(data(1, b"old"), data(2, b"left", FIRST))
    line.send(sctp.Init(kind, 0xAAAA, 1000, 1, 1, 77), ends=(AMF, GNB))
    assert payloads(line.send(data(1, b"new"))) == [b"new"]
    assert line.send(data(3, b"over", LAST)) == []
    assert line.counters == {"sctp restarts": 1}


def test_tsns_far_apart_are_of_another_association() -> None:
    line = Line()
    assert payloads(line.send(data(1_000_000, b"a"))) == [b"a"]
    assert payloads(line.send(data(5, b"b"), data(6, b"c"))) == [b"b", b"c"]
    assert line.send(data(5, b"b")) == []
    # Nothing is kept of the one before.
    assert payloads(line.send(data(1_000_000, b"d"))) == [b"d"]


def test_captured_packet_cut() -> None:
    line = Line()
    packet = encode(data(1, b"whole"), data(2, b"0123456789"))
    first, second = line.octets(packet[:-8], truncated=True)
    assert (first.payload, first.truncated) == (b"whole", False)
    assert (second.payload, second.truncated) == (b"0123", True)


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_any_cut_fragment_makes_the_message_truncated(interleaved: bool, which: int) -> None:
    line = Line()
    flags = (FIRST, MIDDLE, LAST)
    found: list[SctpMessage] = []
    for n in range(3):
        chunk = (
            i_data(n, 0, n, b"12345678", flags[n])
            if interleaved
            else data(n, b"12345678", flags[n])
        )
        packet = encode(chunk)
        found += line.octets(packet[:-2] if n == which else packet, n == which)
    (message,) = found
    assert len(message.payload) == 22
    assert message.truncated


@pytest.mark.parametrize("interleaved", [False, True])
def test_chunk_longer_than_its_packet_is_malformed(interleaved: bool) -> None:
    line = Line()
    chunk = i_data(1, 0, 0, b"12345678") if interleaved else data(1, b"12345678")
    packet = encode(chunk)
    assert line.octets(packet[:-4]) == []
    assert line.counters == {"sctp malformed": 1}
    assert payloads(line.octets(packet)) == [b"12345678"]


@pytest.mark.parametrize("length", [0, 1, 3])
def test_chunk_length_below_its_header(length: int) -> None:
    line = Line()
    packet = encode(data(1, b"good")) + b"\x00\x03" + length.to_bytes(2, "big") + bytes(20)
    assert payloads(line.octets(packet)) == [b"good"]
    assert line.counters == {"sctp malformed": 1}


@pytest.mark.parametrize("length", [4, 8, 15, 16, 17, 24, 60_000])
@pytest.mark.parametrize("kind", [0, 1, 2, 64])
def test_chunk_length_that_lies(kind: int, length: int) -> None:
    line = Line()
    head = encode(data(1, b"good"))
    line.octets(head + bytes((kind, 3)) + length.to_bytes(2, "big"))
    found = line.octets(head + bytes((kind, 3)) + length.to_bytes(2, "big") + bytes(8))
    assert found == []
    assert payloads(line.send(data(2, b"next"))) == [b"next"]


@pytest.mark.parametrize("size", range(16))
def test_packet_too_short(size: int) -> None:
    line = Line()
    assert line.octets(bytes(size)) == []
    assert line.counters == {"sctp malformed": 1}


@pytest.mark.parametrize("ports", [(9899, 9899), (9899, 40000), (40000, 9899)])
@pytest.mark.parametrize("addresses", [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")])
def test_sctp_over_udp(ports: tuple[int, int], addresses: tuple[str, str]) -> None:
    composer = Composer(0)
    source, destination = (Endpoint(*end) for end in zip(addresses, ports, strict=True))
    composer.udp(source, destination, encode(data(1, b"a", FIRST)))
    composer.udp(source, destination, encode(data(2, b"b", LAST)))
    reassembler = Reassembler()
    found = [payload for frame in composer.frames for payload in reassembler.feed(frame)]
    ends = Endpoint(addresses[0], GNB.port), Endpoint(addresses[1], AMF.port)
    assert found == [SctpMessage((1, 2), 400_000, *ends, 0, 60, b"ab", False)]


def growth(line: Line, chunks: list[sctp.Data]) -> int:
    packets = [encode(chunk) for chunk in chunks]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for packet in packets:
            line.octets(packet)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_over_fragments_that_never_end() -> None:
    line = Line()
    assert growth(line, [data(n, bytes(100), MIDDLE) for n in range(10_000)]) < 2_000_000
    assert line.counters["sctp fragments forgotten"] > 5000


def test_memory_is_bounded_over_one_interleaved_message_that_never_ends() -> None:
    line = Line()
    flood = [i_data(n, 0, n, bytes(100), MIDDLE if n else FIRST) for n in range(10_000)]
    assert growth(line, flood) < 2_000_000
    assert line.counters["sctp fragments forgotten"] > 5000


def test_memory_is_bounded_over_many_interleaved_messages() -> None:
    line = Line()
    flood = [i_data(n, n // 4, n % 4, bytes(100), 0 if n % 4 else FIRST) for n in range(10_000)]
    assert growth(line, flood) < 2_000_000
    assert line.counters["sctp fragments forgotten"] > 5000


chunk_octets = st.builds(
    lambda kind, flags, length, body: bytes((kind, flags)) + length.to_bytes(2, "big") + body,
    st.sampled_from([0, 1, 2, 3, 64, 192]) | st.integers(0, 255),
    st.integers(0, 7),
    st.integers(0, 40) | st.integers(0, 65535),
    st.binary(max_size=36),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(chunk_octets, max_size=4).map(b"".join) | st.binary(max_size=60),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_random_packets_never_raise(packets: list[tuple[bytes, bool]]) -> None:
    line = Line()
    sent = 0
    for chunks, truncated in packets:
        found = line.octets(bytes(12) + chunks, truncated)
        sent += len(chunks)
        assert all(message.truncated <= truncated for message in found)
        assert sum(len(message.payload) for message in found) <= sent
    assert payloads(line.send(data(1, b"sound"), tag=1)) == [b"sound"]


def test_real_ngap_as_tshark_reads_it(
    capture_path: Callable[[str], Path], tshark: Callable[..., list[list[str]]]
) -> None:
    path = capture_path("oai-registration-session.pcap")
    fields = ["frame.number", "ip.src", "sctp.srcport", "sctp.data_tsn", "sctp.data_sid"]
    rows = tshark(path, [*fields, "sctp.data_payload_proto_id"], "-Y", "sctp.data_tsn")
    expected, seen = [], set()
    for number, address, port, tsns, streams, identifiers in rows:
        chunks = zip(tsns.split(","), streams.split(","), identifiers.split(","), strict=True)
        for tsn, stream, identifier in chunks:
            if (address, port, tsn) not in seen:
                seen.add((address, port, tsn))
                expected.append((int(number), address, int(port), int(stream, 0), int(identifier)))
    reassembler = Reassembler()
    with open_capture(path) as capture:
        found = [
            (one.frames[-1], *one.source, one.stream_id, one.payload_protocol_id)
            for frame in capture
            for one in reassembler.feed(frame)
            if isinstance(one, SctpMessage)
        ]
    assert len(found) > 10
    assert found == expected
