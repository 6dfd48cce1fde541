"""The reference network: every function of a plan, started in a world, each with its policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from makmal.network.amf import Amf
from makmal.network.amf.policy import AmfPolicy
from makmal.network.ausf import Ausf
from makmal.network.bsf import Bsf
from makmal.network.chf import Chf
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.nrf import Nrf
from makmal.network.nssaaf import Nssaaf
from makmal.network.nssf import Nssf
from makmal.network.pcf import Pcf
from makmal.network.plan import NetworkPlan
from makmal.network.scp import Scp
from makmal.network.smf import Smf
from makmal.network.subscription import Subscription
from makmal.network.udm import Udm
from makmal.network.udr import Udr
from makmal.network.upf import Upf
from makmal.network.upf.data_network import DataNetwork
from makmal.network.world import World
from makmal.trace.frame import Endpoint


class ReferenceNetwork:
    """The core functions that are not absent from the plan, by their names in it."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        subscriptions: Iterable[Subscription],
        policy: NetworkPolicy = SOUND,
        data_network: DataNetwork | None = None,
    ) -> None:
        self.world, self.plan, self.policy = world, plan, policy
        present = _Present(plan)
        self._subscriptions = subscriptions = tuple(subscriptions)
        self.functions: dict[str, NetworkFunction] = {}
        self._warm = False
        self._producers: dict[str, Endpoint] = {}
        self.upf = (
            Upf(world, plan, policy.upf, data_network=data_network) if present("UPF") else None
        )
        treats = policy.services.get
        makers: dict[str, Callable[[ServicePolicy | None], NetworkFunction]] = {
            "NRF": lambda serves: Nrf(world, plan, policy.nrf, service_policy=serves),
            "UDR": lambda serves: Udr(
                world, plan, subscriptions, policy.udr, service_policy=serves
            ),
            "UDM": lambda serves: Udm(world, plan, policy.udm, service_policy=serves),
            "AUSF": lambda serves: Ausf(world, plan, policy.ausf, service_policy=serves),
            "PCF": lambda serves: Pcf(world, plan, policy.pcf, service_policy=serves),
            "NSSF": lambda serves: Nssf(world, plan, policy.nssf, service_policy=serves),
            "BSF": lambda serves: Bsf(world, plan, policy.bsf, service_policy=serves),
            "CHF": lambda serves: Chf(world, plan, policy.chf, service_policy=serves),
            "SCP": lambda serves: Scp(world, plan, service_policy=serves),
            "SMF": lambda serves: Smf(world, plan, policy.smf, service_policy=serves),
            "NSSAAF": lambda serves: Nssaaf(
                world, plan, policy.nssaaf, subscriptions=subscriptions, service_policy=serves
            ),
            "AMF": lambda serves: Amf(world, plan, policy.amf, service_policy=serves),
        }
        for name, make in makers.items():
            # An SCP that the NRF knows is what a product sends through, whatever ours do.
            if present(name) and (name != "SCP" or plan.through_scp):
                self.functions[name] = make(treats(name))
                if name in policy.transport:
                    self.functions[name].tls_policy = policy.transport[name]

    def anew(self, plan: NetworkPlan) -> ReferenceNetwork:
        """The same functions by another plan, not yet started."""
        return ReferenceNetwork(self.world, plan, self._subscriptions, self.policy)

    async def start(self, *, warm: bool = False) -> None:
        """Start them, the NRF first. Raises OSError, UnreachableError.

        ``warm``: as a network that has run for a while; nothing of its beginning is in the trace.
        """
        if self.upf is not None:
            await self.upf.start()
        self._warm = warm
        self._producers = {name: each.endpoint for name, each in self.functions.items()}
        for name in self.functions:
            await self._start(name)

    async def _start(self, name: str) -> None:
        function, nrf = self.functions[name], self.functions.get("NRF")
        if not self._warm or not isinstance(nrf, Nrf):
            await function.start()
            return
        await function.start_warm(self._producers)
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

    def discard(self) -> None:
        """Let go of functions that have stopped for good, in a world that is closed."""
        for function in self.functions.values():
            function.discard()


class _Present:
    def __init__(self, plan: NetworkPlan) -> None:
        self._absent = plan.absent

    def __call__(self, name: str) -> bool:
        return name not in self._absent
