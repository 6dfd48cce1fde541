"""Where the real captures and tshark are, and how its answers are read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[3] / "../shared/captures"


@pytest.fixture(scope="session")
def fields() -> Callable[..., list[list[str]]]:
    """What tshark reads from the frames of a capture that a filter selects: one row a frame."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")

    def read(capture: str | Path, display_filter: str, *names: str) -> list[list[str]]:
        path = CAPTURES / capture
        if not path.exists():
            pytest.skip(f"the capture {capture} is not here")
        command = [tshark, "-r", str(path), "-Y", display_filter, "-T", "fields"]
        for name in names:
            command += ["-e", name]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in run.stdout.splitlines()]

    return read
