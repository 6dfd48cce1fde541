"""TS 33.501, 6.1.2 and 6.1.3: what leaves the AUSF before a UE has proved itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import document, exchange, requests, variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import judge_refused, judge_served
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_FOREIGN_NETWORK = "5G:mnc001.mcc001.3gppnetwork.org"
_SECRET = frozenset({"kseaf", "kSeaf", "kausf", "kAusf", "xresStar", "supi"})


def _members(value: Any) -> set[str]:
    """The names of all members that have a value, however deep."""
    if isinstance(value, list):
        return set[str]().union(*map(_members, value))
    if not isinstance(value, dict):
        return set()
    own = {name for name, content in value.items() if content is not None}
    return own.union(*map(_members, value.values()))


class ChallengeWithholds(TestCase):
    """6.1.3.2.0, steps 5 and 12: no key, no XRES* and no SUPI before the UE has answered."""

    name = "MAKMAL_AUSF_CHALLENGE_WITHHOLDS"
    STEP = "a challenge"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF, with a SUCI, so that a SUPI in the answer would be news."""
        authentication = bench.services.authentication
        with bench.variant(self.STEP):
            subscription = bench.services.subscription()
            identity = authentication.suci(subscription, subscription.scheme)
            await authentication.begin(identity)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the challenge holds what only the proof opens."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None and judge_served(findings, self.STEP, section):
            found = exchange(section)
            answer = None if found is None else found[1]
            shown = document(answer)
            frame = section.frame if answer is None else answer.frame
            if not shown.get("5gAuthData"):
                findings.doubt(f"{self.STEP}: the answer holds none", frame)
            for name in sorted(_members(shown) & _SECRET):
                findings.violation(f"the challenge holds {name}", frame)
        return self.conclude(findings, trace, "no challenge was asked for")


class ServingNetwork(TestCase):
    """6.1.2: a serving network name that the SEAF is not entitled to is refused."""

    name = "MAKMAL_AUSF_SERVING_NETWORK"
    GOOD, FOREIGN = "the serving network of the SEAF", "a serving network that nobody has agreed to"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF of our network, with the name of another."""
        authentication = bench.services.authentication
        supi = bench.services.subscription().supi
        with bench.variant(self.GOOD):
            await authentication.begin(supi)
        with bench.variant(self.FOREIGN):
            await authentication.begin(supi, _FOREIGN_NETWORK)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a challenge is made for it."""
        findings = Findings()
        good, foreign = (variant(trace, findings, each) for each in (self.GOOD, self.FOREIGN))
        if good is not None and judge_served(findings, self.GOOD, good) and foreign is not None:
            judge_refused(findings, self.FOREIGN, foreign)
        return self.conclude(findings, trace, "no challenge was asked for")


class Resynchronisation(TestCase):
    """6.1.3.3.1: a synchronisation failure goes on to the UDM, with RAND and AUTS."""

    name = "MAKMAL_AUSF_RESYNCHRONISATION"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    STEP = "a synchronisation failure"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF. Our UDM is behind the AUSF."""
        bench.needs_neighbours()
        authentication = bench.services.authentication
        with bench.variant(f"a challenge before {self.STEP}"):
            subscription = bench.new_subscription()
            answer = await authentication.begin(subscription.supi)
            challenge = authentication.challenge(answer)
            information = authentication.synchronisation_failure(subscription, challenge)
            with bench.variant(self.STEP):
                await authentication.begin(subscription.supi, resynchronisation=information)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the UDM is asked for a vector without it, or not at all."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        found = None if section is None else exchange(section)
        given = None if found is None else document(found[0]).get("resynchronizationInfo")
        if section is not None and (found is None or given is None):
            findings.doubt("no synchronisation failure was reported", section.frame)
        elif section is not None and found is not None:
            asked = [
                each
                for each in requests(section, "nudm-ueau")
                if "generate-auth-data" in (each.http.path or "")
            ]
            passed_on = [e for e in asked if document(e).get("resynchronizationInfo") == given]
            # Who was not answered, or told of an overload, saw nothing come to an end.
            ended = found[1] is not None and (found[1].http.status or 500) < 500
            if passed_on and ended:
                findings.conforming(
                    "the UDM was given RAND and AUTS", found[0].frame, passed_on[0].frame
                )
            elif not ended:
                findings.doubt("the AUSF did not answer", found[0].frame)
            elif asked:
                findings.violation(
                    "the UDM was asked without RAND and AUTS", found[0].frame, asked[0].frame
                )
            else:
                findings.violation("the UDM was not asked", found[0].frame)
        return self.conclude(findings, trace, "no synchronisation failure was reported")
