"""NAS messages of the shared captures and of the laboratory's own network, and pycrate."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.trace.capture import open_capture
from makmal.trace.dissect import dissect
from makmal.trace.frame import Frame
from makmal.trace.message import NasMessage

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"


def nas_messages() -> list[bytes]:
    """Every NAS message, each once, and what is inside the protected ones that can be read."""
    sources: list[list[Frame]] = [record(OBSERVED).frames]
    for path in sorted(CAPTURES.glob("o*.pcap*")):
        with open_capture(path) as capture:
            sources.append(list(capture))
    found: dict[bytes, None] = {}
    for frames in sources:
        for message in dissect(frames):
            if isinstance(message, NasMessage):
                found.setdefault(message.outer.encode())
                if message.plain is not None:
                    found.setdefault(message.plain.encode())
    return list(found)


MESSAGES = nas_messages()


@pytest.fixture(scope="session")
def parse_with_pycrate() -> Callable[[bytes], Any]:
    """pycrate's reading of a NAS message; what it prints about values is not our concern."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from pycrate_mobile.NAS5G import parse_NAS5G

    def parse(octets: bytes) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            message, error = parse_NAS5G(octets, inner=False)
        assert error == 0
        return message

    return parse
