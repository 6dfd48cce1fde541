"""The target: what the product under test is, where it is, and what may be done to it.

It is one TOML file, described in ``docs/target.md``. Every mistake in it is one sentence that names
the file, the line and the field, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path

from makmal import __version__
from makmal.bench import embedded_plan, target_fields
from makmal.bench.application.settings import ApplicationSettings
from makmal.bench.device.settings import DeviceSettings
from makmal.bench.end_target import END_CLASSES, read_end_target
from makmal.bench.hook_commands import HookCommand, read_hooks
from makmal.bench.ipsec.settings import IpsecSettings, read_ipsec
from makmal.bench.session_path import SessionPath
from makmal.bench.subscribers import Subscribers, read_subscribers
from makmal.bench.target_addresses import (
    EMBEDDED,
    SURROUNDED,
    WHOLE_CORE,
    Laboratory,
    ProductAddresses,
    read_laboratory,
    read_product_addresses,
    read_scope,
)
from makmal.bench.target_tls import read_tls
from makmal.network.amf.policy import AmfPolicy
from makmal.network.faults import FAULTS
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.scope import Scope
from makmal.network.slices import Slice
from makmal.network.subscription import MCC, MNC, Subscription
from makmal.testcases.registry import test_cases
from makmal.trace import toml_file
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import Knowledge, algorithms
from makmal.trace.toml_file import Table, TomlError, TomlFile

NETWORK_FUNCTIONS = tuple(name for name in FUNCTIONS if not name.endswith("-2"))
PRODUCT_CLASSES = (*NETWORK_FUNCTIONS, *END_CLASSES)
# Features that a product may declare; test cases may name further ones.
FEATURES: Mapping[str, str] = {
    "emergency": "emergency registration (TS 23.502, 4.2.2.2.2)",
    "ciot": "control plane CIoT 5GS optimisation (TS 23.501, 5.31)",
    "up-ciot": "user plane CIoT 5GS optimisation: suspend and resume (TS 23.501, 5.31.18)",
    "nssaa": "network slice-specific authentication and authorisation (TS 33.501, 16)",
    "oauth2": "access tokens of the NRF are demanded and used (TS 33.501, 13.4)",
    "token-slices": "the slices in an access token are read (TS 29.510, 6.3.5.2.4)",
    "token-nsi": "the network slice instances in an access token are read",
    "token-nf-set": "the NF set in an access token is read",
    "token-additional-scope": "the resources in the scope of an access token are read",
    "client-credentials-assertion": "assertions of consumers are verified (TS 33.501, 13.3.8)",
    "tsc": "time sensitive communication (TS 23.501, 5.27)",
    "5g-lan": "5G LAN groups (TS 23.501, 5.29)",
    "n26": "interworking with EPS by N26 (TS 23.501, 4.3)",
    "ipups": "inter-PLMN user plane security on N9 (TS 33.501, 5.9.3.4)",
    "ue-isolation": "the UEs of a data network are kept apart (TS 23.501, 5.6.10.2)",
    "ipv6": "sessions of IPv6 (TS 23.501, 5.8.2.2.3)",
    "gtpu-filtering": "a filter for GTP-U by source address (TS 33.117, 4.2.6.2.4)",
}


class TargetError(TomlError):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Product:
    """The product under test. ``faults`` are brought into the embedded network on purpose."""

    name: str
    vendor: str
    version: str
    product_class: str
    attachment: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetTimers:
    """In seconds: how long to wait for an answer, how long nothing must happen before it counts as
    silence, how long the product may go on sending after a procedure, how long one test case may
    take, and how long the product may take to come back.
    """

    answer: float = 5.0
    quiet: float = 1.0
    settle: float = 0.3
    test_case: float = 300.0
    restart: float = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """A target file. ``text`` is the file as it was read: its hash tells targets apart."""

    name: str
    text: str
    product: Product
    network: NetworkPlan
    addresses: ProductAddresses
    laboratory: Laboratory
    scope: Scope
    subscriptions: tuple[Subscription, ...]
    features: frozenset[str]
    integrity_algorithms: tuple[int, ...]
    ciphering_algorithms: tuple[int, ...]
    timers: TargetTimers
    authenticated_slice: Slice | None = None
    hooks: Mapping[str, HookCommand] = field(default_factory=dict)
    declarations: Mapping[str, str] = field(default_factory=dict)
    application: ApplicationSettings | None = None
    # The ports that a scan tries, by transport, and where the OpenAPI files of 3GPP are.
    scanned_ports: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    openapi: Path | None = None
    device: DeviceSettings | None = None
    # The embedded application or device is reached through a PDU session of the embedded network.
    through_session: bool = False
    # A real core, through which an application or a device is reached.
    session_path: SessionPath | None = None
    # Who is at the other end of IPsec, and how.
    ipsec: IpsecSettings | None = None

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def directory(self) -> Path:
        """Where the file is: hooks are run there."""
        return Path(self.name).resolve().parent

    def plan(self) -> NetworkPlan:
        """The network with the product in its place."""
        return self.network

    def knowledge(self) -> Knowledge:
        """What the laboratory knows beside the traces of this target."""
        known = embedded_plan.knowledge_of(
            self.network, self.subscriptions, self.integrity_algorithms, self.ciphering_algorithms
        )
        if self.product.attachment == EMBEDDED:
            known = replace(known, tls_authorities=embedded_plan.embedded_authorities(self.network))
        elif self.network.authority is not None:
            # A product's TLS may be on any port.
            services = self.addresses.ends.get("sbi")
            known = replace(
                known,
                tls_authorities=self.network.authority.certificate.decode("ascii"),
                interface_addresses={"sbi": (ip_network(services.address),)} if services else {},
            )
        if self.network.radio:
            known = replace(known, cells=embedded_plan.embedded_cells())
        if self.product.product_class == "UPF":
            addresses = embedded_plan.user_plane_addresses(self.network)
            known = replace(known, interface_addresses=addresses)
            if self.ipsec is not None:
                known = replace(known, security_gateways=self.ipsec.gateways())
        return known


def load_target(path: Path) -> Target:
    """Read a target file. Raises TargetError on anything that is not one."""
    return parse_target(toml_file.read_text(path, TargetError), str(path))


def parse_target(text: str, name: str = "target") -> Target:
    """The same from text; ``name`` stands in the errors."""
    root = TomlFile(name, text, TargetError).root
    product_table = root.table("product")
    if "class" in product_table and _class(product_table) in END_CLASSES:
        return read_end_target(root, name, text)
    root.only(
        "product",
        "network",
        "addresses",
        "laboratory",
        "subscriber",
        "home_network_key",
        "features",
        "algorithms",
        "scope",
        "timers",
        "hooks",
        "declarations",
        "scan",
        "openapi",
        "tls",
        "ipsec",
    )
    product = _product(root)
    embedded = product.attachment == EMBEDDED
    addresses = read_product_addresses(root, product.attachment, product.product_class)
    laboratory = read_laboratory(root, product.attachment, product.product_class)
    scope = read_scope(root, product.attachment, addresses, laboratory)
    network = _network(root, product, addresses, laboratory)
    network = read_tls(root, product.attachment, network, addresses, name)
    authenticated = root.table("network").optional("authenticated_slice", target_fields.one_slice)
    if authenticated is None and embedded:
        authenticated = embedded_plan.AUTHENTICATED_SLICE
    usual = tuple(each for each in network.slices if each != authenticated)
    if "ipsec" in root and (embedded or product.product_class != "UPF"):
        raise root.fail("ipsec", 'is for a UPF that is surrounded (attachment = "surrounded")')
    subscribers = read_subscribers(root, network.plmn, usual or network.slices, network.dnns)
    if not embedded and not subscribers.subscriptions and product.product_class != "UPF":
        raise root.fail("subscriber", "is missing: name the UEs of the test under [[subscriber]]")
    hooks = read_hooks(root)
    for each in hooks if embedded else ():
        raise root.table("hooks").fail(each, "the embedded network needs no hooks")
    policy = AmfPolicy()
    table = root.table("algorithms", "integrity", "ciphering")
    return Target(
        name=name,
        text=text,
        product=product,
        network=_with_keys(network, subscribers, root, embedded),
        addresses=addresses,
        laboratory=laboratory,
        scope=scope,
        subscriptions=subscribers.subscriptions or embedded_plan.embedded_subscriptions(network),
        features=_features(root, embedded, product.product_class),
        integrity_algorithms=table.take(
            "integrity", algorithms("I"), policy.integrity_priority if embedded else ()
        ),
        ciphering_algorithms=table.take(
            "ciphering", algorithms("E"), policy.ciphering_priority if embedded else ()
        ),
        timers=read_timers(root),
        authenticated_slice=authenticated,
        hooks=hooks,
        declarations=read_declarations(root)
        or (
            embedded_plan.embedded_declarations(network, product.product_class) if embedded else {}
        ),
        scanned_ports=_scan(root),
        openapi=_openapi(root, name),
        ipsec=read_ipsec(root, addresses, network, scope, name),
    )


def _class(product: Table) -> str:
    return product.take("class", toml_file.choice(*PRODUCT_CLASSES))


def _product(root: Table) -> Product:
    table = root.table("product", "name", "vendor", "version", "class", "attachment", "faults")
    attachment = table.take("attachment", toml_file.choice(SURROUNDED, WHOLE_CORE, EMBEDDED), None)
    embedded = attachment == EMBEDDED
    faults: tuple[str, ...] = table.take("faults", target_fields.names, ())
    known = [each.name for each in FAULTS]
    for name in faults:
        if not embedded:
            raise table.fail("faults", "can only be brought into the embedded network")
        if name not in known:
            instead = toml_file.nearest(name, known, "the faults are")
            raise table.fail("faults", f"there is no fault {name}; {instead}")
    product_class = table.take("class", toml_file.choice(*PRODUCT_CLASSES))
    if product_class == "gNB" and not embedded:
        reason = 'a gNB can only be evaluated embedded (attachment = "embedded"): there is no radio'
        raise table.fail("class", reason)
    return Product(
        name=table.take("name", toml_file.text, "the embedded network" if embedded else None),
        vendor=table.take("vendor", toml_file.text, "Makmal" if embedded else None),
        version=table.take("version", toml_file.text, __version__ if embedded else None),
        product_class=product_class,
        attachment=attachment,
        faults=faults,
    )


def _network(
    root: Table, product: Product, addresses: ProductAddresses, laboratory: Laboratory
) -> NetworkPlan:
    table = root.table(
        "network",
        "mcc",
        "mnc",
        "tac",
        "slices",
        "authenticated_slice",
        "dnns",
        "guami",
        "ue_pool",
        "ue_pool_ipv6",
    )
    # Around a UPF the usual network does: it hears of no other.
    embedded = product.attachment == EMBEDDED or product.product_class == "UPF"
    guami = table.table("guami", "region", "set", "pointer")
    usual = embedded_plan.embedded_plan()
    slices = table.take("slices", target_fields.slices, usual.slices if embedded else None)
    wanted = table.optional("authenticated_slice", target_fields.one_slice)
    if wanted is not None and wanted not in slices:
        raise table.fail("authenticated_slice", "is not one of the slices of [network]")
    placed, ends, ports = _places(product, addresses)
    return NetworkPlan(
        mcc=table.take("mcc", target_fields.digits(3, 3), MCC if embedded else None),
        mnc=table.take("mnc", target_fields.digits(2, 3), MNC if embedded else None),
        tac=table.take("tac", toml_file.number(0, 0xFFFFFF), usual.tac if embedded else None),
        slices=slices,
        dnns=table.take("dnns", target_fields.dnns, usual.dnns if embedded else None),
        amf_region=guami.take("region", toml_file.number(0, 255), usual.amf_region),
        amf_set=guami.take("set", toml_file.number(0, 1023), usual.amf_set),
        amf_pointer=guami.take("pointer", toml_file.number(0, 63), usual.amf_pointer),
        addresses={**placed, **laboratory.addresses},
        service_port=laboratory.service_port,
        service_ports=ports,
        ue_pool=table.take("ue_pool", target_fields.pool, usual.ue_pool),
        ue_pool_ipv6=table.take("ue_pool_ipv6", target_fields.pool_ipv6, usual.ue_pool_ipv6),
        oauth=embedded or "oauth2" in _features(root, embedded),
        demands_tokens=laboratory.demands_tokens,
        absent=frozenset(FUNCTIONS) - set(laboratory.addresses),
        radio=laboratory.radio or product.product_class == "gNB",
        ends=ends,
    )


def _places(
    product: Product, addresses: ProductAddresses
) -> tuple[dict[str, str], dict[tuple[str, str], Endpoint], dict[str, int]]:
    """Where in the plan the product stands: addresses, ends and service ports by function."""
    found = addresses.ends
    if not found:
        return {}, {}, {}
    if product.attachment == SURROUNDED:
        name = product.product_class
        main = found.get("sbi") or next(iter(found.values()))
        ports = {name: found["sbi"].port} if "sbi" in found else {}
        ends = {(name, key): end for key, end in found.items() if key != "sbi"}
        return {name: main.address}, ends, ports
    services = found.get("sbi", found["n2"])
    ports = dict.fromkeys(FUNCTIONS, services.port) if "sbi" in found else {}
    holders = {"n2": "AMF", "n3": "UPF", "n4": "SMF" if product.product_class == "SMF" else "UPF"}
    ends = {(holders[key], key): end for key, end in found.items() if key != "sbi"}
    return dict.fromkeys(FUNCTIONS, services.address), ends, ports


def _with_keys(
    network: NetworkPlan, subscribers: Subscribers, root: Table, embedded: bool
) -> NetworkPlan:
    if embedded and not subscribers.subscriptions:
        if subscribers.home_network_keys:
            raise root.fail(
                "home_network_key", "is for the UEs of [[subscriber]], and there is none: add one"
            )
        return network
    return replace(network, home_network_keys=subscribers.home_network_keys)


def _features(root: Table, embedded: bool, product_class: str = "") -> frozenset[str]:
    if embedded and "features" not in root:
        own = {"UPF": embedded_plan.UPF_FEATURES, "gNB": embedded_plan.GNB_FEATURES}
        return own.get(product_class, embedded_plan.FEATURES)
    named = (feature for each in test_cases().values() for feature in each.features)
    table = root.table("features", *FEATURES, *named)
    return frozenset(name for name in table.values if table.take(name, toml_file.truth))


def read_timers(root: Table) -> TargetTimers:
    """[timers]. Raises TargetError."""
    usual = TargetTimers()
    table = root.table("timers", "answer", "quiet", "settle", "test_case", "restart")
    return TargetTimers(
        table.take("answer", target_fields.seconds, usual.answer),
        table.take("quiet", target_fields.seconds, usual.quiet),
        table.take("settle", target_fields.seconds, usual.settle),
        table.take("test_case", target_fields.seconds, usual.test_case),
        table.take("restart", target_fields.seconds, usual.restart),
    )


def _scan(root: Table) -> dict[str, tuple[int, int]]:
    """[scan]: the ports of each transport."""
    table = root.table("scan", "tcp", "udp", "sctp")
    return {
        name: table.take(name, target_fields.port_range, (1, 65_535))
        for name in ("tcp", "udp", "sctp")
    }


def _openapi(root: Table, name: str) -> Path | None:
    """[openapi]: the directory of the files, from where the target file is."""
    table = root.table("openapi", "directory")
    given = table.optional("directory", toml_file.text)
    return None if given is None else Path(name).resolve().parent / given


def read_declarations(root: Table) -> dict[str, str]:
    """[declarations.NAME]: a statement, and who gave it on what day."""
    table = root.table("declarations")
    found = {}
    for name in table.values:
        one = table.table(name, "statement", "by", "date")
        statement = one.take("statement", toml_file.text)
        by, day = one.take("by", toml_file.text), one.take("date", target_fields.day)
        found[name] = f"{statement} ({by}, {day})"
    return found
