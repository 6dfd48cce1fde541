"""SCTP user messages out of packets: chunks, fragments, and each TSN once (RFC 9260, RFC 8260)."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from struct import Struct

from makmal.trace.frame import Endpoint, Gap, SctpMessage

_COMMON_HEADER = 12
_CHUNK = Struct(">BBH")
_DATA = Struct(">BBHIHHI")
_INIT = Struct(">BBHIIHHI")
_DATA_CHUNK, _INIT_CHUNK, _INIT_ACK_CHUNK, _I_DATA_CHUNK = 0, 1, 2, 64
_BEGINNING, _ENDING, _UNORDERED = 0x02, 0x01, 0x04

_MOST_DIRECTIONS = 20_000
_REMEMBERED_TSNS = 4096
_MOST_FRAGMENTS = 1024


@dataclass(slots=True)
class _Fragment:
    flags: int
    payload: bytes
    frame: int
    payload_protocol_id: int
    stream_id: int
    cut: bool


@dataclass(slots=True)
class _Interleaved:
    """The fragments of an I-DATA message by their number, and that of the last if it came."""

    parts: dict[int, _Fragment] = field(default_factory=dict)
    last: int = -1


@dataclass(slots=True)
class _Direction:
    """What one end of an association sends: known by its verification tag and ports."""

    highest: int = -1
    last_time_ns: int = 0
    seen: dict[int, None] = field(default_factory=dict)
    fragments: dict[int, _Fragment] = field(default_factory=dict)
    interleaved: dict[tuple[int, int, int], _Interleaved] = field(default_factory=dict)
    interleaved_fragments: int = 0


class SctpReassembly:
    """Feed it packets in order; it gives user messages, whole and each once.

    ``gaps`` gathers what is missing between them, for the caller to take.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self.gaps: list[Gap] = []
        self._counters = counters
        self._directions: OrderedDict[tuple[int, int, int], _Direction] = OrderedDict()

    def feed(
        self,
        frames: tuple[int, ...],
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        packet: bytes,
        truncated: bool,
        found: list[SctpMessage],
    ) -> None:
        """Take one SCTP packet; append to ``found`` the messages that it completes."""
        end = len(packet)
        if end < _COMMON_HEADER + 4:
            self._counters["sctp malformed"] += 1
            return
        tag = int.from_bytes(packet[4:8], "big")
        position = _COMMON_HEADER
        while position + 4 <= end:
            kind, flags, length = _CHUNK.unpack_from(packet, position)
            if length < 4:
                self._counters["sctp malformed"] += 1
                return
            if kind == _DATA_CHUNK and length >= 17 and position + 16 <= end:
                _, _, _, tsn, stream_id, _, identifier = _DATA.unpack_from(packet, position)
                cut = position + length > end
                if cut and not truncated:
                    self._counters["sctp malformed"] += 1
                    return
                direction = self._direction(tag, source, destination)
                if self._is_new(direction, tsn, frames[-1], time_ns, source, destination):
                    payload = packet[position + 16 : position + length]
                    if flags & 0x03 == 0x03:
                        found.append(
                            SctpMessage(
                                frames,
                                time_ns,
                                source,
                                destination,
                                stream_id,
                                identifier,
                                payload,
                                cut,
                            )
                        )
                    else:
                        fragment = _Fragment(flags, payload, frames[-1], identifier, stream_id, cut)
                        direction.fragments[tsn] = fragment
                        joined = _join_consecutive(direction.fragments, tsn)
                        self._bound(direction)
                        if joined is not None:
                            found.append(_message(joined, time_ns, source, destination))
            elif kind == _I_DATA_CHUNK and length >= 21 and position + 20 <= end:
                if position + length > end and not truncated:
                    self._counters["sctp malformed"] += 1
                    return
                self._interleaved(
                    packet,
                    position,
                    flags,
                    length,
                    tag,
                    frames,
                    time_ns,
                    source,
                    destination,
                    found,
                )
            elif kind in (_INIT_CHUNK, _INIT_ACK_CHUNK) and position + 20 <= end:
                # The sender will accept packets with this tag: a direction that begins anew.
                initiate_tag = _INIT.unpack_from(packet, position)[3]
                key = (initiate_tag, destination.port, source.port)
                if self._directions.pop(key, None) is not None:
                    self._counters["sctp restarts"] += 1
            position += length + (-length % 4)

    def _direction(self, tag: int, source: Endpoint, destination: Endpoint) -> _Direction:
        # Without the addresses, so that a multihomed end's other path is the same association.
        key = (tag, source.port, destination.port)
        direction = self._directions.get(key)
        if direction is None:
            direction = self._directions[key] = _Direction()
            if len(self._directions) > _MOST_DIRECTIONS:
                self._directions.popitem(last=False)
                self._counters["sctp associations forgotten"] += 1
        return direction

    def _is_new(
        self,
        direction: _Direction,
        tsn: int,
        frame: int,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
    ) -> bool:
        if tsn in direction.seen:
            self._counters["sctp duplicates"] += 1
            return False
        if direction.highest >= 0:
            ahead = (tsn - direction.highest) & 0xFFFFFFFF
            behind = 0x1_0000_0000 - ahead
            if ahead >= 0x8000_0000 and behind > _REMEMBERED_TSNS:
                # Far behind all that is remembered: not a retransmission but another association
                # that happens to have the same tag and ports.
                direction.seen.clear()
                direction.fragments.clear()
                direction.interleaved.clear()
                direction.interleaved_fragments = 0
                direction.highest = tsn
            elif ahead < 0x8000_0000:
                direction.highest = tsn
                if ahead > 1:
                    since_ns = direction.last_time_ns
                    self.gaps.append(Gap(frame, since_ns, time_ns, source, destination, 0))
        else:
            direction.highest = tsn
        direction.last_time_ns = time_ns
        direction.seen[tsn] = None
        if len(direction.seen) > _REMEMBERED_TSNS:
            del direction.seen[next(iter(direction.seen))]
        return True

    def _bound(self, direction: _Direction) -> None:
        while len(direction.fragments) > _MOST_FRAGMENTS:
            del direction.fragments[next(iter(direction.fragments))]
            self._counters["sctp fragments forgotten"] += 1

    def _interleaved(
        self,
        packet: bytes,
        position: int,
        flags: int,
        length: int,
        tag: int,
        frames: tuple[int, ...],
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        found: list[SctpMessage],
    ) -> None:
        tsn = int.from_bytes(packet[position + 4 : position + 8], "big")
        stream_id = int.from_bytes(packet[position + 8 : position + 10], "big")
        message_id = int.from_bytes(packet[position + 12 : position + 16], "big")
        fourth = int.from_bytes(packet[position + 16 : position + 20], "big")
        direction = self._direction(tag, source, destination)
        if not self._is_new(direction, tsn, frames[-1], time_ns, source, destination):
            return
        payload = packet[position + 20 : position + length]
        cut = position + length > len(packet)
        # RFC 8260, 2.1: the fourth word is the PPID in the first fragment, a number in the others.
        first = bool(flags & _BEGINNING)
        fragment = _Fragment(flags, payload, frames[-1], fourth if first else 0, stream_id, cut)
        key = (stream_id, flags & _UNORDERED, message_id)
        message = direction.interleaved.setdefault(key, _Interleaved())
        number = 0 if first else fourth
        if number not in message.parts:
            direction.interleaved_fragments += 1
        message.parts[number] = fragment
        if flags & _ENDING:
            message.last = number
        if len(message.parts) == message.last + 1:
            ordered = [message.parts[n] for n in range(message.last + 1) if n in message.parts]
            if len(ordered) == message.last + 1 and ordered[0].flags & _BEGINNING:
                self._forget(direction, key)
                found.append(_message(ordered, time_ns, source, destination))
        while direction.interleaved_fragments > _MOST_FRAGMENTS:
            forgotten = self._forget(direction, next(iter(direction.interleaved)))
            self._counters["sctp fragments forgotten"] += forgotten

    @staticmethod
    def _forget(direction: _Direction, key: tuple[int, int, int]) -> int:
        fragments = len(direction.interleaved.pop(key).parts)
        direction.interleaved_fragments -= fragments
        return fragments


def _join_consecutive(fragments: dict[int, _Fragment], tsn: int) -> list[_Fragment] | None:
    """The fragments of the message that this TSN belongs to, taken out, if all are there."""
    # Forward first: most often the next fragment is still to come.
    last = tsn
    while not fragments[last].flags & _ENDING:
        last = (last + 1) & 0xFFFFFFFF
        if last not in fragments:
            return None
    first = tsn
    while not fragments[first].flags & _BEGINNING:
        first = (first - 1) & 0xFFFFFFFF
        if first not in fragments:
            return None
    count = ((last - first) & 0xFFFFFFFF) + 1
    return [fragments.pop((first + n) & 0xFFFFFFFF) for n in range(count)]


def _message(
    fragments: list[_Fragment],
    time_ns: int,
    source: Endpoint,
    destination: Endpoint,
) -> SctpMessage:
    return SctpMessage(
        tuple(sorted({fragment.frame for fragment in fragments})),
        time_ns,
        source,
        destination,
        fragments[0].stream_id,
        fragments[0].payload_protocol_id,
        b"".join(fragment.payload for fragment in fragments),
        any(fragment.cut for fragment in fragments),
    )
