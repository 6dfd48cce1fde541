"""Running the showcase: a campaign for each stage, with evidence that anyone can judge again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from makmal.bench.campaign import CampaignResult, CaseResult
from makmal.bench.evaluation import evaluate_target
from makmal.bench.target import parse_target
from makmal.judges.verdict import Outcome, Verdict
from makmal.laboratory.stages import Stage

# Called with the stage, the test case at hand, those that are done, and their number.
Progress = Callable[[Stage, str, int, int], None]


@dataclass(frozen=True, slots=True)
class StageResult:
    """A stage, its verdicts, and where its evidence is."""

    stage: Stage
    campaign: CampaignResult
    evidence: Path

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """In the order of the catalogue."""
        return tuple(each.verdict for each in self.campaign.results)

    def is_as_expected(self, verdict: Verdict) -> bool:
        """Whether the verdict is what the stage calls for: fail where the weakness is, and where
        there is none whatever a sound product without documents gets, but never a fail or error.
        """
        if self.stage.must_fail(verdict.test_case):
            return verdict.outcome is Outcome.FAIL
        return verdict.outcome not in (Outcome.FAIL, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Showcase:
    """All stages, and how long they took in seconds."""

    stages: tuple[StageResult, ...]
    seconds: float

    @property
    def unexpected(self) -> tuple[tuple[StageResult, Verdict], ...]:
        """Verdicts that the stages do not call for."""
        return tuple(
            (result, verdict)
            for result in self.stages
            for verdict in result.verdicts
            if not result.is_as_expected(verdict)
        )

    @property
    def exit_code(self) -> int:
        """0 when every verdict is what its stage calls for, 1 when one is not, 2 when some are
        missing.
        """
        if self.unexpected:
            return 1
        return 2 if any(each.campaign.ended_early for each in self.stages) else 0

    def as_json(self) -> dict[str, Any]:
        """The one object that ``makmal lab --json`` prints."""
        return {
            "as_expected": self.exit_code == 0,
            "seconds": round(self.seconds, 1),
            "stages": [
                {
                    "layer": each.stage.layer,
                    "product_class": each.stage.product_class,
                    "weakness": each.stage.fault,
                    "evidence": str(each.evidence),
                    **each.campaign.as_json(),
                }
                for each in self.stages
            ],
        }


@dataclass(frozen=True, slots=True)
class _Shown:
    """The progress of a campaign, told as that of a stage."""

    stage: Stage
    progress: Progress

    def __call__(self, test_case: str, number: int, whole: int, result: CaseResult | None) -> None:
        done = number if result is not None else number - 1
        self.progress(self.stage, test_case, done, whole)


def run_showcase(
    directory: Path,
    stages: tuple[Stage, ...],
    progress: Progress = lambda stage, test_case, done, whole: None,
) -> Showcase:
    """Run the stages, with evidence under ``directory``.

    Raises OSError when it cannot be written, EvidenceError when something else is there, and
    CampaignError when an embedded product does not start.
    """
    started = perf_counter()
    results = []
    for stage in stages:
        place = directory / stage.name

        target = parse_target(stage.target, stage.name)
        campaign = evaluate_target(
            target, stage.test_cases, place, again=True, progress=_Shown(stage, progress)
        )
        results.append(StageResult(stage, campaign, place))
        if campaign.ended_early:
            break
    return Showcase(tuple(results), perf_counter() - started)
