"""Findings as CSAF 2.0: a security advisory, or VEX, which tells what is affected and what not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from makmal import __version__
from makmal.assurance.disclosure.cases import PUBLISHED, REMEDIED, DisclosureCase, under_embargo

ADVISORY, VEX = "csaf_security_advisory", "csaf_vex"


def csaf(
    case: DisclosureCase, publisher: Mapping[str, str], now: datetime, *, vex: bool = False
) -> dict[str, Any]:
    """The document. While it is under embargo it is a draft for the vendor alone (TLP:RED).

    ``publisher`` has name, namespace (a URI) and contact.
    """
    secret = under_embargo(case, now)
    identity = f"MAKMAL-{case.history[0].time.year}-{case.number:04d}"
    history = [
        {
            "number": str(place),
            "date": each.time.astimezone(UTC).isoformat(timespec="seconds"),
            "summary": each.kind.capitalize(),
        }
        for place, each in enumerate(case.history, 1)
    ]
    return {
        "document": {
            "category": VEX if vex else ADVISORY,
            "csaf_version": "2.0",
            "title": f"{case.product['name']}: {case.title}",
            "lang": "en",
            "distribution": {"tlp": {"label": "RED" if secret else "WHITE"}},
            "publisher": {
                "category": "coordinator",
                "name": publisher["name"],
                "namespace": publisher["namespace"],
                "contact_details": publisher["contact"],
            },
            "notes": [
                {
                    "category": "summary",
                    "title": "Summary",
                    "text": f"{case.requirement}: {case.title}. {case.reason}.",
                },
                {
                    "category": "legal_disclaimer",
                    "title": "What this rests on",
                    "text": f"Test case {case.test_case} on the evidence {case.evidence}.",
                },
            ],
            "tracking": {
                "id": identity,
                "status": "final" if case.state == PUBLISHED else "draft",
                "version": history[-1]["number"],
                "initial_release_date": history[0]["date"],
                "current_release_date": history[-1]["date"],
                "revision_history": history,
                "generator": {"engine": {"name": "Makmal", "version": __version__}},
            },
        },
        "product_tree": {"branches": [_branches(case)]},
        "vulnerabilities": [_vulnerability(case, identity)],
    }


def file_name(case: DisclosureCase) -> str:
    """What the document is called (CSAF 2.0, 5.1)."""
    return f"makmal-{case.history[0].time.year}-{case.number:04d}.json"


def _branches(case: DisclosureCase) -> dict[str, Any]:
    product = case.product
    versions = [(product["version"], "affected")]
    if case.fixed_version:
        versions.append((case.fixed_version, "fixed"))
    return {
        "category": "vendor",
        "name": product["vendor"],
        "branches": [
            {
                "category": "product_name",
                "name": product["name"],
                "branches": [
                    {
                        "category": "product_version",
                        "name": version,
                        "product": {
                            "name": f"{product['vendor']} {product['name']} {version}",
                            "product_id": identity,
                        },
                    }
                    for version, identity in versions
                ],
            }
        ],
    }


def _vulnerability(case: DisclosureCase, identity: str) -> dict[str, Any]:
    status = {"known_affected": ["affected"]}
    if case.fixed_version:
        status["fixed"] = ["fixed"]
        remediation = {
            "category": "vendor_fix",
            "details": f"Version {case.fixed_version}: {case.remedy}.",
            "product_ids": ["affected"],
        }
    else:
        remediation = {
            "category": "none_available",
            "details": "There is no remedy yet.",
            "product_ids": ["affected"],
        }
    found: dict[str, Any] = {
        "title": case.title,
        "ids": [{"system_name": "Makmal", "text": identity}],
        "discovery_date": case.history[0].time.astimezone(UTC).isoformat(timespec="seconds"),
        "notes": [
            {
                "category": "description",
                "title": "What was seen",
                "text": f"{case.test_case} ({case.requirement}): {case.reason}.",
            }
        ],
        "product_status": status,
        "remediations": [remediation],
    }
    if case.state in (REMEDIED, PUBLISHED):
        released = case.history[-1].time.astimezone(UTC).isoformat(timespec="seconds")
        found["release_date"] = released
    if case.cve:
        found["cve"] = case.cve
    if case.cwe:
        found["cwe"] = {"id": case.cwe[0], "name": case.cwe[1]}
    return found
