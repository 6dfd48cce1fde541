"""Opening a capture file of any of the usual kinds, and reading it frame by frame."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from makmal.trace import pcap, pcapng
from makmal.trace.capture_source import CaptureError, CutShort, Source
from makmal.trace.frame import Frame

__all__ = ["Capture", "CaptureError", "open_capture"]

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER = 1 << 20


class Capture:
    """An open capture file: iterate over it once for its frames.

    ``position`` and ``size`` are octets of the file, for a progress bar. ``problems`` holds, after
    the iteration, one sentence for each thing that was wrong with the file but did not keep its
    frames from being read. ``secrets`` are the decryption secrets that a pcapng file carries, as
    (type, octets). ``comment`` is the comment of its section header.
    """

    def __init__(self, path: Path) -> None:
        self.problems: list[str] = []
        self._path = path
        try:
            if path.is_dir():
                raise CaptureError(f"{path} is a directory: name a pcap or pcapng file")
            self._file: BinaryIO = path.open("rb", buffering=_BUFFER)
        except OSError as error:
            raise CaptureError(f"{path}: {error.strerror or error}") from None
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            stream: BinaryIO = self._file
            magic = stream.read(4)
            stream.seek(0)
            if magic[:2] == _GZIP_MAGIC:
                unpacked = io.BufferedReader(gzip.GzipFile(fileobj=stream), _BUFFER)
                magic = _first_octets(unpacked, path)
                stream = unpacked
            source = Source(stream, self.problems)
            self._reader = _reader_for(magic, source, path)
        except BaseException:
            self._file.close()
            raise

    @property
    def position(self) -> int:
        """Octets of the file that were read so far."""
        return self._file.tell()

    @property
    def secrets(self) -> list[tuple[int, bytes]]:
        """The decryption secrets met so far."""
        return self._reader.secrets if isinstance(self._reader, pcapng.Reader) else []

    @property
    def comment(self) -> str:
        """The comment of the section header, if the file has one."""
        return self._reader.comment if isinstance(self._reader, pcapng.Reader) else ""

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        try:
            for frame in self._reader:
                number = frame.number
                yield frame
        except CutShort as cut:
            self.problems.append(
                f"{self._path} ends inside {cut.what}, octet {cut.offset}: the capture was cut "
                f"short; {number} whole frames were read"
            )
        except (OSError, EOFError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
            self.problems.append(f"{self._path}: reading stopped after frame {number}: {error}")

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def open_capture(path: Path | str) -> Capture:
    """Open a pcap or pcapng file, gzip'ed or not.

    Raises CaptureError, with what is wrong and what to do, if the file is neither.
    """
    return Capture(Path(path))


def _first_octets(stream: io.BufferedReader[gzip.GzipFile], path: Path) -> bytes:
    try:
        return stream.peek(4)[:4]
    except (OSError, EOFError) as error:
        raise CaptureError(f"{path}: a damaged gzip file ({error})") from None


def _reader_for(magic: bytes, source: Source, path: Path) -> pcap.Reader | pcapng.Reader:
    if not magic:
        raise CaptureError(f"{path} is empty: it holds no capture")
    try:
        if magic == pcapng.MAGIC:
            return pcapng.Reader(source)
        if magic in pcap.MAGICS:
            return pcap.Reader(source)
    except CutShort:
        raise CaptureError(
            f"{path} ends inside its header: the capture was cut before its first frame"
        ) from None
    raise CaptureError(
        f"{path} is no capture: it begins with {magic.hex(' ')}, which is neither pcap nor "
        "pcapng; save it as one of these"
    )
