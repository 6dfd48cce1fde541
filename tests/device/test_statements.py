"""Every provision has a row; a statement is judged by what is in it, a half-filled one by none."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from makmal.bench.application.embedded import read_recorded
from makmal.bench.device.conformance import (
    Conformance,
    ConformanceError,
    Entry,
    blank,
    parse_conformance,
)
from makmal.catalogue.provisions import NETWORK, STATEMENT, provisions
from makmal.cli.main import app
from makmal.judges.verdict import Outcome, Verdict
from makmal.network.frame_recorder import FrameRecorder
from makmal.testcases.registry import test_cases
from makmal.trace.knowledge import Knowledge

# EN 303 645 V2.1.1: how many provisions each clause has.
WHOLE = {
    "4": 1,
    "5.1": 5,
    "5.2": 3,
    "5.3": 16,
    "5.4": 4,
    "5.5": 8,
    "5.6": 9,
    "5.7": 2,
    "5.8": 3,
    "5.9": 3,
    "5.10": 1,
    "5.11": 4,
    "5.12": 3,
    "5.13": 1,
    "6": 5,
}
STATED = [each for each in provisions().values() if each.assessed == STATEMENT]


def judged(identity: str, entry: Entry, by: str = "A. Vendor", date: str = "2026-01-31") -> Verdict:
    statement = Conformance(by, date, {identity: entry})
    test_case = test_cases()[provisions()[identity].test_case]()
    stream = io.BytesIO()
    recorder = FrameRecorder(stream)
    step = test_case.STEP
    recorder.step(1, f"{step}{json.dumps(statement.as_marks(identity))}")
    return test_case.judge(read_recorded(stream, test_case, Knowledge()))


def test_every_provision_of_the_standard_has_a_row_and_a_test_case() -> None:
    wanted = {f"{clause}-{n}" for clause, count in WHOLE.items() for n in range(1, count + 1)}
    assert set(provisions()) == wanted
    assert {each.test_case for each in provisions().values()} <= set(test_cases())
    assert {each.assessed for each in provisions().values()} == {NETWORK, STATEMENT}


@pytest.mark.parametrize("identity", [each.identity for each in STATED])
def test_each_statement_decides_its_own_provision(identity: str) -> None:
    is_mandatory = provisions()[identity].is_mandatory
    said = Entry("yes", "it is so", "a document")
    assert judged(identity, said).outcome is Outcome.PASS
    assert judged(identity, Entry()).outcome is Outcome.INCONCLUSIVE
    assert judged(identity, Entry("yes", "it is so")).outcome is Outcome.INCONCLUSIVE
    assert judged(identity, Entry("yes", "", "a document")).outcome is Outcome.INCONCLUSIVE
    assert judged(identity, said, by="").outcome is Outcome.INCONCLUSIVE
    assert judged(identity, said, date="").outcome is Outcome.INCONCLUSIVE
    assert judged(identity, Entry("no")).outcome is Outcome.FAIL
    justified = judged(identity, Entry("no", justification="it has no use")).outcome
    assert justified is (Outcome.FAIL if is_mandatory else Outcome.NOT_APPLICABLE)
    assert judged(identity, Entry("n/a")).outcome is not Outcome.NOT_APPLICABLE


def test_what_applies_to_every_device_cannot_be_stated_away() -> None:
    reason = Entry("n/a", justification="we think not")
    assert judged("5.2-1", reason).outcome is Outcome.INCONCLUSIVE
    assert judged("6-2", reason).outcome is Outcome.NOT_APPLICABLE


def test_the_blank_is_a_statement_in_which_everything_lacks(tmp_path: Path) -> None:
    found = parse_conformance(blank())
    assert set(found.entries) == set(provisions())
    assert all(each.missing == "support" for each in found.entries.values())
    file = tmp_path / "statement.toml"
    assert CliRunner().invoke(app, ["conformance", "blank", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["conformance", "blank", str(file)]).exit_code == 2
    result = CliRunner().invoke(app, ["conformance", "check", str(file), "--json"])
    assert result.exit_code == 1
    assert set(json.loads(result.stdout)["lacking"]) == {each.identity for each in STATED}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[provision."5.99-1"]\n', "no such entry; did you mean 5."),
        ('[provision."5.2-1"]\nsupport = "maybe"\n', 'support: must be "yes", "no" or "n/a"'),
        ('[provision."5.2-1"]\nsuport = "yes"\n', "suport: no such entry; did you mean support?"),
        ('[provision."5.2-1"]\ndetail = 7\n', "detail: must be a text in quotes"),
        ("[provision]\n5 = 1\n", "5: no such entry"),
        ("[statement", "not valid TOML"),
    ],
)
def test_mistakes_in_a_statement_are_named(text: str, reason: str) -> None:
    with pytest.raises(ConformanceError) as found:
        parse_conformance(text, "statement.toml")
    assert str(found.value).startswith("statement.toml, line ")
    assert reason in str(found.value)
