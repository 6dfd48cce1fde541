"""HTTP over TCP in either world: servers and clients, in TLS or clear text, past the taps.

Of a connection both of whose ends are ours, the serving end notes the octets. Taps act at the end
that is not the product's, so that the trace holds what was on the product's wire.
"""

from __future__ import annotations

import asyncio
from typing import Any

from makmal.network.recorder import NoRecorder
from makmal.network.taps import Passage
from makmal.network.transport.channel import Channel, OctetNote
from makmal.network.transport.http1 import Http1Client, Http1Server
from makmal.network.transport.http2 import Http2Client, Http2Server
from makmal.network.transport.tls import ServerTls
from makmal.network.world import (
    Listening,
    SbiHandler,
    ServiceTimeoutError,
    TlsTo,
    UnreachableError,
    World,
)
from makmal.protocol.sbi import HttpMessage, http1
from makmal.protocol.sbi.http2 import PREFACE
from makmal.trace.frame import Endpoint
from makmal.trace.message import Interface

CONNECT_SECONDS = 5.0
_ENOUGH_TO_TELL = 16
HttpClient = Http1Client | Http2Client
_Key = tuple[str, Endpoint, TlsTo | None]


class HttpEnds:
    """The HTTP of one world. ``version`` is what clients speak in clear text: "2" or "1.1"."""

    def __init__(self, world: World, version: str = "2") -> None:
        self.world, self.version = world, version
        self._is_closed = False
        self._served: set[Endpoint] = set()
        self._listening: list[HttpListening] = []
        self._clients: dict[_Key, HttpClient] = {}
        self._connecting: dict[_Key, asyncio.Lock] = {}

    # Serving.

    async def serve(
        self, local: Endpoint, handler: SbiHandler, tls: ServerTls | None
    ) -> HttpListening:
        """Serve HTTP/2 and HTTP/1.1, as the client will. Raises OSError."""
        listening = HttpListening(self, local, handler, tls)
        await listening.start()
        self._served.add(local)
        self._listening.append(listening)
        return listening

    def is_served(self, end: Endpoint) -> bool:
        """Whether the server at this end is ours."""
        return end in self._served

    def stop_serving(self, listening: HttpListening) -> None:
        """A port is served no longer."""
        self._served.discard(listening.local)
        if listening in self._listening:
            self._listening.remove(listening)

    async def serve_one(
        self, handler: SbiHandler, client: Endpoint, server: Endpoint, message: HttpMessage
    ) -> HttpMessage:
        """A request that came to us: tapped, answered, tapped."""
        if server.address in self.world.products or not self.world.taps:
            return await handler(message)
        arrived = self._tapped(client, server, message)
        if not arrived:
            await asyncio.get_running_loop().create_future()
        if arrived[0].delay:
            await asyncio.sleep(arrived[0].delay)
        response = await handler(arrived[0].content)
        response.request = message
        leaving = self._tapped(server, client, response)
        if not leaving:
            # Never answered: the consumer waits for as long as it will.
            await asyncio.get_running_loop().create_future()
        if leaving[0].delay:
            await asyncio.sleep(leaving[0].delay)
        sent: HttpMessage = leaving[0].content
        return sent

    def _tapped(self, source: Endpoint, destination: Endpoint, content: Any) -> list[Passage]:
        passage = Passage(Interface.SBI, source, destination, content)
        return self.world.taps.apply(passage) if self.world.taps else [passage]

    # Asking.

    async def request(
        self,
        local: Endpoint,
        to: Endpoint,
        message: HttpMessage,
        seconds: float,
        tls: TlsTo | None,
    ) -> HttpMessage:
        """One request and its response. Raises UnreachableError, ServiceTimeoutError."""
        deadline = asyncio.get_running_loop().time() + seconds
        connection = await self._client(local.address, to, tls)
        if not self.world.taps or (to in self._served and to.address not in self.world.products):
            # Where there are taps, they are at the serving end.
            response = await connection.request(message, seconds)
            response.request = message
            return response
        source = connection.channel.local
        passages = self._tapped(source, to, message)
        if not passages:
            await asyncio.sleep(seconds)
            raise _silence(to, message, seconds)
        if passages[0].delay:
            await asyncio.sleep(passages[0].delay)
        for further in passages[1:]:
            self.world.spawn(_unheard(connection, further.content, seconds))
        response = await connection.request(passages[0].content, seconds)
        response.request = passages[0].content
        received = self._tapped(to, source, response)
        if not received:
            await asyncio.sleep(max(deadline - asyncio.get_running_loop().time(), 0))
            raise _silence(to, message, seconds)
        answer: HttpMessage = received[0].content
        answer.request = message
        return answer

    async def _client(self, local: str, to: Endpoint, tls: TlsTo | None) -> HttpClient:
        key = (local, to, tls)
        connection = self._clients.get(key)
        if connection is not None and connection.is_open:
            return connection
        async with self._connecting.setdefault(key, asyncio.Lock()):
            connection = self._clients.get(key)
            if connection is None or not connection.is_open:
                connection = await self.connect(local, to, tls)
                self._clients[key] = connection
        return connection

    async def connect(self, local: str, to: Endpoint, tls: TlsTo | None = None) -> HttpClient:
        """A new connection, in TLS if wanted. Raises UnreachableError."""
        channel = self.channel_to(tls)
        waiting = _Waiting(channel)
        channel.attach(waiting)
        where = f"{to.address}:{to.port}"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.world.connect_tcp(local, to, channel)
                await waiting.is_up
        except TimeoutError:
            channel.close()
            what = "no answer" if tls is None else "no end to the TLS handshake"
            raise UnreachableError(f"{what} from {where} within {CONNECT_SECONDS:g} s") from None
        except UnreachableError as error:
            raise UnreachableError(f"{where}: {error}") from None
        except OSError as error:
            raise UnreachableError(
                f"{where} cannot be reached: {error.strerror or error}"
            ) from None
        protocol = channel.session.application_protocol if channel.session else None
        is_http1 = self.version != "2" if channel.session is None else protocol != "h2"
        client: HttpClient = Http1Client(channel) if is_http1 else Http2Client(channel)
        channel.attach(client)
        return client

    def channel_to(self, tls: TlsTo | None = None) -> Channel:
        """Our side of a connection that is to be made."""
        session = None if tls is None else tls.client.session(tls.server_name)
        return Channel(True, self._note_of_client, self.note_key_log, session)

    def note_key_log(self, lines: bytes) -> None:
        """Put secrets of TLS into the trace."""
        if not self._is_closed:
            self.world.recorder.key_log(lines)

    def _note_of_client(self, client: Endpoint, server: Endpoint) -> OctetNote | None:
        """What notes the octets of a connection that we made: nothing if the server notes them."""
        return None if server in self._served else self.note_of(client, server)

    def note_of(self, client: Endpoint, server: Endpoint) -> OctetNote | None:
        """What notes the octets of a connection."""
        world = self.world
        if isinstance(world.recorder, NoRecorder):
            return None
        note = world.recorder.tcp(world.now_ns, client, server)

        def passed(from_client: bool, octets: bytes | None) -> None:
            # What is still on its way when the world ends is in nobody's trace.
            if not self._is_closed:
                note(world.now_ns, from_client, octets)

        return passed

    def hang_up_at(self, server: Endpoint) -> None:
        """Close the connections that somebody has opened to a server of ours."""
        for listening in self._listening:
            if listening.local == server:
                listening.hang_up()

    def hang_up(self, address: str) -> None:
        """Close the connections that functions at an address have opened."""
        for key, client in list(self._clients.items()):
            if key[0] == address:
                client.channel.close()
                del self._clients[key]

    async def close(self) -> None:
        """Close everything."""
        self._is_closed = True
        for client in self._clients.values():
            await client.finish()
        self._clients.clear()
        for listening in list(self._listening):
            await listening.finish()


class _Waiting:
    """Waits until a connection is up."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.is_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ready(self) -> None:
        """It is."""
        if not self.is_up.done():
            self.is_up.set_result(None)

    def received(self, octets: bytes) -> None:
        """The server speaks first, as HTTP/2 servers do with their SETTINGS."""
        self._channel.hold(octets)

    def ended(self, reason: str) -> None:
        """It came to nothing."""
        if not self.is_up.done():
            self.is_up.set_exception(UnreachableError(reason))


class HttpListening:
    """A port that is served."""

    def __init__(
        self, ends: HttpEnds, local: Endpoint, handler: SbiHandler, tls: ServerTls | None
    ) -> None:
        self.local, self._ends, self._handler, self._tls = local, ends, handler, tls
        self._listening: Listening | None = None
        self._speakers: set[_ServerSide] = set()

    async def start(self) -> None:
        """Begin. Raises OSError when the address cannot be had."""
        self._listening = await self._ends.world.listen_tcp(self.local, self._accept)

    def _accept(self, client: Endpoint) -> Channel:
        session = None if self._tls is None else self._tls.session()
        ends = self._ends
        channel = Channel(False, ends.note_of, ends.note_key_log, session)

        async def handle(message: HttpMessage) -> HttpMessage:
            try:
                return await ends.serve_one(self._handler, client, self.local, message)
            except Exception as error:
                # A function of ours broke: that is no verdict on anybody else.
                ends.world.failures.append(error)
                return HttpMessage(False, "2", status=500)

        speaker = _ServerSide(channel, handle, self._speakers)
        self._speakers.add(speaker)
        channel.attach(speaker)
        return channel

    def close(self) -> None:
        """Take no more connections."""
        if self._listening is not None:
            self._listening.close()

    def hang_up(self) -> None:
        """Close the connections that are open."""
        for speaker in list(self._speakers):
            speaker.channel.close()

    async def finish(self) -> None:
        """Close what is open."""
        self.close()
        self._ends.stop_serving(self)
        for speaker in list(self._speakers):
            await speaker.finish()


class _ServerSide:
    """Finds out what a client speaks, and has it answered."""

    def __init__(self, channel: Channel, handler: SbiHandler, among: set[_ServerSide]) -> None:
        self.channel, self._handler, self._among = channel, handler, among
        self._first = bytearray()
        self._speaker: Http1Server | Http2Server | None = None

    def ready(self) -> None:
        """In TLS it was agreed on (RFC 7301); else the first octets tell."""
        session = self.channel.session
        if session is not None and session.application_protocol == "h2":
            self._speak(Http2Server(self.channel, self._handler))

    def _speak(self, speaker: Http1Server | Http2Server) -> None:
        self._speaker = speaker
        speaker.ready()
        if self._first:
            speaker.received(bytes(self._first))
            self._first.clear()

    def received(self, octets: bytes) -> None:
        """Octets came."""
        if self._speaker is not None:
            self._speaker.received(octets)
            return
        self._first += octets
        first = bytes(self._first)
        if PREFACE.startswith(first[: len(PREFACE)]):
            if len(first) >= _ENOUGH_TO_TELL:
                self._speak(Http2Server(self.channel, self._handler))
        elif http1.looks_like_http1(first):
            self._speak(Http1Server(self.channel, self._handler))
        elif len(first) >= _ENOUGH_TO_TELL:
            self.channel.close()

    def ended(self, reason: str) -> None:
        """Nothing will come any more."""
        self._among.discard(self)
        if self._speaker is not None:
            self._speaker.ended(reason)

    async def finish(self) -> None:
        """Stop answering."""
        self._among.discard(self)
        if self._speaker is not None:
            await self._speaker.finish()
        self.channel.close()


async def _unheard(connection: HttpClient, message: HttpMessage, seconds: float) -> None:
    try:
        await connection.request(message, seconds)
    except UnreachableError:
        return


def _silence(to: Endpoint, message: HttpMessage, seconds: float) -> ServiceTimeoutError:
    return ServiceTimeoutError(
        f"{to.address}:{to.port} did not answer {message.name} within {seconds:g} s"
    )
