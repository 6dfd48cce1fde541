"""Campaigns: what they outlive, how they go on, and what they say."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from makmal.bench.campaign import CampaignError, CaseResult, chosen
from makmal.bench.evidence import read_run
from makmal.bench.manifest import EvidenceError, damages, read_manifest
from makmal.bench.not_done import NotDoneError
from makmal.judges.verdict import Outcome
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

from .fakes import NAMES, FakeLaboratory, case, conform, violate


def outcomes(result: Any) -> list[str]:
    return [each.verdict.outcome.value for each in result.results]


def test_everything_passes(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    seen: list[tuple[str, int, int, bool]] = []

    def progress(name: str, number: int, whole: int, result: CaseResult | None) -> None:
        seen.append((name, number, whole, result is not None))

    result = laboratory.run(case(0), case(1), progress=progress)
    assert outcomes(result) == ["pass", "pass"]
    assert result.exit_code == 0
    assert seen == [
        (NAMES[0], 1, 2, False),
        (NAMES[0], 1, 2, True),
        (NAMES[1], 2, 2, False),
        (NAMES[1], 2, 2, True),
    ]
    assert result.results[0].verdict.frames == (1,)
    files = read_manifest(laboratory.directory)
    assert set(files) == {"campaign.json", "target.toml"} | {
        f"{name}/{file}"
        for name in NAMES[:2]
        for file in ("trace.pcapng", "knowledge.toml", "run.json", "verdict.json")
    }
    assert not damages(laboratory.directory, files)
    campaign = json.loads((laboratory.directory / "campaign.json").read_bytes())
    assert campaign["environment"] == {"sctp": "none"}
    assert campaign["product"]["class"] == "AMF"
    assert campaign["target"]["sha256"] == laboratory.target.sha256


def test_one_failure_gives_exit_code_1(tmp_path: Path) -> None:
    result = FakeLaboratory(tmp_path).run(case(0, violate), case(1))
    assert outcomes(result) == ["fail", "pass"]
    assert result.exit_code == 1
    document = result.as_json()
    assert document["summary"]["fail"] == 1
    assert document["verdicts"][0]["reason"].startswith("violation: all is lost")


def test_an_undeclared_feature_is_not_applicable(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    result = laboratory.run(case(0, features=("nssaa",)), case(1))
    assert outcomes(result) == ["not applicable", "pass"]
    assert "nssaa" in result.results[0].verdict.reason
    assert result.exit_code == 0
    assert laboratory.opened == 1
    assert FakeLaboratory(tmp_path).run(case(0, features=("nssaa",))).exit_code == 2


def test_a_procedure_that_hangs_is_cut(tmp_path: Path) -> None:
    async def hang(bench: Any) -> None:
        bench.mark("conforming: begun")
        await asyncio.sleep(3600)

    laboratory = FakeLaboratory(tmp_path)
    result = laboratory.run(case(0, hang), case(1))
    assert outcomes(result) == ["error", "pass"]
    assert "did not end within 0.5 s and was stopped" in result.results[0].verdict.reason
    run = read_run(laboratory.directory / NAMES[0])
    assert "test_campaign.py" in run.details
    assert b"conforming: begun" in (laboratory.directory / NAMES[0] / "trace.pcapng").read_bytes()
    assert result.exit_code == 2


def test_a_procedure_that_breaks_is_an_error(tmp_path: Path) -> None:
    async def break_down(bench: Any) -> None:
        bench.mark("violation: seen before")
        raise KeyError("oops")

    laboratory = FakeLaboratory(tmp_path)
    result = laboratory.run(case(0, break_down), case(1))
    assert outcomes(result) == ["error", "pass"]
    assert result.results[0].verdict.reason == "the procedure broke: KeyError: 'oops'"
    assert "Traceback" in read_run(laboratory.directory / NAMES[0]).details


def test_a_function_of_ours_that_breaks_is_an_error(tmp_path: Path) -> None:
    async def fail(bench: Any) -> None:
        bench.mark("conforming: x")
        bench.world.failures.append(ValueError("in the UDM"))

    result = FakeLaboratory(tmp_path).run(case(0, fail))
    assert outcomes(result) == ["error"]
    assert "a function of the laboratory broke: ValueError: in the UDM" in str(result)


@pytest.mark.parametrize("error", [UnreachableError("it refuses"), NotDoneError("it refuses")])
def test_what_the_product_refuses_is_a_doubt(tmp_path: Path, error: Exception) -> None:
    async def refused(bench: Any) -> None:
        bench.mark("conforming: x")
        raise error

    result = FakeLaboratory(tmp_path).run(case(0, refused))
    assert outcomes(result) == ["inconclusive"]
    assert result.results[0].verdict.reason.startswith("it refuses")
    assert result.exit_code == 2


def test_a_judge_that_breaks_is_an_error(tmp_path: Path) -> None:
    result = FakeLaboratory(tmp_path).run(case(0, judge_error=IndexError("none")), case(1))
    assert outcomes(result) == ["error", "pass"]
    assert "the judge broke: IndexError: none (fakes.py, line" in result.results[0].verdict.reason


def test_real_messages_go_through_the_file(tmp_path: Path) -> None:
    async def send(bench: Any) -> None:
        bench.mark("conforming: x")
        gnb, amf = Endpoint("127.0.1.10", 40000), Endpoint("127.0.0.2", 38412)
        bench.recorder.n2(0, gnb, amf, bytes.fromhex("00150000"))

    laboratory = FakeLaboratory(tmp_path)
    assert outcomes(laboratory.run(case(0, send))) == ["pass"]


HOOKS = f"""
[hooks]
start = ["{sys.executable}", "-c", "open('alive', 'w').close(); print('started')"]
alive = ["{sys.executable}", "-c", "import os, sys; sys.exit(not os.path.exists('alive'))"]
"""


async def crash(bench: Any) -> None:
    bench.mark("conforming: x")
    bench.product.crash()


@pytest.mark.parametrize("hooks", [HOOKS, HOOKS.rpartition("alive =")[0]])
def test_a_product_that_crashes_is_restarted(tmp_path: Path, hooks: str) -> None:
    laboratory = FakeLaboratory(tmp_path, hooks)
    result = laboratory.run(case(0, crash), case(1))
    assert outcomes(result) == ["pass", "pass"]
    assert "not there any more" in result.results[0].product[0]
    assert not result.results[1].product
    event = json.loads((laboratory.directory / "product" / "0001.json").read_bytes())
    assert event["event"] == "restarted"
    assert event["test_case"] == NAMES[0]
    assert "started\n" in [each["output"] for each in event["hooks"]]
    assert not damages(laboratory.directory, read_manifest(laboratory.directory))


def test_an_association_that_the_product_ends_is_told(tmp_path: Path) -> None:
    async def lose(bench: Any) -> None:
        bench.mark("conforming: x")
        bench.lost_associations = ("the product ended its association with gNB: aborted",)

    laboratory = FakeLaboratory(tmp_path)
    result = laboratory.run(case(0, lose))
    assert result.results[0].product == ("the product ended its association with gNB: aborted",)
    assert read_run(laboratory.directory / NAMES[0]).product == result.results[0].product


def test_a_product_that_is_gone_ends_the_campaign(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    result = laboratory.run(case(0, crash), case(1))
    assert outcomes(result) == ["pass"]
    assert "there is no hook start within 0.2 s" in result.ended_early
    assert NAMES[0] in result.ended_early
    assert result.exit_code == 2
    laboratory.product.file.touch()
    resumed = laboratory.run(case(0), case(1))
    assert [each.earlier for each in resumed.results] == [True, False]
    assert resumed.results[0].product
    assert resumed.exit_code == 0


def test_a_product_that_was_never_there(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    laboratory.product.crash()
    with pytest.raises(CampaignError, match=r"127.0.0.2:38412 takes no association"):
        laboratory.run(case(0))
    laboratory = FakeLaboratory(tmp_path / "..", HOOKS)
    laboratory.product.crash()
    laboratory.directory = tmp_path / "other"
    assert laboratory.run(case(0)).exit_code == 0


def test_finished_test_cases_are_not_run_again(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    laboratory.run(case(0, violate))
    again = laboratory.run(case(0), case(1))
    assert outcomes(again) == ["fail", "pass"]
    assert [each.earlier for each in again.results] == [True, False]
    assert laboratory.opened == 2
    assert outcomes(laboratory.run(case(0), case(1), again=True)) == ["pass", "pass"]
    assert not damages(laboratory.directory, read_manifest(laboratory.directory))


def test_a_result_that_was_altered_is_run_again(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    laboratory.run(case(0), case(1))
    (laboratory.directory / NAMES[0] / "trace.pcapng").write_bytes(b"")
    resumed = laboratory.run(case(0), case(1))
    assert [each.earlier for each in resumed.results] == [False, True]


def test_an_interruption_keeps_what_is_finished(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)

    async def interrupted(bench: Any) -> None:
        del bench
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.sleep(3600)

    async def work() -> None:
        nonlocal task
        task = asyncio.ensure_future(laboratory.campaign_of((case(0), case(1, interrupted))))
        with pytest.raises(asyncio.CancelledError):
            await task

    task: asyncio.Future[Any]
    asyncio.run(work())
    assert laboratory.campaign is not None
    assert len(laboratory.campaign.results) == 1
    assert (laboratory.directory / f"{NAMES[1]}.unfinished").is_dir()
    resumed = laboratory.run(case(0), case(1))
    assert [each.earlier for each in resumed.results] == [True, False]
    assert not (laboratory.directory / f"{NAMES[1]}.unfinished").exists()


def test_the_evidence_of_another_target_is_refused(tmp_path: Path) -> None:
    laboratory = FakeLaboratory(tmp_path)
    laboratory.run(case(0))
    other = FakeLaboratory(tmp_path, "# another\n")
    with pytest.raises(
        EvidenceError, match=r"holds the evidence of another target \(.*target.toml"
    ):
        other.run(case(0))


def test_test_cases_are_chosen_by_name_and_class() -> None:
    known = {name: case(number) for number, name in enumerate(NAMES)}
    assert [each.name for each in chosen(known, None, "AMF")] == list(NAMES)
    assert chosen(known, None, "SMF") == []
    assert [each.name for each in chosen(known, [NAMES[1], NAMES[1]], None)] == [NAMES[1]]
    assert known[NAMES[0]]().product_classes == ("AMF",)
    with pytest.raises(KeyError):
        chosen(known, ["TC_NONE"], None)
    assert Outcome.PASS.value == "pass"
    assert conform is not violate
