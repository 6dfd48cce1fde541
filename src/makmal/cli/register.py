"""``makmal register``: the public log of certificates, and following one of another body."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from makmal.assurance.errors import AssuranceError
from makmal.assurance.register.export import export
from makmal.assurance.register.monitor import follow, read_state, write_state
from makmal.assurance.verification.verifier import open_files, read_statement, read_trust
from makmal.cli.assurance_office import (
    JSON,
    SETTINGS_FILE,
    USUAL_SETTINGS,
    print_json,
    register_of,
    said,
)
from makmal.cli.verify import print_findings

app = typer.Typer(
    add_completion=False,
    help="Export the register of certificates, and follow one.",
    no_args_is_help=True,
)


@app.command("list", epilog="Exit codes: 0 the entries were listed, 2 they could not be.")
def list_entries(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """List every entry."""
    with said("register list"), register_of(settings) as (_, register):
        rows = []
        for number, line in enumerate(register.entries()):
            predicate = read_statement(json.loads(line), f"entry {number}")["predicate"]
            rows.append({"entry": number, **predicate})
        head = register.head()
    if as_json:
        print_json({"head": head, "entries": rows})
        return
    table = Table("Entry", "Time", "Certificate", "Event", "Reason")
    for row in rows:
        table.add_row(
            str(row["entry"]), row["time"][:19], row["certificate"], row["event"], row["reason"]
        )
    Console().print(table)


@app.command("sign", epilog="Exit codes: 0 it was signed, 2 it could not be.")
def sign(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """Sign the tree head anew, so that verifiers see that nothing was withdrawn since."""
    with said("register sign"), register_of(settings, signs=True) as (_, register):
        head = register.sign_head()
    if as_json:
        print_json(head)
    else:
        Console().print(f"{head['tree_size']} entries, signed {head['timestamp'][:19]} UTC")


@app.command("export", epilog="Exit codes: 0 it was written, 2 it could not be.")
def export_command(
    directory: Annotated[Path, typer.Argument(help="Where to; any web server can host it.")],
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Write the register as static files, those that changed."""
    with said("register export"), register_of(settings) as (found, register):
        written = export(register, directory, found.register_name)
        size = register.size
    if as_json:
        print_json({"directory": str(directory), "entries": size, "written": written})
    else:
        Console().print(f"{directory}: {size} entries; {written} files written", soft_wrap=True)


@app.command("prove", epilog="Exit codes: 0 the proof was printed, 2 it could not be made.")
def prove(
    entry: Annotated[int, typer.Argument(min=0, help="The number of the entry.")],
    settings: SETTINGS_FILE = USUAL_SETTINGS,
) -> None:
    """Print the proof that an entry is in the register, as JSON (RFC 9162, 2.1.3)."""
    with said("register prove"), register_of(settings) as (_, register):
        head = register.head()
        size = 0 if head is None else head["tree_size"]
        if entry >= size:
            raise AssuranceError(f"the register has {size} entries, and no entry {entry}")
        proof = register.inclusion_proof(entry, size)
        line = next(register.entries(entry, entry + 1))
    print_json(
        {
            "entry": json.loads(line),
            "index": entry,
            "head": head,
            "proof": [each.hex() for each in proof],
        }
    )


@app.command(
    "follow",
    epilog="Exit codes: 0 the register only grew, 1 it forked, shrank or was altered, 2 it could "
    "not be looked at.",
)
def follow_command(
    place: Annotated[str, typer.Argument(help="The register: a directory or an address.")],
    state: Annotated[Path, typer.Option(help="Where the last tree head that was seen is kept.")],
    trust: Annotated[
        Path, typer.Option(help="The trust anchors: whose register and certificates these are.")
    ] = Path("trust.toml"),
    as_json: JSON = False,
) -> None:
    """Look at a register again: what it signed once, it must still contain.

    The first time, its tree head is kept; each further time, the new one must be consistent with it
    (RFC 9162, 2.1.4), and the new entries are listed.
    """
    with said("register follow"):
        anchors = read_trust(trust)
        before = read_state(state, anchors)
        followed = follow(open_files(place), anchors, datetime.now(UTC), before)
        if followed.head is not None:
            write_state(state, followed.head)
    if as_json:
        print_json({**followed.findings.as_json(), "new": [dict(each) for each in followed.events]})
    else:
        print_findings(followed.findings)
        for event in followed.events:
            reason = f": {event['reason']}" if event["reason"] else ""
            Console().print(
                f"  {event['index']:>6}  {event['stamped']}  {event['certificate']} "
                f"{event['event']}{reason}",
                markup=False,
                soft_wrap=True,
            )
    raise typer.Exit(followed.findings.exit_code)
