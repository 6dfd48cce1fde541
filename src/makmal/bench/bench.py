"""The bench: the reference network around the product under test, as procedures drive it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from makmal.bench import alterations
from makmal.bench.not_done import NotDoneError
from makmal.bench.service_bench import ServiceBench
from makmal.bench.steps import Controls, Steps
from makmal.bench.tester_ue import TesterUe
from makmal.bench.transport_bench import TransportBench
from makmal.network.amf import AmfPolicy
from makmal.network.amf.amf import Amf
from makmal.network.gnb import Gnb, mobility
from makmal.network.nssaaf import Nssaaf
from makmal.network.plan import NetworkPlan
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.slices import Slice
from makmal.network.smf import Smf
from makmal.network.subscription import Subscription
from makmal.network.udr import Udr
from makmal.network.ue import UePolicy
from makmal.network.world import UnreachableError, World
from makmal.protocol import nas
from makmal.protocol.nas.capabilities import FiveGmmFeature
from makmal.testcases.reading import LOG
from makmal.trace.message import Interface

_MOST_DECLARED, _UNDECLARED_NUMBER = 100_000, 64


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """What the target file says of the product.

    ``integrity_priority`` and ``ciphering_priority`` are its configured lists; ``quiet`` how long
    nothing must happen before it counts as silence, ``settle`` how long a product may go on sending
    after a procedure, and ``answer`` how long to wait for an answer, all in seconds.
    ``surrounded``: the product's neighbours are ours.
    """

    product: str = "AMF"
    features: frozenset[str] = frozenset()
    surrounded: bool = True
    integrity_priority: tuple[int, ...] = (2, 1, 3)
    ciphering_priority: tuple[int, ...] = (2, 1, 3, 0)
    quiet: float = 1.0
    settle: float = 0.3
    answer: float = 5.0
    authenticated_slice: Slice = (2, "000002")
    # What the target's owner declared, by name.
    declarations: Mapping[str, str] = field(default_factory=dict)
    # Where the OpenAPI files of 3GPP are, if the target says so.
    openapi: Path | None = None
    # The ports that a scan tries, by transport.
    scanned_ports: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: dict.fromkeys(("tcp", "udp", "sctp"), (1, 65535))
    )


class Bench(Steps):
    """Opened for one test case: fresh UEs, gNBs that set up NG with the product when first used."""

    # What a CIoT UE says that it can do (TS 24.501, 9.11.3.1).
    CIOT = FiveGmmFeature.CONTROL_PLANE_CIOT | FiveGmmFeature.USER_PLANE_CIOT

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        network: ReferenceNetwork,
        subscriptions: Iterator[Subscription],
        settings: BenchSettings,
        controls: Controls,
    ) -> None:
        super().__init__(world)
        self.plan, self.network, self.settings = plan, network, settings
        self._controls = controls
        self._subscriptions = subscriptions
        self._gnbs: dict[str, Gnb] = {}
        self._ues: list[TesterUe] = []
        self._other_amf: Amf | None = None

    # Steps.

    async def quiet(self) -> None:
        """Wait for as long as a reaction may take."""
        await asyncio.sleep(self.settings.quiet)

    # The product.

    def has(self, feature: str) -> bool:
        """Whether the product declares a feature."""
        return feature in self.settings.features

    def needs_neighbours(self) -> None:
        """Raise NotDoneError unless the product's neighbours are ours."""
        if not self.settings.surrounded:
            raise NotDoneError(
                "it needs the product's neighbours in our hands: attach it surrounded"
            )

    @property
    def integrity_priority(self) -> tuple[int, ...]:
        """The product's configured list of integrity algorithms."""
        if not self.settings.integrity_priority:
            raise NotDoneError("the target declares no integrity algorithms ([algorithms])")
        return self.settings.integrity_priority

    @asynccontextmanager
    async def configured(self, **settings: Any) -> AsyncIterator[None]:
        """The product with other settings, for the time of a block."""
        await self._controls.configure(settings)
        self._reconnect()
        try:
            yield
        finally:
            await self._controls.restore()
            self._reconnect()

    def _reconnect(self) -> None:
        """A product that is configured anew may have been restarted for it, without a word to its
        peers: its associations are set up again when they are next needed.
        """
        for gnb in self._gnbs.values():
            gnb.close()
        self._gnbs.clear()

    async def collect_log(self) -> None:
        """Put the product's log into the trace."""
        lines = await self._controls.log_lines()
        if lines is not None and not lines:
            self.mark(f"{LOG}(nothing was logged)")
        for line in lines or ():
            self.mark(LOG + line)

    @property
    def lost_associations(self) -> tuple[str, ...]:
        """A sentence on each association that the product has ended."""
        product = self.plan.n2("AMF")
        return tuple(
            f"the product ended its association with {name}: {each.closed}"
            for name, gnb in self._gnbs.items()
            for each in gnb.associations
            if each.closed is not None and each.link.remote == product
        )

    async def probe(self) -> str | None:
        """None when the product takes a new association and sets up NG on it, or answers a request
        where it has no N2; else a sentence that says what it does instead. Of a gNB and a UPF,
        nobody can tell.
        """
        if self.settings.product in ("gNB", "UPF"):
            return None
        if self.settings.product != "AMF":
            return await self.services.probe()
        gnb = Gnb(self.world, self.plan, "gNB")
        try:
            await gnb.set_up(self.plan.n2("AMF"))
        except UnreachableError as error:
            return str(error)
        finally:
            gnb.close()
        return None

    @cached_property
    def services(self) -> ServiceBench:
        """What can be done on the service-based interface."""
        return ServiceBench(self)

    def declared_number(self, name: str) -> int:
        """The number in a declaration; where there is none, a modest one."""
        match = re.search(r"\d+", self.settings.declarations.get(name, ""))
        return min(int(match[0]), _MOST_DECLARED) if match else _UNDECLARED_NUMBER

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses of the product."""
        product, plan = self.settings.product, self.plan
        ends = [end.address for (name, _), end in plan.ends.items() if name == product]
        return tuple(dict.fromkeys((plan.address(product), *ends)))

    async def scan(self, address: str, transport: str) -> str:
        """Try the ports of the product; which were tried, in one sentence. UnreachableError."""
        first, last = self.settings.scanned_ports[transport]
        local = self.services.consumer("AMF").endpoint.address
        tried = await self.world.scan(local, address, transport, first, last)
        return f"tried were the {transport} ports {_listed(tried)} of {address}"

    def new_subscription(self) -> Subscription:
        """A subscription that nobody has used yet. Raises NotDoneError when they are used up."""
        subscription = next(self._subscriptions, None)
        if subscription is None:
            raise NotDoneError("the target names too few subscribers for this test case")
        return subscription

    # Transport.

    @cached_property
    def transport(self) -> TransportBench:
        """What can be done to the product below HTTP."""
        return TransportBench(self)

    async def start_anew_over_tls(self) -> None:
        """Offer services over TLS from now on. Raises NotDoneError."""
        self.network = await self._controls.over_tls()
        self.plan = self.network.plan

    async def restart_product(self) -> None:
        """Have the product begin anew and register at the NRF. Raises NotDoneError."""
        await self._controls.restart()

    # Access network and UEs.

    async def gnb(self, name: str = "gNB") -> Gnb:
        """A gNB that has set up NG with the product. Raises UnreachableError."""
        if name not in self._gnbs:
            gnb = Gnb(self.world, self.plan, name)
            await gnb.set_up(self.plan.n2("AMF"))
            self._gnbs[name] = gnb
        return self._gnbs[name]

    async def ue(
        self, subscription: Callable[[Subscription], Subscription] | None = None, **choices: Any
    ) -> TesterUe:
        """A UE that nobody has seen yet, under a gNB of the product. ``choices`` are of UePolicy.

        Raises NotDoneError when the subscribers are used up, UnreachableError.
        """
        return await self._ue_at(await self.gnb(), subscription, choices)

    async def _ue_at(
        self,
        gnb: Gnb,
        alter: Callable[[Subscription], Subscription] | None,
        choices: dict[str, Any],
    ) -> TesterUe:
        subscription = self.new_subscription()
        if alter is not None:
            subscription = alter(subscription)
            self.subscribe(subscription)
        ue = TesterUe(self.world, self.plan, subscription, UePolicy(**choices))
        ue.camp(gnb)
        self._ues.append(ue)
        return ue

    async def registered_ue(self, *, session: bool = False, **choices: Any) -> TesterUe:
        """The same, registered, with a session if wanted. Raises NotDoneError if that fails."""
        ue = await self.ue(**choices)
        await self.register(ue, session=session)
        return ue

    async def register(self, ue: TesterUe, *, session: bool = False) -> None:
        """Register a UE, with a session if wanted. Raises NotDoneError if that fails."""
        result = await ue.register()
        if not result.accepted:
            raise NotDoneError(f"the UE could not be registered: {result}")
        # What follows a registration, as names for the network do, is none of the next step's.
        await asyncio.sleep(self.settings.settle)
        if session and not (await ue.establish_session()).established:
            raise NotDoneError("the UE got no PDU session")

    async def ue_with_up_policy(self, policy: str) -> TesterUe:
        """A UE with a session, of whom the UDM says this user plane security policy, for integrity
        and confidentiality. Raises NotDoneError.
        """

        def alter(subscription: Subscription) -> Subscription:
            return replace(subscription, up_integrity=policy, up_confidentiality=policy)

        ue = await self.ue(alter)
        await self.register(ue, session=True)
        return ue

    async def ue_with_guti(self) -> TesterUe:
        """A UE that has a 5G-GUTI and a connection no more, and lost its security context."""
        ue = await self.registered_ue()
        await ue.release_connection()
        ue.forget_security()
        return ue

    async def ue_at_other_amf(self, *, session: bool = False) -> tuple[TesterUe, Gnb]:
        """A UE registered at an AMF of ours, which chose other algorithms; and its gNB."""
        gnb = await self._source_gnb()
        ue = await self._ue_at(gnb, None, {})
        await self.register(ue, session=session)
        return ue, gnb

    async def _source_gnb(self) -> Gnb:
        if self._other_amf is None:
            integrity = next(each for each in (1, 2, 3) if each != self.integrity_priority[0])
            ciphering = next(
                each for each in (1, 2, 3) if each not in self.settings.ciphering_priority[:1]
            )
            self._other_amf = await self.network.add_amf(
                AmfPolicy(
                    name="makmal-source-amf",
                    integrity_priority=(integrity,),
                    ciphering_priority=(ciphering,),
                )
            )
        if "source gNB" not in self._gnbs:
            gnb = Gnb(self.world, self.plan, "gNB-2")
            await gnb.set_up(self.plan.n2("AMF-2"))
            self._gnbs["source gNB"] = gnb
        return self._gnbs["source gNB"]

    async def prove_alive(self, ue: TesterUe) -> None:
        """Send something good, which a sound product answers."""
        came = ue.next_downlink(self.settings.answer)
        ue.request_session(identity=6)
        await came

    # Procedures between gNBs.

    async def path_switch(
        self, ue: TesterUe, target: Gnb, capabilities: nas.UESecurityCapability
    ) -> None:
        """Xn handover of a UE; the target gNB tells the AMF these capabilities."""
        await target.path_switch(ue, await self.gnb(), capabilities=capabilities)

    async def handover(self, ue: TesterUe, source: Gnb, target: Gnb) -> None:
        """N2 handover of a UE."""
        await source.handover(ue, target)

    async def relocate(self, ue: TesterUe, target: Gnb, *, altered_mac: bool) -> None:
        """A CIoT UE re-establishes its connection at another ng-eNB (TS 38.413, 8.3.9)."""
        if ue.security is None or ue.guti is None:
            raise NotDoneError("the UE has no security context to prove itself with")
        identity = nas.FiveGSTmsi(ue.guti.amf_set_id, ue.guti.amf_pointer, ue.guti.tmsi)
        await mobility.relocate(target, identity, ue.security, altered_mac=altered_mac)

    async def suspend(self, ue: TesterUe) -> None:
        """The gNB lets a CIoT UE sleep with its context kept (TS 38.413, 8.3.11)."""
        await (await self.gnb()).suspend(ue)

    # What neighbours do.

    @contextmanager
    def no_answer(self, function: str, member: str) -> Iterator[None]:
        """A neighbour does not answer requests whose JSON has this member."""
        del function
        with self.world.taps.on(Interface.SBI, alterations.no_answer_to(member)):
            yield

    @contextmanager
    def authentication_fails(self) -> Iterator[None]:
        """The AUSF reports that RES* was wrong, whatever it was (TS 29.509, 6.1.6.2.7)."""

        def alter(document: dict[str, Any]) -> dict[str, Any]:
            del document
            return {"authResult": "AUTHENTICATION_FAILURE"}

        with self.world.taps.on(Interface.SBI, alterations.altered_answer_to("resStar", alter)):
            yield

    async def page(self, ue: TesterUe) -> None:
        """Have the product page a UE: the SMF has something for it, as after downlink data."""
        smf = self.network.functions.get("SMF")
        if not isinstance(smf, Smf):
            raise NotDoneError("paging needs our SMF: attach the product surrounded")
        # The product may still be busy with the release that left the UE idle.
        await asyncio.sleep(self.settings.settle)
        await smf.notify_downlink_data(ue.subscription.supi)

    @property
    def authenticated_slice(self) -> Slice:
        """The slice that needs authentication of its own."""
        return self.settings.authenticated_slice

    @contextmanager
    def slice_authentication(self, *, succeeds: bool) -> Iterator[None]:
        """What the NSSAAF finds."""
        nssaaf = self.network.functions.get("NSSAAF")
        if not isinstance(nssaaf, Nssaaf):
            raise NotDoneError("it needs our NSSAAF: attach the product surrounded")
        before = nssaaf.policy
        nssaaf.policy = replace(before, authenticates=succeeds)
        try:
            yield
        finally:
            nssaaf.policy = before

    async def slice_ue(self, *, only_authenticated: bool) -> TesterUe:
        """A UE whose subscription has a slice that needs authentication, and no other or one."""
        wanted = self.authenticated_slice
        slices = (wanted,) if only_authenticated else (self.plan.slices[0], wanted)

        def alter(subscription: Subscription) -> Subscription:
            return replace(subscription, slices=slices, authenticated_slices=(wanted,))

        return await self.ue(alter, requested_nssai=slices)

    def subscribe(self, subscription: Subscription) -> None:
        """Put a subscription into our UDR in place of an earlier one of the same SUPI."""
        udr = self.network.functions.get("UDR")
        if not isinstance(udr, Udr):
            raise NotDoneError("it needs our UDR: attach the product surrounded")
        udr.subscribe(subscription)

    async def revoke_slice(self, ue: TesterUe) -> None:
        """The NSSAAF revokes the slice of a UE."""
        nssaaf = self.network.functions.get("NSSAAF")
        if not isinstance(nssaaf, Nssaaf):
            raise NotDoneError("it needs our NSSAAF: attach the product surrounded")
        del ue
        try:
            await nssaaf.revoke(self.authenticated_slice)
        except ValueError as error:
            raise NotDoneError(str(error)) from None

    async def leave(self) -> None:
        """Have the UEs that are still there switch off, so that the product keeps nothing of them
        for the next test case.
        """
        leaving = [
            ue for ue in self._ues if ue.registered and ue.security is not None and ue.connection
        ]
        ended = [ue.ends("connection") for ue in leaving]
        for ue in leaving:
            await ue.deregister(switch_off=True)
        if ended:
            # A product has things to put away before it releases them; nobody goes before it does.
            await asyncio.wait(ended, timeout=self.settings.answer)

    async def close(self) -> None:
        """End what runs."""
        for gnb in self._gnbs.values():
            gnb.close()
        await self.network.stop()
        await self.world.close()
        self.network.discard()


def _listed(ports: tuple[int, ...]) -> str:
    """Ports as a list of ranges."""
    ranges: list[list[int]] = []
    for port in ports:
        if ranges and ranges[-1][1] == port - 1:
            ranges[-1][1] = port
        else:
            ranges.append([port, port])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges) or "none"
