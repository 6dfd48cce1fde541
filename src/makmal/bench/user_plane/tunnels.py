"""An end of GTP-U tunnels in the tester's hands: a gNB's on N3, or another UPF's on N9."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from makmal.network.pfcp_node import OpenDatagrams
from makmal.network.world import DatagramEnd, World
from makmal.protocol import gtpu
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint

_KIND = gtpu.MessageType


@dataclass(frozen=True, slots=True)
class Came:
    """A GTP-U message that came, and from where."""

    message: gtpu.Message
    source: Endpoint


class TunnelEnd:
    """``received`` holds what came, in order."""

    def __init__(
        self, world: World, local: Endpoint, open_datagrams: OpenDatagrams | None = None
    ) -> None:
        self.world, self.local = world, local
        self._open_datagrams = open_datagrams or world.open_datagrams
        self.received: list[Came] = []
        self._teids = count(0x1001)
        self._end: DatagramEnd | None = None
        self._came = asyncio.Event()

    async def open(self) -> None:
        """Open the port. Raises OSError."""
        if self._end is None:
            self._end = await self._open_datagrams(self.local, self._receive)

    def close(self) -> None:
        """Give it back."""
        if self._end is not None:
            self._end.close()
            self._end = None

    def next_teid(self) -> int:
        """A TEID of ours."""
        return next(self._teids)

    def send(self, octets: bytes, to: Endpoint) -> None:
        """Send octets, GTP-U or not. Raises OutOfScopeError."""
        if self._end is not None:
            self._end.send(octets, to)

    def send_packet(
        self, packet: bytes, tunnel: tuple[Endpoint, int], *, uplink: bool = True, qfi: int = 1
    ) -> None:
        """A user packet in a tunnel."""
        kind = gtpu.UlPduSessionInformation if uplink else gtpu.DlPduSessionInformation
        message = gtpu.build(
            _KIND.G_PDU,
            tunnel[1],
            packet,
            extension_headers=[(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, kind(qfi=qfi))],
        )
        self.send(message.encode(), tunnel[0])

    def _receive(self, octets: bytes, source: Endpoint) -> None:
        try:
            message = gtpu.decode(octets)
        except DecodeError:
            # The trace has it: what it is, is the judge's to say.
            return
        if message.message_type == _KIND.ECHO_REQUEST:
            answer = gtpu.build(
                _KIND.ECHO_RESPONSE,
                0,
                sequence_number=message.sequence_number or 0,
                elements=[(gtpu.ie.RECOVERY, 0)],
            )
            self.send(answer.encode(), source)
            return
        self.received.append(Came(message, source))
        self._came.set()

    async def expect(self, wanted: Callable[[gtpu.Message], bool], seconds: float) -> bool:
        """Wait until a message is or has been there that is wanted; whether one came."""
        seen = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for each in self.received[seen:]:
                        if wanted(each.message):
                            return True
                    seen = len(self.received)
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return False
