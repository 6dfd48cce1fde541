"""TS 33.117, 4.2.2.2.3.1 and 4.2.2.2.4.1: access tokens and client credentials assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import NOT_APPLICABLE
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import (
    NOT_AUTHORIZED,
    is_known,
    judge_refused,
    judge_served,
    sections_of,
)
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_PAST = 1_000_000_000
_OTHER_SLICE = {"sst": 255, "sd": "fffffe"}


def _judge(
    findings: Findings, trace: Trace, before: str, variants: tuple[str, ...], after: str
) -> None:
    """Good before, each variant refused, good after."""
    sections = sections_of(trace)
    served = is_known(sections, findings, before) and judge_served(
        findings, before, sections[before]
    )
    for name in variants if served else ():
        if f"{NOT_APPLICABLE}{name}" not in sections and is_known(sections, findings, name):
            judge_refused(findings, name, sections[name], NOT_AUTHORIZED)
    if served and is_known(sections, findings, after):
        judge_served(findings, after, sections[after])


class TokenVerification(TestCase):
    """4.2.2.2.3.1: a token that is not right opens no service."""

    name = "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN"
    features = ("oauth2",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    BEFORE, AFTER = "a good token", "a good token again"
    NONE = "no token"
    SIGNATURE = "a token that another NRF signed"
    AUDIENCE = "a token for another NF type"
    SCOPE = "a token of another scope"
    EXPIRED = "a token that has expired"
    UNSIGNED = "a token of the algorithm none"
    CONFUSED = "a token with an HMAC by the NRF's public key"
    OWN_KEY = "a token that names its own key"
    # What a token may be narrowed down to, by the feature of a product that reads it.
    NARROWED: ClassVar[dict[str, str]] = {
        "token-slices": "a token for another slice",
        "token-nsi": "a token for another network slice instance",
        "token-nf-set": "a token for another NF set",
        "token-additional-scope": "a token for another resource of the service",
    }

    async def procedure(self, bench: Bench) -> None:
        """As consumer, with tokens of the NRF whose key the laboratory holds."""
        bench.needs_neighbours()
        services, operation = bench.services, await bench.services.operation()
        good = operation.claims
        service = operation.operation.service
        variants = {
            self.BEFORE: services.signed(good),
            self.NONE: None,
            self.SIGNATURE: services.signed_by_stranger(good),
            self.AUDIENCE: services.signed(
                good | {"aud": "AMF" if services.product != "AMF" else "SMF"}
            ),
            self.SCOPE: services.signed(good | {"scope": "nnef-pfdmanagement"}),
            self.EXPIRED: services.signed(good | {"exp": _PAST}),
            self.UNSIGNED: services.unsigned(good),
            self.CONFUSED: services.signed_with_public_key(good),
            self.OWN_KEY: services.signed_by_stranger(good, names_key=True),
        }
        narrowed: dict[str, dict[str, Any]] = {
            "token-slices": {"producerSnssaiList": [_OTHER_SLICE]},
            "token-nsi": {"producerNsiList": ["makmal-other"]},
            "token-nf-set": {"producerNfSetId": "set999.otherset.5gc.mnc001.mcc001"},
            "token-additional-scope": {"scope": f"{service} {service}:makmal-other:read"},
        }
        for feature, name in self.NARROWED.items():
            if bench.has(feature):
                variants[name] = services.signed(good | narrowed[feature])
            else:
                bench.mark(f"{NOT_APPLICABLE}{name}")
        variants[self.AFTER] = services.signed(good)
        for name, token in variants.items():
            call = await operation.call()
            with bench.variant(name):
                await operation.send(call, token=token)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one of them is served."""
        findings = Findings()
        variants = (
            self.NONE,
            self.SIGNATURE,
            self.AUDIENCE,
            self.SCOPE,
            self.EXPIRED,
            self.UNSIGNED,
            self.CONFUSED,
            self.OWN_KEY,
            *self.NARROWED.values(),
        )
        _judge(findings, trace, self.BEFORE, variants, self.AFTER)
        return self.conclude(findings, trace, "no request with a token was sent")


class AssertionValidation(TestCase):
    """4.2.2.2.4.1: a client credentials assertion that is not right opens no service."""

    name = "TC_CLIENT_CREDENTIALS_ASSERTION_VALIDATION"
    features = ("client-credentials-assertion",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    BEFORE, AFTER = "a good assertion", "a good assertion again"
    SIGNATURE = "an assertion that another key signed"
    AUDIENCE = "an assertion for another NF type"
    EXPIRED = "an assertion that has expired"

    async def procedure(self, bench: Bench) -> None:
        """As consumer, and as the SCP that passes its requests on; with a good token always."""
        bench.needs_neighbours()
        services, operation = bench.services, await bench.services.operation()
        consumer = operation.operation.consumer
        other = ["AMF"] if services.product != "AMF" else ["SMF"]
        variants = {
            self.BEFORE: services.assertion(consumer),
            self.SIGNATURE: services.assertion(consumer, forged=True),
            self.AUDIENCE: services.assertion(consumer, aud=other),
            self.EXPIRED: services.assertion(consumer, iat=_PAST, exp=_PAST + 60),
            self.AFTER: services.assertion(consumer),
        }
        for name, assertion in variants.items():
            call = await operation.call()
            with bench.variant(name):
                await operation.send(call, assertion=assertion)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one of them is served."""
        findings = Findings()
        variants = (self.SIGNATURE, self.AUDIENCE, self.EXPIRED)
        _judge(findings, trace, self.BEFORE, variants, self.AFTER)
        return self.conclude(findings, trace, "no request with an assertion was sent")
