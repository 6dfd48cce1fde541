"""The report as a PDF, typeset by typst: one wheel, no program and no font of the machine's own."""

from __future__ import annotations

import json
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from makmal.assurance.errors import AssuranceError
from makmal.assurance.report.clauses import CLAUSES
from makmal.assurance.report.content import LIMITS, CaseReport, ReportContent
from makmal.chart.svg import SANS

_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


def pdf_report(content: ReportContent) -> bytes:
    """The PDF. Raises AssuranceError."""
    template = resources.files("makmal.assurance.report").joinpath("templates", "report.typ")
    with tempfile.TemporaryDirectory(prefix="makmal-report-") as name:
        place = Path(name)
        (place / "report.typ").write_text(template.read_text("utf-8"), "utf-8")
        (place / "bed.svg").write_text(_set(content.drawing), "utf-8")
        for number, case in enumerate(content.cases):
            for part, panel in enumerate(case.panels):
                (place / _panel_name(number, part)).write_text(_set(panel), "utf-8")
        (place / "data.json").write_text(json.dumps(_data(content), ensure_ascii=False), "utf-8")
        try:
            octets = typst.compile(
                str(place / "report.typ"), root=name, format="pdf", ignore_system_fonts=True
            )
        except RuntimeError as error:
            raise AssuranceError(f"the PDF cannot be typeset: {error}") from None
    assert isinstance(octets, bytes)  # noqa: S101 - for the type checker
    return octets


def _panel_name(case: int, part: int) -> str:
    return f"chart{case}-{part}.svg"


def _set(drawing: str) -> str:
    """A drawing in the type of the report: typst brings it along, whatever the machine has."""
    return drawing.replace(SANS, "Libertinus Serif")


def _size(drawing: str) -> dict[str, int]:
    found = _SIZE.search(drawing)
    assert found is not None  # noqa: S101 - every drawing of ours says its size
    return {"width": int(found[1]), "height": int(found[2])}


def _data(content: ReportContent) -> dict[str, Any]:
    details, bundle, product = content.details, content.bundle, content.product
    attested = content.attested or {"laboratory": "", "operator": "", "key": ""}
    signatory = {"name": details.signatory, "function": details.signatory_function}
    return {
        "title": f"Evaluation report {details.number}".strip(),
        "number": details.number,
        "issued": details.issued,
        "replaces": details.replaces,
        "draft": content.is_draft,
        "missing": details.missing,
        "product": {
            **{key: str(product.get(key, "")) for key in ("name", "vendor", "version", "class")},
            "attachment": str(product.get("attachment", "")),
            "faults": ", ".join(product.get("faults", ())),
        },
        "target": bundle.campaign["target"],
        "laboratory": {
            "name": details.laboratory.name,
            "address": details.laboratory.address,
            "contact": details.laboratory.contact,
            "accreditation": details.laboratory.accreditation,
            "place": details.laboratory.place,
        },
        "client": {
            "name": details.client.name,
            "address": details.client.address,
            "contact": details.client.contact,
        },
        "item": {
            "received": details.received,
            "condition": details.condition,
            "identification": details.identification,
            "sampling": details.sampling,
        },
        "signatory": signatory,
        "title_facts": [
            ["Number", details.number],
            ["Network function", str(product["class"])],
            ["Laboratory", details.laboratory.name],
            ["Client", details.client.name],
            ["Tested", f"{content.begun} to {content.ended}"],
            ["Standards", ", ".join(content.standards)],
        ],
        "statement": content.statement,
        "conforms": content.conforms,
        "summary": list(content.summary.items()),
        "cases": [_case(number, case) for number, case in enumerate(content.cases)],
        "begun": content.begun,
        "ended": content.ended,
        "versions": [[name, value] for name, value in content.versions.items() if value],
        "features": ", ".join(bundle.campaign.get("features", ())) or "none",
        "conditions": details.conditions,
        "standards": ", ".join(content.standards),
        "decision_rule": details.decision_rule,
        "uncertainty": details.uncertainty,
        "external": details.external,
        "deviations": [_remark(each) for each in details.deviations],
        "opinions": [_remark(each) for each in details.opinions],
        "limits": LIMITS,
        "evidence": {"files": len(bundle.files), "digest": content.digest, **attested},
        "clauses": CLAUSES,
    }


def _remark(remark: Any) -> dict[str, str]:
    return {"text": remark.text, "author": remark.author, "test_case": remark.test_case}


def _case(number: int, case: CaseReport) -> dict[str, Any]:
    return {
        "name": case.name,
        "title": case.title or case.name,
        "requirement": case.verdict.requirement,
        "outcome": case.outcome,
        "reason": case.reason,
        "reading": case.reading,
        "charts": [
            {"file": _panel_name(number, part), **_size(panel)}
            for part, panel in enumerate(case.panels)
        ],
        "frames": [
            [str(each.frame), each.time, each.interface, each.source, each.destination, each.name]
            for each in case.frames
        ],
        "more": case.more_frames,
        "started": case.started,
        "seconds": f"{case.seconds:.1f}",
        "sha256": case.trace_sha256,
        "product_notes": list(case.result.run.product),
    }
