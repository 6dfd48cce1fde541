"""Putting IP fragments together (RFC 791, 3.2; RFC 8200, 4.5), in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_MOST_DATAGRAMS = 1024
_LONGEST = 65_535
# RFC 8200, 4.5: what is not whole by then never will be, and its identification is used again.
_PATIENCE_NS = 60_000_000_000

Key = tuple[bytes, bytes, int, int]


@dataclass(slots=True)
class _Datagram:
    """The octets that came so far; ``present`` has a 1 for each of them, and a 0 for a hole."""

    first_ns: int
    octets: bytearray = field(default_factory=bytearray)
    present: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)
    total: int | None = None
    truncated: bool = False

    def keep(self, offset: int, payload: bytes) -> bool:
        """Keep of a fragment what was not there yet; whether there was such."""
        end = offset + len(payload)
        if len(self.octets) < end:
            self.present += bytes(end - len(self.octets))
            self.octets += bytes(end - len(self.octets))
        hole = first_hole = self.present.find(0, offset, end)
        while hole >= 0:
            hole_end = self.present.find(1, hole, end)
            if hole_end < 0:
                hole_end = end
            self.octets[hole:hole_end] = payload[hole - offset : hole_end - offset]
            self.present[hole:hole_end] = b"\1" * (hole_end - hole)
            hole = self.present.find(0, hole_end, end)
        return first_hole >= 0

    def join(self) -> bytes | None:
        """The whole payload, if no octet of it is missing."""
        if self.total is None or self.present.find(0, 0, self.total) >= 0:
            return None
        return bytes(self.octets[: self.total])


@dataclass(frozen=True, slots=True)
class Whole:
    """A reassembled payload and every frame that carried a part of it."""

    payload: bytes
    frames: tuple[int, ...]
    truncated: bool


class IpFragments:
    """Holds the fragments of unfinished datagrams; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._datagrams: OrderedDict[Key, _Datagram] = OrderedDict()

    def add(
        self,
        key: Key,
        offset: int,
        more: bool,
        payload: bytes,
        frame: int,
        time_ns: int,
        truncated: bool,
    ) -> Whole | None:
        """Add one fragment; the whole payload when it was the last missing one.

        Where fragments overlap, the octets that came first stay.
        """
        if offset + len(payload) > _LONGEST:
            return None
        datagram = self._datagrams.get(key)
        if datagram is not None and time_ns - datagram.first_ns > _PATIENCE_NS:
            del self._datagrams[key]
            datagram = None
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram(time_ns)
            if len(self._datagrams) > _MOST_DATAGRAMS:
                self._datagrams.popitem(last=False)
        is_new = datagram.keep(offset, payload)
        if not more and datagram.total is None:
            datagram.total = offset + len(payload)
            is_new = True
        if not is_new:
            return None
        datagram.frames.append(frame)
        datagram.truncated |= truncated
        joined = datagram.join()
        if joined is None:
            return None
        del self._datagrams[key]
        return Whole(joined, tuple(datagram.frames), datagram.truncated)
