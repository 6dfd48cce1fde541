"""N6 as the UPF sees it: where uplink packets go, and where downlink packets come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from makmal.network.upf import packets

# What takes a packet that comes from the data network.
TakePacket = Callable[[bytes], None]


class DataNetwork(Protocol):
    """A data network. ``take`` is set by the UPF before it opens it."""

    take: TakePacket | None

    async def open(self) -> None:
        """Be there. Raises OSError."""

    def send(self, packet: bytes) -> None:
        """An IP packet of a UE."""

    def close(self) -> None:
        """Be gone."""


class EchoNetwork:
    """A data network in memory, every address of which answers pings and UDP echoes (RFC 862)."""

    def __init__(self) -> None:
        self.take: TakePacket | None = None

    async def open(self) -> None:
        """There is nothing to open."""

    def send(self, packet: bytes) -> None:
        """Answer what asks for it."""
        answer = packets.udp_echo(packet) or packets.echo_reply(packet)
        if answer is not None and self.take is not None:
            self.take(answer)

    def close(self) -> None:
        """Nor to close."""
