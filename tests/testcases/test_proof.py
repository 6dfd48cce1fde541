"""Every test case passes on the sound products and their variations, and fails on its faults."""

from __future__ import annotations

import pytest

from makmal.bench.embedded_targets import EMBEDDED_TARGETS, EmbeddedTarget, targets_of
from makmal.catalogue.requirements import requirements
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import Fault, Variation
from makmal.testcases.registry import test_cases

PAIRS = [(name, target) for name, kind in test_cases().items() for target in targets_of(kind())]
FAULTS = [(target, fault) for target in EMBEDDED_TARGETS.values() for fault in target.faults]


def evaluate(name: str, target: EmbeddedTarget, change: Fault | Variation | None) -> Verdict:
    policy = target.sound if change is None else change.apply(target.sound)
    return target.evaluate(test_cases()[name](), policy, target.features)


def identify(value: object) -> str:
    if isinstance(value, EmbeddedTarget):
        return value.product_class
    return value.name if isinstance(value, (Fault, Variation)) else str(value)


def test_all_fifteen_of_ts_33_512_are_there() -> None:
    wanted = [
        name for name, each in requirements().items() if each.reference.startswith("TS 33.512, ")
    ]
    assert len(wanted) == 15
    assert set(wanted) <= set(test_cases())


def test_every_test_case_is_for_a_product_that_is_embedded() -> None:
    assert {name for name, _ in PAIRS} == set(test_cases())


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=identify)
def test_a_test_case_passes_on_the_sound_product(name: str, target: EmbeddedTarget) -> None:
    verdict = evaluate(name, target, None)
    assert verdict.outcome is Outcome.PASS, verdict.full_reason
    assert verdict.frames


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=identify)
def test_a_benign_variation_turns_no_verdict(name: str, target: EmbeddedTarget) -> None:
    for variation in target.variations:
        verdict = evaluate(name, target, variation)
        assert verdict.outcome is Outcome.PASS, f"{variation.name}: {verdict.full_reason}"


@pytest.mark.parametrize(("target", "fault"), FAULTS, ids=identify)
def test_a_fault_fails_its_test_cases_and_no_other(target: EmbeddedTarget, fault: Fault) -> None:
    names = [name for name, each in PAIRS if each is target]
    assert set(fault.caught_by) <= set(names)
    for name in names:
        verdict = evaluate(name, target, fault)
        failed = verdict.outcome in (Outcome.FAIL, Outcome.ERROR)
        assert failed == (name in fault.caught_by), f"{name}: {verdict.full_reason}"


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=identify)
def test_no_test_case_without_a_fault(name: str, target: EmbeddedTarget) -> None:
    assert target.faults_of(name)


def test_names_of_faults_and_variations_are_unique() -> None:
    names = [
        each.name
        for target in EMBEDDED_TARGETS.values()
        for each in (*target.faults, *target.variations)
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=identify)
def test_an_undeclared_feature_makes_it_not_applicable(name: str, target: EmbeddedTarget) -> None:
    test_case = test_cases()[name]()
    verdict = target.evaluate(test_case, target.sound, frozenset())
    if test_case.features:
        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert test_case.features[0] in verdict.reason
    else:
        assert verdict.outcome is Outcome.PASS, verdict.full_reason
