"""The embedded UPF as the target, with everything around it ours and simulated."""

from __future__ import annotations

from makmal.bench.embedded import EmbeddedControls
from makmal.bench.embedded_plan import UPF_FEATURES, embedded_plan, user_plane_addresses
from makmal.bench.steps import Controls
from makmal.bench.user_plane.upf_bench import UpfBench, UpfSettings
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.plan import NetworkPlan
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.upf import Upf, UpfPolicy
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.world import World
from makmal.testcases.test_case import TestCase
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace


def embedded_upf(world: World, plan: NetworkPlan, policy: UpfPolicy) -> Upf:
    """The embedded UPF, whose N6 is behind sockets of the world."""
    n6 = AddressTranslation(world, plan.address("UPF"), answers_pings=policy.answers_icmp_echo)
    return Upf(world, plan, policy, data_network=n6)


def controls_of(upf: Upf) -> Controls:
    """What can be done to it."""
    return EmbeddedControls(upf, "UPF")


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
        settings = UpfSettings(features=features, sessions=sessions)
    bench = UpfBench(world, plan, settings, controls_of(upf))
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


def evaluate(
    test_case: TestCase,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = UPF_FEATURES,
) -> Verdict:
    """The verdict of a test case on the embedded UPF, simulated."""
    missing = [each for each in test_case.features if each not in features]
    if missing:
        reason = f"the product does not declare the feature {missing[0]}"
        return Verdict(
            test_case.name, test_case.requirement.reference, Outcome.NOT_APPLICABLE, reason
        )
    return test_case.judge(trace_of(test_case, policy, features))
