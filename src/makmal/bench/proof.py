"""The proof of the test cases: each on the sound network, on every fault, on every variation.

A test case that no fault can fail proves nothing; one that fails on a sound network is worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from makmal.bench.embedded import evaluate
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import FAULTS, SOUND, VARIATIONS, Fault, NetworkPolicy, Variation
from makmal.testcases.test_case import TestCase

Progress = Callable[[int, int], None]
SOUND_NAME = "sound"


@dataclass(frozen=True, slots=True)
class Run:
    """One test case on one network. ``network`` is "sound", a fault's or a variation's name.

    ``expected`` is None on a fault that is not this test case's: it may keep a test case from its
    verdict, but must not fail it.
    """

    test_case: str
    network: str
    expected: Outcome | None
    verdict: Verdict

    @property
    def is_missed(self) -> bool:
        """A fault that the test case names, and did not fail on."""
        return self.expected is Outcome.FAIL and self.verdict.outcome is not Outcome.FAIL

    @property
    def is_false_alarm(self) -> bool:
        """A verdict that the network does not deserve."""
        outcome = self.verdict.outcome
        if self.expected is None:
            return outcome in (Outcome.FAIL, Outcome.ERROR)
        return self.expected is Outcome.PASS and outcome is not Outcome.PASS


@dataclass(frozen=True, slots=True)
class Proof:
    """All runs, in the order of test cases and networks."""

    runs: tuple[Run, ...]
    test_cases: tuple[str, ...]
    faults: tuple[str, ...]
    variations: tuple[str, ...]
    seconds: float
    unproven: tuple[str, ...] = field(default=())

    @property
    def missed(self) -> tuple[Run, ...]:
        """Faults that were not caught."""
        return tuple(run for run in self.runs if run.is_missed)

    @property
    def false_alarms(self) -> tuple[Run, ...]:
        """Sound networks that were not passed."""
        return tuple(run for run in self.runs if run.is_false_alarm)

    @property
    def exit_code(self) -> int:
        """0 when every test case is proven, else 1."""
        return 1 if self.missed or self.false_alarms or self.unproven else 0

    def as_json(self) -> dict[str, Any]:
        """The one object that ``makmal prove --json`` prints."""
        return {
            "test_cases": list(self.test_cases),
            "faults": list(self.faults),
            "variations": list(self.variations),
            "missed": [_as_json(run) for run in self.missed],
            "false_alarms": [_as_json(run) for run in self.false_alarms],
            "unproven": list(self.unproven),
            "runs": len(self.runs),
            "seconds": round(self.seconds, 3),
            "matrix": [_as_json(run) for run in self.runs],
        }


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "test_case": run.test_case,
        "network": run.network,
        "expected": None if run.expected is None else run.expected.value,
        "verdict": run.verdict.outcome.value,
        "reason": run.verdict.full_reason,
    }


def prove(
    test_cases: Sequence[TestCase],
    faults: Sequence[Fault] = FAULTS,
    variations: Sequence[Variation] = VARIATIONS,
    progress: Progress = lambda done, whole: None,
) -> Proof:
    """Run everything. ``progress`` is called with the runs that are done, and their number."""
    started = perf_counter()
    # The last member: the test cases that must fail, None for a network that is sound to all.
    networks: list[tuple[str, NetworkPolicy, tuple[str, ...] | None]] = [(SOUND_NAME, SOUND, None)]
    networks += [(each.name, each.policy, each.caught_by) for each in faults]
    networks += [(each.name, each.policy, None) for each in variations]
    whole = len(test_cases) * len(networks)
    runs: list[Run] = []
    for test_case in test_cases:
        for name, policy, caught_by in networks:
            expected: Outcome | None = Outcome.PASS
            if caught_by is not None:
                expected = Outcome.FAIL if test_case.name in caught_by else None
            runs.append(Run(test_case.name, name, expected, _verdict(test_case, policy)))
            progress(len(runs), whole)
    proven = {name for each in faults for name in each.caught_by}
    return Proof(
        runs=tuple(runs),
        test_cases=tuple(each.name for each in test_cases),
        faults=tuple(each.name for each in faults),
        variations=tuple(each.name for each in variations),
        seconds=perf_counter() - started,
        unproven=tuple(each.name for each in test_cases if each.name not in proven),
    )


def _verdict(test_case: TestCase, policy: NetworkPolicy) -> Verdict:
    """A procedure that breaks is a verdict too: error, with what broke."""
    try:
        return evaluate(test_case, policy)
    except Exception as error:  # a proof goes on, and names what broke
        reference = test_case.requirement.reference
        reason = f"the procedure broke: {type(error).__name__}: {error}"
        return Verdict(test_case.name, reference, Outcome.ERROR, reason)
