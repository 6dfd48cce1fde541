"""NGAP messages of the shared captures and of the laboratory's own network, and pycrate."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest

from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.trace.capture import open_capture
from makmal.trace.frame import Frame, SctpMessage
from makmal.trace.transport import Reassembler

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"
_PPID_NGAP = 60


def ngap_messages() -> list[bytes]:
    """Every NGAP message, each once."""
    sources: list[list[Frame]] = [record(OBSERVED).frames]
    for path in sorted(CAPTURES.glob("o*.pcap*")):
        with open_capture(path) as capture:
            sources.append(list(capture))
    found: dict[bytes, None] = {}
    for frames in sources:
        reassembler = Reassembler()
        for frame in frames:
            for payload in reassembler.feed(frame):
                if isinstance(payload, SctpMessage) and payload.payload_protocol_id == _PPID_NGAP:
                    found.setdefault(payload.payload)
    return list(found)


MESSAGES = ngap_messages()


class Pycrate:
    """pycrate's NGAP: one object that holds the value last decoded."""

    def __init__(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            from pycrate_asn1dir import NGAP
        self.module = NGAP
        self._pdu = NGAP.NGAP_PDU_Descriptions.NGAP_PDU

    def decode(self, octets: bytes) -> tuple[str, dict[str, Any]]:
        """The kind of the message, and its value."""
        self._pdu.from_aper(octets)
        kind, value = self._pdu.get_val()
        return kind, value

    def encode(self) -> bytes:
        """The value last decoded, encoded again."""
        octets: bytes = self._pdu.to_aper()
        return octets

    @staticmethod
    def elements(value: dict[str, Any]) -> list[tuple[int, Any]]:
        """Identifier and decoded value of every element."""
        content = value["value"][1]
        return [(each["id"], each["value"][1]) for each in content["protocolIEs"]]


@pytest.fixture(scope="session")
def pycrate() -> Pycrate:
    return Pycrate()
