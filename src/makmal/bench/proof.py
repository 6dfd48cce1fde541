"""The proof of the test cases: each on the sound network, on every fault, on every variation.

A test case that no fault can fail proves nothing; one that fails on a sound network is worse.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter, process_time
from typing import Any

from makmal.bench.embedded_targets import EmbeddedTarget, targets_of
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import Fault, Variation
from makmal.testcases import registry
from makmal.testcases.test_case import TestCase

Progress = Callable[[int, int], None]
SOUND_NAME = "sound"
# Of the memory that it takes meanwhile, some 20 MB.
RUNS_BETWEEN_COLLECTIONS = 20
# So many at once keep a process busy for a second, and leave the last one with little alone.
_RUNS_OF_A_PROCESS = 100


@dataclass(frozen=True, slots=True)
class Run:
    """One test case on one embedded product. ``network`` is "sound", or the name of a fault or a
    variation, as ``kind`` says (None for the sound one).

    ``expected`` is None on a fault that is not this test case's: it may keep a test case from its
    verdict, but must not fail it.
    """

    test_case: str
    product_class: str
    network: str
    kind: type[Fault] | type[Variation] | None
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
    processor_seconds: float
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
            "processor_seconds": round(self.processor_seconds, 3),
            "matrix": [_as_json(run) for run in self.runs],
        }


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "test_case": run.test_case,
        "product_class": run.product_class,
        "network": run.network,
        "expected": None if run.expected is None else run.expected.value,
        "verdict": run.verdict.outcome.value,
        "reason": run.verdict.full_reason,
    }


def prove(
    test_cases: Sequence[TestCase],
    faults: Collection[str] | None = None,
    progress: Progress = lambda done, whole: None,
    product_class: str | None = None,
    processes: int = 1,
) -> Proof:
    """Run everything, each test case on the embedded products of its classes.

    ``faults`` are the names of those that are wanted, and ``product_class`` the class; None for
    all. ``progress`` is called with the runs that are done, and their number. More than one of
    ``processes`` takes test cases of the registry only.
    """
    started = perf_counter()
    pairs = [
        (test_case, target)
        for test_case in test_cases
        for target in targets_of(test_case)
        if product_class in (None, target.product_class)
    ]
    planned = _plan(test_cases, faults, product_class)
    runs: list[Run] = []
    processor = 0.0
    if processes == 1 or len(planned) <= _RUNS_OF_A_PROCESS:
        done = _run_here(planned)
    else:
        names = tuple(dict.fromkeys(each.name for each in test_cases))
        done = _run_in_processes(planned, (names, faults, product_class), processes)
    for some, seconds in done:
        runs += some
        processor += seconds
        progress(len(runs), len(planned))
    used = {each.name: each.kind for each in planned}
    unproven = [
        f"{test_case.name} ({target.product_class})"
        for test_case, target in pairs
        if not target.faults_of(test_case.name)
    ]
    unproven += [f"{each.name} (nothing embedded)" for each in test_cases if not targets_of(each)]
    return Proof(
        runs=tuple(runs),
        test_cases=tuple(each.name for each in test_cases),
        faults=tuple(name for name, kind in used.items() if kind is Fault),
        variations=tuple(name for name, kind in used.items() if kind is Variation),
        seconds=perf_counter() - started,
        processor_seconds=processor,
        unproven=tuple(unproven),
    )


def _run_here(planned: list[PlannedRun]) -> Iterator[tuple[list[Run], float]]:
    """Runs in their order, with the processor time that they took, in seconds."""
    with _collecting_rarely() as collect:
        for first in range(0, len(planned), RUNS_BETWEEN_COLLECTIONS):
            for each in planned[first : first + RUNS_BETWEEN_COLLECTIONS]:
                began = process_time()
                yield [each.run()], process_time() - began
            began = process_time()
            collect()
            yield [], process_time() - began


# Test cases, faults and product class by their names: what a plan is made of.
_Wanted = tuple[tuple[str, ...], Collection[str] | None, str | None]


def _run_in_processes(
    planned: list[PlannedRun], wanted: _Wanted, processes: int
) -> Iterator[tuple[list[Run], float]]:
    """The same, in processes that make the same plan. They are not forked: whoever shows progress
    has threads.
    """
    starts = range(0, len(planned), _RUNS_OF_A_PROCESS)
    pool = ProcessPoolExecutor(processes, get_context("spawn"))
    try:
        futures = [
            pool.submit(_run_some, wanted, start, start + _RUNS_OF_A_PROCESS) for start in starts
        ]
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run_some(wanted: _Wanted, start: int, end: int) -> tuple[list[Run], float]:
    names, faults, product_class = wanted
    known = registry.test_cases()
    planned = _plan([known[name]() for name in names], faults, product_class)
    done = list(_run_here(planned[start:end]))
    return [run for runs, _ in done for run in runs], sum(seconds for _, seconds in done)


def _plan(
    chosen: Sequence[TestCase], faults: Collection[str] | None, product_class: str | None
) -> list[PlannedRun]:
    return [
        run
        for test_case in chosen
        for target in targets_of(test_case)
        if product_class in (None, target.product_class)
        for run in planned_runs(test_case, target, faults)
    ]


@contextmanager
def _collecting_rarely() -> Iterator[Callable[[], object]]:
    """What was there before is not looked through for garbage, and the rest only when it is asked
    for: a network that is thrown away is one great cycle of references, and looking for others
    meanwhile takes a fifth of the time.
    """
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run to come. ``kind`` is Fault or Variation, None for the sound network."""

    test_case: TestCase
    target: EmbeddedTarget
    name: str
    kind: type[Fault] | type[Variation] | None
    policy: Any
    expected: Outcome | None

    def run(self) -> Run:
        """A procedure that breaks has a verdict too: error, with what broke."""
        test_case = self.test_case
        try:
            verdict = self.target.evaluate(test_case, self.policy, self.target.features)
        except Exception as error:  # a proof goes on, and names what broke
            reason = f"the procedure broke: {type(error).__name__}: {error}"
            reference = test_case.requirement.reference
            verdict = Verdict(test_case.name, reference, Outcome.ERROR, reason)
        return Run(
            test_case.name, self.target.product_class, self.name, self.kind, self.expected, verdict
        )


def planned_runs(
    test_case: TestCase, target: EmbeddedTarget, faults: Collection[str] | None = None
) -> Iterator[PlannedRun]:
    """A test case on an embedded product: sound, with every fault or those wanted, and varied."""
    yield PlannedRun(test_case, target, SOUND_NAME, None, target.sound, Outcome.PASS)
    for fault in target.faults:
        if faults is None or fault.name in faults:
            caught = test_case.name in fault.caught_by
            expected = Outcome.FAIL if caught else None
            policy = fault.apply(target.sound)
            yield PlannedRun(test_case, target, fault.name, Fault, policy, expected)
    for variation in target.variations:
        policy = variation.apply(target.sound)
        yield PlannedRun(test_case, target, variation.name, Variation, policy, Outcome.PASS)
