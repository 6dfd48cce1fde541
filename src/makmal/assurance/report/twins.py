"""The report for machines: OSCAL assessment results, SARIF, JUnit XML and CSV.

Identifiers are derived from the evidence, so that the same evidence gives the same files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree

from makmal import __version__
from makmal.assurance.evidence.bundle import ended_at
from makmal.assurance.report.content import CaseReport, ReportContent
from makmal.bench.evidence import TRACE
from makmal.judges.verdict import Outcome

OSCAL_VERSION = "1.1.2"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_TOKEN = re.compile(r"[^A-Za-z0-9.-]+")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _identity(content: ReportContent, *parts: str) -> str:
    space: UUID = uuid5(NAMESPACE_URL, f"urn:makmal:evidence:{content.digest}")
    return str(uuid5(space, "/".join(parts)))


def _control(case: CaseReport) -> str:
    """The requirement as an OSCAL token."""
    return _TOKEN.sub("_", case.verdict.requirement.partition(";")[0]).strip("_").lower() or "none"


def oscal(content: ReportContent) -> dict[str, Any]:
    """OSCAL assessment results."""
    product = content.product
    laboratory = content.details.laboratory.name or "laboratory (not stated)"
    party, component = _identity(content, "laboratory"), _identity(content, "product")
    observations, findings = [], []
    for case in content.cases:
        observation = _identity(content, "observation", case.name)
        observations.append(
            {
                "uuid": observation,
                "title": case.name,
                "description": f"{case.outcome}: {case.verdict.full_reason}",
                "methods": ["TEST"],
                "types": ["finding"],
                "subjects": [{"subject-uuid": component, "type": "component"}],
                "relevant-evidence": _oscal_evidence(case),
                "collected": _oscal_time(case.result.run.started, content),
            }
        )
        if case.verdict.outcome is Outcome.NOT_APPLICABLE:
            continue
        passed = case.verdict.outcome is Outcome.PASS
        failed = case.verdict.outcome is Outcome.FAIL
        findings.append(
            {
                "uuid": _identity(content, "finding", case.name),
                "title": case.title or case.name,
                "description": case.verdict.full_reason,
                "target": {
                    "type": "objective-id",
                    "target-id": _control(case),
                    "title": case.verdict.requirement,
                    "status": {
                        "state": "satisfied" if passed else "not-satisfied",
                        "reason": "pass" if passed else "fail" if failed else "other",
                        "remarks": f"The verdict is: {case.outcome}.",
                    },
                },
                "related-observations": [{"observation-uuid": observation}],
            }
        )
    controls = [{"control-id": each} for each in dict.fromkeys(map(_control, content.cases))]
    result: dict[str, Any] = {
        "uuid": _identity(content, "result"),
        "title": f"Evaluation of {product['name']} {product['version']}",
        "description": content.statement,
        "start": content.bundle.begun,
        "end": content.bundle.ended,
        "local-definitions": {
            "components": [
                {
                    "uuid": component,
                    "type": "software",
                    "title": f"{product['name']} {product['version']}",
                    "description": f"{product['class']} of {product['vendor']}",
                    "props": [
                        {"name": "version", "value": str(product["version"])},
                        {"name": "asset-type", "value": str(product["class"])},
                    ],
                    "status": {"state": "under-development"},
                }
            ]
        },
        "reviewed-controls": {"control-selections": [{"include-controls": controls}]},
        "observations": observations,
    }
    if findings:
        result["findings"] = findings
    return {
        "assessment-results": {
            "uuid": _identity(content, "assessment-results"),
            "metadata": {
                "title": f"Evaluation report {content.details.number}".strip(),
                "last-modified": content.bundle.ended,
                "version": content.details.number or "draft",
                "oscal-version": OSCAL_VERSION,
                "roles": [{"id": "assessor", "title": "Test laboratory"}],
                "parties": [{"uuid": party, "type": "organization", "name": laboratory}],
                "responsible-parties": [{"role-id": "assessor", "party-uuids": [party]}],
            },
            "import-ap": {
                "href": "#",
                "remarks": f"Test cases of {', '.join(content.standards)}, by Makmal's catalogue "
                f"{content.bundle.campaign.get('catalogue', '')}.",
            },
            "results": [result],
        }
    }


def _oscal_time(time: str, content: ReportContent) -> str:
    return time or content.bundle.begun


def _oscal_evidence(case: CaseReport) -> list[dict[str, Any]]:
    frames = ", ".join(map(str, case.verdict.frames[:20])) or "none"
    if not case.trace_sha256:
        return [{"description": "No trace: the procedure was not run."}]
    return [
        {
            "href": f"{case.name}/{TRACE}",
            "description": f"The recorded trace, SHA-256 {case.trace_sha256}; frames {frames}.",
        }
    ]


_SARIF_KINDS = {
    Outcome.FAIL: ("fail", "error"),
    Outcome.INCONCLUSIVE: ("open", "none"),
    Outcome.ERROR: ("open", "none"),
}


def sarif(content: ReportContent) -> dict[str, Any]:
    """SARIF 2.1.0: what failed, and what came to no conclusion as "open"."""
    told = [case for case in content.cases if case.verdict.outcome in _SARIF_KINDS]
    rules = [
        {
            "id": case.name,
            "name": "".join(part.capitalize() for part in re.split(r"\W|_", case.name)),
            "shortDescription": {"text": case.title or case.name},
            "fullDescription": {"text": f"{case.verdict.requirement}: {case.title}"},
            "properties": {"tags": ["security", case.product_class]},
        }
        for case in told
    ]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Makmal",
                        "semanticVersion": f"{__version__}",
                        "rules": rules,
                    }
                },
                "automationDetails": {
                    "id": f"evaluation/{content.digest[:16]}",
                    "guid": _identity(content, "sarif"),
                },
                "artifacts": [
                    {
                        "location": {"uri": f"{case.name}/{TRACE}"},
                        "hashes": {"sha-256": case.trace_sha256},
                        "mimeType": "application/x-pcapng",
                    }
                    for case in told
                    if case.trace_sha256
                ],
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "startTimeUtc": _zulu(content.bundle.begun),
                        "endTimeUtc": _zulu(content.bundle.ended),
                    }
                ],
                "results": [_sarif_result(place, case) for place, case in enumerate(told)],
            }
        ],
    }


def _sarif_result(place: int, case: CaseReport) -> dict[str, Any]:
    kind, level = _SARIF_KINDS[case.verdict.outcome]
    result: dict[str, Any] = {
        "ruleId": case.name,
        "ruleIndex": place,
        "kind": kind,
        "level": level,
        "message": {"text": case.verdict.full_reason},
        "partialFingerprints": {"requirement/v1": f"{case.verdict.requirement} {case.name}"},
        "properties": {"verdict": case.outcome, "frames": list(case.verdict.frames)},
    }
    location: dict[str, Any] = {
        "logicalLocations": [
            {"name": f"frame {frame}", "kind": "frame"} for frame in case.verdict.frames[:20]
        ]
    }
    if case.trace_sha256:
        location["physicalLocation"] = {"artifactLocation": {"uri": f"{case.name}/{TRACE}"}}
    result["locations"] = [location]
    return result


def _zulu(time: str) -> str:
    return time.replace("+00:00", "Z")


def junit(content: ReportContent) -> bytes:
    """JUnit XML, for pipelines."""
    counts = content.bundle.summary
    seconds = sum(case.seconds for case in content.cases)
    product = content.product
    totals = {
        "tests": str(len(content.cases)),
        "failures": str(counts["fail"]),
        "errors": str(counts["error"] + counts["inconclusive"]),
        "skipped": str(counts["not applicable"]),
        "time": f"{seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "Makmal", **totals})
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        {
            "name": _xml(f"{product['name']} {product['version']}"),
            "timestamp": content.bundle.begun.partition(".")[0],
            "hostname": "laboratory",
            **totals,
        },
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("evidence", content.digest), *content.versions.items()):
        ElementTree.SubElement(properties, "property", {"name": name, "value": _xml(value)})
    for case in content.cases:
        place = case.verdict.requirement.partition(";")[0] or "makmal"
        element = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": _xml(place), "name": case.name, "time": f"{case.seconds:.3f}"},
        )
        tag = {
            Outcome.FAIL: "failure",
            Outcome.ERROR: "error",
            Outcome.INCONCLUSIVE: "error",
            Outcome.NOT_APPLICABLE: "skipped",
        }.get(case.verdict.outcome)
        if tag is not None:
            reason = _xml(case.verdict.full_reason)
            said = {"message": reason}
            if tag != "skipped":
                said["type"] = case.outcome
            ElementTree.SubElement(element, tag, said).text = reason
    ElementTree.indent(root)
    octets = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    assert isinstance(octets, bytes)  # noqa: S101 - for the type checker
    return octets + b"\n"


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot carry."""
    return "".join(each if each >= " " or each in "\t\n" else "�" for each in text)


def comma_separated(content: ReportContent) -> str:
    """One line for each test case."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ("test case", "requirement", "title", "verdict", "reason", "reading", "frames", "started",
         "ended", "seconds", "trace SHA-256")
    )  # fmt: skip
    writer.writerows(_rows(content))
    return out.getvalue()


def _rows(content: ReportContent) -> Iterator[list[str]]:
    for case in content.cases:
        verdict, run = case.verdict, case.result.run
        row = [
            verdict.test_case, verdict.requirement, case.title, case.outcome, verdict.reason,
            verdict.reading, " ".join(map(str, verdict.frames)), run.started, ended_at(run),
            f"{run.seconds:.3f}", case.trace_sha256,
        ]  # fmt: skip
        yield [f"'{each}" if each.startswith(_FORMULA) else each for each in row]
