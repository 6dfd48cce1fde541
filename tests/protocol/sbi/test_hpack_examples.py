"""HPACK: RFC 7541, appendix C, field by field, an encoder of its own, and late observers."""

from __future__ import annotations

import pytest
from hpack import Decoder, Encoder
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi.hpack_blocks import (
    Field,
    HeaderBlocks,
    Representation,
    Text,
    encode_block,
)
from makmal.protocol.sbi.http2 import PREFACE, headers_of
from makmal.protocol.sbi.message import UNKNOWN
from makmal.trace.frame import TcpChunk

Headers = list[tuple[str, str]]

# RFC 7541, C.2.1 to C.2.4: one field each.
SINGLE_FIELDS = [
    (
        "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
        Representation.INCREMENTAL_INDEXING,
        ("custom-key", "custom-header"),
    ),
    (
        "040c 2f73 616d 706c 652f 7061 7468",
        Representation.WITHOUT_INDEXING,
        (":path", "/sample/path"),
    ),
    (
        "1008 7061 7373 776f 7264 0673 6563 7265 74",
        Representation.NEVER_INDEXED,
        ("password", "secret"),
    ),
    ("82", Representation.INDEXED, (":method", "GET")),
]
REQUEST = [(":method", "GET"), (":scheme", "http"), (":path", "/")]
HOST = (":authority", "www.example.com")
REQUESTS: list[Headers] = [
    [*REQUEST, HOST],
    [*REQUEST, HOST, ("cache-control", "no-cache")],
    [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        HOST,
        ("custom-key", "custom-value"),
    ],
]
CACHE, LOCATION = ("cache-control", "private"), ("location", "https://www.example.com")
DATE, LATER = "Mon, 21 Oct 2013 20:13:21 GMT", "Mon, 21 Oct 2013 20:13:22 GMT"
RESPONSES: list[Headers] = [
    [(":status", "302"), CACHE, ("date", DATE), LOCATION],
    [(":status", "307"), CACHE, ("date", DATE), LOCATION],
    [
        (":status", "200"),
        CACHE,
        ("date", LATER),
        LOCATION,
        ("content-encoding", "gzip"),
        ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
    ],
]
# RFC 7541, C.3 to C.6: the blocks of one connection each, and its largest table.
SEQUENCES = {
    "C.3": (
        4096,
        REQUESTS,
        [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ],
    ),
    "C.4": (
        4096,
        REQUESTS,
        [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ],
    ),
    "C.5": (
        256,
        RESPONSES,
        [
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133"
            "2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70"
            "6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d"
            "54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049"
            "5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e"
            "3d31",
        ],
    ),
    "C.6": (
        256,
        RESPONSES,
        [
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6"
            "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab"
            "77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f"
            "9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ],
    ),
}
NAMES = st.sampled_from(["x-a", "x-b", "location", "via", "server", ":path", "long-" + "n" * 40])
VALUES = st.sampled_from(["", "1", "2", "/a", "v" * 100, "Mon, 21 Oct 2013"]) | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8
)
MESSAGES = st.lists(
    st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6), min_size=1, max_size=12
)
# What an encoder may do before a block: change the size of its table.
SIZES = st.sampled_from([None, None, None, 0, 64, 200, 4096])


def resize(size: int) -> bytes:
    """A dynamic table size update (RFC 7541, 6.3)."""
    return encode_block([Field(Representation.TABLE_SIZE_UPDATE, size)])


@pytest.mark.parametrize(("octets", "representation", "header"), SINGLE_FIELDS)
def test_single_fields_of_rfc_7541(
    octets: str, representation: Representation, header: tuple[str, str]
) -> None:
    block = bytes.fromhex(octets)
    (field,) = HeaderBlocks(from_start=True).read(block)
    assert field.representation is representation
    assert (field.name, field.value) == header
    assert encode_block([field]) == block


@pytest.mark.parametrize("section", SEQUENCES)
def test_sequences_of_rfc_7541(section: str) -> None:
    size, messages, sent = SEQUENCES[section]
    blocks = HeaderBlocks(from_start=True)
    blocks.read(resize(size))
    for headers, octets in zip(messages, sent, strict=True):
        block = bytes.fromhex(octets)
        fields = blocks.read(block)
        assert headers_of(fields) == headers
        assert encode_block(fields) == block


@pytest.mark.parametrize("section", ["C.5", "C.6"])
def test_what_rfc_7541_evicts_is_gone(section: str) -> None:
    _, _, sent = SEQUENCES[section]
    blocks = HeaderBlocks(from_start=True)
    blocks.read(resize(256))
    # The dynamic table after each response: C.5.1 to C.5.3.
    tables: list[Headers] = [
        [LOCATION, ("date", DATE), CACHE, (":status", "302")],
        [(":status", "307"), LOCATION, ("date", DATE), CACHE],
        [RESPONSES[2][5], ("content-encoding", "gzip"), ("date", LATER)],
    ]
    for octets, table in zip(sent, tables, strict=True):
        blocks.read(bytes.fromhex(octets))
        everything = bytes(0x80 | 62 + number for number in range(len(table)))
        assert headers_of(blocks.read(everything)) == table
        with pytest.raises(DecodeError, match=f"index {62 + len(table)} is beyond the table"):
            blocks.read(bytes((0x80 | 62 + len(table),)))


def test_sizes_that_take_several_octets() -> None:
    # RFC 7541, C.1.2: 1337 with a prefix of five bits.
    assert resize(1337) == bytes.fromhex("3f9a0a")
    (field,) = HeaderBlocks(from_start=True).read(bytes.fromhex("3f9a0a"))
    assert field == Field(Representation.TABLE_SIZE_UPDATE, 1337)


def test_a_table_size_of_zero_empties_the_table() -> None:
    blocks, encoder = HeaderBlocks(from_start=True), Encoder()
    blocks.read(encoder.encode([("one", "1")]))
    assert headers_of(blocks.read(b"\xbe")) == [("one", "1")]
    fields = blocks.read(resize(0) + resize(4096))
    assert [field.index for field in fields] == [0, 4096]
    assert headers_of(fields) == []
    with pytest.raises(DecodeError):
        blocks.read(b"\xbe")


def test_an_entry_larger_than_the_table_empties_it() -> None:
    blocks = HeaderBlocks(from_start=True)
    blocks.read(resize(60) + b"\x40\x01a\x01b")
    assert headers_of(blocks.read(b"\xbe")) == [("a", "b")]
    # RFC 7541, 4.4: not an error.
    large = b"\x40\x01a\x1e" + b"c" * 30
    assert headers_of(blocks.read(large)) == [("a", "c" * 30)]
    with pytest.raises(DecodeError, match="beyond the table"):
        blocks.read(b"\xbe")


def test_a_string_keeps_how_it_was_coded() -> None:
    for huffman in (True, False):
        text = Text(b"no-cache", huffman)
        block = b"\x10" + text.encode() + Text(b"", huffman).encode()
        (field,) = HeaderBlocks(from_start=True).read(block)
        assert field.literal_name == text
        assert field.literal_value == Text(b"", huffman)
        assert encode_block([field]) == block


def test_octets_beyond_ascii_are_kept() -> None:
    block = b"\x00\x01a\x02\xc3\xa4"
    (field,) = HeaderBlocks(from_start=True).read(block)
    assert field.value == "\xc3\xa4"
    assert encode_block([field]) == block


@pytest.mark.parametrize(
    ("block", "offset"),
    [
        ("80", None),  # index 0
        ("82ff", 1),  # an index that is cut off
        ("827f", 1),
        ("82ffffffffffffffffffff01", 1),  # an index beyond all bounds
        ("8240", 1),  # no name
        ("824001", None),  # a name that is cut off
        ("82400161", 1),  # no value
        ("8240016105", None),  # a value that is cut off
        ("82408100", 1),  # Huffman code cut off
        ("824084ffffffff00", 1),  # the end-of-string symbol in Huffman code
    ],
)
@pytest.mark.parametrize("from_start", [True, False])
def test_malformed_blocks(block: str, offset: int | None, from_start: bool) -> None:
    octets = bytes.fromhex(block)
    with pytest.raises(DecodeError) as raised:
        HeaderBlocks(from_start).read(octets)
    assert raised.value.protocol == "HPACK"
    assert 0 <= raised.value.offset <= len(octets)
    assert offset is None or raised.value.offset == offset


def test_every_block_of_a_real_core_is_as_the_library_decodes_it(
    open5gs: list[TcpChunk],
) -> None:
    # The connections that the capture holds from their first octet on.
    started = {chunk.connection for chunk in open5gs if chunk.payload.startswith(PREFACE)}
    assert len(started) >= 3
    streams: dict[tuple[int, object], bytes] = {}
    for chunk in open5gs:
        if 7777 not in (chunk.source.port, chunk.destination.port):
            # The database of the core.
            continue
        key = (chunk.connection, chunk.source)
        assert not (chunk.lost and key in streams)
        streams[key] = streams.get(key, b"") + chunk.payload
    compared = total = 0
    for (connection, _source), octets in streams.items():
        ours, theirs = HeaderBlocks(connection in started), Decoder()
        rest = octets.removeprefix(PREFACE)
        while rest:
            frame, length = Frame.parse_frame_header(memoryview(rest[:9]))
            frame.parse_body(memoryview(rest[9 : 9 + length]))
            rest = rest[9 + length :]
            assert not isinstance(frame, ContinuationFrame)
            if not isinstance(frame, HeadersFrame):
                continue
            fields = ours.read(frame.data)
            assert encode_block(fields) == frame.data
            total += 1
            if connection in started:
                assert headers_of(fields) == [
                    (str(name), str(value)) for name, value in theirs.decode(frame.data)
                ]
                compared += 1
    assert total == 102
    assert compared >= 10


@given(MESSAGES, st.lists(SIZES, min_size=12, max_size=12), st.booleans())
def test_an_encoder_that_changes_its_table_is_followed(
    messages: list[Headers], sizes: list[int | None], huffman: bool
) -> None:
    encoder, blocks = Encoder(), HeaderBlocks(from_start=True)
    for headers, size in zip(messages, sizes, strict=False):
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(headers, huffman=huffman)
        fields = blocks.read(block)
        assert headers_of(fields) == headers
        assert encode_block(fields) == block


@given(MESSAGES, st.lists(SIZES, min_size=12, max_size=12), st.integers(0, 11), st.booleans())
def test_a_late_observer_knows_what_it_saw_and_nothing_else(
    messages: list[Headers], sizes: list[int | None], skipped: int, joins: bool
) -> None:
    encoder = Encoder()
    # ``joins``: the observer was there before, and lost its first blocks.
    blocks = HeaderBlocks(from_start=not joins)
    if not joins:
        blocks.read(b"\x82")
        blocks.lost()
    literal_seen: set[tuple[str, str]] = set()
    for number, (headers, size) in enumerate(zip(messages, sizes, strict=False)):
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(headers)
        if number < skipped:
            continue
        fields = blocks.read(block)
        assert encode_block(fields) == block
        read = [f for f in fields if f.representation is not Representation.TABLE_SIZE_UPDATE]
        assert len(read) == len(headers)
        for field, (name, value) in zip(read, headers, strict=True):
            assert field.name in (name, UNKNOWN)
            assert field.value in (value, UNKNOWN)
            if field.literal_name is not None or 0 < field.index <= 61:
                assert field.name == name
            if field.literal_value is not None:
                assert field.value == value
                literal_seen.add((name, value))
            elif field.value == UNKNOWN:
                # Only an entry from before may be unknown. One that was seen as a literal may be
                # older than the table all the same, so it is enough that it was not seen at all,
                # or that its name was the unknown half.
                assert (name, value) not in literal_seen


@given(MESSAGES, st.integers(0, 200), st.integers(0, 255), st.booleans())
def test_changed_blocks_give_fields_or_an_error(
    messages: list[Headers], at: int, octet: int, from_start: bool
) -> None:
    encoder, blocks = Encoder(), HeaderBlocks(from_start)
    for headers in messages:
        block = bytearray(encoder.encode(headers))
        block[at % len(block)] = octet
        try:
            fields = blocks.read(bytes(block))
        except DecodeError as error:
            assert error.protocol == "HPACK"
            assert 0 <= error.offset <= len(block)
        else:
            assert all(isinstance(field.name, str) for field in fields)
