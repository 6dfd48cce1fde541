"""N6 without any rights: what UEs send goes out of sockets of ours, and what comes back, to them.

Datagrams each have a socket for their flow. A TCP connection ends here, and another one to where
the UE wanted goes out. Pings are answered here: who may not open a raw socket cannot send them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address

from makmal.network.streams import ByteStream, Connector, SilentError
from makmal.network.tcp_stack import TcpStack
from makmal.network.upf import packets
from makmal.network.upf.data_network import TakePacket
from makmal.network.world import DatagramEnd, UnreachableError, World
from makmal.protocol import tcp
from makmal.trace.frame import Endpoint

_MOST_FLOWS = 1024
_MOST_HELD = 32
_TCP, _UDP = 6, 17
_MOST_CONNECTIONS, _CONNECT_SECONDS, _LINGER_SECONDS = 256, 5.0, 30.0

# The UE's address and port, and the remote ones.
_Key = tuple[bytes, int, bytes, int]


class _Flow:
    """A datagram socket for one flow; what came before it was open is held."""

    __slots__ = ("end", "held")

    def __init__(self) -> None:
        self.end: DatagramEnd | None = None
        self.held: list[bytes] = []


class AddressTranslation:
    """A data network behind sockets at ``address``. Nothing leaves the world's scope.

    IPv6 needs an address of its own. ``connector`` opens the connections that UEs want; without
    one they are refused. ``hosts`` are in this process, by their IP address: they take packets as
    they are.
    """

    def __init__(
        self,
        world: World,
        address: str,
        connector: Connector | None = None,
        *,
        address_ipv6: str = "",
        answers_pings: bool = True,
    ) -> None:
        self.take: TakePacket | None = None
        self.log: list[str] = []
        self._world, self._answers_pings = world, answers_pings
        self._addresses = {4: address, 16: address_ipv6}
        self.hosts: dict[bytes, Callable[[bytes], None]] = {}
        self._connector = connector
        self._tcp = TcpStack(world, self._back, self._connection)
        self._relayed: set[asyncio.Task[None]] = set()
        self._flows: OrderedDict[_Key, _Flow] = OrderedDict()

    async def open(self) -> None:
        """Sockets are opened when they are needed."""

    def close(self) -> None:
        """Close them all."""
        self._tcp.close()
        for flow in self._flows.values():
            if flow.end is not None:
                flow.end.close()
        self._flows.clear()

    def send(self, packet: bytes) -> None:
        """A packet of a UE."""
        host = self.hosts.get(packets.destination(packet))
        if host is not None:
            host(packet)
            return
        if packets.protocol(packet) == _UDP:
            self._datagram(packet)
            return
        if packets.protocol(packet) == _TCP:
            self._tcp.receive(packet)
            return
        answer = packets.echo_reply(packet) if self._answers_pings else None
        if answer is not None and self.take is not None:
            self.take(answer)

    def _back(self, packet: bytes) -> None:
        if self.take is not None:
            self.take(packet)

    # TCP.

    def _connection(self, local: Endpoint, remote: Endpoint, segment: tcp.Segment) -> bool:
        """A UE (``remote``) wants a connection to ``local``: it is taken once that one has."""
        if self._connector is None or len(self._relayed) >= _MOST_CONNECTIONS:
            return False
        task = self._world.spawn(self._relay(self._connector, local, remote, segment))
        self._relayed.add(task)
        task.add_done_callback(self._relayed.discard)
        return True

    async def _relay(
        self, connector: Connector, local: Endpoint, remote: Endpoint, segment: tcp.Segment
    ) -> None:
        try:
            outer = await connector.open(local, _CONNECT_SECONDS)
        except SilentError:
            self._tcp.ignore(local, remote)
            return
        except UnreachableError as error:
            self.log.append(f"{remote.address} did not reach {local.address}: {error}")
            self._tcp.refuse(local, remote, segment)
            return
        inner = self._tcp.accept(local, remote, segment)
        ways = {
            asyncio.create_task(_copy(inner, outer)),
            asyncio.create_task(_copy(outer, inner, ends=True)),
        }
        try:
            _, other = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if other:
                # Who has nothing more to say may still listen.
                await asyncio.wait(other, timeout=_LINGER_SECONDS)
        finally:
            for each in ways:
                each.cancel()
            inner.close()
            outer.close()

    # UDP.

    def _datagram(self, packet: bytes) -> None:
        ends = packets.ports(packet)
        if ends is None:
            return
        key = packets.source(packet), ends[0], packets.destination(packet), ends[1]
        content = packet[packets.payload_at(packet) + 8 :]
        flow = self._flows.get(key)
        if flow is None:
            flow = self._flows[key] = _Flow()
            if len(self._flows) > _MOST_FLOWS:
                _, oldest = self._flows.popitem(last=False)
                if oldest.end is not None:
                    oldest.end.close()
            flow.held.append(content)
            self._world.spawn(self._open(key, flow))
        elif flow.end is None:
            if len(flow.held) < _MOST_HELD:
                flow.held.append(content)
        else:
            self._out(flow.end, content, key)

    async def _open(self, key: _Key, flow: _Flow) -> None:
        sender, sender_port, receiver, receiver_port = key

        def back(content: bytes, source: Endpoint) -> None:
            remote = Endpoint(str(ip_address(receiver)), receiver_port)
            if self.take is not None and source == remote:
                self.take(packets.udp_packet(receiver, sender, receiver_port, sender_port, content))

        address = self._addresses[len(receiver)]
        try:
            if not address:
                raise OSError("there is no address of this family")
            flow.end = await self._world.open_datagrams(Endpoint(address, 0), back)
        except OSError as error:
            self.log.append(f"no socket for N6 at {address or 'any address'}: {error}")
            self._flows.pop(key, None)
            return
        held, flow.held = flow.held, []
        for content in held:
            self._out(flow.end, content, key)

    def _out(self, end: DatagramEnd, content: bytes, key: _Key) -> None:
        try:
            end.send(content, Endpoint(str(ip_address(key[2])), key[3]))
        except (UnreachableError, OSError) as error:
            self.log.append(f"nothing was sent on N6: {error}")


async def _copy(source: ByteStream, destination: ByteStream, *, ends: bool = False) -> None:
    """Until the source ends, and then the destination too if wanted, or one of them breaks."""
    try:
        while octets := await source.read():
            await destination.write(octets)
    except ConnectionError:
        source.close()
        ends = True
    if ends:
        destination.close()
