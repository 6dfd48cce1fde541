"""One end of N4: requests that are sent until they are answered, requests that come twice.

TS 29.244, 6.4: a request without a response is sent again every T1, N1 times in all; whoever gets a
request twice sends the response twice and does nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from makmal.network.world import (
    DatagramEnd,
    DatagramReceiver,
    ServiceTimeoutError,
    UnreachableError,
    World,
)
from makmal.protocol import pfcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.pfcp.message import ElementSpec
from makmal.trace.frame import Endpoint

_MOST_NUMBERS = 0xFFFFFF
_VERSION = 1


@dataclass(frozen=True, slots=True)
class PfcpTimers:
    """Times in seconds: T1 and how often N1 a request is sent (TS 29.244, 6.4).

    ``heartbeat`` is the time between two heartbeats, ``association`` between two attempts to
    associate with a node that did not answer.
    """

    t1: float = 3.0
    n1: int = 3
    heartbeat: float = 60.0
    association: float = 10.0


class _Pending:
    """A request without a response so far."""

    __slots__ = ("answer", "expected", "left", "octets", "timer")

    def __init__(self, octets: bytes, expected: int, left: int) -> None:
        self.octets, self.expected, self.left = octets, expected, left
        self.answer: asyncio.Future[pfcp.Message] = asyncio.get_running_loop().create_future()
        self.timer: asyncio.TimerHandle | None = None


# Answers a request, or None to say nothing.
RequestHandler = Callable[[pfcp.Message, Endpoint], pfcp.Message | None]


OpenDatagrams = Callable[[Endpoint, DatagramReceiver], Awaitable[DatagramEnd]]


class PfcpNode:
    """A port of PFCP. ``handle`` answers the requests that come.

    ``first_number``: where sequence numbers begin. A peer takes a number that it has seen lately
    for a repetition (TS 29.244, 6.4), whoever sat at this port then. ``open_datagrams`` opens the
    port, the world unless given.
    """

    def __init__(
        self,
        world: World,
        local: Endpoint,
        handle: RequestHandler,
        timers: PfcpTimers,
        *,
        recognises_repeats: bool = True,
        first_number: int = 0,
        open_datagrams: OpenDatagrams | None = None,
    ) -> None:
        self.local, self.timers, self.log = local, timers, list[str]()
        # TS 29.244, 8.2.65: in seconds, and different after each start.
        self.started = world.now_ns // 1_000_000_000
        self._world, self._handle, self._recognises_repeats = world, handle, recognises_repeats
        self._end: DatagramEnd | None = None
        self._number = first_number
        self._open_datagrams = open_datagrams or world.open_datagrams
        self._pending: dict[tuple[Endpoint, int], _Pending] = {}
        self._answered: dict[tuple[Endpoint, int, int], tuple[float, bytes]] = {}

    async def open(self) -> None:
        """Open the port. Raises OSError."""
        self._end = await self._open_datagrams(self.local, self._receive)

    def close(self) -> None:
        """Give the port back; who still waits for a response learns that none will come."""
        if self._end is not None:
            self._end.close()
            self._end = None
        for pending in self._pending.values():
            if pending.timer is not None:
                pending.timer.cancel()
            if not pending.answer.done():
                pending.answer.set_exception(UnreachableError("this end of N4 was closed"))
        self._pending.clear()

    async def request(
        self,
        kind: pfcp.MessageType,
        to: Endpoint,
        elements: Sequence[ElementSpec] | pfcp.Elements = (),
        seid: int | None = None,
    ) -> pfcp.Message:
        """One request and its response. Raises ServiceTimeoutError when none comes."""
        self._number = self._number % _MOST_NUMBERS + 1
        message = pfcp.build(kind, seid, self._number, elements)
        pending = _Pending(message.encode(), kind + 1, self.timers.n1)
        key = to, self._number
        self._pending[key] = pending
        self._transmit(pending, to, message.name)
        try:
            return await pending.answer
        finally:
            self._pending.pop(key, None)
            if pending.timer is not None:
                pending.timer.cancel()

    def _transmit(self, pending: _Pending, to: Endpoint, name: str) -> None:
        if pending.answer.done():
            return
        if pending.left == 0:
            pending.answer.set_exception(
                ServiceTimeoutError(
                    f"{to.address}:{to.port} did not answer a {name}, sent {self.timers.n1} times"
                )
            )
            return
        pending.left -= 1
        self.send(pending.octets, to)
        loop = asyncio.get_running_loop()
        pending.timer = loop.call_later(self.timers.t1, self._transmit, pending, to, name)

    def forget(self, peer: Endpoint) -> None:
        """A peer has started anew: its numbers begin anew as well."""
        for key in [key for key in self._answered if key[0] == peer]:
            del self._answered[key]

    def send(self, octets: bytes, to: Endpoint) -> None:
        """Send octets as they are. Raises OutOfScopeError."""
        if self._end is not None:
            self._end.send(octets, to)

    def _receive(self, octets: bytes, source: Endpoint) -> None:
        if len(octets) >= 8 and octets[0] >> 5 != _VERSION:
            self._refuse_version(octets, source)
            return
        try:
            messages = pfcp.decode_all(octets)
        except DecodeError as error:
            self.log.append(f"dropped what {source.address} sent: {error}")
            return
        for message in messages:
            if message.is_request:
                self._answer(message, source)
            else:
                self._take(message, source)

    def _refuse_version(self, octets: bytes, source: Endpoint) -> None:
        """TS 29.244, 7.4.4.7."""
        at = 12 if octets[0] & 1 else 4
        number = int.from_bytes(octets[at : at + 3], "big")
        kind = pfcp.MessageType.VERSION_NOT_SUPPORTED_RESPONSE
        self.send(pfcp.build(kind, None, number).encode(), source)

    def _take(self, message: pfcp.Message, source: Endpoint) -> None:
        pending = self._pending.get((source, message.sequence_number))
        if pending is None or pending.expected != message.message_type or pending.answer.done():
            self.log.append(f"{source.address} answered what was not asked: {message.name}")
            return
        pending.answer.set_result(message)

    def _answer(self, message: pfcp.Message, source: Endpoint) -> None:
        now = asyncio.get_running_loop().time()
        while self._answered:
            oldest = next(iter(self._answered))
            if self._answered[oldest][0] > now:
                break
            del self._answered[oldest]
        key = source, message.sequence_number, message.message_type
        kept = self._answered.get(key) if self._recognises_repeats else None
        if kept is not None:
            self.send(kept[1], source)
            return
        try:
            response = self._handle(message, source)
        except DecodeError as error:
            self.log.append(f"{message.name} of {source.address} cannot be read: {error}")
            return
        if response is not None:
            octets = response.encode()
            self._answered[key] = (now + self.timers.t1 * self.timers.n1, octets)
            self.send(octets, source)
