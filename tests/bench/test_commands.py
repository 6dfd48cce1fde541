"""``makmal evaluate``, ``judge`` and ``list`` as their users meet them."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from makmal.bench import evaluation
from makmal.bench.embedded_targets import all_faults
from makmal.cli import evaluate, judge
from makmal.cli.main import app
from makmal.testcases.registry import test_cases

from .fakes import NAMES, FakeLaboratory, case, conform, violate


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={"COLUMNS": "120"}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


class Place:
    """A laboratory behind the commands; its test cases are the first in the catalogue."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.laboratory = FakeLaboratory(directory)
        self.evidence = directory / "evidence"
        self.kinds: dict[str, Any] = {NAMES[0]: case(0), NAMES[1]: case(1)}
        # The target is read again by the command: a bench for whichever comes.
        monkeypatch.setattr(evaluation, "bench_opener", lambda hooks: self.open_bench)
        monkeypatch.setattr(evaluation, "transport_of", lambda target: "none")
        for module in (evaluate, judge):
            monkeypatch.setattr(module, "test_cases", lambda: self.kinds)

    def open_bench(self, target: Any, recorder: Any) -> Any:
        self.laboratory.target = target
        return self.laboratory.open_bench(target, recorder)

    def evaluate(self, *further: str | Path) -> Result:
        return run("evaluate", self.laboratory.path, "--evidence", self.evidence, *further)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.mark.parametrize("command", ["evaluate", "judge", "list"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "Exit codes" in result.stdout


def test_evaluate_prints_verdicts_and_judge_the_same(place: Place) -> None:
    result = place.evaluate()
    assert result.exit_code == 0
    for word in ("A product 1 (Nobody)", NAMES[0], "conforming: all is well", "2 pass", "Evidence"):
        assert word in result.stdout
    again = run("judge", place.evidence)
    assert again.exit_code == 0
    assert "Every file is intact; 2 of 2 verdicts are the same" in again.stdout


def test_evaluate_json_has_the_documented_shape(place: Place) -> None:
    place.kinds[NAMES[1]] = case(1, violate)
    result = place.evaluate("--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert set(document) == {
        "target",
        "sha256",
        "product",
        "product_class",
        "attachment",
        "evidence",
        "ended_early",
        "summary",
        "verdicts",
    }
    assert document["summary"] == {
        "pass": 1,
        "fail": 1,
        "inconclusive": 0,
        "not applicable": 0,
        "error": 0,
    }
    for verdict in document["verdicts"]:
        assert set(verdict) == {
            "test_case",
            "requirement",
            "verdict",
            "reason",
            "reading",
            "frames",
            "seconds",
            "product",
            "earlier",
        }
    repeated = json.loads(place.evaluate("--json").stdout)
    assert all(verdict.pop("earlier") for verdict in repeated["verdicts"])
    assert not any(verdict.pop("earlier") for verdict in document["verdicts"])
    assert repeated == document


def test_judge_json_has_the_documented_shape(place: Place) -> None:
    place.evaluate()
    document = json.loads(run("judge", place.evidence, "--json").stdout)
    assert set(document) == {
        "evidence",
        "target",
        "product",
        "intact",
        "damages",
        "unfinished",
        "reproduced",
        "verdicts",
    }
    assert document["intact"]
    assert document["reproduced"]
    assert all(each["same"] and each["stored"] == "pass" for each in document["verdicts"])
    trace = place.evidence / NAMES[0] / "trace.pcapng"
    octets = trace.read_bytes()
    trace.write_bytes(octets[:-5] + bytes([octets[-5] ^ 1]) + octets[-4:])
    result = run("judge", place.evidence, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["damages"] == [
        {"file": f"{NAMES[0]}/trace.pcapng", "kind": "altered"}
    ]
    assert f"{NAMES[0]}/trace.pcapng was altered" in result.stderr


def test_one_test_case_and_again(place: Place) -> None:
    first = place.evaluate("--test-case", NAMES[1], "--json")
    assert [each["test_case"] for each in json.loads(first.stdout)["verdicts"]] == [NAMES[1]]
    rest = json.loads(place.evaluate("--json").stdout)
    assert [each["earlier"] for each in rest["verdicts"]] == [False, True]
    again = json.loads(place.evaluate("--json", "--again").stdout)
    assert [each["earlier"] for each in again["verdicts"]] == [False, False]
    assert "2 of the results are from an earlier run" in place.evaluate().stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_finished(place: Place, number: signal.Signals) -> None:
    async def interrupt(bench: Any) -> None:
        bench.mark("conforming: half")
        signal.raise_signal(number)
        await asyncio.sleep(3600)

    place.kinds[NAMES[1]] = case(1, interrupt)
    before = signal.getsignal(signal.SIGTERM)
    result = place.evaluate()
    assert signal.getsignal(signal.SIGTERM) is before
    assert result.exit_code == 2
    assert "1 pass" in result.stdout
    assert "1 of 2 test cases were not run, for it was interrupted" in result.stderr
    unfinished = run("judge", place.evidence)
    assert unfinished.exit_code == 0
    assert f"{NAMES[1]} was not finished" in unfinished.stderr
    place.kinds[NAMES[1]] = case(1, conform)
    resumed = place.evaluate("--json")
    assert resumed.exit_code == 0
    assert [each["earlier"] for each in json.loads(resumed.stdout)["verdicts"]] == [True, False]


def test_what_happened_to_the_product_stands_in_the_table(place: Place) -> None:
    async def crash(bench: Any) -> None:
        bench.mark("conforming: x")
        bench.product.crash()

    place.kinds[NAMES[0]] = case(0, crash)
    result = place.evaluate()
    assert result.exit_code == 2
    assert "after it the product was not there" in " ".join(result.stdout.split())
    assert "there is no hook start" in result.stderr


def bad_input(result: Result, expected: str) -> None:
    assert result.exit_code == 2
    assert expected in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_bad_targets(place: Place, tmp_path: Path) -> None:
    bad_input(run("evaluate", tmp_path / "none.toml"), "No such file")
    path = place.laboratory.path
    text = path.read_text()
    path.write_text(text.replace("mcc", "mcx"))
    bad_input(place.evaluate(), "target.toml, line 9: mcx: no such entry; did you mean")
    path.write_text(text.replace('"127.0.0.2"', '"8.8.8.8"'))
    bad_input(place.evaluate(), "line 15: n2: 8.8.8.8 is outside the scope (127.0.0.0/8): nothing")
    assert not place.evidence.exists()
    path.write_bytes(b"\xff\xfe")
    bad_input(place.evaluate(), "not a text file")


def test_a_namespace_that_is_not_there(place: Place) -> None:
    path = place.laboratory.path
    text = path.read_text().replace("[scope]", 'network_namespace = "no-such"\n[scope]')
    path.write_text(text)
    bad_input(place.evaluate(), "the network namespace no-such cannot be entered")


def test_bad_choices(place: Place) -> None:
    bad_input(place.evaluate("--test-case", "TC_NAS_REPLY_AMF"), "did you mean TC_NAS_REPLAY_AMF?")
    bad_input(place.evaluate("--product-class", "XYZ"), "no product class XYZ; the classes are")
    bad_input(place.evaluate("--product-class", "SMF"), "no test case for a product of class SMF")
    path = place.laboratory.path
    path.write_text(path.read_text().replace('class = "AMF"', 'class = "SMF"'))
    bad_input(place.evaluate("--test-case", NAMES[0]), "is for products of class AMF, and")


def test_bad_evidence(place: Place, tmp_path: Path) -> None:
    place.evaluate()
    with place.laboratory.path.open("a") as stream:
        stream.write("# changed\n")
    bad_input(place.evaluate(), "holds the evidence of another target")
    bad_input(run("judge", tmp_path), "holds no evidence: manifest.json is missing")
    bad_input(run("judge", tmp_path / "none"), "is no directory")
    bad_input(
        run("evaluate", place.laboratory.path, "--evidence", place.laboratory.path), "File exists"
    )


def test_a_product_that_is_not_there(place: Place) -> None:
    place.laboratory.product.crash()
    bad_input(place.evaluate(), "127.0.0.2:38412 takes no association")


def test_list_names_every_test_case_and_its_faults() -> None:
    document = json.loads(run("list", "--json").stdout)
    entries = {entry["test_case"]: entry for entry in document["test_cases"]}
    assert list(entries) == list(test_cases())
    for entry in entries.values():
        assert set(entry) == {
            "test_case",
            "requirement",
            "title",
            "product_classes",
            "features",
            "needs",
            "faults",
        }
    named = {fault["fault"] for entry in entries.values() for fault in entry["faults"]}
    assert named == set(all_faults())
    table = run("list", "--product-class", "AMF").stdout
    assert (
        f"{sum('AMF' in kind().product_classes for kind in test_cases().values())} test cases"
        in table
    )
    bad_input(run("list", "--product-class", "AFM"), "no test case of product class AFM")
