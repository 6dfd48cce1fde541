"""The test cases of the core, with UEs on the air: the same verdicts as without."""

from __future__ import annotations

import pytest

from makmal.bench.embedded import open_embedded_bench
from makmal.bench.embedded_plan import embedded_declarations
from makmal.bench.embedded_targets import EMBEDDED_TARGETS, EmbeddedTarget, targets_of
from makmal.bench.radio.embedded_gnb import radio_plan
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import SOUND, Fault, NetworkPolicy
from makmal.network.recorder import PayloadRecorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.testcases.registry import test_cases
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import NasMessage, RrcMessage
from makmal.trace.trace import Trace

AMF = EMBEDDED_TARGETS["AMF"]
# Products that have benches of their own.
APART = ("UPF", "gNB", "application", "device")
# Each test case of a function of the core, with the first class that it is for.
PAIRS = [
    (name, targets_of(kind())[0])
    for name, kind in test_cases().items()
    if targets_of(kind())[0].product_class not in APART
]
# Those in whose procedures UEs do the most.
NAMES = [
    name
    for name, kind in test_cases().items()
    if kind().requirement.reference.startswith("TS 33.512, ")
]


def identify(value: object) -> str:
    return value.product_class if isinstance(value, EmbeddedTarget) else str(value)


def trace_of(name: str, policy: NetworkPolicy, target: EmbeddedTarget = AMF) -> Trace:
    recorder, plan = PayloadRecorder(), radio_plan()
    product = target.product_class
    test_case = test_cases()[name]()

    async def work() -> Knowledge:
        world = SimulatedWorld(recorder, seed=name)
        bench, known = await open_embedded_bench(
            world, policy, target.features, plan, product=product
        )
        try:
            await test_case.procedure(bench)
        finally:
            await bench.close()
        assert not world.failures, world.failures
        return known

    known = simulate(work())
    messages = Dissector(known).payloads(recorder.payloads)
    return Trace(tuple(messages), known, embedded_declarations(plan, product))


def verdict_of(name: str, policy: NetworkPolicy) -> Verdict:
    return test_cases()[name]().judge(trace_of(name, policy))


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=identify)
def test_the_sound_network_passes_on_the_air_too(name: str, target: EmbeddedTarget) -> None:
    trace = trace_of(name, SOUND, target)
    # Some procedures have no UE; and some speak NAS to the services themselves.
    if any(isinstance(each, NasMessage) and each.interface == "N1" for each in trace.messages):
        assert any(isinstance(each, RrcMessage) for each in trace.messages)
    verdict = test_cases()[name]().judge(trace)
    assert verdict.outcome is Outcome.PASS, verdict.full_reason


@pytest.mark.parametrize(
    "fault",
    [each for each in AMF.faults if set(each.caught_by) & set(NAMES)],
    ids=lambda each: each.name,
)
def test_a_fault_is_caught_on_the_air_too(fault: Fault) -> None:
    for name in fault.caught_by:
        if name in NAMES:
            verdict = verdict_of(name, fault.apply(SOUND))
            assert verdict.outcome is Outcome.FAIL, f"{name}: {verdict.full_reason}"
