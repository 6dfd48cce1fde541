"""No test case without a fault that it catches, and no fault that escapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from makmal.audit import AuditReport, audit_capture
from makmal.catalogue.requirements import requirements
from makmal.judges.audit import JUDGES
from makmal.judges.verdict import Outcome
from makmal.played.policy import FAULTS, OBSERVED, PROTECTED, Fault, NetworkPolicy
from makmal.played.recording import record
from makmal.trace.knowledge import Knowledge, load_knowledge

# What a capture from inside shows as unprotected, and what one from outside cannot show.
TRANSPORT = {
    "MAKMAL_N2_CLEAR_TEXT",
    "TC_UP_DATA_CONF_UPF",
    "TC_CP_DATA_CONF_UPF_N4",
    "TC_PROTECT_TRANSPORT_LAYER",
}


def audit(policy: NetworkPolicy, directory: Path) -> AuditReport:
    capture, keys = record(policy).write(directory, "network")
    return audit_capture(capture, load_knowledge(keys))


def outcomes(report: AuditReport) -> dict[str, Outcome]:
    return {verdict.test_case: verdict.outcome for verdict in report.verdicts}


def test_every_judge_is_in_the_catalogue() -> None:
    judged = [judge.test_case for judge in JUDGES]
    assert len(judged) == len(set(judged))
    assert set(judged) <= set(requirements())


def test_every_test_case_has_a_fault() -> None:
    caught = {test_case for fault in FAULTS for test_case in fault.caught_by}
    assert caught == {judge.test_case for judge in JUDGES}


def test_the_sound_network_passes_everything_that_can_be_seen_inside(tmp_path: Path) -> None:
    report = audit(OBSERVED, tmp_path)
    for verdict in report.verdicts:
        expected = Outcome.FAIL if verdict.test_case in TRANSPORT else Outcome.PASS
        assert verdict.outcome is expected, verdict
    assert report.undecodable == 0
    assert report.problems == ()
    seen = {name: count for name, count in report.messages.items() if count}
    assert seen == {"ngap": 51, "nas": 43, "pfcp": 28, "gtpu": 12, "sbi": 70}


def test_the_sound_network_passes_everything_that_can_be_seen_outside(tmp_path: Path) -> None:
    report = audit(PROTECTED, tmp_path)
    for verdict in report.verdicts:
        expected = Outcome.PASS if verdict.test_case in TRANSPORT else Outcome.INCONCLUSIVE
        assert verdict.outcome is expected, verdict
    assert report.exit_code == 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_caught_by_its_test_cases_and_by_no_other(fault: Fault, tmp_path: Path) -> None:
    faulty = outcomes(audit(fault.policy, tmp_path))
    sound = outcomes(audit(fault.seen_in, tmp_path))
    for test_case in fault.caught_by:
        assert sound[test_case] is Outcome.PASS
        assert faulty[test_case] is Outcome.FAIL
    failed = {test_case for test_case in faulty if faulty[test_case] is Outcome.FAIL}
    failed -= {test_case for test_case in sound if sound[test_case] is Outcome.FAIL}
    assert failed == set(fault.caught_by)


def test_verdicts_are_the_same_when_the_trace_is_judged_again(tmp_path: Path) -> None:
    capture, keys = record(OBSERVED).write(tmp_path, "network")
    first = audit_capture(capture, load_knowledge(keys))
    assert audit_capture(capture, load_knowledge(keys)) == first


def test_without_keys_what_is_ciphered_is_inconclusive_and_never_passes(tmp_path: Path) -> None:
    # N2 in clear, but no service-based interface that would give the keys away.
    policy = NetworkPolicy(transport=type(OBSERVED.transport)(False, True, True, True))
    capture, keys = record(policy).write(tmp_path, "network")
    report = audit_capture(capture, Knowledge())
    by_name = {verdict.test_case: verdict for verdict in report.verdicts}
    guti = by_name["TC_5G_GUTI_ALLOCATION_AMF"]
    assert guti.outcome is Outcome.INCONCLUSIVE
    assert "ciphered with a key that was not given" in guti.reason
    assert by_name["TC_UP_DATA_CONF_UPF"].outcome is Outcome.INCONCLUSIVE
    assert any("IPsec packets are of an unknown interface" in each for each in report.problems)
    with_keys = outcomes(audit_capture(capture, load_knowledge(keys)))
    assert with_keys["TC_5G_GUTI_ALLOCATION_AMF"] is Outcome.PASS
