"""The octets of a capture file, read with bounds, and what can go wrong with them."""

from __future__ import annotations

from typing import BinaryIO

# No link layer has frames near this: a longer length is damage, not data.
LONGEST_FRAME = 16 * 1024 * 1024


class CaptureError(Exception):
    """The file cannot be read as a capture: what is wrong, where, and what to do."""


class CutShortError(Exception):
    """The file ends inside something. ``what`` names it; ``offset`` is the last octet."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.what = what
        self.offset = offset


class Source:
    """Reads a stream and keeps count. ``problems`` collects sentences for the user."""

    def __init__(self, stream: BinaryIO, problems: list[str]) -> None:
        self._stream = stream
        self.problems = problems
        self.offset = 0

    def take(self, length: int, what: str) -> bytes:
        """Exactly ``length`` octets. Raises CutShortError when the file has fewer."""
        octets = self._stream.read(length)
        self.offset += len(octets)
        if len(octets) < length:
            raise CutShortError(what, self.offset)
        return octets

    def take_or_end(self, length: int, what: str) -> bytes | None:
        """The same, or None at the very end of the file."""
        octets = self._stream.read(length)
        self.offset += len(octets)
        if not octets:
            return None
        if len(octets) < length:
            raise CutShortError(what, self.offset)
        return octets
