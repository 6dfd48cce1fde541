"""``makmal rehearse``: record the laboratory's own network, sound and faulty, and audit it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makmal.catalogue.requirements import requirement_of
from makmal.cli.program_name import program_name
from makmal.cli.verdict_styles import STYLES
from makmal.played.policy import FAULTS, fault
from makmal.rehearsal import Comparison, Rehearsal, rehearse

# A network as one may find it: nothing exotic, and one fault for each part of the core.
_USUAL_FAULTS = (
    "suci-null-scheme",
    "null-ciphering",
    "weakest-algorithm-first",
    "guti-kept",
    "answers-replayed-nas",
    "capabilities-altered-to-gnb",
    "teid-reused",
    "udm-policy-ignored",
    "token-not-demanded",
    "unsigned-token-accepted",
    "duplicate-keys-accepted",
)


def command(
    directory: Annotated[
        Path, typer.Option(help="Where the captures and their keys files are written.")
    ] = Path("out"),
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", help="A fault to bring in; may be given more than once."),
    ] = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="List the faults, and do nothing else.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Rehearse the audit, on captures of the laboratory's own network, sound and with faults.

    The table shows for each requirement the verdict on the sound network, on the faulty one, and
    whether that is what the faults call for. Exit code 0: every verdict is as expected.
    """
    console, errors = Console(), Console(stderr=True)
    if list_faults:
        _print_faults(console, as_json)
        return
    try:
        wanted = tuple(fault(name) for name in faults or _USUAL_FAULTS)
    except KeyError as error:
        errors.print(
            f"makmal rehearse: there is no fault {error}; makmal rehearse --list-faults names them",
            style="red",
            markup=False,
        )
        raise typer.Exit(2) from None
    try:
        with errors.status("preparing") as status:
            run = rehearse(directory, wanted, status.update)
    except OSError as error:
        errors.print(f"makmal rehearse: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        json.dump(run.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print_run(run, console)
    raise typer.Exit(run.exit_code)


def _print_faults(console: Console, as_json: bool) -> None:
    if as_json:
        json.dump(
            [
                {"fault": each.name, "description": each.description, "caught_by": each.caught_by}
                for each in FAULTS
            ],
            sys.stdout,
            indent=2,
        )
        sys.stdout.write("\n")
        return
    table = Table("Fault", "What is wrong", "Caught by")
    for each in FAULTS:
        table.add_row(each.name, each.description, "\n".join(each.caught_by))
    console.print(table)


def _print_run(run: Rehearsal, console: Console) -> None:
    console.print("The faulty network has these faults:")
    for each in run.faults:
        console.print(f"  {each.name}: {each.description}", style="dim", soft_wrap=True)
    table = Table(show_lines=True)
    table.add_column("Requirement", ratio=4, overflow="fold")
    table.add_column("Sound", no_wrap=True)
    table.add_column("Faulty", no_wrap=True)
    table.add_column("What was seen in the faulty network", ratio=6)
    table.add_column("", no_wrap=True)
    for comparison in run.comparisons:
        table.add_row(*_row(comparison))
    console.print(table)
    right = sum(each.is_as_expected for each in run.comparisons)
    console.print(
        f"{right} of {len(run.comparisons)} verdicts are what the faults call for.",
        style="green" if run.exit_code == 0 else "bold red",
    )
    capture = run.captures["faulty"]
    console.print(f"Captures and keys are in {capture.parent}. To look closer:")
    for verb in ("audit", "show"):
        line = f"  {program_name()} {verb} {capture} --keys {capture.with_suffix('.toml')}"
        console.print(line, soft_wrap=True, highlight=False)


def _row(comparison: Comparison) -> tuple[Text, ...]:
    verdict = comparison.faulty
    requirement = Text(verdict.requirement, style="bold")
    requirement.append(f"\n{requirement_of(verdict.test_case).title}", style="not bold")
    return (
        requirement,
        Text(comparison.sound.outcome.value, style=STYLES[comparison.sound.outcome]),
        Text(verdict.outcome.value, style=STYLES[verdict.outcome]),
        Text(verdict.reason),
        Text("✓", style="green") if comparison.is_as_expected else Text("✗", style="bold red"),
    )
