"""The scope of a laboratory: the addresses to which anything may ever be sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from makmal.network.world import UnreachableError

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class OutOfScopeError(UnreachableError):
    """Something was about to be sent where nothing may go: one sentence with the address."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Networks, all of them the laboratory's own. Peers can name any address (in a callback, a
    tunnel, a redirection), so whoever sends asks here first.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = LOOPBACK

    def permits(self, address: str) -> bool:
        """Whether something may be sent to this IP address; never to what is none."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.networks)

    def check(self, address: str) -> None:
        """Raise OutOfScopeError unless it may."""
        if not self.permits(address):
            raise OutOfScopeError(
                f"{address} is outside the scope ({_names(self.networks)}): nothing was sent to it"
            )


def _names(networks: Iterable[IPv4Network | IPv6Network]) -> str:
    return ", ".join(map(str, networks))
