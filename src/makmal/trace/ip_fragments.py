"""Putting IP fragments together (RFC 791, 3.2; RFC 8200, 4.5), in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_MOST_DATAGRAMS = 1024
_LONGEST = 65_535

Key = tuple[bytes, bytes, int, int]


@dataclass(slots=True)
class _Datagram:
    parts: dict[int, bytes] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    total: int | None = None
    truncated: bool = False


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
        self, key: Key, offset: int, more: bool, payload: bytes, frame: int, truncated: bool
    ) -> Whole | None:
        """Add one fragment; the whole payload when it was the last missing one.

        Where fragments overlap, the octets that came first stay.
        """
        if offset + len(payload) > _LONGEST:
            return None
        datagram = self._datagrams.get(key)
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram()
            if len(self._datagrams) > _MOST_DATAGRAMS:
                self._datagrams.popitem(last=False)
        datagram.parts.setdefault(offset, payload)
        datagram.frames.append(frame)
        datagram.truncated |= truncated
        if not more and datagram.total is None:
            datagram.total = offset + len(payload)
        if datagram.total is None or len(datagram.frames) > _LONGEST // 8:
            return None
        whole = _join(datagram)
        if whole is not None:
            del self._datagrams[key]
        return whole


def _join(datagram: _Datagram) -> Whole | None:
    joined = bytearray()
    for offset in sorted(datagram.parts):
        part = datagram.parts[offset]
        if offset > len(joined):
            return None
        joined += part[len(joined) - offset :]
    if datagram.total is None or len(joined) < datagram.total:
        return None
    return Whole(bytes(joined[: datagram.total]), tuple(datagram.frames), datagram.truncated)
