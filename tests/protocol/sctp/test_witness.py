"""Every SCTP packet of the shared captures, beside what tshark reads of the same frame."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import google_crc32c
import pytest

from makmal.protocol import sctp
from makmal.trace.capture import open_capture
from makmal.trace.frame import SctpMessage
from makmal.trace.link import ip_offset
from makmal.trace.transport import Reassembler

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"
# How many frames of each carry SCTP.
COUNTS = {
    "oai-registration-session.pcap": 14,
    "open5gs-registration-sbi.pcap": 14,
    "open5gs-smc-timeout.pcapng": 28,
    "phone-rrc-attach.pcap": 15,
}
_SCTP = 132


def path_of(name: str) -> Path:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"the shared capture {name} is not here")
    return path


def sctp_of(path: Path) -> dict[int, bytes]:
    """The SCTP packet of each frame that carries one, by the frame's number."""
    found = {}
    with open_capture(path) as capture:
        for frame in capture:
            at = ip_offset(frame.link_type, frame.data)
            if at < 0:
                continue
            packet = frame.data[at:]
            if packet[0] >> 4 != 4 or packet[9] != _SCTP:
                continue
            assert frame.original_length == len(frame.data)
            assert not int.from_bytes(packet[6:8], "big") & 0x3FFF
            found[frame.number] = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
    return found


def numbers(text: str) -> list[int]:
    return [int(part, 0) for part in text.split(",") if part]


@pytest.mark.parametrize("name", COUNTS)
def test_every_packet_comes_back_octet_by_octet(name: str) -> None:
    packets = sctp_of(path_of(name))
    assert len(packets) >= COUNTS[name]
    for octets in packets.values():
        packet = sctp.decode(octets)
        assert sctp.encode(packet) == octets
        sent = octets[8:12]
        right = int(google_crc32c.value(octets[:8] + bytes(4) + octets[12:])).to_bytes(4, "little")
        assert (packet.checksum is None) == packet.has_right_checksum == (sent == right)
        # A wrong one is zero: the kernel left it to a network card that does not exist.
        assert sent in (right, bytes(4))


@pytest.mark.parametrize("name", COUNTS)
def test_a_packet_without_its_checksum_is_built_with_the_right_one(name: str) -> None:
    for octets in sctp_of(path_of(name)).values():
        packet = sctp.decode(octets)
        built = sctp.encode(
            sctp.Packet(
                packet.source_port,
                packet.destination_port,
                packet.verification_tag,
                packet.chunks,
                padding=packet.padding,
            )
        )
        assert built[:8] + built[12:] == octets[:8] + octets[12:]
        assert sctp.decode(built).checksum is None


@pytest.mark.parametrize("name", COUNTS)
def test_tshark_reads_the_same(name: str) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    path = path_of(name)
    fields = (
        "frame.number",
        "sctp.srcport",
        "sctp.dstport",
        "sctp.verification_tag",
        "sctp.checksum",
        "sctp.chunk_type",
        "sctp.chunk_flags",
        "sctp.chunk_length",
        "sctp.data_tsn_raw",
        "sctp.data_sid",
        "sctp.data_ssn",
        "sctp.data_payload_proto_id",
        "sctp.sack_cumulative_tsn_ack_raw",
        "sctp.init_initial_tsn",
        "sctp.initack_initial_tsn",
        "sctp.parameter_type",
    )
    command = [tshark, "-r", str(path), "-Y", "sctp", "-T", "fields"]
    for each in fields:
        command += ["-e", each]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [dict(zip(fields, line.split("\t"), strict=True)) for line in run.stdout.splitlines()]
    packets = {number: sctp.decode(octets) for number, octets in sctp_of(path).items()}
    assert [int(row["frame.number"]) for row in rows] == list(packets)
    for row in rows:
        packet = packets[int(row["frame.number"])]
        data = [chunk for chunk in packet.chunks if isinstance(chunk, sctp.Data)]
        sacks = [chunk for chunk in packet.chunks if isinstance(chunk, sctp.Sack)]
        inits = [chunk for chunk in packet.chunks if isinstance(chunk, sctp.Init)]
        lists = [chunk for chunk in packet.chunks if isinstance(chunk, sctp.Init | sctp.Tlvs)]
        assert numbers(row["sctp.srcport"]) == [packet.source_port]
        assert numbers(row["sctp.dstport"]) == [packet.destination_port]
        assert numbers(row["sctp.verification_tag"]) == [packet.verification_tag]
        sent = sctp.encode(packet)[8:12]
        assert numbers(row["sctp.checksum"]) == [int.from_bytes(sent, "big")]
        assert numbers(row["sctp.chunk_type"]) == [chunk.chunk_type for chunk in packet.chunks]
        assert numbers(row["sctp.chunk_flags"]) == [chunk.flags for chunk in packet.chunks]
        assert numbers(row["sctp.chunk_length"]) == [
            4 + len(chunk.body()) for chunk in packet.chunks
        ]
        assert numbers(row["sctp.data_tsn_raw"]) == [chunk.tsn for chunk in data]
        assert numbers(row["sctp.data_sid"]) == [chunk.stream_id for chunk in data]
        assert numbers(row["sctp.data_ssn"]) == [chunk.stream_sequence_number for chunk in data]
        assert numbers(row["sctp.data_payload_proto_id"]) == [
            chunk.payload_protocol_id for chunk in data
        ]
        assert numbers(row["sctp.sack_cumulative_tsn_ack_raw"]) == [
            chunk.cumulative_tsn for chunk in sacks
        ]
        assert numbers(row["sctp.init_initial_tsn"] + "," + row["sctp.initack_initial_tsn"]) == [
            chunk.initial_tsn for chunk in inits
        ]
        assert numbers(row["sctp.parameter_type"]) == [
            parameter.parameter_type for chunk in lists for parameter in chunk.parameters
        ]


@pytest.mark.parametrize("name", COUNTS)
def test_reassembly_delivers_the_data_chunks_of_the_packets(name: str) -> None:
    path = path_of(name)
    reassembler = Reassembler()
    with open_capture(path) as capture:
        payloads = [payload for frame in capture for payload in reassembler.feed(frame)]
    messages = [
        (payload.frames[-1], payload.stream_id, payload.payload_protocol_id, payload.payload)
        for payload in payloads
        if isinstance(payload, SctpMessage)
    ]
    seen: set[tuple[int, int]] = set()
    chunks = []
    for number, octets in sctp_of(path).items():
        packet = sctp.decode(octets)
        for chunk in packet.chunks:
            if isinstance(chunk, sctp.Data) and (packet.verification_tag, chunk.tsn) not in seen:
                assert chunk.is_beginning
                assert chunk.is_end
                seen.add((packet.verification_tag, chunk.tsn))
                chunks.append((number, chunk.stream_id, chunk.payload_protocol_id, chunk.payload))
    assert messages == chunks
