"""A host in the data network: it sends each datagram back to where it came from (RFC 862)."""

from __future__ import annotations

from makmal.network.world import DatagramEnd, UnreachableError, World
from makmal.trace.frame import Endpoint

# A port of its own: that of RFC 862 is for the privileged.
ECHO_PORT = 7007


class DataHost:
    """``received`` holds what came, with its source as the host saw it."""

    def __init__(self, world: World, address: str) -> None:
        self.endpoint = Endpoint(address, ECHO_PORT)
        self.received: list[tuple[bytes, Endpoint]] = []
        self._world = world
        self._end: DatagramEnd | None = None

    async def open(self) -> None:
        """Open the port. Raises OSError."""
        self._end = await self._world.open_datagrams(self.endpoint, self._receive)

    def close(self) -> None:
        """Give it back."""
        if self._end is not None:
            self._end.close()
            self._end = None

    def _receive(self, octets: bytes, source: Endpoint) -> None:
        self.received.append((octets, source))
        if self._end is not None:
            try:
                self._end.send(octets, source)
            except UnreachableError:
                # A source outside the scope is the trace's to show, and nobody to answer.
                return
