"""An application behind a core of somebody else: each request goes through a PDU session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest

from makmal.bench import reference_ends
from makmal.bench.embedded_plan import embedded_subscriptions
from makmal.bench.hooks import Hooks
from makmal.bench.not_done import NotDoneError
from makmal.bench.opening import bench_opener
from makmal.bench.target import Target, TargetError, load_target
from makmal.judges.verdict import Outcome
from makmal.network import wire_world
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.scope import Scope
from makmal.network.streams import SocketConnector
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.wire_world import WireWorld
from makmal.testcases.registry import test_cases
from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.message import GtpuMessage, NgapMessage
from makmal.trace.trace import Trace

# Addresses of loopback that no other run of these tests has.
NET = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}"
GNB = f"{NET}.9"
PLAN = NetworkPlan(addresses={name: f"{NET}.{number}" for number, name in enumerate(FUNCTIONS, 10)})
UE = embedded_subscriptions(PLAN)[0]
SESSION = f"""
[laboratory]
path = "pdu session"

[session]
core = "{PLAN.address("AMF")}"
gnb = "{GNB}"
sctp = "udp"

[[subscriber]]
supi = "{UE.supi}"
k = "{UE.key.hex()}"
opc = "{UE.opc.hex()}"
algorithm_set = "{UE.algorithm_set}"
"""


@asynccontextmanager
async def core_and_application(directory: Path) -> AsyncIterator[str]:
    """The reference network as somebody else's core, and the application behind its N6."""
    scope = Scope()
    world = WireWorld(scope=scope, carriage=Carriage.UDP)
    data_network = AddressTranslation(world, PLAN.address("UPF"), SocketConnector(scope))
    network = ReferenceNetwork(world, PLAN, (UE,), data_network=data_network)
    await network.start(warm=True)
    address = f"{NET}.100"
    try:
        async with reference_ends.serve_application(SocketConnector(scope), address, []):
            path = reference_ends.write_application(directory, address)
            yield path.read_text("utf-8") + SESSION
    finally:
        await network.stop()
        await world.close()


def target_in(directory: Path, text: str) -> Target:
    path = directory / "through.toml"
    path.write_text(text, "utf-8")
    return load_target(path)


@pytest.mark.parametrize(
    "name", ["MAKMAL_API1_OBJECT_AUTHORISATION", "MAKMAL_API7_SSRF", "MAKMAL_APPLICATION_TLS"]
)
def test_a_test_case_runs_through_the_session(name: str, tmp_path: Path) -> None:
    case, stream = test_cases()[name](), BytesIO()

    async def run() -> Target:
        async with core_and_application(tmp_path) as text:
            target = target_in(tmp_path, text)
            opener = bench_opener(Hooks({}, tmp_path))
            async with opener(target, FrameRecorder(stream)) as bench:
                await case.procedure(bench)
            return target

    target = asyncio.run(run())
    file = tmp_path / "trace.pcapng"
    file.write_bytes(stream.getvalue())
    with open_capture(file) as capture:
        ends = ApplicationDissector(target.knowledge(), capture.secrets)
        network = Dissector(target.knowledge(), capture.secrets)
        messages, packets = [], []
        for frame in capture:
            messages += ends.feed(frame)
            packets += network.feed(frame)
    verdict = case.judge(Trace(tuple(messages), target.knowledge()))
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert any(isinstance(each, NgapMessage) for each in packets)
    assert sum(isinstance(each, GtpuMessage) for each in packets) > 20


def test_a_core_that_does_not_know_the_ue_is_said_to(tmp_path: Path) -> None:
    async def run() -> None:
        async with core_and_application(tmp_path) as text:
            target = target_in(tmp_path, text.replace(UE.supi, UE.supi[:-1] + "9"))
            async with bench_opener(Hooks({}, tmp_path))(target, FrameRecorder(BytesIO())):
                pass

    with pytest.raises(NotDoneError, match=r"was not registered.*: does the core know it"):
        asyncio.run(run())


def test_where_no_core_answers_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_world, "_CONNECT_SECONDS", 0.2)
    reference_ends.write_application(tmp_path, f"{NET}.100")
    target = target_in(tmp_path, (tmp_path / "cloud.toml").read_text("utf-8") + SESSION)

    async def run() -> None:
        async with bench_opener(Hooks({}, tmp_path))(target, FrameRecorder(BytesIO())):
            pass

    with pytest.raises(NotDoneError, match="there is no PDU session to go through"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SESSION.replace('"pdu session"', '"direct"'), 'needs path = "pdu session"'),
        ('[laboratory]\npath = "pdu session"\n', "name the core through which the application"),
        (SESSION.replace(GNB, "192.0.2.1"), "192.0.2.1 is outside the scope"),
        (SESSION[: SESSION.index("[[subscriber]]")], "name the UE of the session"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, reason: str) -> None:
    reference_ends.write_application(tmp_path, f"{NET}.100")
    with pytest.raises(TargetError, match=reason):
        target_in(tmp_path, (tmp_path / "cloud.toml").read_text("utf-8") + text)
