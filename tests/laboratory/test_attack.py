"""The attack: open with every weakness there, closed by mending any, read from the recording."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from makmal.laboratory.attack import LOG_IN, LOOK, REACH, READ, STEPS
from makmal.laboratory.attack_chart import chart_of_attack
from makmal.laboratory.attack_reading import AttackStep, deepest, read_attack
from makmal.laboratory.page import write_page
from makmal.laboratory.showcase import AttackRun, Showcase, run_attack, run_showcase
from makmal.laboratory.stages import Stage, stages
from makmal.testcases.registry import test_cases


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AttackRun]:
    return {each.name: each for each in run_attack(tmp_path_factory.mktemp("attack"))}


def step(run: AttackRun, name: str) -> AttackStep:
    return run.steps[STEPS.index(name)]


def test_it_is_open_with_every_weakness(runs: dict[str, AttackRun]) -> None:
    run = runs["nothing mended"]
    assert deepest(run.steps) == len(STEPS)
    assert "alice" in step(run, READ).seen
    for each in run.steps:
        assert each.frames
        assert each.on_n3, "the attack travels through the 5G session"


@pytest.mark.parametrize(
    ("mended", "stopped"),
    [("UPF", REACH), ("device", REACH), ("application", READ)],
)
def test_mending_any_weakness_closes_it(
    mended: str, stopped: str, runs: dict[str, AttackRun]
) -> None:
    run = runs[f"{mended} mended"]
    assert step(run, stopped).succeeded is False
    assert deepest(run.steps) == STEPS.index(stopped)
    assert run.is_as_expected


def test_who_stopped_it_is_told(runs: dict[str, AttackRun]) -> None:
    assert step(runs["UPF mended"], REACH).seen == "nothing came back"
    assert step(runs["device mended"], REACH).seen == "the device refused the call"
    assert step(runs["application mended"], READ).seen == "the cloud application answered 403"
    assert step(runs["all mended"], LOOK).succeeded is None


def test_it_is_a_function_of_the_recording(runs: dict[str, AttackRun]) -> None:
    run = runs["nothing mended"]
    again = read_attack(run.capture)
    assert [(e.succeeded, e.seen, e.frames, e.on_n3) for e in again] == [
        (e.succeeded, e.seen, e.frames, e.on_n3) for e in run.steps
    ]


def test_its_chart_shows_what_was_said(runs: dict[str, AttackRun]) -> None:
    chart = chart_of_attack(runs["nothing mended"].steps)
    assert chart.ends == ["attacker's UE", "gNB", "UPF", "device", "cloud"]
    said = [getattr(row, "name", "") for row in chart.rows]
    assert LOG_IN in said
    assert any(name.startswith("owner password: ") for name in said)


def test_the_page_links_every_verdict_to_a_chart(
    tmp_path: Path, runs: dict[str, AttackRun]
) -> None:
    name = "MAKMAL_UPF_UE_ISOLATION"
    case = (test_cases()[name](),)
    chosen = [e for e in stages() if e.product_class == "UPF"]
    showcase = run_showcase(
        tmp_path, tuple(Stage(e.layer, e.product_class, e.fault, case) for e in chosen)
    )
    whole = Showcase(showcase.stages, showcase.seconds, tuple(runs.values()))
    page = write_page(whole, tmp_path).read_text(encoding="utf-8")
    links = re.findall(r'class="chip [a-z-]+" href="([^"]+)"', page)
    assert len(links) == 2
    for link in links:
        assert (tmp_path / link).read_text(encoding="utf-8").startswith("<svg")
    assert name in page
    assert "ues-not-kept-apart" in page
    assert page.count("succeeds</span>") == 4 + 3
