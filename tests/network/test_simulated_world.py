"""The simulated world: time, determinism, links, taps, and what is recorded of them."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest

from makmal.network import service
from makmal.network.recorder import PayloadRecorder
from makmal.network.simulated_world import START_NS, SimulatedWorld, simulate
from makmal.network.taps import Passage
from makmal.network.virtual_clock import DeadlockError
from makmal.network.world import N2Link, ServiceTimeoutError, UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint, HttpPayload, SctpMessage, StepMark, UdpDatagram
from makmal.trace.message import Interface

AMF, GNB = Endpoint("192.0.2.1", 38412), Endpoint("192.0.2.2", 0)
AUSF, CLIENT = Endpoint("192.0.2.3", 7777), Endpoint("192.0.2.1", 7777)
SMF, UPF = Endpoint("192.0.2.4", 8805), Endpoint("192.0.2.5", 8805)


def test_time_passes_only_in_the_simulation() -> None:
    async def sleep() -> int:
        world = SimulatedWorld()
        await asyncio.sleep(3600)
        return world.now_ns

    began = perf_counter()
    assert simulate(sleep()) == START_NS + 3600 * 10**9
    assert perf_counter() - began < 1


def test_a_deadlock_is_told_not_waited_out() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match="nothing can happen"):
        simulate(wait())
    # The loop is good for another run.
    test_time_passes_only_in_the_simulation()


def test_the_seed_makes_the_octets() -> None:
    one, other, third = SimulatedWorld(seed="a"), SimulatedWorld(seed="a"), SimulatedWorld(seed="b")
    octets = one.random_octets(5000) + one.random_octets(7)
    assert octets == other.random_octets(5000) + other.random_octets(7)
    assert octets != third.random_octets(5007)
    assert len({octets[at : at + 16] for at in range(0, 4096, 16)}) == 256


async def _n2(world: SimulatedWorld) -> tuple[N2Link, list[bytes], list[bytes], list[str]]:
    came: list[bytes] = []
    back: list[bytes] = []
    closed: list[str] = []

    def accept(link: N2Link) -> None:
        def answer(octets: bytes, stream_id: int) -> None:
            assert stream_id == 3
            came.append(octets)
            link.send(b"answer to " + octets)

        link.on_message = answer
        link.on_close = closed.append

    await world.listen_n2(AMF, accept)
    link = await world.connect_n2(GNB, AMF)
    link.on_message = lambda octets, stream_id: back.append(octets)
    return link, came, back, closed


def test_an_association_carries_messages_both_ways_and_ends() -> None:
    recorder = PayloadRecorder()

    async def run() -> None:
        world = SimulatedWorld(recorder)
        link, came, back, closed = await _n2(world)
        world.recorder.step(world.now_ns, "first")
        link.send(b"one", 3)
        link.send(b"two", 3)
        await asyncio.sleep(0.1)
        assert came == [b"one", b"two"]
        assert back == [b"answer to one", b"answer to two"]
        link.close()
        link.send(b"three", 3)
        await asyncio.sleep(0.1)
        assert closed == ["the other side ended the association"]
        assert len(came) == 2

    simulate(run())
    mark, *messages = recorder.payloads
    assert mark == StepMark(1, START_NS, "first")
    assert all(isinstance(each, SctpMessage) for each in messages)
    assert [each.frames for each in messages if isinstance(each, SctpMessage)] == [
        (number,) for number in (2, 3, 4, 5)
    ]
    times = [each.time_ns for each in messages]
    assert times == sorted(set(times))


def test_nobody_listens() -> None:
    async def run() -> None:
        world = SimulatedWorld()
        with pytest.raises(UnreachableError, match=r"192\.0\.2\.1:38412"):
            await world.connect_n2(GNB, AMF)
        with pytest.raises(UnreachableError, match=r"192\.0\.2\.3:7777"):
            await world.request(CLIENT, AUSF, service.request("GET", "/"))

    simulate(run())


def test_an_address_is_served_once() -> None:
    async def run() -> None:
        world = SimulatedWorld()
        listening = await world.listen_n2(AMF, lambda link: None)
        with pytest.raises(OSError, match="taken already"):
            await world.listen_n2(AMF, lambda link: None)
        listening.close()
        await world.listen_n2(AMF, lambda link: None)

    simulate(run())


def test_datagrams_arrive_or_are_lost() -> None:
    recorder = PayloadRecorder()

    async def run() -> list[tuple[bytes, Endpoint]]:
        world = SimulatedWorld(recorder)
        came: list[tuple[bytes, Endpoint]] = []
        smf = await world.open_datagrams(SMF, lambda octets, source: None)
        upf = await world.open_datagrams(UPF, lambda octets, source: came.append((octets, source)))
        smf.send(b"one", UPF)
        await asyncio.sleep(0.1)
        upf.close()
        smf.send(b"two", UPF)
        await asyncio.sleep(0.1)
        return came

    assert simulate(run()) == [(b"one", SMF)]
    # Lost for the receiver; but it was on the wire.
    assert [each.payload for each in recorder.payloads if isinstance(each, UdpDatagram)] == [
        b"one",
        b"two",
    ]


async def _serve(world: SimulatedWorld) -> list[HttpMessage]:
    came: list[HttpMessage] = []

    async def handle(message: HttpMessage) -> HttpMessage:
        came.append(message)
        return service.response(200, service.json_body({"n": len(came)}))

    await world.serve(AUSF, handle)
    return came


def test_requests_and_their_responses_are_recorded_as_pairs() -> None:
    recorder = PayloadRecorder()

    async def run() -> None:
        world = SimulatedWorld(recorder)
        await _serve(world)
        for number in (1, 2):
            answer = await world.request(CLIENT, AUSF, service.request("GET", f"/{number}"))
            assert service.json_of(answer) == {"n": number}

    simulate(run())
    messages = [each for each in recorder.payloads if isinstance(each, HttpPayload)]
    assert [each.message.is_request for each in messages] == [True, False] * 2
    assert messages[1].message.request is messages[0].message
    assert len({each.connection for each in messages}) == 1


def test_a_tap_drops_delays_alters_and_injects() -> None:
    async def run() -> None:
        world = SimulatedWorld(PayloadRecorder())
        link, came, back, _ = await _n2(world)

        def tap(passage: Passage) -> Passage | list[Passage] | None:
            if passage.content == b"drop":
                return None
            if passage.content == b"alter":
                return Passage(passage.interface, passage.source, passage.destination, b"altered")
            if passage.content == b"twice":
                return [passage, passage]
            if passage.content == b"late":
                return Passage(
                    passage.interface, passage.source, passage.destination, b"late", delay=5
                )
            return passage

        with world.taps.on(Interface.N2, tap):
            for octets in (b"drop", b"late", b"alter", b"twice", b"plain"):
                link.send(octets, 3)
            await asyncio.sleep(1)
            assert came == [b"altered", b"twice", b"twice", b"plain"]
            await asyncio.sleep(5)
            assert came[-1] == b"late"
        link.send(b"drop", 3)
        await asyncio.sleep(1)
        assert came[-1] == b"drop"
        del back

    simulate(run())


@pytest.mark.parametrize("product_is_client", [True, False])
def test_the_trace_is_what_was_on_the_wire_of_the_product(product_is_client: bool) -> None:
    recorder = PayloadRecorder()

    async def run() -> None:
        world = SimulatedWorld(recorder)
        world.products.add(CLIENT.address if product_is_client else AUSF.address)
        await _serve(world)

        def swallow(passage: Passage) -> Passage | None:
            return None if not passage.content.is_request else passage

        with (
            world.taps.on(Interface.SBI, swallow),
            pytest.raises(ServiceTimeoutError, match=r"did not answer GET /x within 2 s"),
        ):
            await world.request(CLIENT, AUSF, service.request("GET", "/x"), 2.0)

    simulate(run())
    seen = [each.message.name for each in recorder.payloads if isinstance(each, HttpPayload)]
    # A response that a product sent was on its wire, even if nobody got it.
    assert seen == (["GET /x"] if product_is_client else ["GET /x", "200 to GET /x"])


def test_a_silent_producer_is_not_waited_for_for_ever() -> None:
    async def run() -> None:
        world = SimulatedWorld()

        async def handle(message: HttpMessage) -> HttpMessage:
            del message
            await asyncio.sleep(100)
            return service.response(200)

        await world.serve(AUSF, handle)
        with pytest.raises(ServiceTimeoutError, match=r"192\.0\.2\.3:7777 did not answer"):
            await world.request(CLIENT, AUSF, service.request("GET", "/"), 3)

    simulate(run())


def test_what_goes_wrong_beside_is_kept() -> None:
    async def run() -> SimulatedWorld:
        world = SimulatedWorld()

        async def fail() -> None:
            raise ValueError("kept")

        async def wait() -> None:
            await asyncio.sleep(1000)

        world.spawn(fail())
        world.spawn(wait())
        await asyncio.sleep(0)
        await world.close()
        return world

    assert [str(error) for error in simulate(run()).failures] == ["kept"]
