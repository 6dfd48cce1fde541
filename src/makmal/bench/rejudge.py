"""Judging stored traces: what a campaign does after each procedure, and anyone can do again.

The verdict is a function of what is stored: the trace, the knowledge, the declarations, and how the
run of the procedure ended. No network is touched.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from makmal.bench.evidence import (
    BROKE,
    KNOWLEDGE,
    NOT_APPLICABLE,
    TRACE,
    VERDICT,
    RunRecord,
    read_campaign,
    read_run,
    read_verdict,
    verdict_as_json,
)
from makmal.bench.manifest import (
    UNFINISHED,
    Damage,
    EvidenceError,
    damages,
    read_manifest,
)
from makmal.judges.verdict import Outcome, Verdict
from makmal.testcases.test_case import TestCase, TraceReader
from makmal.trace.capture import CaptureError, open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge, KnowledgeError, load_knowledge
from makmal.trace.message import Message
from makmal.trace.trace import Trace

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One test case judged again; ``again`` is None when ``problem`` kept it from being judged."""

    stored: Verdict
    again: Verdict | None
    problem: str = ""

    @property
    def is_same(self) -> bool:
        """Whether the stored verdict was reproduced: outcome, reason and frames."""
        return self.again == self.stored


@dataclass(frozen=True, slots=True)
class Rejudgement:
    """An evidence directory judged again."""

    directory: str
    campaign: Mapping[str, Any]
    results: tuple[Rejudged, ...]
    damages: tuple[Damage, ...]
    unfinished: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when all is intact and every verdict reproduced, 1 when not, 2 when nothing is there.

        2 also when no file is altered and a test case could not be judged, for example because
        this version does not have it.
        """
        if self.damages or any(each.again and not each.is_same for each in self.results):
            return 1
        if not self.results or any(each.again is None for each in self.results):
            return 2
        return 0

    def as_json(self) -> dict[str, Any]:
        """The one object that ``makmal judge --json`` prints."""
        return {
            "evidence": self.directory,
            "target": self.campaign["target"],
            "product": self.campaign.get("product"),
            "intact": not self.damages,
            "damages": [{"file": each.file, "kind": each.kind} for each in self.damages],
            "unfinished": list(self.unfinished),
            "reproduced": bool(self.results) and all(each.is_same for each in self.results),
            "verdicts": [
                {
                    **verdict_as_json(each.again or each.stored),
                    "stored": each.stored.outcome.value,
                    "same": each.is_same,
                    "problem": each.problem,
                }
                for each in self.results
            ],
        }


def judge_stored(
    test_case: TestCase, place: Path, run: RunRecord, declarations: Mapping[str, str]
) -> Verdict:
    """The verdict on what is stored in the directory of a test case.

    Raises EvidenceError when it cannot be read.
    """
    reference = test_case.requirement.reference
    if run.ended == NOT_APPLICABLE:
        return Verdict(test_case.name, reference, Outcome.NOT_APPLICABLE, run.reason)
    if run.ended == BROKE:
        return Verdict(test_case.name, reference, Outcome.ERROR, run.reason)
    trace, problems = read_trace(place, declarations, test_case.reader)
    if problems:
        reason = f"the trace cannot be read whole: {problems[0]}"
        return Verdict(test_case.name, reference, Outcome.ERROR, reason)
    try:
        return test_case.judge(trace)
    except Exception as error:  # a broken judge is a verdict too: the campaign goes on
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = (
            f"the judge broke: {type(error).__name__}: {error} "
            f"({Path(where.filename).name}, line {where.lineno})"
        )
        return Verdict(test_case.name, reference, Outcome.ERROR, reason)


def read_trace(
    place: Path,
    declarations: Mapping[str, str],
    reader: Callable[[Knowledge, Sequence[tuple[int, bytes]]], TraceReader] = Dissector,
) -> tuple[Trace, list[str]]:
    """The trace in the directory of a test case, and what is wrong with the file.

    Raises EvidenceError.
    """
    try:
        knowledge = load_knowledge(place / KNOWLEDGE)
        messages: list[Message] = []
        with open_capture(place / TRACE) as capture:
            dissector = reader(knowledge, capture.secrets)
            for frame in capture:
                messages += dissector.feed(frame)
            messages += dissector.finish()
            # The place of the evidence is no part of the verdict.
            problems = [each.replace(str(place), place.name) for each in capture.problems]
    except (CaptureError, KnowledgeError) as error:
        raise EvidenceError(str(error)) from None
    return Trace(tuple(messages), knowledge, declarations), problems


def rejudge(
    directory: Path,
    known: Mapping[str, type[TestCase]],
    progress: Progress = lambda name, done, whole: None,
) -> Rejudgement:
    """Verify an evidence directory and judge its traces again. Raises EvidenceError.

    ``known`` are the test cases by name; ``progress`` is called with the one at hand, those that
    are done, and their number.
    """
    if not directory.is_dir():
        raise EvidenceError(
            f"{directory} is no directory: name one that makmal evaluate wrote with --evidence"
        )
    files = read_manifest(directory)
    found = damages(directory, files)
    campaign = read_campaign(directory)
    names = [name.removesuffix(f"/{VERDICT}") for name in files if name.endswith(f"/{VERDICT}")]
    order = list(known)
    names.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    results = []
    for done, name in enumerate(names):
        progress(name, done, len(names))
        lost = [
            each for each in found if each.kind == "missing" and each.file.startswith(f"{name}/")
        ]
        results.append(_rejudged(directory / name, known.get(name), campaign["declarations"], lost))
    return Rejudgement(
        str(directory),
        campaign,
        tuple(results),
        found,
        tuple(
            sorted(each.name.removesuffix(UNFINISHED) for each in directory.glob(f"*{UNFINISHED}"))
        ),
    )


def _rejudged(
    place: Path,
    kind: type[TestCase] | None,
    declarations: Mapping[str, str],
    lost: list[Damage],
) -> Rejudged:
    unknown = Verdict(place.name, "", Outcome.ERROR, "")
    if lost:
        return Rejudged(unknown, None, str(lost[0]))
    try:
        stored = read_verdict(place)
    except EvidenceError as error:
        return Rejudged(unknown, None, str(error))
    if kind is None:
        return Rejudged(stored, None, f"this version of Makmal has no test case {place.name}")
    try:
        run = read_run(place)
        return Rejudged(stored, judge_stored(kind(), place, run, declarations))
    except EvidenceError as error:
        return Rejudged(stored, None, str(error))
