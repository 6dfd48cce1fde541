"""Provisions that no network shows: judged by the conformance statement (TS 103 701)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from makmal.catalogue.provisions import STATEMENT, Provision, provisions
from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.testcases.application.case import named
from makmal.testcases.device.case import DeviceCase
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_YES, _NO = "yes", "no"


class StatementCase(DeviceCase):
    """One provision, by what is stated on it."""

    STEP = "the conformance statement: "

    async def examine(self, bench: DeviceBench) -> None:
        """Put the statement into the trace."""
        bench.mark(f"{self.STEP}{bench.statement(self.provision.identity)}")

    def judge(self, trace: Trace) -> Verdict:
        """A statement with details and evidence conforms; a half-filled one says nothing."""
        findings = Findings()
        for text, section in named(trace, self.STEP):
            try:
                stated = json.loads(text)
            except ValueError:
                findings.doubt("the statement cannot be read", section.frame)
                continue
            verdict = self._judge(findings, stated, section.frame)
            if verdict is not None:
                return verdict
        return self.conclude(findings, trace, "there is no conformance statement")

    def _judge(self, findings: Findings, stated: dict[str, str], frame: int) -> Verdict | None:
        provision = self.provision
        support, why = stated.get("support", ""), stated.get("justification", "")
        by, date = stated.get("by", ""), stated.get("date", "")
        if not support:
            findings.doubt("the conformance statement says nothing about it", frame)
        elif not by or not date:
            findings.doubt("the conformance statement does not say who gave it, and when", frame)
        elif support == _YES:
            detail, evidence = stated.get("detail", ""), stated.get("evidence", "")
            if detail and evidence:
                findings.conforming(f"stated by {by} on {date}: {detail} ({evidence})", frame)
            else:
                lacking = "detail" if not detail else "evidence"
                findings.doubt(f"the conformance statement says yes, but has no {lacking}", frame)
        elif support == _NO and provision.is_mandatory:
            findings.violation(f"stated by {by} on {date}: not met. {why}".rstrip(". "), frame)
        elif not why:
            what = "a recommendation that is not met" if support == _NO else "what does not apply"
            findings.violation(f"{what} needs a justification (Provision 4-1)", frame)
        elif support != _NO and provision.is_mandatory and not provision.conditions:
            findings.doubt(f"it applies to every device, but is stated not to: {why}", frame)
        else:
            what = "a recommendation, not met" if support == _NO else "does not apply"
            reason = f"{what}, as stated by {by} on {date}: {why}"
            reference = self.requirement.reference
            return Verdict(self.name, reference, Outcome.NOT_APPLICABLE, reason, (frame,))
        return None


def _case(provision: Provision) -> type[StatementCase]:
    name = f"Provision{provision.identity.replace('.', '_').replace('-', '_')}"
    fields = {"name": provision.test_case, "__doc__": provision.title}
    return type(name, (StatementCase,), fields)


# Kept here: the registry finds classes that are alive.
CASES = tuple(_case(each) for each in provisions().values() if each.assessed == STATEMENT)
