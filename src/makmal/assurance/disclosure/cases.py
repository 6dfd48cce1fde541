"""Coordinated disclosure (ISO/IEC 29147, ISO/IEC 30111): a finding from report to publication.

    report -> acknowledge -> remedy -> publish;   extend moves the end of the embargo

Like a certification, a case is what the record says of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from makmal.assurance.certification.actions import Action, Record, of_subject
from makmal.assurance.certification.people import AUDITOR, CLIENT, EVALUATOR, OFFICER, actor_of
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.evidence.bundle import Bundle
from makmal.assurance.evidence.sealing import evidence_digest
from makmal.catalogue.requirements import requirements
from makmal.judges.verdict import Outcome

REPORT, ACKNOWLEDGE, REMEDY = "report finding", "acknowledge", "remedy"
PUBLISH, EXTEND = "publish", "extend embargo"
REPORTED, ACKNOWLEDGED, REMEDIED, PUBLISHED = "reported", "acknowledged", "remedied", "published"
_WHO = {
    REPORT: (EVALUATOR, OFFICER, AUDITOR),
    ACKNOWLEDGE: (CLIENT, OFFICER),
    REMEDY: (CLIENT, OFFICER),
    PUBLISH: (OFFICER,),
    EXTEND: (OFFICER,),
}
_WHEN = {
    ACKNOWLEDGE: (REPORTED,),
    REMEDY: (REPORTED, ACKNOWLEDGED),
    PUBLISH: (REPORTED, ACKNOWLEDGED, REMEDIED),
    EXTEND: (REPORTED, ACKNOWLEDGED, REMEDIED),
}


@dataclass(frozen=True, slots=True)
class DisclosureCase:
    """A finding. ``embargo``: until that day it is not published without a remedy."""

    number: int
    title: str
    product: Mapping[str, str]
    test_case: str
    requirement: str
    reason: str
    evidence: str
    contact: str
    embargo: date
    state: str = REPORTED
    cve: str = ""
    cwe: tuple[str, str] | None = None
    fixed_version: str = ""
    remedy: str = ""
    history: tuple[Action, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "disclosure": self.number,
            "state": self.state,
            "title": self.title,
            "product": dict(self.product),
            "test_case": self.test_case,
            "requirement": self.requirement,
            "reason": self.reason,
            "evidence": self.evidence,
            "contact": self.contact,
            "embargo": self.embargo.isoformat(),
            "cve": self.cve or None,
            "cwe": list(self.cwe) if self.cwe else None,
            "fixed_version": self.fixed_version or None,
            "history": [
                {"time": each.time.isoformat(), "kind": each.kind, **each.details}
                for each in self.history
            ],
        }


def cases_of(actions: Sequence[Action]) -> list[DisclosureCase]:
    """All of them."""
    count = sum(each.kind == REPORT for each in actions)
    return [case_of(actions, number) for number in range(1, count + 1)]


def case_of(actions: Sequence[Action], number: int) -> DisclosureCase:
    """One by its number. Raises AssuranceError."""
    mine = tuple(of_subject(actions, _subject(number)))
    if not mine:
        raise AssuranceError(f"there is no disclosure {number}: makmal disclose list shows all")
    first = mine[0].details
    found = DisclosureCase(
        number,
        first["title"],
        first["product"],
        first["test_case"],
        first["requirement"],
        first["reason"],
        first["evidence"],
        first["contact"],
        date.fromisoformat(first["embargo"]),
        cve=first["cve"],
        cwe=tuple(first["cwe"]) if first["cwe"] else None,
        history=mine,
    )
    for action in mine[1:]:
        details = action.details
        if action.kind == ACKNOWLEDGE:
            found = replace(found, state=ACKNOWLEDGED)
        elif action.kind == REMEDY:
            fixed, what = details["fixed_version"], details["what"]
            found = replace(found, state=REMEDIED, fixed_version=fixed, remedy=what)
        elif action.kind == EXTEND:
            found = replace(found, embargo=date.fromisoformat(details["embargo"]))
        elif action.kind == PUBLISH:
            found = replace(found, state=PUBLISHED)
        if details.get("cve"):
            found = replace(found, cve=details["cve"])
    return found


class Disclosure:
    """The cases of an office."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def cases(self) -> list[DisclosureCase]:
        """All of them."""
        return cases_of(self._record.actions())

    def case(self, number: int) -> DisclosureCase:
        """One by its number. Raises AssuranceError."""
        return case_of(self._record.actions(), number)

    def report(
        self,
        key: Ed25519PrivateKey,
        bundle: Bundle,
        test_case: str,
        contact: str,
        embargo: date,
        *,
        cve: str = "",
        cwe: tuple[str, str] | None = None,
    ) -> DisclosureCase:
        """A test case that failed is reported to the vendor. Raises AssuranceError."""
        verdict = next(
            (each.verdict for each in bundle.results if each.verdict.test_case == test_case), None
        )
        if verdict is None:
            raise AssuranceError(f"{bundle.directory} has no verdict of {test_case}")
        if verdict.outcome is not Outcome.FAIL:
            raise RefusedError(
                f"{test_case} is {verdict.outcome} there: only what failed is a finding to disclose"
            )
        requirement = requirements().get(test_case)
        product = {key: str(bundle.product[key]) for key in ("name", "vendor", "version", "class")}
        details = {
            "title": requirement.title if requirement else test_case,
            "product": product,
            "test_case": test_case,
            "requirement": verdict.requirement,
            "reason": verdict.reason,
            "evidence": evidence_digest(bundle),
            "contact": contact,
            "embargo": embargo.isoformat(),
            "cve": cve,
            "cwe": list(cwe) if cwe else None,
        }

        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            del connection
            actor_of(actions, action, *_WHO[REPORT])
            if embargo <= action.time.date():
                raise RefusedError(f"the embargo ends on {embargo}: name a day to come")

        action = self._record.add(key, _next_subject, REPORT, details, rule)
        return self.case(int(action.subject.rpartition(" ")[2]))

    def acknowledge(self, key: Ed25519PrivateKey, number: int, remark: str) -> DisclosureCase:
        """The vendor has it."""
        return self._act(key, number, ACKNOWLEDGE, {"remark": remark})

    def remedy(
        self, key: Ed25519PrivateKey, number: int, fixed_version: str, what: str, cve: str = ""
    ) -> DisclosureCase:
        """There is a version in which it is mended."""
        details = {"fixed_version": fixed_version, "what": what, "cve": cve}
        return self._act(key, number, REMEDY, details)

    def extend(
        self, key: Ed25519PrivateKey, number: int, embargo: date, reason: str
    ) -> DisclosureCase:
        """The embargo ends later."""
        if embargo <= self.case(number).embargo:
            raise RefusedError("an embargo is extended to a later day; publish ends it")
        return self._act(key, number, EXTEND, {"embargo": embargo.isoformat(), "reason": reason})

    def publish(self, key: Ed25519PrivateKey, number: int, reason: str) -> DisclosureCase:
        """It is public: once there is a remedy, or the embargo is over."""
        return self._act(key, number, PUBLISH, {"reason": reason})

    def _act(
        self, key: Ed25519PrivateKey, number: int, kind: str, details: Mapping[str, Any]
    ) -> DisclosureCase:
        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            del connection
            actor_of(actions, action, *_WHO[kind])
            found = case_of(actions, number)
            if found.state not in _WHEN[kind]:
                raise RefusedError(f"disclosure {number} is {found.state} already")
            early = kind == PUBLISH and found.state != REMEDIED
            if early and action.time.date() < found.embargo:
                raise RefusedError(
                    f"disclosure {number} is under embargo until {found.embargo}, and has no remedy"
                )

        self._record.add(key, _subject(number), kind, details, rule)
        return self.case(number)


def under_embargo(case: DisclosureCase, now: datetime) -> bool:
    """Whether it may not be told yet."""
    return case.state != PUBLISHED and now.astimezone(UTC).date() < case.embargo


def _subject(number: int) -> str:
    return f"disclosure {number}"


def _next_subject(actions: Sequence[Action]) -> str:
    return _subject(sum(each.kind == REPORT for each in actions) + 1)
