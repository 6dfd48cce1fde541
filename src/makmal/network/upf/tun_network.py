"""N6 as an interface of this machine: its kernel routes the packets of UEs like any others."""

from __future__ import annotations

from ipaddress import ip_network

from makmal.network.transport.tun import Tun
from makmal.network.upf.data_network import TakePacket


class TunNetwork:
    """A data network at a TUN interface whose address is the first of each pool of the UEs.

    Where the machine should forward packets further, that is for its administrator to set up.
    """

    def __init__(self, name: str, pools: tuple[str, ...], namespace: str = "") -> None:
        self.take: TakePacket | None = None
        self._pools, self._namespace = pools, namespace
        self._tun = Tun(name, self._came)

    async def open(self) -> None:
        """Make the interface. Raises TunError."""
        await self._tun.open([router_address(each) for each in self._pools], self._namespace)

    def send(self, packet: bytes) -> None:
        """A packet of a UE."""
        self._tun.send(packet)

    def close(self) -> None:
        """Remove the interface."""
        self._tun.close()

    def _came(self, packet: bytes) -> None:
        if self.take is not None:
            self.take(packet)


def router_address(pool: str) -> str:
    """The first address of a pool, with the pool's prefix: "10.60.0.1/16"."""
    network = ip_network(pool)
    return f"{network.network_address + 1}/{network.prefixlen}"
