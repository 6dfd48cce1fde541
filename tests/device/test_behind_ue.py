"""A device behind a UE: the same verdicts, and the packets on N3."""

from __future__ import annotations

import io

import pytest

from makmal.bench.application.embedded import read_recorded
from makmal.bench.device.behind_ue import open_behind_ue
from makmal.bench.device.embedded import SOUND
from makmal.catalogue.provisions import provisions
from makmal.device.faults import FAULTS
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.simulated_world import simulate
from makmal.testcases.registry import test_cases
from makmal.trace.knowledge import Knowledge

WEAK = {each.name: each.apply(SOUND) for each in FAULTS}


@pytest.mark.parametrize(
    ("identity", "policy", "outcome"),
    [
        ("5.6-5", SOUND, Outcome.PASS),
        ("5.6-5", WEAK["debug-port-open"], Outcome.FAIL),
        ("5.8-2", SOUND, Outcome.PASS),
        ("5.8-2", WEAK["broker-not-verified"], Outcome.FAIL),
    ],
    ids=lambda each: str(each)[:20],
)
def test_verdicts_are_the_same_behind_a_ue(identity: str, policy: object, outcome: Outcome) -> None:
    stream = io.BytesIO()
    test_case = test_cases()[provisions()[identity].test_case]()

    async def run() -> None:
        async with open_behind_ue(FrameRecorder(stream), policy) as bench:  # type: ignore[arg-type]
            await test_case.procedure(bench)

    simulate(run())
    verdict = test_case.judge(read_recorded(stream, test_case, Knowledge()))
    assert verdict.outcome is outcome, verdict.full_reason
