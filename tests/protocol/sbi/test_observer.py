"""Conversations as an observer reads them: from the start, from the middle, with losses."""

from __future__ import annotations

from dataclasses import dataclass

from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.protocol.sbi import UNKNOWN, HttpMessage, Observer
from makmal.trace.frame import TcpChunk

CLIENT, SERVER = "client", "server"


@dataclass(frozen=True)
class Exchange:
    path: str
    body: bytes
    status: int
    answer: bytes


EXCHANGES = st.lists(
    st.builds(
        Exchange,
        st.from_regex(r"/nudm-sdm/v2/[a-z]{1,8}", fullmatch=True),
        st.binary(max_size=3000),
        st.sampled_from((200, 201, 204, 400, 404)),
        st.binary(max_size=3000),
    ),
    min_size=1,
    max_size=6,
)


def conversation(exchanges: list[Exchange], interleaved: bool = False) -> list[tuple[str, bytes]]:
    """The octets that the two ends of an HTTP/2 connection send, in order."""
    ends = {
        side: H2Connection(H2Configuration(client_side=side == CLIENT, header_encoding="utf-8"))
        for side in (CLIENT, SERVER)
    }
    sent: list[tuple[str, bytes]] = []

    def flush(side: str) -> None:
        octets = ends[side].data_to_send()
        if octets:
            sent.append((side, octets))
            ends[SERVER if side == CLIENT else CLIENT].receive_data(octets)

    def answer(number: int, exchange: Exchange) -> None:
        stream = 2 * number + 1
        headers = [(":status", str(exchange.status)), ("server", "s"), ("x-number", str(number))]
        ends[SERVER].send_headers(stream, headers)
        flush(SERVER)
        ends[SERVER].send_data(stream, exchange.answer, end_stream=True)
        flush(SERVER)

    for side in (CLIENT, SERVER):
        ends[side].initiate_connection()
        flush(side)
    flush(CLIENT)
    for number, exchange in enumerate(exchanges):
        stream = 2 * number + 1
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "udm"),
            (":path", exchange.path),
            ("content-type", "application/json"),
        ]
        ends[CLIENT].send_headers(stream, headers)
        flush(CLIENT)
        ends[CLIENT].send_data(stream, exchange.body, end_stream=True)
        flush(CLIENT)
        if not interleaved:
            answer(number, exchange)
    if interleaved:
        for number, exchange in reversed(list(enumerate(exchanges))):
            answer(number, exchange)
    return sent


def cut(sent: list[tuple[str, bytes]], size: int) -> list[tuple[str, bytes]]:
    return [
        (side, octets[at : at + size])
        for side, octets in sent
        for at in range(0, len(octets), size)
    ]


def observe(chunks: list[tuple[str, bytes]], lost_first: bool = False) -> list[HttpMessage]:
    observer, found = Observer(), []
    seen: set[str] = set()
    for position, (side, octets) in enumerate(chunks):
        lost = lost_first and side not in seen
        seen.add(side)
        found += observer.feed(side, octets, lost=lost, position=position)
    assert not observer.not_http
    return found


@given(EXCHANGES, st.integers(1, 2000), st.booleans())
@settings(deadline=None)
def test_a_conversation_from_the_start(
    exchanges: list[Exchange], size: int, interleaved: bool
) -> None:
    messages = observe(cut(conversation(exchanges, interleaved), size))
    requests = [message for message in messages if message.is_request]
    responses = [message for message in messages if not message.is_request]
    assert [(m.path, m.body) for m in requests] == [(e.path, e.body) for e in exchanges]
    by_stream = {message.stream_id: message for message in responses}
    for number, exchange in enumerate(exchanges):
        response = by_stream[2 * number + 1]
        assert (response.status, response.body) == (exchange.status, exchange.answer)
        assert response.request is not None
        assert response.request.path == exchange.path
        assert response.header("x-number") == str(number)
        assert response.complete


@given(EXCHANGES, st.integers(0, 30))
@settings(deadline=None)
def test_a_conversation_joined_late_is_never_misread(
    exchanges: list[Exchange], skipped: int
) -> None:
    chunks = conversation(exchanges)[skipped:]
    wanted = {2 * number + 1: exchange for number, exchange in enumerate(exchanges)}
    for message in observe(chunks, lost_first=True):
        exchange = wanted[message.stream_id]
        if message.is_request:
            assert message.path in (exchange.path, None)
            assert message.body in (exchange.body, b"")
        else:
            assert message.status in (exchange.status, None)
            assert message.body in (exchange.answer, b"")
            assert message.request is None or message.request.stream_id == message.stream_id
        for name, value in message.headers:
            assert name in ("content-type", "server", "x-number", UNKNOWN)
            assert value in ("application/json", "s", str(message.stream_id // 2), UNKNOWN)


@given(EXCHANGES, st.integers(0, 40))
@settings(deadline=None)
def test_after_a_loss_what_follows_is_read_again(exchanges: list[Exchange], missing: int) -> None:
    chunks = conversation(exchanges)
    missing %= len(chunks)
    side, _ = chunks[missing]
    observer, found, lost = Observer(), [], False
    for position, (sender, octets) in enumerate(chunks):
        if position == missing:
            lost = True
            continue
        found += observer.feed(sender, octets, lost=lost and sender == side, position=position)
        lost = lost and sender != side
    wanted = {2 * number + 1: exchange for number, exchange in enumerate(exchanges)}
    for message in found:
        exchange = wanted[message.stream_id]
        if message.is_request:
            assert message.path in (exchange.path, None)
        else:
            assert message.status in (exchange.status, None)
        whole = exchange.body if message.is_request else exchange.answer
        assert message.body == whole or not message.complete or message.body == b""


def test_a_loss_marks_the_message_that_it_broke() -> None:
    sent = conversation([Exchange("/nudm-sdm/v2/a", b"x" * 2000, 200, b"")])
    at = next(n for n, (_, octets) in enumerate(sent) if b"xxx" in octets)
    chunks = [*sent[:at], (CLIENT, sent[at][1][:500])]
    observer = Observer()
    for side, octets in chunks:
        assert observer.feed(side, octets) == []
    data = b"\0\0\x05\0\x01\0\0\0\x01xxxxx"
    (message,) = observer.feed(CLIENT, data, lost=True)
    assert not message.complete


def test_http_1_pipelining_pairs_in_order_and_not_after_a_loss() -> None:
    observer = Observer()
    requests = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    assert len(observer.feed(CLIENT, requests)) == 2
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    (first,) = observer.feed(SERVER, answer)
    assert first.request is not None
    assert first.request.path == "/a"
    (second,) = observer.feed(SERVER, answer, lost=True)
    assert second.request is None


def test_an_upgrade_from_http_1_to_http_2() -> None:
    sent = conversation([Exchange("/nudm-sdm/v2/a", b"", 200, b"answer")])
    observer = Observer()
    upgrade = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    observer.feed(CLIENT, upgrade)
    observer.feed(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")
    found = [m for side, octets in sent for m in observer.feed(side, octets)]
    assert [m.name for m in found if m.version == "2"] == [
        "POST /nudm-sdm/v2/a",
        "200 to POST /nudm-sdm/v2/a",
    ]


def test_a_header_block_in_several_frames() -> None:
    end = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    end.initiate_connection()
    # Beyond the largest frame of 16 384 octets: HEADERS and CONTINUATION (RFC 9113, 6.10).
    headers = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/x")]
    headers += [(f"h{number}", "%" * 3000) for number in range(10)]
    end.send_headers(1, headers, end_stream=True)
    (message,) = Observer().feed(CLIENT, end.data_to_send())
    assert message.path == "/x"
    assert message.header("H9") == "%" * 3000


def test_what_is_no_http() -> None:
    for octets in (b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01\0\x05hello", bytes(100), b"\xff" * 50):
        observer = Observer()
        assert observer.feed(CLIENT, octets) == []
        assert observer.not_http


def test_services_of_a_real_core(open5gs: list[TcpChunk]) -> None:
    observers: dict[int, Observer] = {}
    found = []
    for chunk in open5gs:
        observer = observers.setdefault(chunk.connection, Observer())
        found += observer.feed(
            chunk.source, chunk.payload, lost=chunk.lost, position=chunk.frame, ended=chunk.ended
        )
    assert len(found) == 102
    assert all(m.request is not None for m in found if not m.is_request)
    assert sum(len(message.parts) for message in found) == 14


@given(
    st.lists(st.tuples(st.sampled_from((CLIENT, SERVER)), st.binary(max_size=80), st.booleans()))
)
def test_any_octets_in_any_order(chunks: list[tuple[str, bytes, bool]]) -> None:
    observer = Observer()
    for side, octets, lost in chunks:
        for message in observer.feed(side, octets, lost=lost):
            assert isinstance(message.name, str)
            assert isinstance(message.parts, tuple)
