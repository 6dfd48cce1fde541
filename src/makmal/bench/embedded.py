"""The embedded network as the target: all of it simulated, its policy ours to choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from makmal.bench.bench import Bench, BenchSettings
from makmal.bench.embedded_plan import (
    AUTHENTICATED_SLICE,
    FEATURES,
    embedded_plan,
    embedded_subscriptions,
    knowledge_of,
)
from makmal.bench.not_done import NotDoneError
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.amf.amf import Amf
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.plan import NetworkPlan
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.subscription import Subscription
from makmal.network.world import World
from makmal.testcases.test_case import TestCase
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace

# Settings of a product by the names that procedures use, and the AMF's own.
_SETTINGS = {
    "integrity_priority": "integrity_priority",
    "ciphering_priority": "ciphering_priority",
    "redirection_to_epc": "redirects_to_eps",
}


class EmbeddedControls:
    """The embedded AMF is configured by its policy."""

    def __init__(self, amf: Amf) -> None:
        self._amf = amf
        self._declared = amf.policy

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Bring settings into effect."""
        unknown = [name for name in settings if name not in _SETTINGS]
        if unknown:
            raise NotDoneError(f"the embedded AMF has no setting {unknown[0]}")
        self._amf.policy = replace(
            self._amf.policy, **{_SETTINGS[name]: value for name, value in settings.items()}
        )

    async def restore(self) -> None:
        """Bring the declared configuration back."""
        self._amf.policy = self._declared

    async def log_lines(self) -> list[str] | None:
        """What the AMF noted."""
        return list(self._amf.log)


async def open_embedded_bench(
    world: World,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = FEATURES,
    plan: NetworkPlan | None = None,
    quiet: float = 1.0,
) -> tuple[Bench, Knowledge]:
    """The embedded network, started, with its AMF as the product; and what is known of it."""
    plan = plan or embedded_plan()
    subscriptions = embedded_subscriptions(plan)
    network = ReferenceNetwork(world, plan, subscriptions, policy)
    world.products.add(plan.address("AMF"))
    await network.start(warm=True)
    amf = network.functions["AMF"]
    if not isinstance(amf, Amf):
        raise TypeError("the AMF of the reference network is not ours")
    settings = BenchSettings(
        features=features,
        integrity_priority=policy.amf.integrity_priority,
        ciphering_priority=policy.amf.ciphering_priority,
        authenticated_slice=AUTHENTICATED_SLICE,
        quiet=quiet,
    )
    unused: Iterator[Subscription] = iter(subscriptions)
    bench = Bench(world, plan, network, unused, settings, EmbeddedControls(amf))
    known = knowledge_of(
        plan, subscriptions, settings.integrity_priority, settings.ciphering_priority
    )
    return bench, known


async def record(
    test_case: TestCase,
    recorder: Recorder,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = FEATURES,
) -> Knowledge:
    """Run a procedure on the embedded network in a simulated world, into a recorder.

    What goes wrong in a function of ours is raised, never lost.
    """
    world = SimulatedWorld(recorder, seed=test_case.name)
    bench, known = await open_embedded_bench(world, policy, features)
    try:
        await test_case.procedure(bench)
    finally:
        await bench.close()
    if world.failures:
        raise world.failures[0]
    return known


def trace_of(
    test_case: TestCase, policy: NetworkPolicy = SOUND, features: frozenset[str] = FEATURES
) -> Trace:
    """The trace of a procedure on the embedded network, simulated."""
    recorder = PayloadRecorder()
    known = simulate(record(test_case, recorder, policy, features))
    messages = Dissector(known).payloads(recorder.payloads)
    return Trace(tuple(messages), known)


def evaluate(
    test_case: TestCase, policy: NetworkPolicy = SOUND, features: frozenset[str] = FEATURES
) -> Verdict:
    """The verdict of a test case on the embedded network, simulated."""
    missing = [each for each in test_case.features if each not in features]
    if missing:
        reason = f"the product does not declare the feature {missing[0]}"
        return Verdict(
            test_case.name, test_case.requirement.reference, Outcome.NOT_APPLICABLE, reason
        )
    return test_case.judge(trace_of(test_case, policy, features))
