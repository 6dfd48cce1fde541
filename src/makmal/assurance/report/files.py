"""A report as a directory: for people, and for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.sealing import seal_report
from makmal.assurance.report.content import ReportContent
from makmal.assurance.report.html import html_report
from makmal.assurance.report.pdf import pdf_report
from makmal.assurance.report.twins import comma_separated, junit, oscal, sarif
from makmal.assurance.signing.sealing import Seal
from makmal.bench.manifest import json_octets, write_whole

FILES: Mapping[str, Callable[[ReportContent], bytes]] = {
    "report.pdf": pdf_report,
    "report.html": lambda content: html_report(content).encode(),
    "results.oscal.json": lambda content: json_octets(oscal(content)),
    "results.sarif": lambda content: json_octets(sarif(content)),
    "results.junit.xml": junit,
    "results.csv": lambda content: comma_separated(content).encode(),
}


def write_report(content: ReportContent, directory: Path, seal: Seal | None = None) -> list[Path]:
    """Write all files of a report, signed if there is a seal. Raises AssuranceError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        strange = [each.name for each in directory.iterdir() if each.name not in _OURS]
        if strange:
            raise AssuranceError(
                f"{directory} holds something else ({sorted(strange)[0]}): name another directory "
                "with --out"
            )
        written = []
        for name, make in FILES.items():
            write_whole(directory / name, make(content))
            written.append(directory / name)
        (directory / "attestation.json").unlink(missing_ok=True)
    except OSError as error:
        raise AssuranceError(f"{directory}: {error.strerror or error}") from None
    if seal is not None:
        product = content.product
        seal_report(
            directory,
            seal,
            {
                "number": content.details.number,
                "laboratory": content.details.laboratory.name,
                "client": content.details.client.name,
                "signatory": content.details.signatory,
                "issued": content.details.issued,
                "draft": content.is_draft,
                "product": {key: product[key] for key in ("name", "vendor", "version", "class")},
                "evidence": content.digest,
                "summary": content.bundle.summary,
                "statement": content.statement,
            },
        )
        written.append(directory / "attestation.json")
    return written


_OURS = {*FILES, "attestation.json"}
