"""``makmal ue``: register UEs at any core, and open sessions."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.subscribers import SubscribersError, load_subscribers
from makmal.cli.session_use import (
    Fetched,
    TunWish,
    addresses_of,
    fetch,
    open_tun,
    target_of,
    until_interrupted,
)
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.gnb import Gnb
from makmal.network.plan import NGAP_PORT, NetworkPlan
from makmal.network.recorder import NoRecorder
from makmal.network.scope import Scope
from makmal.network.subscription import Subscription
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.transport.tun import TunError
from makmal.network.ue import Outcome, Ue
from makmal.network.ue.state import PduSession
from makmal.network.wire_world import WireWorld
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

# PDU session types (TS 24.501, 9.11.4.11).
_TYPES = {"ipv4": 1, "ipv6": 2, "ipv4v6": 3}


@dataclass(slots=True)
class _Use:
    """What the sessions are for. ``session_type`` is None where none is wanted."""

    session_type: int | None
    tun: TunWish | None
    url: str | None
    as_json: bool
    fetched: Fetched | None = None
    first: tuple[Ue, PduSession] | None = None

    def note(self, ue: Ue, session: PduSession) -> None:
        """A UE has a session: the first one is used."""
        if self.first is None and session.established:
            self.first = ue, session

    async def first_session(self, errors: Console) -> None:
        """Use it as is wanted. Raises TunError, UnreachableError."""
        if self.tun is None and self.url is None:
            return
        if self.first is None:
            raise UnreachableError("no UE got a session: there is nothing to go through")
        ue, session = self.first
        if self.url is not None:
            self.fetched = await fetch(ue, session, self.url)
        if self.tun is not None:
            interface = await open_tun(ue, session, self.tun)
            where = f" in the namespace {self.tun.namespace}" if self.tun.namespace else ""
            errors.print(
                f"The interface {interface.name}{where} has {' and '.join(addresses_of(session))}. "
                "Ctrl-C ends it.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            try:
                await until_interrupted()
            finally:
                interface.close()


# How long the core may take to release the connection of a UE that has deregistered.
_RELEASE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one UE; ``seconds`` from its first message to its last answer."""

    supi: str
    registered: bool
    outcome: str
    guti: str
    address: str
    seconds: float


def command(
    core: Annotated[
        str, typer.Option(help="The AMF's N2 address, with a port or without (38412).")
    ],
    subscribers: Annotated[
        Path | None,
        typer.Option(
            help="SUPI, K, OPc and SUCI scheme of the UEs (examples/subscribers.toml); those of "
            "makmal up unless given."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many UEs register.")] = 1,
    local: Annotated[
        str, typer.Option(help="The address of ours that the gNB has.")
    ] = "127.0.0.100",
    plmn: Annotated[
        str | None, typer.Option(help="The PLMN that the gNB broadcasts; the SUPI's unless given.")
    ] = None,
    tac: Annotated[int, typer.Option(min=0, help="Its tracking area code.")] = 1,
    sst: Annotated[int, typer.Option(min=0, max=255, help="The slice that it supports.")] = 1,
    session: Annotated[bool, typer.Option(help="Open a PDU session when registered.")] = True,
    deregister: Annotated[bool, typer.Option(help="Deregister in the end.")] = False,
    sctp: Annotated[
        str,
        typer.Option(help="Whose SCTP: kernel, or ours on ip (protocol 132) or udp; automatic."),
    ] = "automatic",
    capture: Annotated[
        Path | None, typer.Option(help="Record N2 and N3 into this pcapng file.")
    ] = None,
    session_type: Annotated[
        str, typer.Option(help="What the session is for: ipv4, ipv6 or ipv4v6.")
    ] = "ipv4",
    tun: Annotated[
        bool,
        typer.Option(
            "--tun", help="Give the session to this machine as a TUN interface, until interrupted."
        ),
    ] = False,
    tun_name: Annotated[str, typer.Option(help="The name of the interface.")] = "makmal-ue",
    tun_namespace: Annotated[
        str,
        typer.Option(help="The network namespace that the interface is put into; ours if empty."),
    ] = "",
    get: Annotated[
        str | None,
        typer.Option(help="Fetch http://ADDRESS:PORT/PATH through the session; takes no rights."),
    ] = None,
    radio: Annotated[
        bool,
        typer.Option(
            "--radio", help="Speak RRC and PDCP between UE and gNB; --capture records Uu, too."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Register one UE, or many, at any 5G core through a gNB of ours, and open a PDU session.

    With --tun, curl, a browser or any other program runs over the session of the first UE:
    ip netns exec NAMESPACE curl http://10.60.0.1/

    Nothing is sent to any other address than that of --core, and that of the UPF on N3 if it lies
    in the same network.
    """
    errors = Console(stderr=True)
    try:
        remote = _endpoint(core)
        plan, subscriptions = _plan(remote, subscribers, count, local, plmn, tac, sst)
        plan = replace(plan, radio=radio)
        carriage = None if sctp == "automatic" else Carriage(sctp)
        if session_type not in _TYPES:
            raise ValueError(f"--session-type {session_type}: write ipv4, ipv6 or ipv4v6")
        if get is not None:
            target_of(get)
        use = _Use(
            _TYPES[session_type] if session else None,
            TunWish(tun_name, tun_namespace) if tun else None,
            get,
            as_json,
        )
        attempts, seconds, processor = asyncio.run(
            _run(plan, subscriptions, remote, carriage, use, deregister, capture, errors)
        )
    except (ValueError, OSError, UnreachableError, SubscribersError, TunError) as error:
        errors.print(f"makmal ue: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    _print(attempts, seconds, processor, as_json, use.fetched)
    raise typer.Exit(0 if all(each.registered for each in attempts) else 2)


def _endpoint(text: str) -> Endpoint:
    address, colon, port = text.rpartition(":")
    if not colon or ":" in address:
        address, port = text, str(NGAP_PORT)
    try:
        ip_address(address)
    except ValueError:
        raise ValueError(f"--core {text}: {address} is no IP address") from None
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"--core {text}: {port} is no port")
    return Endpoint(address, int(port))


def _plan(
    remote: Endpoint,
    subscribers: Path | None,
    count: int,
    local: str,
    plmn: str | None,
    tac: int,
    sst: int,
) -> tuple[NetworkPlan, tuple[Subscription, ...]]:
    if ip_address(local).is_loopback and not ip_address(remote.address).is_loopback:
        raise ValueError(
            f"--local {local} is an address of the loopback interface, from which "
            f"{remote.address} cannot be reached: name an address of this machine in its network"
        )
    plan = embedded_plan()
    if subscribers is None:
        found = embedded_subscriptions(plan, count)
    else:
        read = load_subscribers(subscribers)
        found = read.subscriptions
        if read.home_network_keys:
            plan = replace(plan, home_network_keys=read.home_network_keys)
        digits = found[0].supi.removeprefix("imsi-")
        if not digits.startswith(plan.plmn):
            plan = replace(plan, mcc=digits[:3], mnc=digits[3:5])
    if len(found) < count:
        raise ValueError(f"the file names {len(found)} subscribers, and --count asks for {count}")
    if plmn is not None:
        if not plmn.isdigit() or len(plmn) not in (5, 6):
            raise ValueError(f"--plmn {plmn}: a PLMN has five or six digits")
        plan = replace(plan, mcc=plmn[:3], mnc=plmn[3:])
    addresses = {**plan.addresses, "gNB": str(ip_address(local)), "AMF": remote.address}
    return (
        replace(plan, addresses=addresses, tac=tac, slices=((sst, None),)),
        found[:count],
    )


async def _run(
    plan: NetworkPlan,
    subscriptions: tuple[Subscription, ...],
    remote: Endpoint,
    carriage: Carriage | None,
    use: _Use,
    deregister: bool,
    capture: Path | None,
    errors: Console,
) -> tuple[list[Attempt], float, float]:
    prefix = 24 if ip_address(remote.address).version == 4 else 64
    near = ip_network(f"{remote.address}/{prefix}", strict=False)
    stream = None if capture is None else capture.open("wb")
    recorder = NoRecorder() if stream is None else FrameRecorder(stream)
    world = WireWorld(recorder, Scope((near,)), carriage)
    gnb = Gnb(world, plan)
    began, processor = perf_counter(), process_time()
    attempts: list[Attempt] = []
    try:
        await gnb.set_up(remote)
        with Progress(console=errors, transient=True) as progress:
            task = progress.add_task("registering", total=len(subscriptions))
            for subscription in subscriptions:
                attempts.append(await _one(world, plan, gnb, subscription, use, deregister))
                progress.advance(task)
        await use.first_session(errors)
        if world.failures:
            raise UnreachableError(f"a procedure broke: {world.failures[0]!r}")
    finally:
        gnb.close()
        # The association ends in order before the sockets go.
        await asyncio.sleep(0.05)
        await world.close()
        if stream is not None:
            stream.close()
    return attempts, perf_counter() - began, process_time() - processor


async def _one(
    world: WireWorld,
    plan: NetworkPlan,
    gnb: Gnb,
    subscription: Subscription,
    use: _Use,
    deregister: bool,
) -> Attempt:
    ue = Ue(world, plan, subscription, cell=gnb)
    began = perf_counter()
    result = await ue.register()
    outcome, address = _in_words(result), ""
    if result.accepted and use.session_type is not None:
        opened = await ue.establish_session(session_type=use.session_type)
        address = " ".join(addresses_of(opened))
        use.note(ue, opened)
        if not opened.established:
            refused = opened.cause if opened.cause is not None else opened.not_forwarded
            outcome += ", no session" + ("" if refused is None else f" (cause {refused})")
    guti = "" if ue.guti is None else f"{ue.guti.tmsi:08x}"
    seconds = perf_counter() - began
    if result.accepted and deregister:
        released = ue.ends("connection")
        await ue.deregister()
        await asyncio.wait((released,), timeout=_RELEASE_SECONDS)
        outcome += ", deregistered"
    return Attempt(subscription.supi, result.accepted, outcome, guti, address, seconds)


def _in_words(result: Any) -> str:
    if result.outcome is Outcome.ACCEPTED:
        return "registered"
    if result.outcome is Outcome.NOT_AUTHENTICATED:
        return "authentication rejected: are K and OPc those of the core?"
    if result.outcome is Outcome.REJECTED:
        return f"rejected with 5GMM cause {result.cause}"
    if result.outcome is Outcome.RELEASED:
        return (
            "the core released the connection without an answer: are SUPI, K and OPc those of the "
            "core?"
        )
    return "no answer"


def _print(
    attempts: list[Attempt],
    seconds: float,
    processor: float,
    as_json: bool,
    fetched: Fetched | None,
) -> None:
    registered = sum(each.registered for each in attempts)
    if as_json:
        document = {
            "registered": registered,
            "ues": [
                {
                    "supi": each.supi,
                    "registered": each.registered,
                    "outcome": each.outcome,
                    "5g_tmsi": each.guti or None,
                    "address": each.address or None,
                    "seconds": round(each.seconds, 6),
                }
                for each in attempts
            ],
            "fetched": None
            if fetched is None
            else {
                "url": fetched.url,
                "status": fetched.status,
                "octets": len(fetched.body),
                "body": fetched.body.decode(errors="replace"),
            },
            "seconds": round(seconds, 3),
            "processor_seconds": round(processor, 3),
        }
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = Console()
    if fetched is not None:
        sys.stdout.write(fetched.body.decode(errors="replace"))
        console.print(
            f"{fetched.url}: {fetched.status} ({len(fetched.body)} octets, through the session)",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    table = Table("SUPI", "Outcome", "5G-TMSI", "Address", "ms")
    for each in attempts[:50]:
        table.add_row(
            each.supi, each.outcome, each.guti, each.address, f"{each.seconds * 1000:.1f}"
        )
    console.print(table)
    if len(attempts) > 50:
        console.print(f"and {len(attempts) - 50} more")
    console.print(
        f"{registered} of {len(attempts)} registered in {seconds:.2f} s, with {processor:.2f} s "
        "of processor time on our side.",
        style="green" if registered == len(attempts) else "bold red",
        highlight=False,
    )
