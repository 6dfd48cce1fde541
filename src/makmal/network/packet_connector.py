"""Streams over IP packets: through the PDU session of a UE, or from a host of the data network."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from makmal.network.streams import ByteStream, Connector, Serve
from makmal.network.tcp_stack import TcpStack
from makmal.network.ue import Ue
from makmal.network.ue.access import NoUserPlaneError
from makmal.network.ue.state import PduSession
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.world import Listening, UnreachableError, World
from makmal.protocol import tcp
from makmal.trace.frame import Endpoint


class PacketConnector(Connector):
    """Streams of the host with this IP address; ``send`` takes its packets."""

    def __init__(self, world: World, address: str, send: Callable[[bytes], None]) -> None:
        self.address = address
        self._world = world
        self._stack = TcpStack(world, send, self._asked)
        self._serving: dict[int, Serve] = {}

    def receive(self, packet: bytes) -> None:
        """A packet for this host."""
        self._stack.receive(packet)

    def close(self) -> None:
        """End all connections."""
        self._stack.close()

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        """Connect. Raises RefusedError, SilentError, UnreachableError."""
        if ip_address(to.address).version != ip_address(self.address).version:
            raise UnreachableError(f"{to.address} cannot be reached from {self.address}")
        return await self._stack.connect(self.address, to, seconds)

    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        """Serve every stream that comes. Raises OSError when the port cannot be had."""
        if local.address != self.address:
            raise OSError(f"{local.address} is no address of this host, which has {self.address}")
        if local.port in self._serving:
            raise OSError(f"{local.address}:{local.port} is taken already")
        self._serving[local.port] = serve
        return _PacketListening(self._serving, local)

    def _asked(self, local: Endpoint, remote: Endpoint, segment: tcp.Segment) -> bool:
        serve = self._serving.get(local.port)
        if serve is None:
            return False
        stream = self._stack.accept(local, remote, segment)
        self._world.spawn(_served(serve, stream))
        return True


async def _served(serve: Serve, stream: ByteStream) -> None:
    try:
        await serve(stream)
    except ConnectionError:
        # The other side went away: nobody is left to serve.
        return
    finally:
        stream.close()


class _PacketListening:
    def __init__(self, serving: dict[int, Serve], local: Endpoint) -> None:
        self._serving, self.local = serving, local

    def close(self) -> None:
        """Stop listening."""
        self._serving.pop(self.local.port, None)


def session_connector(ue: Ue, session: PduSession) -> PacketConnector:
    """Streams through a PDU session: every octet of them travels in GTP-U on N3.

    The UE's ``on_packet`` is taken over. Raises UnreachableError for a session without an address.
    """
    address = session.address
    if address is None:
        raise UnreachableError(f"PDU session {session.identity} has no IP address")

    def send(packet: bytes) -> None:
        try:
            ue.send_packet(session, packet)
        except NoUserPlaneError:
            # Lost, as in any network: the stream finds out by its timer.
            return

    connector = PacketConnector(ue.world, address, send)
    before = ue.on_packet

    def receive(of: PduSession, packet: bytes) -> None:
        if of is session:
            connector.receive(packet)
        elif before is not None:
            before(of, packet)

    ue.on_packet = receive
    return connector


def host_connector(world: World, network: AddressTranslation, address: str) -> PacketConnector:
    """Streams of a host of the data network, which is in this process: it serves UEs, and reaches
    what listens at them.
    """

    def send(packet: bytes) -> None:
        if network.take is not None:
            network.take(packet)

    connector = PacketConnector(world, address, send)
    network.hosts[ip_address(address).packed] = connector.receive
    return connector
