"""``makmal judge``: verify an evidence directory, and judge its traces again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from makmal.bench.manifest import EvidenceError
from makmal.bench.rejudge import Rejudged, Rejudgement, rejudge
from makmal.cli.verdict_table import add_verdict, print_tally, verdict_table
from makmal.testcases.registry import test_cases


def command(
    directory: Annotated[
        Path, typer.Argument(help="An evidence directory that makmal evaluate has written.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Judge the evidence of a campaign again, without any network.

    Every file is compared with the manifest, every stored trace put before the judge again, and
    every verdict compared with the stored one.
    """
    console, errors = Console(), Console(stderr=True)
    try:
        with errors.status("judging") as status:
            result = rejudge(
                directory,
                test_cases(),
                lambda name, done, whole: status.update(f"judging {name} ({done + 1} of {whole})"),
            )
    except EvidenceError as error:
        errors.print(f"makmal judge: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        json.dump(result.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(result, console)
    for damage in result.damages:
        errors.print(f"makmal judge: {damage}", style="bold red", markup=False, soft_wrap=True)
    for name in result.unfinished:
        errors.print(
            f"makmal judge: {name} was not finished; makmal evaluate goes on with it",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    raise typer.Exit(result.exit_code)


def _print(result: Rejudgement, console: Console) -> None:
    if not result.results:
        console.print("The evidence holds no result yet.", style="yellow")
        return
    table = verdict_table()
    for each in result.results:
        add_verdict(table, each.again or each.stored, *_remarks(each))
    console.print(table)
    print_tally(((each.again or each.stored).outcome for each in result.results), console)
    same = sum(each.is_same for each in result.results)
    intact = "Every file is intact" if not result.damages else "The evidence is not intact"
    console.print(
        f"{intact}; {same} of {len(result.results)} verdicts are the same as those on record.",
        style="green" if result.exit_code == 0 else "bold red",
    )


def _remarks(each: Rejudged) -> list[str]:
    if each.problem:
        return [f"not judged again: {each.problem}"]
    if each.again is None or each.is_same:
        return []
    stored = each.stored
    return [f"on record: {stored.outcome.value}: {stored.reason} (frames {list(stored.frames)})"]
