"""Streams through the PDU session of a UE, simulated and on sockets."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.network.gnb import Gnb
from makmal.network.packet_connector import host_connector, session_connector
from makmal.network.recorder import PayloadRecorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.scope import LOOPBACK, Scope
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.streams import (
    ByteStream,
    MemoryConnector,
    RefusedError,
    SilentError,
    SocketConnector,
)
from makmal.network.ue import Ue
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.wire_world import WireWorld
from makmal.network.world import UnreachableError, World
from makmal.protocol import gtpu, tcp
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.message import GtpuMessage
from makmal.trace.user_packet import read_user_packet

APPLICATION = Endpoint("198.51.100.20", 8080)


async def shout(stream: ByteStream) -> None:
    while octets := await stream.read():
        await stream.write(octets.upper())


async def session_of(world: World, network: ReferenceNetwork) -> tuple[Ue, Gnb]:
    gnb = Gnb(world, network.plan)
    await gnb.set_up(network.plan.n2())
    ue = Ue(world, network.plan, embedded_subscriptions(network.plan)[0], cell=gnb)
    assert (await ue.register()).accepted
    assert (await ue.establish_session()).established
    return ue, gnb


async def exchange(connector: object, to: Endpoint, content: bytes) -> bytes:
    stream = await connector.open(to, 3.0)  # type: ignore[attr-defined]
    await stream.write(content)
    came = b""
    while len(came) < len(content):
        came += await stream.read()
    stream.close()
    return came


def test_a_stream_goes_through_the_session_and_its_segments_through_n3() -> None:
    recorder = PayloadRecorder()

    async def run() -> None:
        world, plan = SimulatedWorld(recorder), embedded_plan()
        applications = MemoryConnector(APPLICATION.address)
        await applications.listen(APPLICATION, shout)
        n6 = AddressTranslation(world, plan.address("UPF"), applications)
        network = ReferenceNetwork(world, plan, embedded_subscriptions(plan), data_network=n6)
        await network.start(warm=True)
        ue, gnb = await session_of(world, network)
        connector = session_connector(ue, ue.sessions[1])
        assert await exchange(connector, APPLICATION, b"get me through") == b"GET ME THROUGH"
        content = bytes(range(97, 123)) * 20_000
        assert await exchange(connector, APPLICATION, content) == content.upper()
        with pytest.raises(RefusedError, match="refused"):
            await connector.open(Endpoint(APPLICATION.address, 81), 3.0)
        gnb.close()
        await applications.finish()
        await network.stop()
        await world.close()
        assert not world.failures

    simulate(run())
    packets = [
        packet
        for message in Dissector().payloads(recorder.payloads)
        if isinstance(message, GtpuMessage) and message.message_type == gtpu.MessageType.G_PDU
        if (packet := read_user_packet(message.pdu.payload)) is not None
    ]
    assert any(b"get me through" in each.content for each in packets)
    assert any(b"GET ME THROUGH" in each.content for each in packets)


def test_a_host_of_the_data_network_reaches_what_listens_at_the_ue_and_the_other_way() -> None:
    async def run() -> None:
        world, plan = SimulatedWorld(), embedded_plan()
        n6 = AddressTranslation(world, plan.address("UPF"))
        network = ReferenceNetwork(world, plan, embedded_subscriptions(plan), data_network=n6)
        await network.start(warm=True)
        ue, gnb = await session_of(world, network)
        device = session_connector(ue, ue.sessions[1])
        host = host_connector(world, n6, "198.51.100.9")
        port = Endpoint(device.address, 23)
        listening = await device.listen(port, shout)
        assert await exchange(host, port, b"login") == b"LOGIN"
        await host.listen(Endpoint("198.51.100.9", 80), shout)
        assert await exchange(device, Endpoint("198.51.100.9", 80), b"hello") == b"HELLO"
        listening.close()
        with pytest.raises(RefusedError):
            await host.open(port, 3.0)
        with pytest.raises(UnreachableError, match="from"):
            await host.open(Endpoint("2001:db8::1", 80), 3.0)
        with pytest.raises(OSError, match="no address of this host"):
            await device.listen(Endpoint("192.0.2.99", 80), shout)
        gnb.close()
        with pytest.raises(SilentError, match="no answer"):
            await host.open(port, 3.0)
        await network.stop()
        await world.close()

    simulate(run())


def test_http_runs_over_the_session_on_sockets_and_nothing_leaves_the_scope() -> None:
    first = ip_address(f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.100")

    async def run() -> None:
        plan = embedded_plan()
        addresses = {name: str(first + at) for at, name in enumerate(plan.addresses)}
        plan = replace(plan, addresses=addresses)
        scope = Scope(LOOPBACK)
        world = WireWorld(scope=scope)
        sockets = SocketConnector(scope, plan.address("UPF"))
        n6 = AddressTranslation(world, plan.address("UPF"), sockets)
        network = ReferenceNetwork(world, plan, embedded_subscriptions(plan), data_network=n6)
        await network.start(warm=True)
        ue, gnb = await session_of(world, network)
        served = Endpoint(plan.address("DN"), 0)
        listening = await SocketConnector(scope).listen(served, shout)
        connector = session_connector(ue, ue.sessions[1])
        content = b"get / http/1.1\r\n" * 5_000
        assert await exchange(connector, listening.local, content) == content.upper()
        with pytest.raises(RefusedError):
            await connector.open(Endpoint("192.0.2.1", 80), 3.0)
        assert any("outside the scope" in each for each in n6.log)
        listening.close()
        gnb.close()
        await asyncio.sleep(0.01)
        await network.stop()
        await world.close()

    asyncio.run(run())


class Path:
    """Two connections and a path between them that loses, repeats and reorders."""

    def __init__(self, fate: list[int]) -> None:
        self.near = tcp.Connection(1000, 80, 0xFFFF_FF00)
        self.far = tcp.Connection(80, 1000, 77)
        self.fate, self.at = fate, 0
        self.accepted = False

    def _next(self) -> int:
        self.at += 1
        # In the end, everything gets through.
        return self.fate[self.at] if self.at < len(self.fate) else 9

    def pass_on(self, connection: tcp.Connection) -> bool:
        segments = [tcp.decode(each.encode()) for each in connection.output()]
        other = self.far if connection is self.near else self.near
        arrived = []
        for segment in segments:
            fate = self._next()
            if fate == 0:
                continue
            arrived += [segment] * (2 if fate == 1 else 1)
            if fate == 2:
                arrived.reverse()
        for segment in arrived:
            if other is self.far and not self.accepted:
                if segment.flags & 2:
                    self.far.accept(segment)
                    self.accepted = True
                continue
            other.receive(segment)
        return bool(segments)


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 9), max_size=120),
    st.binary(min_size=1, max_size=300),
    st.integers(1, 400),
)
def test_octets_arrive_in_order_over_any_path(fate: list[int], piece: bytes, times: int) -> None:
    path = Path(fate)
    content = piece * times
    path.near.open()
    came, back, written, answered = b"", b"", False, False
    for _ in range(3000):
        moved = path.pass_on(path.near) | path.pass_on(path.far)
        came += path.far.read()
        back += path.near.read()
        if path.near.is_established and not written:
            path.near.write(content)
            path.near.close()
            written = True
        if path.far.peer_has_closed and came == content and not answered:
            path.far.write(b"all of it")
            path.far.close()
            answered = True
        if path.near.is_over and path.far.is_over:
            break
        if not moved:
            path.near.expired()
            path.far.expired()
    assert (came, back) == (content, b"all of it")
    assert path.near.error is None
    # Whoever closes last may wait in vain for an acknowledgement that was lost: ours keeps no
    # TIME-WAIT (RFC 9293, 3.6.1) in which it would be sent again. No octet is lost by that.
    assert path.far.error in (None, "the other side does not answer")


def test_who_never_answers_is_given_up() -> None:
    connection = tcp.Connection(1, 2, 3)
    connection.open()
    expiries = 0
    while connection.timeout is not None:
        connection.output()
        connection.expired()
        expiries += 1
    assert connection.error == "the other side does not answer"
    assert expiries == 9
