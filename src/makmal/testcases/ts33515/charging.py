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

_Session = tuple[str | None, int | None]
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
        seen: dict[int, tuple[_Session, int]] = {}
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
                session = _session(document(request))
                known = seen.setdefault(identity, (session, request.frame))
                if known[1] == request.frame:
                    findings.conforming("a charging id of its own", request.frame)
                # A request that was not answered is sent again (TS 32.290, 5.5.2).
                elif known[0] != session or None in session:
                    findings.violation(
                        "a charging id of another session again", known[1], request.frame
                    )
        if opened < wanted:
            findings.doubt(f"only {opened} of {wanted} sessions could be opened")
        elif len(seen) < opened:
            findings.doubt(f"of {opened} sessions, the CHF saw the charging data of {len(seen)}")
        if MAXIMUM not in trace.declarations:
            findings.doubt(
                f"{opened} sessions were opened; missing is how many the product holds at most "
                f'([declarations.{MAXIMUM}] with a statement such as "1000 sessions")'
            )
        return self.conclude(findings, trace, "no charging data was requested")


def _session(value: dict[str, object]) -> _Session:
    """Whose session it is, and its identity (TS 32.291, 6.1.6.2.1.1 and 6.1.6.2.2.3)."""
    information = value.get("pDUSessionChargingInformation")
    inner = information.get("pduSessionInformation") if isinstance(information, dict) else None
    identity = inner.get("pduSessionID") if isinstance(inner, dict) else None
    subscriber = value.get("subscriberIdentifier")
    return (
        subscriber if isinstance(subscriber, str) else None,
        identity if isinstance(identity, int) else None,
    )


def _charging_id(value: dict[str, object]) -> int | None:
    session = value.get("pDUSessionChargingInformation")
    inner = session.get("chargingId") if isinstance(session, dict) else None
    outer = value.get("chargingId")
    identity = inner if isinstance(inner, int) else outer
    return identity if isinstance(identity, int) else None
