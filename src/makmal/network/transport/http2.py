"""HTTP/2 with prior knowledge over asyncio streams, on the state machine of h2 (RFC 9113)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

from makmal.network.world import ServiceTimeoutError, UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

Handler = Callable[[HttpMessage], Awaitable[HttpMessage]]
# Notes octets as they pass: whether they are the client's, and None at the end.
OctetNote = Callable[[bool, bytes | None], None]
_READ = 65_536
_MOST_BODY = 1 << 22


@dataclass(slots=True)
class _Stream:
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    answer: asyncio.Future[HttpMessage] | None = None
    request: HttpMessage | None = None


class _Connection(ABC):
    """What both ends have in common: reading, writing, flow control, bodies."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        is_client: bool,
        note: OctetNote | None,
    ) -> None:
        self.reader, self.writer, self.is_client = reader, writer, is_client
        self.h2 = H2Connection(
            H2Configuration(
                client_side=is_client, header_encoding="utf-8", validate_inbound_headers=False
            )
        )
        self.streams: dict[int, _Stream] = {}
        self.note = note
        self._window = asyncio.Event()
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        """Write what the state machine has to say."""
        octets = self.h2.data_to_send()
        if octets and not self.writer.is_closing():
            if self.note is not None:
                self.note(self.is_client, octets)
            self.writer.write(octets)

    async def run(self) -> str:
        """Read until the connection ends; why it did."""
        while True:
            try:
                octets = await self.reader.read(_READ)
            except OSError as error:
                return error.strerror or "the connection broke"
            if not octets:
                return "the other side closed the connection"
            if self.note is not None:
                self.note(not self.is_client, octets)
            try:
                for event in self.h2.receive_data(octets):
                    self._event(event)
            except ProtocolError as error:
                self.flush()
                return f"it does not speak HTTP/2 as it should: {error}"
            self.flush()

    def _event(self, event: events.Event) -> None:
        if isinstance(event, events.RequestReceived | events.ResponseReceived):
            stream = self.streams.setdefault(event.stream_id, _Stream())
            stream.headers = [(str(name), str(value)) for name, value in event.headers]
        elif isinstance(event, events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            found = self.streams.get(event.stream_id)
            if found is not None and len(found.body) <= _MOST_BODY:
                found.body += event.data
        elif isinstance(event, events.StreamEnded):
            self._ended(event.stream_id)
        elif isinstance(event, events.StreamReset):
            self._reset(event.stream_id, "the request was reset")
        elif isinstance(event, events.WindowUpdated | events.RemoteSettingsChanged):
            self._window.set()

    @abstractmethod
    def _ended(self, stream_id: int) -> None:
        """The other side has said everything on a stream."""

    @abstractmethod
    def _reset(self, stream_id: int, reason: str) -> None:
        """A stream was broken off."""

    async def send(self, stream_id: int, message: HttpMessage) -> None:
        """Send a message on a stream, its body as the window allows."""
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
                continue
            piece = body[position : position + window]
            position += len(piece)
            self.h2.send_data(stream_id, piece, end_stream=position >= len(body))
        self.flush()

    def close(self) -> None:
        """Say goodbye and close."""
        if not self.writer.is_closing():
            try:
                self.h2.close_connection()
                self.flush()
            except ProtocolError:
                pass
            self.writer.close()
            if self.note is not None:
                self.note(self.is_client, None)


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


class ServerConnection(_Connection):
    """Answers each request with what the handler gives, several at a time."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        note: OctetNote | None,
    ) -> None:
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(reader, writer, False, note)

    def _ended(self, stream_id: int) -> None:
        stream = self.streams.pop(stream_id, None)
        if stream is None:
            return
        message = message_of(True, stream.headers, bytes(stream.body), stream_id)
        task = asyncio.get_running_loop().create_task(self._answer(stream_id, message))
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

    async def finish(self) -> None:
        """Stop answering."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.close()


class ClientConnection(_Connection):
    """Many requests at a time to one server."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        remote: Endpoint,
        note: OctetNote | None,
    ) -> None:
        name = writer.get_extra_info("sockname")
        self.local, self.remote = Endpoint(name[0], name[1]), remote
        self.ended = ""
        self._answered = False
        super().__init__(reader, writer, True, note)
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        self.ended = await self.run()
        for stream_id in list(self.streams):
            self._reset(stream_id, self.ended)
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether requests may be sent."""
        return not self.ended and not self.writer.is_closing()

    async def request(self, message: HttpMessage, seconds: float) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        try:
            stream_id = self.h2.get_next_available_stream_id()
        except ProtocolError as error:
            raise UnreachableError(f"no more requests on this connection: {error}") from None
        answer: asyncio.Future[HttpMessage] = asyncio.get_running_loop().create_future()
        self.streams[stream_id] = _Stream(answer=answer, request=message)
        where = f"{self.remote.address}:{self.remote.port}"
        try:
            async with asyncio.timeout(seconds):
                await self.send(stream_id, message)
                return await answer
        except TimeoutError:
            raise ServiceTimeoutError(
                f"{where} did not answer {message.name} within {seconds:g} s"
            ) from None
        except ProtocolError as error:
            raise UnreachableError(f"{where}: {error}") from None
        finally:
            self.streams.pop(stream_id, None)

    def _ended(self, stream_id: int) -> None:
        stream = self.streams.get(stream_id)
        if stream is None or stream.answer is None or stream.answer.done():
            return
        response = message_of(False, stream.headers, bytes(stream.body), stream_id)
        response.request = stream.request
        self._answered = True
        stream.answer.set_result(response)

    def _reset(self, stream_id: int, reason: str) -> None:
        stream = self.streams.get(stream_id)
        if stream is None or stream.answer is None or stream.answer.done():
            return
        hint = "" if self._answered else ": is it a service-based interface without TLS?"
        stream.answer.set_exception(
            UnreachableError(f"{self.remote.address}:{self.remote.port}: {reason}{hint}")
        )

    async def finish(self) -> None:
        """Close, and wait until nothing reads any more."""
        self.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def connect(
    local: str, remote: Endpoint, seconds: float, note: Callable[[Endpoint], OctetNote | None]
) -> ClientConnection:
    """A connection from a local address ("" for any). Raises UnreachableError."""
    where = f"{remote.address}:{remote.port}"
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                remote.address, remote.port, local_addr=(local, 0) if local else None
            )
    except TimeoutError:
        raise UnreachableError(f"no answer from {where} within {seconds:g} s") from None
    except OSError as error:
        raise UnreachableError(f"{where} cannot be reached: {error.strerror or error}") from None
    name = writer.get_extra_info("sockname")
    return ClientConnection(reader, writer, remote, note(Endpoint(name[0], name[1])))
