"""Campaigns on the embedded gNB from the command line, in both worlds, and their evidence again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from makmal.cli.main import app
from makmal.testcases.registry import test_cases

TARGET = '[product]\nclass = "gNB"\nattachment = "embedded"\n'
WIRE = (
    '[laboratory]\nworld = "wire"\nfirst_address = "127.0.177.1"\n'
    "[timers]\nquiet = 0.2\nanswer = 2\nsettle = 0.1\ntest_case = 60\n"
)
CASES = [name for name, kind in test_cases().items() if "gNB" in kind().product_classes]
# Those that say most; the others differ in the judge.
ON_THE_WIRE = ["TC-UP-DATA-REPLAY_gNB", "Alg_select_change_gNB", "TC_GNB_INACTIVE_TO_ACTIVE"]


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "120"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("text", "names"), [(TARGET, CASES), (TARGET + WIRE, ON_THE_WIRE)], ids=["simulated", "wire"]
)
def test_a_campaign_passes_and_is_judged_again(text: str, names: list[str], tmp_path: Path) -> None:
    target, place = tmp_path / "gnb.toml", tmp_path / "evidence"
    target.write_text(text, encoding="utf-8")
    chosen = [part for name in names for part in ("--test-case", name)]
    result = run("evaluate", target, "--evidence", place, "--json", *chosen)
    verdicts = json.loads(result.stdout)["verdicts"]
    wrong = [(each["test_case"], each["reason"]) for each in verdicts if each["verdict"] != "pass"]
    assert not wrong
    assert {each["test_case"] for each in verdicts} == set(names)
    assert result.exit_code == 0
    again = json.loads(run("judge", place, "--json").stdout)
    assert again["intact"]
    assert all(each["same"] for each in again["verdicts"])


def test_a_gnb_with_a_radio_of_its_own_is_out_of_reach(tmp_path: Path) -> None:
    target = tmp_path / "gnb.toml"
    target.write_text(TARGET.replace("embedded", "surrounded"), encoding="utf-8")
    result = run("evaluate", target)
    assert result.exit_code == 2
    assert "there is no radio" in " ".join(result.output.split())


def test_a_fault_is_caught(tmp_path: Path) -> None:
    target = tmp_path / "gnb.toml"
    target.write_text(TARGET + 'faults = ["accepts-replayed-user-data"]\n', encoding="utf-8")
    result = run("evaluate", target, "--test-case", "TC-UP-DATA-REPLAY_gNB", "--json")
    assert json.loads(result.stdout)["verdicts"][0]["verdict"] == "fail"
    assert result.exit_code == 1


def test_any_campaign_may_have_its_ues_on_the_air(tmp_path: Path) -> None:
    target, place = tmp_path / "amf.toml", tmp_path / "evidence"
    text = TARGET.replace("gNB", "AMF") + "[laboratory]\nradio = true\n"
    target.write_text(text, encoding="utf-8")
    name = "TC_NAS_REPLAY_AMF"
    result = run("evaluate", target, "--evidence", place, "--json", "--test-case", name)
    assert json.loads(result.stdout)["verdicts"][0]["verdict"] == "pass"
    trace, keys = place / name / "trace.pcapng", place / name / "knowledge.toml"
    shown = json.loads(run("show", trace, "--keys", keys, "--json").stdout)["messages"]
    on_uu = {each["name"]: each["ue"] for each in shown if each.get("interface") == "Uu"}
    assert "SecurityModeCommand" in on_uu
    assert str(on_uu["RRCReconfiguration"]).startswith("imsi-")
    lines = run("show", trace, "--keys", keys, "--wireshark-keys").stdout.splitlines()
    assert lines
    assert all(re.fullmatch(r'"[0-9]+"(,"[0-9a-f]{32}"){4}', line) for line in lines)
