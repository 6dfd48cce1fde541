"""The simulated world: in memory, deterministic by its seed, with a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cached_property
from hashlib import shake_256
from itertools import count
from typing import Any, TypeVar

from makmal.network.http_ends import HttpEnds
from makmal.network.recorder import NoRecorder, Recorder
from makmal.network.taps import Passage
from makmal.network.time_limit import within
from makmal.network.transport.channel import Channel
from makmal.network.transport.tls import ServerTls
from makmal.network.virtual_clock import VirtualClockLoop
from makmal.network.world import (
    SERVICE_TIMEOUT,
    DatagramEnd,
    DatagramReceiver,
    Heard,
    Listening,
    N2Link,
    N2Receiver,
    SbiHandler,
    ServiceTimeoutError,
    TlsTo,
    UnreachableError,
    World,
    interface_between,
)
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint, PortOutcome, Probe
from makmal.trace.message import Interface

T = TypeVar("T")

# 2026-01-05 09:00:00 UTC: when every simulated world begins.
START_NS = 1_767_603_600 * 1_000_000_000
# What a message takes to travel, in seconds.
_TRAVEL = 0.0002
_EPHEMERAL_PORTS = 40_000
_RANDOM_BLOCK = 4096
# What a scan sends to a UDP port of this world, and what an open one says.
_UDP_SAID = (b"\0", b"\0")


class SimulatedWorld(World):
    """Functions meet in memory. The same seed gives the same octets and the same order."""

    def __init__(self, recorder: Recorder | None = None, seed: str = "makmal") -> None:
        super().__init__(recorder or NoRecorder())
        self._seed = seed.encode()
        self._random = b""
        self._random_at = 0
        self._random_block = 0
        self._n2: dict[Endpoint, Callable[[N2Link], None]] = {}
        self._datagrams: dict[Endpoint, DatagramReceiver] = {}
        self._services: dict[Endpoint, SbiHandler] = {}
        self._connections: dict[tuple[str, Endpoint], tuple[Endpoint, int]] = {}
        self._ports = count(_EPHEMERAL_PORTS)
        self._tcp: dict[Endpoint, Callable[[Endpoint], Channel | None]] = {}
        # For TLS: in clear text messages need not be made into octets.
        self.http = HttpEnds(self)

    @property
    def now_ns(self) -> int:
        """The virtual time, in nanoseconds since 1970-01-01 UTC."""
        return START_NS + round(self._loop.seconds * 1e9)

    @cached_property
    def _loop(self) -> VirtualClockLoop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualClockLoop):
            raise RuntimeError("the simulated world runs in simulate(), on the virtual clock")
        return loop

    def pass_time(self) -> None:
        """A message takes a moment to travel."""
        self._loop.seconds += _TRAVEL

    def random_octets(self, count: int) -> bytes:
        """Octets from the seed."""
        if self._random_at + count > len(self._random):
            name = self._seed + self._random_block.to_bytes(4, "big")
            self._random = shake_256(name).digest(max(_RANDOM_BLOCK, count))
            self._random_block += 1
            self._random_at = 0
        at = self._random_at
        self._random_at = at + count
        return self._random[at : at + count]

    async def connect_n2(self, local: Endpoint, remote: Endpoint) -> N2Link:
        """An association, if somebody listens."""
        accept = self._n2.get(remote)
        if accept is None:
            raise UnreachableError(
                f"nothing listens for N2 at {remote.address}:{remote.port} in the simulated network"
            )
        here = local if local.port else Endpoint(local.address, next(self._ports))
        near, far = SimulatedN2Link(self, here, remote), SimulatedN2Link(self, remote, here)
        near.peer, far.peer = far, near
        accept(far)
        return near

    async def listen_n2(self, local: Endpoint, accept: Callable[[N2Link], None]) -> Listening:
        """Take associations."""
        return _Entry(self._n2, local, accept)

    async def open_datagrams(self, local: Endpoint, receive: DatagramReceiver) -> DatagramEnd:
        """Open a UDP port."""
        if local.port == 0:
            local = Endpoint(local.address, next(self._ports))
        return _SimulatedDatagrams(self, self._datagrams, local, receive)

    async def serve(
        self, local: Endpoint, handler: SbiHandler, tls: ServerTls | None = None
    ) -> Listening:
        """Serve HTTP requests."""
        if tls is not None:
            return await self.http.serve(local, handler, tls)
        return _Entry(self._services, local, handler)

    async def request(
        self,
        local: Endpoint,
        to: Endpoint,
        message: HttpMessage,
        seconds: float = SERVICE_TIMEOUT,
        tls: TlsTo | None = None,
    ) -> HttpMessage:
        """One request and its response, as two messages that taps may do anything to."""
        if tls is not None or to in self._tcp:
            return await self.http.request(local, to, message, seconds, tls)
        handler = self._services.get(to)
        if handler is None:
            raise UnreachableError(
                f"nothing serves at {to.address}:{to.port} in the simulated network"
            )
        key = (local.address, to)
        if key not in self._connections:
            end = Endpoint(local.address, next(self._ports))
            self._connections[key] = (end, len(self._connections))
        source, connection = self._connections[key]
        if not self.taps:
            self._note_http(source, to, message, connection)
            response = await self._answered(handler, message, to, seconds)
            self._note_http(to, source, response, connection)
            return response
        return await self._tapped_request(source, to, message, connection, handler, seconds)

    def hang_up(self, address: str) -> None:
        """Close the HTTP connections that functions at an address have opened."""
        self.http.hang_up(address)

    async def connect_tcp(self, local: str, to: Endpoint, channel: Channel) -> None:
        """Connect a channel, if somebody listens."""
        accept = self._tcp.get(to)
        here = Endpoint(local, next(self._ports))
        other = None if accept is None else accept(here)
        if other is None:
            raise UnreachableError(f"{to.address}:{to.port} cannot be reached: connection refused")
        near, far = _MemoryCarrier(self._loop, other), _MemoryCarrier(self._loop, channel)
        other.connected(far, to, here)
        channel.connected(near, here, to)

    async def listen_tcp(
        self, local: Endpoint, accept: Callable[[Endpoint], Channel | None]
    ) -> Listening:
        """Take TCP connections."""
        return _Entry(self._tcp, local, accept)

    async def close(self) -> None:
        """Stop everything that still runs."""
        await super().close()
        await self.http.close()
        for table in (self._n2, self._datagrams, self._services, self._connections, self._tcp):
            table.clear()
        self.recorder = NoRecorder()

    async def listen_for_anything(self, local: Endpoint, heard: Heard) -> Listening:
        """Take any request."""

        async def handle(message: HttpMessage) -> HttpMessage:
            heard(message.header("user-agent") or "somebody", message.name.encode())
            return HttpMessage(False, "2", status=404)

        return _Entry(self._services, local, handle)

    async def scan(
        self, local: str, address: str, transport: str, first: int, last: int
    ) -> tuple[int, ...]:
        """Try those that anybody in this world listens at: at all others nobody is anywhere."""
        tables: dict[str, dict[Endpoint, Any]] = {
            "tcp": {**self._services, **self._tcp},
            "udp": self._datagrams,
            "sctp": self._n2,
        }
        listening = tables[transport]
        ports = tuple(sorted({each.port for each in listening if first <= each.port <= last}))
        for port in ports:
            to = Endpoint(address, port)
            outcome = PortOutcome.OPEN if to in listening else PortOutcome.CLOSED
            source = Endpoint(local, next(self._ports))
            self.recorder.probe(Probe(0, self.now_ns, source, to, transport, outcome, *_UDP_SAID))
        return ports

    async def _answered(
        self, handler: SbiHandler, message: HttpMessage, to: Endpoint, seconds: float
    ) -> HttpMessage:
        try:
            response = await within(handler(message), seconds, self._loop)
        except TimeoutError:
            raise ServiceTimeoutError(
                f"{to.address}:{to.port} did not answer {message.name} within {seconds:g} s"
            ) from None
        response.request = message
        return response

    async def _tapped_request(
        self,
        source: Endpoint,
        to: Endpoint,
        message: HttpMessage,
        connection: int,
        handler: SbiHandler,
        seconds: float,
    ) -> HttpMessage:
        """The same with taps: the first delivered request is answered, further ones go unheard."""
        deadline = self._loop.time() + seconds
        arrived = await self._passed(source, to, message, connection)
        if not arrived:
            await asyncio.sleep(seconds)
            raise ServiceTimeoutError(
                f"{to.address}:{to.port} did not answer {message.name} within {seconds:g} s"
            )
        response = await self._answered(
            handler, arrived[0], to, max(deadline - self._loop.time(), 0)
        )
        for further in arrived[1:]:
            self._note_http(
                to, source, await self._answered(handler, further, to, seconds), connection
            )
        responses = await self._passed(to, source, response, connection)
        if not responses:
            await asyncio.sleep(max(deadline - self._loop.time(), 0))
            raise ServiceTimeoutError(
                f"{to.address}:{to.port} did not answer {message.name} within {seconds:g} s"
            )
        responses[0].request = message
        return responses[0]

    async def _passed(
        self, source: Endpoint, to: Endpoint, message: HttpMessage, connection: int
    ) -> list[HttpMessage]:
        from_product = source.address in self.products
        if from_product:
            self._note_http(source, to, message, connection)
        delivered = []
        for passage in self.taps.apply(Passage(Interface.SBI, source, to, message)):
            if passage.delay:
                await asyncio.sleep(passage.delay)
            if not from_product:
                self._note_http(source, to, passage.content, connection)
            delivered.append(passage.content)
        return delivered

    def _note_http(
        self, source: Endpoint, destination: Endpoint, message: HttpMessage, connection: int
    ) -> None:
        self._loop.seconds += _TRAVEL
        self.recorder.http(self.now_ns, source, destination, message, connection)

    def carry(
        self,
        interface: Interface,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        deliver: Callable[[bytes], None],
        stream_id: int = 0,
    ) -> None:
        """Bring octets from one end to the other, past the taps, into the trace."""
        from_product = source.address in self.products
        if from_product or not self.taps:
            self._note(interface, source, destination, payload, stream_id)
        if not self.taps:
            self._loop.call_soon(deliver, payload)
            return
        for passage in self.taps.apply(Passage(interface, source, destination, payload)):
            if passage.delay:
                self._loop.call_later(
                    passage.delay, self._deliver_late, passage, deliver, not from_product, stream_id
                )
                continue
            if not from_product:
                self._note(interface, source, destination, passage.content, stream_id)
            self._loop.call_soon(deliver, passage.content)

    def _deliver_late(
        self, passage: Passage, deliver: Callable[[bytes], None], note: bool, stream_id: int
    ) -> None:
        if note:
            self._note(
                passage.interface, passage.source, passage.destination, passage.content, stream_id
            )
        deliver(passage.content)

    def _note(
        self,
        interface: Interface,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        stream_id: int,
    ) -> None:
        self._loop.seconds += _TRAVEL
        if interface is Interface.N2:
            self.recorder.n2(self.now_ns, source, destination, payload, stream_id)
        else:
            self.recorder.datagram(self.now_ns, source, destination, payload)


class _Entry:
    """An entry of a table of listeners."""

    def __init__(self, table: dict[Endpoint, Any], local: Endpoint, value: Any) -> None:
        if local in table:
            raise OSError(f"{local.address}:{local.port} is taken already")
        self._table, self.local = table, local
        table[local] = value

    def close(self) -> None:
        """Stop listening."""
        self._table.pop(self.local, None)


class SimulatedN2Link:
    """One end of an association in memory."""

    def __init__(self, world: SimulatedWorld, local: Endpoint, remote: Endpoint) -> None:
        self.local, self.remote = local, remote
        self.on_message: N2Receiver | None = None
        self.on_close: Callable[[str], None] | None = None
        self.peer: SimulatedN2Link | None = None
        self._world = world

    def send(self, payload: bytes, stream_id: int = 0) -> None:
        """Send one NGAP PDU."""
        peer = self.peer
        if peer is None:
            return
        self._world.carry(
            Interface.N2,
            self.local,
            self.remote,
            payload,
            lambda octets: peer.deliver(octets, stream_id),
            stream_id,
        )

    def deliver(self, payload: bytes, stream_id: int) -> None:
        """One PDU has come."""
        if self.on_message is not None and self.peer is not None:
            self.on_message(payload, stream_id)

    def close(self) -> None:
        """End the association: the other side learns of it."""
        peer, self.peer = self.peer, None
        if peer is not None:
            peer.peer = None
            if peer.on_close is not None:
                peer.on_close("the other side ended the association")


class _MemoryCarrier:
    """Brings octets to the channel at the other end."""

    def __init__(self, loop: VirtualClockLoop, other: Channel) -> None:
        self._loop, self._other = loop, other

    def write(self, octets: bytes) -> None:
        """Send octets."""
        self._loop.seconds += _TRAVEL
        self._loop.call_soon(self._other.arrived, octets)

    def close(self) -> None:
        """Send what is left, and close."""
        self._loop.call_soon(self._other.lost, "the other side closed the connection")


class _SimulatedDatagrams(_Entry):
    """A UDP port in memory."""

    def __init__(
        self,
        world: SimulatedWorld,
        table: dict[Endpoint, DatagramReceiver],
        local: Endpoint,
        receive: DatagramReceiver,
    ) -> None:
        super().__init__(table, local, receive)
        self._world = world

    def send(self, payload: bytes, to: Endpoint) -> None:
        """Send one datagram. Where nobody listens, it is lost."""
        local = self.local
        interface = interface_between(local, to)

        def deliver(octets: bytes) -> None:
            receive = self._table.get(to)
            if receive is not None:
                receive(octets, local)

        self._world.carry(interface, local, to, payload, deliver)


_loop: VirtualClockLoop | None = None


def simulate(work: Coroutine[Any, Any, T]) -> T:
    """Run something in virtual time, from its second 0 on. Raises DeadlockError on a deadlock."""
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = VirtualClockLoop()
    _loop.restart()
    asyncio.set_event_loop(_loop)
    try:
        return _loop.run_until_complete(work)
    finally:
        asyncio.set_event_loop(None)
