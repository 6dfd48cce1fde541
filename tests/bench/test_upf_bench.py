"""The bench of a UPF on sockets of the loopback interface: the verdicts are those of simulation."""

from __future__ import annotations

import asyncio
import os
from io import BytesIO
from pathlib import Path

import pytest

from makmal.bench.embedded_plan import embedded_plan, user_plane_addresses
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.hooks import Hooks
from makmal.bench.ipsec.manual import ManualIpsec
from makmal.bench.opening import bench_opener
from makmal.bench.target import Target, TargetError, parse_target
from makmal.bench.user_plane import embedded_upf
from makmal.bench.user_plane.upf_bench import UpfBench, UpfSettings
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import PayloadRecorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.upf import UpfPolicy
from makmal.testcases.registry import test_cases
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace

UPF = EMBEDDED_TARGETS["UPF"]
CASES = [name for name, kind in test_cases().items() if kind().product_classes == ("UPF",)]
# Addresses of loopback that no other run of these tests has.
FIRST = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.10"


def target(*faults: str) -> Target:
    listed = ", ".join(f'"{each}"' for each in faults)
    return parse_target(
        f"""
        [product]
        class = "UPF"
        attachment = "embedded"
        {f"faults = [{listed}]" if faults else ""}
        [laboratory]
        world = "wire"
        first_address = "{FIRST}"
        [timers]
        quiet = 0.03
        settle = 0.01
        answer = 0.12
        """
    )


def evaluate_on_the_wire(name: str, tmp_path: Path, *faults: str) -> Outcome:
    what, stream = target(*faults), BytesIO()
    case = test_cases()[name]()

    async def run() -> None:
        opener = bench_opener(Hooks({}, tmp_path))
        async with opener(what, FrameRecorder(stream)) as bench:
            await case.procedure(bench)
            assert not bench.world.failures

    asyncio.run(run())
    path = tmp_path / "trace.pcapng"
    path.write_bytes(stream.getvalue())
    with open_capture(path) as capture:
        dissector = Dissector(what.knowledge(), capture.secrets)
        messages = [each for frame in capture for each in dissector.feed(frame)]
    messages += dissector.finish()
    return case.judge(Trace(tuple(messages), what.knowledge())).outcome


@pytest.mark.parametrize("name", CASES)
def test_a_sound_upf_passes_on_the_wire(name: str, tmp_path: Path) -> None:
    assert evaluate_on_the_wire(name, tmp_path) is Outcome.PASS


@pytest.mark.parametrize("fault", UPF.faults, ids=lambda fault: fault.name)
def test_a_fault_is_caught_on_the_wire(fault: object, tmp_path: Path) -> None:
    for name in fault.caught_by:  # type: ignore[attr-defined]
        outcome = evaluate_on_the_wire(name, tmp_path, fault.name)  # type: ignore[attr-defined]
        assert outcome is Outcome.FAIL, name


SURROUNDED = """
[product]
name = "a UPF"
vendor = "somebody"
version = "1"
class = "UPF"
attachment = "surrounded"
[addresses]
n3 = "10.77.0.2"
n4 = "10.77.0.2"
[laboratory]
first_address = "10.77.0.10"
[network]
ue_pool = "10.45.0.0/16"
[scope]
networks = ["10.77.0.0/24"]
"""


def test_a_surrounded_upf_needs_no_subscribers_and_only_its_neighbours() -> None:
    what = parse_target(SURROUNDED)
    assert sorted(what.laboratory.addresses) == ["DN", "SMF", "SMF-2", "UPF-2", "gNB", "gNB-2"]
    assert what.plan().ue_pool == "10.45.0.0/16"
    assert what.knowledge().interface_addresses["n6"]


def test_a_pool_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"ue_pool.*IPv4 network"):
        parse_target(SURROUNDED.replace("10.45.0.0/16", "10.45.0.1/16"))


DECLARED = """
[declarations.n3-protection]
statement = "N3 lies within one locked building"
by = "A. Operator"
date = 2026-01-31
"""


def test_where_no_ipsec_is_declared_the_verdict_rests_on_a_statement_or_on_nothing() -> None:
    case = test_cases()["TC_UP_DATA_CONF_UPF"]()
    recorder = PayloadRecorder()

    async def run() -> None:
        world, plan = SimulatedWorld(recorder), embedded_plan()
        upf = embedded_upf.embedded_upf(world, plan, UpfPolicy())
        controls = embedded_upf.controls_of(upf)
        ipsec = ManualIpsec(world, plan, controls, frozenset())
        bench = UpfBench(world, plan, UpfSettings(), controls, ipsec)
        await upf.start()
        await bench.open()
        await case.procedure(bench)
        await upf.stop()
        await bench.close()

    simulate(run())
    known = Knowledge(interface_addresses=user_plane_addresses(embedded_plan()))
    messages = tuple(Dissector(known).payloads(recorder.payloads))
    verdict = case.judge(Trace(messages, known))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "declares no IPsec on N3" in verdict.reason
    declarations = parse_target(SURROUNDED + DECLARED).declarations
    verdict = case.judge(Trace(messages, known, declarations))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "one locked building (A. Operator, 2026-01-31)" in verdict.reason
