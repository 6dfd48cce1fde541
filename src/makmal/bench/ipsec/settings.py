"""[ipsec] of a target file: the other end of IPsec, and how it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from makmal.bench import target_fields
from makmal.bench.target_addresses import ProductAddresses
from makmal.network.plan import NetworkPlan
from makmal.network.scope import Scope
from makmal.trace import toml_file
from makmal.trace.knowledge import IpNetwork, ip_networks
from makmal.trace.toml_file import Table

INTERFACES = ("n3", "n4", "n9")
# What TS 33.210, 5.3 and 5.4, have every implementation support, in strongSwan's notation.
IKE_PROPOSALS = (
    "aes128gcm16-prfsha256-ecp256",
    "aes128-sha256-prfsha256-modp2048",
)
ESP_PROPOSALS = ("aes128gcm16", "aes128-sha256")
_OURS = {"n3": ("gNB", "gNB-2"), "n4": ("SMF", "SMF-2"), "n9": ("UPF-2",)}


@dataclass(frozen=True, slots=True)
class Tunnel:
    """IPsec of one interface: the product's end, and the traffic selectors of both sides."""

    peer: str
    our_networks: tuple[IpNetwork, ...]
    peer_networks: tuple[IpNetwork, ...]


@dataclass(frozen=True, slots=True)
class IpsecSettings:
    """``local`` is our end. Either ``pre_shared_key``, or certificate, key and authority as files.

    Identities are "" for the usual ones: the addresses, or the subjects of certificates.
    """

    local: str
    tunnels: Mapping[str, Tunnel]
    pre_shared_key: str = field(default="", repr=False)
    certificate: Path | None = None
    private_key: Path | None = None
    authority: Path | None = None
    identity: str = ""
    peer_identity: str = ""
    ike_proposals: tuple[str, ...] = IKE_PROPOSALS
    esp_proposals: tuple[str, ...] = ESP_PROPOSALS

    def gateways(self) -> dict[str, tuple[IpNetwork, ...]]:
        """The two ends of IPsec by interface, the product's first, for whoever judges."""
        return {
            interface: (ip_network(tunnel.peer), ip_network(self.local))
            for interface, tunnel in self.tunnels.items()
        }


def read_ipsec(
    root: Table, addresses: ProductAddresses, network: NetworkPlan, scope: Scope, name: str
) -> IpsecSettings | None:
    """[ipsec]; None where there is none. Raises the file's error."""
    if "ipsec" not in root:
        return None
    table = root.table(
        "ipsec",
        *("local", "pre_shared_key", "certificate", "private_key", "authority"),
        *("identity", "peer_identity", "ike", "esp", *INTERFACES),
    )
    local = _inside(table, "local", scope)
    files = _files(table, name)
    key = table.optional("pre_shared_key", toml_file.text) or ""
    if bool(key) == bool(files):
        raise table.fail(
            "pre_shared_key",
            "give either pre_shared_key, or certificate, private_key and authority (files)",
        )
    tunnels = {
        interface: _tunnel(table, interface, addresses, network, scope)
        for interface in INTERFACES
        if interface in table
    }
    if not tunnels:
        raise table.fail("n3", "is missing: name the product's end under [ipsec.n3], n4 or n9")
    return IpsecSettings(
        local,
        tunnels,
        key,
        files.get("certificate"),
        files.get("private_key"),
        files.get("authority"),
        table.optional("identity", toml_file.text) or "",
        table.optional("peer_identity", toml_file.text) or "",
        table.take("ike", target_fields.names, IKE_PROPOSALS),
        table.take("esp", target_fields.names, ESP_PROPOSALS),
    )


def _files(table: Table, name: str) -> dict[str, Path]:
    keys = ("certificate", "private_key", "authority")
    given = [each for each in keys if each in table]
    if not given:
        return {}
    found = {}
    for key in keys:
        if key not in given:
            raise table.fail(key, f"is missing beside {given[0]}")
        # Evidence is read where these files are not: who opens them says when one is missing.
        found[key] = Path(name).resolve().parent / table.take(key, toml_file.text)
    return found


def _tunnel(
    ipsec: Table,
    interface: str,
    addresses: ProductAddresses,
    network: NetworkPlan,
    scope: Scope,
) -> Tunnel:
    table = ipsec.table(interface, "peer", "our_networks", "peer_networks")
    end = addresses.ends.get(interface) or (addresses.ends.get("n3") if interface == "n9" else None)
    if end is None:
        raise ipsec.fail(interface, f"needs the product's address: {interface} under [addresses]")
    ends = {"n3": network.n3, "n4": network.n4, "n9": network.n9}[interface]
    ours = tuple(ip_network(ends(each).address) for each in _OURS[interface])
    return Tunnel(
        _inside(table, "peer", scope),
        table.take("our_networks", ip_networks, ours),
        table.take("peer_networks", ip_networks, (ip_network(end.address),)),
    )


def _inside(table: Table, key: str, scope: Scope) -> str:
    address = table.take(key, target_fields.address)
    if not scope.permits(address):
        raise table.fail(key, f"{address} is outside the scope: nothing was sent to it")
    return address
