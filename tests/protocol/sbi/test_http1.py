"""HTTP/1.1: the messages of a real core octet by octet, and every way to end a body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import http1
from makmal.protocol.sbi.message import HttpMessage
from makmal.trace.frame import TcpChunk

POST = b'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{"a":1}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n"


def test_messages_of_a_real_core_come_back_octet_by_octet(oai: list[TcpChunk]) -> None:
    count = 0
    for chunk in oai:
        octets = chunk.payload
        if not octets or not http1.looks_like_http1(octets):
            continue
        while octets:
            decoded = http1.decode(octets)
            if decoded is None:
                break
            again = http1.encode(decoded.message, decoded.reason, decoded.chunks)
            assert again == octets[: decoded.length]
            octets = octets[decoded.length :]
            count += 1
    assert count >= 50


def test_a_body_with_a_length() -> None:
    decoded = http1.decode(POST + b"GET")
    assert decoded is not None
    assert decoded.length == len(POST)
    message = decoded.message
    assert (message.is_request, message.method, message.path) == (True, "POST", "/a")
    assert message.json().value == {"a": 1}
    assert http1.encode(message) == POST
    for cut in range(1, len(POST)):
        assert http1.decode(POST[:cut]) is None


def test_a_body_in_chunks() -> None:
    decoded = http1.decode(CHUNKED)
    assert decoded is not None
    assert decoded.message.body == b"abcde"
    assert decoded.chunks == (4, 1)
    assert http1.encode(decoded.message, decoded.reason, decoded.chunks) == CHUNKED
    for cut in range(20, len(CHUNKED)):
        assert http1.decode(CHUNKED[:cut]) is None
    with_trailer = CHUNKED[:-2] + b"X: y\r\n\r\n"
    decoded = http1.decode(with_trailer)
    assert decoded is not None
    assert decoded.length == len(with_trailer)


def test_a_body_to_the_end_of_the_connection() -> None:
    octets = b"HTTP/1.0 200 OK\r\nServer: s\r\n\r\nrest"
    assert http1.decode(octets) is None
    decoded = http1.decode(octets, closed=True)
    assert decoded is not None
    assert decoded.until_close
    assert decoded.message.body == b"rest"


@pytest.mark.parametrize("status", [100, 103, 204, 304])
def test_statuses_without_a_body(status: int) -> None:
    octets = f"HTTP/1.1 {status} x\r\nContent-Length: 5\r\n\r\n".encode()
    decoded = http1.decode(octets + b"HTTP/1.1 200 OK\r\n")
    assert decoded is not None
    assert decoded.length == len(octets)


def test_the_answer_to_head_has_no_body() -> None:
    head = HttpMessage(True, "1.1", method="HEAD", path="/")
    octets = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    decoded = http1.decode(octets, answers=head)
    assert decoded is not None
    assert decoded.message.body == b""
    assert http1.decode(octets) is None


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no start of a message"),
        (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", "without a colon"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "content length"),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "content length"),
        (b"GET / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", "content length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", "chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", "chunk size"),
        (b"GET " + b"a" * 70_000, "no start"),
    ],
)
def test_what_is_no_message(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        http1.decode(octets)
    assert raised.value.protocol == "HTTP/1.1"
    assert 0 <= raised.value.offset <= len(octets)


@given(st.sampled_from([POST, CHUNKED]), st.integers(0, 100), st.binary(max_size=4), st.booleans())
def test_messages_changed(octets: bytes, at: int, change: bytes, closed: bool) -> None:
    changed = octets[:at] + change + octets[at + len(change) :]
    try:
        decoded = http1.decode(changed, closed=closed)
    except DecodeError as error:
        assert 0 <= error.offset <= len(changed)
        return
    assert decoded is None or decoded.length <= len(changed)


@given(st.binary(max_size=300), st.booleans())
def test_any_octets(octets: bytes, closed: bool) -> None:
    for start in (b"", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"):
        try:
            http1.decode(start + octets, closed=closed)
        except DecodeError as error:
            assert 0 <= error.offset <= len(start + octets)
