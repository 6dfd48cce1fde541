"""pcapng: what the reader takes from any file, and what the writer gives."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.trace.capture import CaptureError, open_capture
from makmal.trace.capture_source import Source
from makmal.trace.frame import Frame
from makmal.trace.pcapng import Reader, Writer

SECOND = 1_000_000_000
Options = list[tuple[int, bytes]]


class Blocks:
    """The blocks of a section, as the figures of the draft have them, in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order

    def options(self, options: Options) -> bytes:
        encoded = b"".join(
            pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
            for code, value in options
        )
        return encoded + bytes(4) if options else b""

    def block(self, kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = pack(self.order + "I", len(body) + 12)
        return pack(self.order + "I", kind) + length + body + length

    def section(self, options: Options | None = None) -> bytes:
        body = pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
        return self.block(0x0A0D0D0A, body + self.options(options or []))

    def interface(self, link_type: int = 1, options: Options | None = None, snap: int = 0) -> bytes:
        body = pack(self.order + "HHI", link_type, 0, snap)
        return self.block(1, body + self.options(options or []))

    def packet(
        self,
        data: bytes,
        stamp: int = 0,
        interface: int = 0,
        options: Options | None = None,
        original: int | None = None,
    ) -> bytes:
        original = len(data) if original is None else original
        head = (interface, stamp >> 32, stamp & 0xFFFFFFFF, len(data), original)
        body = pack(self.order + "IIIII", *head) + data + bytes(-len(data) % 4)
        return self.block(6, body + self.options(options or []))

    def simple(self, data: bytes, original: int) -> bytes:
        return self.block(3, pack(self.order + "I", original) + data)

    def obsolete(self, data: bytes, stamp: int, interface: int, original: int) -> bytes:
        head = (interface, 3, stamp >> 32, stamp & 0xFFFFFFFF, len(data), original)
        return self.block(2, pack(self.order + "HHIIII", *head) + data)

    def secrets(self, kind: int, octets: bytes) -> bytes:
        return self.block(10, pack(self.order + "II", kind, len(octets)) + octets)


LITTLE, BIG = Blocks("<"), Blocks(">")
each_order = pytest.mark.parametrize("blocks", [LITTLE, BIG], ids=["little", "big"])


def read(path: Path, *octets: bytes) -> tuple[list[Frame], list[str]]:
    path.write_bytes(b"".join(octets))
    with open_capture(path) as capture:
        return list(capture), capture.problems


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


@each_order
def test_interfaces_with_their_own_link_type_name_and_time(path: Path, blocks: Blocks) -> None:
    offset = pack(blocks.order + "q", -3600)
    frames, problems = read(
        path,
        blocks.section(),
        blocks.interface(1),
        blocks.interface(113, [(2, b"n2"), (9, b"\x09")]),
        blocks.interface(101, [(9, b"\x06"), (2, "n4 –".encode())]),
        blocks.interface(228, [(9, b"\x8a")]),
        blocks.interface(229, [(9, b"\x03"), (14, offset)]),
        blocks.interface(276, [(9, b"\x09"), (14, offset)]),
        blocks.interface(0, [(9, b"\x00")]),
        blocks.interface(108, [(9, b"\x0c")]),
        blocks.packet(b"a", 1_700_000_000_123_456),
        blocks.packet(b"bb", 1_700_000_000_123_456_789, 1),
        blocks.packet(b"ccc", 5, 2),
        blocks.packet(b"dddd", 3 * 1024 + 512, 3),
        blocks.packet(b"eeeee", 7_200_001, 4),
        blocks.packet(b"f", 7_200 * SECOND + 1, 5),
        blocks.packet(b"g", 9, 6),
        blocks.packet(b"h", 5_000_000_001_999, 7),
    )
    assert problems == []
    assert frames == [
        Frame(1, 1_700_000_000_123_456_000, 1, b"a", 1),
        Frame(2, 1_700_000_000_123_456_789, 113, b"bb", 2, "n2"),
        Frame(3, 5000, 101, b"ccc", 3, "n4 –"),
        Frame(4, 3 * SECOND + SECOND // 2, 228, b"dddd", 4),
        Frame(5, 3600 * SECOND + 1_000_000, 229, b"eeeee", 5),
        Frame(6, 3600 * SECOND + 1, 276, b"f", 1),
        Frame(7, 9 * SECOND, 0, b"g", 1),
        Frame(8, 5 * SECOND + 1, 108, b"h", 1),
    ]


@each_order
def test_comments_and_snap_length(path: Path, blocks: Blocks) -> None:
    frames, problems = read(
        path,
        blocks.section([(4, b"someone"), (1, b"of the section"), (1, b"another")]),
        blocks.interface(),
        blocks.packet(b"abcde", options=[(2, bytes(4)), (1, b"one"), (1, b"\xfftwo")]),
        blocks.packet(b"abcd", original=1500),
        blocks.packet(b"abcd", original=1, options=[(1, b"")]),
    )
    assert problems == []
    assert [(frame.comment, frame.original_length) for frame in frames] == [
        ("one\n�two", 5),
        ("", 1500),
        ("", 4),
    ]
    with open_capture(path) as capture:
        list(capture)
        assert capture.comment == "of the section"


@each_order
def test_simple_packet_blocks(path: Path, blocks: Blocks) -> None:
    frames, problems = read(
        path,
        blocks.section(),
        blocks.interface(101, [(2, b"tun0")], snap=5),
        blocks.simple(b"abcde", 100),
        blocks.simple(b"abc", 3),
        blocks.simple(b"", 0),
    )
    assert problems == []
    # The captured length is not in the block: it is the smaller of the snap length and the original
    # (draft, 4.4), and padding is not data.
    assert frames == [
        Frame(1, 0, 101, b"abcde", 100, "tun0"),
        Frame(2, 0, 101, b"abc", 3, "tun0"),
        Frame(3, 0, 101, b"", 0, "tun0"),
    ]


@each_order
def test_obsolete_packet_blocks(path: Path, blocks: Blocks) -> None:
    frames, problems = read(
        path,
        blocks.section(),
        blocks.interface(1),
        blocks.interface(113, [(2, b"x"), (9, b"\x09")]),
        blocks.obsolete(b"abcde", 1_700_000_000_123_456_789, 1, 70),
    )
    assert problems == []
    assert frames == [Frame(1, 1_700_000_000_123_456_789, 113, b"abcde", 70, "x")]


@each_order
def test_other_blocks_are_skipped(path: Path, blocks: Blocks) -> None:
    frames, problems = read(
        path,
        blocks.section(),
        blocks.block(4, bytes(8)),
        blocks.interface(),
        blocks.block(0x0BAD, b"custom" * 9),
        blocks.packet(b"one"),
        blocks.block(5, bytes(12)),
        blocks.block(0x80000001, b""),
        blocks.packet(b"two"),
        blocks.block(0x7FFFFFFF, bytes(100_000)),
    )
    assert ([frame.data for frame in frames], problems) == ([b"one", b"two"], [])
    assert [frame.number for frame in frames] == [1, 2]


def test_sections_have_interfaces_and_byte_orders_of_their_own(path: Path) -> None:
    frames, problems = read(
        path,
        LITTLE.section([(1, b"first")]),
        LITTLE.interface(1, [(2, b"a")]),
        LITTLE.packet(b"one", 1),
        BIG.section([(1, b"second")]),
        BIG.interface(113, [(2, b"b"), (9, b"\x09")]),
        BIG.packet(b"two", 2),
        LITTLE.section(),
        LITTLE.packet(b"without an interface"),
        LITTLE.interface(101),
        LITTLE.packet(b"four", 4),
    )
    assert frames == [
        Frame(1, 1000, 1, b"one", 3, "a"),
        Frame(2, 2, 113, b"two", 3, "b"),
        Frame(4, 4000, 101, b"four", 4),
    ]
    (problem,) = problems
    assert problem.startswith("frame 3, octet ")


@each_order
def test_secrets(path: Path, blocks: Blocks) -> None:
    octets = [
        blocks.section(),
        blocks.secrets(0x544C534B, b"CLIENT_RANDOM 00 11\n"),
        blocks.interface(),
        blocks.packet(b"x"),
        blocks.secrets(0x57474B4C, b"odd"),
        blocks.block(10, pack(blocks.order + "II", 7, 1 << 31) + b"lies"),
        blocks.block(10, b""),
    ]
    path.write_bytes(b"".join(octets))
    with open_capture(path) as capture:
        assert [frame.data for frame in capture] == [b"x"]
        assert capture.secrets == [
            (0x544C534B, b"CLIENT_RANDOM 00 11\n"),
            (0x57474B4C, b"odd"),
            (7, b"lies"),
        ]


@each_order
def test_damaged_packet_blocks_leave_the_others(path: Path, blocks: Blocks) -> None:
    lies = pack(blocks.order + "IIIII", 0, 0, 0, 200, 200) + b"short"
    frames, problems = read(
        path,
        blocks.section(),
        blocks.interface(),
        blocks.packet(b"1"),
        blocks.block(6, lies),
        blocks.packet(b"3", interface=1),
        blocks.block(6, b""),
        blocks.block(3, b""),
        blocks.block(2, lies),
        blocks.obsolete(b"7", 0, 9, 1),
        blocks.packet(b"8"),
    )
    assert [(frame.number, frame.data) for frame in frames] == [(1, b"1"), (8, b"8")]
    assert [problem.split(",")[0] for problem in problems] == [f"frame {n}" for n in range(2, 8)]


@each_order
def test_a_flood_of_damaged_blocks_gives_few_sentences(path: Path, blocks: Blocks) -> None:
    good = blocks.section() + blocks.interface()
    frames, problems = read(path, good, blocks.block(6, b"") * 20_000, blocks.packet(b"last"))
    assert [frame.number for frame in frames] == [20_001]
    assert 1 < len(problems) < 200
    assert any("20000" in problem for problem in problems)


@each_order
@pytest.mark.parametrize("length", [0, 4, 11, 13, 0x7FFFFFFC, 0xFFFFFFFF])
def test_absurd_block_length(path: Path, blocks: Blocks, length: int) -> None:
    good = blocks.section() + blocks.interface() + blocks.packet(b"good")
    lying = pack(blocks.order + "II", 6, length) + blocks.packet(b"after")
    frames, problems = read(path, good, lying)
    assert [frame.data for frame in frames] == [b"good"]
    (problem,) = problems
    assert f"octet {len(good)}" in problem
    assert str(length) in problem


@each_order
@pytest.mark.parametrize("more", [-4, 4, 36])
def test_block_whose_two_lengths_differ(path: Path, blocks: Blocks, more: int) -> None:
    good = blocks.section() + blocks.interface() + blocks.packet(b"good")
    lying = bytearray(blocks.packet(b"lies"))
    lying[4:8] = pack(blocks.order + "I", len(lying) + more)
    frames, problems = read(path, good, bytes(lying), blocks.packet(b"12345678"), bytes(20))
    assert [frame.data for frame in frames] == [b"good"]
    (problem,) = problems
    assert f"octet {len(good)}" in problem
    assert "1 frames" in problem


@each_order
def test_file_cut_anywhere(path: Path, blocks: Blocks) -> None:
    parts = [blocks.section(), blocks.interface(), blocks.packet(b"one"), blocks.packet(b"two")]
    octets = b"".join(parts)
    ends = {len(b"".join(parts[:n])): max(0, n - 2) for n in range(1, 5)}
    for cut in range(len(parts[0]), len(octets) + 1):
        frames, problems = read(path, octets[:cut])
        assert len(frames) == max(count for end, count in ends.items() if end <= cut)
        assert len(problems) == (cut not in ends)
        assert all("cut short" in problem for problem in problems)
    for cut in range(4, len(parts[0])):
        with pytest.raises(CaptureError, match="inside its header"):
            read(path, octets[:cut])


def test_first_section_header_damaged(path: Path) -> None:
    for damaged in (
        LITTLE.section()[:8] + b"\0\0\0\0" + LITTLE.section()[12:],
        b"\x0a\x0d\x0d\x0a" + pack("<I", 29) + LITTLE.section()[8:],
        b"\x0a\x0d\x0d\x0a" + pack("<I", 24) + LITTLE.section()[8:],
        b"\x0a\x0d\x0d\x0a" + b"\xff" * 4 + LITTLE.section()[8:],
    ):
        with pytest.raises(CaptureError, match="section header") as raised:
            read(path, damaged)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("at", [8, 4])
def test_later_section_header_damaged_keeps_the_frames_before(path: Path, at: int) -> None:
    good = LITTLE.section() + LITTLE.interface() + LITTLE.packet(b"good")
    damaged = bytearray(LITTLE.section())
    damaged[at] ^= 0x55
    frames, problems = read(path, good, bytes(damaged), LITTLE.packet(b"after"))
    assert [frame.data for frame in frames] == [b"good"]
    (problem,) = problems
    assert "section header" in problem
    assert f"octet {len(good)}" in problem


@each_order
def test_options_that_overrun_are_left(path: Path, blocks: Blocks) -> None:
    overrun = blocks.block(1, pack(blocks.order + "HHIHH", 1, 0, 0, 2, 200) + b"name")
    short = blocks.block(1, b"")
    frames, problems = read(
        path,
        blocks.section(),
        overrun,
        short,
        blocks.interface(7, [(9, b""), (14, b"1234"), (2, b"\xff")]),
        blocks.packet(b"a", 1),
        blocks.packet(b"b", 1, 1),
        blocks.packet(b"c", 1, 2),
    )
    assert problems == []
    assert [(frame.link_type, frame.time_ns, frame.interface) for frame in frames] == [
        (1, 1000, ""),
        (-1, 1000, ""),
        (7, 1000, "�"),
    ]


@each_order
def test_sparse_file_of_zeros_ends_quickly(path: Path, blocks: Blocks) -> None:
    path.write_bytes(blocks.section() + blocks.interface() + blocks.packet(b"first"))
    os.truncate(path, 2 << 30)
    started = time.monotonic()
    with open_capture(path) as capture:
        assert [frame.data for frame in capture] == [b"first"]
    assert time.monotonic() - started < 2
    assert len(capture.problems) == 1


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
frames_of_any_kind = st.lists(
    st.builds(
        lambda time_ns, link_type, data, more, interface, comment: Frame(
            0, time_ns, link_type, data, len(data) + more, interface, comment
        ),
        st.integers(0, 2**64 - 1),
        st.integers(0, 65535),
        st.binary(max_size=70),
        st.integers(0, 70_000),
        st.sampled_from(["", "n2", "n4", "ünïcode"]) | text,
        text,
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(frames_of_any_kind, text, st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary())))
def test_what_is_written_is_read(
    frames: list[Frame], comment: str, secrets: list[tuple[int, bytes]]
) -> None:
    stream = io.BytesIO()
    writer = Writer(stream, comment)
    for kind, octets in secrets:
        writer.write_secrets(kind, octets)
    for frame in frames:
        writer.write(frame)
    problems: list[str] = []
    stream.seek(0)
    reader = Reader(Source(stream, problems))
    assert list(reader) == [
        frame._replace(number=number) for number, frame in enumerate(frames, start=1)
    ]
    assert (problems, reader.comment, reader.secrets) == ([], comment, secrets)


def test_the_same_frames_give_the_same_octets() -> None:
    def written() -> bytes:
        stream = io.BytesIO()
        writer = Writer(stream, "again")
        for n in range(5):
            writer.write(Frame(n, n, 1, bytes(n), n, f"if{n % 2}", str(n)))
        return stream.getvalue()

    assert written() == written()
    assert len(written()) % 4 == 0


def test_tshark_reads_what_is_written(path: Path, tshark: Callable[..., list[list[str]]]) -> None:
    frames = [
        Frame(
            n,
            1_700_000_000_000_000_000 + n * 1_000_000_007,
            (1, 101, 113)[n % 3],
            bytes(range(n)),
            n + (n % 2) * 100,
            ("", "n2", "n4")[n % 3],
            f"step {n}: größer" if n % 4 == 0 else "",
        )
        for n in range(1, 61)
    ]
    with path.open("wb") as stream:
        writer = Writer(stream, "of the file")
        writer.write_secrets(0x544C534B, b"# no secret\n")
        for frame in frames:
            writer.write(frame)
    names = ["number", "time_epoch", "cap_len", "len", "comment", "interface_name"]
    rows = tshark(path, [f"frame.{name}" for name in names])
    assert len(rows) == 60
    for row, frame in zip(rows, frames, strict=True):
        assert row[0] == str(frame.number)
        assert row[1] == f"{frame.time_ns // SECOND}.{frame.time_ns % SECOND:09d}"
        assert row[2:4] == [str(len(frame.data)), str(frame.original_length)]
        assert row[4] == frame.comment
        assert row[5] == (frame.interface or row[5])


def test_real_capture_survives_rewriting(
    path: Path, capture_path: Callable[[str], Path], tshark: Callable[..., list[list[str]]]
) -> None:
    original = capture_path("open5gs-smc-timeout.pcapng")
    with open_capture(original) as capture, path.open("wb") as stream:
        frames = list(capture)
        writer = Writer(stream)
        for frame in frames:
            writer.write(frame)
    assert capture.problems == []
    assert len(frames) > 50
    with open_capture(path) as again:
        assert list(again) == frames
    fields = ["frame.time_epoch", "frame.len", "frame.protocols", "_ws.col.Info"]
    assert tshark(path, fields) == tshark(original, fields)


kinds = st.sampled_from([0, 1, 2, 3, 4, 6, 10, 0x0A0D0D0A])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([LITTLE, BIG]),
    st.lists(st.tuples(kinds, st.binary(max_size=60)), max_size=8),
    st.booleans(),
)
def test_blocks_of_random_octets(
    blocks: Blocks, bodies: list[tuple[int, bytes]], interface: bool
) -> None:
    octets = blocks.section() + (blocks.interface() if interface else b"")
    octets += b"".join(blocks.block(kind, body) for kind, body in bodies)
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        with open_capture(file.name) as capture:
            frames = list(capture)
    packets = sum(kind in (2, 3, 6) for kind, _ in bodies)
    assert len(frames) <= packets
    if all(kind != 0x0A0D0D0A for kind, _ in bodies):
        assert len(frames) + len(capture.problems) == packets
