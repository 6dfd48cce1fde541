"""Uu read by an observer: verified, deciphered, followed; from memory, from a file, by tshark."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.scenarios import ping, plan, until
from tests.network.test_radio import PACKET, RadioNet, with_session

from makmal.bench.embedded_plan import embedded_subscriptions, knowledge_of
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.radio import ue_mobility
from makmal.network.radio.state import State
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.protocol.pdcp import Plane, is_framed
from makmal.protocol.rrc import Cell
from makmal.trace.capture import open_capture
from makmal.trace.describe import describe
from makmal.trace.dissect import Dissector, dissect
from makmal.trace.frame import ExportedPdu, UdpDatagram
from makmal.trace.knowledge import Knowledge, knowledge_text, parse_knowledge
from makmal.trace.message import Message, NgapMessage, PdcpMessage, RrcMessage, Undecodable

CELLS = (Cell(101, 632_256), Cell(102, 632_256))


def knowledge(*, subscribers: bool = True) -> Knowledge:
    known = knowledge_of(plan(), embedded_subscriptions(plan(), 60), (2, 1, 3), (2, 1, 3, 0))
    return replace(known, cells=CELLS) if subscribers else Knowledge(cells=CELLS)


async def one_of_everything(net: RadioNet) -> None:
    """A UE lives through all that changes its keys."""
    net.other_gnb.policy = net.gnb.policy
    await net.other_gnb.set_up(net.plan.n2("AMF"))
    ue, session = await with_session(net)
    await ping(net, ue, session)
    at_ue, at_gnb = net.ends(ue)
    assert await at_gnb.counter_check() == ()
    net.access.deactivate(net.gnb, ue)
    await until(lambda: at_ue.state is State.INACTIVE)
    at_gnb.receive_packet(session.identity, PACKET)
    await until(lambda: at_ue.state is State.CONNECTED)
    await ping(net, ue, session)
    ue_mobility.lose_radio(at_ue)
    await until(lambda: at_ue.state is State.CONNECTED and session.user_plane)
    await ping(net, ue, session)
    assert await at_gnb.refresh_key()
    await ping(net, ue, session)
    assert await net.other_gnb.path_switch(ue, net.gnb) is not None
    await ping(net, ue, session)
    assert await net.other_gnb.handover(ue, net.gnb)
    await asyncio.sleep(0.05)
    await ping(net, ue, session)
    third = await net.beside("AMF-2")
    third.policy = net.gnb.policy
    assert await net.gnb.handover(ue, third)
    await asyncio.sleep(0.05)
    await ping(net, ue, session)
    await ue.release_connection()


def recorded(recorder: Recorder, **policy: Any) -> None:
    async def play() -> None:
        net = RadioNet(SimulatedWorld(recorder), **policy)
        await net.start()
        try:
            await one_of_everything(net)
        finally:
            await net.stop()

    simulate(play())


def on_uu(messages: list[Message]) -> list[RrcMessage | PdcpMessage]:
    assert not [each for each in messages if isinstance(each, Undecodable)]
    return [each for each in messages if isinstance(each, RrcMessage | PdcpMessage)]


@pytest.fixture(scope="module")
def payloads() -> PayloadRecorder:
    recorder = PayloadRecorder()
    recorded(recorder)
    return recorder


def test_everything_is_verified_and_deciphered_through_every_change_of_keys(
    payloads: PayloadRecorder,
) -> None:
    found = on_uu(Dissector(knowledge()).payloads(payloads.payloads))
    names = [each.name for each in found]
    assert names.count("RRCReconfiguration") == 7
    assert {"RRCResume", "RRCReestablishment", "Paging"} <= set(names)
    assert not any(name.startswith("Ciphered") for name in names)
    activated = names.index("SecurityModeCommand")
    for each in found[activated:]:
        if isinstance(each, RrcMessage) and each.bearer is None:
            continue
        assert each.integrity_verified, (each.frame, each.name)
        in_clear = each.name in (
            "SecurityModeCommand",
            "SecurityModeComplete",
            "RRCReestablishment",
        )
        assert each.ciphered == (not in_clear), (each.frame, each.name)
        assert each.user_equipment is not None
        assert each.user_equipment.supi == "imsi-999700000000001"
    packets = [each for each in found if isinstance(each, PdcpMessage)]
    assert len(packets) == 14
    assert all(each.payload is not None and each.payload[0] == 0x45 for each in packets)


def test_without_n2_keys_they_are_derived_from_the_subscription(payloads: PayloadRecorder) -> None:
    dissector = Dissector(knowledge())
    found = []
    for payload in payloads.payloads:
        for each in dissector.payloads([payload]):
            if isinstance(each, NgapMessage) and each.user_equipment is not None:
                each.user_equipment.k_gnb = None
                each.user_equipment.next_hops.clear()
            found.append(each)
    names = [each.name for each in on_uu(found)]
    assert not any(name.startswith("Ciphered") for name in names)


def test_without_any_key_what_is_ciphered_stays_closed(payloads: PayloadRecorder) -> None:
    dissector = Dissector(Knowledge())
    found = []
    for payload in payloads.payloads:
        for each in dissector.payloads([payload]):
            if isinstance(each, NgapMessage) and each.user_equipment is not None:
                each.user_equipment.k_gnb = None
                each.user_equipment.next_hops.clear()
                if each.user_equipment.current is not None:
                    each.user_equipment.current.k_amf = None
            found.append(each)
    radio = on_uu(found)
    names = [each.name for each in radio]
    assert "SecurityModeCommand" in names
    assert "Ciphered RRC message on SRB1" in names
    assert "RRCReconfiguration" not in names
    assert all(each.integrity_verified is None for each in radio)
    assert all(each.payload is None for each in radio if isinstance(each, PdcpMessage))


def test_a_file_holds_the_same(payloads: PayloadRecorder, tmp_path: Path) -> None:
    path = tmp_path / "uu.pcapng"
    with path.open("wb") as stream:
        recorded(FrameRecorder(stream))
    with open_capture(path) as frames:
        from_file = on_uu(list(dissect(frames, knowledge())))
    from_memory = on_uu(Dissector(knowledge()).payloads(payloads.payloads))
    assert [(each.name, each.integrity_verified) for each in from_file] == [
        (each.name, each.integrity_verified) for each in from_memory
    ]
    for each in from_file:
        assert describe(each)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 255))
def test_any_octets_on_uu_are_read_or_named_undecodable(
    payloads: PayloadRecorder, which: int, place: int, octet: int
) -> None:
    radio = [
        number
        for number, each in enumerate(payloads.payloads)
        if isinstance(each, ExportedPdu)
        or (isinstance(each, UdpDatagram) and is_framed(each.payload))
    ]
    altered = list(payloads.payloads)
    number = radio[which % len(radio)]
    chosen = altered[number]
    assert isinstance(chosen, ExportedPdu | UdpDatagram)
    octets = bytearray(chosen.payload)
    octets[place % len(octets)] = octet
    altered[number] = chosen._replace(payload=bytes(octets))
    dissector = Dissector(knowledge())
    for each in dissector.payloads(altered[: number + 3]):
        if isinstance(each, RrcMessage | PdcpMessage | Undecodable):
            assert each.name
            assert describe(each)


def test_the_keys_file_names_cells() -> None:
    known = knowledge(subscribers=False)
    assert parse_knowledge(knowledge_text(known)).cells == CELLS


def test_tshark_reads_every_message_that_is_not_ciphered(tmp_path: Path) -> None:
    """All of it, with null ciphering: nothing malformed, the same names, the same ends."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark, the independent witness, is not installed")
    path = tmp_path / "uu.pcapng"
    with path.open("wb") as stream:
        recorded(FrameRecorder(stream), ciphering_priority=(0,))
    with open_capture(path) as frames:
        ours = on_uu(list(dissect(frames, knowledge())))
    command = [tshark, "-n", "-r", str(path), "--enable-heuristic", "pdcp_nr_udp"]
    command += ["-o", "pdcp-nr.verify_integrity:FALSE", "-Y", "pdcp-nr || nr-rrc", "-T", "fields"]
    command += ["-E", "separator=|", "-e", "frame.number", "-e", "_ws.col.Info"]
    command += ["-e", "_ws.malformed", "-e", "icmp.type", "-e", "pdcp-nr.ueid"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = {int(row[0]): row[1:] for row in (x.split("|") for x in result.stdout.splitlines())}
    assert len(ours) > 45
    for each in ours:
        info, malformed, icmp, ue_id = rows[each.frame]
        # tshark 4.0 takes the NAS container of a handover for the one of EPS, an octet longer.
        with_container = isinstance(each, RrcMessage) and b"nas-Container" in repr(
            each.message.value
        ).encode("ascii")
        assert not malformed or with_container, each.name
        if isinstance(each, PdcpMessage):
            assert icmp in ("8", "0")
            assert int(ue_id) == each.framed.bearer.ue_id
        else:
            assert each.name.lower() in info.replace(" ", "").lower()


def test_tshark_deciphers_and_verifies_with_our_keys(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark, the independent witness, is not installed")
    path = tmp_path / "uu.pcapng"
    keys: list[str] = []

    async def play(stream: io.BufferedWriter) -> None:
        net = RadioNet(SimulatedWorld(FrameRecorder(stream)))
        await net.start()
        try:
            ue, session = await with_session(net)
            await ping(net, ue, session)
            _, at_gnb = net.ends(ue)
            security = at_gnb.security
            assert security is not None
            keys.append(str(at_gnb.bearers.ue_id))
            keys.extend(
                each.hex()
                for each in (
                    security.k_rrc_enc,
                    security.k_up_enc,
                    security.k_rrc_int,
                    security.k_up_int,
                )
            )
        finally:
            await net.stop()

    with path.open("wb") as stream:
        simulate(play(stream))
    with open_capture(path) as frames:
        ours = on_uu(list(dissect(frames, knowledge())))
    complete = next(each.frame for each in ours if each.name == "SecurityModeComplete")
    quoted = ",".join(f'"{each}"' for each in keys)
    # Of PDUs without MAC, tshark learns no algorithms from RRC: it has to be told.
    command = [tshark, "-n", "-r", str(path), "--enable-heuristic", "pdcp_nr_udp"]
    for preference in (
        f"uat:pdcp_nr_ue_keys:{quoted}",
        "pdcp-nr.decipher_signalling:TRUE",
        "pdcp-nr.decipher_userplane:TRUE",
        "pdcp-nr.check_sequence_numbers:Only-PDCP-frames",
        "pdcp-nr.default_ciphering_algorithm:NEA2 (AES)",
        "pdcp-nr.default_integrity_algorithm:NIA2 (AES)",
    ):
        command += ["-o", preference]
    command += ["-Y", f"pdcp-nr && frame.number > {complete}", "-T", "fields"]
    command += ["-E", "separator=|", "-e", "frame.number", "-e", "_ws.col.Info"]
    command += ["-e", "_ws.malformed", "-e", "_ws.expert.message", "-e", "icmp.type"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = {
        int(number): (info, malformed, expert, icmp)
        for number, info, malformed, expert, icmp in (
            line.split("|") for line in result.stdout.splitlines()
        )
    }
    later = [each for each in ours if each.frame > complete]
    assert len(later) >= 9
    for each in later:
        info, malformed, expert, icmp = rows[each.frame]
        assert not malformed, each.name
        assert "Digest wrong" not in expert, (each.name, expert)
        if isinstance(each, PdcpMessage):
            assert each.framed.bearer.plane is Plane.USER
            assert icmp in ("8", "0")
        else:
            assert each.name.lower() in info.replace(" ", "").lower()
