"""TS 23.501, 5.15.5.2.1, on the NSSF; TS 33.501, 5.8.1, on the UDR."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import document, exchange, variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import judge_refused, judge_served
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_KEYS = ("encPermanentKey", "encOpcKey", "encTopcKey")


class SubscribedSlices(TestCase):
    """A UE is allowed no slice that is not in its subscription, or that the network has not."""

    name = "MAKMAL_NSSF_SUBSCRIBED_SLICES"
    GOOD = "a request for a subscribed slice"
    NOT_SUBSCRIBED = "a request for a slice that is not subscribed"
    NOT_SERVED = "a request for a subscribed slice that the network has not"

    async def procedure(self, bench: Bench) -> None:
        """As AMF, for a registration (Nnssf_NSSelection_Get)."""
        services = bench.services
        have, other = services.slice(0), services.slice(1)
        unknown = {"sst": 255, "sd": "fffffe"}
        for name, requested, subscribed in (
            (self.GOOD, have, have),
            (self.NOT_SUBSCRIBED, other, have),
            (self.NOT_SERVED, unknown, unknown),
        ):
            with bench.variant(name):
                await services.select_slices([requested], [subscribed])

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the requested slice is allowed."""
        findings = Findings()
        good = variant(trace, findings, self.GOOD)
        granted = None if good is None else exchange(good)
        if granted is not None and not document(granted[1]).get("allowedNssaiList"):
            findings.doubt(f"{self.GOOD}: no slice was allowed, so that nothing is shown")
        elif good is not None and judge_served(findings, self.GOOD, good):
            for name in (self.NOT_SUBSCRIBED, self.NOT_SERVED):
                section = variant(trace, findings, name)
                found = None if section is None else exchange(section)
                if section is None:
                    continue
                if found is None or found[1] is None:
                    findings.doubt(f"{name}: no answer", section.frame)
                    continue
                frames = found[0].frame, found[1].frame
                allowed = document(found[1]).get("allowedNssaiList")
                if allowed:
                    findings.violation(f"{name}: it is allowed", *frames)
                elif (found[1].http.status or 0) in (*range(200, 300), *range(400, 500)):
                    findings.conforming(f"{name}: it is not allowed", *frames)
                else:
                    findings.doubt(f"{name}: answered with {found[1].http.status}", *frames)
        return self.conclude(findings, trace, "no slice was asked for")


class LongTermKeys(TestCase):
    """Long-term keys are for the UDM alone."""

    name = "MAKMAL_UDR_KEYS_RESERVED"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    GOOD, OTHER = "a request of a UDM", "a request of a PCF"

    async def procedure(self, bench: Bench) -> None:
        """As UDM, and as PCF, which has other business with the UDR; each with a good token."""
        for name, consumer in ((self.GOOD, "UDM"), (self.OTHER, "PCF")):
            with bench.variant(name):
                await bench.services.read_authentication_subscription(consumer)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the PCF gets a key."""
        findings = Findings()
        good, other = (variant(trace, findings, each) for each in (self.GOOD, self.OTHER))
        if good is not None and judge_served(findings, self.GOOD, good) and other is not None:
            found = exchange(other)
            answer = None if found is None else document(found[1])
            if answer is not None and any(answer.get(each) for each in _KEYS):
                findings.violation(f"{self.OTHER}: it was given the key", other.frame)
            else:
                judge_refused(findings, self.OTHER, other)
        return self.conclude(findings, trace, "no key was asked for")
