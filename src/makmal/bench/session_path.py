"""[session] of a target file: a UE of ours at a real core, the path to what is to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.bench import target_fields
from makmal.bench.subscribers import read_subscribers
from makmal.network.plan import NGAP_PORT, NetworkPlan
from makmal.network.scope import Scope
from makmal.network.slices import Slice
from makmal.network.subscription import MCC, MNC, Subscription
from makmal.trace import toml_file
from makmal.trace.frame import Endpoint
from makmal.trace.toml_file import Table


@dataclass(frozen=True, slots=True)
class SessionPath:
    """[session] of a target file. ``plan`` has the addresses of our gNB and of the core's AMF."""

    plan: NetworkPlan
    core: Endpoint
    subscription: Subscription
    s_nssai: Slice
    dnn: str
    sctp: str = "automatic"


def read_session_path(root: Table, scope: Scope) -> SessionPath:
    """[session], and the one [[subscriber]] of the file. Raises the file's error."""
    table = root.table("session", "core", "gnb", "mcc", "mnc", "tac", "slice", "dnn", "sctp")
    core = table.take("core", target_fields.end(NGAP_PORT))
    gnb = table.take("gnb", target_fields.address)
    for key, address in (("core", core.address), ("gnb", gnb)):
        if not scope.permits(address):
            raise table.fail(key, f"{address} is outside the scope: nothing was sent to it")
    s_nssai = table.optional("slice", target_fields.one_slice) or (1, None)
    dnn = table.take("dnn", toml_file.text, "internet")
    mcc = table.take("mcc", target_fields.digits(3, 3), MCC)
    mnc = table.take("mnc", target_fields.digits(2, 3), MNC)
    found = read_subscribers(root, mcc + mnc, (s_nssai,), (dnn,))
    if not found.subscriptions:
        raise root.fail("subscriber", "is missing: name the UE of the session, known to the core")
    plan = NetworkPlan(
        mcc=mcc,
        mnc=mnc,
        tac=table.take("tac", toml_file.number(0, 0xFFFFFF), 1),
        slices=(s_nssai,),
        dnns=(dnn,),
        addresses={"gNB": gnb, "AMF": core.address},
        home_network_keys=found.home_network_keys,
    )
    sctp = table.take("sctp", toml_file.choice("automatic", "kernel", "raw", "udp"), "automatic")
    return SessionPath(plan, core, found.subscriptions[0], s_nssai, dnn, sctp)
