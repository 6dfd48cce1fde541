"""One TCP connection without socket and clock (RFC 9293; RFC 6298; RFC 5681 in its plain form).

Segments in, segments out; whoever owns it starts a timer for ``timeout`` seconds after each call
and calls ``expired`` when it runs out.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from makmal.protocol.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment

_SPACE = 1 << 32
_WINDOW = 65_535
_USUAL_SEGMENT = 536
_LEAST_TIMEOUT, _MOST_TIMEOUT = 0.2, 30.0
_MOST_TRIES = 8
_DUPLICATES = 3


class State(Enum):
    """RFC 9293, 3.3.2. Nobody waits in TIME-WAIT here: ports of ours are not used twice soon."""

    SYN_SENT = auto()
    SYN_RECEIVED = auto()
    ESTABLISHED = auto()
    FIN_WAIT_1 = auto()
    FIN_WAIT_2 = auto()
    CLOSE_WAIT = auto()
    CLOSING = auto()
    LAST_ACK = auto()
    CLOSED = auto()


def _before(one: int, other: int) -> bool:
    """Whether a number comes before another in the circle of sequence numbers."""
    return (one - other) % _SPACE > _SPACE // 2


class Connection:
    """``error`` says why it ended, where it did not end in order."""

    def __init__(
        self, local_port: int, remote_port: int, initial: int, segment_size: int = 1360
    ) -> None:
        self.local_port, self.remote_port = local_port, remote_port
        self.state = State.CLOSED
        self.error: str | None = None
        self.peer_has_closed = False
        self._own_size = segment_size
        self._size = min(segment_size, _USUAL_SEGMENT)
        # What is sent and not acknowledged, and what is still to be sent.
        self._unacknowledged = initial
        self._next = initial
        self._highest = initial
        self._buffer = bytearray()
        self._peer_window = 0
        self._congestion_window = 10 * segment_size
        self._closing = False
        self._fin_at: int | None = None
        self._duplicates = 0
        # What came.
        self._expected = 0
        self._came = bytearray()
        self._early: dict[int, bytes] = {}
        self._fin_from: int | None = None
        self._out: deque[Segment] = deque()
        self._timeout = 1.0
        self._tries = 0

    # What the owner asks for.

    def open(self) -> None:
        """Begin: SYN."""
        self.state = State.SYN_SENT
        self._emit(SYN, self._next, size=self._own_size)
        self._advance(1)

    def accept(self, segment: Segment) -> None:
        """Answer the SYN of another."""
        self.state = State.SYN_RECEIVED
        self._expected = (segment.sequence + 1) % _SPACE
        self._take_size(segment)
        self._peer_window = segment.window
        self._emit(SYN | ACK, self._next, size=self._own_size)
        self._advance(1)

    def write(self, octets: bytes) -> None:
        """Send octets as soon as it may be done. Raises ConnectionError."""
        if self._closing or self.state is State.CLOSED:
            raise ConnectionResetError(self.error or "the connection was closed")
        self._buffer += octets
        self._push()

    def read(self) -> bytes:
        """What has come; empty if nothing has."""
        narrow = self._window < _WINDOW // 2
        octets = bytes(self._came)
        self._came.clear()
        if narrow and octets and self.state is not State.CLOSED:
            self._emit(ACK, self._next)
        return octets

    def close(self) -> None:
        """Nothing more will be written."""
        if self._closing or self.state is State.CLOSED:
            return
        self._closing = True
        if self.state is State.SYN_SENT:
            self.state = State.CLOSED
            return
        self._push()

    def abort(self) -> None:
        """End at once: RST."""
        if self.state is not State.CLOSED:
            self._emit(RST | ACK, self._next)
            self._end("the connection was aborted")

    def output(self) -> list[Segment]:
        """The segments to be sent now."""
        found = list(self._out)
        self._out.clear()
        return found

    @property
    def unsent(self) -> int:
        """How many octets were written that the peer has not acknowledged."""
        return len(self._buffer)

    @property
    def is_established(self) -> bool:
        """Whether the handshake is over."""
        return self.state not in (State.SYN_SENT, State.SYN_RECEIVED, State.CLOSED)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state is State.CLOSED

    @property
    def timeout(self) -> float | None:
        """Seconds after which something has to be sent again; None when nothing is under way."""
        if self.state is State.CLOSED:
            return None
        waiting = self._unacknowledged != self._highest or bool(self._buffer)
        return self._timeout if waiting else None

    def expired(self) -> None:
        """The timer ran out: begin anew at what was not acknowledged (RFC 6298, 5)."""
        if self.timeout is None:
            return
        self._tries += 1
        if self._tries > _MOST_TRIES:
            self._end("the other side does not answer")
            return
        self._timeout = min(self._timeout * 2, _MOST_TIMEOUT)
        self._congestion_window = 2 * self._size
        self._again()

    # What comes.

    def receive(self, segment: Segment) -> None:
        """A segment of this connection."""
        if self.state is State.CLOSED:
            return
        if self.state is State.SYN_SENT:
            self._handshake(segment)
            return
        if segment.flags & RST:
            if (segment.sequence - self._expected) % _SPACE < _WINDOW:
                self._end("the other side reset the connection")
            return
        if segment.flags & SYN:
            # Sent again: the answer to it was lost.
            self._again()
            return
        if not segment.flags & ACK:
            return
        self._acknowledged(segment)
        if segment.length and not self.is_over:
            self._take(segment)
        self._push()

    def _handshake(self, segment: Segment) -> None:
        acknowledges = segment.flags & ACK and segment.acknowledgment == self._next
        if segment.flags & RST:
            if acknowledges:
                self._end("the other side refused the connection")
            return
        if segment.flags & SYN and acknowledges:
            self._expected = (segment.sequence + 1) % _SPACE
            self._unacknowledged = self._next
            self._take_size(segment)
            self._peer_window = segment.window
            self.state = State.ESTABLISHED
            self._calm()
            self._emit(ACK, self._next)
            self._push()

    def _take_size(self, segment: Segment) -> None:
        self._size = min(self._own_size, segment.maximum_segment_size or _USUAL_SEGMENT)

    def _acknowledged(self, segment: Segment) -> None:
        number = segment.acknowledgment
        if _before(self._highest, number):
            # Something that was never sent.
            self._emit(ACK, self._next)
            return
        if _before(self._unacknowledged, number):
            self._progress(number)
        elif (
            number == self._unacknowledged
            and not segment.length
            and segment.window == self._peer_window
            and self._unacknowledged != self._highest
        ):
            self._duplicates += 1
            if self._duplicates == _DUPLICATES:
                self._congestion_window = max(self._congestion_window // 2, 2 * self._size)
                self._again()
        self._peer_window = segment.window

    def _progress(self, number: int) -> None:
        gained = (number - self._unacknowledged) % _SPACE
        if self.state is State.SYN_RECEIVED:
            self.state = State.ESTABLISHED
            gained -= 1
        self._unacknowledged = number
        if _before(self._next, number):
            self._next = number
        fin_is_through = self._fin_at is not None and _before(self._fin_at, number)
        del self._buffer[: min(gained, len(self._buffer))]
        self._congestion_window = min(self._congestion_window + gained, 1 << 20)
        self._calm()
        if not fin_is_through:
            return
        if self.state is State.FIN_WAIT_1:
            self.state = State.FIN_WAIT_2
        elif self.state in (State.CLOSING, State.LAST_ACK):
            self.state = State.CLOSED

    def _calm(self) -> None:
        self._tries = self._duplicates = 0
        self._timeout = _LEAST_TIMEOUT

    def _take(self, segment: Segment) -> None:
        payload, at = segment.payload, segment.sequence
        late = (self._expected - at) % _SPACE
        if 0 < late < _SPACE // 2:
            # What came already is cut off.
            if late >= segment.length:
                self._emit(ACK, self._next)
                return
            payload, at = payload[late:], self._expected
        if segment.flags & FIN:
            self._fin_from = (segment.sequence + len(segment.payload)) % _SPACE
        if payload and (at - self._expected) % _SPACE < _WINDOW:
            self._early[at] = payload
        while (piece := self._early.pop(self._expected, None)) is not None:
            self._came += piece
            self._expected = (self._expected + len(piece)) % _SPACE
        if self._fin_from == self._expected:
            self._expected = (self._expected + 1) % _SPACE
            self._fin_from = None
            self.peer_has_closed = True
            if self.state is State.ESTABLISHED:
                self.state = State.CLOSE_WAIT
            elif self.state is State.FIN_WAIT_1:
                self.state = State.CLOSING
            elif self.state is State.FIN_WAIT_2:
                self.state = State.CLOSED
        self._emit(ACK, self._next)

    # What goes.

    @property
    def _window(self) -> int:
        return max(_WINDOW - len(self._came), 0)

    def _emit(
        self, flags: int, sequence: int, payload: bytes = b"", size: int | None = None
    ) -> None:
        acknowledgment = self._expected if flags & ACK else 0
        self._out.append(
            Segment(
                self.local_port,
                self.remote_port,
                sequence,
                acknowledgment,
                flags,
                self._window,
                payload,
                size,
            )
        )

    def _advance(self, count: int) -> None:
        self._next = (self._next + count) % _SPACE
        if _before(self._highest, self._next):
            self._highest = self._next

    def _again(self) -> None:
        """Send from the first octet that was not acknowledged."""
        self._next = self._unacknowledged
        if self.state is State.SYN_SENT:
            self._emit(SYN, self._next, size=self._own_size)
            self._advance(1)
        elif self.state is State.SYN_RECEIVED:
            self._emit(SYN | ACK, self._next, size=self._own_size)
            self._advance(1)
        else:
            self._push(probe=True)

    def _push(self, *, probe: bool = False) -> None:
        """Send what the windows let through, and FIN behind it."""
        if self.state in (State.SYN_SENT, State.SYN_RECEIVED, State.CLOSED):
            return
        window = min(self._peer_window, self._congestion_window)
        if probe:
            # RFC 9293, 3.8.6.1: a window of zero is asked after with one octet.
            window = max(window, 1)
        while True:
            under_way = (self._next - self._unacknowledged) % _SPACE
            left = len(self._buffer) - under_way
            room = min(window - under_way, self._size, left)
            if left <= 0 or room <= 0:
                break
            payload = bytes(self._buffer[under_way : under_way + room])
            self._emit(ACK | PSH, self._next, payload)
            self._advance(room)
        if (
            self._closing
            and (self._next - self._unacknowledged) % _SPACE == len(self._buffer)
            and (self._fin_at is None or self._fin_at == self._next)
        ):
            self._fin()

    def _fin(self) -> None:
        self._fin_at = self._next
        self._emit(FIN | ACK, self._next)
        self._advance(1)
        if self.state is State.ESTABLISHED:
            self.state = State.FIN_WAIT_1
        elif self.state is State.CLOSE_WAIT:
            self.state = State.LAST_ACK

    def _end(self, reason: str) -> None:
        self.state = State.CLOSED
        self.error = reason
