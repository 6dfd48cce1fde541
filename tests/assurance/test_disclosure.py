"""Disclosure: the embargo is kept, and what is exported is CSAF by its own schema."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from makmal.assurance.certification.actions import Record
from makmal.assurance.disclosure.cases import Disclosure, DisclosureCase
from makmal.assurance.disclosure.csaf import csaf, file_name
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.evidence.bundle import load_bundle

from .office import CASES, FAULT, Office, evidence_of
from .schemas import schema

PUBLISHER = {"name": "Body", "namespace": "https://body.example", "contact": "cert@body.example"}


@pytest.fixture
def disclosure(office: Office) -> Disclosure:
    return Disclosure(Record(office.database, office.clock))


def reported(office: Office, disclosure: Disclosure) -> DisclosureCase:
    bundle = load_bundle(evidence_of(office.place / "faulty", "0.9", FAULT))
    day = (office.clock.now + timedelta(days=90)).date()
    return disclosure.report(
        office.keys["eve"],
        bundle,
        "TC_NAS_REPLAY_AMF",
        "security@example.com",
        day,
        cwe=("CWE-294", "Authentication Bypass by Capture-replay"),
    )


def valid(document: dict[str, Any]) -> dict[str, Any]:
    """The document, valid by the schema of CSAF 2.0; the CVSS schemas it refers to are not used."""
    wanted = schema("csaf", "csaf", "v20", "schema", "csaf.json")
    scores = wanted["properties"]["vulnerabilities"]["items"]["properties"]["scores"]
    for name in ("cvss_v2", "cvss_v3"):
        scores["items"]["properties"][name] = {"type": "object"}
    jsonschema_rs.validate(wanted, json.loads(json.dumps(document)))
    return document


def test_from_report_to_publication(office: Office, disclosure: Disclosure) -> None:
    found = reported(office, disclosure)
    assert found.state == "reported"
    draft = valid(csaf(found, PUBLISHER, office.clock()))
    assert draft["document"]["distribution"]["tlp"]["label"] == "RED"
    assert draft["document"]["tracking"]["status"] == "draft"
    assert draft["vulnerabilities"][0]["remediations"][0]["category"] == "none_available"
    with pytest.raises(RefusedError, match="is under embargo until"):
        disclosure.publish(office.keys["otto"], found.number, "now")
    disclosure.acknowledge(office.keys["vic"], found.number, "thanks")
    with pytest.raises(RefusedError, match="acknowledged already"):
        disclosure.acknowledge(office.keys["vic"], found.number, "thanks")
    disclosure.remedy(office.keys["vic"], found.number, "1.0", "replay check", "CVE-2026-99999")
    published = disclosure.publish(office.keys["otto"], found.number, "remedied")
    for vex in (False, True):
        document = valid(csaf(published, PUBLISHER, office.clock(), vex=vex))
        assert document["document"]["distribution"]["tlp"]["label"] == "WHITE"
        assert document["document"]["tracking"]["status"] == "final"
        vulnerability = document["vulnerabilities"][0]
        assert vulnerability["cve"] == "CVE-2026-99999"
        assert vulnerability["product_status"] == {
            "known_affected": ["affected"],
            "fixed": ["fixed"],
        }
    assert file_name(published) == document["document"]["tracking"]["id"].lower() + ".json"
    assert [each.number for each in disclosure.cases()] == [1]


def test_the_end_of_an_embargo(office: Office, disclosure: Disclosure) -> None:
    found = reported(office, disclosure)
    later = found.embargo + timedelta(days=10)
    with pytest.raises(RefusedError, match="to a later day"):
        disclosure.extend(office.keys["otto"], found.number, found.embargo, "x")
    assert disclosure.extend(office.keys["otto"], found.number, later, "x").embargo == later
    office.clock.later(days=95)
    with pytest.raises(RefusedError, match="is under embargo until"):
        disclosure.publish(office.keys["otto"], found.number, "x")
    office.clock.later(days=6)
    assert disclosure.publish(office.keys["otto"], found.number, "over").state == "published"


def test_who_may_and_what_is_a_finding(office: Office, disclosure: Disclosure) -> None:
    bundle = load_bundle(evidence_of(office.place / "faulty", "0.9", FAULT))
    day = (office.clock.now + timedelta(days=90)).date()
    with pytest.raises(RefusedError, match="is pass there: only what failed"):
        disclosure.report(office.keys["eve"], bundle, CASES[1], "x", day)
    with pytest.raises(AssuranceError, match="has no verdict of TC_X"):
        disclosure.report(office.keys["eve"], bundle, "TC_X", "x", day)
    with pytest.raises(RefusedError, match="Vic may not report finding"):
        disclosure.report(office.keys["vic"], bundle, CASES[0], "x", day)
    with pytest.raises(RefusedError, match="name a day to come"):
        disclosure.report(office.keys["eve"], bundle, CASES[0], "x", office.clock.now.date())
    with pytest.raises(AssuranceError, match="there is no disclosure 7"):
        disclosure.case(7)
