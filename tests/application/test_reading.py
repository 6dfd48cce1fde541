"""Damaged traces of applications and devices: messages or none, and a verdict all the same."""

from __future__ import annotations

import io
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.bench.application import embedded as application
from makmal.bench.device import embedded as device
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.simulated_world import simulate
from makmal.testcases.registry import test_cases
from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.capture_source import Source
from makmal.trace.frame import Frame
from makmal.trace.message import ApplicationMessage, MqttMessage
from makmal.trace.pcapng import Reader
from makmal.trace.trace import Trace

OBJECTS, MQTT = "MAKMAL_API1_OBJECT_AUTHORISATION", "MAKMAL_EN303645_5.13-1"


@cache
def recorded(name: str) -> tuple[tuple[Frame, ...], list[tuple[int, bytes]]]:
    stream = io.BytesIO()
    opened = application.open_embedded if name == OBJECTS else device.open_embedded

    async def run() -> None:
        async with opened(FrameRecorder(stream)) as bench:
            await test_cases()[name]().procedure(bench)

    simulate(run())
    stream.seek(0)
    reader = Reader(Source(stream, []))
    return tuple(reader), reader.secrets


def judged(name: str, frames: list[Frame], secrets: list[tuple[int, bytes]]) -> Outcome:
    dissector = ApplicationDissector(secrets=secrets)
    messages = [each for frame in frames for each in dissector.feed(frame)]
    return test_cases()[name]().judge(Trace(tuple(messages + dissector.finish()))).outcome


@pytest.mark.parametrize("name", [OBJECTS, MQTT])
def test_without_the_secrets_nothing_is_read_and_nothing_passes(name: str) -> None:
    frames, secrets = recorded(name)
    assert judged(name, list(frames), secrets) is Outcome.PASS
    assert judged(name, list(frames), []) is Outcome.INCONCLUSIVE
    dissector = ApplicationDissector()
    messages = [each for frame in frames for each in dissector.feed(frame)]
    assert not [each for each in messages if isinstance(each, (ApplicationMessage, MqttMessage))]


@pytest.mark.parametrize("name", [OBJECTS, MQTT])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_damaged_trace_gives_a_verdict(name: str, data: st.DataObject) -> None:
    whole, secrets = recorded(name)
    frames = list(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(frames) - 1))
        octets = bytearray(frames[at].data)
        kind = data.draw(st.sampled_from(("alter", "cut", "lose", "repeat")))
        if kind == "lose":
            del frames[at]
        elif kind == "repeat":
            frames.insert(at, frames[at])
        elif octets:
            place = data.draw(st.integers(0, len(octets) - 1))
            if kind == "cut":
                del octets[place:]
            else:
                octets[place] ^= data.draw(st.integers(1, 255))
            frames[at] = frames[at]._replace(data=bytes(octets))
    assert judged(name, frames, secrets) in tuple(Outcome)
