"""Telling what is spoken on a stream by its first octets."""

from __future__ import annotations

from makmal.network.streams import ByteStream


class PeekedStream(ByteStream):
    """A stream whose first octets were read already, to tell what is spoken on it."""

    def __init__(self, inner: ByteStream, first: bytes) -> None:
        self.local, self.remote = inner.local, inner.remote
        self._inner, self._first = inner, first

    @classmethod
    async def of(cls, stream: ByteStream) -> PeekedStream:
        """Read the first octets of a stream. Raises ConnectionError."""
        return cls(stream, await stream.read())

    def begins_otherwise(self, octet: int) -> bool:
        """Whether the first octet is another."""
        return self._first[:1] != bytes((octet,))

    async def read(self) -> bytes:
        """The first octets once more, then those that follow."""
        if self._first:
            first, self._first = self._first, b""
            return first
        return await self._inner.read()

    async def write(self, octets: bytes) -> None:
        """Send octets."""
        await self._inner.write(octets)

    def close(self) -> None:
        """End the connection."""
        self._inner.close()
