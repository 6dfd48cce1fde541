"""The commands of docs/assurance.md run, in their order, and end as the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .office import FAULT, target_text
from .test_commands import invoke

ROOT = Path(__file__).parents[2]


def test_every_command_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAKMAL_PASSPHRASE", "correct horse")
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "faulty.toml").write_text(target_text("0.1.0", FAULT))
    text = (ROOT / "docs" / "assurance.md").read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 45
    for line in lines:
        command, *arguments = shlex.split(line)
        assert command == "makmal"
        # The page was written in one year; certificates are numbered by the year that it is.
        arguments = [
            each.replace("2026-0001", f"{datetime.now(UTC):%Y}-0001") for each in arguments
        ]
        failing = arguments[0] == "evaluate" and arguments[1] == "faulty.toml"
        if failing:
            arguments += ["--test-case", "TC_NAS_REPLAY_AMF"]
        result = invoke(*arguments, code=1 if failing else 0)
        if "checklist" in arguments:
            path = Path("audit.toml")
            filled = path.read_text().replace('result = ""', 'result = "conforms"')
            path.write_text(filled.replace('evidence = ""', 'evidence = "seen"'))
        if arguments[0] == "verify":
            assert "broken" not in result.output
