"""``makmal verify``: certificates, evidence and reports, wherever they come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.sealing import unpacked
from makmal.assurance.register.monitor import read_state
from makmal.assurance.verification.verifier import (
    BROKEN,
    CERTIFICATE,
    EVIDENCE,
    HOLDS,
    UNKNOWN,
    Findings,
    Sealed,
    check_belongs,
    read_trust,
    verify,
)
from makmal.bench.manifest import EvidenceError
from makmal.bench.rejudge import rejudge
from makmal.cli.assurance_office import JSON, print_json, said
from makmal.testcases.registry import test_cases

_STYLES = {HOLDS: "green", BROKEN: "bold red", UNKNOWN: "yellow"}


def command(
    place: Annotated[
        str,
        typer.Argument(help="A certificate, or the directory or zip file of evidence or a report."),
    ],
    trust: Annotated[
        Path, typer.Option(help="The trust anchors: whose keys are relied on, and for what.")
    ] = Path("trust.toml"),
    register: Annotated[
        str | None,
        typer.Option(
            help="The register, to see whether the certificate stands: a directory or an address."
        ),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option(help="The evidence that the certificate rests on, verified too.")
    ] = None,
    report: Annotated[
        str | None, typer.Option(help="The report that the certificate rests on, verified too.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--rejudge", help="Judge every trace of the evidence again.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            help="The tree head that makmal register follow kept: the register must continue it."
        ),
    ] = None,
    most_age: Annotated[
        int | None,
        typer.Option("--most-age", min=0, help="The oldest that the register may be, in days."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Verify a certificate, evidence or a report, without asking anyone.

    Signatures, time stamps, hashes, the place in the register and the status there; with --rejudge
    also every verdict, from the traces. Each difference is named. Nothing is trusted but the
    anchors of --trust.
    """
    errors = Console(stderr=True)
    now = datetime.now(UTC)
    with said("verify"):
        anchors = read_trust(trust)
        age = None if most_age is None else timedelta(days=most_age)
        kept = read_state(state, anchors) if state else None
        found, sealed = verify(place, anchors, now, register, age, [kept] if kept else [])
        parts: list[tuple[Findings, Sealed | None]] = [(found, sealed)]
        parts += [verify(other, anchors, now) for other in (evidence, report) if other]
        for mine, theirs in parts[1:]:
            if sealed is not None and theirs is not None:
                _belongs(mine, sealed, theirs)
        if again:
            _rejudge(parts, place, evidence, errors)
    exit_code = max((each.exit_code for each, _ in parts), key=[0, 2, 1].index)
    if as_json:
        document: dict[str, Any] = parts[0][0].as_json()
        if len(parts) > 1:
            document["also"] = [each.as_json() for each, _ in parts[1:]]
        print_json({**document, "holds": exit_code == 0})
    else:
        for each, _ in parts:
            print_findings(each)
    raise typer.Exit(exit_code)


def _belongs(mine: Findings, certificate: Sealed, other: Sealed) -> None:
    if certificate.kind != CERTIFICATE:
        raise AssuranceError("--evidence and --report go with a certificate")
    mine.attempt("certificate", lambda: check_belongs(certificate, other))


def _rejudge(
    parts: list[tuple[Findings, Sealed | None]], place: str, evidence: str | None, errors: Console
) -> None:
    """Judge again what is evidence among it."""
    for found, sealed in parts:
        if sealed is not None and sealed.kind == EVIDENCE:
            where = place if found is parts[0][0] else evidence
            break
    else:
        if parts[0][1] is not None and parts[0][1].kind == CERTIFICATE and evidence is None:
            raise AssuranceError("name the evidence to judge again with --evidence")
        parts[0][0].add("verdicts", UNKNOWN, "nothing was judged again: there is no sound evidence")
        return
    with errors.status("judging again") as status, unpacked(Path(str(where))) as directory:
        try:
            result = rejudge(
                directory,
                test_cases(),
                lambda name, done, whole: status.update(f"judging {name} ({done + 1} of {whole})"),
            )
        except EvidenceError as error:
            found.add("verdicts", BROKEN, str(error))
            return
    for each in result.results:
        name = f"verdict on {each.stored.test_case}"
        if each.again is None:
            found.add(name, UNKNOWN, f"not judged again: {each.problem}")
        elif not each.is_same:
            found.add(
                name,
                BROKEN,
                f"on record {each.stored.outcome}: {each.stored.reason}; judged again "
                f"{each.again.outcome}: {each.again.reason}",
            )
    same = sum(each.is_same for each in result.results)
    whole = len(result.results)
    if same == whole:
        found.add("verdicts", HOLDS, f"all {whole} verdicts are the same when judged again")


def print_findings(found: Findings) -> None:
    """Each check of a verification on a line of its own."""
    console = Console()
    console.print(Text(found.what, style="bold"))
    product = found.details.get("product")
    if isinstance(product, dict):
        console.print(
            f"{product.get('name')} {product.get('version')} ({product.get('vendor')}), "
            f"{product.get('class')}",
            style="dim",
            markup=False,
            highlight=False,
        )
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in found.checks:
        style = _STYLES[each.outcome]
        table.add_row(Text(each.outcome, style=style), Text(each.name), Text(each.sentence))
    console.print(table)
