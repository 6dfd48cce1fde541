"""What single fields of SCTP chunks are on the wire: octets written by hand, read and built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import sctp
from makmal.protocol.errors import DecodeError, EncodeError

HEADER = "0e58960cdeadbeef00000000"
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
FLAGS = st.integers(0, 0xFF)
# Padding is written where it is not the usual one; these have the usual one.
PARAMETERS = st.lists(st.builds(sctp.Parameter, U16, st.binary(max_size=20)), max_size=5).map(tuple)
TLV_TYPES = st.sampled_from(
    [
        sctp.ChunkType.HEARTBEAT,
        sctp.ChunkType.HEARTBEAT_ACK,
        sctp.ChunkType.ABORT,
        sctp.ChunkType.ERROR,
    ]
)
READ_TYPES = frozenset({0, 1, 2, 3, 4, 5, 6, 9, 10, 64})
CHUNKS = st.one_of(
    st.builds(sctp.Data, U32, U16, U16, U32, st.binary(max_size=40), FLAGS, st.none() | U32),
    st.builds(sctp.Init, st.sampled_from([1, 2]), U32, U32, U16, U16, U32, PARAMETERS, FLAGS),
    st.builds(
        sctp.Sack,
        U32,
        U32,
        st.lists(st.tuples(U16, U16), max_size=5).map(tuple),
        st.lists(U32, max_size=5).map(tuple),
        FLAGS,
    ),
    st.builds(sctp.Tlvs, TLV_TYPES, PARAMETERS, FLAGS),
    st.builds(sctp.CookieEcho, st.binary(max_size=40), FLAGS),
    st.builds(
        sctp.Unread,
        st.integers(0, 255).filter(lambda kind: kind not in READ_TYPES),
        st.binary(max_size=40),
        FLAGS,
    ),
)
PACKETS = st.builds(sctp.Packet, U16, U16, U32, st.lists(CHUNKS, max_size=5).map(tuple), st.none())


def packet_of(chunk: str) -> bytes:
    """A packet with the right checksum around the hexadecimal octets of chunks."""
    octets = bytes.fromhex(HEADER + chunk.replace(" ", ""))
    return octets[:8] + sctp.checksum(octets).to_bytes(4, "big") + octets[12:]


@pytest.mark.parametrize(
    ("octets", "chunk"),
    [
        (
            "00 03 0015 00000001 0002 0003 0000003c 6162636465 000000",
            sctp.Data(1, 2, 3, 60, b"abcde"),
        ),
        (
            "40 02 0016 00000001 0002 0000 00000009 0000003c 6162 0000",
            sctp.Data(1, 2, 0, 60, b"ab", flags=2, message_identifier=9),
        ),
        (
            "01 00 0020 01020304 0001a000 000a fffe 05060708 000c0006 00050000 80000004",
            sctp.Init(
                1,
                0x01020304,
                0x1A000,
                10,
                0xFFFE,
                0x05060708,
                (sctp.Parameter(12, b"\0\5"), sctp.Parameter(0x8000, b"")),
            ),
        ),
        (
            "02 00 0019 01020304 0001a000 000a 000a 05060708 00070005 ff 000000",
            sctp.Init(2, 0x01020304, 0x1A000, 10, 10, 0x05060708, (sctp.Parameter(7, b"\xff"),)),
        ),
        (
            "03 00 001c 0000000a 00010000 0002 0001 00020003 00050005 00000009",
            sctp.Sack(10, 0x10000, ((2, 3), (5, 5)), (9,)),
        ),
        ("04 00 000b 0001 0007 616263 00", sctp.Tlvs(4, (sctp.Parameter(1, b"abc"),))),
        ("05 00 0008 0001 0004", sctp.Tlvs(5, (sctp.Parameter(1, b""),))),
        (
            "06 01 0012 000c0006 62790000 000d0006 6f6b 0000",
            sctp.Tlvs(6, (sctp.Parameter(12, b"by"), sctp.Parameter(13, b"ok")), flags=1),
        ),
        ("07 00 0008 0000000a", sctp.Unread(7, b"\0\0\0\x0a")),
        ("08 00 0004", sctp.Unread(8, b"")),
        ("09 00 000c 00010008 00050000", sctp.Tlvs(9, (sctp.Parameter(1, b"\0\5\0\0"),))),
        ("0a 00 0006 abcd 0000", sctp.CookieEcho(b"\xab\xcd")),
        ("0b 00 0004", sctp.Unread(11, b"")),
        ("0e 01 0004", sctp.Unread(14, b"", flags=1)),
        ("c0 00 0008 0000000a", sctp.Unread(192, b"\0\0\0\x0a")),
    ],
    ids=lambda value: sctp.ChunkType(value.chunk_type).name if hasattr(value, "flags") else "",
)
def test_a_chunk_is_these_octets(octets: str, chunk: sctp.Chunk) -> None:
    whole = packet_of(octets)
    packet = sctp.decode(whole)
    assert packet == sctp.Packet(0x0E58, 0x960C, 0xDEADBEEF, (chunk,))
    assert packet.has_right_checksum
    assert sctp.encode(packet) == whole


def test_several_chunks_in_a_packet_keep_their_order() -> None:
    octets = packet_of(
        "03 00 0010 0000000a 00010000 00000000 00 03 0011 00000001 00020003 0000003c"
        "61000000 0b 00 0004"
    )
    packet = sctp.decode(octets)
    assert [chunk.chunk_type for chunk in packet.chunks] == [3, 0, 11]
    assert sctp.encode(packet) == octets


def test_padding_that_a_sender_counts_in_the_length_of_the_chunk_is_kept() -> None:
    # RFC 9260, 3.2: the padding of the last parameter is not part of the chunk length; here it is.
    octets = packet_of("06 00 000c 000c0005 62 000000")
    packet = sctp.decode(octets)
    assert packet.chunks == (sctp.Tlvs(6, (sctp.Parameter(12, b"b", bytes(3)),)),)
    assert sctp.encode(packet) == octets


def test_odd_padding_within_and_after_a_chunk_is_kept() -> None:
    octets = packet_of("06 00 0011 000c0005 62 010203 000d0005 63 040506 0b 00 0005 ff 00")
    packet = sctp.decode(octets)
    assert packet.chunks[0] == sctp.Tlvs(
        6, (sctp.Parameter(12, b"b", b"\1\2\3"), sctp.Parameter(13, b"c"))
    )
    assert packet.padding == (b"\4\5\6", b"\0")
    assert sctp.encode(packet) == octets


@pytest.mark.parametrize("bit", range(0, 8 * 44, 5))
def test_one_changed_bit_makes_the_checksum_wrong(bit: int) -> None:
    octets = bytearray(packet_of("00 03 0020 00000001 0002 0003 0000003c" + "61" * 16))
    octets[bit // 8] ^= 0x80 >> bit % 8
    try:
        packet = sctp.decode(bytes(octets))
    except DecodeError:
        # The bit was one of a length.
        assert bit // 8 in (14, 15)
        return
    assert packet.checksum == int.from_bytes(octets[8:12], "big")
    assert not packet.has_right_checksum
    assert sctp.encode(packet) == bytes(octets)


def test_a_checksum_that_is_right_is_not_named() -> None:
    octets = packet_of("0b 00 0004")
    packet = sctp.decode(octets)
    assert packet.checksum is None
    named = sctp.Packet(
        packet.source_port,
        packet.destination_port,
        packet.verification_tag,
        packet.chunks,
        int.from_bytes(octets[8:12], "big"),
    )
    assert named.has_right_checksum
    assert sctp.encode(named) == octets


@pytest.mark.parametrize(
    ("chunk", "offset", "reason"),
    [
        ("00 03 000f 00000001 0002 0003 000000 00", 16, "chunk is cut off"),
        ("40 03 0010 00000001 0002 0000 00000009", 16, "chunk is cut off"),
        ("01 00 0010 01020304 0001a000 000a fffe", 16, "chunk is cut off"),
        ("02 00 0018 01020304 0001a000 000a fffe 05060708 000c0003", 34, "length 3"),
        ("02 00 0018 01020304 0001a000 000a fffe 05060708 000c0005", 34, "length 5"),
        ("02 00 0016 01020304 0001a000 000a fffe 05060708 000c 0000", 32, "cut off"),
        ("03 00 000c 0000000a 00010000", 16, "chunk is cut off"),
        ("03 00 0010 0000000a 00010000 0001 0000", 24, "1 gap blocks and 0 duplicates"),
        ("03 00 0014 0000000a 00010000 0000 0000 00000000", 24, "0 gap blocks"),
        ("09 00 0008 0001 0000", 18, "length 0"),
        ("0b 00 0004 00", 16, "chunk header is cut off"),
        ("0b 00 0004 0b 00 0000", 18, "length 0"),
    ],
)
def test_where_and_why_a_chunk_cannot_be_read(chunk: str, offset: int, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        sctp.decode(packet_of(chunk))
    assert raised.value.offset == offset
    assert raised.value.protocol == "SCTP"


@pytest.mark.parametrize(
    "chunk",
    [
        sctp.Data(0, 1 << 16, 0, 0, b""),
        sctp.Data(0, 0, 0, 0, b"", message_identifier=1 << 32),
        sctp.Data(0, 0, 0, 0, b"", flags=256),
        sctp.Init(1, -1, 0, 0, 0, 0),
        sctp.Init(1, 0, 0, 0, 0, 0, (sctp.Parameter(1 << 16, b""),)),
        sctp.Init(1, 0, 0, 0, 0, 0, (sctp.Parameter(1, bytes(0x10000)),)),
        sctp.Sack(0, 0, ((0, 1 << 16),)),
        sctp.Sack(0, 0, (), (1 << 32,)),
        sctp.Unread(256, b""),
        sctp.CookieEcho(bytes(0xFFFC)),
    ],
    ids=repr,
)
def test_what_a_chunk_cannot_carry_is_refused(chunk: sctp.Chunk) -> None:
    with pytest.raises(EncodeError) as raised:
        sctp.encode(sctp.Packet(1, 2, 3, (chunk,)))
    assert (raised.value.protocol, raised.value.field) == ("SCTP", type(chunk).__name__)


def test_the_longest_chunk_comes_back() -> None:
    packet = sctp.Packet(1, 2, 3, (sctp.CookieEcho(bytes(0xFFFB)), sctp.CookieEcho(b"x")))
    assert sctp.decode(sctp.encode(packet)) == packet


@given(PACKETS)
def test_any_packet_comes_back(packet: sctp.Packet) -> None:
    octets = sctp.encode(packet)
    assert len(octets) % 4 == 0
    again = sctp.decode(octets)
    assert again == packet
    assert again.has_right_checksum


@given(PACKETS, st.data())
def test_any_packet_cut_off_is_shorter_or_an_error(
    packet: sctp.Packet, data: st.DataObject
) -> None:
    octets = sctp.encode(packet)
    cut = data.draw(st.integers(0, len(octets)))
    try:
        again = sctp.decode(octets[:cut])
    except DecodeError as error:
        assert error.protocol == "SCTP"
        assert 0 <= error.offset <= cut
        return
    assert again.chunks == packet.chunks[: len(again.chunks)]
    assert sctp.encode(again) == octets[:cut]


@given(st.lists(st.tuples(st.integers(0, 255), FLAGS, st.integers(0, 30), st.binary(max_size=30))))
def test_any_chunks_give_a_packet_or_where_it_is_wrong(
    chunks: list[tuple[int, int, int, bytes]],
) -> None:
    octets = bytes(12)
    for kind, flags, length, value in chunks:
        octets += bytes((kind, flags)) + length.to_bytes(2, "big") + value
    try:
        packet = sctp.decode(octets)
    except DecodeError as error:
        assert error.protocol == "SCTP"
        assert 0 <= error.offset <= len(octets)
        return
    assert sctp.encode(packet) == octets
