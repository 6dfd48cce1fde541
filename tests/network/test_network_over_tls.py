"""The whole reference network over TLS: a registration with a session, all of it read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from makmal.audit import audit_capture
from makmal.bench.embedded import open_embedded_bench
from makmal.bench.embedded_plan import embedded_plan
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import PayloadRecorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.security.certificates import CertificateAuthority
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import Message, SbiMessage


def registration(in_tls: bool) -> list[Message]:
    recorder = PayloadRecorder()

    async def work() -> list[Message]:
        world, plan = SimulatedWorld(recorder), embedded_plan()
        if in_tls:
            plan = replace(plan, authority=CertificateAuthority(plan.domain))
        bench, known = await open_embedded_bench(world, plan=plan)
        await bench.registered_ue(session=True)
        await bench.close()
        assert not world.failures
        return Dissector(known).payloads(recorder.payloads)

    return simulate(work())


@pytest.fixture(scope="module")
def in_clear() -> list[Message]:
    return registration(False)


def services(messages: list[Message]) -> list[str]:
    return [each.name for each in messages if isinstance(each, SbiMessage)]


def test_the_same_services_are_asked_for(in_clear: list[Message]) -> None:
    messages = registration(True)
    http = [each for each in messages if isinstance(each, SbiMessage)]
    assert all(each.over_tls for each in http)
    assert sorted(services(messages)) == sorted(services(in_clear))
    kinds = Counter(each.protocol for each in messages)
    assert kinds["nas"] == sum(each.protocol == "nas" for each in in_clear)
    assert kinds["undecodable"] == 0


def test_an_audit_reads_it_and_takes_nothing_for_clear_text(tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"

    async def work(recorder: FrameRecorder) -> Knowledge:
        world, plan = SimulatedWorld(recorder), embedded_plan()
        plan = replace(plan, authority=CertificateAuthority(plan.domain))
        bench, known = await open_embedded_bench(world, plan=plan)
        await bench.registered_ue(session=True)
        await bench.close()
        return known

    with path.open("wb") as file:
        known = simulate(work(FrameRecorder(file)))
    report = audit_capture(path, known)
    assert not report.problems
    assert report.messages["sbi"] > 30
    verdicts = {each.test_case: each for each in report.verdicts}
    transport = verdicts["TC_PROTECT_TRANSPORT_LAYER"]
    assert transport.outcome is Outcome.PASS, transport.reason
    # What is inside is judged: with the keys, and by the tokens that were shown.
    assert verdicts["TC_NAS_NULL_INT_AMF"].outcome is Outcome.PASS
