"""The table of verdicts that ``evaluate`` and ``judge`` print."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from makmal.catalogue.requirements import requirements
from makmal.cli.verdict_styles import STYLES
from makmal.judges.verdict import Outcome, Verdict

_FRAMES_SHOWN = 6


def verdict_table() -> Table:
    """An empty one."""
    table = Table(expand=True, show_lines=True)
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Test case", ratio=3, overflow="fold")
    table.add_column("Reason", ratio=5, overflow="fold")
    table.add_column("Frames", ratio=1, min_width=6)
    return table


def add_verdict(table: Table, verdict: Verdict, *remarks: str) -> None:
    """One row. Remarks stand below the reason."""
    name = Text(verdict.test_case, style="bold")
    requirement = requirements().get(verdict.test_case)
    if requirement is not None:
        name.append(f"\n{requirement.reference}\n{requirement.title}", style="not bold dim")
    reason = Text(verdict.full_reason)
    for remark in remarks:
        reason.append(f"\n{remark}", style="yellow")
    frames = ", ".join(str(frame) for frame in verdict.frames[:_FRAMES_SHOWN])
    if len(verdict.frames) > _FRAMES_SHOWN:
        frames += f" and {len(verdict.frames) - _FRAMES_SHOWN} more"
    outcome = Text(verdict.outcome.value, style=STYLES[verdict.outcome])
    table.add_row(outcome, name, reason, Text(frames))


def print_tally(outcomes: Iterable[Outcome], console: Console) -> None:
    """How many there are of each verdict."""
    tally = dict.fromkeys(Outcome, 0)
    for outcome in outcomes:
        tally[outcome] += 1
    summary = Text()
    for outcome, count in tally.items():
        if count:
            summary.append(f"{count} {outcome.value}  ", style=STYLES[outcome])
    console.print(summary)
