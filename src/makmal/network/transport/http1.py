"""HTTP/1.1 on a channel (RFC 9112), which some cores speak on the service-based interface."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from makmal.network.transport.channel import Channel
from makmal.network.world import ServiceTimeoutError, UnreachableError
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage, http1

Handler = Callable[[HttpMessage], Awaitable[HttpMessage]]
_MOST_WAITING = 100
# Headers that speak of the connection (RFC 9113, 8.2.2) or that are made here.
_OWN_HEADERS = frozenset({"host", "content-length", "connection", "transfer-encoding"})


class Http1Server:
    """Answers one request after another."""

    def __init__(self, channel: Channel, handler: Handler) -> None:
        self.channel, self._handler = channel, handler
        self._buffer = bytearray()
        self._waiting: deque[HttpMessage] = deque()
        self._task: asyncio.Task[None] | None = None

    def ready(self) -> None:
        """The connection is up."""

    def received(self, octets: bytes) -> None:
        """Octets came."""
        self._buffer += octets
        while self._buffer:
            try:
                decoded = http1.decode(self._buffer)
            except DecodeError:
                self._refuse(400, "Bad Request")
                return
            if decoded is None:
                break
            del self._buffer[: decoded.length]
            self._waiting.append(decoded.message)
            if len(self._waiting) > _MOST_WAITING:
                self._refuse(503, "Service Unavailable")
                return
        if self._waiting and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._answer())

    def _refuse(self, status: int, reason: str) -> None:
        self._buffer.clear()
        headers = (("content-length", "0"), ("connection", "close"))
        response = HttpMessage(False, "1.1", status=status, headers=headers)
        self.channel.write(http1.encode(response, reason))
        self.channel.close()

    async def _answer(self) -> None:
        try:
            while self._waiting and not self.channel.is_closing:
                request = self._waiting.popleft()
                response = await self._handler(request)
                self.channel.write(octets_of(response, request))
                if (request.header("connection") or "").lower() == "close":
                    self.channel.close()
        finally:
            self._task = None

    def ended(self, reason: str) -> None:
        """Nothing will come any more: nobody waits for answers."""
        del reason
        if self._task is not None:
            self._task.cancel()
        self.channel.close()

    async def finish(self) -> None:
        """Stop answering."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.channel.close()


class Http1Client:
    """One request at a time to one server."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.end = ""
        self._buffer = bytearray()
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[HttpMessage] | None = None
        self._request: HttpMessage | None = None

    @property
    def is_open(self) -> bool:
        """Whether requests may be sent."""
        return not self.end and not self.channel.is_closing

    def ready(self) -> None:
        """The connection is up."""

    async def request(self, message: HttpMessage, seconds: float) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        where = f"{self.channel.remote.address}:{self.channel.remote.port}"
        has_turn = False
        try:
            async with asyncio.timeout(seconds), self._turn:
                has_turn = True
                if not self.is_open:
                    raise UnreachableError(f"{where}: {self.end or 'the connection was closed'}")
                self._request = message
                self._answer = asyncio.get_running_loop().create_future()
                self.channel.write(octets_of(message))
                return await self._answer
        except TimeoutError:
            if has_turn:
                # What still comes would be taken for the next answer.
                self.channel.close()
            raise ServiceTimeoutError(
                f"{where} did not answer {message.name} within {seconds:g} s"
            ) from None
        finally:
            if has_turn:
                self._answer = None

    def received(self, octets: bytes) -> None:
        """Octets came."""
        self._buffer += octets
        self._read(False)

    def _read(self, closed: bool) -> None:
        while self._buffer:
            try:
                decoded = http1.decode(self._buffer, self._request, closed)
            except DecodeError as error:
                self._buffer.clear()
                self._fail(f"it does not speak HTTP/1.1 as it should: {error.reason}")
                self.channel.close()
                return
            if decoded is None:
                return
            del self._buffer[: decoded.length]
            status = decoded.message.status or 0
            if status >= 200 and self._answer is not None and not self._answer.done():
                decoded.message.request = self._request
                self._answer.set_result(decoded.message)

    def ended(self, reason: str) -> None:
        """Nothing will come any more."""
        if not self.end:
            self.end = reason
            self._read(True)
            self._fail(reason)

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            remote = self.channel.remote
            error = UnreachableError(f"{remote.address}:{remote.port}: {reason}")
            self._answer.set_exception(error)

    async def finish(self) -> None:
        """Close."""
        self.channel.close()


def octets_of(message: HttpMessage, request: HttpMessage | None = None) -> bytes:
    """A message of any version as HTTP/1.1 has it."""
    lines = [each for each in message.headers if each[0].lower() not in _OWN_HEADERS]
    if message.is_request:
        lines.insert(0, ("host", message.authority or ""))
    has_no_body = (request is not None and request.method == "HEAD") or message.status == 204
    if message.body or not (message.is_request or has_no_body):
        lines.append(("content-length", str(len(message.body))))
    return http1.encode(_as_http1(message, tuple(lines)))


def _as_http1(message: HttpMessage, headers: tuple[tuple[str, str], ...]) -> HttpMessage:
    """The same message in HTTP/1.1."""
    return HttpMessage(
        message.is_request,
        "1.1",
        method=message.method,
        path=message.path,
        status=message.status,
        headers=headers,
        body=message.body,
    )
