"""One TCP connection as both worlds have it: octets below, with TLS or without; HTTP above.

One end of a connection notes its octets: with TLS after they were processed, so that the secrets
are in the trace ahead of what they open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from makmal.network.transport.tls import TlsError, TlsSession
from makmal.trace.frame import Endpoint

# Notes octets as they pass: whether they are the client's, and None at the end.
OctetNote = Callable[[bool, bytes | None], None]
KeyLogNote = Callable[[bytes], None]
NoteFor = Callable[[Endpoint, Endpoint], OctetNote | None]


class Carrier(Protocol):
    """What brings octets to the other side: a socket, or memory."""

    def write(self, octets: bytes) -> None:
        """Send octets."""

    def close(self) -> None:
        """Send what is left, and close."""


class Speaker(Protocol):
    """What speaks on a connection."""

    def ready(self) -> None:
        """The connection is up, and protected if it is to be."""

    def received(self, octets: bytes) -> None:
        """The other side said something."""

    def ended(self, reason: str) -> None:
        """Nothing will come any more."""


class Channel:
    """``is_client``: we called. ``session`` is our side of TLS, None for clear text; ``note_for``
    gives what notes the octets between a client and a server, None where nobody does.
    """

    def __init__(
        self,
        is_client: bool,
        note_for: NoteFor | None = None,
        note_key_log: KeyLogNote | None = None,
        session: TlsSession | None = None,
    ) -> None:
        self.is_client, self.session = is_client, session
        self.local = self.remote = Endpoint("", 0)
        self.end = ""
        self._note_for, self._note_key_log = note_for, note_key_log
        self._note: OctetNote | None = None
        self._carrier: Carrier | None = None
        self._speaker: Speaker | None = None
        self._is_ready = self._was_closed = False
        self._held = b""

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._was_closed or bool(self.end)

    def attach(self, speaker: Speaker) -> None:
        """Who speaks on it."""
        self._speaker = speaker
        if self._is_ready:
            speaker.ready()
        if self._held:
            held, self._held = self._held, b""
            speaker.received(held)
        if self.end:
            speaker.ended(self.end)

    def hold(self, octets: bytes) -> None:
        """Keep what came for who will speak next."""
        self._held += octets

    def connected(self, carrier: Carrier, local: Endpoint, remote: Endpoint) -> None:
        """The connection is up."""
        self._carrier, self.local, self.remote = carrier, local, remote
        if self._note_for is not None:
            self._note = self._note_for(*((local, remote) if self.is_client else (remote, local)))
        if self._note is None:
            self._note_key_log = None
        if self.session is None:
            self._ready()
        elif self.is_client:
            self.session.start()
            self._flush(self.session)

    def _ready(self) -> None:
        self._is_ready = True
        if self._speaker is not None:
            self._speaker.ready()

    def arrived(self, octets: bytes) -> None:
        """Octets came from below."""
        if self.end:
            return
        session = self.session
        if session is None:
            self._noted(not self.is_client, octets)
            self._pass_on(octets)
            return
        problem, plain = "", b""
        try:
            plain = session.received(octets)
        except TlsError as error:
            problem = str(error)
        self._take_key_log(session)
        self._noted(not self.is_client, octets)
        self._flush(session)
        if not self._is_ready and (session.is_established or session.is_clear):
            self._ready()
        if plain:
            self._pass_on(plain)
        if problem:
            self.close()
            self._ended(f"TLS: {problem}")
        elif session.is_over:
            self.close()
            self._ended("the other side closed the connection")

    def _pass_on(self, octets: bytes) -> None:
        if self._speaker is None:
            self.hold(octets)
        else:
            self._speaker.received(octets)

    def lost(self, reason: str) -> None:
        """The connection below is gone."""
        self._noted(not self.is_client, None)
        self._ended(reason)

    def _ended(self, reason: str) -> None:
        if not self.end:
            self.end = reason
            if self._speaker is not None:
                self._speaker.ended(reason)

    def write(self, octets: bytes) -> None:
        """Send octets, protected where the connection is."""
        if self.is_closing or self._carrier is None:
            return
        if self.session is None:
            self._noted(self.is_client, octets)
            self._carrier.write(octets)
            return
        try:
            self.session.protect(octets)
        except TlsError as error:
            self._ended(f"TLS: {error}")
            return
        self._flush(self.session)

    def _flush(self, session: TlsSession) -> None:
        octets = session.outgoing()
        if octets and self._carrier is not None and not self._was_closed:
            self._take_key_log(session)
            self._noted(self.is_client, octets)
            self._carrier.write(octets)

    def _take_key_log(self, session: TlsSession) -> None:
        if self._note_key_log is not None:
            lines = session.take_key_log()
            if lines:
                self._note_key_log(lines)

    def _noted(self, from_client: bool, octets: bytes | None) -> None:
        if self._note is not None:
            self._note(from_client, octets)

    def close(self) -> None:
        """Say goodbye, and close."""
        if self._was_closed:
            return
        if self.session is not None and not self.end:
            self.session.close()
            self._flush(self.session)
        self._was_closed = True
        if self._carrier is not None:
            self._carrier.close()
        self._noted(self.is_client, None)


class SocketEnd(asyncio.Protocol):
    """A channel on a socket. ``channel_for`` gives it for the other end, None to hang up."""

    def __init__(self, channel_for: Callable[[Endpoint], Channel | None]) -> None:
        self._channel_for = channel_for
        self._channel: Channel | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if local is None or remote is None:
            # Gone before it was taken up.
            transport.abort()
            return
        ends = Endpoint(local[0], local[1]), Endpoint(remote[0], remote[1])
        self._channel = self._channel_for(ends[1])
        if self._channel is None:
            transport.abort()
        else:
            self._channel.connected(transport, *ends)

    def data_received(self, data: bytes) -> None:
        """Octets came."""
        if self._channel is not None:
            self._channel.arrived(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side closed, or the connection broke."""
        strerror = exc.strerror if isinstance(exc, OSError) else None
        reason = (
            "the other side closed the connection"
            if exc is None
            else (strerror or "the connection broke")
        )
        if self._channel is not None:
            self._channel.lost(reason)
