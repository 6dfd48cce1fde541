"""``makmal report``: the evaluation report on the evidence of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import unpacked
from makmal.assurance.report.content import gather
from makmal.assurance.report.details import TEMPLATE, ReportDetails, load_details
from makmal.assurance.report.files import write_report
from makmal.bench.manifest import write_whole
from makmal.cli.assurance_office import JSON, print_json, said, seal_of
from makmal.cli.verdict_styles import STYLES
from makmal.judges.verdict import Outcome


def command(
    evidence: Annotated[
        Path | None,
        typer.Argument(help="Evidence that makmal evaluate has written: a directory or zip file."),
    ] = None,
    details: Annotated[
        Path | None,
        typer.Option(help="What the report says of laboratory, client and item (--template)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The directory to write; EVIDENCE-report unless given.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Sign the report with this key.")] = None,
    time_stamps: Annotated[
        Path | None, typer.Option(help="The time-stamp authority; goes with --key.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="Write an empty file for --details, and nothing else.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Write the evaluation report on evidence, as ISO/IEC 17025, 7.8, asks for it.

    HTML and PDF for people; OSCAL assessment results, SARIF, JUnit XML and CSV for machines. Each
    verdict comes with its reasoning and a message sequence chart of the frames that prove it.
    """
    errors = Console(stderr=True)
    with said("report"):
        if template is not None:
            if template.exists():
                raise AssuranceError(f"{template} exists already")
            write_whole(template, TEMPLATE.encode())
            Console().print(f"{template}: fill it in, and name it with --details", soft_wrap=True)
            return
        if evidence is None:
            raise AssuranceError("name the evidence to report on")
        if (key is None) != (time_stamps is None):
            raise AssuranceError("--key and --time-stamps go together")
        seal = seal_of(key, time_stamps) if key and time_stamps else None
        given = ReportDetails() if details is None else load_details(details)
        directory = out or evidence.with_name(f"{evidence.stem}-report")
        with errors.status("reading") as status, unpacked(evidence) as place:
            content = gather(
                load_bundle(place),
                given,
                lambda name, done, whole: status.update(f"drawing {name} ({done + 1} of {whole})"),
            )
            status.update("typesetting")
            written = write_report(content, directory, seal)
    if as_json:
        print_json(
            {
                "report": str(directory),
                "files": [each.name for each in written],
                "statement": content.statement,
                "conforms": content.conforms,
                "summary": content.bundle.summary,
                "draft": content.is_draft,
                "missing": given.missing,
                "signed": seal is not None,
            }
        )
        return
    console = Console()
    line = Text()
    for name, count in content.summary.items():
        line.append(f"{count} {name}  ", style=STYLES[Outcome(name)])
    console.print(line)
    console.print(content.statement, markup=False, soft_wrap=True)
    for path in written:
        console.print(f"  {path}", markup=False, soft_wrap=True, highlight=False)
    if content.is_draft:
        errors.print(
            f"makmal report: this is a draft: it does not state {', '.join(given.missing)} "
            "(makmal report --template FILE)",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
