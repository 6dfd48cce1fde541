"""Everything that our functions emit, read by tshark: nothing malformed, no expert error."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from makmal.network.frame_recorder import FrameRecorder
from makmal.network.scope import LOOPBACK, Scope
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.wire_world import WireWorld
from makmal.network.world import World
from makmal.protocol import ngap
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.message import Message, NgapMessage, Undecodable

from ..network.scenarios import SCENARIOS, Net, loopback, plan
from .conftest import Witness

# With null ciphering tshark reads NAS to its last element.
NETWORKS = ("simulated", "simulated and legible", "wire", "wire and legible")


async def _play(net: Net) -> None:
    """Every procedure, one after another, on one network."""
    await net.start()
    try:
        for scenario in SCENARIOS.values():
            await scenario(net)
    finally:
        await net.stop()


def _record(name: str, path: Path) -> None:
    legible = name.endswith("legible")
    with path.open("wb") as stream:
        recorder = FrameRecorder(stream)

        async def simulated() -> None:
            await _play(Net(SimulatedWorld(recorder), plan(), legible=legible))

        async def wire() -> None:
            async with asyncio.timeout(60):
                world: World = WireWorld(recorder, Scope(LOOPBACK))
                await _play(Net(world, plan(loopback(170)), legible=legible))

        if name.startswith("simulated"):
            simulate(simulated())
        else:
            asyncio.run(wire())


@pytest.fixture(scope="module", params=NETWORKS)
def recorded(
    request: pytest.FixtureRequest, tshark_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Witness:
    path = tmp_path_factory.mktemp("reference") / "network.pcapng"
    _record(request.param, path)
    return Witness(tshark_path, path, legible=request.param.endswith("legible"))


@pytest.fixture(scope="module")
def messages(recorded: Witness) -> list[Message]:
    dissector = Dissector()
    found: list[Message] = []
    with open_capture(recorded.path) as capture:
        for frame in capture:
            found += dissector.feed(frame)
        assert not capture.problems
    return found + dissector.finish()


def test_nothing_is_malformed(recorded: Witness) -> None:
    rows = recorded.rows("_ws.malformed or _ws.expert.severity == error", "_ws.expert.message")
    assert rows == {}


def test_nothing_is_undecodable_to_us(messages: list[Message]) -> None:
    assert [each for each in messages if isinstance(each, Undecodable)] == []


def test_every_procedure_is_in_it(recorded: Witness, messages: list[Message]) -> None:
    """A capture in which little happened would prove little."""
    rows = recorded.rows("ngap", "ngap.procedureCode")
    seen = {int(code) for row in rows.values() for code in row[0]}
    ours = {int(each.pdu.procedure_code) for each in messages if isinstance(each, NgapMessage)}
    assert ours == seen
    code = ngap.ProcedureCode
    assert {
        code.NG_SETUP, code.NG_RESET, code.INITIAL_UE_MESSAGE, code.UPLINK_NAS_TRANSPORT,
        code.DOWNLINK_NAS_TRANSPORT, code.INITIAL_CONTEXT_SETUP, code.UE_CONTEXT_RELEASE,
        code.UE_CONTEXT_RELEASE_REQUEST, code.PDU_SESSION_RESOURCE_SETUP,
        code.PDU_SESSION_RESOURCE_RELEASE, code.PATH_SWITCH_REQUEST, code.PAGING,
        code.HANDOVER_PREPARATION, code.HANDOVER_RESOURCE_ALLOCATION, code.HANDOVER_NOTIFICATION,
        code.UE_CONTEXT_SUSPEND, code.UE_CONTEXT_RESUME,
    } <= seen  # fmt: skip
    nas = recorded.rows("nas-5gs", "nas_5gs.mm.message_type", "nas_5gs.security_header_type")
    assert len(nas) > 300
    assert len(recorded.rows("http2.headers.method")) > 200
    assert len(recorded.rows("pfcp")) > 40
