"""Running the showcase: a campaign for each stage, with evidence that anyone can judge again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from makmal.bench.campaign import CampaignResult, CaseResult
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.evaluation import evaluate_target
from makmal.bench.target import parse_target
from makmal.judges.verdict import Outcome, Verdict
from makmal.laboratory.attack import Mended, record_attack
from makmal.laboratory.attack_reading import AttackStep, deepest, read_attack
from makmal.laboratory.stages import WEAKNESSES, Stage
from makmal.network.faults import Fault

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
class AttackRun:
    """The attack with some of the weaknesses mended (by product class), and how far it came.
    ``weaknesses`` are those that it is about.
    """

    mended: frozenset[str]
    weaknesses: tuple[Fault, ...]
    steps: tuple[AttackStep, ...]
    capture: Path

    @property
    def name(self) -> str:
        """What was mended, in words."""
        if not self.mended:
            return "nothing mended"
        if len(self.mended) == len(self.weaknesses):
            return "all mended"
        return f"{', '.join(sorted(self.mended))} mended"

    @property
    def is_as_expected(self) -> bool:
        """Open with every weakness there, and closed by mending any of them."""
        return (deepest(self.steps) == len(self.steps)) == (not self.mended)


@dataclass(frozen=True, slots=True)
class Showcase:
    """All stages, the attack in every form, and how long all of it took in seconds."""

    stages: tuple[StageResult, ...]
    seconds: float
    attack: tuple[AttackRun, ...] = ()

    def weak_of(self, product_class: str) -> StageResult | None:
        """The stage in which a product has its weakness."""
        for each in self.stages:
            if each.stage.fault is not None and each.stage.product_class == product_class:
                return each
        return None

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
        if self.unexpected or not all(each.is_as_expected for each in self.attack):
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
            "attack": [
                {
                    "mended": sorted(each.mended),
                    "capture": str(each.capture),
                    "steps": [
                        {
                            "step": step.name,
                            "product_class": step.product_class,
                            "succeeded": step.succeeded,
                            "seen": step.seen,
                            "frames": list(step.frames),
                            "frames_on_n3": list(step.on_n3),
                        }
                        for step in each.steps
                    ],
                }
                for each in self.attack
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


# What is mended, one after another.
_MENDED = (
    frozenset[str](),
    frozenset({"UPF"}),
    frozenset({"device"}),
    frozenset({"application"}),
    frozenset({"UPF", "device", "application"}),
)


def run_attack(directory: Path) -> tuple[AttackRun, ...]:
    """The attack, open and closed, each recorded under ``directory``. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    weaknesses = tuple(
        next(fault for fault in EMBEDDED_TARGETS[name].faults if fault.name == WEAKNESSES[name])
        for name in ("UPF", "device", "application")
    )
    runs = []
    for mended in _MENDED:
        path = directory / f"attack-{'-'.join(sorted(mended)) or 'open'}.pcapng"
        record_attack(Mended(mended), path)
        runs.append(AttackRun(mended, weaknesses, read_attack(path), path))
    return tuple(runs)


def run_showcase(
    directory: Path,
    stages: tuple[Stage, ...],
    progress: Progress = lambda stage, test_case, done, whole: None,
    *,
    with_attack: bool = False,
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
    attack = run_attack(directory) if with_attack else ()
    return Showcase(tuple(results), perf_counter() - started, attack)
