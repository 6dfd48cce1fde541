"""The embedded UPF as the target, with everything around it ours and simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from makmal.bench.embedded_plan import UPF_FEATURES, embedded_plan, user_plane_addresses
from makmal.bench.ipsec.manual import ManualIpsec
from makmal.bench.not_done import NotDoneError
from makmal.bench.steps import Controls
from makmal.bench.user_plane.upf_bench import UpfBench, UpfSettings
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.plan import UPF_IPV6, NetworkPlan
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.upf import Upf, UpfPolicy
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.world import World
from makmal.testcases.test_case import TestCase
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace

# The interfaces on which the embedded UPF has IPsec.
IPSEC = frozenset({"n3", "n4", "n9"})


def embedded_upf(world: World, plan: NetworkPlan, policy: UpfPolicy) -> Upf:
    """The embedded UPF, whose N6 is behind sockets of the world."""
    n6 = AddressTranslation(
        world,
        plan.address("UPF"),
        address_ipv6=plan.addresses.get(UPF_IPV6, ""),
        answers_pings=policy.answers_icmp_echo,
    )
    return Upf(world, plan, policy, data_network=n6)


class UpfControls:
    """The embedded UPF is configured by its policy."""

    def __init__(self, upf: Upf) -> None:
        self._upf, self._declared = upf, upf.policy

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Bring settings into effect. Raises NotDoneError for those that there are not."""
        for name in settings:
            if not hasattr(self._declared, name):
                raise NotDoneError(f"the embedded UPF has no setting {name}")
        await self._upf.configure(replace(self._upf.policy, **settings))

    async def restore(self) -> None:
        """Bring the declared configuration back."""
        await self._upf.configure(self._declared)

    async def log_lines(self) -> list[str] | None:
        """What it noted."""
        return list(self._upf.log)

    async def restart(self) -> None:
        """A UPF registers nowhere. Raises NotDoneError."""
        raise NotDoneError("the embedded UPF registers at no NRF")

    async def over_tls(self) -> ReferenceNetwork:
        """It has no services either. Raises NotDoneError."""
        raise NotDoneError("the embedded UPF has no services")


def controls_of(upf: Upf) -> Controls:
    """What can be done to it."""
    return UpfControls(upf)


async def record(
    test_case: TestCase,
    recorder: Recorder,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = UPF_FEATURES,
    sessions: int | None = None,
) -> Knowledge:
    """Run a procedure on the embedded UPF in a simulated world, into a recorder.

    What goes wrong in a function of ours is raised, never lost.
    """
    world = SimulatedWorld(recorder, seed=test_case.name)
    plan = embedded_plan()
    world.products.add(plan.address("UPF"))
    upf = embedded_upf(world, plan, policy.upf)
    settings = UpfSettings(features=features)
    if sessions is not None:
        settings = replace(settings, sessions=sessions)
    controls = controls_of(upf)
    ipsec = ManualIpsec(world, plan, controls, IPSEC)
    bench = UpfBench(world, plan, settings, controls, ipsec)
    await upf.start()
    try:
        await bench.open()
        await test_case.procedure(bench)
    finally:
        await upf.stop()
        await bench.close()
    if world.failures:
        raise world.failures[0]
    return Knowledge(interface_addresses=user_plane_addresses(plan))


def trace_of(
    test_case: TestCase,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = UPF_FEATURES,
    sessions: int | None = None,
) -> Trace:
    """The trace of a procedure on the embedded UPF, simulated."""
    recorder = PayloadRecorder()
    known = simulate(record(test_case, recorder, policy, features, sessions))
    messages = Dissector(known).payloads(recorder.payloads)
    return Trace(tuple(messages), known)
