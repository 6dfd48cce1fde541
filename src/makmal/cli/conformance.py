"""``makmal conformance``: the blank of a device's conformance statement, and what lacks in one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from makmal.bench.device.conformance import ConformanceError, blank, load_conformance
from makmal.catalogue.provisions import NETWORK, provisions

app = typer.Typer(
    help="The conformance statement of a device (ICS and IXIT of ETSI TS 103 701).",
    no_args_is_help=True,
)


@app.command("blank", epilog="Exit codes: 0 it was written, 2 it could not be.")
def write_blank(
    file: Annotated[Path, typer.Argument(help="The file to write, which must not be there yet.")],
) -> None:
    """Write a statement to fill in: a table for each of the 68 provisions of ETSI EN 303 645."""
    errors = Console(stderr=True)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(blank())
    except OSError as error:
        reason = error.strerror or str(error)
        errors.print(f"makmal conformance blank: {file}: {reason}", style="red", markup=False)
        raise typer.Exit(2) from None
    Console().print(
        f"{file}: {len(provisions())} provisions to fill in; makmal conformance check {file} tells "
        "what lacks.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("check", epilog="Exit codes: 0 it is complete, 1 something lacks, 2 it is none.")
def check(
    file: Annotated[Path, typer.Argument(help="A statement.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Tell what lacks in a statement. What is assessed over the network may be left open."""
    errors, console = Console(stderr=True), Console()
    try:
        found = load_conformance(file)
    except ConformanceError as error:
        errors.print(f"makmal conformance check: {error}", style="red", markup=False)
        raise typer.Exit(2) from None
    lacking = {
        identity: found.of(identity).missing
        for identity, each in provisions().items()
        if found.of(identity).missing and each.assessed != NETWORK
    }
    head = [name for name in ("by", "date") if not getattr(found, name)]
    if as_json:
        document = {"file": str(file), "statement": head, "lacking": lacking}
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif lacking or head:
        table = Table("Provision", "Lacks", "To say")
        for name in head:
            table.add_row("[statement]", name, "")
        for identity, missing in lacking.items():
            table.add_row(identity, missing, provisions()[identity].asks)
        console.print(table)
        console.print(f"{len(lacking)} provisions are not filled in.")
    else:
        console.print("It is complete.")
    raise typer.Exit(1 if lacking or head else 0)
