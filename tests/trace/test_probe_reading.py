"""Ports that were tried: what is composed of probes, what is read of frames, what tshark says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.network.frame_recorder import FrameRecorder
from makmal.trace.capture import open_capture
from makmal.trace.compose import Composer
from makmal.trace.compose_probes import compose_probe
from makmal.trace.frame import Endpoint, Frame, PortOutcome, Probe
from makmal.trace.link import ETHERNET
from makmal.trace.message import Message, PortProbe, Step
from makmal.trace.probe_reading import ProbeReading

TRANSPORTS = ("tcp", "udp", "sctp")
ADDRESSES = (("192.0.2.12", "192.0.2.17"), ("2001:db8::12", "2001:db8::17"))


def probe(transport: str, outcome: PortOutcome, port: int, ends: tuple[str, str]) -> Probe:
    source, to = Endpoint(ends[0], 40_000 + port % 20_000), Endpoint(ends[1], port)
    return Probe(0, 0, source, to, transport, outcome, b"\0", b"answer")


def read(frames: list[Frame]) -> list[Message]:
    reading = ProbeReading()
    found = [message for frame in frames for message in reading.feed(frame)]
    return found + reading.finish()


def composed(probes: list[Probe]) -> list[Frame]:
    composer = Composer(0)
    for each in probes:
        compose_probe(composer, each)
    return composer.frames


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TRANSPORTS), st.sampled_from(PortOutcome), st.integers(1, 19_999)
        ),
        unique_by=lambda each: (each[0], each[2]),
        max_size=20,
    ),
    st.sampled_from(ADDRESSES),
)
@settings(max_examples=150, deadline=None)
def test_what_is_composed_is_read_again(
    tried: list[tuple[str, PortOutcome, int]], ends: tuple[str, str]
) -> None:
    found = read(composed([probe(*each, ends) for each in tried]))
    told = {
        (each.transport, each.outcome, port)
        for each in found
        if isinstance(each, PortProbe)
        for port in each.ports
    }
    assert told == set(tried)
    assert all(each.destination.address == ends[1] for each in found if isinstance(each, PortProbe))


def test_closed_ports_of_a_step_are_one_message() -> None:
    composer = Composer(0)
    composer.step("scan of tcp at 192.0.2.17")
    for port in (1, 2, 3):
        compose_probe(composer, probe("tcp", PortOutcome.CLOSED, port, ADDRESSES[0]))
    composer.step("afterwards")
    found = read(composer.frames)
    assert [type(each) for each in found] == [Step, PortProbe, Step]
    closed = found[1]
    assert isinstance(closed, PortProbe)
    assert (closed.ports, closed.frames) == ((1, 2, 3), (2, 7))
    assert closed.name == "3 ports of tcp: closed"


def test_an_answer_that_nobody_asked_for_says_nothing() -> None:
    open_port = composed([probe("tcp", PortOutcome.OPEN, 7, ADDRESSES[0])])
    assert read(open_port[1:]) == []


@given(st.binary(max_size=120))
@settings(max_examples=300, deadline=None)
def test_no_octets_are_a_surprise(octets: bytes) -> None:
    for number, start in enumerate((b"", b"\x45", b"\x60"), 1):
        data = bytes(12) + (b"\x86\xdd" if start == b"\x60" else b"\x08\x00") + start + octets
        read([Frame(number, 0, ETHERNET, data, len(data))])


@given(st.integers(0, 200), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_damage_is_no_surprise(at: int, value: int) -> None:
    frames = composed(
        [probe(each, outcome, 9, ADDRESSES[0]) for each in TRANSPORTS for outcome in PortOutcome]
    )
    damaged = []
    for frame in frames:
        data = bytearray(frame.data)
        data[14 + at % (len(data) - 14)] = value
        damaged.append(frame._replace(data=bytes(data)))
    read(damaged)
    read([frame._replace(data=frame.data[: 14 + at % 60]) for frame in frames])


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_reads_them_without_complaint(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcapng"
    with path.open("wb") as file:
        recorder = FrameRecorder(file)
        for ends in ADDRESSES:
            for transport in TRANSPORTS:
                for port, outcome in enumerate(PortOutcome, 1):
                    recorder.probe(probe(transport, outcome, port, ends))
    fields = ("icmp.code", "icmpv6.code", "_ws.malformed", "icmp.checksum.status")
    command = ["tshark", "-r", str(path), "-o", "ip.check_checksum:TRUE", "-T", "fields"]
    command += ["-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    for each in (*fields, "_ws.expert.message"):
        command += ["-e", each]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t") for line in told.splitlines()]
    assert sum(line[0].startswith("3") for line in lines) == 1
    assert sum(line[1] == "4" for line in lines) == 1
    assert not any(line[2] for line in lines)
    assert not any("hecksum" in line[4] and "ncorrect" in line[4] for line in lines)
    with open_capture(path) as capture:
        assert len(read(list(capture))) == 2 * 3 * 3
