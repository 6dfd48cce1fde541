"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from makmal.assurance.report.clauses import CLAUSES
from makmal.assurance.report.content import LIMITS, ReportContent


def html_report(content: ReportContent) -> str:
    """The page. Everything of the evidence is escaped; the drawings are ours."""
    environment = Environment(
        loader=PackageLoader("makmal.assurance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        content=content,
        details=content.details,
        drawing=Markup(content.drawing),  # noqa: S704 - drawn by makmal.chart, which escapes
        charts={case.name: Markup(case.chart) for case in content.cases},  # noqa: S704 - likewise
        limits=LIMITS,
        clauses=CLAUSES,
    )
