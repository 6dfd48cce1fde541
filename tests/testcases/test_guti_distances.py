"""When a row of 5G-TMSIs can be foreseen, and when it only comes from a small range."""

from __future__ import annotations

from random import Random

import pytest

from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.testcases.ts33512.identities import GutiAllocation

# Those of an AMF that draws without repetition from a pool of 8192 (Open5GS 2.7.7).
FROM_A_POOL = (0xC0001132, 0xC00015BA, 0xC0000F52, 0xC00019D5, 0xC0000E78)


def judged(*values: int) -> Verdict:
    findings = Findings()
    assigned = [(value, frame) for frame, value in enumerate(values, 1)]
    GutiAllocation().judge_distances(findings, assigned)
    return findings.verdict("test case", "requirement", "nothing to tell")


@pytest.mark.parametrize("step", [1, -1, 7, 255])
def test_what_is_counted_can_be_foreseen(step: int) -> None:
    verdict = judged(*(0x80000000 + step * number for number in range(6)))
    assert verdict.outcome is Outcome.FAIL
    assert "can be foreseen: 6 in a row" in verdict.reason


def test_a_small_range_is_told_and_does_not_fail() -> None:
    verdict = judged(*FROM_A_POOL)
    assert verdict.outcome is Outcome.PASS
    assert "lie within 2910 values" in verdict.reason


def test_of_random_ones_there_is_nothing_to_tell() -> None:
    random = Random(1)
    for _ in range(1000):
        assert judged(*(random.getrandbits(32) for _ in range(4))).reason == "nothing to tell"


def test_three_values_and_one_value_again_are_too_few() -> None:
    assert judged(1, 2, 3, 3, 2).reason == "nothing to tell"
