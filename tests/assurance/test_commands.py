"""The commands: from keys to a verified certificate, with exit codes and JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from makmal.assurance.certification.settings import load_settings, settings_text
from makmal.assurance.errors import AssuranceError
from makmal.cli.main import app

from .office import CASES, FAULT, evidence_of
from .test_life import small_scheme

Run = Callable[..., Result]


OFFICE = ("--settings", "office/assurance.toml")


def invoke(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, (arguments, result.output)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAKMAL_PASSPHRASE", "correct horse")
    monkeypatch.setenv("COLUMNS", "200")
    return invoke


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office, its people, a laboratory, as commands make them."""
    place = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(place)
        monkeypatch.setenv("MAKMAL_PASSPHRASE", "correct horse")
        for name in ("ada", "vic", "otto", "aud", "eve", "rev", "dec", "lab"):
            invoke("key", "create", f"keys/{name}.key")
        key = ("--key", "keys/ada.key")
        invoke("certify", "init", "office", "--body", "Body", "--administrator", "Ada", *key)
        for name, organisation, role in (
            ("vic", "Example Networks", "client"),
            ("otto", "Body", "certification officer"),
            ("aud", "Audits", "auditor"),
            ("eve", "Lab", "evaluator"),
            ("rev", "Body", "reviewer"),
            ("dec", "Body", "decision maker"),
        ):
            public = f"keys/{name}.key.pub"
            invoke("certify", "appoint", name.capitalize(), "--organisation", organisation,
                   "--public-key", public, "--role", role, *key, *OFFICE)  # fmt: skip
        role = ("--role", "laboratory")
        invoke("key", "trust", "office/trust.toml", "keys/lab.key", "--name", "Lab", *role)
    return place


@pytest.fixture
def office(run: Run, made_once: Path, tmp_path: Path) -> Run:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return run


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def signed(run: Run, place: str, version: str = "0.9", fault: str = "") -> str:
    evidence_of(Path(place), version, fault)
    found = run("sign", place, "--key", "keys/lab.key", "--time-stamps",
                "office/keys/time-stamps.pem", "--laboratory", "Lab", "--operator", "Eve",
                "--archive", f"{place}.zip", "--json")  # fmt: skip
    assert document(found)["files"] > 5
    return f"{place}.zip"


def test_from_application_to_withdrawal(office: Run, tmp_path: Path) -> None:
    run = office
    scheme = small_scheme(tmp_path)
    evidence = signed(run, "evidence")
    report = run("report", evidence, "--out", "report", "--key", "keys/lab.key", "--time-stamps",
                 "office/keys/time-stamps.pem", "--json")  # fmt: skip
    assert document(report)["draft"] is True
    assert document(report)["conforms"] is True
    run("certify", "apply", "--scheme", scheme, "--product", "Example AMF", "--vendor",
        "Example Networks", "--version", "0.9", "--product-class", "AMF", "--key", "keys/vic.key",
        *OFFICE)  # fmt: skip
    run("certify", "accept", 1, "--contract", "c", "--key", "keys/otto.key", *OFFICE)
    run("certify", "checklist", scheme, "audit.toml")
    text = Path("audit.toml").read_text()
    text = text.replace('result = ""', 'result = "conforms"')
    Path("audit.toml").write_text(text.replace('evidence = ""', 'evidence = "seen"'))
    run("certify", "audit", 1, "audit.toml", "--key", "keys/aud.key", *OFFICE)
    found = run("certify", "evaluate", 1, evidence, "--report", "report", "--key", "keys/eve.key",
                *OFFICE, "--json")  # fmt: skip
    assert document(found)["verdicts"] == dict.fromkeys(CASES, "pass")
    refused = run("certify", "review", 1, "grant", "--remarks", "x", "--key", "keys/eve.key",
                  *OFFICE, code=1)  # fmt: skip
    assert "refused: Eve may not review" in refused.output
    run("certify", "review", 1, "grant", "--remarks", "x", "--key", "keys/rev.key", *OFFICE)
    run(
        "certify", "decide", 1, "perhaps", "--reason", "x", "--key", "keys/dec.key", *OFFICE, code=2
    )
    granted = document(
        run("certify", "decide", 1, "grant", "--reason", "conforms", "--condition", "indoors",
            "--key", "keys/dec.key", "--out", "certificates", *OFFICE, "--json")
    )  # fmt: skip
    certificate = granted["file"]
    run("register", "export", "public", *OFFICE)
    verify = ("verify", certificate, "--trust", "office/trust.toml", "--register", "public")
    holds = document(
        run(*verify, "--evidence", evidence, "--report", "report", "--rejudge", "--json")
    )
    assert holds["holds"] is True
    assert holds["status"] == "valid"
    assert holds["conditions"][-1] == "indoors"
    said = json.dumps(holds["also"])
    assert "all 2 verdicts are the same when judged again" in said
    assert "the certificate rests on this report" in said
    follow = (
        "register",
        "follow",
        "public",
        "--state",
        "head.json",
        "--trust",
        "office/trust.toml",
    )
    assert [each["event"] for each in document(run(*follow, "--json"))["new"]] == ["issued"]
    run("certify", "suspend", 1, "--reason", "open flaw", "--key", "keys/dec.key", *OFFICE)
    run("register", "export", "public", *OFFICE)
    suspended = run(*verify, code=1)
    assert "the certificate is suspended" in suspended.output
    run("certify", "reinstate", 1, "--reason", "mended", "--key", "keys/dec.key", *OFFICE)
    run("certify", "survey", 1, "fine", "--key", "keys/otto.key", *OFFICE)
    run("certify", "withdraw", 1, "--reason", "sold", "--key", "keys/dec.key", *OFFICE)
    run("register", "sign", *OFFICE)
    run("register", "export", "public", *OFFICE)
    assert "withdrawn" in run(*verify, "--most-age", 3, code=1).output
    events = [each["event"] for each in document(run(*follow, "--json"))["new"]]
    assert events == ["suspended", "reinstated", "withdrawn"]
    assert "withdrawn" in Path("public/index.html").read_text()
    proof = document(run("register", "prove", 2, *OFFICE))
    assert proof["head"]["tree_size"] == 4
    run("register", "prove", 9, *OFFICE, code=2)
    # A fork, to somebody who keeps the head: an older export.
    head = json.loads(Path("head.json").read_text())
    Path("head.json").write_text(json.dumps({**head, "tree_size": 9}))
    assert "was altered" in run(*follow, code=2).output
    for shown in (
        ("certify", "show", 1, *OFFICE),
        ("certify", "list", *OFFICE),
        ("certify", "people", *OFFICE),
        ("certify", "schemes"),
        ("certify", "record", *OFFICE),
        ("register", "list", *OFFICE),
        ("key", "show", "office/trust.toml"),
    ):
        run(*shown)
        document(run(*shown, "--json"))
    assert document(run("certify", "record", *OFFICE, "--json"))["holds"] is True
    run("key", "revoke", "office/trust.toml", granted["evaluation"]["evidence"][:4] + "zz",
        "--reason", "x", code=2)  # fmt: skip


def test_what_is_wrong_is_one_sentence(office: Run, tmp_path: Path) -> None:
    run = office
    evidence = signed(run, "evidence", "0.9", FAULT)
    anchors = ("--trust", "office/trust.toml")
    (tmp_path / "nonsense").write_text("x")
    for arguments, code, wanted in (
        (("verify", evidence, *anchors), 0, "all"),
        (("verify", evidence), 2, "trust.toml: No such file"),
        (("verify", "none", *anchors), 2, "no such directory, zip file or address"),
        (("verify", "nonsense", *anchors), 2, "nonsense is not valid JSON"),
        (("verify", evidence, *anchors, "--report", evidence), 2, "go with a certificate"),
        (("sign", "none", "--key", "k", "--time-stamps", "t", "--laboratory", "l", "--operator",
          "o"), 2, "none is no directory"),
        (("sign", "evidence", "--key", "k", "--time-stamps", "t", "--laboratory", "l",
          "--operator", "o"), 2, "a lost key cannot be restored"),
        (("report",), 2, "name the evidence to report on"),
        (("report", "evidence", "--key", "keys/lab.key"), 2, "go together"),
        (("certify", "list"), 2, "assurance.toml is not there: makmal certify init"),
        (("certify", "show", 3, *OFFICE), 2, "there is no certification 3"),
        (("certify", "init", "office", "--body", "b", "--administrator", "a", "--key",
          "keys/ada.key"), 2, "exists already: this is an office"),
        (("register", "export", "public", *OFFICE), 2, "the register is empty"),
        (("register", "follow", "http://127.0.0.1:1/", "--state", "s", *anchors), 2,
         "cannot be reached"),
        (("key", "trust", "t.toml", "keys/lab.key", "--name", "x", "--role", "king"), 2,
         "the roles are"),
        (("key", "create", "keys/lab.key"), 2, "a key is never overwritten"),
        (("disclose", "list", "--settings", "none.toml"), 2, "none.toml is not there"),
    ):  # fmt: skip
        result = run(*arguments, code=code)
        assert wanted in " ".join(result.output.split()), (arguments, result.output)
    path = Path("evidence/TC_NAS_REPLAY_AMF/trace.pcapng")
    path.write_bytes(path.read_bytes()[:-1])
    altered = run("verify", "evidence", *anchors, code=1)
    assert "TC_NAS_REPLAY_AMF/trace.pcapng was altered" in altered.output
    signing = ("--key", "keys/lab.key", "--time-stamps", "office/keys/time-stamps.pem")
    refused = run("sign", "evidence", *signing, "--laboratory", "l", "--operator", "o", code=2)
    assert "was altered: it cannot be relied on" in " ".join(refused.output.split())


def test_disclosing(office: Run) -> None:
    run = office
    evidence = signed(run, "evidence", "0.9", FAULT)
    report = ("disclose", "report", evidence, "TC_NAS_REPLAY_AMF", "--contact", "s@example.com",
              "--embargo", "2999-01-01", "--key", "keys/eve.key", *OFFICE)  # fmt: skip
    assert "is no CVE" in run(*report, "--cve", "x", code=2).output
    assert "--cwe is a number and a name" in run(*report, "--cwe", "x", code=2).output
    assert document(run(*report, "--json"))["state"] == "reported"
    export = ("disclose", "export", 1, "csaf", "--namespace", "https://b.example", "--contact",
              "c@b.example", *OFFICE)  # fmt: skip
    assert "is under embargo until 2999-01-01" in run(*export, code=1).output
    assert "TLP:RED" in run(*export, "--draft").output
    run("disclose", "extend", 1, "--embargo", "2999-02-01", "--reason", "x", "--key",
        "keys/otto.key", *OFFICE)  # fmt: skip
    run("disclose", "acknowledge", 1, "--key", "keys/vic.key", *OFFICE)
    run("disclose", "remedy", 1, "--fixed-version", "1.0", "--what", "x", "--key", "keys/vic.key",
        *OFFICE)  # fmt: skip
    run("disclose", "publish", 1, "--reason", "x", "--key", "keys/otto.key", *OFFICE)
    assert "TLP:WHITE" in run(*export, "--vex").output
    assert document(run("disclose", "list", *OFFICE, "--json"))[0]["state"] == "published"
    run("disclose", "list", *OFFICE)


def test_rejudging_names_each_difference(office: Run) -> None:
    run = office
    signed(run, "evidence", "0.9", FAULT)
    from makmal.bench.manifest import hash_of, read_manifest, write_manifest

    name = "TC_NAS_REPLAY_AMF/verdict.json"
    path = Path("evidence") / name
    path.write_text(path.read_text().replace('"fail"', '"pass"'))
    write_manifest(Path("evidence"), {**read_manifest(Path("evidence")), name: hash_of(path)})
    run("sign", "evidence", "--key", "keys/lab.key", "--time-stamps",
        "office/keys/time-stamps.pem", "--laboratory", "Lab", "--operator", "Eve")  # fmt: skip
    anchors = ("--trust", "office/trust.toml")
    assert document(run("verify", "evidence", *anchors, "--json"))["holds"] is True
    again = document(run("verify", "evidence", *anchors, "--rejudge", "--json", code=1))
    (difference,) = [each for each in again["checks"] if each["outcome"] == "broken"]
    assert difference["check"] == "verdict on TC_NAS_REPLAY_AMF"
    assert difference["sentence"].startswith("on record pass:")
    assert "judged again fail:" in difference["sentence"]


def test_passphrases_are_asked_for_in_a_terminal_only(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAKMAL_PASSPHRASE")
    assert "set MAKMAL_PASSPHRASE, or run this in a terminal" in " ".join(
        run("key", "create", "a.key", code=2).output.split()
    )


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "assurance.toml"
    text = settings_text("B", "postgresql://x/y", "R")
    path.write_text(text)
    found = load_settings(path)
    assert (found.body, found.database) == ("B", "postgresql://x/y")
    assert found.trust == tmp_path / "trust.toml"
    path.write_text(text.replace("body_key", "bodykey"))
    with pytest.raises(AssuranceError, match="bodykey: no such entry; did you mean body_key"):
        load_settings(path)


def test_the_help_names_everything(run: Run) -> None:
    text = run("--help").output
    for name in ("report", "sign", "certify", "register", "verify", "disclose", "key", "evaluate"):
        assert name in text
    for name in ("report", "sign", "verify"):
        assert "Exit codes:" in run(name, "--help").output
    assert "Exit codes:" in run("certify", "decide", "--help").output
