"""TS 33.117, 4.3.6.4: elements of another type, or out of their range, are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import (
    is_known,
    judge_refused,
    judge_served,
    sections_of,
    status_of,
    was_served,
)
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench


class Formats(TestCase):
    """4.3.6.4: the published list of elements (makmal list --elements), one after another."""

    name = "MAKMAL_SBI_FORMAT_AND_RANGE"
    BEFORE, AFTER = "a valid request", "a valid request after"
    _ELEMENT = re.compile(r"(?P<operation>\S+) with (?P<element>.+)")

    async def procedure(self, bench: Bench) -> None:
        """For each operation: a valid request, one for each wrong value, a valid one again."""
        services = bench.services
        for operation in await services.operations():
            with bench.variant(f"{self.BEFORE}: {operation.name}"):
                await operation.send()
            wrong = services.wrong_elements(operation, await operation.call())
            if wrong.missing:
                bench.not_done(f"{operation.name}: {wrong.missing}")
            for element in wrong.elements:
                call = await operation.call()
                changed = element.put_into(call.json)
                if changed is None:
                    continue
                with bench.variant(f"{operation.name} with {element}"):
                    await operation.send(call.with_json(changed))
            call = await operation.call()
            with bench.variant(f"{self.AFTER}: {operation.name}"):
                await operation.send(call)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a wrong value is accepted, or when a valid request is refused afterwards."""
        findings = Findings()
        sections = sections_of(trace)
        good = set()
        for name, section in sections.items():
            kind, _, operation = name.partition(": ")
            if kind == self.BEFORE and judge_served(findings, name, section):
                good.add(operation)
            match = self._ELEMENT.fullmatch(name)
            if match is not None and match["operation"] in good:
                judge_refused(findings, name, section)
        for operation in good:
            after = f"{self.AFTER}: {operation}"
            if is_known(sections, findings, after) and not was_served(sections[after]):
                status, frames = status_of(sections[after])
                findings.violation(f"{after}: {'no answer' if status is None else status}", *frames)
        return self.conclude(findings, trace, "no element with a wrong value was sent")
