"""HTTP/1.1 as whole directions of connections: real ones, and every way that a stream is cut."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage, Observer, http1
from makmal.trace.frame import TcpChunk

from .conftest import tcp_chunks

CLIENT, SERVER = "client", "server"
OK = "HTTP/1.1 200 OK\r\n"
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=10)
HEADERS = st.lists(
    st.tuples(
        TOKEN.map(lambda name: f"X-{name}"), st.text("abc=;/ \t\"'", max_size=12).map(str.strip)
    ),
    max_size=4,
)


@st.composite
def messages(draw: st.DrawFn, is_request: bool) -> tuple[HttpMessage, tuple[int, ...] | None]:
    """A message that says itself where it ends, and the chunks of its body."""
    body = draw(st.binary(max_size=200))
    headers = draw(HEADERS)
    chunks: tuple[int, ...] | None = None
    if draw(st.booleans()):
        headers.append(("Transfer-Encoding", "chunked"))
        marks = sorted(draw(st.sets(st.integers(1, max(1, len(body) - 1)), max_size=4)))
        marks = [mark for mark in marks if mark < len(body)]
        ends = [*marks, len(body)] if body else []
        chunks = tuple(end - start for start, end in zip([0, *marks], ends, strict=False))
    else:
        headers.append(("Content-Length", str(len(body))))
    message = HttpMessage(is_request, "1.1", headers=tuple(headers), body=body)
    if is_request:
        message.method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]))
        message.path = "/nudm-sdm/v2/" + draw(TOKEN)
    else:
        message.status = draw(st.sampled_from([200, 201, 307, 400, 403, 404, 500, 504]))
    return message, chunks


def content(message: HttpMessage) -> tuple[object, ...]:
    return (
        message.is_request,
        message.version,
        message.method,
        message.path,
        message.status,
        message.headers,
        message.body,
        message.complete,
    )


def observe(
    chunks: Iterable[tuple[Hashable, bytes]], observer: Observer | None = None
) -> list[HttpMessage]:
    reader = Observer() if observer is None else observer
    return [message for source, octets in chunks for message in reader.feed(source, octets)]


def directions(chunks: list[TcpChunk], ports: set[int]) -> dict[tuple[int, object], bytes]:
    found: dict[tuple[int, object], bytes] = {}
    for chunk in chunks:
        if ports & {chunk.source.port, chunk.destination.port}:
            key = (chunk.connection, chunk.source)
            found[key] = found.get(key, b"") + chunk.payload
    return found


@pytest.mark.parametrize(
    ("name", "port", "count"),
    [("oai-registration-session.pcap", 80, 50), ("open5gs-smc-timeout.pcapng", 3000, 18)],
)
def test_real_directions_come_back_to_the_last_octet(name: str, port: int, count: int) -> None:
    total = 0
    for octets in directions(tcp_chunks(name), {port}).values():
        if not http1.looks_like_http1(octets):
            # A chunked answer that began before the capture.
            assert octets.startswith(b"c\r\ndata: ")
            continue
        rest = octets
        while rest:
            decoded = http1.decode(rest, closed=True)
            assert decoded is not None
            again = http1.encode(decoded.message, decoded.reason, decoded.chunks)
            assert again == rest[: decoded.length]
            rest = rest[decoded.length :]
            total += 1
    assert total == count


def test_every_response_of_a_real_core_has_its_request(oai: list[TcpChunk]) -> None:
    observers: dict[int, Observer] = {}
    found = []
    for chunk in oai:
        if 80 in (chunk.source.port, chunk.destination.port):
            found += observers.setdefault(chunk.connection, Observer()).feed(
                chunk.source,
                chunk.payload,
                lost=chunk.lost,
                position=chunk.frame,
                ended=chunk.ended,
            )
    responses = [message for message in found if not message.is_request]
    assert len(found) == 2 * len(responses) == 50
    for response in responses:
        assert response.request is not None
        assert response.request.positions < response.positions
        assert (response.status == 204) == (response.request.method == "PATCH")
    assert not any(observer.not_http for observer in observers.values())


@given(st.booleans().flatmap(messages), st.data())
def test_a_message_comes_back_and_not_before_it_is_whole(
    built: tuple[HttpMessage, tuple[int, ...] | None], data: st.DataObject
) -> None:
    message, chunks = built
    octets = http1.encode(message, "Reason", chunks)
    decoded = http1.decode(octets + b"GET ")
    assert decoded is not None
    assert content(decoded.message) == content(message)
    assert decoded.length == len(octets)
    assert (decoded.chunks, decoded.until_close) == (chunks, False)
    assert http1.encode(decoded.message, decoded.reason, decoded.chunks) == octets
    cut = data.draw(st.integers(0, len(octets) - 1))
    assert http1.decode(octets[:cut]) is None


@given(
    st.lists(st.tuples(messages(True), messages(False)), min_size=1, max_size=5),
    st.integers(1, 200),
    st.booleans(),
)
def test_pipelined_messages_in_pieces_pair_in_order(
    exchanges: list[
        tuple[
            tuple[HttpMessage, tuple[int, ...] | None], tuple[HttpMessage, tuple[int, ...] | None]
        ]
    ],
    size: int,
    interim: bool,
) -> None:
    octets = {CLIENT: b"", SERVER: b""}
    for (request, request_chunks), (response, response_chunks) in exchanges:
        octets[CLIENT] += http1.encode(request, "", request_chunks)
        if interim:
            octets[SERVER] += b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        octets[SERVER] += http1.encode(response, "R", response_chunks)
    found = observe(
        (side, octets[side][at : at + size])
        for side in (CLIENT, SERVER)
        for at in range(0, len(octets[side]), size)
    )
    requests, responses = found[: len(exchanges)], found[len(exchanges) :]
    assert [content(m) for m in requests] == [content(m) for (m, _), _ in exchanges]
    assert [content(m) for m in responses] == [content(m) for _, (m, _) in exchanges]
    assert [m.request for m in responses] == requests


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_the_observer_knows_that_an_answer_to_head_is_a_head(method: str) -> None:
    observer = Observer()
    observer.feed(CLIENT, f"{method} /a HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    observer.feed(CLIENT, b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
    answers = f"{OK}Content-Length: 3\r\n\r\n".encode()
    second = f"{OK}Content-Length: 0\r\n\r\n".encode()
    body = b"" if method == "HEAD" else b"abc"
    found = observer.feed(SERVER, answers + body + second)
    assert [message.body for message in found] == [body, b""]
    assert [m.request.path for m in found if m.request is not None] == ["/a", "/b"]


def test_a_body_until_close_ends_with_the_connection() -> None:
    observer = Observer()
    observer.feed(CLIENT, b"GET / HTTP/1.0\r\n\r\n")
    assert observer.feed(SERVER, b"HTTP/1.0 200 OK\r\n\r\npart one,", position=7) == []
    assert observer.feed(SERVER, b" part two", position=8) == []
    (message,) = observer.feed(SERVER, b"", position=9, ended=True)
    assert message.body == b"part one, part two"
    assert message.positions == (7, 8)
    assert message.request is not None


def test_an_interim_response_answers_nothing() -> None:
    observer = Observer()
    observer.feed(CLIENT, b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    assert observer.feed(SERVER, b"HTTP/1.1 100 Continue\r\n\r\n") == []
    (request,) = observer.feed(CLIENT, b"x")
    (response,) = observer.feed(SERVER, f"{OK}Content-Length: 0\r\n\r\n".encode())
    assert response.request is request


@pytest.mark.parametrize(
    "head",
    [
        "GET /a HTTP/1.1\r\nHost: amf.example:80\r\n\r\n",
        "POST /a HTTP/1.1\r\nhost: amf.example:80\r\nContent-Length: 0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost:amf.example:80\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_the_authority_of_a_request_is_its_host(head: str) -> None:
    decoded = http1.decode(head.encode())
    assert decoded is not None
    assert decoded.message.authority == "amf.example:80"


def test_several_transfer_encodings_end_with_chunked() -> None:
    # RFC 9110, 5.3: several lines of one name are one list.
    octets = f"{OK}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode()
    decoded = http1.decode(octets)
    assert decoded is not None
    assert decoded.chunks == ()


@pytest.mark.parametrize(
    "size", ["0x4", "4g", "+4", "-4", "4_0", "", " ", "\xb2", "4 4", "400001", "f" * 40]
)
def test_bad_chunk_sizes(size: str) -> None:
    octets = f"{OK}Transfer-Encoding: chunked\r\n\r\n{size}\r\nabcd\r\n0\r\n\r\n".encode("latin-1")
    with pytest.raises(DecodeError, match="chunk size") as raised:
        http1.decode(octets)
    assert raised.value.offset == octets.index(b"\r\n\r\n") + 4


def test_a_chunk_that_is_longer_than_its_size() -> None:
    octets = f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n".encode()
    with pytest.raises(DecodeError, match="longer than its size") as raised:
        http1.decode(octets)
    assert raised.value.offset == octets.index(b"abcd") + 3


@pytest.mark.parametrize("size", ["4", "04", "4;name=value", "4 ;x"])
def test_chunk_sizes_with_extensions(size: str) -> None:
    octets = f"{OK}Transfer-Encoding: Chunked\r\n\r\n{size}\r\nabcd\r\n0\r\n\r\n".encode()
    decoded = http1.decode(octets)
    assert decoded is not None
    assert (decoded.message.body, decoded.length) == (b"abcd", len(octets))


@pytest.mark.parametrize(
    "length", ["-1", "+1", "1.0", "0x1", "", "1,1", "1 1", "4194305", "9" * 5000, "\xb2"]
)
def test_bad_content_lengths(length: str) -> None:
    octets = f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\nx".encode("latin-1")
    with pytest.raises(DecodeError, match="content length"):
        http1.decode(octets)


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        (b"GET / HTTP/1.1\r\nA: b\r\nno colon\r\nC: d\r\n\r\n", 22),
        (b"GET / HTTP/1.1\r\n: b\r\n\r\n", 16),
    ],
)
def test_where_a_header_line_is_wrong(octets: bytes, offset: int) -> None:
    with pytest.raises(DecodeError, match="without a colon") as raised:
        http1.decode(octets)
    assert raised.value.offset == offset


@pytest.mark.parametrize(
    "line",
    [
        "GET /",
        "get / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET / HTTP/2.0",
        "GET / HTTP/1.1\n",
        "HTTP/1.1 99 x",
        "HTTP/1.1 600 x",
        "HTTP/1.1 2000 x",
        "HTTP/1.1200 x",
    ],
)
def test_bad_start_lines(line: str) -> None:
    with pytest.raises(DecodeError):
        http1.decode(f"{line}\r\nA: b\r\n\r\n".encode())


def test_a_message_before_garbage_is_not_lost() -> None:
    observer = Observer()
    good = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    (first,) = observer.feed(CLIENT, good + b"\xff garbage \xff\r\n\r\n")
    assert first.path == "/a"
    # A new start is taken up again, and garbage in between makes no message.
    assert observer.feed(CLIENT, b"more of it") == []
    (second,) = observer.feed(CLIENT, good)
    assert second.path == "/a"
    assert not observer.not_http


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(["GET", "HEAD", "CONNECT"]))
def test_any_octets_after_any_start(octets: bytes, closed: bool, method: str) -> None:
    answers = HttpMessage(True, "1.1", method=method, path="/")
    for start in (
        b"",
        b"GET / HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
    ):
        whole = start + octets
        try:
            decoded = http1.decode(whole, answers, closed)
        except DecodeError as error:
            assert error.protocol == "HTTP/1.1"
            assert 0 <= error.offset <= len(whole)
            continue
        assert decoded is None or len(start.partition(b"\r\n\r\n")[0]) <= decoded.length
        assert decoded is None or decoded.length <= len(whole)
