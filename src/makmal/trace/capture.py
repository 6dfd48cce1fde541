"""Opening a capture file of any of the usual kinds, and reading it frame by frame."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from makmal.trace import pcap, pcapng
from makmal.trace.capture_source import CaptureError, CutShortError, Source
from makmal.trace.frame import Frame

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Capture", "CaptureError", "open_capture"]

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER = 1 << 20
_READING_ERRORS = (OSError, EOFError, zlib.error)


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
                stream = io.BufferedReader(_Unpacked(stream), _BUFFER)
                magic = stream.peek(4)[:4]
            source = Source(stream, self.problems)
            self._reader = _reader_for(magic, source, path)
        except _READING_ERRORS as error:
            self._file.close()
            raise CaptureError(f"{path} cannot be read: {error}") from None
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
        except CutShortError as cut:
            self.problems.append(
                f"{self._path} ends inside {cut.what}, octet {cut.offset}: the capture was cut "
                f"short; {number} whole frames were read"
            )
        except CaptureError as error:
            self.problems.append(
                f"{self._path}: {error}, and only the {number} frames before it were read"
            )
        except _READING_ERRORS as error:
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


class _Unpacked(io.RawIOBase):
    """What a gzip file holds, given as it comes: all that is before damage can be read."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        octets = self._packed.read1(len(view))
        view[: len(octets)] = octets
        return len(octets)


def _reader_for(magic: bytes, source: Source, path: Path) -> pcap.Reader | pcapng.Reader:
    if not magic:
        raise CaptureError(f"{path} is empty: it holds no capture")
    try:
        if magic == pcapng.MAGIC:
            return pcapng.Reader(source)
        if magic in pcap.MAGICS:
            return pcap.Reader(source)
    except CaptureError as error:
        raise CaptureError(f"{path}: {error}") from None
    except CutShortError:
        raise CaptureError(
            f"{path} ends inside its header: the capture was cut before its first frame"
        ) from None
    raise CaptureError(
        f"{path} is no capture: it begins with {magic.hex(' ')}, which is neither pcap nor "
        "pcapng; save it as one of these"
    )
