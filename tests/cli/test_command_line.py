"""The command as its users meet it: help, tables, JSON, exit codes, and bad input."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from makmal import __version__
from makmal.cli.main import app
from makmal.played.policy import OBSERVED, PROTECTED, fault
from makmal.played.recording import record
from makmal.trace.compose import Composer
from makmal.trace.frame import Endpoint, Frame
from makmal.trace.pcapng import Writer

PFCP, NGAP = 8805, 38412


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={"COLUMNS": "120"}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def write(path: Path, frames: list[Frame]) -> Path:
    with path.open("wb") as stream:
        writer = Writer(stream)
        for frame in frames:
            writer.write(frame)
    return path


def verdicts(result: Result) -> dict[str, Any]:
    document = json.loads(result.stdout)
    return {verdict["test_case"]: verdict for verdict in document["verdicts"]}


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return record(OBSERVED).write(tmp_path_factory.mktemp("observed"), "observed")


def test_help_names_the_commands_and_the_exit_codes() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for word in ("audit", "show", "rehearse", "Exit codes"):
        assert word in result.stdout


@pytest.mark.parametrize("command", ["audit", "show", "rehearse"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_version() -> None:
    assert run("--version").stdout.strip() == f"makmal {__version__}"


def test_audit_prints_a_table_of_verdicts(observed: tuple[Path, Path]) -> None:
    capture, keys = observed
    result = run("audit", capture, "--keys", keys)
    assert result.exit_code == 1
    assert "TS 33.512, 4.2.2.3.1" in result.stdout
    assert "TC_NAS_REPLAY_AMF" in result.stdout
    assert "16 pass" in result.stdout
    assert "4 fail" in result.stdout


def test_audit_json_has_the_documented_shape(observed: tuple[Path, Path]) -> None:
    capture, keys = observed
    result = run("audit", capture, "--keys", keys, "--json")
    document = json.loads(result.stdout)
    assert document["capture"] == str(capture)
    assert document["frames"] == 523
    protocols = {"ngap", "nas", "rrc", "pdcp", "pfcp", "gtpu", "sbi"}
    assert set(document["messages"]) == protocols
    for verdict in document["verdicts"]:
        assert set(verdict) == {"test_case", "requirement", "verdict", "frames", "reason"}
        assert verdict["verdict"] in {"pass", "fail", "inconclusive", "not applicable", "error"}
        assert all(0 < frame <= document["frames"] for frame in verdict["frames"])
        assert verdict["reason"]
        assert verdict["verdict"] == "inconclusive" or verdict["frames"]


def test_exit_code_0_when_nothing_failed(tmp_path: Path) -> None:
    capture, keys = record(PROTECTED).write(tmp_path, "protected")
    assert run("audit", capture, "--keys", keys).exit_code == 0


def test_declared_protection_makes_clear_text_inconclusive(
    observed: tuple[Path, Path], tmp_path: Path
) -> None:
    capture, keys = observed
    more = tmp_path / "keys.toml"
    more.write_text(keys.read_text() + '\n[declared_protection]\nn3 = "IPsec at the gateways"\n')
    verdict = verdicts(run("audit", capture, "--keys", more, "--json"))["TC_UP_DATA_CONF_UPF"]
    assert verdict["verdict"] == "inconclusive"
    assert "IPsec at the gateways" in verdict["reason"]


def test_show_lists_messages(observed: tuple[Path, Path]) -> None:
    capture, keys = observed
    result = run("show", capture, "--keys", keys)
    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if "Registration accept" in line)
    for part in ("N1", "192.0.2.20:38412", "192.0.2.10:50000", "imsi-999700000000001"):
        assert part in line
    assert "12 user packets" in result.stdout
    assert "GTP-U" not in result.stdout.upper().replace("user packets", "")


def test_show_json_lists_every_message(observed: tuple[Path, Path]) -> None:
    capture, keys = observed
    document = json.loads(run("show", capture, "--keys", keys, "--json").stdout)
    messages = [each for each in document["messages"] if each["protocol"] != "step"]
    assert len(messages) == 51 + 43 + 28 + 12 + 70
    assert document["messages"][0]["name"] == "gNB and UPF join the network"
    assert set(messages[0]) == {
        *("frame", "time", "interface", "protocol", "from", "to", "name", "ue")
    }


def test_show_frame_prints_to_the_last_element(observed: tuple[Path, Path]) -> None:
    capture, keys = observed
    listed = json.loads(run("show", capture, "--keys", keys, "--json").stdout)["messages"]
    frame = next(m["frame"] for m in listed if m["name"] == "PDUSessionResourceSetupRequest")
    result = run("show", capture, "--keys", keys, "--frame", str(frame))
    assert result.exit_code == 0
    for part in ("gtp_teid", "integrity_protection_indication: required", "ipv4: 10.45.0.1"):
        assert part in result.stdout
    document = json.loads(
        run("show", capture, "--keys", keys, "--frame", str(frame), "--json").stdout
    )
    assert [message["interface"] for message in document["messages"]] == ["N2", "N1"]


def test_lab_finds_the_faults_that_it_brought_in(tmp_path: Path) -> None:
    result = run("rehearse", "--directory", tmp_path, "--fault", "guti-kept", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["as_expected"] is True
    failed = {v["test_case"] for v in document["verdicts"] if v["verdict"] == "fail"}
    assert "TC_5G_GUTI_ALLOCATION_AMF" in failed
    assert run("audit", document["captures"]["faulty"], "--json").exit_code == 1


def test_lab_table_and_faults(tmp_path: Path) -> None:
    result = run("rehearse", "--directory", tmp_path)
    assert result.exit_code == 0
    assert "20 of 20 verdicts are what the faults call for" in result.stdout
    listed = run("rehearse", "--list-faults")
    assert listed.exit_code == 0
    assert fault("teid-reused").name in listed.stdout
    assert json.loads(run("rehearse", "--list-faults", "--json").stdout)[0]["caught_by"]


def test_lab_bad_input(tmp_path: Path) -> None:
    result = run("rehearse", "--fault", "no-such-fault", "--directory", tmp_path)
    assert result.exit_code == 2
    assert "--list-faults" in result.stderr
    occupied = tmp_path / "file"
    occupied.write_text("")
    result = run("rehearse", "--directory", occupied)
    assert result.exit_code == 2
    assert "file" in result.stderr


# Bad input: a clear message or an inconclusive verdict, never a traceback, never a silent pass.


@pytest.mark.parametrize("command", ["audit", "show"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"this is no capture, but a letter", "pcap"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "cut"),
        (b"\x99" * 100, "pcap"),
    ],
    ids=["absent", "empty", "text", "cut header", "octets"],
)
def test_files_that_are_no_capture(
    command: str, content: bytes | None, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "capture"
    if content is not None:
        path.write_bytes(content)
    result = run(command, path)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert str(path) in result.stderr.replace("\n", "")
    assert result.stdout == ""


def test_a_directory_is_no_capture(tmp_path: Path) -> None:
    result = run("audit", tmp_path)
    assert result.exit_code == 2
    assert "directory" in result.stderr


def test_a_truncated_capture_is_judged_as_far_as_it_goes(
    observed: tuple[Path, Path], tmp_path: Path
) -> None:
    capture, keys = observed
    cut = tmp_path / "cut.pcapng"
    # No block ends at an odd octet.
    cut.write_bytes(capture.read_bytes()[:30_001])
    result = run("audit", cut, "--keys", keys, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert 0 < document["frames"] < 523
    assert "cut" in " ".join(document["problems"])
    assert "cut" in result.stderr


def test_frames_cut_by_a_snap_length_give_no_silent_pass(
    observed: tuple[Path, Path], tmp_path: Path
) -> None:
    frames = record(OBSERVED).frames
    cut = [frame._replace(data=frame.data[:96]) for frame in frames]
    path = write(tmp_path / "snap.pcapng", cut)
    result = run("audit", path, "--keys", observed[1], "--json")
    document = json.loads(result.stdout)
    assert document["undecodable"] > 0
    listed = json.loads(run("show", path, "--json").stdout)["messages"]
    assert any("the capture cut this frame short" in message["name"] for message in listed)
    by_name = verdicts(result)
    # Its Authentication Requests, Security Mode Completes and services are cut.
    assert by_name["TC_5G_GUTI_ALLOCATION_AMF"]["verdict"] != "pass"
    assert by_name["TC_UP_POLICY_PRECEDENCE_SMF"]["verdict"] != "pass"


def test_random_octets_on_the_port_of_ngap(tmp_path: Path) -> None:
    chance = random.Random(5)
    composer = Composer(10**18)
    association = composer.association(Endpoint("192.0.2.1", 5000), Endpoint("192.0.2.2", NGAP))
    for _ in range(200):
        association.send(True, chance.randbytes(chance.randrange(1, 3000)), 60)
    result = run("audit", write(tmp_path / "random.pcapng", composer.frames), "--json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert document["messages"]["ngap"] + document["undecodable"] >= 200
    assert {verdict["verdict"] for verdict in document["verdicts"]} == {"inconclusive"}


def test_random_octets_on_every_port(tmp_path: Path) -> None:
    chance = random.Random(6)
    composer = Composer(10**18)
    for port in (2152, PFCP, 9899, 4500):
        for _ in range(100):
            octets = chance.randbytes(chance.randrange(1, 200))
            composer.udp(Endpoint("192.0.2.1", port), Endpoint("192.0.2.2", port), octets)
    connection = composer.connection(Endpoint("192.0.2.1", 5000), Endpoint("192.0.2.2", 7777))
    for _ in range(50):
        connection.send(bool(chance.getrandbits(1)), chance.randbytes(500))
    for _ in range(200):
        composer.frame(chance.randbytes(chance.randrange(0, 200)))
    result = run("audit", write(tmp_path / "random.pcapng", composer.frames), "--json")
    assert result.exit_code in (1, 2)
    assert "pass" not in {verdict["verdict"] for verdict in json.loads(result.stdout)["verdicts"]}


def test_a_capture_without_5g_is_inconclusive(tmp_path: Path) -> None:
    composer = Composer(10**18)
    composer.udp(Endpoint("192.0.2.1", 53), Endpoint("192.0.2.2", 53), b"no 5G at all")
    path = write(tmp_path / "dns.pcapng", composer.frames)
    assert run("audit", path).exit_code == 2
    result = run("show", path)
    assert result.exit_code == 2
    assert "no 5G message" in result.stderr


def test_a_file_of_2_gigabytes_ends_soon_and_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse.pcap"
    with path.open("wb") as stream:
        stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        stream.truncate(2 << 30)
    script = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
    script += "from makmal.cli.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", script, "audit", str(path), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "Memory" not in result.stderr


def test_keys_that_are_wrong_stop_the_audit(observed: tuple[Path, Path], tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('[[subscriber]]\nsupi = "imsi-1"\nk = "00"\n')
    result = run("audit", observed[0], "--keys", keys)
    assert result.exit_code == 2
    assert "line 3: k: must be 32 hexadecimal digits" in result.stderr
    assert result.stdout == ""


def test_frame_numbers_begin_at_1(observed: tuple[Path, Path]) -> None:
    assert run("show", observed[0], "--frame", "0").exit_code == 2
    result = run("show", observed[0], "--frame", "99999")
    assert result.exit_code == 2
    assert "no 5G message in frame 99999" in result.stderr
