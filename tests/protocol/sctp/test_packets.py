"""SCTP packets: every one of the captures octet by octet, and every chunk built and read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.protocol import sctp
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.trace.capture import open_capture
from makmal.trace.frame import Frame
from makmal.trace.link import ip_offset

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"
_SCTP = 132


def sctp_packets() -> list[bytes]:
    frames: list[Frame] = list(record(OBSERVED).frames)
    for path in sorted(CAPTURES.glob("o*.pcap*")):
        with open_capture(path) as capture:
            frames += capture
    found: dict[bytes, None] = {}
    for frame in frames:
        at = ip_offset(frame.link_type, frame.data)
        if at >= 0 and frame.data[at] >> 4 == 4 and frame.data[at + 9] == _SCTP:
            end = at + int.from_bytes(frame.data[at + 2 : at + 4], "big")
            found.setdefault(frame.data[at + (frame.data[at] & 15) * 4 : end])
    return list(found)


PACKETS = sctp_packets()


def test_packets_of_captures_come_back_octet_by_octet() -> None:
    assert len(PACKETS) > 90
    kinds = set()
    for octets in PACKETS:
        packet = sctp.decode(octets)
        assert sctp.encode(packet) == octets
        # On a virtual link the kernel leaves the checksum to a network card that is not there.
        assert packet.has_right_checksum or packet.checksum == 0
        kinds |= {type(chunk) for chunk in packet.chunks}
    assert kinds >= {sctp.Data, sctp.Init, sctp.Sack, sctp.CookieEcho, sctp.Unread}


@pytest.mark.parametrize(
    "chunk",
    [
        sctp.Data(1, 2, 3, 60, b"payload"),
        sctp.Data(0xFFFFFFFF, 0xFFFF, 0xFFFF, 60, b"x", flags=0x0F),
        sctp.Data(1, 2, 0, 60, b"interleaved", message_identifier=7),
        sctp.Init(1, 0xFFFFFFFF, 2, 3, 4, 5),
        sctp.Init(2, 1, 2, 3, 4, 5, (sctp.Parameter(7, bytes(33)), sctp.Parameter(0x8000, b""))),
        sctp.Init(1, 1, 2, 3, 4, 5, (sctp.Parameter(5, b"abc", b"\x01"), sctp.Parameter(6, b"d"))),
        sctp.Sack(1, 2),
        sctp.Sack(1, 2, ((2, 3), (5, 9)), (1, 1)),
        sctp.Tlvs(4, (sctp.Parameter(1, bytes(5)),)),
        sctp.Tlvs(6, (sctp.Parameter(12, b"reason"),), flags=1),
        sctp.Tlvs(9, ()),
        sctp.CookieEcho(bytes(7)),
        sctp.Unread(11, b""),
        sctp.Unread(0x3F, b"unknown chunk", flags=0xFF),
    ],
    ids=lambda chunk: f"{type(chunk).__name__}-{chunk.chunk_type}",
)
def test_chunks_come_back(chunk: sctp.Chunk) -> None:
    packet = sctp.Packet(1, 38412, 0xDEADBEEF, (chunk, sctp.Unread(11, b"")))
    octets = sctp.encode(packet)
    assert len(octets) % 4 == 0
    again = sctp.decode(octets)
    assert again.chunks == packet.chunks
    assert sctp.encode(again) == octets


def test_a_data_chunk_tells_what_part_it_is() -> None:
    first, middle = sctp.Data(1, 0, 0, 60, b"", flags=2), sctp.Data(2, 0, 0, 60, b"", flags=4)
    assert (first.is_beginning, first.is_end, first.is_unordered) == (True, False, False)
    assert (middle.is_beginning, middle.is_end, middle.is_unordered) == (False, False, True)
    assert sctp.Data(3, 0, 0, 60, b"", message_identifier=1).chunk_type == 64


def test_a_wrong_checksum_is_kept_and_told() -> None:
    octets = bytearray(PACKETS[0])
    octets[8] ^= 1
    packet = sctp.decode(bytes(octets))
    assert not packet.has_right_checksum
    assert sctp.encode(packet) == bytes(octets)


def test_the_checksum_is_that_of_rfc_9260() -> None:
    # RFC 3720, B.4: the CRC32c of 32 octets of zeros is 8a9136aa.
    assert sctp.checksum(bytes(32)) == int.from_bytes(bytes.fromhex("aa36918a"), "big")


def test_padding_that_is_not_zeros_is_kept() -> None:
    octets = bytearray(sctp.encode(sctp.Packet(1, 2, 3, (sctp.Unread(11, b"a"),))))
    octets[-1] = 9
    packet = sctp.decode(bytes(octets))
    assert sctp.encode(packet) == bytes(octets)


@pytest.mark.parametrize(
    ("octets", "offset", "reason"),
    [
        (bytes(11), 11, "common header"),
        (bytes(14), 12, "chunk header"),
        (bytes(12) + b"\0\0\0\3", 14, "length 3"),
        (bytes(12) + b"\0\0\0\x20", 14, "length 32"),
        (bytes(12) + b"\0\0\0\x08" + bytes(4), 16, "cut off"),
        (bytes(12) + b"\3\0\0\x10" + bytes(8) + b"\0\1\0\0", 24, "gap blocks"),
        (bytes(12) + b"\4\0\0\x06\0\1\0\0", 16, "parameter is cut off"),
    ],
)
def test_what_is_no_packet(octets: bytes, offset: int, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        sctp.decode(octets)
    assert raised.value.offset == offset
    assert raised.value.protocol == "SCTP"


def test_numbers_that_do_not_fit_are_refused() -> None:
    for chunk in (sctp.Data(2**32, 0, 0, 0, b""), sctp.Sack(0, -1), sctp.Unread(1, bytes(70_000))):
        with pytest.raises(EncodeError):
            sctp.encode(sctp.Packet(1, 2, 3, (chunk,)))
    with pytest.raises(EncodeError):
        sctp.encode(sctp.Packet(70_000, 2, 3, ()))


def _read(octets: bytes) -> None:
    try:
        packet = sctp.decode(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)
        return
    assert sctp.encode(packet) == octets


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    _read(octets)


@given(st.sampled_from(PACKETS), st.data())
def test_real_packets_changed_and_cut(octets: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes((data.draw(st.integers(0, 255)),)) + octets[at + 1 :]
    _read(changed[: data.draw(st.integers(0, len(octets)))])
