"""TCP over IP packets that somebody else carries: a UE's session, or the UPF's end of N6."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address

from makmal.network.streams import ByteStream, RefusedError, SilentError
from makmal.network.upf import packets
from makmal.network.world import World
from makmal.protocol import tcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.tcp.segment import ACK, RST, SYN
from makmal.trace.checksum import internet_checksum
from makmal.trace.frame import Endpoint

_TCP = 6
_FIRST_PORT, _LAST_PORT = 32_768, 60_999
# Beyond this, a writer waits until the peer has taken some.
_MOST_UNSENT = 1 << 18

_Key = tuple[bytes, int, bytes, int]


class TcpStream(ByteStream):
    """One end of a connection."""

    def __init__(self, stack: TcpStack, key: _Key, connection: tcp.Connection) -> None:
        self.local = Endpoint(str(ip_address(key[0])), key[1])
        self.remote = Endpoint(str(ip_address(key[2])), key[3])
        self.connection = connection
        self._stack, self._key = stack, key
        self._timer: asyncio.TimerHandle | None = None
        self.changed = asyncio.Event()

    async def read(self) -> bytes:
        """The next octets; none when the other end has closed. Raises ConnectionError."""
        while True:
            octets = self.connection.read()
            if octets:
                self.flush()
                return octets
            if self.connection.peer_has_closed:
                return b""
            if self.connection.is_over:
                if self.connection.error is None:
                    return b""
                raise ConnectionResetError(self.connection.error)
            self.changed.clear()
            await self.changed.wait()

    async def write(self, octets: bytes) -> None:
        """Send octets. Raises ConnectionError."""
        self.connection.write(octets)
        self.flush()
        while self.connection.unsent > _MOST_UNSENT and not self.connection.is_over:
            self.changed.clear()
            await self.changed.wait()
        if self.connection.error is not None:
            raise ConnectionResetError(self.connection.error)

    def close(self) -> None:
        """Nothing more is written; what was, still goes."""
        self.connection.close()
        self.flush()

    def abort(self) -> None:
        """End at once."""
        self.connection.abort()
        self.flush()

    def receive(self, segment: tcp.Segment) -> None:
        """A segment came."""
        self.connection.receive(segment)
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent, set the timer, wake who waits."""
        for segment in self.connection.output():
            self._stack.emit(self._key, segment)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        timeout = self.connection.timeout
        if timeout is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(timeout, self._expired)
        self.changed.set()
        if self.connection.is_over:
            self._stack.forget(self._key)

    def _expired(self) -> None:
        self._timer = None
        self.connection.expired()
        self.flush()


# Told of a SYN for an address that somebody has to answer for; True: it will call ``accept``.
OnConnection = Callable[[Endpoint, Endpoint, tcp.Segment], bool]


class TcpStack:
    """``send`` takes IP packets. Without ``on_connection``, connections of others are refused."""

    def __init__(
        self,
        world: World,
        send: Callable[[bytes], None],
        on_connection: OnConnection | None = None,
        segment_size: int = 1360,
    ) -> None:
        self._world, self._send, self._on_connection = world, send, on_connection
        self._segment_size = segment_size
        self._streams: dict[_Key, TcpStream] = {}
        # Connections that are under way to be accepted.
        self._awaited: set[_Key] = set()
        self._port = _FIRST_PORT + int.from_bytes(world.random_octets(2), "big") % 20_000

    def close(self) -> None:
        """End all connections at once."""
        for stream in list(self._streams.values()):
            stream.abort()

    async def connect(self, local: str, to: Endpoint, seconds: float) -> TcpStream:
        """A connection. Raises RefusedError, SilentError."""
        key = self._key(local, to)
        connection = tcp.Connection(key[1], key[3], self._initial(), self._segment_size)
        stream = self._streams[key] = TcpStream(self, key, connection)
        connection.open()
        stream.flush()
        where = f"{to.address}:{to.port}"
        try:
            async with asyncio.timeout(seconds):
                while not connection.is_established and not connection.is_over:
                    stream.changed.clear()
                    await stream.changed.wait()
        except TimeoutError:
            stream.abort()
            raise SilentError(f"no answer from {where} within {seconds:g} s") from None
        if connection.error is not None and not connection.is_established:
            raise RefusedError(f"{where}: {connection.error}")
        return stream

    def accept(self, local: Endpoint, remote: Endpoint, segment: tcp.Segment) -> TcpStream:
        """Take the connection that a SYN asked for."""
        key = _key_of(local, remote)
        self._awaited.discard(key)
        connection = tcp.Connection(key[1], key[3], self._initial(), self._segment_size)
        stream = self._streams[key] = TcpStream(self, key, connection)
        connection.accept(segment)
        stream.flush()
        return stream

    def refuse(self, local: Endpoint, remote: Endpoint, segment: tcp.Segment) -> None:
        """Do not take it: RST."""
        key = _key_of(local, remote)
        self._awaited.discard(key)
        self._reset(key, segment)

    def ignore(self, local: Endpoint, remote: Endpoint) -> None:
        """Say nothing to it."""
        self._awaited.discard(_key_of(local, remote))

    def receive(self, packet: bytes) -> None:
        """An IP packet with a segment for us."""
        if packets.protocol(packet) != _TCP:
            return
        try:
            segment = tcp.decode(_payload(packet))
        except DecodeError:
            return
        ours, theirs = packets.destination(packet), packets.source(packet)
        key = ours, segment.destination_port, theirs, segment.source_port
        stream = self._streams.get(key)
        if stream is not None:
            stream.receive(segment)
            return
        if segment.flags & RST or key in self._awaited:
            return
        if segment.flags & (SYN | ACK) == SYN and self._on_connection is not None:
            local, remote = _endpoint(key[0], key[1]), _endpoint(key[2], key[3])
            self._awaited.add(key)
            if self._on_connection(local, remote, segment):
                return
            self._awaited.discard(key)
        self._reset(key, segment)

    def _reset(self, key: _Key, segment: tcp.Segment) -> None:
        """RFC 9293, 3.10.7.1."""
        number = segment.acknowledgment if segment.flags & ACK else 0
        acknowledges = (segment.sequence + segment.length) % (1 << 32)
        flags = RST if segment.flags & ACK else RST | ACK
        self.emit(key, tcp.Segment(key[1], key[3], number, acknowledges, flags, 0))

    def emit(self, key: _Key, segment: tcp.Segment) -> None:
        """Send a segment in its IP packet."""
        self._send(packets.tcp_packet(key[0], key[2], segment.encode()))

    def forget(self, key: _Key) -> None:
        """A connection has ended."""
        self._streams.pop(key, None)

    def _initial(self) -> int:
        return int.from_bytes(self._world.random_octets(4), "big")

    def _key(self, local: str, to: Endpoint) -> _Key:
        while True:
            self._port = self._port + 1 if self._port < _LAST_PORT else _FIRST_PORT
            key = _key_of(Endpoint(local, self._port), to)
            if key not in self._streams:
                return key


def _key_of(local: Endpoint, remote: Endpoint) -> _Key:
    ours, theirs = ip_address(local.address).packed, ip_address(remote.address).packed
    return ours, local.port, theirs, remote.port


def _endpoint(address: bytes, port: int) -> Endpoint:
    return Endpoint(str(ip_address(address)), port)


def _payload(packet: bytes) -> bytes:
    """What stands behind the IP header, without the padding that IPv4 may have behind it."""
    start = packets.payload_at(packet)
    if packet[0] >> 4 == 4:
        return packet[start : int.from_bytes(packet[2:4], "big")]
    return packet[start : start + int.from_bytes(packet[4:6], "big")]


def is_intact(packet: bytes) -> bool:
    """Whether the checksum of the segment fits (RFC 9293, 3.1)."""
    content = _payload(packet)
    ends = packets.source(packet), packets.destination(packet)
    return internet_checksum(packets.pseudo_header(*ends, _TCP, len(content)) + content) == 0
