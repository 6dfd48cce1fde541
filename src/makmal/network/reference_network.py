"""The reference network: every function of a plan, started in a world, each with its policy."""

from __future__ import annotations

from collections.abc import Iterable

from makmal.network.amf import Amf
from makmal.network.amf.policy import AmfPolicy
from makmal.network.ausf import Ausf
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.network_function import NetworkFunction
from makmal.network.nrf import Nrf
from makmal.network.nssaaf import Nssaaf
from makmal.network.nssf import Nssf
from makmal.network.pcf import Pcf
from makmal.network.plan import NetworkPlan
from makmal.network.smf import Smf
from makmal.network.subscription import Subscription
from makmal.network.udm import Udm
from makmal.network.udr import Udr
from makmal.network.upf import Upf
from makmal.network.world import World


class ReferenceNetwork:
    """The core functions that are not absent from the plan, by their names in it."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        subscriptions: Iterable[Subscription],
        policy: NetworkPolicy = SOUND,
    ) -> None:
        self.world, self.plan, self.policy = world, plan, policy
        present = _Present(plan)
        subscriptions = tuple(subscriptions)
        self.functions: dict[str, NetworkFunction] = {}
        self._warm = False
        self.upf = Upf(world, plan) if present("UPF") else None
        if present("NRF"):
            self.functions["NRF"] = Nrf(world, plan)
        if present("UDR"):
            self.functions["UDR"] = Udr(world, plan, subscriptions)
        for name, kind in (
            ("UDM", Udm),
            ("AUSF", Ausf),
            ("PCF", Pcf),
            ("NSSF", Nssf),
            ("SMF", Smf),
        ):
            if present(name):
                self.functions[name] = kind(world, plan)
        if present("NSSAAF"):
            self.functions["NSSAAF"] = Nssaaf(world, plan, subscriptions=subscriptions)
        if present("AMF"):
            self.functions["AMF"] = Amf(world, plan, policy.amf)

    async def start(self, *, warm: bool = False) -> None:
        """Start them, the NRF first. Raises OSError, UnreachableError.

        ``warm``: as a network that has run for a while; nothing of its beginning is in the trace.
        """
        if self.upf is not None:
            await self.upf.start()
        self._warm = warm
        for name in self.functions:
            await self._start(name)

    async def _start(self, name: str) -> None:
        function, nrf = self.functions[name], self.functions.get("NRF")
        if not self._warm or not isinstance(nrf, Nrf):
            await function.start()
            return
        producers = {each: self.plan.service(each) for each in self.functions if each != name}
        await function.start_warm(producers)
        if function is not nrf:
            nrf.admit(function.profile)
        if isinstance(function, Amf):
            await function.listen()

    async def add_amf(self, policy: AmfPolicy) -> Amf:
        """A second AMF, at the plan's place for one."""
        amf = Amf(self.world, self.plan, policy, "AMF-2")
        self.functions["AMF-2"] = amf
        await self._start("AMF-2")
        return amf

    async def stop(self) -> None:
        """Stop them in the opposite order."""
        for function in reversed(self.functions.values()):
            await function.stop()
        if self.upf is not None:
            await self.upf.stop()


class _Present:
    def __init__(self, plan: NetworkPlan) -> None:
        self._absent = plan.absent

    def __call__(self, name: str) -> bool:
        return name not in self._absent
