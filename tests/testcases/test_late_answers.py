"""An answer to a challenge whose vector has expired: the AUSF may refuse it, and ours does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from makmal.bench.embedded import trace_of
from makmal.network.ausf.policy import AusfPolicy
from makmal.network.faults import SOUND
from makmal.testcases.ausf.confirmations import ResStar
from makmal.trace.message import SbiMessage


async def answer_late(case: ResStar, bench: Any) -> None:
    """As SEAF: the right RES* half a minute after the challenge."""
    authentication = bench.services.authentication
    subscription = bench.services.subscription()
    challenge = authentication.challenge(await authentication.begin(subscription.supi))
    await asyncio.sleep(30.0)
    await authentication.confirm(challenge, authentication.res_star(subscription, challenge))


@pytest.mark.parametrize(
    ("policy", "result"),
    [
        (AusfPolicy(vector_seconds=29.0), "AUTHENTICATION_FAILURE"),
        (AusfPolicy(vector_seconds=31.0), "AUTHENTICATION_SUCCESS"),
        (AusfPolicy(vector_seconds=29.0, heeds_expiry=False), "AUTHENTICATION_SUCCESS"),
    ],
)
def test_an_answer_that_comes_too_late(
    policy: AusfPolicy, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No class of its own, which would be one of the registry's test cases.
    monkeypatch.setattr(ResStar, "procedure", answer_late)
    trace = trace_of(ResStar(), replace(SOUND, ausf=policy), product="AUSF")
    answers = [
        each.http.json().value
        for each in trace.messages
        if isinstance(each, SbiMessage) and not each.http.is_request and each.http.body
    ]
    assert [each["authResult"] for each in answers if "authResult" in each][-1:] == [result]
