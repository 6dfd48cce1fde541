"""ESP: each packet once, unaltered, and to be read by nobody else; with tshark as the witness."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.network.esp import EspChoices, EspError, InboundAssociation, OutboundAssociation
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.upf import packets
from makmal.trace.esp import is_legible
from makmal.trace.frame import Endpoint

KEY = bytes(range(20))
NEAR, FAR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
PACKET = packets.udp_packet(NEAR, FAR, 2152, 2152, b"\x30\xff\0\x04\0\0\0\x01data")


def ends(
    sender: EspChoices | None = None, receiver: EspChoices | None = None
) -> tuple[OutboundAssociation, InboundAssociation]:
    return (
        OutboundAssociation(0x1234, KEY, sender or EspChoices()),
        InboundAssociation(0x1234, KEY, receiver or EspChoices()),
    )


@pytest.mark.parametrize("encrypts", [True, False])
def test_a_packet_comes_out_as_it_went_in_and_only_once(encrypts: bool) -> None:
    out, into = ends(EspChoices(encrypts=encrypts))
    for _ in range(3):
        esp = out.protect(PACKET)
        assert is_legible(esp) != encrypts
        assert into.open(esp) == PACKET
        with pytest.raises(EspError, match="was there before"):
            into.open(esp)


def test_packets_out_of_order_are_taken_within_the_window() -> None:
    out, into = ends()
    made = [out.protect(PACKET) for _ in range(100)]
    assert into.open(made[70]) == PACKET
    assert into.open(made[20]) == PACKET
    with pytest.raises(EspError, match="too old"):
        into.open(made[5])
    assert into.open(made[99]) == PACKET


@given(st.data())
def test_any_altered_octet_is_noticed(data: st.DataObject) -> None:
    out, into = ends()
    esp = bytearray(out.protect(PACKET))
    at = data.draw(st.integers(0, len(esp) - 1))
    esp[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EspError):
        into.open(bytes(esp))


@given(st.binary(max_size=80))
def test_any_octets_are_refused_with_a_sentence(octets: bytes) -> None:
    with pytest.raises(EspError):
        ends()[1].open(octets)


def test_the_faults_take_what_no_one_should() -> None:
    out, into = ends(receiver=EspChoices(checks_integrity=False, checks_replay=False))
    esp = bytearray(out.protect(PACKET))
    esp[-24] ^= 1
    assert into.open(bytes(esp)) != PACKET
    assert len(into.open(bytes(esp))) == len(PACKET)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_deciphers_what_was_made(tmp_path: Path) -> None:
    stream = BytesIO()
    recorder = FrameRecorder(stream)
    esp = ends()[0].protect(PACKET)
    recorder.datagram(0, Endpoint("192.0.2.1", 4500), Endpoint("192.0.2.2", 4500), esp)
    path = tmp_path / "esp.pcapng"
    path.write_bytes(stream.getvalue())
    association = (
        '"IPv4","192.0.2.1","192.0.2.2","0x00001234",'
        f'"AES-GCM with 16 octet ICV [RFC4106]","0x{KEY.hex()}","NULL",""'
    )
    output = subprocess.run(
        [
            "tshark", "-r", str(path), "-V",
            "-o", "esp.enable_encryption_decode:TRUE",
            "-o", f"uat:esp_sa:{association}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout  # fmt: skip
    assert "GPRS Tunneling Protocol" in output
    assert "TEID: 0x00000001" in output
