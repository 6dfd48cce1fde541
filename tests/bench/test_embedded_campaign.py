"""A whole campaign on the embedded network, from the command line, and its evidence again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.target import load_target
from makmal.cli.main import app
from makmal.testcases.registry import test_cases

AMF = EMBEDDED_TARGETS["AMF"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "embedded.toml"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={"COLUMNS": "120"}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# Those of the example's product class.
CASES = {name: kind for name, kind in test_cases().items() if "AMF" in kind().product_classes}
WIRE = (
    '\n[laboratory]\nworld = "wire"\n[timers]\nquiet = 0.3\nanswer = 2\ntest_case = 90\n'
    '[scan]\ntcp = "7700-7799"\nudp = "2100-2199"\nsctp = "38400-38499"\n'
)


@pytest.fixture(scope="module", params=["simulated", "wire"])
def evidence(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp(request.param)
    place, target = directory / "evidence", directory / "target.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    target.write_text(text + WIRE * (request.param == "wire"), encoding="utf-8")
    result = run("evaluate", target, "--evidence", place, "--json")
    verdicts = json.loads(result.stdout)["verdicts"]
    wrong = [(each["test_case"], each["reason"]) for each in verdicts if each["verdict"] != "pass"]
    assert not wrong
    assert not any(each["product"] for each in verdicts)
    assert [each["test_case"] for each in verdicts] == list(CASES)
    assert result.exit_code == 0
    return place


def test_every_verdict_is_reproduced_from_the_stored_trace(evidence: Path) -> None:
    result = run("judge", evidence, "--json")
    document = json.loads(result.stdout)
    assert document["intact"]
    assert [each["test_case"] for each in document["verdicts"] if not each["same"]] == []
    assert result.exit_code == 0


@pytest.mark.parametrize("name", list(CASES))
def test_one_altered_octet_of_a_trace_is_noticed(evidence: Path, name: str) -> None:
    path = evidence / name / "trace.pcapng"
    octets = path.read_bytes()
    at = len(octets) // 2
    try:
        path.write_bytes(octets[:at] + bytes([octets[at] ^ 0x20]) + octets[at + 1 :])
        result = run("judge", evidence, "--json")
    finally:
        path.write_bytes(octets)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["damages"] == [
        {"file": f"{name}/trace.pcapng", "kind": "altered"}
    ]


def test_a_fault_of_the_target_file_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "faulty.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(text.replace("# faults =", "faults ="), encoding="utf-8")
    assert load_target(path).product.faults == ("accepts-replayed-nas",)
    place = tmp_path / "evidence"
    result = run(
        "evaluate", path, "--test-case", "TC_NAS_REPLAY_AMF", "--evidence", place, "--json"
    )
    assert result.exit_code == 1
    assert json.loads(result.stdout)["verdicts"][0]["verdict"] == "fail"
    assert run("judge", place).exit_code == 0


# The first fault that is of this test case alone, if there is one: some of the others have timers
# that the wire cannot hurry.
FAULTS: dict[str, str] = {}
for fault in sorted(AMF.faults, key=lambda each: len(each.caught_by)):
    for each in fault.caught_by:
        FAULTS.setdefault(each, fault.name)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_on_the_wire_too(name: str, tmp_path: Path) -> None:
    path = tmp_path / "faulty.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    faults = f'faults = ["{FAULTS[name]}"]\n'
    path.write_text(text.replace("# Bring in", faults + "# Bring in") + WIRE, encoding="utf-8")
    place = tmp_path / "evidence"
    result = run("evaluate", path, "--test-case", name, "--evidence", place, "--json")
    verdict = json.loads(result.stdout)["verdicts"][0]
    assert verdict["verdict"] == "fail", verdict["reason"]
    assert run("judge", place).exit_code == 0


def test_features_that_are_not_declared(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + "\n[features]\noauth2 = true\n")
    result = run("evaluate", path, "--evidence", tmp_path / "evidence", "--json")
    outcomes = {
        each["test_case"]: each["verdict"] for each in json.loads(result.stdout)["verdicts"]
    }
    for name in CASES:
        missing = set(test_cases()[name].features) - {"oauth2"}
        assert outcomes[name] == ("not applicable" if missing else "pass")
    assert result.exit_code == 0
