"""A rehearsal of the audit: record the laboratory's own network, sound and faulty, and audit it.

A test case is worth no more than the fault that it catches. So the sound networks are audited
beside the faulty one, and what was expected of every test case stands beside what came out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from makmal.audit import AuditReport, audit_capture
from makmal.judges.verdict import Outcome, Verdict
from makmal.played.policy import OBSERVED, PROTECTED, Fault, NetworkPolicy
from makmal.played.recording import record
from makmal.trace.knowledge import load_knowledge


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test case on the sound networks and on the faulty one.

    ``sound`` is the best verdict of the two sound networks: each shows what the other hides.
    ``expected`` is what the faults call for.
    """

    sound: Verdict
    faulty: Verdict
    expected: Outcome

    @property
    def is_as_expected(self) -> bool:
        """Whether the sound network passed, and the faulty one failed if a fault is there."""
        if self.sound.outcome is not Outcome.PASS:
            return False
        return (self.faulty.outcome is Outcome.FAIL) == (self.expected is Outcome.FAIL)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was recorded, and what the audits said."""

    faults: tuple[Fault, ...]
    captures: dict[str, Path]
    reports: dict[str, AuditReport]
    comparisons: tuple[Comparison, ...]

    @property
    def exit_code(self) -> int:
        """0 when every verdict is the one that the faults call for, else 1."""
        return 0 if all(each.is_as_expected for each in self.comparisons) else 1

    def as_json(self) -> dict[str, Any]:
        """The one object that ``makmal rehearse --json`` prints."""
        return {
            "faults": [fault.name for fault in self.faults],
            "captures": {name: str(path) for name, path in self.captures.items()},
            "as_expected": self.exit_code == 0,
            "verdicts": [
                {
                    "test_case": each.faulty.test_case,
                    "requirement": each.faulty.requirement,
                    "sound": each.sound.outcome.value,
                    "verdict": each.faulty.outcome.value,
                    "expected": each.expected.value,
                    "frames": list(each.faulty.frames),
                    "reason": each.faulty.full_reason,
                }
                for each in self.comparisons
            ],
        }


def rehearse(
    directory: Path, faults: tuple[Fault, ...], progress: Callable[[str], None] = lambda step: None
) -> Rehearsal:
    """Record and audit the networks under ``directory``. Raises OSError if it cannot be written."""
    faulty = OBSERVED
    for fault in faults:
        faulty = fault.apply(faulty)
    networks = {"sound-protected": PROTECTED, "sound-observed": OBSERVED, "faulty": faulty}
    captures: dict[str, Path] = {}
    reports: dict[str, AuditReport] = {}
    for name, policy in networks.items():
        progress(f"recording and auditing {name}")
        captures[name], reports[name] = _record_and_audit(directory, name, policy)
    expected = _expected(faults, reports["sound-observed"])
    comparisons = tuple(
        Comparison(_better(one, other), verdict, expected[verdict.test_case])
        for one, other, verdict in zip(
            *(reports[name].verdicts for name in networks),
            strict=True,
        )
    )
    return Rehearsal(faults, captures, reports, comparisons)


def _record_and_audit(
    directory: Path, name: str, policy: NetworkPolicy
) -> tuple[Path, AuditReport]:
    capture, keys = record(policy).write(directory, name)
    return capture, audit_capture(capture, load_knowledge(keys))


def _better(one: Verdict, other: Verdict) -> Verdict:
    return one if one.outcome is Outcome.PASS else other


def _expected(faults: tuple[Fault, ...], observed: AuditReport) -> dict[str, Outcome]:
    """What the sound network shows from inside its protection, but fail where a fault is."""
    caught = {test_case for fault in faults for test_case in fault.caught_by}
    return {
        verdict.test_case: Outcome.FAIL if verdict.test_case in caught else verdict.outcome
        for verdict in observed.verdicts
    }
