"""Every test case passes on the sound network and its variations, and fails on its faults."""

from __future__ import annotations

import pytest

from makmal.bench.embedded import evaluate
from makmal.catalogue.requirements import requirements
from makmal.judges.verdict import Outcome
from makmal.network.faults import FAULTS, SOUND, VARIATIONS, Fault, Variation
from makmal.testcases.registry import test_cases

NAMES = list(test_cases())


def test_all_fifteen_of_ts_33_512_are_there() -> None:
    wanted = [
        name for name, each in requirements().items() if each.reference.startswith("TS 33.512, ")
    ]
    assert len(wanted) == 15
    assert wanted == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_test_case_passes_on_the_sound_network(name: str) -> None:
    verdict = evaluate(test_cases()[name](), SOUND)
    assert verdict.outcome is Outcome.PASS, verdict.full_reason
    assert verdict.frames


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda each: each.name)
def test_a_benign_variation_turns_no_verdict(name: str, variation: Variation) -> None:
    verdict = evaluate(test_cases()[name](), variation.policy)
    assert verdict.outcome is Outcome.PASS, verdict.full_reason


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_a_fault_fails_its_test_cases_and_no_other(fault: Fault) -> None:
    for name, kind in test_cases().items():
        verdict = evaluate(kind(), fault.policy)
        failed = verdict.outcome in (Outcome.FAIL, Outcome.ERROR)
        assert failed == (name in fault.caught_by), f"{name}: {verdict.full_reason}"


def test_no_test_case_without_a_fault() -> None:
    caught = {name for fault in FAULTS for name in fault.caught_by}
    assert caught == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_undeclared_feature_makes_it_not_applicable(name: str) -> None:
    test_case = test_cases()[name]()
    verdict = evaluate(test_case, SOUND, frozenset())
    if test_case.features:
        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert test_case.features[0] in verdict.reason
    else:
        assert verdict.outcome is Outcome.PASS, verdict.full_reason
