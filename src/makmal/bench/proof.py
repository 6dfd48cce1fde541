"""The proof of the test cases: each on the sound network, on every fault, on every variation.

A test case that no fault can fail proves nothing; one that fails on a sound network is worse.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from time import perf_counter, process_time
from typing import Any, NamedTuple

from makmal.bench.embedded_targets import EMBEDDED_TARGETS, EmbeddedTarget, targets_of
from makmal.bench.policy_reach import Choice, differences, watched
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.faults import Fault, Variation
from makmal.testcases import registry
from makmal.testcases.test_case import TestCase

Progress = Callable[[int, int], None]
SOUND_NAME = "sound"
# Of the memory that it takes meanwhile, some 20 MB.
RUNS_BETWEEN_COLLECTIONS = 20
# With fewer than these, starting processes takes longer than they save.
_RUNS_WORTH_A_PROCESS = 100


@dataclass(frozen=True, slots=True)
class Run:
    """One test case on one embedded product. ``network`` is "sound", or the name of a fault or a
    variation, as ``kind`` says (None for the sound one).

    ``expected`` is None on a fault that is not this test case's: it may keep a test case from its
    verdict, but must not fail it. ``is_shared``: the run is the one on the sound product, which
    never comes to what is otherwise here.
    """

    test_case: str
    product_class: str
    network: str
    kind: type[Fault] | type[Variation] | None
    expected: Outcome | None
    verdict: Verdict
    is_shared: bool = False

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
    def shared(self) -> int:
        """How many runs were the sound product's."""
        return sum(run.is_shared for run in self.runs)

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
            "shared": self.shared,
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
        "shared": run.is_shared,
    }


def prove(
    test_cases: Sequence[TestCase],
    faults: Collection[str] | None = None,
    progress: Progress = lambda done, whole: None,
    product_class: str | None = None,
    processes: int = 1,
    share: bool = True,
) -> Proof:
    """Run everything, each test case on the embedded products of its classes.

    ``faults`` are the names of those that are wanted, and ``product_class`` the class; None for
    all. ``progress`` is called with the runs that are done, and their number. More than one of
    ``processes`` takes test cases of the registry only. Unless told not to ``share``, a run on a
    product that differs from the sound one only in what the test case never comes to is not made
    again: it has the sound product's trace, and so its verdict.
    """
    started = perf_counter()
    wanted = None if faults is None else tuple(faults)
    pairs = [
        (test_case, target)
        for test_case in test_cases
        for target in targets_of(test_case)
        if product_class in (None, target.product_class)
    ]
    planned = [list(planned_runs(*pair, wanted)) for pair in pairs]
    whole = sum(len(each) for each in planned)
    runs: list[Run] = []
    processor = 0.0
    if processes == 1 or whole <= _RUNS_WORTH_A_PROCESS:
        done = _run_here(planned, share)
    else:
        names = [
            (test_case.name, target.product_class, wanted, share) for test_case, target in pairs
        ]
        done = _run_in_processes(names, processes)
    for some, seconds in done:
        runs += some
        processor += seconds
        progress(len(runs), whole)
    used = {each.name: each.kind for some in planned for each in some}
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


def _run_here(planned: list[list[PlannedRun]], share: bool) -> Iterator[tuple[list[Run], float]]:
    """Runs in their order, with the processor time that they took, in seconds."""
    with _collecting_rarely() as collect:
        since = 0
        for some in planned:
            for run, seconds in _run_group(some, share):
                yield [run], seconds
                since += not run.is_shared
                if since >= RUNS_BETWEEN_COLLECTIONS:
                    began = process_time()
                    collect()
                    since = 0
                    yield [], process_time() - began


def _run_group(planned: list[PlannedRun], share: bool) -> Iterator[tuple[Run, float]]:
    """The runs of a test case on a product, the sound one first."""
    began = process_time()
    sound, *others = planned
    policy, read = watched(sound.policy) if share else (sound.policy, set())
    first = replace(sound, policy=policy).run()
    yield first, process_time() - began
    for each in others:
        began = process_time()
        is_same = share and read.isdisjoint(each.differs)
        run = each.sharing(first.verdict) if is_same else each.run()
        yield run, process_time() - began


# Test case and product class by their names, the faults, and whether to share: what a plan is
# made of.
_Wanted = tuple[str, str, tuple[str, ...] | None, bool]


def _run_in_processes(wanted: list[_Wanted], processes: int) -> Iterator[tuple[list[Run], float]]:
    """The same, in processes that make the same plan. They are not forked: whoever shows progress
    has threads.
    """
    pool = ProcessPoolExecutor(processes, get_context("spawn"))
    try:
        for future in [pool.submit(_run_some, each) for each in wanted]:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run_some(wanted: _Wanted) -> tuple[list[Run], float]:
    name, product_class, faults, share = wanted
    test_case = registry.test_cases()[name]()
    planned = list(planned_runs(test_case, EMBEDDED_TARGETS[product_class], faults))
    done = list(_run_here([planned], share))
    return [run for runs, _ in done for run in runs], sum(seconds for _, seconds in done)


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
    """A run to come. ``kind`` is Fault or Variation, None for the sound network. ``differs`` are
    the choices of its policy that are not as sound.
    """

    test_case: TestCase
    target: EmbeddedTarget
    name: str
    kind: type[Fault] | type[Variation] | None
    policy: Any
    differs: frozenset[Choice]
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
        return self._ended(verdict)

    def sharing(self, verdict: Verdict) -> Run:
        """The same without running, with the verdict on the sound product's trace."""
        return self._ended(verdict, is_shared=True)

    def _ended(self, verdict: Verdict, *, is_shared: bool = False) -> Run:
        product_class = self.target.product_class
        return Run(
            self.test_case.name,
            product_class,
            self.name,
            self.kind,
            self.expected,
            verdict,
            is_shared,
        )


def planned_runs(
    test_case: TestCase, target: EmbeddedTarget, faults: Collection[str] | None = None
) -> Iterator[PlannedRun]:
    """A test case on an embedded product: sound, with every fault or those wanted, and varied."""
    for name, kind, caught_by, policy, differs in _networks_of(target.product_class):
        if kind is Fault and faults is not None and name not in faults:
            continue
        expected: Outcome | None = Outcome.PASS
        if kind is Fault:
            expected = Outcome.FAIL if test_case.name in caught_by else None
        yield PlannedRun(test_case, target, name, kind, policy, differs, expected)


class _Network(NamedTuple):
    """A product that a test case runs on. ``differs`` are the choices that are not as sound."""

    name: str
    kind: type[Fault] | type[Variation] | None
    caught_by: tuple[str, ...]
    policy: Any
    differs: frozenset[Choice]


@cache
def _networks_of(product_class: str) -> tuple[_Network, ...]:
    target = EMBEDDED_TARGETS[product_class]
    sound = target.sound
    found = [_Network(SOUND_NAME, None, (), sound, frozenset())]
    for fault in target.faults:
        policy = fault.apply(sound)
        differs = differences(sound, policy)
        found.append(_Network(fault.name, Fault, fault.caught_by, policy, differs))
    for variation in target.variations:
        policy = variation.apply(sound)
        found.append(_Network(variation.name, Variation, (), policy, differences(sound, policy)))
    return tuple(found)
