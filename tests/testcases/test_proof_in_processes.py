"""A proof by several processes is the proof by one."""

from __future__ import annotations

import pytest

from makmal.bench import proof
from makmal.testcases.registry import test_cases

FAULTS = ("accepts-replayed-nas", "amf-repeated-keys")


def test_processes_share_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [test_cases()["TC_NAS_REPLAY_AMF"]()]
    alone = proof.prove(chosen, FAULTS)
    monkeypatch.setattr(proof, "_RUNS_WORTH_A_PROCESS", 5)
    seen: list[int] = []
    shared = proof.prove(chosen, FAULTS, lambda done, whole: seen.append(done), processes=2)
    assert len(alone.runs) > 5
    assert shared.runs == alone.runs
    assert shared.as_json()["matrix"] == alone.as_json()["matrix"]
    assert seen[-1] == len(alone.runs)
    assert shared.processor_seconds > 0
