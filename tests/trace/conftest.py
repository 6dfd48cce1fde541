"""Where the real captures and tshark are, and how its answers are read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"


@pytest.fixture(scope="session")
def capture_path() -> Callable[[str], Path]:
    """The path of a capture by its file name."""

    def find(name: str) -> Path:
        path = CAPTURES / name
        if not path.exists():
            pytest.skip(f"the capture {name} is not here")
        return path

    return find


@pytest.fixture(scope="session")
def tshark() -> Callable[..., list[list[str]]]:
    """What tshark reads of a capture: one row a frame, one string a field."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")

    def read(path: Path, fields: list[str], *options: str) -> list[list[str]]:
        command = [program, "-r", str(path), "-n", "-T", "fields", *options]
        for field in fields:
            command += ["-e", field]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in run.stdout.splitlines()]

    return read
