"""The world of sockets, on loopback: what the simulated world does, done for real."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from makmal.network import n2_messages, service
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import PayloadRecorder
from makmal.network.scope import OutOfScopeError, Scope
from makmal.network.taps import Passage
from makmal.network.transport.sctp_kernel import kernel_offers_sctp
from makmal.network.transport.sctp_paths import Carriage, may_use_raw_sockets
from makmal.network.wire_world import WireWorld
from makmal.network.world import N2Link, ServiceTimeoutError, UnreachableError
from makmal.protocol.sbi import HttpMessage, Observer
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint, SctpMessage, TcpChunk
from makmal.trace.message import Interface, Message

AMF, GNB = Endpoint("127.0.0.31", 38412), Endpoint("127.0.0.32", 0)
AUSF, CLIENT = Endpoint("127.0.0.33", 17777), Endpoint("127.0.0.31", 0)
SMF, UPF = Endpoint("127.0.0.34", 18805), Endpoint("127.0.0.35", 18805)
CARRIAGES = [
    Carriage.UDP,
    pytest.param(
        Carriage.IP,
        marks=[
            pytest.mark.skipif(not may_use_raw_sockets(), reason="raw sockets need root"),
            pytest.mark.skipif(kernel_offers_sctp(), reason="this machine's kernel has SCTP"),
        ],
    ),
    pytest.param(
        Carriage.KERNEL,
        marks=pytest.mark.skipif(
            not kernel_offers_sctp(), reason="this machine's kernel has no SCTP"
        ),
    ),
]


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(bounded())


async def soon(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for are sockets
            await asyncio.sleep(0.001)


async def _n2(world: WireWorld) -> tuple[N2Link, list[bytes], list[bytes], list[str]]:
    came: list[bytes] = []
    back: list[bytes] = []
    closed: list[str] = []

    def accept(link: N2Link) -> None:
        def answer(octets: bytes, stream_id: int) -> None:
            assert stream_id == 3
            came.append(octets)
            link.send(b"answer to " + octets[:10])

        link.on_message = answer
        link.on_close = closed.append

    await world.listen_n2(AMF, accept)
    link = await world.connect_n2(GNB, AMF)
    link.on_message = lambda octets, stream_id: back.append(octets)
    return link, came, back, closed


@pytest.mark.parametrize("carriage", CARRIAGES)
def test_an_association_carries_messages_both_ways_and_ends(carriage: Carriage) -> None:
    async def work() -> None:
        recorder = PayloadRecorder()
        world = WireWorld(recorder, carriage=carriage)
        link, came, back, closed = await _n2(world)
        link.send(b"one", 3)
        link.send(b"x" * 50_000, 3)
        await soon(lambda: len(back) == 2)
        assert came == [b"one", b"x" * 50_000]
        assert back == [b"answer to one", b"answer to xxxxxxxxxx"]
        link.close()
        await soon(lambda: closed)
        assert closed == ["the peer ended the association"]
        await world.close()
        assert len([each for each in recorder.payloads if isinstance(each, SctpMessage)]) == 4

    run(work())


@pytest.mark.parametrize("carriage", CARRIAGES)
def test_a_hundred_associations(carriage: Carriage) -> None:
    async def work() -> None:
        world = WireWorld(carriage=carriage)
        came: list[bytes] = []

        def accept(link: N2Link) -> None:
            link.on_message = lambda octets, stream_id: came.append(octets)

        await world.listen_n2(AMF, accept)
        links = await asyncio.gather(*(world.connect_n2(GNB, AMF) for _ in range(100)))
        for number, link in enumerate(links):
            link.send(number.to_bytes(1, "big"), 1)
        await soon(lambda: len(came) == 100)
        assert set(came) == {number.to_bytes(1, "big") for number in range(100)}
        await world.close()

    run(work())


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makmal.network.wire_world._CONNECT_SECONDS", 0.05)

    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        with pytest.raises(UnreachableError, match=r"no answer to SCTP INIT from 127\.0\.0\.31"):
            await world.connect_n2(GNB, AMF)
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.33:17777 cannot be reached"):
            await world.request(CLIENT, AUSF, service.request("GET", "/"))
        await world.close()

    run(work())


def test_something_else_is_on_the_port() -> None:
    async def work() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n")
            await reader.read(10)
            writer.close()

        server = await asyncio.start_server(talk, AUSF.address, AUSF.port)
        world = WireWorld(carriage=Carriage.UDP)
        with pytest.raises(UnreachableError, match=r"is it a service-based interface without TLS"):
            await world.request(CLIENT, AUSF, service.request("GET", "/"))
        await world.close()
        server.close()
        await server.wait_closed()

    run(work())


def test_nothing_leaves_the_scope() -> None:
    async def work() -> None:
        world = WireWorld(scope=Scope(()), carriage=Carriage.UDP)
        with pytest.raises(OutOfScopeError, match=r"127\.0\.0\.31 is outside the scope"):
            await world.connect_n2(GNB, AMF)
        with pytest.raises(OutOfScopeError, match=r"127\.0\.0\.33"):
            await world.request(CLIENT, AUSF, service.request("GET", "/"))
        end = await world.open_datagrams(SMF, lambda octets, source: None)
        with pytest.raises(OutOfScopeError, match=r"127\.0\.0\.35"):
            end.send(b"x", UPF)
        end.close()
        await world.close()

    run(work())


def test_datagrams() -> None:
    async def work() -> None:
        recorder = PayloadRecorder()
        world = WireWorld(recorder, carriage=Carriage.UDP)
        came: list[tuple[bytes, Endpoint]] = []
        upf = await world.open_datagrams(UPF, lambda octets, source: came.append((octets, source)))
        smf = await world.open_datagrams(SMF, lambda octets, source: None)
        smf.send(b"one", UPF)
        await soon(lambda: came)
        assert came == [(b"one", SMF)]
        assert len(recorder.payloads) == 1
        smf.close()
        upf.close()
        await world.close()

    run(work())


async def _echo(message: HttpMessage) -> HttpMessage:
    if message.path == "/silent":
        await asyncio.get_running_loop().create_future()
    return service.response(200, service.Body("application/octet-stream", message.body))


@pytest.mark.parametrize("size", [0, 10, 100_000, 1_000_000])
def test_requests_with_bodies_of_every_size(size: int) -> None:
    async def work() -> None:
        recorder = PayloadRecorder()
        world = WireWorld(recorder, carriage=Carriage.UDP)
        await world.serve(AUSF, _echo)
        body = service.Body("application/octet-stream", bytes(size)) if size else None
        answer = await world.request(CLIENT, AUSF, service.request("POST", "/x", body))
        assert (answer.status, len(answer.body)) == (200, size)
        await world.close()
        spoken = Observer()
        chunks = [each for each in recorder.payloads if isinstance(each, TcpChunk)]
        messages = [m for each in chunks for m in spoken.feed(each.source, each.payload)]
        assert [message.is_request for message in messages] == [True, False]

    run(work())


def test_many_requests_at_a_time() -> None:
    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(AUSF, _echo)
        bodies = [service.json_body({"n": number}) for number in range(200)]
        answers = await asyncio.gather(
            *(world.request(CLIENT, AUSF, service.request("POST", "/x", body)) for body in bodies)
        )
        assert [answer.body for answer in answers] == [body.octets for body in bodies]
        await world.close()

    run(work())


def test_a_silent_producer_and_a_tap_that_swallows() -> None:
    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(AUSF, _echo)
        with pytest.raises(ServiceTimeoutError, match=r"did not answer GET /silent within 0\.05"):
            await world.request(CLIENT, AUSF, service.request("GET", "/silent"), 0.05)

        def swallow(passage: Passage) -> Passage | None:
            return passage if passage.content.is_request else None

        with world.taps.on(Interface.SBI, swallow), pytest.raises(ServiceTimeoutError):
            await world.request(CLIENT, AUSF, service.request("GET", "/x"), 0.05)
        assert (await world.request(CLIENT, AUSF, service.request("GET", "/x"))).status == 200
        await world.close()

    run(work())


@pytest.mark.parametrize("carriage", CARRIAGES)
def test_a_recording_reads_back_as_what_passed(carriage: Carriage, tmp_path: Path) -> None:
    stream = BytesIO()

    async def work() -> None:
        world = WireWorld(FrameRecorder(stream), carriage=carriage)
        world.recorder.step(world.now_ns, "a step")
        link, came, back, _ = await _n2(world)
        ng_setup = n2_messages.ng_setup_request().encode()
        link.send(ng_setup, 3)
        await soon(lambda: came and back)
        await world.serve(AUSF, _echo)
        body = service.json_body({"supiOrSuci": "imsi-999700000000001"})
        path = "/nausf-auth/v1/ue-authentications"
        await world.request(CLIENT, AUSF, service.request("POST", path, body))
        await world.close()

    run(work())
    file = tmp_path / "trace.pcapng"
    file.write_bytes(stream.getvalue())
    dissector, messages = Dissector(), list[Message]()
    with open_capture(file) as capture:
        for frame in capture:
            messages += dissector.feed(frame)
    names = [message.name for message in messages]
    assert names[:2] == ["a step", "NGSetupRequest"]
    assert names[-2:] == [
        "POST /nausf-auth/v1/ue-authentications",
        "200 to POST /nausf-auth/v1/ue-authentications",
    ]
    assert dissector.counts["loss"] == 0
