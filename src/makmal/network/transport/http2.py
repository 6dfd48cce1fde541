"""HTTP/2 on a channel, on the state machine of h2 (RFC 9113): with prior knowledge or in TLS."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

from makmal.network.transport.channel import Channel
from makmal.network.world import ServiceTimeoutError, UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.protocol.sbi.http1 import MOST_BODY_OCTETS

Handler = Callable[[HttpMessage], Awaitable[HttpMessage]]
TOO_LONG = f"a body of more than {MOST_BODY_OCTETS >> 20} MiB, which was broken off"


@dataclass(slots=True)
class _Stream:
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    answer: asyncio.Future[HttpMessage] | None = None
    request: HttpMessage | None = None


class _Connection(ABC):
    """What both ends have in common: reading, writing, flow control, bodies."""

    def __init__(self, channel: Channel, is_client: bool) -> None:
        self.channel, self.is_client = channel, is_client
        self.h2 = H2Connection(
            H2Configuration(
                client_side=is_client,
                header_encoding="utf-8",
                validate_inbound_headers=False,
                # Headers are what the procedure wants them to be.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.streams: dict[int, _Stream] = {}
        self.end = ""
        self._window = asyncio.Event()
        self._will_flush = False
        self._loop = asyncio.get_running_loop()

    def ready(self) -> None:
        """The connection is up."""
        self.h2.initiate_connection()
        self.flush_soon()

    def flush(self) -> None:
        """Write what the state machine has to say."""
        self._will_flush = False
        octets = self.h2.data_to_send()
        if octets:
            self.channel.write(octets)

    def flush_soon(self) -> None:
        """The same, with what else is said in this round of the loop."""
        if not self._will_flush:
            self._will_flush = True
            self._loop.call_soon(self.flush)

    def received(self, octets: bytes) -> None:
        """Octets came."""
        try:
            for event in self.h2.receive_data(octets):
                self._event(event)
        except ProtocolError as error:
            self.flush()
            self.channel.close()
            self.ended(f"it does not speak HTTP/2 as it should: {error}")
            return
        self.flush_soon()

    def ended(self, reason: str) -> None:
        """Nothing will come any more."""
        if self.end:
            return
        self.end = reason
        self._window.set()
        for stream_id in list(self.streams):
            self._reset(stream_id, reason)

    def _event(self, event: events.Event) -> None:
        if isinstance(event, events.DataReceived):
            self._data(event)
        elif isinstance(event, events.RequestReceived | events.ResponseReceived):
            stream = self.streams.setdefault(event.stream_id, _Stream())
            stream.headers = [(str(name), str(value)) for name, value in event.headers]
        elif isinstance(event, events.StreamEnded):
            self._ended(event.stream_id)
        elif isinstance(event, events.StreamReset):
            self._reset(event.stream_id, "the request was reset")
            self._window.set()
        elif isinstance(event, events.WindowUpdated | events.RemoteSettingsChanged):
            self._window.set()
        elif isinstance(event, events.ConnectionTerminated):
            self.ended("the other side closed the connection (GOAWAY)")
            self.channel.close()

    def _data(self, event: events.DataReceived) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None and len(stream.body) + len(event.data) > MOST_BODY_OCTETS:
            self._reset(event.stream_id, TOO_LONG)
            self.streams.pop(event.stream_id, None)
            self.h2.reset_stream(event.stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
            return
        if event.flow_controlled_length:
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if stream is not None:
            stream.body += event.data

    @abstractmethod
    def _ended(self, stream_id: int) -> None:
        """The other side has said everything on a stream."""

    @abstractmethod
    def _reset(self, stream_id: int, reason: str) -> None:
        """A stream was broken off."""

    async def send(self, stream_id: int, message: HttpMessage) -> None:
        """Send a message on a stream, its body as the window allows. Raises ProtocolError."""
        body = message.body
        self.h2.send_headers(stream_id, headers_of(message), end_stream=not body)
        position = 0
        while position < len(body):
            window = min(
                self.h2.local_flow_control_window(stream_id), self.h2.max_outbound_frame_size
            )
            if window <= 0:
                self._window.clear()
                self.flush()
                await self._window.wait()
                if self.end or self._is_answered(stream_id):
                    return
                continue
            piece = body[position : position + window]
            position += len(piece)
            self.h2.send_data(stream_id, piece, end_stream=position >= len(body))
        self.flush_soon()

    def _is_answered(self, stream_id: int) -> bool:
        """Whether nobody wants the rest of what is being sent."""
        stream = self.streams.get(stream_id)
        return stream is not None and stream.answer is not None and stream.answer.done()

    def close(self) -> None:
        """Say goodbye and close."""
        if not self.channel.is_closing:
            try:
                self.h2.close_connection()
                self.flush()
            except ProtocolError:
                pass
            self.channel.close()


def headers_of(message: HttpMessage) -> list[tuple[str, str]]:
    """Pseudo-headers first, names in lower case (RFC 9113, 8.3)."""
    if message.is_request:
        first = [
            (":method", message.method or "GET"),
            (":scheme", message.scheme or "http"),
            (":authority", message.authority or ""),
            (":path", message.path or "/"),
        ]
    else:
        first = [(":status", str(message.status or 500))]
    return first + [(name.lower(), value) for name, value in message.headers]


def message_of(
    is_request: bool, headers: list[tuple[str, str]], body: bytes, stream_id: int
) -> HttpMessage:
    """The message that headers and body make."""
    pseudo = {name: value for name, value in headers if name.startswith(":")}
    status = pseudo.get(":status", "")
    return HttpMessage(
        is_request,
        "2",
        method=pseudo.get(":method"),
        path=pseudo.get(":path"),
        status=int(status) if status.isdigit() else None,
        headers=tuple(each for each in headers if not each[0].startswith(":")),
        body=body,
        scheme=pseudo.get(":scheme"),
        authority=pseudo.get(":authority"),
        stream_id=stream_id,
    )


class Http2Server(_Connection):
    """Answers each request with what the handler gives, several at a time."""

    def __init__(self, channel: Channel, handler: Handler) -> None:
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(channel, False)

    def _ended(self, stream_id: int) -> None:
        stream = self.streams.pop(stream_id, None)
        if stream is None:
            return
        message = message_of(True, stream.headers, bytes(stream.body), stream_id)
        task = self._loop.create_task(self._answer(stream_id, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _reset(self, stream_id: int, reason: str) -> None:
        del reason
        self.streams.pop(stream_id, None)

    async def _answer(self, stream_id: int, message: HttpMessage) -> None:
        response = await self._handler(message)
        try:
            await self.send(stream_id, response)
        except ProtocolError:
            # The stream or the connection went in the meantime.
            return

    def ended(self, reason: str) -> None:
        """Nothing will come any more: nobody waits for answers."""
        super().ended(reason)
        for task in self._tasks:
            task.cancel()

    async def finish(self) -> None:
        """Stop answering."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.close()


class Http2Client(_Connection):
    """Many requests at a time to one server."""

    def __init__(self, channel: Channel) -> None:
        self._was_answered = False
        super().__init__(channel, True)

    @property
    def is_open(self) -> bool:
        """Whether requests may be sent."""
        return not self.end and not self.channel.is_closing

    async def request(self, message: HttpMessage, seconds: float) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        where = f"{self.channel.remote.address}:{self.channel.remote.port}"
        stream_id = 0
        try:
            async with asyncio.timeout(seconds):
                while len(self.streams) >= self.h2.remote_settings.max_concurrent_streams:
                    self._window.clear()
                    await self._window.wait()
                stream_id = self.h2.get_next_available_stream_id()
                answer: asyncio.Future[HttpMessage] = self._loop.create_future()
                self.streams[stream_id] = _Stream(answer=answer, request=message)
                await self.send(stream_id, message)
                return await answer
        except TimeoutError:
            raise ServiceTimeoutError(
                f"{where} did not answer {message.name} within {seconds:g} s"
            ) from None
        except ProtocolError as error:
            raise UnreachableError(f"{where}: {self.end or error}") from None
        finally:
            self.streams.pop(stream_id, None)
            self._window.set()

    def _ended(self, stream_id: int) -> None:
        stream = self.streams.get(stream_id)
        if stream is None or stream.answer is None or stream.answer.done():
            return
        response = message_of(False, stream.headers, bytes(stream.body), stream_id)
        response.request = stream.request
        self._was_answered = True
        stream.answer.set_result(response)

    def _reset(self, stream_id: int, reason: str) -> None:
        stream = self.streams.get(stream_id)
        if stream is None or stream.answer is None or stream.answer.done():
            return
        hint = "" if self._was_answered or self.channel.session or reason is TOO_LONG else _HINT
        remote = self.channel.remote
        error = UnreachableError(f"{remote.address}:{remote.port}: {reason}{hint}")
        stream.answer.set_exception(error)

    async def finish(self) -> None:
        """Close."""
        self.close()


_HINT = ": is it a service-based interface without TLS?"
