"""What a network function sees of the world: a clock, links, datagrams, requests, random octets.

Functions are written once against it, on asyncio. In the simulated world they meet in memory, with
a virtual clock and seeded octets; on the wire they meet through sockets.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from makmal.network.recorder import Recorder
from makmal.network.taps import Taps
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint
from makmal.trace.message import Interface

if TYPE_CHECKING:
    from makmal.network.http_ends import HttpEnds
    from makmal.network.transport.channel import Channel
    from makmal.network.transport.tls import ClientTls, ServerTls

SbiHandler = Callable[[HttpMessage], Coroutine[Any, Any, HttpMessage]]
DatagramReceiver = Callable[[bytes, Endpoint], None]
N2Receiver = Callable[[bytes, int], None]

# Who connected, and the first octets that came.
Heard = Callable[[str, bytes], None]

# How long a consumer waits for a response, in seconds.
SERVICE_TIMEOUT = 5.0


class UnreachableError(Exception):
    """Nothing answers there, or it refuses: one sentence with the address and what to look at."""


class ServiceTimeoutError(UnreachableError):
    """A producer took a request and did not answer in time."""


class TlsTo(NamedTuple):
    """TLS to a server whose certificate has this name (an FQDN or an address; "" for any)."""

    client: ClientTls
    server_name: str


class N2Link(Protocol):
    """One SCTP association with payload protocol identifier 60 (NGAP; TS 38.412, 7)."""

    local: Endpoint
    remote: Endpoint
    # Called with every message and the stream it came on; set by the owner of this end.
    on_message: N2Receiver | None
    # Called once, with the reason, when the association has ended.
    on_close: Callable[[str], None] | None

    def send(self, payload: bytes, stream_id: int = 0) -> None:
        """Send one NGAP PDU."""

    def close(self) -> None:
        """End the association in order."""


class DatagramEnd(Protocol):
    """One UDP port of ours (N3 or N4)."""

    local: Endpoint

    def send(self, payload: bytes, to: Endpoint) -> None:
        """Send one datagram."""

    def close(self) -> None:
        """Give the port back."""


class Listening(Protocol):
    """A port on which something of ours is served."""

    local: Endpoint

    def close(self) -> None:
        """Stop listening."""


_GTPU_PORT, _PFCP_PORT = 2152, 8805


def interface_between(one: Endpoint, other: Endpoint) -> Interface:
    """Which interface a datagram is of, by its ports; what is neither N3 nor N4 is a user's."""
    ports = one.port, other.port
    if _GTPU_PORT in ports:
        return Interface.N3
    return Interface.N4 if _PFCP_PORT in ports else Interface.N6


class World(ABC):
    """Where functions run. ``products`` are the addresses of products under test: at their side
    of every link the trace is recorded.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.taps = Taps()
        self.products: set[str] = set()
        self.failures: list[BaseException] = []
        # Of TCP: in the simulated world for TLS only.
        self.http: HttpEnds
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    @abstractmethod
    def now_ns(self) -> int:
        """The time, in nanoseconds since 1970-01-01 UTC."""

    def pass_time(self) -> None:  # noqa: B027 - only where time is made, there is something to do
        """A message takes a moment to travel, where time is made."""

    @abstractmethod
    def random_octets(self, count: int) -> bytes:
        """Octets that nobody can foresee (in the simulated world: nobody without the seed)."""

    @abstractmethod
    async def connect_n2(self, local: Endpoint, remote: Endpoint) -> N2Link:
        """Set up an SCTP association. Raises UnreachableError."""

    @abstractmethod
    async def listen_n2(self, local: Endpoint, accept: Callable[[N2Link], None]) -> Listening:
        """Take associations. Raises OSError when the address cannot be had."""

    @abstractmethod
    async def open_datagrams(self, local: Endpoint, receive: DatagramReceiver) -> DatagramEnd:
        """Open a UDP port. Raises OSError when the address cannot be had."""

    @abstractmethod
    async def serve(
        self, local: Endpoint, handler: SbiHandler, tls: ServerTls | None = None
    ) -> Listening:
        """Serve HTTP requests, over TLS or in clear text. Raises OSError when the address cannot
        be had.
        """

    @abstractmethod
    async def request(
        self,
        local: Endpoint,
        to: Endpoint,
        message: HttpMessage,
        seconds: float = SERVICE_TIMEOUT,
        tls: TlsTo | None = None,
    ) -> HttpMessage:
        """One HTTP request and its response. Raises UnreachableError, ServiceTimeoutError."""

    @abstractmethod
    async def connect_tcp(self, local: str, to: Endpoint, channel: Channel) -> None:
        """Connect a channel from an address ("" for any). Raises UnreachableError."""

    @abstractmethod
    async def listen_tcp(
        self, local: Endpoint, accept: Callable[[Endpoint], Channel | None]
    ) -> Listening:
        """Take TCP connections: ``accept`` gives the channel for a client. Raises OSError."""

    @abstractmethod
    def hang_up(self, address: str) -> None:
        """Close the HTTP connections that functions at an address have opened."""

    @abstractmethod
    async def listen_for_anything(self, local: Endpoint, heard: Heard) -> Listening:
        """Take any connection, tell what came first on it, and answer nothing of use.

        Raises OSError when the address cannot be had.
        """

    @abstractmethod
    async def scan(
        self, local: str, address: str, transport: str, first: int, last: int
    ) -> tuple[int, ...]:
        """Try the ports of an address, and have the recorder take each down; those that were tried.
        ``transport`` is "tcp", "udp" or "sctp". Raises UnreachableError.
        """

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside. What goes wrong in it is kept in ``failures``, never lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            error = task.exception()
            if error is not None:
                self.failures.append(error)

    async def close(self) -> None:
        """Stop everything that still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
