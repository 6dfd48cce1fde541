"""Servers and clients that misbehave: a reason each time, bounded memory, and never a hang."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, WindowUpdated
from h2.exceptions import ProtocolError

from makmal.network import service
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.transport.tls import ClientTls
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.network.wire_world import WireWorld
from makmal.network.world import ServiceTimeoutError, TlsTo, UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.security.certificates import CertificateAuthority
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.message import SbiMessage

SERVER, CLIENT = Endpoint("127.0.0.53", 17777), Endpoint("127.0.0.54", 0)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MIB = 1 << 20


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(bounded())


async def answers(
    talk: Talk, version: str = "2", tls: TlsTo | None = None, seconds: float = 0.4
) -> HttpMessage:
    """What comes of a request to a server that talks so."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ProtocolError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, SERVER.address, SERVER.port)
    world = WireWorld(carriage=Carriage.UDP, http_version=version)
    try:
        return await world.request(CLIENT, SERVER, service.request("GET", "/x"), seconds, tls)
    finally:
        await world.close()
        server.close()


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(bytes(range(256)) * 40)
    await writer.drain()
    await reader.read()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


def http1(octets: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        await writer.drain()

    return talk


def http2(headers: list[tuple[str, str]], body_octets: int, piece: int = 16_000) -> Talk:
    """Answers each request so, however long its body is."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(
            H2Configuration(client_side=False, validate_outbound_headers=False)
        )
        connection.initiate_connection()
        stream_id, left = 0, body_octets
        while True:
            writer.write(connection.data_to_send())
            await writer.drain()
            octets = await reader.read(65536)
            if not octets:
                return
            for event in connection.receive_data(octets):
                if isinstance(event, RequestReceived):
                    stream_id = event.stream_id or 0
                    connection.send_headers(stream_id, headers, end_stream=not left)
                if isinstance(event, RequestReceived | WindowUpdated):
                    while left and connection.streams[stream_id].open:
                        window = connection.local_flow_control_window(stream_id)
                        size = min(window, piece, left)
                        if size <= 0:
                            break
                        left -= size
                        connection.send_data(stream_id, bytes(size), end_stream=not left)

    return talk


@pytest.mark.parametrize("version", ["2", "1.1"])
@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (close_at_once, "closed the connection"),
        (garbage, "does not speak HTTP"),
        (silence, r"did not answer GET /x within 0\.4 s"),
    ],
)
def test_what_is_no_answer_has_a_reason(version: str, talk: Talk, said: str) -> None:
    async def work() -> None:
        with pytest.raises(UnreachableError, match=said):
            await answers(talk, version)

    run(work())


def test_silence_in_the_tls_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makmal.network.http_ends.CONNECT_SECONDS", 0.2)
    domain = "5gc.mnc070.mcc999.3gppnetwork.org"
    authority = CertificateAuthority(domain)
    tls = TlsTo(ClientTls(TlsPolicy(), None, authority.certificate), "")

    async def work() -> None:
        for talk, said in (
            (silence, "no end to the TLS handshake"),
            (garbage, "TLS: "),
            (close_at_once, "closed the connection"),
        ):
            with pytest.raises(UnreachableError, match=said):
                await answers(talk, tls=tls)

    run(work())


@pytest.mark.parametrize(
    ("version", "talk"),
    [
        ("2", http2([(":status", "200")], 100 * MIB)),
        ("1.1", http1(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n" + bytes(MIB))),
        ("1.1", http1(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(8 * MIB))),
        ("1.1", http1(b"HTTP/1.1 200 OK\r\nx: " + b"y" * MIB)),
    ],
)
def test_a_body_of_a_hundred_megabytes_is_broken_off(version: str, talk: Talk) -> None:
    async def work() -> None:
        tracemalloc.start()
        with pytest.raises(UnreachableError, match=r"broken off|HTTP/1\.1 as it should"):
            await answers(talk, version, seconds=15)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # The server of this test holds up to 9 MiB itself.
        assert most < 32 * MIB

    run(work())


def test_repeated_headers_are_all_kept() -> None:
    headers = [(":status", "200"), *[("x-again", str(number)) for number in range(50)]]

    async def work() -> None:
        found = await answers(http2(headers, 0))
        assert [value for name, value in found.headers if name == "x-again"] == [
            str(number) for number in range(50)
        ]
        lines = b"".join(b"x-again: %d\r\n" % number for number in range(50))
        talk = http1(b"HTTP/1.1 200 OK\r\n" + lines + b"content-length: 0\r\n\r\n")
        found = await answers(talk, "1.1")
        assert sum(name == "x-again" for name, _ in found.headers) == 50

    run(work())


def test_a_status_that_is_none() -> None:
    async def work() -> None:
        found = await answers(http2([(":status", "two hundred")], 0))
        assert found.status is None

    run(work())


def test_a_client_that_sends_a_hundred_megabytes() -> None:
    async def echo(message: HttpMessage) -> HttpMessage:
        return service.response(200, service.json_body(len(message.body)))

    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(SERVER, echo)
        body = service.Body("application/octet-stream", bytes(6 * MIB))
        with pytest.raises(UnreachableError, match="reset"):
            await world.request(CLIENT, SERVER, service.request("POST", "/x", body), 5)
        # The next is served as if nothing had been.
        assert (await world.request(CLIENT, SERVER, service.request("GET", "/x"), 5)).status == 200
        assert not world.failures
        await world.close()

    run(work())


@pytest.mark.parametrize("octets", [b"GARBAGE\r\n\r\n" * 10, bytes(100), b"GET", b"\x16\x03\x01"])
def test_a_client_that_sends_garbage_is_cut_off_or_left(octets: bytes) -> None:
    async def never(message: HttpMessage) -> HttpMessage:
        raise AssertionError(message)

    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(SERVER, never)
        reader, writer = await asyncio.open_connection(SERVER.address, SERVER.port)
        writer.write(octets)
        if len(octets) > 16:
            # Cut off, with a word in HTTP/1.1 at most.
            assert (await reader.read())[:12] in (b"", b"HTTP/1.1 400")
        writer.close()
        assert not world.failures
        await world.close()

    run(work())


def test_a_function_that_breaks_is_on_record() -> None:
    async def broken(message: HttpMessage) -> HttpMessage:
        raise KeyError("nothing")

    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(SERVER, broken)
        found = await world.request(CLIENT, SERVER, service.request("GET", "/x"), 5)
        assert found.status == 500
        assert [type(each) for each in world.failures] == [KeyError]
        await world.close()

    run(work())


def test_http1_is_spoken_and_recorded(tmp_path: Path) -> None:
    stream = BytesIO()
    path = "/nudm-sdm/v2/imsi-999700000000001/nssai"

    async def answer(message: HttpMessage) -> HttpMessage:
        assert message.version == "1.1"
        status = 200 if message.body else 204
        return service.response(status, service.json_body({}) if message.body else None)

    async def work() -> None:
        world = WireWorld(FrameRecorder(stream), carriage=Carriage.UDP, http_version="1.1")
        await world.serve(SERVER, answer)
        requests = [
            service.request("PUT", path, service.json_body({"n": number}), authority="udm:17777")
            for number in range(20)
        ]
        found = await asyncio.gather(*(world.request(CLIENT, SERVER, each) for each in requests))
        assert {each.status for each in found} == {200}
        found.append(await world.request(CLIENT, SERVER, service.request("GET", path)))
        assert found[-1].status == 204
        await world.close()

    run(work())
    file = tmp_path / "trace.pcapng"
    file.write_bytes(stream.getvalue())
    with open_capture(file) as capture:
        dissector = Dissector()
        messages = [each for frame in capture for each in dissector.feed(frame)]
    http = [each for each in messages if isinstance(each, SbiMessage)]
    assert len(http) == 42
    assert {each.http.version for each in http} == {"1.1"}
    assert all(each.request is not None for each in http if not each.http.is_request)


def test_a_slow_answer_is_not_taken_for_the_next() -> None:
    async def slow(message: HttpMessage) -> HttpMessage:
        await asyncio.sleep(0.2 if message.path == "/slow" else 0)
        return service.response(200, service.json_body(message.path))

    async def work() -> None:
        for version in ("2", "1.1"):
            world = WireWorld(carriage=Carriage.UDP, http_version=version)
            await world.serve(SERVER, slow)
            with pytest.raises(ServiceTimeoutError):
                await world.request(CLIENT, SERVER, service.request("GET", "/slow"), 0.05)
            found = await world.request(CLIENT, SERVER, service.request("GET", "/quick"), 2)
            assert found.json().value == "/quick"
            await world.close()
            await asyncio.sleep(0.01)

    run(work())


def test_policies_can_be_told_apart() -> None:
    # Contexts are kept by them.
    assert TlsPolicy() == replace(TlsPolicy())
    assert hash(TlsPolicy()) != hash(replace(TlsPolicy(), rsa_certificate=True))
