"""A device by its address: the reference one on sockets; one that restarts, or is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from makmal.bench import reference_ends
from makmal.bench.campaign import Campaign, CampaignError, CampaignResult
from makmal.bench.evidence import Evidence
from makmal.bench.hooks import Hooks
from makmal.bench.opening import bench_opener
from makmal.bench.rejudge import rejudge
from makmal.bench.target import Target, TargetError, load_target
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.scope import Scope
from makmal.network.streams import SocketConnector
from makmal.testcases.registry import test_cases

# An address of its own, so that nothing else is on its ports.
ADDRESS = "127.45.17.3"
UPDATES, PORTS, FUNCTIONS = (f"MAKMAL_EN303645_{each}" for each in ("5.3-9", "5.6-5", "5.5-4"))


async def campaign(target: Target, directory: Path, names: Sequence[str]) -> CampaignResult:
    hooks = Hooks({}, directory)
    with Evidence(directory / "evidence", target, {}) as evidence:
        run = Campaign(target, evidence, hooks, bench_opener(hooks), FrameRecorder)
        return await run.run([test_cases()[name]() for name in names])


@pytest.mark.parametrize(
    ("faults", "failed"),
    [((), set()), (("debug-port-open", "image-integrity-not-verified"), {PORTS, UPDATES})],
)
def test_on_sockets_verdicts_are_those_of_memory_and_can_be_judged_again(
    tmp_path: Path, faults: tuple[str, ...], failed: set[str]
) -> None:
    async def run() -> CampaignResult:
        connector = SocketConnector(Scope())
        async with reference_ends.serve_device(connector, ADDRESS, faults):
            target = load_target(reference_ends.write_device(tmp_path, ADDRESS))
            return await campaign(target, tmp_path, (UPDATES, PORTS, FUNCTIONS))

    result = asyncio.run(run())
    outcomes = {each.verdict.test_case: each.verdict.outcome for each in result.results}
    assert {name for name, each in outcomes.items() if each is Outcome.FAIL} == failed
    assert all(each is Outcome.PASS for name, each in outcomes.items() if name not in failed)
    again = rejudge(tmp_path / "evidence", test_cases())
    assert again.exit_code == 0
    assert all(each.is_same for each in again.results)


def test_a_device_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    target = load_target(reference_ends.write_device(tmp_path, ADDRESS))
    with pytest.raises(CampaignError, match=r"127\.45\.17\.3:9443 refuses connections"):
        asyncio.run(campaign(target, tmp_path, (UPDATES,)))


def test_a_device_that_restarts_in_the_middle_is_inconclusive(tmp_path: Path) -> None:
    async def run() -> CampaignResult:
        connector = SocketConnector(Scope())
        serving = reference_ends.serve_device(connector, ADDRESS, ())
        await serving.__aenter__()
        target = load_target(reference_ends.write_device(tmp_path, ADDRESS))
        kind = test_cases()[FUNCTIONS]
        examine = kind.examine  # type: ignore[attr-defined]

        async def interrupted(self: object, bench: object) -> None:
            nonlocal serving
            await serving.__aexit__(None, None, None)
            await examine(self, bench)
            serving = reference_ends.serve_device(connector, ADDRESS, ())
            await serving.__aenter__()

        kind.examine = interrupted  # type: ignore[attr-defined]
        try:
            return await campaign(target, tmp_path, (FUNCTIONS,))
        finally:
            kind.examine = examine  # type: ignore[attr-defined]
            await serving.__aexit__(None, None, None)

    result = asyncio.run(run()).results[0]
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert "refuses connections" in result.verdict.reason
    assert rejudge(tmp_path / "evidence", test_cases()).results[0].is_same


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('9443 = "https"', '9443 = "htps"', "services are https, http"),
        ("1-100,", "100-1,", "scan: must be ports and ranges"),
        ('"room-sensor.img"', '"none.img"', "image: none.img: No such file"),
        ('"broker.key"', '"broker.pem"', "certificate: no certificate and key in PEM there"),
        ('mqtt = "127.45.17.3', 'mqtt = "198.51.100.1', "198.51.100.1 is outside the scope"),
        ('"conformance.toml"', '"device.toml"', "conformance: "),
        ("[device.user]", "[device.usr]", "usr: no such entry; did you mean user?"),
    ],
)
def test_mistakes_in_the_target_file_are_named(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    path = reference_ends.write_device(tmp_path, ADDRESS)
    path.write_text(path.read_text("utf-8").replace(old, new, 1))
    with pytest.raises(TargetError) as found:
        load_target(path)
    assert "line " in str(found.value)
    assert reason in str(found.value)
