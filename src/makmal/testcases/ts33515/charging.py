"""TS 33.515, 4.2.2.1.4: no two sessions have one charging id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import document, exchange, requests
from makmal.testcases.test_case import TestCase
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

# The declaration that says how many sessions the product holds at most.
MAXIMUM = "maximum-sessions"


class ChargingIds(TestCase):
    """4.2.2.1.4: in every initial charging request a charging id that was not seen before."""

    name = "TC_CHARGING_ID_UNIQUENESS_SMF"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    _SESSION = re.compile(r"session (\d+) of (\d+)")

    async def procedure(self, bench: Bench) -> None:
        """As AMF and CHF: as many sessions as the product holds, or as it is declared to."""
        bench.needs_neighbours()
        wanted = bench.declared_number(MAXIMUM)
        async for number, send in bench.services.sessions(wanted):
            with bench.variant(f"session {number} of {wanted}"):
                await send()
        await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail on an id that comes again."""
        findings = Findings()
        seen: dict[int, int] = {}
        opened = wanted = 0
        for section in trace.sections():
            match = self._SESSION.fullmatch(section.name)
            if match is not None:
                wanted = int(match[2])
                found = exchange(section)
                answer = None if found is None else found[1]
                opened += answer is not None and answer.http.status == 201
            for request in requests(section, "nchf-convergedcharging"):
                resource = "" if request.operation is None else request.operation.resource
                identity = _charging_id(document(request))
                if resource.rstrip("/") != "chargingdata" or identity is None:
                    continue
                if identity in seen:
                    findings.violation(
                        "a charging id of another session again", seen[identity], request.frame
                    )
                else:
                    findings.conforming("a charging id of its own", request.frame)
                seen.setdefault(identity, request.frame)
        if opened < wanted:
            findings.doubt(f"only {opened} of {wanted} sessions could be opened")
        elif len(seen) < opened and not seen:
            findings.doubt("the SMF sent the CHF no charging data")
        if MAXIMUM not in trace.declarations:
            findings.doubt(
                f"{opened} sessions were opened; missing is how many the product holds at most "
                f'([declarations.{MAXIMUM}] with a statement such as "1000 sessions")'
            )
        return self.conclude(findings, trace, "no charging data was requested")


def _charging_id(value: dict[str, object]) -> int | None:
    session = value.get("pDUSessionChargingInformation")
    inner = session.get("chargingId") if isinstance(session, dict) else None
    outer = value.get("chargingId")
    identity = inner if isinstance(inner, int) else outer
    return identity if isinstance(identity, int) else None
