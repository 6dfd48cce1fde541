"""Evidence: killed at any moment, altered anywhere, judged again."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from makmal.bench import evidence as evidence_module
from makmal.bench import manifest as manifest_module
from makmal.bench.evidence import Evidence
from makmal.bench.manifest import (
    Damage,
    EvidenceError,
    damages,
    json_octets,
    present_files,
    read_manifest,
)
from makmal.bench.rejudge import rejudge
from makmal.judges.verdict import Outcome

from .fakes import NAMES, FakeLaboratory, case, violate

KNOWN = {name: case(number) for number, name in enumerate(NAMES)}


class Killed(BaseException):
    """What SIGKILL does: nothing after it happens."""


def kill_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """Let a number of changes to the disk happen, and then none any more."""
    done = 0

    def guarded(change: Any) -> Any:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            nonlocal done
            done += 1
            if done > moment:
                raise Killed
            return change(*arguments, **keywords)

        return wrapped

    for holder, name in (
        (Path, "rename"),
        (Path, "replace"),
        (Path, "mkdir"),
        (Path, "write_bytes"),
        (Path, "unlink"),
        (shutil, "rmtree"),
        (evidence_module, "write_whole"),
        (evidence_module, "write_manifest"),
        (manifest_module, "write_whole"),
    ):
        monkeypatch.setattr(holder, name, guarded(getattr(holder, name)))


@pytest.mark.parametrize("again", [False, True])
def test_a_run_killed_at_any_moment_loses_nothing_finished(tmp_path: Path, again: bool) -> None:
    (tmp_path / "first").mkdir()
    for moment in range(200):
        place = tmp_path / str(moment)
        place.mkdir()
        laboratory = FakeLaboratory(place)
        laboratory.run(case(0))
        if again:
            laboratory.run(case(1, violate))
        with pytest.MonkeyPatch.context() as monkeypatch:
            kill_at(monkeypatch, moment)
            try:
                laboratory.run(case(0), case(1), case(2), again=again)
            except Killed:
                finished = False
            else:
                finished = True
        files = read_manifest(laboratory.directory)
        # What is on record is there as a whole, or is named as missing: never half of it.
        for name in {name.partition("/")[0] for name in files if "/" in name}:
            assert len([each for each in files if each.startswith(f"{name}/")]) == 4
        altered = [each for each in damages(laboratory.directory, files) if each.kind == "altered"]
        assert not altered
        resumed = laboratory.run(case(0), case(1), case(2))
        assert {each.verdict.outcome for each in resumed.results} <= {Outcome.PASS, Outcome.FAIL}
        if not again:
            assert resumed.results[0].earlier
        result = rejudge(laboratory.directory, KNOWN)
        assert result.exit_code == 0, result
        assert len(result.results) == 3
        if finished:
            assert moment > 15
            return
    pytest.fail("the campaign never ended")


@pytest.fixture
def laboratory(tmp_path: Path) -> FakeLaboratory:
    made = FakeLaboratory(tmp_path)
    made.run(case(0, violate), case(1), case(2, features=("ciot",)))
    return made


def test_evidence_is_judged_again_with_the_same_verdicts(laboratory: FakeLaboratory) -> None:
    seen: list[tuple[str, int, int]] = []
    result = rejudge(laboratory.directory, KNOWN, lambda *each: seen.append(each))
    assert [each.stored.outcome.value for each in result.results] == [
        "fail",
        "pass",
        "not applicable",
    ]
    assert all(each.is_same for each in result.results)
    assert result.exit_code == 0
    assert seen[1] == (NAMES[1], 1, 3)
    document = result.as_json()
    assert document["intact"] is True
    assert document["reproduced"] is True
    assert json.loads(json.dumps(document)) == document


def test_evidence_can_be_moved(laboratory: FakeLaboratory, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    laboratory.directory.rename(moved)
    assert rejudge(moved, KNOWN).exit_code == 0


def test_one_altered_octet_is_noticed_in_every_file(laboratory: FakeLaboratory) -> None:
    names = [*present_files(laboratory.directory), "manifest.json"]
    assert len(names) == 13
    for name in names:
        path = laboratory.directory / name
        octets = path.read_bytes()
        step = max(1, len(octets) // 40)
        for at in (*range(0, len(octets), step), len(octets) - 1):
            altered = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
            path.write_bytes(altered)
            try:
                result = rejudge(laboratory.directory, KNOWN)
            except EvidenceError as error:
                assert path.name in str(error) or "campaign" in str(error)
                assert "\n" not in str(error)
            else:
                assert result.exit_code == 1, (name, at)
                named = {each.file for each in result.damages}
                assert name in named or name == "manifest.json"
        path.write_bytes(octets)
    assert rejudge(laboratory.directory, KNOWN).exit_code == 0


def test_missing_and_added_files_are_named(laboratory: FakeLaboratory) -> None:
    directory = laboratory.directory
    (directory / NAMES[0] / "trace.pcapng").unlink()
    (directory / NAMES[1] / "more.txt").write_text("x")
    (directory / "more").mkdir()
    (directory / "more" / "still").write_text("x")
    result = rejudge(directory, KNOWN)
    assert result.damages == (
        Damage("missing", f"{NAMES[0]}/trace.pcapng"),
        Damage("added", f"{NAMES[1]}/more.txt"),
        Damage("added", "more/still"),
    )
    assert str(result.damages[0]) == f"{NAMES[0]}/trace.pcapng is missing"
    assert result.results[0].again is None
    assert "is missing" in result.results[0].problem
    assert result.exit_code == 1


def test_a_link_in_place_of_a_file_is_no_file(laboratory: FakeLaboratory, tmp_path: Path) -> None:
    path = laboratory.directory / NAMES[0] / "verdict.json"
    shutil.move(path, tmp_path / "kept")
    path.symlink_to(tmp_path / "kept")
    assert rejudge(laboratory.directory, KNOWN).damages == (
        Damage("altered", f"{NAMES[0]}/verdict.json"),
    )


def test_another_judge_gives_another_verdict_and_exit_code_1(laboratory: FakeLaboratory) -> None:
    known = {**KNOWN, NAMES[1]: case(1, judge_error=ValueError("new"))}
    result = rejudge(laboratory.directory, known)
    assert [each.is_same for each in result.results] == [True, False, True]
    assert result.exit_code == 1


def test_a_test_case_that_is_not_known_any_more(laboratory: FakeLaboratory) -> None:
    result = rejudge(laboratory.directory, {NAMES[0]: KNOWN[NAMES[0]]})
    assert result.exit_code == 2
    assert "has no test case" in result.results[1].problem


def test_what_is_unfinished_is_told(laboratory: FakeLaboratory) -> None:
    (laboratory.directory / f"{NAMES[1]}.unfinished").mkdir()
    result = rejudge(laboratory.directory, KNOWN)
    assert result.unfinished == (NAMES[1],)
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"\xff",
        json_octets({"files": []}),
        json_octets({"files": {"../x": "0" * 64}}),
        json_octets({"files": {"/etc/passwd": "0" * 64}}),
        json_octets({"files": {"x": "0"}}),
        json_octets({"files": {}, "more": 1}),
    ],
)
def test_a_manifest_that_is_none(laboratory: FakeLaboratory, octets: bytes) -> None:
    (laboratory.directory / "manifest.json").write_bytes(octets)
    with pytest.raises(EvidenceError, match=r"manifest.json was altered or damaged"):
        rejudge(laboratory.directory, KNOWN)
    with pytest.raises(EvidenceError, match=r"manifest.json was altered or damaged"):
        Evidence(laboratory.directory, laboratory.target, {})


@pytest.mark.parametrize("name", ["verdict.json", "run.json", "knowledge.toml", "trace.pcapng"])
def test_files_that_are_nonsense_end_nothing(laboratory: FakeLaboratory, name: str) -> None:
    path = laboratory.directory / NAMES[0] / name
    for octets in (b"", b"[]", b"{}", b"\xff\xfe", b'{"test_case": 1, "frames": 1}'):
        path.write_bytes(octets)
        assert rejudge(laboratory.directory, KNOWN).exit_code == 1


def test_directories_that_are_no_evidence(tmp_path: Path, laboratory: FakeLaboratory) -> None:
    with pytest.raises(EvidenceError, match="holds no evidence"):
        rejudge(tmp_path, KNOWN)
    with pytest.raises(EvidenceError, match="is no directory"):
        rejudge(tmp_path / "none", KNOWN)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(EvidenceError, match=r"not empty and holds no evidence \(letter.txt\)"):
        Evidence(tmp_path / "mine", laboratory.target, {})
    with pytest.raises(EvidenceError, match=r"File exists|Not a directory"):
        Evidence(laboratory.path, laboratory.target, {})


def test_one_campaign_at_a_time(laboratory: FakeLaboratory) -> None:
    with (
        Evidence(laboratory.directory, laboratory.target, {}),
        pytest.raises(EvidenceError, match="another makmal writes to"),
    ):
        Evidence(laboratory.directory, laboratory.target, {})
    Evidence(laboratory.directory, laboratory.target, {}).close()


def test_evidence_is_for_its_owner_only(laboratory: FakeLaboratory) -> None:
    assert os.stat(laboratory.directory).st_mode & 0o077 == 0


def test_a_changed_campaign_file_is_not_gone_on_with(laboratory: FakeLaboratory) -> None:
    (laboratory.directory / "target.toml").write_text("x")
    with pytest.raises(EvidenceError, match=r"target.toml was altered or lost"):
        laboratory.run(case(0))
