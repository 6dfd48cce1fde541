"""HPACK as an observer reads it: the examples of RFC 7541, real blocks, and late arrival."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hpack import Encoder
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi.hpack_blocks import Field, HeaderBlocks, encode_block
from makmal.protocol.sbi.http2 import PREFACE, headers_of
from makmal.protocol.sbi.message import UNKNOWN
from makmal.trace.frame import TcpChunk

# RFC 7541, C.3 (without) and C.4 (with Huffman coding): requests, and what they mean.
REQUESTS = [
    (
        "828684410f7777772e6578616d706c652e636f6d",
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        [],
    ),
    (
        "828684be58086e6f2d6361636865",
        "828684be5886a8eb10649cbf",
        [("cache-control", "no-cache")],
    ),
    (
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        [("custom-key", "custom-value")],
    ),
]
# RFC 7541, C.5 and C.6: responses, with a table of 256 octets that evicts.
RESPONSES = [
    (
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54"
        "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f"
        "0b97c8e9ae82ae43d3",
        "302",
    ),
    ("4803333037c1c0bf", "4883640effc1c0bf", "307"),
    (
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f"
        "3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076"
        "657273696f6e3d31",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335df"
        "dfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        "200",
    ),
]
HEADERS = st.lists(
    st.tuples(
        st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20),
    ),
    max_size=8,
)


@pytest.mark.parametrize("column", [0, 1], ids=["plain", "huffman"])
def test_requests_of_rfc_7541(column: int) -> None:
    blocks = HeaderBlocks(from_start=True)
    for row in REQUESTS:
        octets = bytes.fromhex(row[column])
        fields = blocks.read(octets)
        assert encode_block(fields) == octets
        headers = headers_of(fields)
        assert headers[3] == (":authority", "www.example.com")
        assert headers[4:] == row[2]


@pytest.mark.parametrize("column", [0, 1], ids=["plain", "huffman"])
def test_responses_of_rfc_7541(column: int) -> None:
    blocks = HeaderBlocks(from_start=True)
    assert blocks.read(bytes.fromhex("3fe101"))[0].index == 256
    for row in RESPONSES:
        octets = bytes.fromhex(row[column])
        fields = blocks.read(octets)
        assert encode_block(fields) == octets
        headers = dict(headers_of(fields))
        assert headers[":status"] == row[2]
        assert headers["cache-control"] == "private"
        assert headers["location"] == "https://www.example.com"


def test_blocks_of_a_real_core_come_back_octet_by_octet(open5gs: list[TcpChunk]) -> None:
    directions: dict[tuple[int, object], HeaderBlocks] = defaultdict(
        lambda: HeaderBlocks(from_start=False)
    )
    count = 0
    for chunk in open5gs:
        octets = chunk.payload.removeprefix(PREFACE)
        while len(octets) >= 9:
            try:
                frame, length = Frame.parse_frame_header(memoryview(octets[:9]))
                if len(octets) < 9 + length:
                    break
                frame.parse_body(memoryview(octets[9 : 9 + length]))
            except HyperframeError:
                # The middle of a frame that began before the capture.
                break
            # The frame itself, too, comes back as it was.
            assert frame.serialize() == octets[: 9 + length]
            if isinstance(frame, HeadersFrame):
                fields = directions[chunk.connection, chunk.source].read(frame.data)
                assert encode_block(fields) == frame.data
                count += 1
            assert not isinstance(frame, ContinuationFrame)
            octets = octets[9 + length :]
    assert count > 90


@given(st.lists(HEADERS, max_size=8), st.booleans())
def test_blocks_of_an_encoder_mean_what_it_was_given(
    messages: list[list[tuple[str, str]]], huffman: bool
) -> None:
    encoder, blocks = Encoder(), HeaderBlocks(from_start=True)
    for headers in messages:
        octets = encoder.encode(headers, huffman=huffman)
        fields = blocks.read(octets)
        assert headers_of(fields) == headers
        assert encode_block(fields) == octets


@given(st.lists(HEADERS, min_size=2, max_size=8), st.integers(0, 7))
def test_a_late_observer_never_takes_one_header_for_another(
    messages: list[list[tuple[str, str]]], skipped: int
) -> None:
    encoder, blocks = Encoder(), HeaderBlocks(from_start=False)
    for number, headers in enumerate(messages):
        octets = encoder.encode(headers)
        if number < skipped:
            continue
        seen = headers_of(blocks.read(octets))
        assert len(seen) == len(headers)
        for (name, value), (seen_name, seen_value) in zip(headers, seen, strict=True):
            assert seen_name in (name, UNKNOWN)
            assert seen_value in (value, UNKNOWN)


def test_after_a_loss_the_table_is_not_trusted() -> None:
    encoder, blocks = Encoder(), HeaderBlocks(from_start=True)
    blocks.read(encoder.encode([("one", "1")]))
    encoder.encode([("two", "2")])
    blocks.lost()
    assert headers_of(blocks.read(encoder.encode([("two", "2")]))) == [(UNKNOWN, UNKNOWN)]


def test_an_index_beyond_the_table_is_an_error_for_who_saw_it_all() -> None:
    with pytest.raises(DecodeError, match="beyond the table"):
        HeaderBlocks(from_start=True).read(b"\xbe")
    assert headers_of(HeaderBlocks(from_start=False).read(b"\xbe")) == [(UNKNOWN, UNKNOWN)]


@given(st.binary(max_size=120), st.booleans())
def test_any_octets(octets: bytes, from_start: bool) -> None:
    try:
        fields: list[Field] = HeaderBlocks(from_start).read(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)
        return
    again = HeaderBlocks(from_start).read(encode_block(fields))
    assert headers_of(again) == headers_of(fields)
