"""``makmal lab``: the showcase on the embedded laboratory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from makmal.bench.campaign import CampaignError
from makmal.bench.manifest import EvidenceError
from makmal.bench.not_done import NotDoneError
from makmal.catalogue.requirements import requirement_of
from makmal.cli.program_name import program_name
from makmal.cli.verdict_styles import STYLES

if TYPE_CHECKING:
    from makmal.judges.verdict import Verdict
    from makmal.laboratory.showcase import AttackRun, Showcase, StageResult


def command(
    directory: Annotated[
        Path, typer.Option(help="Where the evidence of every campaign is written.")
    ] = Path("out/lab"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Evaluate the embedded laboratory from end to end: network, cloud application, device.

    Each product first as it is, sound; then with a chosen weakness in each layer; and the attack
    that these weaknesses open together is played, and closed again by mending them.
    The tables show each verdict without and with the weakness. A page with the topology, the attack
    and a chart for every verdict is written, and all evidence stays, to be judged again.
    """
    # The whole network is loaded for this command only.
    from makmal.laboratory.page import write_page
    from makmal.laboratory.showcase import run_showcase
    from makmal.laboratory.stages import stages

    console, errors = Console(), Console(stderr=True)
    planned = tuple(stages())
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        ) as progress:
            task = progress.add_task("opening the laboratory", total=None)
            showcase = run_showcase(
                directory,
                planned,
                lambda stage, name, done, whole: progress.update(
                    task, description=f"{stage.name}: {name}", completed=done, total=whole
                ),
                with_attack=True,
            )
            progress.update(task, description="drawing the page", total=None)
            page = write_page(showcase, directory)
    except (OSError, CampaignError, EvidenceError, NotDoneError) as error:
        errors.print(f"makmal lab: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        json.dump({**showcase.as_json(), "page": str(page)}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(showcase, directory, page, console)
    raise typer.Exit(showcase.exit_code)


def _print(showcase: Showcase, directory: Path, page: Path, console: Console) -> None:
    for layer in dict.fromkeys(each.stage.layer for each in showcase.stages):
        console.print(_table(layer, [e for e in showcase.stages if e.stage.layer == layer]))
    if showcase.attack:
        console.print(_attack(showcase.attack))
    for result, verdict in showcase.unexpected:
        console.print(
            f"Not as expected: {result.stage.name}: {verdict.test_case}: {verdict.full_reason}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
    verdicts = [each for result in showcase.stages for each in result.verdicts]
    right = len(verdicts) - len(showcase.unexpected)
    console.print(
        f"{right} of {len(verdicts)} verdicts in {len(showcase.stages)} campaigns are what the "
        f"weaknesses call for ({showcase.seconds:.0f} s).",
        style="green" if showcase.exit_code == 0 else "bold red",
    )
    console.print(
        f"The page: {page}. The evidence is in {directory}. To look closer:", soft_wrap=True
    )
    chosen = next((each for each in showcase.stages if each.stage.fault), showcase.stages[0])
    failed = next(
        (each.test_case for each in chosen.verdicts if chosen.stage.must_fail(each.test_case)),
        chosen.verdicts[0].test_case,
    )
    place = chosen.evidence / failed
    for line in (
        f"judge {chosen.evidence}",
        f"show {place}/trace.pcapng --keys {place}/knowledge.toml",
    ):
        console.print(f"  {program_name()} {line}", soft_wrap=True, highlight=False)


def _attack(runs: tuple[AttackRun, ...]) -> Table:
    """How far the attack came, with what was mended."""
    table = Table(
        title="The attack from the device to the data in the cloud", show_lines=True, expand=True
    )
    table.add_column("Step", ratio=3)
    for run in runs:
        table.add_column(run.name, ratio=2)
    for steps in zip(*(run.steps for run in runs), strict=True):
        cells = [Text(f"{steps[0].name} ({steps[0].product_class})")]
        for step in steps:
            if step.succeeded is None:
                cells.append(Text("not reached", style="dim"))
                continue
            word, style = ("succeeds", "bold red") if step.succeeded else ("stopped", "green")
            frames = ", ".join(str(each) for each in step.frames)
            cells.append(Text(word, style=style).append(f"\nframe {frames}", style="dim"))
        table.add_row(*cells)
    return table


def _table(layer: str, results: list[StageResult]) -> Table:
    table = Table(title=f"Layer: {layer}", show_lines=True, expand=True)
    table.add_column("Test case", ratio=5, overflow="fold")
    table.add_column("Sound", no_wrap=True)
    table.add_column("With the weakness", ratio=4)
    for sound in (each for each in results if each.stage.fault is None):
        weak = next(
            (
                each
                for each in results
                if each.stage.fault and each.stage.product_class == sound.stage.product_class
            ),
            None,
        )
        for verdict in sound.verdicts:
            table.add_row(*_row(sound, verdict, weak))
    return table


def _row(sound: StageResult, verdict: Verdict, weak: StageResult | None) -> tuple[Text, ...]:
    name = Text(f"{verdict.test_case} ({sound.stage.product_class})", style="bold")
    requirement = requirement_of(verdict.test_case)
    name.append(f"\n{requirement.reference}: {requirement.title}", style="not bold dim")
    seen = Text()
    other = None
    if weak is not None:
        found = (each for each in weak.verdicts if each.test_case == verdict.test_case)
        other = next(found, None)
    if weak is not None and other is not None:
        seen.append(other.outcome.value, style=STYLES[other.outcome])
        if weak.stage.must_fail(other.test_case):
            seen.append(f"\n{weak.stage.fault}: {other.reason}")
    return name, Text(verdict.outcome.value, style=STYLES[verdict.outcome]), seen
