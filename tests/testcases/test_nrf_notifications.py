"""The judge of notifications, on what an NRF with other functions than ours tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from makmal.judges.verdict import Outcome
from makmal.network import service
from makmal.network.frame_recorder import FrameRecorder
from makmal.testcases.ts33518.profiles import NotificationAuthorization
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.message import Message
from makmal.trace.trace import Trace

CASE = NotificationAuthorization()
AMF, NRF = Endpoint("192.0.2.12", 7777), Endpoint("192.0.2.19", 7777)
INSTANCES = "/nnrf-nfm/v1/nf-instances"
SUBSCRIPTIONS = "/nnrf-nfm/v1/subscriptions"
OWN, OTHERS = "9555facb-f1df-5e7f-b995-155dd8d438f2", "00000000-0000-4000-8000-000000000001"


def trace_of(path: Path, told: Sequence[tuple[str, str]]) -> Trace:
    """Two subscriptions, a registration, and notifications: of whom to which subscriber."""
    with path.open("wb") as file:
        recorder = FrameRecorder(file)
        recorder.step(0, CASE.PREPARATION)
        for number, name in enumerate((CASE.ALLOWED, CASE.OTHER)):
            body = service.json_body({"nfStatusNotificationUri": f"http://amf/callback/{name}"})
            ends = Endpoint(AMF.address, 50_000 + number), NRF
            asked = service.request("POST", SUBSCRIPTIONS, body, authority="n")
            recorder.http(0, *ends, asked, 100 + number)
            taken = replace(service.response(201), request=asked)
            recorder.http(0, *ends[::-1], taken, 100 + number)
        recorder.step(1, CASE.CHANGE)
        request = service.request("PUT", f"{INSTANCES}/{OWN}", service.json_body({}), authority="n")
        recorder.http(1, Endpoint(AMF.address, 40_000), NRF, request, 1)
        for number, (instance, subscriber) in enumerate(told, 2):
            body = service.json_body(
                {"event": "NF_REGISTERED", "nfInstanceUri": f"http://nrf{INSTANCES}/{instance}"}
            )
            notified = f"/makmal-callback/{subscriber}"
            request = service.request("POST", notified, body, authority="amf")
            recorder.http(2, Endpoint(NRF.address, 40_000 + number), AMF, request, number)
    messages: list[Message] = []
    with open_capture(path) as capture:
        dissector = Dissector()
        for frame in capture:
            messages += dissector.feed(frame)
        messages += dissector.finish()
    return Trace(tuple(messages))


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ([(OWN, CASE.ALLOWED)], Outcome.PASS),
        ([(OWN, CASE.ALLOWED), (OWN, CASE.OTHER)], Outcome.FAIL),
        # Open5GS tells in the same moment of functions whose heartbeats did not come.
        ([(OWN, CASE.ALLOWED), (OTHERS, CASE.OTHER)], Outcome.PASS),
        ([(OTHERS, CASE.ALLOWED), (OTHERS, CASE.OTHER)], Outcome.INCONCLUSIVE),
        ([], Outcome.INCONCLUSIVE),
    ],
)
def test_only_what_is_told_of_the_function_that_registered_counts(
    tmp_path: Path, told: list[tuple[str, str]], outcome: Outcome
) -> None:
    assert CASE.judge(trace_of(tmp_path / "trace.pcapng", told)).outcome is outcome
