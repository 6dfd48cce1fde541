"""HTTP/1.1 over byte streams: a server that bounds what it takes, and a client (RFC 9112)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from makmal.network.streams import ByteStream
from makmal.network.world import ServiceTimeoutError, UnreachableError
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage, http1
from makmal.trace.frame import Endpoint

# From a request and who sent it to the response.
StreamHandler = Callable[[HttpMessage, Endpoint], Awaitable[HttpMessage]]
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,19})[ \t]*\r\n", re.IGNORECASE)
_LINGER_SECONDS, _MOST_LINGERED = 1.0, 64
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What a server takes: octets of a body, and seconds for one request; None for no limit."""

    most_body: int | None = 65_536
    request_seconds: float | None = 10.0


def response(status: int, body: bytes = b"", *headers: tuple[str, str]) -> HttpMessage:
    """A response with its content length."""
    length = () if status == 204 else (("Content-Length", str(len(body))),)
    return HttpMessage(False, "1.1", status=status, headers=(*headers, *length), body=body)


def request(
    method: str, path: str, host: str, body: bytes = b"", *headers: tuple[str, str]
) -> HttpMessage:
    """A request with its host and content length."""
    fixed: list[tuple[str, str]] = [("Host", host), *headers]
    if body or method in ("POST", "PUT", "PATCH"):
        fixed.append(("Content-Length", str(len(body))))
    return HttpMessage(True, "1.1", method=method, path=path, headers=tuple(fixed), body=body)


async def serve(
    stream: ByteStream,
    handler: StreamHandler,
    limits: ServerLimits,
    bare: Callable[[int], HttpMessage],
) -> None:
    """Answer the requests of one connection until it ends. ``bare`` makes responses to what is no
    request, is too large or takes too long.
    """
    buffer = bytearray()
    while True:
        try:
            async with asyncio.timeout(limits.request_seconds):
                message = await _next_request(stream, buffer, limits.most_body)
        except TimeoutError:
            if buffer:
                await _send(stream, bare(408))
            return
        except DecodeError:
            await _send(stream, bare(400))
            return
        except _TooLargeError:
            await _send(stream, bare(413))
            await _linger(stream)
            return
        if message is None:
            return
        answer = await handler(message, stream.remote)
        if message.method == "HEAD":
            answer.body = b""
        await _send(stream, answer)
        closes = (message.header("connection") or "").lower() == "close"
        if closes or message.version == "1.0":
            return


async def _linger(stream: ByteStream) -> None:
    """Read on for a moment: closing on octets that were not read would take the answer with it."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(_LINGER_SECONDS):
            for _ in range(_MOST_LINGERED):
                if not await stream.read():
                    return


class _TooLargeError(Exception):
    pass


async def _next_request(
    stream: ByteStream, buffer: bytearray, most_body: int | None
) -> HttpMessage | None:
    while True:
        if buffer:
            length = _LENGTH.search(buffer[: buffer.find(b"\r\n\r\n") + 4])
            too_long = most_body is not None and (
                (length is not None and int(length[1]) > most_body)
                or len(buffer) > most_body + http1.MOST_HEAD_OCTETS
            )
            if too_long:
                raise _TooLargeError
            decoded = http1.decode(buffer)
            if decoded is not None:
                del buffer[: decoded.length]
                return decoded.message
        octets = await stream.read()
        if not octets:
            return None
        buffer += octets


async def _send(stream: ByteStream, message: HttpMessage) -> None:
    await stream.write(http1.encode(message, _REASONS.get(message.status or 0, "")))


class Http1Client:
    """Requests on one stream, one after another."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self._buffer = bytearray()
        self.is_open = True

    async def exchange(self, message: HttpMessage, seconds: float) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        where = f"{self.stream.remote.address}:{self.stream.remote.port}"
        try:
            async with asyncio.timeout(seconds):
                # A server may answer, and close, before it has read everything.
                with suppress(ConnectionError):
                    await self.stream.write(http1.encode(message))
                return await self._answer(message, where)
        except TimeoutError:
            self.close()
            raise ServiceTimeoutError(
                f"{where} did not answer {message.name[:200]} within {seconds:g} s"
            ) from None
        except ConnectionError as error:
            self.close()
            raise UnreachableError(f"{where} closed the connection: {error}") from None
        except DecodeError as error:
            self.close()
            raise UnreachableError(f"{where} does not speak HTTP as it should: {error}") from None

    async def _answer(self, message: HttpMessage, where: str) -> HttpMessage:
        ended = False
        while True:
            if self._buffer:
                decoded = http1.decode(self._buffer, message, ended)
                if decoded is not None:
                    del self._buffer[: decoded.length]
                    answer = decoded.message
                    if (answer.status or 0) < 200:
                        continue
                    answer.request = message
                    connection = (answer.header("connection") or "").lower()
                    if ended or decoded.until_close or connection == "close":
                        self.close()
                    return answer
            if ended:
                self.close()
                raise UnreachableError(f"{where} closed the connection without an answer")
            octets = await self.stream.read()
            ended = not octets
            self._buffer += octets

    def close(self) -> None:
        """End the connection."""
        self.is_open = False
        self.stream.close()
