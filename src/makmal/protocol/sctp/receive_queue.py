"""What came on an association: duplicates, gaps, fragments, order of streams (RFC 9260, 6)."""

from __future__ import annotations

from typing import NamedTuple

_WORD = 0xFFFFFFFF
_BEGIN, _END, _UNORDERED = 0x02, 0x01, 0x04
_MOST_DUPLICATES, _MOST_GAPS, _MOST_HELD = 20, 64, 4096


class Delivered(NamedTuple):
    """A user message that is whole and whose turn it is."""

    payload: bytes
    stream_id: int
    payload_protocol_id: int


class _Chunk(NamedTuple):
    stream_id: int
    sequence: int
    identifier: int
    flags: int
    payload: bytes


class ReceiveQueue:
    """``cumulative`` is the highest TSN up to which everything came."""

    def __init__(self) -> None:
        self.cumulative = 0
        self.held_octets = 0
        # TSNs beyond the cumulative one that came already.
        self._beyond: set[int] = set()
        self._chunks: dict[int, _Chunk] = {}
        self._next: dict[int, int] = {}
        self._waiting: dict[tuple[int, int], Delivered] = {}
        self._duplicates: list[int] = []

    def start(self, initial_tsn: int) -> None:
        """The peer said its first TSN."""
        self.cumulative = (initial_tsn - 1) & _WORD

    @property
    def is_irregular(self) -> bool:
        """Whether the sender is to know at once: a gap, or something twice (6.2)."""
        return bool(self._beyond or self._duplicates)

    def report(self) -> tuple[list[tuple[int, int]], list[int]]:
        """Gap blocks relative to the cumulative TSN, and duplicates since the last report."""
        duplicates, self._duplicates = self._duplicates, []
        gaps: list[tuple[int, int]] = []
        offsets = sorted((tsn - self.cumulative) & _WORD for tsn in self._beyond)
        for offset in offsets:
            if gaps and gaps[-1][1] == offset - 1:
                gaps[-1] = (gaps[-1][0], offset)
            elif len(gaps) < _MOST_GAPS and offset <= 0xFFFF:
                gaps.append((offset, offset))
        return gaps, duplicates

    def add(
        self,
        tsn: int,
        stream_id: int,
        sequence: int,
        identifier: int,
        flags: int,
        payload: bytes,
    ) -> list[Delivered]:
        """One DATA chunk; the messages that it makes deliverable."""
        distance = (tsn - self.cumulative) & _WORD
        if distance == 0 or distance > 0x7FFFFFFF or tsn in self._beyond:
            if len(self._duplicates) < _MOST_DUPLICATES:
                self._duplicates.append(tsn)
            return []
        if distance > _MOST_HELD:
            # Farther ahead than any window that we announced: it will come again.
            return []
        if distance == 1:
            self.cumulative = tsn
            while self._beyond:
                following = (self.cumulative + 1) & _WORD
                if following not in self._beyond:
                    break
                self._beyond.discard(following)
                self.cumulative = following
        else:
            self._beyond.add(tsn)
        if flags & 3 == _BEGIN | _END:
            whole = Delivered(payload, stream_id, identifier)
            if flags & _UNORDERED:
                return [whole]
            return self._in_order(stream_id, sequence, whole)
        self._chunks[tsn] = _Chunk(stream_id, sequence, identifier, flags, payload)
        self.held_octets += len(payload)
        return self._assembled(tsn)

    def _assembled(self, tsn: int) -> list[Delivered]:
        """The message around a fragment, when all of it is there."""
        first = tsn
        while not self._chunks[first].flags & _BEGIN:
            first = (first - 1) & _WORD
            if first not in self._chunks:
                return []
        end = tsn
        while not self._chunks[end].flags & _END:
            end = (end + 1) & _WORD
            if end not in self._chunks:
                return []
        pieces = []
        head = self._chunks[first]
        at = first
        while True:
            chunk = self._chunks.pop(at)
            self.held_octets -= len(chunk.payload)
            pieces.append(chunk.payload)
            if at == end:
                break
            at = (at + 1) & _WORD
        whole = Delivered(b"".join(pieces), head.stream_id, head.identifier)
        if head.flags & _UNORDERED:
            return [whole]
        return self._in_order(head.stream_id, head.sequence, whole)

    def _in_order(self, stream_id: int, sequence: int, whole: Delivered) -> list[Delivered]:
        expected = self._next.get(stream_id, 0)
        if sequence != expected:
            self._waiting[stream_id, sequence] = whole
            self.held_octets += len(whole.payload)
            return []
        found = [whole]
        expected = (expected + 1) & 0xFFFF
        while self._waiting:
            following = self._waiting.pop((stream_id, expected), None)
            if following is None:
                break
            self.held_octets -= len(following.payload)
            found.append(following)
            expected = (expected + 1) & 0xFFFF
        self._next[stream_id] = expected
        return found
