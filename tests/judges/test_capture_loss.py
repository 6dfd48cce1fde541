"""What a capture lacks makes no sound network fail; what it has convicts a faulty one."""

from __future__ import annotations

import random

import pytest

from makmal.judges.audit import audit_judges
from makmal.judges.judge import judge_trace
from makmal.judges.verdict import Outcome, Verdict
from makmal.played.policy import FAULTS, OBSERVED, fault
from makmal.played.recording import record
from makmal.trace.dissect import dissect
from makmal.trace.frame import Frame
from makmal.trace.knowledge import Knowledge, parse_knowledge
from makmal.trace.message import CaptureLoss

# Clear text is clear text, however much of it is missing.
TRANSPORT = {
    "MAKMAL_N2_CLEAR_TEXT",
    "TC_UP_DATA_CONF_UPF",
    "TC_CP_DATA_CONF_UPF_N4",
    "TC_PROTECT_TRANSPORT_LAYER",
}
RECORDING = record(OBSERVED)
KEYS = parse_knowledge(RECORDING.keys)


def failed(frames: list[Frame], knowledge: Knowledge) -> list[Verdict]:
    verdicts = judge_trace(dissect(frames, knowledge), audit_judges(knowledge))
    return [
        verdict
        for verdict in verdicts
        if verdict.outcome is Outcome.FAIL and verdict.test_case not in TRANSPORT
    ]


@pytest.mark.parametrize("knowledge", [KEYS, Knowledge()], ids=["keys", "no keys"])
def test_a_sound_network_does_not_fail_when_the_capture_begins_late_or_ends_early(
    knowledge: Knowledge,
) -> None:
    frames = RECORDING.frames
    for cut in range(0, len(frames), 7):
        assert failed(frames[:cut], knowledge) == []
        assert failed(frames[cut:], knowledge) == []


@pytest.mark.parametrize("knowledge", [KEYS, Knowledge()], ids=["keys", "no keys"])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_a_sound_network_does_not_fail_when_frames_are_lost(
    knowledge: Knowledge, share: float
) -> None:
    chance = random.Random(str(share))
    for _ in range(30):
        kept = [frame for frame in RECORDING.frames if chance.random() >= share]
        assert failed(kept, knowledge) == []


@pytest.mark.parametrize("knowledge", [KEYS, Knowledge()], ids=["keys", "no keys"])
def test_a_sound_network_does_not_fail_when_frames_come_twice_or_swapped(
    knowledge: Knowledge,
) -> None:
    chance = random.Random(3)
    for _ in range(20):
        frames = list(RECORDING.frames)
        for _ in range(20):
            at = chance.randrange(len(frames) - 1)
            if chance.random() < 0.5:
                frames[at], frames[at + 1] = frames[at + 1], frames[at]
            else:
                frames.insert(at + 1, frames[at])
        assert failed(frames, knowledge) == []


def test_loss_elsewhere_does_not_save_a_faulty_network() -> None:
    for name in ("answers-replayed-nas", "challenge-before-ausf", "answers-unprotected-nas"):
        recording = record(fault(name).policy)
        knowledge = parse_knowledge(recording.keys)
        # The last tenth of the frames is far from what the faults show in.
        count = len(recording.frames)
        kept = [f for n, f in enumerate(recording.frames) if n < count * 9 // 10 or n % 3]
        assert any(isinstance(m, CaptureLoss) for m in dissect(kept, knowledge))
        assert [v.test_case for v in failed(kept, knowledge)] == list(fault(name).caught_by)


def test_the_very_packet_that_is_missing_leaves_a_doubt() -> None:
    recording = record(fault("challenge-before-ausf").policy)
    knowledge = parse_knowledge(recording.keys)
    (verdict,) = failed(recording.frames, knowledge)
    failure, challenge = verdict.frames
    # Without the frames of the services just before the challenge nobody knows what they said.
    services = {"198.51.100"}
    kept = [
        frame
        for frame in recording.frames
        if not (
            failure - 4 < frame.number < challenge + 12
            and any(name in _addresses(frame) for name in services)
        )
    ]
    verdicts = judge_trace(dissect(kept, knowledge), audit_judges(knowledge))
    outcome = {v.test_case: v for v in verdicts}["TC_SYNC_FAIL_SEAF_AMF"]
    assert outcome.outcome is Outcome.INCONCLUSIVE
    assert "lacks packets" in outcome.reason


def _addresses(frame: Frame) -> str:
    source, destination = frame.data[26:30], frame.data[30:34]
    return " ".join(".".join(map(str, address)) for address in (source, destination))


def test_nothing_seen_is_inconclusive_for_every_judge() -> None:
    for verdict in judge_trace([], audit_judges(Knowledge())):
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert verdict.reason
        assert verdict.frames == ()


@pytest.mark.parametrize("name", [each.name for each in FAULTS])
def test_no_fault_is_overlooked_without_its_keys_file(name: str) -> None:
    """Without keys a fault may be undecidable, but the verdict is never pass."""
    recording = record(fault(name).policy)
    verdicts = judge_trace(dissect(recording.frames), audit_judges(Knowledge()))
    outcomes = {verdict.test_case: verdict.outcome for verdict in verdicts}
    for test_case in fault(name).caught_by:
        assert outcomes[test_case] is not Outcome.PASS
