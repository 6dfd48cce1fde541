"""Recording what passes on byte streams: connections, octets, and what TLS protected in them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import Recorder
from makmal.network.streams import ByteStream, Connector, RefusedError, Serve, SilentError
from makmal.network.tls_stream import TlsStream
from makmal.network.world import Listening, UnreachableError
from makmal.trace.frame import Endpoint

# The port that a connection attempt is recorded from when none was given to it.
_NO_PORT = 1
_HANDSHAKE_SECONDS = 10.0


class StreamTap:
    """What records the streams of a connector, and wraps them in TLS. ``now_ns`` gives the time."""

    def __init__(self, connector: Connector, recorder: Recorder, now_ns: Callable[[], int]) -> None:
        self._connector, self._now = connector, now_ns
        self._recorder = recorder if isinstance(recorder, FrameRecorder) else None
        self._open: set[ByteStream] = set()

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        """A stream to somebody. Raises RefusedError, SilentError, UnreachableError."""
        stream = await self._opened(to, seconds)
        note = self._note(stream.local, stream.remote)
        return stream if note is None else self._kept(_RecordedStream(stream, True, note))

    async def open_tls(
        self,
        to: Endpoint,
        seconds: float,
        context: ssl.SSLContext,
        server_name: str | None = None,
    ) -> TlsStream:
        """The same with TLS. Raises TlsError besides."""
        stream = await self._opened(to, seconds)
        protected = TlsStream(
            stream,
            context,
            server_name=server_name,
            on_secrets=None if self._recorder is None else self._recorder.key_log,
            note=self._note(stream.local, stream.remote),
        )
        return await self._shaken(protected, seconds)

    async def listen(
        self, local: Endpoint, serve: Serve, context: ssl.SSLContext | None = None
    ) -> Listening:
        """Serve whoever comes, in TLS if there is a context for it. Raises OSError."""

        async def recorded(stream: ByteStream) -> None:
            note = self._note(stream.remote, stream.local)
            if context is None:
                served = stream
                if note is not None:
                    served = self._kept(_RecordedStream(stream, False, note))
                await serve(served)
                return
            protected = TlsStream(
                stream,
                context,
                server_side=True,
                on_secrets=None if self._recorder is None else self._recorder.key_log,
                note=note,
            )
            try:
                await serve(await self._shaken(protected, _HANDSHAKE_SECONDS))
            except UnreachableError:
                # Who calls may not like what we present: the trace shows it.
                return

        return await self._connector.listen(local, recorded)

    def close(self) -> None:
        """End every stream that is still open, so that the trace shows its end."""
        for stream in list(self._open):
            stream.close()

    async def _opened(self, to: Endpoint, seconds: float) -> ByteStream:
        try:
            return await self._connector.open(to, seconds)
        except (RefusedError, SilentError) as error:
            if self._recorder is not None:
                local = Endpoint("::1" if ":" in to.address else "127.0.0.1", _NO_PORT)
                refused = isinstance(error, RefusedError)
                self._recorder.no_connection(self._now(), local, to, refused=refused)
            raise

    async def _shaken(self, stream: TlsStream, seconds: float) -> TlsStream:
        try:
            async with asyncio.timeout(seconds):
                await stream.handshake()
        except TimeoutError:
            stream.close()
            raise UnreachableError(f"no TLS handshake within {seconds:g} s") from None
        except ConnectionError as error:
            stream.close()
            raise UnreachableError(f"the TLS handshake was broken off: {error}") from None
        except BaseException:
            stream.close()
            raise
        self._kept(stream)
        return stream

    def _kept(self, stream: ByteStream) -> ByteStream:
        self._open.add(stream)
        return stream

    def _note(
        self, client: Endpoint, server: Endpoint
    ) -> Callable[[bool, bytes | None], None] | None:
        if self._recorder is None:
            return None
        return _stamped(self._recorder.tcp(self._now(), client, server), self._now)


def _stamped(
    note: Callable[..., None], now: Callable[[], int]
) -> Callable[[bool, bytes | None], None]:
    return lambda from_client, octets: note(now(), from_client, octets)


class _RecordedStream(ByteStream):
    def __init__(
        self, inner: ByteStream, is_client: bool, note: Callable[[bool, bytes | None], None]
    ) -> None:
        self.local, self.remote = inner.local, inner.remote
        self._inner, self._is_client, self._note = inner, is_client, note
        self._ended = False

    async def read(self) -> bytes:
        try:
            octets = await self._inner.read()
        except ConnectionError:
            self._end(not self._is_client)
            raise
        if octets:
            self._note(not self._is_client, octets)
        else:
            self._end(not self._is_client)
        return octets

    async def write(self, octets: bytes) -> None:
        self._note(self._is_client, octets)
        await self._inner.write(octets)

    def close(self) -> None:
        self._end(self._is_client)
        self._inner.close()

    def _end(self, by_client: bool) -> None:
        if not self._ended:
            self._ended = True
            self._note(by_client, None)
