"""``makmal prove``: every test case on the sound network, on every fault and every variation."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from makmal.bench.embedded_targets import all_faults
from makmal.bench.proof import SOUND_NAME, Proof, Run, prove
from makmal.cli.verdict_styles import STYLES
from makmal.judges.verdict import Outcome
from makmal.network.faults import Variation
from makmal.testcases.registry import test_cases

_SIGNS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.INCONCLUSIVE: "inc",
    Outcome.ERROR: "ERR",
    Outcome.NOT_APPLICABLE: "n/a",
}


def command(
    names: Annotated[
        list[str] | None,
        typer.Option("--test-case", help="Only this test case; may be given more than once."),
    ] = None,
    fault_names: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Only this fault; may be given more than once."),
    ] = None,
    product_class: Annotated[
        str | None,
        typer.Option(help="Only on the embedded product of this class, such as AMF."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that work on it; as many as there are cores if not."),
    ] = None,
    share: Annotated[
        bool,
        typer.Option(
            help="Evaluate once for all products that do the same in a test case: those whose "
            "difference it never comes to."
        ),
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Prove the test cases: each passes on what is sound, and fails on the faults it is there for.

    Sound are the embedded products as they are, and with each benign variation.
    Everything runs in the simulated world, with full cryptography.
    """
    console, errors = Console(), Console(stderr=True)
    known = test_cases()
    chosen = [
        name
        for name in names or known
        if name not in known or product_class in (None, *known[name]().product_classes)
    ]
    wrong = [f"test case {name}" for name in chosen if name not in known]
    faults = all_faults()
    wrong += [f"fault {name}" for name in fault_names or () if name not in faults]
    if product_class is not None and not chosen:
        wrong.append(f"such test case of product class {product_class}")
    if wrong:
        errors.print(
            f"makmal prove: there is no {wrong[0]}; makmal list names them all",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(2)
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("proving", total=None)
        proof = prove(
            [known[name]() for name in chosen],
            fault_names,
            lambda done, whole: progress.update(task, completed=done, total=whole),
            product_class,
            jobs or os.cpu_count() or 1,
            share,
        )
    if as_json:
        json.dump(proof.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(proof, console)
    raise typer.Exit(proof.exit_code)


def _print(proof: Proof, console: Console) -> None:
    table = Table(
        title="Test cases and the faults that they must catch", expand=True, show_lines=True
    )
    table.add_column("Test case", ratio=2, overflow="fold")
    table.add_column("Sound", no_wrap=True)
    table.add_column("Faults to catch", ratio=2, min_width=37, overflow="fold")
    table.add_column("Others", no_wrap=True)
    table.add_column("Benign", no_wrap=True)
    for name, product in dict.fromkeys((run.test_case, run.product_class) for run in proof.runs):
        runs = [run for run in proof.runs if (run.test_case, run.product_class) == (name, product)]
        table.add_row(
            f"{name}\n{product}",
            _outcome(next(run for run in runs if run.network == SOUND_NAME)),
            _faults([run for run in runs if run.expected is Outcome.FAIL]),
            _count([run for run in runs if run.expected is None]),
            _count([run for run in runs if run.kind is Variation]),
        )
    console.print(table)
    console.print(
        "Others: faults of other test cases that did not fail this one. "
        "Benign: variations that it passed.",
        style="dim",
    )
    for title, wrong in (("Missed", proof.missed), ("False alarms", proof.false_alarms)):
        for run in wrong:
            console.print(
                f"{title}: {run.test_case} on {run.network}: {run.verdict.outcome.value}: "
                f"{run.verdict.reason}",
                style="red",
                markup=False,
                soft_wrap=True,
            )
    for name in proof.unproven:
        console.print(f"There is no fault that proves {name}.", style="red", markup=False)
    rate = len(proof.runs) / proof.processor_seconds if proof.processor_seconds else 0.0
    shared = (
        f"; {proof.shared} are the sound product's, whose runs never came to the difference"
        if proof.shared
        else ""
    )
    console.print(
        f"{len(proof.runs)} evaluations in {proof.seconds:.1f} s ({rate:.0f} a second of one "
        f"core's time{shared}): "
        f"{len(proof.missed)} faults missed, {len(proof.false_alarms)} false alarms.",
        style="green" if proof.exit_code == 0 else "bold red",
    )


def _outcome(run: Run) -> Text:
    return Text(_SIGNS[run.verdict.outcome], style=STYLES[run.verdict.outcome])


def _faults(runs: list[Run]) -> Text:
    text = Text()
    for run in runs:
        caught = not run.is_missed
        text.append(("✓ " if caught else "✗ "), style="green" if caught else "bold red")
        text.append(run.network + "\n")
    text.rstrip()
    return text


def _count(runs: list[Run]) -> Text:
    right = sum(not run.is_false_alarm for run in runs)
    style = "green" if right == len(runs) else "bold red"
    return Text(f"{right} of {len(runs)}", style=style)
