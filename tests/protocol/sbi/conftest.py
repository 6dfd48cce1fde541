"""The TCP octets of the shared captures' services, and hyperframe's view of HTTP/2."""

from __future__ import annotations

from pathlib import Path

import pytest

from makmal.trace.capture import open_capture
from makmal.trace.frame import TcpChunk
from makmal.trace.transport import Reassembler

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"


def tcp_chunks(name: str) -> list[TcpChunk]:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"the shared capture {name} is not here")
    reassembler = Reassembler()
    with open_capture(path) as capture:
        found = [payload for frame in capture for payload in reassembler.feed(frame)]
    return [payload for payload in found if isinstance(payload, TcpChunk)]


@pytest.fixture(scope="session")
def open5gs() -> list[TcpChunk]:
    return tcp_chunks("open5gs-registration-sbi.pcap")


@pytest.fixture(scope="session")
def oai() -> list[TcpChunk]:
    return tcp_chunks("oai-registration-session.pcap")
