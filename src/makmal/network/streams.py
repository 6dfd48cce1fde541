"""Byte streams: what applications, devices and the tester in front of them speak over.

Whoever sends opens streams by a ``Connector``, and cannot tell whether it is sockets, memory, or
the PDU session of a UE.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from makmal.network.scope import Scope
from makmal.network.world import Listening, UnreachableError
from makmal.trace.frame import Endpoint

_READ = 65_536
# A reader that falls behind by so much stops its peer.
_MOST_UNREAD = 1 << 22


class RefusedError(UnreachableError):
    """Nobody listens there: the connection was refused."""


class SilentError(UnreachableError):
    """Nothing came back, not even a refusal."""


class ByteStream(ABC):
    """One end of a connection that carries octets in order, both ways."""

    local: Endpoint
    remote: Endpoint

    @abstractmethod
    async def read(self) -> bytes:
        """The next octets; none when the other end has closed. Raises ConnectionError."""

    @abstractmethod
    async def write(self, octets: bytes) -> None:
        """Send octets. Raises ConnectionError."""

    @abstractmethod
    def close(self) -> None:
        """End the connection."""


Serve = Callable[[ByteStream], Awaitable[None]]


class Connector(ABC):
    """Opens streams, and takes them."""

    @abstractmethod
    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        """A stream to somebody. Raises RefusedError, SilentError, UnreachableError."""

    @abstractmethod
    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        """Serve every stream that comes. Raises OSError when the port cannot be had."""


class SocketConnector(Connector):
    """TCP sockets, within a scope that nothing leaves."""

    def __init__(self, scope: Scope, local: str = "") -> None:
        self._scope, self._local = scope, local

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        """Connect. Raises RefusedError, SilentError, OutOfScopeError, UnreachableError."""
        self._scope.check(to.address)
        where = f"{to.address}:{to.port}"
        local = (self._local, 0) if self._local else None
        try:
            async with asyncio.timeout(seconds):
                ends = await asyncio.open_connection(to.address, to.port, local_addr=local)
        except TimeoutError:
            raise SilentError(f"no answer from {where} within {seconds:g} s") from None
        except ConnectionRefusedError:
            raise RefusedError(f"{where} refuses connections: nothing listens there") from None
        except OSError as error:
            raise UnreachableError(
                f"{where} cannot be reached: {error.strerror or error}"
            ) from None
        return _SocketStream(*ends)

    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        """Listen on a port of this machine. Raises OSError, OutOfScopeError."""
        self._scope.check(local.address)

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stream = _SocketStream(reader, writer)
            try:
                if self._scope.permits(stream.remote.address):
                    await serve(stream)
            finally:
                stream.close()

        server = await asyncio.start_server(accepted, local.address, local.port)
        name = server.sockets[0].getsockname()
        return _SocketListening(server, Endpoint(name[0], name[1]))


class _SocketStream(ByteStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        ours, theirs = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        self.local, self.remote = Endpoint(*ours[:2]), Endpoint(*(theirs or ("0.0.0.0", 0))[:2])  # noqa: S104 - nothing is bound to it

    async def read(self) -> bytes:
        return await self._reader.read(_READ)

    async def write(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    def close(self) -> None:
        if not self._writer.is_closing():
            self._writer.close()


class _SocketListening:
    def __init__(self, server: asyncio.Server, local: Endpoint) -> None:
        self._server, self.local = server, local

    def close(self) -> None:
        """Stop listening."""
        self._server.close()


class MemoryConnector(Connector):
    """Streams in memory, for a simulated world: who listens is a table. ``address`` is ours."""

    def __init__(self, address: str, others: MemoryConnector | None = None) -> None:
        self._address = address
        self._network: _MemoryNetwork = _MemoryNetwork() if others is None else others._network

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        """Connect. Raises RefusedError."""
        del seconds
        await asyncio.sleep(0)
        serve = self._network.listeners.get(to)
        if serve is None:
            raise RefusedError(f"{to.address}:{to.port} refuses connections: nothing listens there")
        local = Endpoint(self._address, self._network.next_port())
        ours, theirs = _MemoryStream(local, to), _MemoryStream(to, local)
        ours.peer, theirs.peer = theirs, ours
        self._network.spawn(serve, theirs)
        return ours

    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        """Enter the table. Raises OSError."""
        if local in self._network.listeners:
            raise OSError(f"{local.address}:{local.port} is taken already")
        self._network.listeners[local] = serve
        return _MemoryListening(self._network, local)

    async def finish(self) -> None:
        """Stop whatever still serves; what broke in it is raised."""
        await self._network.finish()


class _MemoryNetwork:
    def __init__(self) -> None:
        self.listeners: dict[Endpoint, Serve] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        self._port = 40_000

    def next_port(self) -> int:
        self._port = self._port + 1 if self._port < 65_000 else 40_001
        return self._port

    def spawn(self, serve: Serve, stream: _MemoryStream) -> None:
        async def served() -> None:
            try:
                await serve(stream)
            except ConnectionError:
                return
            finally:
                stream.close()

        task = asyncio.get_running_loop().create_task(served())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failures.append(task.exception() or RuntimeError("unknown"))

    async def finish(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failures:
            raise self._failures[0]


class _MemoryListening:
    def __init__(self, network: _MemoryNetwork, local: Endpoint) -> None:
        self._network, self.local = network, local

    def close(self) -> None:
        """Leave the table."""
        self._network.listeners.pop(self.local, None)


class _MemoryStream(ByteStream):
    def __init__(self, local: Endpoint, remote: Endpoint) -> None:
        self.local, self.remote = local, remote
        self.peer: _MemoryStream | None = None
        self._unread = bytearray()
        self._ended = False
        self._changed = asyncio.Event()

    async def read(self) -> bytes:
        while not self._unread and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        octets = bytes(self._unread[:_READ])
        del self._unread[:_READ]
        return octets

    async def write(self, octets: bytes) -> None:
        peer = self.peer
        if peer is None or self._ended:
            raise ConnectionResetError("the other side closed the connection")
        if len(peer._unread) > _MOST_UNREAD:
            raise ConnectionResetError("the other side does not read")
        peer._unread += octets
        peer._changed.set()
        await asyncio.sleep(0)

    def close(self) -> None:
        peer, self.peer = self.peer, None
        self._ended = True
        self._changed.set()
        if peer is not None:
            peer.peer = None
            peer._ended = True
            peer._changed.set()


async def cancel(tasks: set[asyncio.Task[Any]]) -> None:
    """Stop tasks and wait until they have stopped."""
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
