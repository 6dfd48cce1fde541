"""The world of sockets: SCTP, UDP, TCP with HTTP, within a scope that nothing leaves."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from makmal.network.frame_recorder import FrameRecorder
from makmal.network.http_ends import HttpEnds, HttpListening
from makmal.network.recorder import NoRecorder, Recorder
from makmal.network.scope import Scope
from makmal.network.taps import Passage
from makmal.network.transport import port_scan, sctp_kernel
from makmal.network.transport.channel import Channel, SocketEnd
from makmal.network.transport.datagrams import DatagramSocket
from makmal.network.transport.port_scan import AnythingListening
from makmal.network.transport.sctp_kernel import KernelLink, KernelListener
from makmal.network.transport.sctp_paths import (
    UDP_PORT,
    Carriage,
    IpPath,
    UdpPath,
    may_use_raw_sockets,
)
from makmal.network.transport.sctp_stack import SctpLink, SctpStack
from makmal.network.transport.tls import ServerTls
from makmal.network.world import (
    SERVICE_TIMEOUT,
    DatagramEnd,
    DatagramReceiver,
    Heard,
    Listening,
    N2Link,
    N2Receiver,
    SbiHandler,
    TlsTo,
    UnreachableError,
    World,
    interface_between,
)
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint, PortOutcome, Probe
from makmal.trace.message import Interface

_PPID_NGAP = 60
_CONNECT_SECONDS = 5.0


class WireWorld(World):
    """``carriage`` is how SCTP travels; None takes what this machine can: sockets of the kernel,
    else our own SCTP on IP, else in UDP. ``http_version`` is what clients speak in clear text.
    """

    def __init__(
        self,
        recorder: Recorder | None = None,
        scope: Scope | None = None,
        carriage: Carriage | None = None,
        udp_port: int = UDP_PORT,
        http_version: str = "2",
    ) -> None:
        super().__init__(recorder or NoRecorder())
        self.scope = scope or Scope()
        self._udp_port = udp_port
        self.carriage = carriage or _carriage_of_this_machine()
        # Packets are noted where we see them; else what passes is noted as messages.
        self._notes_packets = (
            isinstance(self.recorder, FrameRecorder) and self.carriage is not Carriage.KERNEL
        )
        self._stacks: dict[str, SctpStack] = {}
        self._kernel_ends: list[KernelLink | KernelListener] = []
        self._n2_addresses: set[str] = set()
        self._opening = asyncio.Lock()
        self._datagram_ends: set[Endpoint] = set()
        # Pairs of addresses whose datagrams somebody else notes, where they are on the wire.
        self.seen_on_the_wire: set[tuple[str, str]] = set()
        self._records_nothing = isinstance(self.recorder, NoRecorder)
        self.http = HttpEnds(self, http_version)

    @property
    def now_ns(self) -> int:
        """The time, in nanoseconds since 1970-01-01 UTC."""
        return time.time_ns()

    def random_octets(self, count: int) -> bytes:
        """Octets from the kernel."""
        return os.urandom(count)

    def describe(self) -> str:
        """How SCTP travels, for the report."""
        if self.carriage is Carriage.KERNEL:
            return "SCTP of the kernel"
        if self.carriage is Carriage.IP:
            return "user-space SCTP on raw IP (protocol 132)"
        return f"user-space SCTP in UDP (RFC 6951, port {self._udp_port})"

    # N2.

    async def _stack(self, address: str) -> SctpStack:
        async with self._opening:
            stack = self._stacks.get(address)
            if stack is not None:
                return stack
            stack = SctpStack(address, self._note_packet)
            if self.carriage is Carriage.IP:
                stack.path = IpPath(address, stack.received)
            else:
                stack.path = await UdpPath.open(address, stack.received, self._udp_port)
            self._stacks[address] = stack
            self._n2_addresses.add(address)
            return stack

    def _note_packet(self, sent: bool, source: str, destination: str, packet: bytes) -> None:
        # Where both ends are ours, only the sender notes it.
        if isinstance(self.recorder, FrameRecorder) and (sent or source not in self._n2_addresses):
            self.recorder.sctp_packet(self.now_ns, source, destination, packet)

    async def connect_n2(self, local: Endpoint, remote: Endpoint) -> N2Link:
        """Set up an association. Raises UnreachableError, OutOfScopeError."""
        self.scope.check(remote.address)
        if self.carriage is Carriage.KERNEL:
            self._n2_addresses.add(local.address)
            link = await sctp_kernel.connect(local, remote, _CONNECT_SECONDS)
            self._kernel_ends.append(link)
            return WireN2Link(self, link)
        stack = await self._stack(local.address)
        return WireN2Link(self, await stack.connect(remote, local.port, _CONNECT_SECONDS))

    async def listen_n2(self, local: Endpoint, accept: Callable[[N2Link], None]) -> Listening:
        """Take associations. Raises OSError, UnreachableError."""

        def accepted(link: SctpLink | KernelLink) -> None:
            if not self.scope.permits(link.remote.address):
                link.abort()
                return
            if isinstance(link, KernelLink):
                self._kernel_ends.append(link)
            accept(WireN2Link(self, link))

        if self.carriage is Carriage.KERNEL:
            self._n2_addresses.add(local.address)
            listener = sctp_kernel.listen(local, accepted)
            self._kernel_ends.append(listener)
            return listener
        stack = await self._stack(local.address)
        stack.listen(local.port, accepted)
        return _N2Listening(stack, local)

    @property
    def passes_n2_as_it_is(self) -> bool:
        """Whether nobody taps messages of N2 now, and none is noted beside its packets."""
        return not self.taps and (self._notes_packets or isinstance(self.recorder, NoRecorder))

    def pass_n2(
        self, source: Endpoint, destination: Endpoint, payload: bytes, stream_id: int
    ) -> list[Passage]:
        """What the taps make of a message of N2, noted where packets are not."""
        passages = self._tapped(Interface.N2, source, destination, payload)
        if not self._notes_packets:
            for each in passages:
                self.recorder.n2(self.now_ns, source, destination, each.content, stream_id)
        return passages

    def _tapped(
        self, interface: Interface, source: Endpoint, destination: Endpoint, content: Any
    ) -> list[Passage]:
        passage = Passage(interface, source, destination, content)
        return self.taps.apply(passage) if self.taps else [passage]

    def is_ours(self, address: str) -> bool:
        """Whether an end of N2 at this address is this world's."""
        return address in self._n2_addresses

    # N3 and N4.

    async def open_datagrams(self, local: Endpoint, receive: DatagramReceiver) -> DatagramEnd:
        """Open a UDP port. Raises OSError."""
        end = DatagramSocket(self, local, receive)
        self._datagram_ends.add(end.local)
        return end

    @property
    def only_passes(self) -> bool:
        """Whether nothing is recorded or tapped."""
        return self._records_nothing and self.taps.are_none

    def datagram_passes(
        self, source: Endpoint, destination: Endpoint, payload: bytes, sent: bool
    ) -> list[Passage]:
        """What the taps make of a datagram; it is noted once, as it was on the wire."""
        interface = interface_between(source, destination)
        both_ours = source in self._datagram_ends and destination in self._datagram_ends
        if not sent:
            if both_ours:
                return [Passage(interface, source, destination, payload)]
            self._note_datagram(source, destination, payload)
            return self._tapped(interface, source, destination, payload)
        passages = self._tapped(interface, source, destination, payload)
        for each in passages:
            self._note_datagram(source, destination, each.content)
        return passages

    def _note_datagram(self, source: Endpoint, destination: Endpoint, payload: bytes) -> None:
        if (source.address, destination.address) not in self.seen_on_the_wire:
            self.recorder.datagram(self.now_ns, source, destination, payload)

    def forget_datagrams(self, local: Endpoint) -> None:
        """A port was closed."""
        self._datagram_ends.discard(local)

    # The service-based interface.

    async def serve(
        self, local: Endpoint, handler: SbiHandler, tls: ServerTls | None = None
    ) -> HttpListening:
        """Serve HTTP/2 (with prior knowledge, if in clear text) and HTTP/1.1. Raises OSError."""
        return await self.http.serve(local, handler, tls)

    async def listen_for_anything(self, local: Endpoint, heard: Heard) -> Listening:
        """Take any TCP connection. Raises OSError."""
        return await AnythingListening.open(local, heard)

    async def scan(
        self, local: str, address: str, transport: str, first: int, last: int
    ) -> tuple[int, ...]:
        """Try the ports one by one. Raises OutOfScopeError, UnreachableError."""
        self.scope.check(address)
        ports = range(first, last + 1)

        def note(local: Endpoint, port: int, outcome: PortOutcome, *octets: bytes) -> None:
            to = Endpoint(address, port)
            self.recorder.probe(Probe(0, self.now_ns, local, to, transport, outcome, *octets))

        if transport == "tcp":
            await port_scan.scan_tcp(local, address, ports, note)
        elif transport == "udp":
            await port_scan.scan_udp(local, address, ports, note)
        elif self.carriage is Carriage.KERNEL:
            await port_scan.scan_kernel_sctp(local, address, ports, note)
        else:
            # Its packets are noted as they pass.
            await port_scan.scan_sctp(await self._stack(local), address, ports)
        return tuple(ports)

    async def request(
        self,
        local: Endpoint,
        to: Endpoint,
        message: HttpMessage,
        seconds: float = SERVICE_TIMEOUT,
        tls: TlsTo | None = None,
    ) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        self.scope.check(to.address)
        return await self.http.request(local, to, message, seconds, tls)

    def hang_up(self, address: str) -> None:
        """Close the HTTP connections that functions at an address have opened."""
        self.http.hang_up(address)

    async def connect_tcp(self, local: str, to: Endpoint, channel: Channel) -> None:
        """Connect a channel. Raises UnreachableError, OutOfScopeError."""
        self.scope.check(to.address)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await loop.create_connection(
                    lambda: SocketEnd(lambda remote: channel),
                    to.address,
                    to.port,
                    local_addr=(local, 0) if local else None,
                )
        except TimeoutError:
            raise UnreachableError(
                f"no answer from {to.address}:{to.port} within {_CONNECT_SECONDS:g} s"
            ) from None
        except OSError as error:
            raise UnreachableError(
                f"{to.address}:{to.port} cannot be reached: {error.strerror or error}"
            ) from None

    async def listen_tcp(
        self, local: Endpoint, accept: Callable[[Endpoint], Channel | None]
    ) -> Listening:
        """Take TCP connections from within the scope. Raises OSError."""

        def channel_for(client: Endpoint) -> Channel | None:
            return accept(client) if self.scope.permits(client.address) else None

        server = await asyncio.get_running_loop().create_server(
            lambda: SocketEnd(channel_for), local.address, local.port
        )
        return _TcpListening(server, local)

    async def close(self) -> None:
        """Stop everything, and close every socket."""
        await super().close()
        await self.http.close()
        for stack in self._stacks.values():
            await stack.close()
        self._stacks.clear()
        for end in self._kernel_ends:
            if isinstance(end, KernelLink):
                end.abort()
            else:
                end.close()
        self._kernel_ends.clear()


def _carriage_of_this_machine() -> Carriage:
    if sctp_kernel.kernel_offers_sctp():
        return Carriage.KERNEL
    return Carriage.IP if may_use_raw_sockets() else Carriage.UDP


class WireN2Link:
    """One end of an association, with the taps of the world."""

    def __init__(self, world: WireWorld, link: SctpLink | KernelLink) -> None:
        self.local, self.remote = link.local, link.remote
        self.on_message: N2Receiver | None = None
        self.on_close: Callable[[str], None] | None = None
        self._world, self._link = world, link
        link.on_message = self._received
        link.on_close = self._closed

    def send(self, payload: bytes, stream_id: int = 0) -> None:
        """Send one NGAP PDU."""
        if self._world.passes_n2_as_it_is:
            self._link.send(payload, stream_id, _PPID_NGAP)
            return
        for each in self._world.pass_n2(self.local, self.remote, payload, stream_id):
            if each.delay:
                asyncio.get_running_loop().call_later(
                    each.delay, self._link.send, each.content, stream_id, _PPID_NGAP
                )
            else:
                self._link.send(each.content, stream_id, _PPID_NGAP)

    def _received(self, payload: bytes, stream_id: int, identifier: int) -> None:
        del identifier
        if self._world.passes_n2_as_it_is or self._world.is_ours(self.remote.address):
            # Where it was sent by us, it was noted and tapped there.
            self._deliver(payload, stream_id)
            return
        for each in self._world.pass_n2(self.remote, self.local, payload, stream_id):
            if each.delay:
                asyncio.get_running_loop().call_later(
                    each.delay, self._deliver, each.content, stream_id
                )
            else:
                self._deliver(each.content, stream_id)

    def _deliver(self, payload: bytes, stream_id: int) -> None:
        if self.on_message is not None:
            self.on_message(payload, stream_id)

    def _closed(self, reason: str) -> None:
        if self.on_close is not None:
            self.on_close(reason)

    def close(self) -> None:
        """End the association in order."""
        self._link.close()


class _N2Listening:
    def __init__(self, stack: SctpStack, local: Endpoint) -> None:
        self._stack, self.local = stack, local

    def close(self) -> None:
        """Stop listening."""
        self._stack.unlisten(self.local.port)


class _TcpListening:
    def __init__(self, server: asyncio.Server, local: Endpoint) -> None:
        self._server, self.local = server, local

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()
