"""tshark as the independent witness: what it reads of a capture, field by field."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from makmal.played.policy import fault
from makmal.played.recording import record

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"
# NEA0 is read through, as we do; and Open5GS's port, which tshark has to be told.
_LEGIBLE = ("-o", "nas-5gs.null_decipher:TRUE")
_OPTIONS = ("-d", "tcp.port==7777,http2", "-d", "tcp.port==8080,http2")
# The laboratory's own network, so that there is a capture wherever tshark is. Without ciphering:
# keys that travel on its services would let us read more than tshark.
OWN = "the laboratory's own network"


@pytest.fixture(scope="session")
def tshark_path() -> str:
    path = shutil.which("tshark")
    if path is None:
        pytest.skip("tshark, the independent witness, is not installed")
    return path


class Witness:
    """One capture as tshark reads it. ``legible``: NAS that claims to be ciphered is not."""

    def __init__(self, tshark: str, path: Path, *, legible: bool = True) -> None:
        self._tshark = tshark
        self._options = (*(_LEGIBLE if legible else ()), *_OPTIONS)
        self.path = path

    def rows(self, display_filter: str, *fields: str) -> dict[int, tuple[tuple[str, ...], ...]]:
        """Per frame that the filter takes: the values of each field."""
        command = [self._tshark, "-n", "-r", str(self.path), *self._options, "-Y", display_filter]
        command += ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", "-E", "separator=|"]
        for field in ("frame.number", *fields):
            command += ["-e", field]
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        found = {}
        for line in result.stdout.splitlines():
            number, *values = line.split("|")
            found[int(number)] = tuple(
                tuple(value for value in each.split(";") if value) for each in values
            )
        return found


def _named(tshark: str, name: str) -> Witness:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"the shared capture {name} is not here")
    return Witness(tshark, path)


CAPTURE_NAMES = (
    OWN,
    "oai-registration-session.pcap",
    "open5gs-registration-sbi.pcap",
    "open5gs-smc-timeout.pcapng",
    "phone-rrc-attach.pcap",
)


@pytest.fixture(params=CAPTURE_NAMES, scope="session")
def witness(
    request: pytest.FixtureRequest, tshark_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Witness:
    if request.param == OWN:
        policy = fault("null-ciphering").policy
        path, _ = record(policy).write(tmp_path_factory.mktemp("witness"), "own")
        return Witness(tshark_path, path)
    return _named(tshark_path, request.param)
