"""Where the real captures and tshark are, and how its answers are read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[3] / "../shared/captures"

Rows = Callable[..., list[list[str]]]


@pytest.fixture(scope="session")
def tshark() -> str:
    """The path of tshark."""
    path = shutil.which("tshark")
    if path is None:
        pytest.skip("tshark is not installed")
    return path


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
def fields(tshark: str, capture_path: Callable[[str], Path]) -> Rows:
    """What tshark reads from the frames of a capture that a filter selects: one row a frame."""

    def read(capture: str | Path, display_filter: str, *names: str) -> list[list[str]]:
        path = capture_path(capture) if isinstance(capture, str) else capture
        command = [tshark, "-r", str(path), "-Y", display_filter, "-T", "fields"]
        for name in names:
            command += ["-e", name]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in run.stdout.splitlines()]

    return read
