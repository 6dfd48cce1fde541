"""TCP octets in order (RFC 9293): what an observer can put together from the packets it saw."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from makmal.trace.frame import Endpoint, Gap, TcpChunk

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
_HALF = 0x8000_0000
_WRAP = 0x1_0000_0000
_MOST_CONNECTIONS = 50_000
_MOST_HELD = 256
_MOST_HELD_OCTETS = 1 << 20
# So many acknowledgements beyond a hole mean that the receiver has what the capture lacks, and
# that it is not just a little out of order.
_ACKS_BEYOND_HOLE = 3


@dataclass(slots=True)
class _Segment:
    frame: int
    time_ns: int
    sequence: int
    payload: bytes
    missing: int
    final: bool


@dataclass(slots=True)
class _Direction:
    source: Endpoint
    destination: Endpoint
    connection: int
    # Where the octets begin: after the SYN, or where the capture joined in.
    initial: int = -1
    next_sequence: int = -1
    lost: bool = False
    ended: bool = False
    held: list[_Segment] = field(default_factory=list)
    held_octets: int = 0
    acks_beyond_hole: int = 0
    last_time_ns: int = 0
    acknowledged: int = -1


class TcpReassembly:
    """Feed it segments as captured; it gives each direction's octets in order of sequence.

    ``gaps`` gathers what is missing between them, for the caller to take.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self.gaps: list[Gap] = []
        self._counters = counters
        self._directions: OrderedDict[tuple[Endpoint, Endpoint], _Direction] = OrderedDict()
        self._connections = 0

    def feed(
        self,
        frame: int,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        sequence: int,
        acknowledgement: int,
        flags: int,
        payload: bytes,
        missing: int,
        found: list[TcpChunk],
    ) -> None:
        """Take one segment; ``missing`` is how many of its octets the capture cut off."""
        direction = self._directions.get((source, destination))
        if direction is None:
            direction = self._begin(source, destination)
        if flags & SYN:
            direction = self._synchronise(direction, sequence, flags, found)
            sequence = (sequence + 1) % _WRAP
        if flags & ACK:
            opposite = self._directions.get((destination, source))
            if opposite is not None:
                if opposite.held:
                    self._acknowledged(opposite, acknowledgement, found)
                elif acknowledgement != opposite.next_sequence:
                    self._acknowledged_unseen(opposite, acknowledgement, frame, time_ns)
        final = bool(flags & FIN)
        if payload or missing or final:
            direction.last_time_ns = time_ns
            if direction.next_sequence < 0:
                # Joined in mid-stream: what came before was never captured.
                direction.initial = direction.next_sequence = sequence
                direction.lost = True
            if (
                sequence == direction.next_sequence
                and not direction.held
                and payload
                and not (final or missing or direction.ended)
            ):
                direction.next_sequence = (sequence + len(payload)) % _WRAP
                lost, direction.lost = direction.lost, False
                found.append(
                    TcpChunk(
                        frame,
                        time_ns,
                        source,
                        destination,
                        direction.connection,
                        payload,
                        lost,
                        False,
                    )
                )
            else:
                segment = _Segment(frame, time_ns, sequence, payload, missing, final)
                self._segment(direction, segment, found)
        if flags & RST:
            self._reset(frame, time_ns, direction, found)

    def flush(self, found: list[TcpChunk]) -> None:
        """The trace is over: give what is still held, across the holes."""
        for direction in self._directions.values():
            while direction.held:
                self._skip_hole(direction, found)

    def _begin(self, source: Endpoint, destination: Endpoint) -> _Direction:
        self._connections += 1
        number = self._connections
        for ends in ((source, destination), (destination, source)):
            self._directions[ends] = _Direction(*ends, number)
        if len(self._directions) > 2 * _MOST_CONNECTIONS:
            for _ in range(2):
                self._directions.popitem(last=False)
            self._counters["tcp connections forgotten"] += 1
        return self._directions[source, destination]

    def _synchronise(
        self, direction: _Direction, sequence: int, flags: int, found: list[TcpChunk]
    ) -> _Direction:
        following = (sequence + 1) % _WRAP
        ends = direction.source, direction.destination
        opposite = self._directions.get(ends[::-1], direction)
        if direction.next_sequence < 0:
            # The other end has spoken already, and more than its own SYN.
            is_other = not flags & ACK and opposite.next_sequence != opposite.initial
        elif following == direction.initial and not (direction.ended and opposite.ended):
            # The same SYN once more, or one that comes after the octets that follow it.
            return direction
        else:
            is_other = True
        if is_other:
            # The ports are used again: another connection.
            for old in (direction, opposite):
                while old.held:
                    self._skip_hole(old, found)
                self._directions.pop((old.source, old.destination), None)
            direction = self._begin(*ends)
        direction.initial = direction.next_sequence = following
        direction.lost = False
        return direction

    def _segment(self, direction: _Direction, segment: _Segment, found: list[TcpChunk]) -> None:
        if self._deliver(direction, segment, found):
            self._deliver_held(direction, found)
            return
        direction.held.append(segment)
        direction.held_octets += len(segment.payload)
        if len(direction.held) > _MOST_HELD or direction.held_octets > _MOST_HELD_OCTETS:
            self._skip_hole(direction, found)

    def _deliver(self, direction: _Direction, segment: _Segment, found: list[TcpChunk]) -> bool:
        """Give a segment that continues or overlaps what was given; false if it is ahead of it."""
        ahead = (segment.sequence - direction.next_sequence) % _WRAP
        if 0 < ahead < _HALF:
            return False
        known = 0 if ahead == 0 else _WRAP - ahead
        length = len(segment.payload) + segment.missing
        if known > length or (known == length and not segment.final):
            self._counters["tcp retransmissions"] += bool(segment.payload)
            return True
        if direction.ended:
            return True
        payload = segment.payload[known:]
        direction.next_sequence = (direction.next_sequence + length - known) % _WRAP
        if payload or segment.final:
            lost, direction.lost = direction.lost, False
            direction.ended = segment.final
            found.append(
                TcpChunk(
                    segment.frame,
                    segment.time_ns,
                    direction.source,
                    direction.destination,
                    direction.connection,
                    payload,
                    lost,
                    segment.final,
                )
            )
        if segment.missing:
            direction.lost = True
        if segment.final:
            self._forget_if_over(direction)
        return True

    def _deliver_held(self, direction: _Direction, found: list[TcpChunk]) -> None:
        direction.acks_beyond_hole = 0
        progress = True
        while progress and direction.held:
            progress = False
            for index, segment in enumerate(direction.held):
                if self._deliver(direction, segment, found):
                    del direction.held[index]
                    direction.held_octets -= len(segment.payload)
                    progress = True
                    break

    def _acknowledged(
        self, direction: _Direction, acknowledgement: int, found: list[TcpChunk]
    ) -> None:
        beyond = (acknowledgement - direction.next_sequence) % _WRAP
        if not 0 < beyond < _HALF:
            return
        direction.acks_beyond_hole += 1
        if direction.acks_beyond_hole >= _ACKS_BEYOND_HOLE:
            self._skip_hole(direction, found, beyond)

    def _acknowledged_unseen(
        self, direction: _Direction, acknowledgement: int, frame: int, time_ns: int
    ) -> None:
        """The other end has octets that the capture does not, and nothing after them came yet."""
        if direction.next_sequence < 0 or direction.ended:
            return
        beyond = (acknowledgement - direction.next_sequence) % _WRAP
        # One octet beyond is a FIN that is missing, not data.
        if 1 < beyond < _HALF and acknowledgement != direction.acknowledged:
            direction.acknowledged = acknowledgement
            self._gap(direction, frame, time_ns)

    def _gap(self, direction: _Direction, frame: int, time_ns: int) -> None:
        ends = direction.source, direction.destination
        since_ns = min(direction.last_time_ns, time_ns)
        self.gaps.append(Gap(frame, since_ns, time_ns, *ends, direction.connection))

    def _skip_hole(self, direction: _Direction, found: list[TcpChunk], most: int = _WRAP) -> None:
        """Go on behind the hole, but by no more than ``most`` octets: others may yet come."""
        nearest = min(
            direction.held, key=lambda held: (held.sequence - direction.next_sequence) % _WRAP
        )
        hole = (nearest.sequence - direction.next_sequence) % _WRAP
        self._gap(direction, nearest.frame, nearest.time_ns)
        direction.next_sequence = (direction.next_sequence + min(hole, most)) % _WRAP
        direction.lost = True
        self._counters["tcp holes"] += 1
        self._deliver_held(direction, found)

    def _reset(
        self, frame: int, time_ns: int, direction: _Direction, found: list[TcpChunk]
    ) -> None:
        source, destination = direction.source, direction.destination
        for ends in ((source, destination), (destination, source)):
            ending = self._directions.pop(ends, None)
            if ending is None:
                continue
            while ending.held:
                self._skip_hole(ending, found)
            if ending.next_sequence >= 0 and not ending.ended:
                found.append(
                    TcpChunk(frame, time_ns, *ends, ending.connection, b"", ending.lost, True)
                )

    def _forget_if_over(self, direction: _Direction) -> None:
        opposite = self._directions.get((direction.destination, direction.source))
        if opposite is not None and opposite.ended:
            opposite.held.clear()
