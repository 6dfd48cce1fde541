"""TS 33.501, 13.4.1.1.2; TS 29.510, 5.4.2.2: whom an NRF grants what token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.security import tokens
from makmal.security.tokens import AccessToken, TokenError
from makmal.testcases.reading import document, exchange, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_DAY = 86_400
# What nobody offers.
_NO_SERVICE = "nudsf-dr"


class TokenGrant(TestCase):
    """A token for who may have one, with the claims that were asked for, and for nobody else."""

    name = "MAKMAL_NRF_TOKEN_GRANT"
    features = ("oauth2",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    GOOD = "a request of a registered consumer"
    UNKNOWN = "a request of a consumer that is not registered"
    TYPE = "a request of a consumer that says to be of another NF type"
    SERVICE = "a request for a service that nobody offers"
    FORBIDDEN = "a request for a producer that does not allow the consumer"
    REGISTRATION, _FUNCTIONS = "registration of consumer and producers", 3
    _REFUSED = (UNKNOWN, TYPE, SERVICE, FORBIDDEN)

    async def procedure(self, bench: Bench) -> None:
        """Functions of ours: a consumer, a producer that allows it, and one that does not."""
        nrf = bench.services.nrf
        with bench.variant(self.REGISTRATION):
            consumer = await nrf.register("SMF")
            producer = await nrf.register_producer(["SMF", "AMF"])
            other = await nrf.register_producer(["NEF"])
        scope = nrf.SERVICE
        with bench.variant(self.GOOD):
            await nrf.ask_token(consumer, "SMF", scope, producer)
        with bench.variant(self.UNKNOWN):
            await nrf.ask_token(nrf.unknown(), "SMF", scope, producer)
        with bench.variant(self.TYPE):
            await nrf.ask_token(consumer, "AMF", scope, producer)
        with bench.variant(self.SERVICE):
            await nrf.ask_token(consumer, "SMF", _NO_SERVICE, producer)
        with bench.variant(self.FORBIDDEN):
            await nrf.ask_token(consumer, "SMF", scope, other)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a token for who may have none, or on one that opens more than was asked for."""
        findings = Findings()
        section = variant(trace, findings, self.GOOD)
        registered = trace.section(self.REGISTRATION)
        taken = [
            each
            for each in (() if registered is None else registered.services)
            if not each.http.is_request and each.http.status in (200, 201)
        ]
        if len(taken) < self._FUNCTIONS:
            findings.doubt("consumer and producers could not all be registered")
        if section is not None and self._judge_good(findings, section):
            for name in self._REFUSED:
                refused = variant(trace, findings, name)
                if refused is not None:
                    self._judge_refused(findings, name, refused)
        return self.conclude(findings, trace, "no token was asked for")

    def _judge_good(self, findings: Findings, section: Section) -> bool:
        found = exchange(section)
        text = None if found is None else document(found[1]).get("access_token")
        if found is None or found[1] is None or not isinstance(text, str):
            findings.doubt(f"{self.GOOD}: no token was granted, so that nothing is shown")
            return False
        frames = found[0].frame, found[1].frame
        try:
            token = tokens.parse(text)
        except TokenError as error:
            findings.violation(f"{self.GOOD}: what was granted is no token ({error})", *frames)
            return True
        asked = found[0].http.body.decode("utf-8", "replace")
        wrong = _wrong_claims(token, asked, found[1].time_ns // 1_000_000_000)
        for each in wrong:
            findings.violation(f"{self.GOOD}: {each}", *frames)
        if not wrong:
            findings.conforming(f"{self.GOOD}: granted as asked for", *frames)
        return True

    def _judge_refused(self, findings: Findings, name: str, section: Section) -> None:
        found = exchange(section)
        answer = None if found is None else found[1]
        if found is None or answer is None:
            findings.doubt(f"{name}: no answer", section.frame)
        elif "access_token" in document(answer):
            findings.violation(f"{name}: a token was granted", found[0].frame, answer.frame)
        elif 400 <= (answer.http.status or 0) < 500:
            status = answer.http.status
            findings.conforming(f"{name}: refused with {status}", found[0].frame, answer.frame)
        else:
            findings.doubt(f"{name}: answered with {answer.http.status}", answer.frame)


def _wrong_claims(token: AccessToken, asked: str, now: int) -> list[str]:
    """What of a token is not as it must be (TS 29.510, 6.3.5.2.4)."""
    wrong: list[str] = []
    if (token.algorithm or "none").lower() == "none" or not token.signature:
        wrong.append("the token is not signed")
    wanted: dict[str, Any] = dict(
        each.partition("=")[::2] for each in asked.split("&") if "=" in each
    )
    audience = token.audience
    named = {audience} if isinstance(audience, str) else set(audience or ())
    if not named or not named <= {wanted.get("targetNfType"), wanted.get("targetNfInstanceId")}:
        wrong.append("the audience is not the producer that was asked for")
    more = token.scope - {str(wanted.get("scope"))}
    if more:
        wrong.append("the scope holds more than was asked for")
    if token.expires is None or token.expires > now + 30 * _DAY:
        wrong.append("the token does not expire within 30 days")
    return wrong
