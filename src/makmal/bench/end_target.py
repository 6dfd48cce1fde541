"""Target files of what is at the ends of the network: a cloud application, or a device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from makmal import __version__
from makmal.bench import embedded_plan, target_fields
from makmal.bench.hook_commands import read_hooks
from makmal.bench.session_path import read_session_path
from makmal.bench.target_addresses import (
    EMBEDDED,
    SIMULATED,
    WIRE,
    Laboratory,
    ProductAddresses,
    read_scope,
)
from makmal.network.scope import LOOPBACK, Scope
from makmal.trace import toml_file
from makmal.trace.toml_file import Table

if TYPE_CHECKING:
    from makmal.bench.target import Product, Target

APPLICATION, DEVICE = "application", "device"
END_CLASSES = (APPLICATION, DEVICE)
NETWORK = "network"
DIRECT, PDU_SESSION = "direct", "pdu session"
# What the file says of an application follows from its tables.
_FOLLOWING: Mapping[str, tuple[str, ...]] = {
    APPLICATION: ("registration", "fetching"),
    DEVICE: (),
}
FEATURES: Mapping[str, Mapping[str, str]] = {
    APPLICATION: {
        "registration": "anyone can make an account",
        "fetching": "the application fetches URLs that users name",
    },
    DEVICE: {},
}


def read_end_target(root: Table, name: str, text: str) -> Target:
    """A target of one of these classes. Raises the file's error."""
    from makmal.bench.target import Target, TargetTimers, read_declarations, read_timers

    product = _product(root)
    kind = product.product_class
    root.only(
        *("product", kind, "laboratory", "scope", "timers", "hooks", "declarations", "features"),
        *("session", "subscriber", "home_network_key"),
    )
    embedded = product.attachment == EMBEDDED
    table = root.table("laboratory", "path", "network_namespace")
    namespace = table.optional("network_namespace", toml_file.text) or ""
    laboratory = Laboratory(SIMULATED if embedded else WIRE, {}, network_namespace=namespace)
    addresses = ProductAddresses({})
    scope = Scope(LOOPBACK) if embedded else read_scope(root, NETWORK, addresses, laboratory)
    path = table.take("path", toml_file.choice(DIRECT, PDU_SESSION), DIRECT)
    through_core = path == PDU_SESSION and not embedded
    if "session" in root and not through_core:
        raise root.fail(
            "session", f'needs path = "{PDU_SESSION}" in [laboratory], and a {kind} of its own'
        )
    if through_core and "session" not in root:
        raise root.fail(
            "session",
            f"is missing: name the core through which the {kind} is reached",
        )
    if embedded and kind in root:
        raise root.fail(kind, "the embedded one is known: leave this out")
    application = device = None
    features = embedded_features(kind)
    if not embedded:
        from makmal.bench.application.target import read_application
        from makmal.bench.device.target import read_device

        if kind not in root:
            raise root.fail(kind, f"is missing: say under [{kind}] where it is (docs/target.md)")
        directory = Path(name).resolve().parent
        if kind == APPLICATION:
            application = read_application(root.table(kind), directory, scope)
        else:
            device = read_device(root.table(kind), directory, scope)
        features = _features(root, kind)
    session = read_session_path(root, scope) if through_core else None
    timers = read_timers(root) if "timers" in root else TargetTimers(test_case=600.0)
    return Target(
        name=name,
        text=text,
        product=product,
        network=embedded_plan.embedded_plan() if session is None else session.plan,
        addresses=addresses,
        laboratory=laboratory,
        scope=scope,
        subscriptions=() if session is None else (session.subscription,),
        features=features,
        integrity_algorithms=(),
        ciphering_algorithms=(),
        timers=timers,
        hooks=read_hooks(root),
        declarations=read_declarations(root),
        application=application,
        device=device,
        through_session=path == PDU_SESSION,
        session_path=session,
    )


def embedded_features(kind: str) -> frozenset[str]:
    """What the embedded product of a class can do."""
    return frozenset(FEATURES[kind])


def _features(root: Table, kind: str) -> frozenset[str]:
    """What is declared, and what follows from what the file describes."""
    declared = root.table("features", *FEATURES[kind])
    found = {each for each in declared.values if declared.take(each, toml_file.truth)}
    return frozenset(found | {each for each in _FOLLOWING[kind] if each in root.table(kind)})


def _product(root: Table) -> Product:
    from makmal.bench.embedded_targets import EMBEDDED_TARGETS
    from makmal.bench.target import Product

    table = root.table("product", "name", "vendor", "version", "class", "attachment", "faults")
    kind = table.take("class", toml_file.choice(*END_CLASSES))
    attachment = table.take("attachment", toml_file.choice(NETWORK, EMBEDDED), NETWORK)
    embedded = attachment == EMBEDDED
    faults: tuple[str, ...] = table.take("faults", target_fields.names, ())
    known = [each.name for each in EMBEDDED_TARGETS[kind].faults]
    for name in faults:
        if not embedded:
            raise table.fail("faults", f"can only be brought into the embedded {kind}")
        if name not in known:
            instead = toml_file.nearest(name, known, "the faults are")
            raise table.fail("faults", f"there is no fault {name}; {instead}")
    return Product(
        name=table.take("name", toml_file.text, f"the embedded {kind}" if embedded else None),
        vendor=table.take("vendor", toml_file.text, "Makmal" if embedded else None),
        version=table.take("version", toml_file.text, __version__ if embedded else None),
        product_class=kind,
        attachment=attachment,
        faults=faults,
    )
