"""TLS over any byte stream, by the state machine of the ssl module; its secrets can be recorded."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from makmal.network.streams import ByteStream
from makmal.network.world import UnreachableError

_READ, _WRITE = 65_536, 16_384


class TlsError(UnreachableError):
    """No TLS connection came about: one sentence with the reason."""


class TlsStream(ByteStream):
    """The protected stream. ``note`` is told the octets below TLS, and None at the end; what was
    received after it was processed, so that ``on_secrets`` has told what opens it before.
    """

    def __init__(
        self,
        inner: ByteStream,
        context: ssl.SSLContext,
        *,
        server_side: bool = False,
        server_name: str | None = None,
        on_secrets: Callable[[bytes], None] | None = None,
        note: Callable[[bool, bytes | None], None] | None = None,
    ) -> None:
        self.local, self.remote = inner.local, inner.remote
        self._inner, self._on_secrets, self._note = inner, on_secrets, note
        self._is_client, self._unnoted = not server_side, b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._log: Path | None = None
        if on_secrets is not None:
            # The ssl module logs secrets to a file and to nothing else.
            with tempfile.NamedTemporaryFile(prefix="makmal-", delete=False) as file:
                self._log = Path(file.name)
            context.keylog_filename = file.name
        self._ssl = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=server_name
        )
        self._logged = 0

    @property
    def peer_certificate(self) -> bytes | None:
        """The other end's certificate, DER."""
        return self._ssl.getpeercert(binary_form=True)

    async def handshake(self) -> None:
        """Shake hands. Raises TlsError, ConnectionError."""
        try:
            while True:
                try:
                    self._ssl.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await self._flush()
                    if not await self._feed():
                        raise TlsError("the other side closed during the TLS handshake") from None
        except ssl.SSLError as error:
            await self._flush()
            raise TlsError(f"no TLS connection: {error.reason or error}") from None
        await self._flush()
        self._forget_log()

    async def read(self) -> bytes:
        """The next octets; none at the end."""
        while True:
            try:
                octets = self._ssl.read(_READ)
                self._catch_up()
                if not octets:
                    self._end(not self._is_client)
                return octets
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._feed():
                    self._end(not self._is_client)
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self._end(not self._is_client)
                return b""
            except ssl.SSLError as error:
                self._catch_up()
                raise ConnectionResetError(f"TLS broke: {error.reason or error}") from None

    async def write(self, octets: bytes) -> None:
        """Send octets."""
        for start in range(0, len(octets), _WRITE):
            try:
                self._ssl.write(octets[start : start + _WRITE])
            except ssl.SSLError as error:
                raise ConnectionResetError(f"TLS broke: {error.reason or error}") from None
            await self._flush()

    def close(self) -> None:
        """End the connection, and forget its secrets."""
        self._forget_log()
        self._end(self._is_client)
        self._inner.close()

    async def _feed(self) -> bool:
        try:
            octets = await self._inner.read()
        except ConnectionError:
            self._end(not self._is_client)
            raise
        self._unnoted += octets
        if octets:
            self._incoming.write(octets)
        else:
            self._incoming.write_eof()
        return bool(octets)

    async def _flush(self) -> None:
        self._catch_up()
        octets = self._outgoing.read()
        if octets:
            if self._note is not None:
                self._note(self._is_client, octets)
            await self._inner.write(octets)

    def _catch_up(self) -> None:
        """Tell the secrets that became known, then the octets that were received."""
        if self._log is not None and self._on_secrets is not None:
            lines = self._log.read_bytes()[self._logged :]
            self._logged += len(lines)
            kept = b"".join(each + b"\n" for each in lines.splitlines() if each[:1] != b"#")
            if kept:
                self._on_secrets(kept)
        octets, self._unnoted = self._unnoted, b""
        if octets and self._note is not None:
            self._note(not self._is_client, octets)

    def _end(self, by_client: bool) -> None:
        self._catch_up()
        if self._note is not None:
            note, self._note = self._note, None
            note(by_client, None)

    def _forget_log(self) -> None:
        if self._log is not None:
            self._catch_up()
            self._log.unlink(missing_ok=True)
            self._log = None
