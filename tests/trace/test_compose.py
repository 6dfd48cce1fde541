"""Composed frames: our own reader and tshark find in them what was put in, and nothing wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.trace.compose import Composer
from makmal.trace.esp import EspTunnel, is_legible
from makmal.trace.frame import (
    Endpoint,
    EspPacket,
    Payload,
    SctpMessage,
    TcpChunk,
    UdpDatagram,
)
from makmal.trace.pcapng import Writer
from makmal.trace.transport import Reassembler

START = 1_700_000_000_000_000_000
ADDRESSES = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
Rows = Callable[..., list[list[str]]]

each_version = pytest.mark.parametrize("version", [4, 6])
payload_lists = st.lists(
    st.tuples(st.booleans(), st.binary(min_size=1, max_size=50) | st.sampled_from([b"x" * 3000])),
    max_size=6,
)


def ends(version: int, client_port: int, server_port: int) -> tuple[Endpoint, Endpoint]:
    one, other = ADDRESSES[version]
    return Endpoint(one, client_port), Endpoint(other, server_port)


def read(composer: Composer) -> list[Payload]:
    reassembler = Reassembler()
    found = [one for frame in composer.frames for one in reassembler.feed(frame)]
    found += reassembler.flush()
    assert not reassembler.counters
    return found


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([4, 6]), payload_lists)
def test_udp_is_read_back(version: int, sent: list[tuple[bool, bytes]]) -> None:
    composer = Composer(START, 1000)
    client, server = ends(version, 40000, 8805)
    expected = []
    for number, (from_client, payload) in enumerate(sent, start=1):
        source, destination = (client, server) if from_client else (server, client)
        assert composer.udp(source, destination, payload) == number
        time_ns = START + 1000 * (number - 1)
        expected.append(UdpDatagram((number,), time_ns, source, destination, payload, False))
    assert read(composer) == expected


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([4, 6]), payload_lists)
def test_sctp_is_read_back(version: int, sent: list[tuple[bool, bytes]]) -> None:
    composer = Composer(START)
    client, server = ends(version, 50000, 38412)
    association = composer.association(client, server)
    assert len(composer.frames) == 4
    expected = []
    for number, (from_client, payload) in enumerate(sent):
        frame = association.send(from_client, payload, 60 + number, number % 3)
        source = client if from_client else server
        expected.append((frame, source, number % 3, 60 + number, payload, False))
    association.shutdown()
    found = [one for one in read(composer) if isinstance(one, SctpMessage)]
    assert expected == [
        (
            one.frames[-1],
            one.source,
            one.stream_id,
            one.payload_protocol_id,
            one.payload,
            one.truncated,
        )
        for one in found
    ]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([4, 6]), payload_lists)
def test_tcp_is_read_back(version: int, sent: list[tuple[bool, bytes]]) -> None:
    composer = Composer(START)
    client, server = ends(version, 40000, 7777)
    connection = composer.connection(client, server)
    assert len(composer.frames) == 3
    streams = {client: b"", server: b""}
    last = []
    for from_client, payload in sent:
        streams[client if from_client else server] += payload
        last.append(connection.send(from_client, payload))
    connection.close()
    found = [one for one in read(composer) if isinstance(one, TcpChunk)]
    for end, octets in streams.items():
        chunks = [one for one in found if one.source == end]
        assert b"".join(one.payload for one in chunks) == octets
        assert [one.ended for one in chunks] == [False] * (len(chunks) - 1) + [True]
    assert not any(one.lost for one in found)
    assert set(last) <= {one.frame for one in found}


def test_times_marks_and_numbers() -> None:
    composer = Composer(START, 10)
    client, server = ends(4, 1, 2)
    composer.mark("first step")
    assert composer.udp(client, server, b"a") == 1
    composer.wait(2.5)
    assert composer.now_ns == START + 10 + 2_500_000_000
    assert composer.frame(bytes(60)) == 2
    composer.mark("second step")
    composer.association(client, server)
    assert [frame.number for frame in composer.frames] == [1, 2, 3, 4, 5, 6]
    assert [frame.comment for frame in composer.frames] == [
        *("first step", "", "second step", "", "", "")
    ]
    times = [frame.time_ns for frame in composer.frames]
    assert times[:3] == [START, START + 2_500_000_010, START + 2_500_000_020]
    assert all(one < other for one, other in pairwise(times))
    assert all(len(frame.data) == frame.original_length for frame in composer.frames)


@each_version
def test_tunnel_covers_everything_between_its_ends(version: int) -> None:
    composer = Composer(START)
    client, server = ends(version, 40000, 38412)
    outsider = Endpoint("192.0.2.77" if version == 4 else "2001:db8::77", 5)
    composer.protect(server.address, client.address, EspTunnel(bytes(range(20)), 7))
    composer.udp(client, server, b"secret words")
    composer.connection(client, server).send(False, b"secret words")
    composer.association(client, server).send(True, b"secret words", 60)
    protected = len(composer.frames)
    composer.udp(client, outsider, b"open words")
    found = read(composer)
    assert [type(one) for one in found] == [EspPacket] * protected + [UdpDatagram]
    assert {one.source.address for one in found} == {client.address, server.address}
    assert not any(b"secret" in frame.data for frame in composer.frames)
    assert not any(is_legible(one.payload) for one in found[:-1])
    assert {one.payload[:4] for one in found if one.source.address == client.address} == {
        b"\0\0\0\7",
        b"open",
    }


def everything(version: int) -> Composer:
    composer = Composer(START)
    client, server = ends(version, 40000, 9000)
    for size in (0, 1, 2, 3, 1000, 1473, 30_000):
        composer.udp(client, server, bytes(n * 7 % 256 for n in range(size)))
    # The checksum of this datagram comes out as zero, and is sent as ones (RFC 768).
    trial = Composer(START)
    trial.udp(client, server, bytes(2))
    composer.udp(client, server, trial.frames[0].data[-4:-2])
    assert composer.frames[-1].data[-4:-2] == b"\xff\xff"
    association = composer.association(*ends(version, 50000, 9002))
    connection = composer.connection(*ends(version, 40001, 9001))
    for size in (1, 2, 3, 4, 1400, 1401, 5000):
        for from_client in (True, False):
            association.send(from_client, bytes(n * 3 % 256 for n in range(size)), 0, size % 4)
            connection.send(from_client, bytes(n * 5 % 256 for n in range(size)))
    association.shutdown()
    connection.close()
    return composer


@each_version
def test_tshark_finds_nothing_wrong(version: int, tmp_path: Path, tshark: Rows) -> None:
    composer = everything(version)
    path = tmp_path / "composed.pcapng"
    with path.open("wb") as stream:
        writer = Writer(stream)
        for frame in composer.frames:
            writer.write(frame)
    names = ["ip", "udp", "tcp", "sctp"]
    status = [f"{name}.checksum.status" for name in names]
    rows = tshark(
        path,
        [*status, "_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "frame.protocols"],
        *("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"),
        *("-o", "tcp.check_checksum:TRUE", "-o", "sctp.checksum:CRC-32c"),
    )
    assert len(rows) == len(composer.frames)
    seen = set()
    for row in rows:
        sums, malformed, severities, messages, protocols = row[:4], *row[4:]
        (transport,) = set(names[1:]) & set(protocols.split(":"))
        seen.add(transport)
        good = {transport, "ip"} if version == 4 else {transport}
        assert {name for name, state in zip(names, sums, strict=True) if state == "1"} == good
        assert set(sums) <= {"", "1"}
        assert malformed == ""
        # 0x600000 is a warning, 0x800000 an error; chats and notes are no complaint.
        worst = max((int(one, 0) for one in severities.split(",") if one), default=0)
        assert worst < 0x600000, messages
    assert seen == {"udp", "tcp", "sctp"}


@each_version
def test_tshark_reads_the_same_payloads(version: int, tmp_path: Path, tshark: Rows) -> None:
    composer = everything(version)
    path = tmp_path / "composed.pcapng"
    with path.open("wb") as stream:
        writer = Writer(stream)
        for frame in composer.frames:
            writer.write(frame)
    rows = tshark(path, ["udp.payload", "tcp.payload", "tcp.srcport"])
    udp = [bytes.fromhex(row[0]) for row in rows if row[0]]
    tcp: dict[int, bytes] = {}
    for row in rows:
        if row[1]:
            tcp[int(row[2])] = tcp.get(int(row[2]), b"") + bytes.fromhex(row[1])
    found = read(composer)
    assert udp == [one.payload for one in found if isinstance(one, UdpDatagram) and one.payload]
    ours: dict[int, bytes] = {}
    for one in found:
        if isinstance(one, TcpChunk):
            ours[one.source.port] = ours.get(one.source.port, b"") + one.payload
    assert tcp == ours
    assert set(ours) == {40001, 9001}


def test_the_same_calls_give_the_same_frames() -> None:
    assert everything(4).frames == everything(4).frames
