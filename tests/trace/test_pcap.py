"""Classic pcap, sound and damaged, plain and gzip'ed."""

from __future__ import annotations

import gzip
import os
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makmal.trace.capture import CaptureError, open_capture
from makmal.trace.frame import Frame

MAGICS = {
    ("<", 1000): b"\xd4\xc3\xb2\xa1",
    (">", 1000): b"\xa1\xb2\xc3\xd4",
    ("<", 1): b"\x4d\x3c\xb2\xa1",
    (">", 1): b"\xa1\xb2\x3c\x4d",
}


def header(order: str = "<", unit: int = 1000, link_type: int = 1) -> bytes:
    return MAGICS[order, unit] + pack(order + "HHiIII", 2, 4, 0, 0, 65535, link_type)


def record(data: bytes, order: str = "<", seconds: int = 7, part: int = 9, more: int = 0) -> bytes:
    return pack(order + "IIII", seconds, part, len(data), len(data) + more) + data


def read(path: Path) -> tuple[list[Frame], list[str]]:
    with open_capture(path) as capture:
        return list(capture), capture.problems


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(octets: bytes) -> Path:
        path = tmp_path / "capture"
        path.write_bytes(octets)
        return path

    return write


Write = Callable[[bytes], Path]


@pytest.mark.parametrize(("order", "unit"), MAGICS)
def test_byte_orders_and_time_units(file: Write, order: str, unit: int) -> None:
    seconds, part = 1_700_000_000, 123_456
    octets = header(order, unit, 113) + record(b"one", order, seconds, part)
    frames, problems = read(file(octets + record(b"", order, 0xFFFFFFFF, 1)))
    first = Frame(1, seconds * 10**9 + part * unit, 113, b"one", 3)
    assert frames == [first, Frame(2, 0xFFFFFFFF * 10**9 + unit, 113, b"", 0)]
    assert problems == []


@pytest.mark.parametrize("order", "<>")
def test_upper_bits_of_the_link_type_are_no_part_of_it(file: Write, order: str) -> None:
    frames, _ = read(file(header(order, link_type=0x2400_0001) + record(b"x", order)))
    assert frames[0].link_type == 1


def test_snap_length(file: Write) -> None:
    frames, problems = read(file(header() + record(b"abcd", more=1496)))
    assert (frames[0].data, frames[0].original_length, problems) == (b"abcd", 1500, [])


def test_original_length_below_the_captured_one_is_raised(file: Write) -> None:
    frames, _ = read(file(header() + record(b"abcd", more=-3)))
    assert frames[0].original_length == 4


@pytest.mark.parametrize("length", range(1, 24))
def test_header_cut(file: Write, length: int) -> None:
    with pytest.raises(CaptureError, match="neither pcap" if length < 4 else "inside its header"):
        open_capture(file(header()[:length]))


@pytest.mark.parametrize("left", range(1, 21))
def test_record_cut_at_the_end(file: Write, left: int) -> None:
    octets = header() + record(b"whole") + record(b"half")[:left]
    frames, problems = read(file(octets))
    if left == 20:
        assert (len(frames), problems) == (2, [])
        return
    assert [frame.data for frame in frames] == [b"whole"]
    (problem,) = problems
    assert f"frame 2, octet {len(octets)}" in problem
    assert "1 whole frames" in problem


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, 16 * 1024 * 1024 + 1])
def test_absurd_record_length(file: Write, length: int) -> None:
    octets = header() + record(b"whole") + pack("<IIII", 1, 1, length, length)
    frames, problems = read(file(octets + record(b"after")))
    assert [frame.data for frame in frames] == [b"whole"]
    (problem,) = problems
    assert "frame 2" in problem
    assert str(length) in problem


def test_empty_file(file: Write) -> None:
    with pytest.raises(CaptureError, match="is empty"):
        open_capture(file(b""))


def test_header_without_frames(file: Write) -> None:
    assert read(file(header())) == ([], [])


@pytest.mark.parametrize("text", [b"hello, world\n", b"\n", b"\xef\xbb\xbf<pdml/>", b"\0" * 100])
def test_no_capture_at_all(file: Write, text: bytes) -> None:
    with pytest.raises(CaptureError, match="neither pcap nor pcapng"):
        open_capture(file(text))


def test_directory_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a directory"):
        open_capture(tmp_path)
    with pytest.raises(CaptureError, match="No such file"):
        open_capture(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CaptureError, match="Not a directory"):
        open_capture(tmp_path / "file" / "none")


def test_pipe_is_refused_with_a_sentence(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, header() + record(b"x"))
        os.close(writing)
        with pytest.raises(CaptureError, match="cannot be read"):
            open_capture(f"/dev/fd/{reading}")
    finally:
        os.close(reading)


def test_position_and_size(file: Write) -> None:
    octets = header() + record(b"x" * 100) * 3
    with open_capture(file(octets)) as capture:
        assert capture.size == len(octets)
        assert sum(1 for _ in capture) == 3
        assert capture.position == len(octets)
        assert (capture.secrets, capture.comment) == ([], "")


def test_gzip(file: Write) -> None:
    octets = header() + b"".join(record(bytes([n]) * n) for n in range(200))
    plain = read(file(octets))
    assert len(plain[0]) == 200
    assert read(file(gzip.compress(octets))) == plain
    # Two members one after the other are one file (RFC 1952, 2.2).
    assert read(file(gzip.compress(octets[:1000]) + gzip.compress(octets[1000:]))) == plain


def test_gzip_cut(file: Write) -> None:
    octets = header() + b"".join(record(os.urandom(1000)) for _ in range(100))
    packed = gzip.compress(octets)
    frames, problems = read(file(packed[:-20_000]))
    assert 50 <= len(frames) < 100
    assert [frame.data for frame in frames] == [
        octets[24 + 1016 * n + 16 : 24 + 1016 * (n + 1)] for n in range(len(frames))
    ]
    (problem,) = problems
    assert f"after frame {len(frames)}" in problem


def test_gzip_with_a_wrong_checksum(file: Write) -> None:
    packed = bytearray(gzip.compress(header() + record(b"x" * 100) * 3))
    packed[-8] ^= 1
    frames, problems = read(file(bytes(packed)))
    assert len(frames) == 3
    assert "CRC" in problems[0]


def test_gzip_damaged_in_the_middle(file: Write) -> None:
    whole = header() + b"".join(record(bytes([n % 7]) * 300) for n in range(3000))
    # Stored blocks: what is before the damage is there as it is.
    deflate = zlib.compressobj(0, wbits=31)
    packed = bytearray(deflate.compress(whole) + deflate.flush())
    half = len(packed) // 2
    packed[half : half + 70_000] = b"\xff" * 70_000
    frames, problems = read(file(bytes(packed)))
    assert len(frames) > 500
    assert len(problems) == 1


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\x08",
        b"\x08\0\0\0\0\0\0\x03",
        b"\x08\0\0\0\0\0\0\x03" + b"\xff" * 40,  # a deflate block of a reserved type
        b"\x07\0\0\0\0\0\0\x03" + b"\0" * 40,  # a method that is not deflate
        gzip.compress(header(), mtime=0)[2:20],  # the header of the capture is cut
        gzip.compress(b"some text", mtime=0)[2:],
        gzip.compress(b"", mtime=0)[2:],
        gzip.compress(header()[:10], mtime=0)[2:],
        gzip.compress(b"\x0a\x0d\x0d\x0a\x1c", mtime=0)[2:],
    ],
)
def test_gzip_without_a_capture(file: Write, rest: bytes) -> None:
    path = file(b"\x1f\x8b" + rest)
    with pytest.raises(CaptureError) as raised:
        open_capture(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(("order", "unit"), MAGICS)
def test_sparse_file_of_zeros_ends_quickly(tmp_path: Path, order: str, unit: int) -> None:
    path = tmp_path / "sparse.pcap"
    path.write_bytes(header(order, unit) + record(b"first", order))
    os.truncate(path, 2 << 30)
    started = time.monotonic()
    frames, problems = read(path)
    assert time.monotonic() - started < 2
    assert [frame.data for frame in frames] == [b"first"]
    (problem,) = problems
    assert "octet 45" in problem
    assert "1 frames" in problem


@pytest.mark.parametrize("name", ["oai-registration-session.pcap", "open5gs-registration-sbi.pcap"])
def test_real_capture_as_tshark_reads_it(
    capture_path: Callable[[str], Path], tshark: Callable[..., list[list[str]]], name: str
) -> None:
    path = capture_path(name)
    frames, problems = read(path)
    rows = tshark(path, ["frame.number", "frame.time_epoch", "frame.len", "frame.cap_len"])
    assert problems == []
    assert len(frames) > 100
    assert rows == [
        [
            str(frame.number),
            f"{frame.time_ns // 10**9}.{frame.time_ns % 10**9:09d}",
            str(frame.original_length),
            str(len(frame.data)),
        ]
        for frame in frames
    ]


BEGINNINGS = [header(*key) for key in MAGICS] + [
    header() + record(b"x" * 30),
    b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0" + b"\xff" * 8 + b"\x1c\0\0\0",
    b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0" + b"\xff" * 8 + b"\0\0\0\x1c",
    b"\x0a\x0d\x0d\x0a",
    b"\x1f\x8b",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"",
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=300), st.booleans())
def test_any_octets_give_frames_or_an_error(beginning: bytes, rest: bytes, packed: bool) -> None:
    octets = gzip.compress(beginning + rest, 1) if packed else beginning + rest
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        try:
            with open_capture(file.name) as capture:
                frames = list(capture)
        except CaptureError:
            return
    assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})
    assert all(len(frame.data) <= frame.original_length for frame in frames)
    assert all(len(frame.data) <= len(beginning) + len(rest) for frame in frames)
