"""``makmal audit``: judge a capture and show the verdicts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from makmal.audit import AuditReport, audit_capture
from makmal.catalogue.requirements import requirement_of
from makmal.cli.verdict_styles import STYLES
from makmal.judges.verdict import Outcome, Verdict
from makmal.trace.capture import CaptureError
from makmal.trace.knowledge import Knowledge, KnowledgeError, load_knowledge

_FRAMES_SHOWN = 6
# Below this a progress bar would only flicker.
_LARGE = 5_000_000


def command(
    capture: Annotated[
        Path, typer.Argument(help="A pcap or pcapng file, as tcpdump and Wireshark write it.")
    ],
    keys: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with what the laboratory knows beside the capture: subscriber keys, "
            "the AMF's algorithm priorities, declared protection (docs/keys.md)."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Judge a capture of a 5G network against the 3GPP security requirements.

    Each verdict names the clause, the reason, and the frames that prove it, numbered as in
    Wireshark. What the capture does not show is inconclusive, never pass.
    """
    console, errors = Console(), Console(stderr=True)
    try:
        knowledge = Knowledge() if keys is None else load_knowledge(keys)
        report = _with_progress(capture, knowledge, errors)
    except (CaptureError, KnowledgeError) as error:
        errors.print(f"makmal audit: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        json.dump(report.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print_report(report, console)
    for problem in report.problems:
        errors.print(f"makmal audit: {problem}", style="yellow", markup=False, soft_wrap=True)
    raise typer.Exit(report.exit_code)


def _with_progress(capture: Path, knowledge: Knowledge, errors: Console) -> AuditReport:
    large = capture.is_file() and capture.stat().st_size > _LARGE
    if not (large and errors.is_terminal):
        return audit_capture(capture, knowledge)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
    ) as progress:
        task = progress.add_task(f"Auditing {capture.name}", total=capture.stat().st_size)

        def update(position: int, size: int) -> None:
            progress.update(task, completed=position, total=size)

        return audit_capture(capture, knowledge, update)


def print_report(report: AuditReport, console: Console) -> None:
    """The counts, the table of verdicts, and how many there are of each."""
    counts = ", ".join(
        f"{count} {protocol.upper()}" for protocol, count in report.messages.items() if count
    )
    console.print(
        Text(f"{report.capture}: {report.frames} frames; messages: {counts or 'none of 5G'}"),
        soft_wrap=True,
    )
    if report.undecodable:
        console.print(
            f"{report.undecodable} messages or elements could not be read (makmal show lists them)",
            style="yellow",
        )
    unseen = [verdict for verdict in report.verdicts if _is_unseen(verdict)]
    if len(unseen) < len(report.verdicts):
        table = Table(expand=True, show_lines=True)
        table.add_column("Verdict", no_wrap=True)
        table.add_column("Requirement", ratio=3, overflow="fold")
        table.add_column("Reason", ratio=5, overflow="fold")
        table.add_column("Frames", ratio=1, min_width=6)
        for verdict in report.verdicts:
            if not _is_unseen(verdict):
                table.add_row(*_row(verdict))
        console.print(table)
    if unseen:
        console.print("Inconclusive, for nothing was seen that could be judged:", style="yellow")
        for verdict in unseen:
            text = Text(f"  {verdict.requirement} {verdict.test_case}: ", style="dim")
            console.print(text.append(verdict.reason, style="not dim"), soft_wrap=True)
    tally = dict.fromkeys(Outcome, 0)
    for verdict in report.verdicts:
        tally[verdict.outcome] += 1
    summary = Text()
    for outcome, count in tally.items():
        if count:
            summary.append(f"{count} {outcome.value}  ", style=STYLES[outcome])
    console.print(summary)


def _is_unseen(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.INCONCLUSIVE and not verdict.frames


def _row(verdict: Verdict) -> tuple[Text, Text, Text, Text]:
    requirement = Text()
    requirement.append(verdict.requirement, style="bold")
    requirement.append(f"\n{requirement_of(verdict.test_case).title}\n")
    requirement.append(verdict.test_case, style="dim")
    frames = ", ".join(str(frame) for frame in verdict.frames[:_FRAMES_SHOWN])
    if len(verdict.frames) > _FRAMES_SHOWN:
        frames += f" and {len(verdict.frames) - _FRAMES_SHOWN} more"
    return (
        Text(verdict.outcome.value, style=STYLES[verdict.outcome]),
        requirement,
        Text(verdict.full_reason),
        Text(frames),
    )
