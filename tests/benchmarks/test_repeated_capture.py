"""The large capture of the benchmark is what it says: the small one with identities of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from makmal.audit import audit_capture
from makmal.trace.capture import open_capture
from makmal.trace.dissect import dissect
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import NasMessage

ROOT = Path(__file__).parents[2]
REPETITIONS = 3


def test_every_repetition_is_another_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    repeated_capture = sys.modules.get("repeated_capture") or __import__("repeated_capture")
    if not repeated_capture.SHARED.exists():
        pytest.skip("the shared captures are not here")
    _, frames = repeated_capture.source_frames()
    path = tmp_path / "repeated.pcapng"
    assert repeated_capture.write_repeated(path, frames, REPETITIONS) == 753 * REPETITIONS
    once = audit_capture(repeated_capture.SHARED, Knowledge())
    often = audit_capture(path, Knowledge())
    assert often.messages == {name: n * REPETITIONS for name, n in once.messages.items()}
    assert [v.outcome for v in often.verdicts] == [v.outcome for v in once.verdicts]
    with open_capture(path) as capture:
        supis = {
            message.user_equipment.supi
            for message in dissect(capture)
            if isinstance(message, NasMessage)
        }
    assert len(supis) == REPETITIONS
