"""Requests through the PDU session of a UE: the same verdicts, and the packets on N3."""

from __future__ import annotations

import io

import pytest

from makmal.bench.application.embedded import SOUND, read_recorded
from makmal.bench.application.through_session import open_through_session
from makmal.cloud.faults import FAULTS
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.simulated_world import simulate
from makmal.testcases.registry import test_cases
from makmal.trace.capture_source import Source
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import GtpuMessage
from makmal.trace.pcapng import Reader

OBJECTS, FORGERY = "MAKMAL_API1_OBJECT_AUTHORISATION", "MAKMAL_API7_SSRF"
WEAK = {each.name: each.apply(SOUND) for each in FAULTS}


@pytest.mark.parametrize(
    ("name", "policy", "outcome"),
    [
        (OBJECTS, SOUND, Outcome.PASS),
        (OBJECTS, WEAK["object-owner-not-checked"], Outcome.FAIL),
        (FORGERY, SOUND, Outcome.PASS),
        (FORGERY, WEAK["fetches-any-host"], Outcome.FAIL),
    ],
    ids=lambda each: str(each)[:30],
)
def test_verdicts_are_the_same_through_a_session(
    name: str, policy: object, outcome: Outcome
) -> None:
    stream = io.BytesIO()
    test_case = test_cases()[name]()

    async def run() -> None:
        async with open_through_session(FrameRecorder(stream), policy) as bench:  # type: ignore[arg-type]
            await test_case.procedure(bench)

    simulate(run())
    verdict = test_case.judge(read_recorded(stream, test_case, Knowledge()))
    assert verdict.outcome is outcome, verdict.full_reason
    stream.seek(0)
    dissector = Dissector()
    packets = [
        message
        for frame in Reader(Source(stream, []))
        for message in dissector.feed(frame)
        if isinstance(message, GtpuMessage) and message.is_user_packet
    ]
    # At least the requests and their answers, in packets of their own.
    assert len(packets) > 20
