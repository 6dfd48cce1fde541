"""The embedded gNB as the target, with everything around it ours and simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from makmal.bench.embedded import EmbeddedControls
from makmal.bench.embedded_plan import (
    GNB_FEATURES,
    embedded_cells,
    embedded_plan,
    embedded_subscriptions,
    knowledge_of,
)
from makmal.bench.radio.gnb_bench import GnbBench, GnbSettings
from makmal.bench.steps import Controls
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.gnb import Gnb
from makmal.network.plan import NetworkPlan
from makmal.network.radio.access import radio_access
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.subscription import Subscription
from makmal.network.world import World
from makmal.testcases.test_case import TestCase
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace


def radio_plan() -> NetworkPlan:
    """The embedded network on the air."""
    return replace(embedded_plan(), radio=True)


def controls_of(gnb: Gnb) -> Controls:
    """What can be done to it."""
    return EmbeddedControls(gnb, "gNB")


def bench_of(
    world: World,
    plan: NetworkPlan,
    subscriptions: Sequence[Subscription],
    policy: NetworkPolicy,
    settings: GnbSettings,
) -> GnbBench:
    """A bench with the embedded gNB, not yet opened. The plan has to be one with radio."""
    network = ReferenceNetwork(world, plan, subscriptions, policy)
    world.products.add(plan.address("gNB"))
    access = radio_access(world)
    gnb = Gnb(world, plan, "gNB", policy.gnb, access)
    unused = iter(subscriptions)
    return GnbBench(world, plan, network, gnb, access, unused, settings, controls_of(gnb))


async def open_gnb_bench(
    world: World,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = GNB_FEATURES,
    plan: NetworkPlan | None = None,
    quiet: float = 0.5,
) -> tuple[GnbBench, Knowledge]:
    """The embedded network, started, with its gNB as the product; and what is known of it."""
    plan = plan or radio_plan()
    subscriptions = embedded_subscriptions(plan)
    settings = GnbSettings(features=features, quiet=quiet)
    bench = bench_of(world, plan, subscriptions, policy, settings)
    await bench.open()
    amf = policy.amf
    known = knowledge_of(plan, subscriptions, amf.integrity_priority, amf.ciphering_priority)
    return bench, replace(known, cells=embedded_cells())


async def record(
    test_case: TestCase,
    recorder: Recorder,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = GNB_FEATURES,
) -> Knowledge:
    """Run a procedure on the embedded gNB in a simulated world, into a recorder.

    What goes wrong in a function of ours is raised, never lost.
    """
    world = SimulatedWorld(recorder, seed=test_case.name)
    bench, known = await open_gnb_bench(world, policy, features)
    try:
        await test_case.procedure(bench)
    finally:
        await bench.close()
    if world.failures:
        raise world.failures[0]
    return known


def trace_of(
    test_case: TestCase,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = GNB_FEATURES,
) -> Trace:
    """The trace of a procedure on the embedded gNB, simulated."""
    recorder = PayloadRecorder()
    known = simulate(record(test_case, recorder, policy, features))
    messages = Dissector(known).payloads(recorder.payloads)
    return Trace(tuple(messages), known)
