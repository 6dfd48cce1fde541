"""One SCTP association, without sockets and clocks (RFC 9260): packets in, events and packets out.

Congestion control is left out: what is outstanding is bounded by the peer's window and a fixed one,
which is enough for signalling on short paths. Everything else that a peer may ask is answered.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct

from makmal.protocol.sctp.chunk import ChunkType
from makmal.protocol.sctp.packet import checksum
from makmal.protocol.sctp.receive_queue import ReceiveQueue

_COMMON = Struct(">HHII")
_CHUNK = Struct(">BBH")
_DATA = Struct(">BBHIHHI")
_SACK = Struct(">BBHIIHH")
_INIT = Struct(">BBHIIHHI")
_PAIR = Struct(">HH")
_WORD = 0xFFFFFFFF
# An Ethernet MTU less IP, UDP and SCTP headers.
_PACKET_OCTETS, _FRAGMENT_OCTETS = 1440, 1400
_WINDOW, _MOST_OUTSTANDING = 262_144, 131_072
_STREAMS = 16
# RFC 9260, 16.
_RTO_INITIAL, _RTO_MIN, _RTO_MAX = 1.0, 0.3, 10.0
_MOST_RETRANSMISSIONS, _MOST_INIT_RETRANSMISSIONS = 8, 4
_SACK_DELAY = 0.1
_BEGIN, _END, _UNORDERED = 0x02, 0x01, 0x04
_COOKIE_PARAMETER = 7


class State(Enum):
    """RFC 9260, 4."""

    COOKIE_WAIT = auto()
    COOKIE_ECHOED = auto()
    ESTABLISHED = auto()
    SHUTDOWN_PENDING = auto()
    SHUTDOWN_SENT = auto()
    SHUTDOWN_ACK_SENT = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Established:
    """Messages may be sent."""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A user message, whole and in the order of its stream."""

    payload: bytes
    stream_id: int
    payload_protocol_id: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The association is over. ``refused``: the peer sent ABORT."""

    reason: str
    refused: bool = False


Event = Established | MessageReceived | Closed


@dataclass(slots=True)
class _Sent:
    chunk: bytes
    time: float
    transmissions: int = 1
    missed: int = 0
    acknowledged: bool = False


class Association:
    """``tag`` is what the peer marks its packets with, ``initial_tsn`` our first TSN: both random.

    Times are seconds of any monotonic clock. After each call, take what ``packets_to_send`` gives.
    """

    def __init__(self, local_port: int, remote_port: int, tag: int, initial_tsn: int) -> None:
        self.local_port, self.remote_port, self.tag = local_port, remote_port, tag
        self.peer_tag = 0
        self.state = State.CLOSED
        self._initial_tsn = self._next_tsn = initial_tsn
        self._acknowledged = (initial_tsn - 1) & _WORD
        self._received = ReceiveQueue()
        self._pending: deque[bytes] = deque()
        self._outstanding: dict[int, _Sent] = {}
        self._outstanding_octets = 0
        self._peer_window = _WINDOW
        self._stream_sequence: dict[int, int] = {}
        self._control: deque[bytes] = deque()
        self._cookie = b""
        self._rto = _RTO_INITIAL
        self._smoothed: float | None = None
        self._variation = 0.0
        self._retransmit_at: float | None = None
        self._handshake_at: float | None = None
        self._handshake_tries = 0
        self._sack_at: float | None = None
        self._sack_now = False
        self._unacknowledged_packets = 0
        self._retransmit: deque[int] = deque()
        self._errors = 0
        self._with_tag: int | None = None

    # Setting up.

    def connect(self, now: float) -> None:
        """Begin as the client: INIT (5.1)."""
        self.state = State.COOKIE_WAIT
        self._handshake_tries = 0
        self._send_init(now)

    def _send_init(self, now: float) -> None:
        self._control.append(
            _INIT.pack(
                ChunkType.INIT, 0, 20, self.tag, _WINDOW, _STREAMS, _STREAMS, self._initial_tsn
            )
        )
        self._handshake_at = now + self._rto * 2**self._handshake_tries

    def accept(self, peer_tag: int, peer_initial_tsn: int, peer_window: int) -> list[Event]:
        """Begin as the server, with what a valid cookie said (5.1.5)."""
        self.state = State.ESTABLISHED
        self.peer_tag, self._peer_window = peer_tag, peer_window
        self._received.start(peer_initial_tsn)
        self._control.append(_CHUNK.pack(ChunkType.COOKIE_ACK, 0, 4))
        return [Established()]

    # Sending.

    def send(
        self,
        payload: bytes,
        stream_id: int = 0,
        payload_protocol_id: int = 0,
        unordered: bool = False,
    ) -> None:
        """Queue a user message (6.1), in fragments if it is long (6.9)."""
        sequence = 0
        if not unordered:
            sequence = self._stream_sequence.get(stream_id, 0)
            self._stream_sequence[stream_id] = (sequence + 1) & 0xFFFF
        size = len(payload)
        for at in range(0, size or 1, _FRAGMENT_OCTETS):
            piece = payload[at : at + _FRAGMENT_OCTETS]
            flags = (_BEGIN if at == 0 else 0) | (_END if at + _FRAGMENT_OCTETS >= size else 0)
            flags |= _UNORDERED if unordered else 0
            tsn = self._next_tsn
            self._next_tsn = (tsn + 1) & _WORD
            head = _DATA.pack(
                0, flags, 16 + len(piece), tsn, stream_id, sequence, payload_protocol_id
            )
            self._pending.append(head + piece + b"\0" * (-len(piece) % 4))

    def close(self, now: float) -> None:
        """End in order, once everything is acknowledged (9.2)."""
        if self.state is State.ESTABLISHED:
            self.state = State.SHUTDOWN_PENDING
            self._maybe_shut_down(now)
        elif self.state in (State.COOKIE_WAIT, State.COOKIE_ECHOED):
            self.abort()

    def abort(self) -> None:
        """End at once (9.1)."""
        if self.state is not State.CLOSED:
            self._control.clear()
            self._pending.clear()
            self._control.append(_CHUNK.pack(ChunkType.ABORT, 0, 4))
            self._end()

    def _end(self) -> None:
        self.state = State.CLOSED
        self._retransmit_at = self._handshake_at = self._sack_at = None

    def _maybe_shut_down(self, now: float) -> None:
        if self.state is State.SHUTDOWN_PENDING and not self._outstanding and not self._pending:
            self.state = State.SHUTDOWN_SENT
            self._handshake_tries = 0
            self._send_shutdown(now)

    def _send_shutdown(self, now: float) -> None:
        cumulative = self._received.cumulative.to_bytes(4, "big")
        self._control.append(_CHUNK.pack(ChunkType.SHUTDOWN, 0, 8) + cumulative)
        self._handshake_at = now + self._rto * 2**self._handshake_tries

    def packets_to_send(self, now: float) -> list[bytes]:
        """The packets that are due, control chunks first, DATA with a SACK where one is owed."""
        packets: list[bytes] = []
        chunks = bytearray()
        if self._sack_now:
            chunks += self._sack()
        while self._control:
            chunk = self._control.popleft()
            if len(chunks) + len(chunk) > _PACKET_OCTETS or chunk[0] == ChunkType.INIT:
                if chunks:
                    packets.append(self._packet(bytes(chunks)))
                chunks = bytearray()
            chunks += chunk
            # RFC 9260, 6.10: nothing is bundled with INIT and SHUTDOWN COMPLETE.
            if chunk[0] in (ChunkType.INIT, ChunkType.SHUTDOWN_COMPLETE):
                packets.append(self._packet(bytes(chunks)))
                chunks = bytearray()
        if self.state in (State.ESTABLISHED, State.SHUTDOWN_PENDING):
            while self._retransmit:
                sent = self._outstanding.get(self._retransmit.popleft())
                if sent is not None and not sent.acknowledged:
                    sent.time, sent.transmissions = now, sent.transmissions + 1
                    chunks = self._add(chunks, sent.chunk, packets)
            while self._pending and self._may_send(len(self._pending[0])):
                chunk = self._pending.popleft()
                if self._sack_at is not None and not chunks:
                    chunks += self._sack()
                tsn = int.from_bytes(chunk[4:8], "big")
                self._outstanding[tsn] = _Sent(chunk, now)
                self._outstanding_octets += len(chunk)
                chunks = self._add(chunks, chunk, packets)
            if self._outstanding and self._retransmit_at is None:
                self._retransmit_at = now + self._rto
        if chunks:
            packets.append(self._packet(bytes(chunks)))
        self._with_tag = None
        return packets

    def _may_send(self, size: int) -> bool:
        # RFC 9260, 6.1 A: one chunk may always be out, to find a window that opens again.
        limit = min(self._peer_window, _MOST_OUTSTANDING)
        return not self._outstanding or self._outstanding_octets + size <= limit

    def _add(self, chunks: bytearray, chunk: bytes, packets: list[bytes]) -> bytearray:
        if chunks and len(chunks) + len(chunk) > _PACKET_OCTETS:
            packets.append(self._packet(bytes(chunks)))
            chunks = bytearray()
        chunks += chunk
        return chunks

    def _packet(self, chunks: bytes) -> bytes:
        tag = self.peer_tag
        if chunks[0] == ChunkType.INIT:
            tag = 0
        packet = _COMMON.pack(self.local_port, self.remote_port, tag, 0) + chunks
        return packet[:8] + checksum(packet).to_bytes(4, "big") + packet[12:]

    def _sack(self) -> bytes:
        self._sack_now, self._sack_at, self._unacknowledged_packets = False, None, 0
        gaps, duplicates = self._received.report()
        size = 16 + 4 * (len(gaps) + len(duplicates))
        head = _SACK.pack(
            ChunkType.SACK,
            0,
            size,
            self._received.cumulative,
            max(_WINDOW - self._received.held_octets, 0),
            len(gaps),
            len(duplicates),
        )
        return (
            head
            + b"".join(_PAIR.pack(*gap) for gap in gaps)
            + b"".join(tsn.to_bytes(4, "big") for tsn in duplicates)
        )

    # Timers.

    @property
    def next_timer(self) -> float | None:
        """When ``handle_timer`` is to be called next."""
        times = [
            each
            for each in (self._retransmit_at, self._handshake_at, self._sack_at)
            if each is not None
        ]
        return min(times) if times else None

    def handle_timer(self, now: float) -> list[Event]:
        """Do what is due."""
        events: list[Event] = []
        if self._sack_at is not None and now >= self._sack_at:
            self._sack_now = True
        if self._handshake_at is not None and now >= self._handshake_at:
            events += self._handshake_expired(now)
        if self._retransmit_at is not None and now >= self._retransmit_at:
            events += self._retransmission_expired(now)
        return events

    def _handshake_expired(self, now: float) -> list[Event]:
        self._handshake_tries += 1
        if self._handshake_tries > _MOST_INIT_RETRANSMISSIONS:
            waited = {
                State.COOKIE_WAIT: "no answer to INIT",
                State.COOKIE_ECHOED: "no answer to COOKIE ECHO",
            }
            reason = waited.get(self.state, "no answer to SHUTDOWN")
            self._end()
            return [Closed(reason)]
        if self.state is State.COOKIE_WAIT:
            self._send_init(now)
        elif self.state is State.COOKIE_ECHOED:
            self._send_cookie(now)
        elif self.state is State.SHUTDOWN_SENT:
            self._send_shutdown(now)
        elif self.state is State.SHUTDOWN_ACK_SENT:
            self._control.append(_CHUNK.pack(ChunkType.SHUTDOWN_ACK, 0, 4))
            self._handshake_at = now + self._rto * 2**self._handshake_tries
        return []

    def _retransmission_expired(self, now: float) -> list[Event]:
        """T3-rtx (6.3.3): everything that is out goes again."""
        self._errors += 1
        if self._errors > _MOST_RETRANSMISSIONS:
            self._end()
            return [Closed("the peer acknowledges nothing any more")]
        self._rto = min(self._rto * 2, _RTO_MAX)
        self._retransmit = deque(
            tsn for tsn, sent in self._outstanding.items() if not sent.acknowledged
        )
        self._retransmit_at = now + self._rto if self._outstanding else None
        return []

    # Receiving.

    def receive_packet(self, packet: bytes, now: float) -> list[Event]:
        """Take a packet that came; what is malformed, or not of this association, is dropped."""
        if len(packet) < 16 or len(packet) % 4:
            return []
        _, _, tag, _ = _COMMON.unpack_from(packet)
        given = int.from_bytes(packet[8:12], "big")
        if checksum(packet) != given:
            return []
        kind, flags = packet[12], packet[13]
        if tag != self.tag:
            # 8.5.1: ABORT and SHUTDOWN COMPLETE may carry the receiver's view of our tag (T bit).
            reflected = kind in (ChunkType.ABORT, ChunkType.SHUTDOWN_COMPLETE) and flags & 1
            if not (reflected and tag == self.peer_tag):
                return []
        events: list[Event] = []
        position, has_data = 12, False
        while position + 4 <= len(packet):
            kind, flags, length = _CHUNK.unpack_from(packet, position)
            if length < 4 or position + length > len(packet):
                break
            if kind == ChunkType.DATA:
                has_data = True
                self._data(packet, position, length, flags, events)
            elif not self._chunk(kind, packet[position + 4 : position + length], now, events):
                break
            position += (length + 3) & ~3
        if has_data:
            self._note_data(now)
        self._maybe_shut_down(now)
        return events

    def _note_data(self, now: float) -> None:
        """When to acknowledge (6.2): every second packet, gaps and duplicates at once."""
        self._unacknowledged_packets += 1
        if self._unacknowledged_packets >= 2 or self._received.is_irregular:
            self._sack_now = True
        elif self._sack_at is None:
            self._sack_at = now + _SACK_DELAY

    def _data(
        self, packet: bytes, position: int, length: int, flags: int, events: list[Event]
    ) -> None:
        if length <= 16 or self.state not in (
            State.ESTABLISHED,
            State.COOKIE_ECHOED,
            State.SHUTDOWN_PENDING,
            State.SHUTDOWN_SENT,
        ):
            return
        _, _, _, tsn, stream_id, sequence, identifier = _DATA.unpack_from(packet, position)
        payload = packet[position + 16 : position + length]
        events.extend(
            MessageReceived(*each)
            for each in self._received.add(tsn, stream_id, sequence, identifier, flags, payload)
        )

    def _chunk(self, kind: int, value: bytes, now: float, events: list[Event]) -> bool:
        """One control chunk; whether the rest of the packet is to be read."""
        if kind == ChunkType.SACK:
            self._acknowledge(value, now)
        elif kind == ChunkType.INIT_ACK:
            self._init_ack(value, now, events)
        elif kind == ChunkType.COOKIE_ACK and self.state is State.COOKIE_ECHOED:
            self.state, self._handshake_at = State.ESTABLISHED, None
            events.append(Established())
        elif kind == ChunkType.COOKIE_ECHO and self.state is State.ESTABLISHED:
            self._control.append(_CHUNK.pack(ChunkType.COOKIE_ACK, 0, 4))
        elif kind == ChunkType.HEARTBEAT:
            padded = value + b"\0" * (-len(value) % 4)
            self._control.append(_CHUNK.pack(ChunkType.HEARTBEAT_ACK, 0, 4 + len(value)) + padded)
        elif kind == ChunkType.ABORT:
            before = self.state
            self._end()
            refused = before in (State.COOKIE_WAIT, State.COOKIE_ECHOED)
            events.append(Closed("the peer sent ABORT" + _cause_of(value), refused))
            return False
        elif kind == ChunkType.SHUTDOWN:
            self._shutdown(value, now)
        elif kind == ChunkType.SHUTDOWN_ACK and self.state in (
            State.SHUTDOWN_SENT,
            State.SHUTDOWN_ACK_SENT,
        ):
            self._control.append(_CHUNK.pack(ChunkType.SHUTDOWN_COMPLETE, 0, 4))
            self._end()
            events.append(Closed("the association was ended in order"))
            return False
        elif kind == ChunkType.SHUTDOWN_COMPLETE and self.state is State.SHUTDOWN_ACK_SENT:
            self._end()
            events.append(Closed("the peer ended the association"))
            return False
        elif kind not in _KNOWN:
            # 3.2: the highest bit of an unknown chunk tells whether to go on with the next.
            return bool(kind & 0x80)
        return True

    def _init_ack(self, value: bytes, now: float, events: list[Event]) -> None:
        if self.state is not State.COOKIE_WAIT or len(value) < 16:
            return
        peer_tag, window = int.from_bytes(value[:4], "big"), int.from_bytes(value[4:8], "big")
        position, cookie = 16, b""
        while position + 4 <= len(value):
            kind, length = _PAIR.unpack_from(value, position)
            if length < 4 or position + length > len(value):
                break
            if kind == _COOKIE_PARAMETER:
                cookie = value[position + 4 : position + length]
            position += (length + 3) & ~3
        if peer_tag == 0 or not cookie:
            self._end()
            events.append(Closed("the peer's INIT ACK has no tag or no cookie"))
            return
        self.peer_tag, self._peer_window = peer_tag, window
        self._received.start(int.from_bytes(value[12:16], "big"))
        self._cookie, self.state = cookie, State.COOKIE_ECHOED
        self._handshake_tries = 0
        self._send_cookie(now)

    def _send_cookie(self, now: float) -> None:
        padded = self._cookie + b"\0" * (-len(self._cookie) % 4)
        self._control.append(_CHUNK.pack(ChunkType.COOKIE_ECHO, 0, 4 + len(self._cookie)) + padded)
        self._handshake_at = now + self._rto * 2**self._handshake_tries

    def _shutdown(self, value: bytes, now: float) -> None:
        if self.state is State.CLOSED or len(value) < 4:
            return
        self._acknowledge_to(int.from_bytes(value[:4], "big"), now)
        if self.state is not State.SHUTDOWN_ACK_SENT:
            self.state = State.SHUTDOWN_ACK_SENT
            self._pending.clear()
            self._retransmit_at, self._handshake_tries = None, 0
        self._control.append(_CHUNK.pack(ChunkType.SHUTDOWN_ACK, 0, 4))
        self._handshake_at = now + self._rto

    def _acknowledge(self, value: bytes, now: float) -> None:
        """SACK (6.2.1 and 7.2.4)."""
        if len(value) < 12:
            return
        cumulative = int.from_bytes(value[:4], "big")
        window = int.from_bytes(value[4:8], "big")
        count = int.from_bytes(value[8:10], "big")
        if (cumulative - self._acknowledged) & _WORD > 0x7FFFFFFF:
            return
        self._acknowledge_to(cumulative, now)
        highest = cumulative
        for index in range(min(count, (len(value) - 12) // 4)):
            start, end = _PAIR.unpack_from(value, 12 + 4 * index)
            for offset in range(start, min(end, start + 0x4000) + 1):
                tsn = (cumulative + offset) & _WORD
                sent = self._outstanding.get(tsn)
                if sent is not None and not sent.acknowledged:
                    sent.acknowledged = True
                    self._outstanding_octets -= len(sent.chunk)
                highest = tsn
        if highest != cumulative:
            self._find_missed(highest)
        self._peer_window = max(window - self._outstanding_octets, 0) + self._outstanding_octets

    def _acknowledge_to(self, cumulative: int, now: float) -> None:
        moved = False
        while self._acknowledged != cumulative:
            tsn = (self._acknowledged + 1) & _WORD
            sent = self._outstanding.pop(tsn, None)
            if sent is None:
                break
            self._acknowledged, moved = tsn, True
            if not sent.acknowledged:
                self._outstanding_octets -= len(sent.chunk)
            if sent.transmissions == 1:
                self._measure(now - sent.time)
        if moved:
            self._errors = 0
            self._retransmit_at = now + self._rto if self._outstanding else None

    def _measure(self, seconds: float) -> None:
        """The round trip time (6.3.1)."""
        if self._smoothed is None:
            self._smoothed, self._variation = seconds, seconds / 2
        else:
            self._variation += (abs(self._smoothed - seconds) - self._variation) / 4
            self._smoothed += (seconds - self._smoothed) / 8
        self._rto = min(max(self._smoothed + 4 * self._variation, _RTO_MIN), _RTO_MAX)

    def _find_missed(self, highest: int) -> None:
        for tsn, sent in self._outstanding.items():
            if sent.acknowledged or (highest - tsn) & _WORD > 0x7FFFFFFF:
                continue
            sent.missed += 1
            if sent.missed == 3:
                self._retransmit.append(tsn)


_KNOWN = frozenset(int(kind) for kind in ChunkType)
_CAUSES = {
    1: "invalid stream",
    2: "missing parameter",
    3: "stale cookie",
    4: "out of resources",
    5: "unresolvable address",
    6: "unrecognised chunk",
    7: "invalid parameter",
    8: "unrecognised parameters",
    9: "no user data",
    10: "cookie received while shutting down",
    11: "restart with new addresses",
    12: "user-initiated abort",
    13: "protocol violation",
}


def _cause_of(value: bytes) -> str:
    """The error cause of an ABORT, in words (3.3.10)."""
    if len(value) < 4:
        return ""
    return f" ({_CAUSES.get(int.from_bytes(value[:2], 'big'), 'of an unknown cause')})"
