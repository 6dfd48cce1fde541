"""A campaign: chosen test cases, one after another, on one target, into one evidence directory.

It outlives procedures that hang or break and products that crash, and goes on where an interrupted
run of it ended. The verdict is always that on the stored trace, read back from the file.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Protocol, cast

from makmal.bench.evidence import (
    BROKE,
    COMPLETED,
    NOT_APPLICABLE,
    TRACE,
    Evidence,
    RunRecord,
    now,
    verdict_as_json,
)
from makmal.bench.hooks import HookError, Hooks
from makmal.bench.not_done import NotDoneError
from makmal.bench.rejudge import judge_stored
from makmal.bench.target import Target
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.recorder import NoRecorder, Recorder
from makmal.network.world import UnreachableError
from makmal.testcases.test_case import TestCase

# How long something that was told to end may still take, in seconds.
_GRACE = 5.0
# How long a new connection may take, and how long a bench may take to open and to close.
_PROBE_SECONDS, _BENCH_SECONDS = 30.0, 120.0
_PROBE_STEP = "after the procedure: is the product still there?"


class CampaignError(Exception):
    """The campaign could not begin: one sentence, with what to look at."""


class BenchWorld(Protocol):
    """What a campaign needs of the world of a bench."""

    failures: list[BaseException]


class OpenedBench(Protocol):
    """What a campaign needs of a bench, beside what procedures do with it."""

    @property
    def world(self) -> BenchWorld:
        """Where it runs; ``failures`` are what broke in functions of ours."""

    def mark(self, name: str) -> None:
        """A step begins."""

    def not_done(self, reason: str) -> None:
        """Put into the trace what could not be done."""

    @property
    def lost_associations(self) -> tuple[str, ...]:
        """A sentence on each connection that the product has ended."""

    async def probe(self) -> str | None:
        """None when the product takes a new connection (a new NG Setup, of an AMF); else a
        sentence that says what it does instead.
        """


# Opens the bench of one test case on a target, all of whose traffic the recorder takes down.
OpenBench = Callable[[Target, Recorder], AbstractAsyncContextManager[OpenedBench]]
# Writes what passes into a capture file, as it comes.
OpenRecorder = Callable[[BinaryIO], Recorder]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test case. ``product`` tells what happened to the product; ``earlier``: by an earlier
    run of the campaign.
    """

    verdict: Verdict
    seconds: float
    product: tuple[str, ...] = ()
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """All of it. ``ended_early`` says why test cases are missing, if some are."""

    results: tuple[CaseResult, ...]
    ended_early: str = ""

    @property
    def exit_code(self) -> int:
        """0 when everything that applies passed, 1 when something failed, else 2."""
        outcomes = {each.verdict.outcome for each in self.results}
        if Outcome.FAIL in outcomes:
            return 1
        conclusive = outcomes - {Outcome.NOT_APPLICABLE} == {Outcome.PASS}
        return 0 if conclusive and not self.ended_early else 2

    def as_json(self) -> dict[str, Any]:
        """The verdicts and what else there is to tell."""
        outcomes = [each.verdict.outcome for each in self.results]
        return {
            "ended_early": self.ended_early,
            "summary": {outcome.value: outcomes.count(outcome) for outcome in Outcome},
            "verdicts": [
                {
                    **verdict_as_json(each.verdict),
                    "seconds": round(each.seconds, 3),
                    "product": list(each.product),
                    "earlier": each.earlier,
                }
                for each in self.results
            ],
        }


class Progress(Protocol):
    """Told when a test case begins (no result yet) and when it is done."""

    def __call__(self, test_case: str, number: int, whole: int, result: CaseResult | None) -> None:
        """``number`` counts from 1."""


def no_progress(test_case: str, number: int, whole: int, result: CaseResult | None) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a procedure ended; what the product ended; what is wrong with it now, if something is."""

    ended: str = COMPLETED
    reason: str = ""
    details: str = ""
    product: str | None = None
    lost: tuple[str, ...] = ()


class Campaign:
    """Test cases on a target. ``again``: run also what an earlier run has finished."""

    def __init__(
        self,
        target: Target,
        evidence: Evidence,
        hooks: Hooks,
        open_bench: OpenBench,
        open_recorder: OpenRecorder,
        *,
        again: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        self._target, self._evidence, self._hooks = target, evidence, hooks
        self._open_bench, self._open_recorder = open_bench, open_recorder
        self._again, self._progress = again, progress
        self._is_checked = False
        # Finished test cases: what is there when somebody interrupts.
        self.results: list[CaseResult] = []

    async def run(self, test_cases: Sequence[TestCase]) -> CampaignResult:
        """Run them. Raises CampaignError when the product is not there from the start, OSError
        when the evidence cannot be written.
        """
        for number, test_case in enumerate(test_cases, 1):
            self._progress(test_case.name, number, len(test_cases), None)
            ended_early = ""
            result = self._earlier(test_case)
            if result is None:
                result, ended_early = await self._evaluate(test_case)
            self.results.append(result)
            self._progress(test_case.name, number, len(test_cases), result)
            if ended_early and number < len(test_cases):
                return CampaignResult(tuple(self.results), ended_early)
        return CampaignResult(tuple(self.results))

    def _earlier(self, test_case: TestCase) -> CaseResult | None:
        stored = None if self._again else self._evidence.finished(test_case.name)
        if stored is None:
            return None
        return CaseResult(stored.verdict, stored.run.seconds, stored.run.product, earlier=True)

    async def _evaluate(self, test_case: TestCase) -> tuple[CaseResult, str]:
        """One test case; and why the campaign cannot go on after it, if it cannot."""
        not_applicable = test_case.not_applicable(self._target.features)
        if not_applicable is not None:
            reason = f"{not_applicable.reason} ([features])"
            place = self._evidence.begin(test_case.name, None)
            record = RunRecord(test_case.name, NOT_APPLICABLE, reason, started=now())
            return self._conclude(test_case, place, record), ""
        if not self._is_checked:
            await self._check_before()
        place = self._evidence.begin(test_case.name, self._target.knowledge())
        started, at = now(), monotonic()
        ended = await self._drive(test_case, place)
        problem = ended.product or await self._hooks.is_alive()
        notes = ended.lost
        if problem is not None:
            notes += (f"after it the product was not there any more: {problem}",)
        record = RunRecord(
            test_case.name,
            ended.ended,
            ended.reason,
            ended.details,
            started,
            round(monotonic() - at, 3),
            product=notes,
            hooks=tuple(run.as_json() for run in self._hooks.take_runs()),
        )
        result = self._conclude(test_case, place, record)
        return result, "" if problem is None else await self._restart(test_case.name, problem)

    def _conclude(self, test_case: TestCase, place: Path, record: RunRecord) -> CaseResult:
        self._evidence.write_run(record)
        verdict = judge_stored(test_case, place, record, self._target.declarations)
        self._evidence.finish(verdict)
        return CaseResult(verdict, record.seconds, record.product)

    # The product.

    async def _check_before(self) -> None:
        """The product must be there before the first procedure. Raises CampaignError."""
        problem = await self._problem()
        if problem is not None and "start" in self._hooks:
            restart = await self._restart("", problem)
            problem = None if not restart else f"{problem}; {restart}"
        if problem is not None:
            raise CampaignError(problem)
        self._is_checked = True

    async def _problem(self) -> str | None:
        """None when the product is there; else what it does instead."""
        problem = await self._hooks.is_alive()
        if problem is not None:
            return problem
        try:
            async with (
                asyncio.timeout(_BENCH_SECONDS),
                self._open_bench(self._target, NoRecorder()) as bench,
            ):
                return await _probed(bench)
        except (UnreachableError, NotDoneError) as error:
            return str(error)
        except OSError as error:
            return f"the bench cannot be opened: {error}"
        except Exception as error:  # one sentence, here too
            return _broken("the bench broke", error).reason

    async def _restart(self, test_case: str, problem: str) -> str:
        """Have the product started again; why that did not bring it back, or nothing."""
        failure = ""
        try:
            if "start" in self._hooks:
                await self._hooks.restart(self._target.timers.restart)
        except HookError as error:
            failure = f"it could not be restarted: {error}"
        if not failure:
            failure = await self._comes_back()
        revived = "restarted" if "start" in self._hooks else "came back by itself"
        self._evidence.note_product(
            {
                "test_case": test_case,
                "problem": problem,
                "event": failure or revived,
                "hooks": [run.as_json() for run in self._hooks.take_runs()],
            }
        )
        if not failure:
            return ""
        where = f"after {test_case} " if test_case else ""
        return f"{where}the product was not there any more, and {failure}"

    async def _comes_back(self) -> str:
        """Wait for a product that was started, or that something else starts again."""
        # The loop's clock: in the simulated world, time passes by sleeping only.
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._target.timers.restart
        while (problem := await self._problem()) is not None:
            if loop.time() >= deadline:
                said = (
                    "it did not come back" if "start" in self._hooks else "there is no hook start"
                )
                return f"{said} within {self._target.timers.restart:g} s: {problem}"
            await asyncio.sleep(min(1.0, self._target.timers.restart / 10))
        return ""

    # The procedure.

    async def _drive(self, test_case: TestCase, place: Path) -> _Ended:
        """Open a bench, record, run the procedure, see what became of the product."""
        with (place / TRACE).open("wb") as stream:
            recorder = self._open_recorder(stream)
            limit = self._target.timers.test_case + _BENCH_SECONDS
            try:
                async with asyncio.timeout(limit):
                    return await self._drive_recorded(test_case, recorder)
            except TimeoutError:
                return _Ended(BROKE, f"the bench did not open or close within {limit:g} s")

    async def _drive_recorded(self, test_case: TestCase, recorder: Recorder) -> _Ended:
        limit = self._target.timers.test_case
        try:
            async with self._open_bench(self._target, recorder) as bench:
                ended = await _procedure(test_case, bench, limit)
                # Before the probe: an AMF may let go of a gNB that comes a second time.
                lost = bench.lost_associations
                bench.mark(_PROBE_STEP)
                problem = await _probed(bench)
        except UnreachableError as error:
            # The product refuses what belongs to the bench.
            return _Ended(BROKE, f"the bench could not be opened: {error}", product=str(error))
        except NotDoneError as error:
            return _Ended(BROKE, f"the bench could not be opened: {error}")
        except Exception as error:  # ours: the verdict says so, and the campaign goes on
            return _broken("the bench broke", error)
        if bench.world.failures and ended.ended == COMPLETED:
            ended = _broken("a function of the laboratory broke", bench.world.failures[0])
        return _Ended(ended.ended, ended.reason, ended.details, problem, lost)


async def _procedure(test_case: TestCase, bench: OpenedBench, limit: float) -> _Ended:
    """Run a procedure for so long at most. What the product refuses goes into the trace."""
    # A test case wants the whole bench; to a campaign it is only what it is opened and closed by.
    task = asyncio.create_task(test_case.procedure(cast(Any, bench)))
    try:
        await asyncio.wait({task}, timeout=limit)
        if not task.done():
            reason = f"the procedure did not end within {limit:g} s and was stopped"
            return _Ended(BROKE, reason, _where(task.get_coro()))
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_GRACE)
    if task.cancelled():
        return _Ended(BROKE, "the procedure cancelled itself")
    error = task.exception()
    if isinstance(error, (UnreachableError, NotDoneError)):
        bench.not_done(str(error))
    elif error is not None:
        return _broken("the procedure broke", error)
    return _Ended()


def _where(waiting: Any) -> str:
    """Where a coroutine waits, down to the innermost."""
    lines = []
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        lines.append(f"{frame.f_code.co_filename}, line {frame.f_lineno}, {frame.f_code.co_name}")
        waiting = waiting.cr_await
    return "\n".join(lines)


async def _probed(bench: OpenedBench) -> str | None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await bench.probe()
    except TimeoutError:
        return f"it did not answer a new connection within {_PROBE_SECONDS:g} s"
    except (UnreachableError, NotDoneError) as error:
        return str(error)


def _broken(what: str, error: BaseException) -> _Ended:
    details = "".join(traceback.format_exception(error))
    said = str(error).strip().splitlines()
    reason = f"{what}: {type(error).__name__}{f': {said[0]}' if said else ''}"
    return _Ended(BROKE, reason, details)


def chosen(
    known: Mapping[str, type[TestCase]],
    names: Sequence[str] | None,
    product_class: str | None,
) -> list[TestCase]:
    """The test cases of these names, or of a product class. Raises KeyError for an unknown name."""
    kinds = [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
    made = [kind() for kind in kinds]
    if product_class is None:
        return made
    return [each for each in made if product_class in each.product_classes]
