"""Where the functions of a network are, and what network it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from uuid import NAMESPACE_DNS, uuid5

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.network.subscription import HOME_NETWORK_KEYS, MCC, MNC, HomeNetworkKey
from makmal.protocol import nas, ngap
from makmal.security import keys
from makmal.security.certificates import CertificateAuthority, Subject
from makmal.trace.frame import Endpoint

NGAP_PORT, PFCP_PORT, GTPU_PORT = 38412, 8805, 2152
# Names of functions in a network. "AMF-2" and "gNB-2" are the other ends of mobility.
FUNCTIONS = (
    "gNB", "gNB-2", "AMF", "AMF-2", "SMF", "UPF", "AUSF", "UDM", "UDR", "NRF", "NSSF", "PCF",
    "NSSAAF", "BSF", "CHF", "SCP",
)  # fmt: skip
# Beside a UPF: an SMF that it does not know, a UPF of another PLMN, a host in its data network.
BESIDE_UPF = ("SMF-2", "UPF-2", "DN")
# A host of the data network and the UPF's end of N6, in IPv6.
HOST_IPV6, UPF_IPV6 = "DN-IPv6", "UPF-IPv6"
SIMULATED_ADDRESSES: Mapping[str, str] = {
    name: f"192.0.2.{number}" for number, name in enumerate((*FUNCTIONS, *BESIDE_UPF), 10)
} | {HOST_IPV6: "2001:db8:2::7", UPF_IPV6: "2001:db8:2::1"}


@cache
def _reference_nrf_key() -> ec.EllipticCurvePrivateKey:
    # Fixed, so that a simulated run is the same each time but for ECDSA's own random number.
    return ec.derive_private_key(int.from_bytes(bytes(range(0x21, 0x41)), "big"), ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A network. ``slices`` are (SST, SD or None); ``oauth`` whether consumers ask the NRF for
    tokens; ``nrf_key`` is the key that it signs them with. ``absent`` names the functions that
    are not ours: a real product stands in their place, or there is none.
    """

    mcc: str = MCC
    mnc: str = MNC
    tac: int = 1
    slices: tuple[tuple[int, str | None], ...] = ((1, None),)
    dnns: tuple[str, ...] = ("internet",)
    amf_region: int = 2
    amf_set: int = 1
    amf_pointer: int = 0
    addresses: Mapping[str, str] = field(default_factory=lambda: SIMULATED_ADDRESSES)
    service_port: int = 7777
    # Where a function does not use the port of the others.
    service_ports: Mapping[str, int] = field(default_factory=dict)
    # Where a product has an end ("n2", "n3" or "n4") somewhere else than its services.
    ends: Mapping[tuple[str, str], Endpoint] = field(default_factory=dict)
    ngap_port: int = NGAP_PORT
    # What the UEs get addresses from.
    ue_pool: str = "10.60.0.0/16"
    ue_pool_ipv6: str = "2001:db8:60::/48"
    home_network_keys: tuple[HomeNetworkKey, ...] = HOME_NETWORK_KEYS
    oauth: bool = True
    # Whether producers of ours refuse who brings no token, where tokens are used.
    demands_tokens: bool = True
    nrf_key: ec.EllipticCurvePrivateKey = field(default_factory=_reference_nrf_key)
    absent: frozenset[str] = frozenset()
    # Who issues certificates, where services are offered over TLS; None for clear text.
    authority: CertificateAuthority | None = None
    # The name in the certificate of whoever is at an address, where it is not that of our function.
    server_names: Mapping[str, str] = field(default_factory=dict)
    # Whether UEs and gNBs speak RRC and PDCP over a simulated Uu, or call each other.
    radio: bool = False
    # Functions ask each other through the SCP (TS 23.501, 7.1.1).
    through_scp: bool = False

    @property
    def plmn(self) -> str:
        """MCC and MNC together."""
        return self.mcc + self.mnc

    @property
    def serving_network_name(self) -> str:
        """TS 24.501, 9.12.1."""
        return keys.serving_network_name(self.mcc, self.mnc)

    @property
    def s_nssais(self) -> tuple[ngap.SNssai, ...]:
        """The slices in the terms of NGAP."""
        return tuple(
            ngap.SNssai(sst, None if sd is None else int(sd, 16)) for sst, sd in self.slices
        )

    @property
    def nas_slices(self) -> tuple[nas.SNssai, ...]:
        """The slices in the terms of NAS."""
        return tuple(
            nas.SNssai(sst, None if sd is None else int(sd, 16)) for sst, sd in self.slices
        )

    @property
    def domain(self) -> str:
        """The home domain (TS 23.003, 28.2)."""
        return f"5gc.mnc{self.mnc:0>3}.mcc{self.mcc}.3gppnetwork.org"

    @property
    def scheme(self) -> str:
        """Of the services' URIs."""
        return "http" if self.authority is None else "https"

    def fqdn(self, name: str) -> str:
        """The name of a function (TS 23.003, 28.3.2)."""
        return f"{name.lower()}.{self.domain}"

    def server_name(self, address: str) -> str:
        """The name that the certificate of whoever serves at an address must have."""
        given = self.server_names.get(address)
        if given is not None:
            return given
        names = [name for name in FUNCTIONS if self.addresses.get(name) == address]
        return self.fqdn(names[0]) if len(names) == 1 else address

    def subject(self, name: str) -> Subject:
        """Whose certificate a function's is (TS 33.310, 6.1.3c)."""
        kind = name.partition("-")[0].upper()
        return Subject(self.fqdn(name), self.instance(name), kind, (self.addresses[name],))

    def address(self, name: str) -> str:
        """The IP address of a function."""
        return self.addresses[name]

    def service(self, name: str) -> Endpoint:
        """Where a function serves HTTP."""
        return Endpoint(self.addresses[name], self.service_ports.get(name, self.service_port))

    def n2(self, name: str = "AMF") -> Endpoint:
        """Where an AMF takes associations."""
        return self.ends.get((name, "n2")) or Endpoint(self.addresses[name], self.ngap_port)

    def n4(self, name: str) -> Endpoint:
        """Where an SMF or UPF speaks PFCP."""
        return self.ends.get((name, "n4")) or Endpoint(self.addresses[name], PFCP_PORT)

    def n3(self, name: str) -> Endpoint:
        """Where a gNB or UPF speaks GTP-U."""
        return self.ends.get((name, "n3")) or Endpoint(self.addresses[name], GTPU_PORT)

    def n9(self, name: str) -> Endpoint:
        """Where a UPF speaks GTP-U with other UPFs."""
        return self.ends.get((name, "n9")) or self.n3(name)

    def nf_set(self, nf_type: str) -> str:
        """The NF set of the functions of a type (TS 23.003, 28.12)."""
        mnc = self.mnc.rjust(3, "0")
        return f"set1.{nf_type.lower()}set.5gc.mnc{mnc}.mcc{self.mcc}"

    def instance(self, name: str) -> str:
        """The NF instance id of a function: a UUID, the same in every run (TS 29.571, 5.3.2)."""
        return _instance(self.plmn, name)


@cache
def _instance(plmn: str, name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, f"{name.lower()}.{plmn}.makmal"))
