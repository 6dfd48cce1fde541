"""What the embedded network is: its plan, subscriptions and features, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import ip_network

from makmal import __version__
from makmal.network.plan import HOST_IPV6, NetworkPlan
from makmal.network.radio.cell import cell_identity
from makmal.network.slices import Slice
from makmal.network.subscription import Subscription
from makmal.protocol import rrc
from makmal.security.certificates import CertificateAuthority
from makmal.trace.knowledge import HomeNetworkKey, IpNetwork, Knowledge, Subscriber

# Everything that the embedded network can do.
FEATURES = frozenset(
    {
        "emergency", "ciot", "up-ciot", "nssaa", "oauth2", "token-slices", "token-nsi",
        "token-nf-set", "token-additional-scope", "client-credentials-assertion", "tsc", "5g-lan",
    }
)  # fmt: skip
# What the embedded UPF declares.
UPF_FEATURES = frozenset({"ipups", "gtpu-filtering", "ue-isolation", "ipv6"})
# What the embedded gNB declares.
GNB_FEATURES = frozenset({"xn", "rrc-inactive"})
AUTHENTICATED_SLICE: Slice = (2, "000002")
_SUBSCRIBERS = 16
# What the embedded SMF is asked to hold: more would prove no more.
_SESSIONS = 8


def embedded_cells() -> tuple[rrc.Cell, ...]:
    """The cells of the embedded gNBs."""
    return tuple(cell_identity(number) for number in (1, 2))


def embedded_plan() -> NetworkPlan:
    """The plan of the embedded network."""
    return NetworkPlan(slices=((1, None), AUTHENTICATED_SLICE))


@cache
def embedded_authority(domain: str) -> CertificateAuthority:
    """Who issues the certificates of the embedded network, where it offers services over TLS."""
    return CertificateAuthority(domain)


def embedded_authorities(plan: NetworkPlan) -> str:
    """Whom the judge of an embedded product takes certificates from (PEM)."""
    return (plan.authority or embedded_authority(plan.domain)).certificate.decode("ascii")


def embedded_subscriptions(
    plan: NetworkPlan, count: int = _SUBSCRIBERS
) -> tuple[Subscription, ...]:
    """Subscriptions of its own, with keys of no other use; every third has TUAK."""
    return tuple(
        Subscription(
            f"imsi-{plan.plmn}{number:0{15 - len(plan.plmn)}d}",
            bytes((0x10 * number + index) & 0xFF for index in range(16)),
            bytes((0xE0 - 0x11 * number - index) & 0xFF for index in range(16))
            if number % 3
            else bytes((0xC0 - 0x11 * number - index) & 0xFF for index in range(32)),
            algorithm_set="milenage" if number % 3 else "tuak",
            scheme=1 + number % 2,
        )
        for number in range(1, count + 1)
    )


def user_plane_addresses(plan: NetworkPlan) -> dict[str, tuple[IpNetwork, ...]]:
    """Which addresses are of which interface of a UPF, as far as a judge has to know."""
    ends = {
        "n3": (plan.n3("UPF").address, plan.n3("gNB").address, plan.n3("gNB-2").address),
        "n4": (plan.n4("UPF").address, plan.n4("SMF").address, plan.n4("SMF-2").address),
        "n6": (plan.address("DN"), *filter(None, (plan.addresses.get(HOST_IPV6),))),
        "n9": (plan.n9("UPF").address, plan.n9("UPF-2").address),
    }
    return {
        name: tuple(ip_network(each) for each in dict.fromkeys(addresses))
        for name, addresses in ends.items()
    }


def embedded_declarations(plan: NetworkPlan, product: str) -> dict[str, str]:
    """What there is to declare of an embedded product."""
    ports = [f"tcp/{plan.service(product).port} services"]
    if product == "AMF":
        ports.append(f"sctp/{plan.n2(product).port} N2")
    elif product == "SMF":
        ports.append(f"udp/{plan.n4(product).port} N4, when it has sessions")
    whose = f"(Makmal {__version__}, the embedded network)"
    return {
        "open-ports": f"{'; '.join(ports)} {whose}",
        "maximum-sessions": f"{_SESSIONS} sessions {whose}",
        "parser-host-view": f"Python's json module reads bodies, and starts nothing {whose}",
        "tls-profile": f"TLS 1.2 and 1.3 as TS 33.210, 6.2, profiles them {whose}",
    }


def knowledge_of(
    plan: NetworkPlan,
    subscriptions: Iterable[Subscription],
    integrity: tuple[int, ...],
    ciphering: tuple[int, ...],
) -> Knowledge:
    """What the laboratory knows beside the trace."""
    return Knowledge(
        subscribers={
            each.supi: Subscriber(each.supi, each.key, each.opc, each.algorithm_set)
            for each in subscriptions
        },
        home_network_keys=tuple(
            HomeNetworkKey(each.identifier, each.scheme, each.private_key)
            for each in plan.home_network_keys
        ),
        integrity_algorithms=integrity,
        ciphering_algorithms=ciphering,
    )
