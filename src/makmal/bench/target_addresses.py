"""Who is where: the addresses of the product and of the laboratory, all of them in the scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from makmal.bench import target_fields
from makmal.network.plan import (
    BESIDE_UPF,
    FUNCTIONS,
    GTPU_PORT,
    HOST_IPV6,
    NGAP_PORT,
    PFCP_PORT,
    SIMULATED_ADDRESSES,
    UPF_IPV6,
)
from makmal.network.scope import LOOPBACK, Scope
from makmal.trace import toml_file
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import IpNetwork, ip_networks
from makmal.trace.toml_file import Table

EMBEDDED, SURROUNDED, WHOLE_CORE = "embedded", "surrounded", "whole core"
SIMULATED, WIRE = "simulated", "wire"
_USUAL_SERVICE_PORT = 7777
_SCTP_UDP_PORT = 9899
_SESSIONS = 64
_FIRST_OF_LOOPBACK = "127.0.1.10"
# The ends that a surrounded product of a class must name; of other classes the services.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "gNB": ("n2", "n3"),
    "AMF": ("n2", "sbi"),
    "SMF": ("sbi", "n4"),
    "UPF": ("n3", "n4"),
}
_PORTS = {"n2": NGAP_PORT, "n3": GTPU_PORT, "n4": PFCP_PORT, "n9": GTPU_PORT}
# Functions that a laboratory can do without.
_OPTIONAL = ("BSF", "CHF", "SCP")
# What is ours in front of a whole core.
_ACCESS_NETWORK = ("gNB", "gNB-2")
# What is ours around a UPF, which has to do with no other function.
_AROUND_UPF = (*_ACCESS_NETWORK, "SMF", *BESIDE_UPF)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Our side. ``world`` is "simulated" or "wire"; ``sctp`` "automatic", "kernel", "raw" or "udp".

    ``addresses`` are those of our functions, by their names in the plan; ``network_namespace`` is
    the one that our sockets are opened in, "" for the one that Makmal is started in. ``radio``:
    UEs and gNBs speak RRC and PDCP over a simulated Uu. ``sessions``: how many are established at
    a UPF where a test case wants many. ``http`` is what our clients speak without TLS: "2" (with
    prior knowledge) or "1.1". ``demands_tokens``: our producers refuse who brings no token, where
    the product uses tokens at all; without, a product that asks for none can be tried for whether
    it demands any.
    """

    world: str
    addresses: Mapping[str, str]
    service_port: int = _USUAL_SERVICE_PORT
    sctp: str = "automatic"
    sctp_udp_port: int = _SCTP_UDP_PORT
    network_namespace: str = ""
    radio: bool = False
    sessions: int = _SESSIONS
    http: str = "2"
    demands_tokens: bool = True


@dataclass(frozen=True, slots=True)
class ProductAddresses:
    """The ends of the product: "n2", "n3", "n4", "n9" and "sbi", those that it has."""

    ends: Mapping[str, Endpoint]

    @property
    def all(self) -> frozenset[str]:
        """Its IP addresses."""
        return frozenset(end.address for end in self.ends.values())


def read_product_addresses(root: Table, attachment: str, product_class: str) -> ProductAddresses:
    """[addresses]: what the class and the attachment need must be there."""
    table = root.table("addresses", "n2", "n3", "n4", "n9", "sbi")
    if attachment == EMBEDDED:
        for key in table.values:
            raise table.fail(key, "the embedded network has its addresses from [laboratory]")
        return ProductAddresses({})
    ends = {
        key: table.take(key, target_fields.end(_PORTS.get(key, _USUAL_SERVICE_PORT)))
        for key in table.values
    }
    needed = ("n2",) if attachment == WHOLE_CORE else _NEEDED.get(product_class, ("sbi",))
    for key in needed:
        if key not in ends:
            whose = "a core" if attachment == WHOLE_CORE else f"a surrounded {product_class}"
            raise table.fail(key, f"is missing in [addresses]: {whose} is reached there")
    return ProductAddresses(ends)


def read_laboratory(root: Table, attachment: str, product_class: str) -> Laboratory:
    """[laboratory]: an address of its own for each function that is ours."""
    table = root.table(
        "laboratory",
        "world",
        "addresses",
        "first_address",
        "service_port",
        "sctp",
        "sctp_udp_port",
        "network_namespace",
        "radio",
        "sessions",
        "http",
        "demands_tokens",
    )
    world = table.take(
        "world",
        toml_file.choice(SIMULATED, WIRE),
        SIMULATED if attachment == EMBEDDED else WIRE,
    )
    if "demands_tokens" in table and attachment == EMBEDDED:
        raise table.fail("demands_tokens", "is for real products: take it out")
    if world == SIMULATED and attachment != EMBEDDED:
        raise table.fail("world", 'must be "wire": only the embedded network can be simulated')
    return Laboratory(
        world,
        _our_addresses(table, attachment, product_class, world),
        table.take("service_port", toml_file.number(1, 65535), _USUAL_SERVICE_PORT),
        table.take("sctp", toml_file.choice("automatic", "kernel", "raw", "udp"), "automatic"),
        table.take("sctp_udp_port", toml_file.number(1, 65535), _SCTP_UDP_PORT),
        table.optional("network_namespace", toml_file.text) or "",
        table.take("radio", toml_file.truth, False),
        table.take("sessions", toml_file.number(32, 1_000_000), _SESSIONS),
        table.take("http", toml_file.choice("2", "1.1"), "2"),
        table.take("demands_tokens", toml_file.truth, True),
    )


def our_functions(attachment: str, product_class: str) -> tuple[str, ...]:
    """The functions that are ours."""
    if attachment == WHOLE_CORE:
        return _ACCESS_NETWORK
    if attachment == EMBEDDED:
        return (*_AROUND_UPF, "UPF") if product_class == "UPF" else FUNCTIONS
    if product_class == "UPF":
        return _AROUND_UPF
    return tuple(name for name in FUNCTIONS if name != product_class)


def _our_addresses(table: Table, attachment: str, product_class: str, world: str) -> dict[str, str]:
    ours = our_functions(attachment, product_class)
    given = table.table("addresses", *FUNCTIONS, *BESIDE_UPF, HOST_IPV6)
    for name in given.values:
        if name not in (*ours, HOST_IPV6):
            raise given.fail(name, "is the product's, not ours: write its ends under [addresses]")
    first = table.optional("first_address", target_fields.address)
    usual: Mapping[str, str] = {}
    if first is not None:
        usual = _in_a_row(table, first, ours)
    elif world == SIMULATED:
        usual = SIMULATED_ADDRESSES
    elif attachment == EMBEDDED:
        usual = _in_a_row(table, _FIRST_OF_LOOPBACK, ours)
    found: dict[str, str] = {}
    for name in ours:
        if name in given:
            found[name] = given.take(name, target_fields.address)
        elif name in usual:
            found[name] = usual[name]
        elif name not in _OPTIONAL:
            raise given.fail(
                name,
                "is missing in [laboratory.addresses]: give our function an address, or all of "
                "them addresses in a row with first_address in [laboratory]",
            )
        twin = next(
            (each for each in found if each != name and found[each] == found.get(name)), None
        )
        if twin is not None:
            place, key = (given, name) if name in given else (table, "first_address")
            raise place.fail(
                key, f"{found[name]} is the address of {twin} already: each function needs its own"
            )
    return found | _ipv6(given, attachment, product_class, world)


def _ipv6(given: Table, attachment: str, product_class: str, world: str) -> dict[str, str]:
    """Of the data network around a UPF: not in the row, and not everybody has it."""
    if HOST_IPV6 in given:
        address = given.take(HOST_IPV6, target_fields.address)
        if product_class != "UPF" or ":" not in address:
            raise given.fail(HOST_IPV6, "must be an IPv6 address of a host around a UPF")
        return {HOST_IPV6: address}
    if attachment != EMBEDDED or product_class != "UPF":
        return {}
    if world == SIMULATED:
        return {each: SIMULATED_ADDRESSES[each] for each in (HOST_IPV6, UPF_IPV6)}
    return {HOST_IPV6: "::1", UPF_IPV6: "::1"}


def _in_a_row(table: Table, first: str, names: tuple[str, ...]) -> dict[str, str]:
    try:
        return {name: str(ip_address(first) + index) for index, name in enumerate(names)}
    except ValueError:
        raise table.fail("first_address", f"{len(names)} addresses from it on do not fit") from None


def read_scope(
    root: Table, attachment: str, product: ProductAddresses, laboratory: Laboratory
) -> Scope:
    """[scope]: it must hold every address of the file, and is loopback by default if embedded."""
    table = root.table("scope", "networks")
    if attachment == EMBEDDED and "networks" not in table:
        networks: tuple[IpNetwork, ...] = LOOPBACK
    else:
        networks = table.take("networks", ip_networks)
    for network in networks:
        if not network.prefixlen:
            raise table.fail(
                "networks", f"{network} is the whole world: name the networks of your laboratory"
            )
    scope = Scope(networks)
    if laboratory.world == SIMULATED:
        return scope
    listed = ", ".join(map(str, networks))
    for key, end in product.ends.items():
        if not scope.permits(end.address):
            raise root.table("addresses").fail(
                key, f"{end.address} is outside the scope ({listed}): nothing was sent to it"
            )
    ours = root.table("laboratory")
    given = ours.table("addresses")
    for name, address in laboratory.addresses.items():
        if not scope.permits(address):
            place, key = (given, name) if name in given else (ours, "first_address")
            raise place.fail(key, f"{address} is outside the scope ({listed})")
        if address in product.all:
            place, key = (given, name) if name in given else (ours, "first_address")
            raise place.fail(key, f"{address} is the product's address, and cannot be ours too")
    return scope
