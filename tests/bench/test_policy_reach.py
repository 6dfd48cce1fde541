"""A run that never comes to a choice is the same whatever is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from makmal.bench import proof
from makmal.bench.embedded import record
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.policy_reach import differences, watched
from makmal.network.amf.policy import AmfPolicy
from makmal.network.faults import SOUND, NetworkPolicy, fault
from makmal.network.recorder import PayloadRecorder
from makmal.network.service_policy import ServicePolicy
from makmal.network.simulated_world import simulate
from makmal.testcases.registry import test_cases
from makmal.trace.frame import HttpPayload, Payload

AMF = EMBEDDED_TARGETS["AMF"]
# Every kind of procedure: with one AMF and two, with sessions, with another configuration.
NAMES = ("TC_NAS_REPLAY_AMF", "TC_NAS_ALG_AMF_CHANGE_AMF", "TC_NSSAA_REVOCATION")


def octets_of(name: str, policy: NetworkPolicy) -> list[object]:
    """All that a procedure sends, as it is recorded."""
    recorder = PayloadRecorder()
    simulate(record(test_cases()[name](), recorder, policy))
    return [_content(each) for each in recorder.payloads]


def _content(payload: Payload) -> object:
    if not isinstance(payload, HttpPayload):
        return payload
    message = payload.message
    # A token is signed with a random number each time that a process begins.
    headers = [line for line in message.headers if line[0] != "authorization"]
    return payload[:5], message.name, headers, message.body


def test_only_what_was_read_is_told() -> None:
    policy, read = watched(SOUND)
    assert read == set()
    assert policy.amf.timers.t3550 == SOUND.amf.timers.t3550
    assert read == {("amf",), ("amf", "timers"), ("amf", "timers", "t3550")}


def test_a_copy_with_other_choices_is_watched_too() -> None:
    policy, read = watched(SOUND)
    changed = replace(policy.amf, drops_bad_mac=False)
    read.clear()
    assert isinstance(changed, AmfPolicy)
    assert not changed.drops_bad_mac
    assert read == {("amf", "drops_bad_mac")}


def test_a_difference_is_named_by_what_leads_to_it() -> None:
    assert differences(SOUND, SOUND) == frozenset()
    assert differences(SOUND, fault("accepts-bad-mac").apply(SOUND)) == {("amf", "drops_bad_mac")}
    unsigned = replace(SOUND, services={"UDM": ServicePolicy(verifies_signature=False)})
    assert differences(SOUND, unsigned) == {("services", "UDM", "verifies_signature")}
    # A function that no plan has: whoever looks at the services may find it.
    strange = replace(SOUND, services={"XYZ": ServicePolicy()})
    assert differences(SOUND, strange) == {("services",)}


@pytest.mark.parametrize("name", NAMES)
def test_watching_changes_nothing(name: str) -> None:
    policy, read = watched(SOUND)
    assert octets_of(name, policy) == octets_of(name, SOUND)
    assert ("amf", "integrity_priority") in read


@pytest.mark.parametrize("name", NAMES)
def test_what_is_never_come_to_changes_no_octet(name: str) -> None:
    policy, read = watched(SOUND)
    sound = octets_of(name, policy)
    unread = [
        each
        for each in proof.planned_runs(test_cases()[name](), AMF)
        if each.kind is not None and read.isdisjoint(each.differs)
    ]
    assert len(unread) > 50
    for each in unread[::7]:
        assert octets_of(name, each.policy) == sound, each.name


def test_a_proof_that_shares_is_the_proof() -> None:
    chosen = [test_cases()["TC_NAS_INT_SELECTION_USE_AMF"]()]
    shared, whole = proof.prove(chosen), proof.prove(chosen, share=False)
    assert 0 < shared.shared < len(shared.runs)
    assert whole.shared == 0
    assert [(run.network, run.expected, run.verdict.outcome) for run in shared.runs] == [
        (run.network, run.expected, run.verdict.outcome) for run in whole.runs
    ]
    assert shared.exit_code == whole.exit_code == 0


def test_a_fault_that_is_never_come_to_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test case that names a fault and does nothing that could show it proves nothing."""
    test_case = test_cases()["TC_UE_SEC_CAP_HANDLING_AMF"]()
    networks = [
        each._replace(caught_by=(test_case.name,)) if each.name == "accepts-bad-mac" else each
        for each in proof._networks_of("AMF")
    ]
    monkeypatch.setattr(proof, "_networks_of", lambda product_class: tuple(networks))
    missed = proof.prove([test_case]).missed
    assert [(run.network, run.is_shared) for run in missed] == [("accepts-bad-mac", True)]
