"""TS 33.501, 6.1.3 and 6.1.4.1a: the proof of a UE, and who learns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import document, exchange, requests, variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import judge_refused
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_SUCCESS = "AUTHENTICATION_SUCCESS"
_KEYS = ("kseaf", "kSeaf")


def _answer(section: Section) -> tuple[dict[str, Any], tuple[int, ...]] | None:
    """What the AUSF said to a confirmation, and the frames."""
    found = exchange(section)
    if found is None or found[1] is None or not 200 <= (found[1].http.status or 0) < 300:
        return None
    return document(found[1]), (found[0].frame, found[1].frame)


def _answered(section: Section) -> str | None:
    """The result that the AUSF gave the SEAF, empty for none in a refusal; None for no answer."""
    found = exchange(section)
    status = 0 if found is None or found[1] is None else found[1].http.status or 0
    if found is None or not (200 <= status < 300 or 400 <= status < 500):
        return None
    result = document(found[1]).get("authResult")
    return result if isinstance(result, str) else "" if status >= 400 else None


def _judge_proof(findings: Findings, name: str, section: Section) -> bool:
    """The right answer must be believed, or nothing that is refused proves anything."""
    found = _answer(section)
    if found is None or found[0].get("authResult") != _SUCCESS:
        findings.doubt(f"{name}: it was not believed, so that nothing is shown", section.frame)
        return False
    findings.conforming(f"{name}: believed", *found[1])
    return True


def _judge_no_proof(findings: Findings, name: str, section: Section) -> None:
    """No success, no key and no SUPI for a wrong answer."""
    found = exchange(section)
    if found is None or found[1] is None:
        findings.doubt(f"{name}: no answer", section.frame)
        return
    said, frames = document(found[1]), (found[0].frame, found[1].frame)
    status = found[1].http.status or 0
    if said.get("authResult") == _SUCCESS:
        findings.violation(f"{name}: believed", *frames)
    elif any(said.get(each) for each in _KEYS):
        findings.violation(f"{name}: KSEAF was given all the same", *frames)
    elif not (200 <= status < 300 or 400 <= status < 500):
        findings.doubt(f"{name}: answered with {status}", *frames)
    else:
        findings.conforming(f"{name}: not believed", *frames)


class ResStar(TestCase):
    """6.1.3.2.0, step 11: RES* is compared with XRES*, and is good for once."""

    name = "MAKMAL_AUSF_RES_STAR"
    RIGHT, WRONG, NONE = "the right RES*", "a wrong RES*", "no RES*"
    AGAIN = "the right RES* for a second time"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF; a challenge of its own for each answer."""
        authentication = bench.services.authentication
        for name in (self.RIGHT, self.WRONG, self.NONE):
            with bench.variant(f"a challenge for {name}"):
                subscription = bench.services.subscription()
                answer = await authentication.begin(subscription.supi)
                challenge = authentication.challenge(answer)
                right = authentication.res_star(subscription, challenge)
                wrong = right[:-1] + bytes((right[-1] ^ 0xFF,))
                given = {self.RIGHT: right, self.WRONG: wrong, self.NONE: None}[name]
                with bench.variant(name):
                    await authentication.confirm(challenge, given)
                if name == self.RIGHT:
                    with bench.variant(self.AGAIN):
                        await authentication.confirm(challenge, right)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a wrong one, none, or one that was used is believed."""
        findings = Findings()
        right = variant(trace, findings, self.RIGHT)
        if right is not None and _judge_proof(findings, self.RIGHT, right):
            for name in (self.WRONG, self.NONE):
                section = variant(trace, findings, name)
                if section is not None:
                    _judge_no_proof(findings, name, section)
            again = variant(trace, findings, self.AGAIN)
            if again is not None:
                judge_refused(findings, self.AGAIN, again)
        return self.conclude(findings, trace, "no challenge was answered")


class EapResponse(TestCase):
    """6.1.3.1, steps 9 to 11: RES and AT_MAC of EAP-AKA' are verified."""

    name = "MAKMAL_AUSF_EAP_AKA_PRIME"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    RIGHT, RES, MAC = "the right answer", "an answer with a wrong RES", "an answer with a wrong MAC"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF; our UDM has the subscriber authenticated by EAP-AKA'."""
        bench.needs_neighbours()
        authentication = bench.services.authentication
        for name in (self.RIGHT, self.RES, self.MAC):
            with bench.variant(f"a challenge for {name}"):
                subscription = authentication.eap_subscription()
                answer = await authentication.begin(subscription.supi)
                challenge = authentication.challenge(answer)
                response = authentication.eap_response(
                    subscription,
                    challenge,
                    wrong_res=name == self.RES,
                    wrong_mac=name == self.MAC,
                )
                with bench.variant(name):
                    await authentication.answer_eap(challenge, response)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a wrong one is believed."""
        findings = Findings()
        right = variant(trace, findings, self.RIGHT)
        if right is not None and _judge_proof(findings, self.RIGHT, right):
            for name in (self.RES, self.MAC):
                section = variant(trace, findings, name)
                if section is not None:
                    _judge_no_proof(findings, name, section)
        return self.conclude(findings, trace, "no challenge was answered")


class ResultConfirmation(TestCase):
    """6.1.4.1a: the UDM learns the result as it is."""

    name = "MAKMAL_AUSF_RESULT_CONFIRMATION"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    RIGHT, WRONG = "a successful authentication", "a failed authentication"

    async def procedure(self, bench: Bench) -> None:
        """As SEAF. Our UDM is behind the AUSF."""
        bench.needs_neighbours()
        authentication = bench.services.authentication
        for name in (self.RIGHT, self.WRONG):
            with bench.variant(f"a challenge for {name}"):
                subscription = bench.services.subscription()
                answer = await authentication.begin(subscription.supi)
                challenge = authentication.challenge(answer)
                res_star = authentication.res_star(subscription, challenge)
                if name == self.WRONG:
                    res_star = res_star[:-1] + bytes((res_star[-1] ^ 0xFF,))
                with bench.variant(name):
                    await authentication.confirm(challenge, res_star)
                    await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a success is not reported, or a failure as a success."""
        findings = Findings()
        for name, success in ((self.RIGHT, True), (self.WRONG, False)):
            section = variant(trace, findings, name)
            if section is None:
                continue
            reported = [
                each
                for each in requests(section, "nudm-ueau")
                if "auth-events" in (each.http.path or "")
            ]
            # It may be told again, when the UDM did not answer at once.
            told = next((e for e in reported if document(e).get("success") is success), None)
            other = next((e for e in reported if document(e).get("success") is not success), None)
            answer = _answered(section)
            if answer is None or (success and answer != _SUCCESS):
                findings.doubt(f"{name}: the AUSF did not say so to the SEAF", section.frame)
            elif other is not None:
                findings.violation(f"{name}: the UDM was told otherwise", other.frame)
            elif told is not None:
                findings.conforming(f"{name}: the UDM was told so", told.frame)
            elif success:
                findings.violation(f"{name}: the UDM was not told", section.frame)
            else:
                # 6.1.4.1a: that a failure is reported is up to the home network.
                findings.conforming(f"{name}: the UDM was told of no success", section.frame)
        return self.conclude(findings, trace, "no authentication was seen")
