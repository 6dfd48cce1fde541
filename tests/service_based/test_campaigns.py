"""Campaigns on the service-based side of each product class, simulated and on sockets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from makmal.bench.service_operations import OPERATIONS
from makmal.cli.main import app
from makmal.network.faults.services import FUNCTIONS
from makmal.testcases.registry import test_cases

EXAMPLE = Path(__file__).parents[2] / "examples" / "service_based.toml"
OWN = "AMF"
WIRE = """
[laboratory]
world = "wire"
first_address = "127.0.88.10"
[timers]
quiet = 0.1
answer = 2
[scan]
tcp = "7700-7799"
udp = "2100-2199"
sctp = "38400-38449"
"""


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "120"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def target(path: Path, product: str, more: str = "", faults: str = "") -> Path:
    text = EXAMPLE.read_text("utf-8").replace('class = "UDM"', f'class = "{product}"')
    path.write_text(text.replace('# faults = ["udm-token-signature"]', faults) + more, "utf-8")
    return path


def evaluated(path: Path, *more: str | Path) -> dict[str, str]:
    result = run("evaluate", path, "--evidence", path.parent / "evidence", "--json", *more)
    document = json.loads(result.stdout)
    return {each["test_case"]: each["verdict"] for each in document["verdicts"]}


@pytest.mark.parametrize("product", [each for each in FUNCTIONS if each != OWN])
def test_every_class_passes_and_is_judged_again(tmp_path: Path, product: str) -> None:
    verdicts = evaluated(target(tmp_path / "target.toml", product))
    assert set(verdicts.values()) == {"pass"}
    assert list(verdicts) == [
        name for name, kind in test_cases().items() if product in kind().product_classes
    ]
    again = run("judge", tmp_path / "evidence", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["reproduced"]


@pytest.mark.parametrize("product", ["UDM", "NRF"])
def test_the_same_on_sockets(tmp_path: Path, product: str) -> None:
    verdicts = evaluated(target(tmp_path / "target.toml", product, WIRE))
    assert set(verdicts.values()) == {"pass"}
    assert run("judge", tmp_path / "evidence").exit_code == 0


@pytest.mark.parametrize(
    ("fault", "case"),
    [
        ("ausf-token-expiry", "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN"),
        ("ausf-fetches", "TC_JSON_PARSER_CODE_EXEC_INCL"),
        ("ausf-undeclared-port", "TC_BVT_PORT_SCANNING"),
        ("ausf-repeated-keys", "MAKMAL_SBI_UNIQUE_KEYS"),
    ],
)
def test_a_fault_is_caught_on_sockets(tmp_path: Path, fault: str, case: str) -> None:
    path = target(tmp_path / "target.toml", "AUSF", WIRE, f'faults = ["{fault}"]')
    assert evaluated(path, "--test-case", case) == {case: "fail"}


def test_without_documents_it_is_inconclusive_and_says_what_is_missing(tmp_path: Path) -> None:
    statement = (
        '\n[declarations.other]\nstatement = "nothing"\nby = "A. Reviewer"\ndate = 2026-01-31\n'
    )
    path = target(tmp_path / "target.toml", "SMF", statement)
    result = run("evaluate", path, "--evidence", tmp_path / "evidence", "--json")
    reasons = {
        each["test_case"]: each["reason"]
        for each in json.loads(result.stdout)["verdicts"]
        if each["verdict"] == "inconclusive"
    }
    assert "[declarations.open-ports]" in reasons["TC_BVT_PORT_SCANNING"]
    assert "[declarations.parser-host-view]" in reasons["TC_JSON_PARSER_CODE_EXEC_INCL"]
    assert "[declarations.maximum-sessions]" in reasons["TC_CHARGING_ID_UNIQUENESS_SMF"]
    assert "[declarations." in reasons["TC_PROTECT_TRANSPORT_LAYER"]
    assert len(reasons) == 4


def test_the_published_list_of_elements_can_be_read() -> None:
    operations = json.loads(run("list", "--elements", "--json").stdout)["operations"]
    named = {each.name for every in OPERATIONS.values() for each in every}
    assert set(operations) == named
    for each in operations.values():
        assert each["elements"]
        assert all(element["wrong"] for element in each["elements"])
    assert "Nudm_UEAuthentication_Get" in run("list", "--elements").stdout


def test_the_elements_come_from_the_openapi_files(tmp_path: Path, openapi: Path) -> None:
    path = target(tmp_path / "target.toml", "UDM", f'\n[openapi]\ndirectory = "{openapi}"\n')
    assert evaluated(path, "--test-case", "MAKMAL_SBI_FORMAT_AND_RANGE") == {
        "MAKMAL_SBI_FORMAT_AND_RANGE": "pass"
    }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no OpenAPI files"),
        (
            {"TS29509_X.yaml": "servers:\n  - url: '{apiRoot}/nausf-auth/v1'\n{[garbage"},
            "TS29509_X.yaml cannot be read",
        ),
        (
            {"TS29509_X.yaml": "servers:\n  - url: '{apiRoot}/nausf-auth/v1'\npaths: {}\n"},
            "describes POST",
        ),
    ],
)
def test_files_that_are_incomplete(tmp_path: Path, files: dict[str, str], said: str) -> None:
    directory = tmp_path / "files"
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")
    path = target(tmp_path / "target.toml", "AUSF", '\n[openapi]\ndirectory = "files"\n')
    case = "MAKMAL_SBI_FORMAT_AND_RANGE"
    result = run(
        "evaluate", path, "--test-case", case, "--evidence", tmp_path / "evidence", "--json"
    )
    (verdict,) = json.loads(result.stdout)["verdicts"]
    assert verdict["verdict"] == "inconclusive"
    assert said in verdict["reason"]
