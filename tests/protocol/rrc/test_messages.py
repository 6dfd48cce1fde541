"""RRC messages: built, read again, and read by tshark."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import rrc
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.rrc import (
    Algorithms,
    Channel,
    DrbCount,
    Reconfiguration,
    ReestablishmentRequest,
    ResumeRequest,
    STmsi,
    SuspendConfig,
    establishment,
    mobility,
    reconfiguration,
    security,
)
from makmal.trace.compose import Composer
from makmal.trace.pcapng import Writer

from . import messages as built

MESSAGES = built.messages()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.name)
def test_what_is_built_is_read(message: rrc.Message) -> None:
    read = rrc.decode(message.channel, message.octets)
    assert read == message
    assert rrc.build(read.channel, read.kind, read.value).octets == message.octets


def test_connections_are_read_in_our_own_terms() -> None:
    request = rrc.decode(Channel.UL_CCCH, MESSAGES[0].octets)
    assert establishment.cause_of(request) == "mo-Signalling"
    part1 = establishment.part1_of(request)
    assert part1 == built.S_TMSI.number & (1 << 39) - 1
    complete = rrc.decode(Channel.UL_DCCH, MESSAGES[3].octets)
    assert establishment.read_setup_complete(complete, part1) == built.COMPLETE
    assert rrc.nas_of(complete) == (built.UPLINK_NAS,)
    suspended = rrc.decode(Channel.DL_DCCH, MESSAGES[8].octets)
    assert establishment.suspend_config_of(suspended) == SuspendConfig(5, 6, 2)
    paging = rrc.decode(Channel.PCCH, MESSAGES[9].octets)
    assert establishment.paged(paging) == (built.S_TMSI, 5)


def test_reconfigurations_are_read_in_our_own_terms() -> None:
    for wanted in (built.HANDOVER, built.BEARERS, Reconfiguration(released_drbs=(1, 30))):
        message = reconfiguration.reconfiguration(1, wanted)
        read = reconfiguration.read(rrc.decode(Channel.DL_DCCH, message.octets))
        again = reconfiguration.reconfiguration(1, read)
        assert again.octets == message.octets
        assert (read.drbs, read.algorithms, read.sync) == (
            wanted.drbs,
            wanted.algorithms,
            wanted.sync,
        )
        assert rrc.nas_of(message) == wanted.nas


def test_security_is_read_in_our_own_terms() -> None:
    command = security.security_mode_command(1, Algorithms(3, 1))
    assert security.commanded_algorithms(command) == Algorithms(3, 1)
    assert command.transaction == 1
    capability = security.nr_capability()
    assert security.nr_capability_of(security.capability_information(0, capability)) == capability
    counts = (DrbCount(1, 0x12345680, 128), DrbCount(32, 0, 0))
    assert security.checked_counts(security.counter_check(0, counts)) == counts
    assert security.differing_counts(security.counter_check_response(0, counts)) == counts


@given(st.integers(0, (1 << 24) - 1), st.integers(0, 0xFFFF), st.booleans())
def test_resume_requests(identity: int, mac: int, full: bool) -> None:
    request = ResumeRequest(identity, mac, "rna-Update", full)
    message = mobility.resume_request(request)
    assert mobility.read_resume_request(rrc.decode(message.channel, message.octets)) == request


@given(st.integers(0, 0xFFFF), st.integers(0, 1007), st.integers(0, 0xFFFF))
def test_reestablishment_requests(c_rnti: int, pci: int, mac: int) -> None:
    request = ReestablishmentRequest(c_rnti, pci, mac)
    message = mobility.reestablishment_request(request)
    read = rrc.decode(message.channel, message.octets)
    assert mobility.read_reestablishment_request(read) == request


@given(st.integers(0, 1023), st.integers(0, 63), st.integers(0, 0xFFFFFFFF))
def test_identities_go_through_both_parts(set_id: int, pointer: int, tmsi: int) -> None:
    identity = STmsi(set_id, pointer, tmsi)
    assert STmsi.of(identity.number) == identity


@pytest.mark.parametrize("nas_octets", [0, 3, 100, 3000])
def test_handover_commands_hold_the_reconfiguration(nas_octets: int) -> None:
    wanted = replace(built.HANDOVER, nas=(bytes(nas_octets),) if nas_octets else ())
    message = reconfiguration.reconfiguration(3, wanted)
    assert mobility.commanded(mobility.handover_command(message)) == message


@given(st.binary(max_size=30))
def test_any_octets_are_a_handover_command_or_the_one_error(octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        mobility.commanded(octets)


def test_a_handover_command_has_its_length() -> None:
    message = reconfiguration.reconfiguration(3, Reconfiguration(released_drbs=(1,)))
    command = mobility.handover_command(message)
    # 0000, then the length 9 and the octets, then 0000.
    assert command.hex() == f"0{len(message.octets):02x}{message.octets.hex()}0"
    assert mobility.handover_preparation(security.nr_capability(), 5, 0xABCD)


@given(st.sampled_from(Channel), st.binary(max_size=40))
def test_any_octets_are_a_message_or_the_one_error(channel: Channel, octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        message = rrc.decode(channel, octets)
        assert message.name
        with contextlib.suppress(DecodeError):
            reconfiguration.read(message)


@given(st.sampled_from(MESSAGES), st.integers(0, 1000), st.integers(0, 255))
def test_any_mutation_is_a_message_or_the_one_error(
    message: rrc.Message, place: int, octet: int
) -> None:
    octets = bytearray(message.octets)
    octets[place % len(octets)] = octet
    with contextlib.suppress(DecodeError):
        rrc.decode(message.channel, bytes(octets))


def test_what_has_no_room_is_refused() -> None:
    with pytest.raises(EncodeError, match="NR RRC"):
        establishment.release(4)


def test_tshark_reads_every_message_as_we_do(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark, the independent witness, is not installed")
    composer = Composer(0)
    for message in MESSAGES:
        composer.exported(message.channel.dissector, message.octets)
    path = tmp_path / "rrc.pcapng"
    with path.open("wb") as stream:
        writer = Writer(stream)
        for frame in composer.frames:
            writer.write(frame)
    command = [tshark, "-n", "-r", str(path), "-T", "fields", "-E", "separator=|"]
    command += ["-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "_ws.malformed"]
    command += ["-e", "_ws.expert.message"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = [line.split("|") for line in result.stdout.splitlines()]
    assert len(rows) == len(MESSAGES)
    for message, (protocol, info, malformed, expert) in zip(MESSAGES, rows, strict=True):
        assert not malformed, message.name
        assert not expert, (message.name, expert)
        assert protocol.startswith("NR RRC"), (message.name, protocol)
        wanted = {"RRCSetup": "RRC Setup", "Paging": "Paging"}.get(message.name, message.name)
        assert wanted.replace(" ", "").lower() in info.replace(" ", "").lower()
