"""The showcase: sound products pass, weaknesses are caught, the evidence can be judged again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.cli.main import app
from makmal.judges.verdict import Outcome
from makmal.laboratory import stages as stage_room
from makmal.laboratory.showcase import Showcase, run_showcase
from makmal.laboratory.stages import WEAKNESSES, Stage, stages
from makmal.testcases.registry import test_cases

REPLAY = "TC_NAS_REPLAY_AMF"


def only(name: str, *wanted: Stage) -> tuple[Stage, ...]:
    """These stages with one test case."""
    case = test_cases()[name]()
    return tuple(Stage(each.layer, each.product_class, each.fault, (case,)) for each in wanted)


AMF = [each for each in stages() if each.product_class == "AMF"]


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Showcase:
    return run_showcase(tmp_path_factory.mktemp("lab"), only(REPLAY, *AMF))


def test_every_weakness_is_a_fault_that_a_test_case_catches() -> None:
    for product_class, name in WEAKNESSES.items():
        fault = next(e for e in EMBEDDED_TARGETS[product_class].faults if e.name == name)
        assert fault.caught_by


def test_the_sound_one_passes_and_the_weak_one_fails(showcase: Showcase) -> None:
    assert [each.verdicts[0].outcome for each in showcase.stages] == [Outcome.PASS, Outcome.FAIL]
    assert showcase.exit_code == 0
    assert not showcase.unexpected


def test_the_evidence_is_judged_again(showcase: Showcase) -> None:
    for each in showcase.stages:
        assert CliRunner().invoke(app, ["judge", str(each.evidence)]).exit_code == 0


def test_a_weakness_that_is_missed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that claims a weakness which its product does not have."""
    stage = only(REPLAY, AMF[1])[0]
    monkeypatch.setattr(stage_room.Stage, "target", AMF[0].target)
    assert run_showcase(tmp_path, (stage,)).exit_code == 1


def test_the_command_prints_tables_and_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_room, "stages", lambda: iter(only(REPLAY, *AMF)))
    result = CliRunner().invoke(app, ["lab", "--directory", str(tmp_path)], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "2 of 2 verdicts" in result.stdout
    assert "accepts-replayed-nas" in result.stdout
    again = CliRunner().invoke(app, ["lab", "--directory", str(tmp_path), "--json"])
    document = json.loads(again.stdout)
    assert document["as_expected"] is True
    assert [each["weakness"] for each in document["stages"]] == [None, "accepts-replayed-nas"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    result = CliRunner().invoke(app, ["lab", "--directory", str(occupied)])
    assert result.exit_code == 2
    assert "makmal lab: " in result.stderr
