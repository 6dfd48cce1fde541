"""``makmal up``: run the reference network on this machine until interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.subscribers import SubscribersError, load_subscribers
from makmal.network.amf.amf import Amf
from makmal.network.faults import FAULTS, SOUND, NetworkPolicy
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.recorder import NoRecorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.scope import LOOPBACK, Scope
from makmal.network.streams import SocketConnector
from makmal.network.subscription import Subscription
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.transport.tun import TunError
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.upf.data_network import DataNetwork, EchoNetwork
from makmal.network.upf.tun_network import TunNetwork
from makmal.network.wire_world import WireWorld
from makmal.network.world import UnreachableError
from makmal.security.certificates import stored_authority
from makmal.trace.toml_file import nearest

_OURS = tuple(name for name in FUNCTIONS if not name.startswith("gNB") and name != "AMF-2")
_SUBSCRIBERS = 100


def command(
    address: Annotated[
        str,
        typer.Option(
            help="The first of a row of addresses of this machine, one for each function, the "
            "AMF's first."
        ),
    ] = "127.0.0.2",
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Bring in a fault (makmal list names them)."),
    ] = None,
    subscribers: Annotated[
        Path | None,
        typer.Option(help="Who may register, as for makmal ue (examples/subscribers.toml)."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="A network to which anything may be sent; loopback unless given."),
    ] = None,
    sctp: Annotated[
        str,
        typer.Option(help="Whose SCTP: kernel, or ours on ip (protocol 132) or udp; automatic."),
    ] = "automatic",
    data_network: Annotated[
        str,
        typer.Option(
            help="What UEs reach through the UPF: sockets (what lies in the scope, by sockets of "
            "ours), tun (an interface of this machine), echo (nothing but pings and echoes)."
        ),
    ] = "sockets",
    tun_name: Annotated[str, typer.Option(help="The name of the TUN interface.")] = "makmal-n6",
    tun_namespace: Annotated[
        str,
        typer.Option(help="The network namespace that the interface is put into; ours if empty."),
    ] = "",
    tls: Annotated[
        Path | None,
        typer.Option(
            help="Offer services over TLS, with certificates of the authority in this directory "
            "(makmal certificates writes one)."
        ),
    ] = None,
    capture: Annotated[
        Path | None, typer.Option(help="Record everything into this pcapng file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print who listens where as one JSON object.")
    ] = False,
) -> None:
    """Run the reference 5G core until interrupted (Ctrl-C), and print who listens where.

    Real gNBs and UEs can register at it; so can makmal ue --core ADDRESS.
    """
    errors = Console(stderr=True)
    try:
        policy = _policy(faults or [])
        plan, subscriptions = _network(address, subscribers)
        if tls is not None:
            plan = replace(plan, authority=stored_authority(tls, plan.domain))
        networks = tuple(ip_network(each) for each in scope) if scope else LOOPBACK
        carriage = None if sctp == "automatic" else Carriage(sctp)
        if data_network not in _DATA_NETWORKS:
            raise ValueError(f"--data-network {data_network}: write {', '.join(_DATA_NETWORKS)}")
        behind = _DataNetwork(data_network, tun_name, tun_namespace)
        asyncio.run(
            _serve(plan, subscriptions, policy, Scope(networks), carriage, behind, capture, as_json)
        )
    except (ValueError, OSError, UnreachableError, SubscribersError, TunError) as error:
        errors.print(f"makmal up: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


_DATA_NETWORKS = ("sockets", "tun", "echo")


@dataclass(frozen=True, slots=True)
class _DataNetwork:
    """What is behind the UPF: ``kind`` is one of _DATA_NETWORKS."""

    kind: str
    tun_name: str
    tun_namespace: str

    def made(self, world: WireWorld, plan: NetworkPlan, scope: Scope) -> DataNetwork:
        """The data network itself, not yet open."""
        if self.kind == "tun":
            pools = (plan.ue_pool, plan.ue_pool_ipv6)
            return TunNetwork(self.tun_name, pools, self.tun_namespace)
        if self.kind == "echo":
            return EchoNetwork()
        here = plan.address("UPF")
        return AddressTranslation(world, here, SocketConnector(scope, here))


def _policy(names: list[str]) -> NetworkPolicy:
    known = {each.name: each for each in FAULTS}
    policy = SOUND
    for name in names:
        if name not in known:
            raise ValueError(f"there is no fault {name}; {nearest(name, known, 'the faults are')}")
        policy = known[name].apply(policy)
    return policy


def _network(
    address: str, subscribers: Path | None
) -> tuple[NetworkPlan, tuple[Subscription, ...]]:
    first = ip_address(address)
    plan = embedded_plan()
    addresses = {name: str(first + number) for number, name in enumerate(("AMF", *_others()))}
    addresses |= {name: str(first) for name in FUNCTIONS if name not in addresses}
    plan = replace(plan, addresses=addresses)
    if subscribers is None:
        return plan, embedded_subscriptions(plan, _SUBSCRIBERS)
    found = load_subscribers(subscribers)
    if found.home_network_keys:
        plan = replace(plan, home_network_keys=found.home_network_keys)
    supi = found.subscriptions[0].supi.removeprefix("imsi-")
    if not supi.startswith(plan.plmn):
        plan = replace(plan, mcc=supi[:3], mnc=supi[3:5])
    return plan, found.subscriptions


def _others() -> tuple[str, ...]:
    return tuple(name for name in _OURS if name != "AMF")


async def _serve(
    plan: NetworkPlan,
    subscriptions: tuple[Subscription, ...],
    policy: NetworkPolicy,
    scope: Scope,
    carriage: Carriage | None,
    behind: _DataNetwork,
    capture: Path | None,
    as_json: bool,
) -> None:
    stream = None if capture is None else capture.open("wb")
    recorder = NoRecorder() if stream is None else FrameRecorder(stream)
    world = WireWorld(recorder, scope, carriage)
    network = ReferenceNetwork(world, plan, subscriptions, policy, behind.made(world, plan, scope))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await network.start(warm=True)
        _announce(plan, network, world, subscriptions, as_json)
        await stop.wait()
    finally:
        await network.stop()
        await world.close()
        if stream is not None:
            stream.close()


def _announce(
    plan: NetworkPlan,
    network: ReferenceNetwork,
    world: WireWorld,
    subscriptions: tuple[Subscription, ...],
    as_json: bool,
) -> None:
    rows = []
    for name, function in network.functions.items():
        interfaces = [f"SBI {_text(plan.service(name))}"]
        if isinstance(function, Amf):
            interfaces.append(f"N2 {_text(plan.n2(name))}")
        if name == "SMF":
            interfaces.append(f"N4 {_text(plan.n4(name))}")
        rows.append((name, interfaces))
    if network.upf is not None:
        rows.append(("UPF", [f"N4 {_text(plan.n4('UPF'))}", f"N3 {_text(plan.n3('UPF'))}"]))
    if as_json:
        document = {
            "plmn": plan.plmn,
            "tac": plan.tac,
            "sctp": world.describe(),
            "functions": dict(rows),
            "subscribers": [each.supi for each in subscriptions],
        }
        json.dump(document, sys.stdout)
        sys.stdout.write("\n")
        sys.stdout.flush()
        return
    console = Console()
    table = Table("Function", "Listens at", title=f"PLMN {plan.plmn}, TAC {plan.tac}")
    for name, interfaces in rows:
        table.add_row(name, "\n".join(interfaces))
    console.print(table)
    console.print(f"SCTP: {world.describe()}", highlight=False)
    first, last = subscriptions[0].supi, subscriptions[-1].supi
    console.print(f"Subscribers: {first} to {last} ({len(subscriptions)})", highlight=False)
    console.print("Ctrl-C ends it.")


def _text(endpoint: tuple[str, int]) -> str:
    return f"{endpoint[0]}:{endpoint[1]}"
