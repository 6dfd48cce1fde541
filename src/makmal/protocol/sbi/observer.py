"""Reading both directions of a connection, whatever HTTP it speaks."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import http1, http2
from makmal.protocol.sbi.message import HttpMessage

# So many octets tell whether a connection speaks HTTP.
_ENOUGH_TO_TELL = 4096
_MOST_UNANSWERED = 1000


class Observer:
    """Feed it the octets of a connection; it gives the messages, each response with its request.

    ``not_http`` becomes true when neither direction is HTTP.
    """

    def __init__(self) -> None:
        self._directions: dict[Hashable, _Direction] = {}
        self._unanswered: OrderedDict[int, HttpMessage] = OrderedDict()
        self._pipeline: deque[HttpMessage] = deque()
        self._client: Hashable | None = None
        self.not_http = False

    def feed(
        self,
        source: Hashable,
        octets: bytes,
        *,
        lost: bool = False,
        position: int = 0,
        ended: bool = False,
    ) -> list[HttpMessage]:
        """Take the next octets that ``source`` sent.

        ``lost``: octets before these are missing. ``ended``: the source will send no more.
        ``position`` is the caller's mark (a frame number), which messages repeat.
        """
        direction = self._directions.get(source)
        if direction is None:
            direction = self._directions[source] = _Direction()
        elif lost:
            # Which HTTP/1.1 request the next response answers cannot be told any more.
            self._pipeline.clear()
        found = direction.feed(octets, lost, position, ended, self._pipeline)
        if direction.is_other and all(each.is_other for each in self._directions.values()):
            self.not_http = True
        for message in found:
            self._pair(message, source)
        return found

    def _pair(self, message: HttpMessage, source: Hashable) -> None:
        if message.version == "2" and self._client is not None:
            message.is_request = source == self._client
        elif message.is_request:
            self._client = source
        if message.version != "2":
            if message.is_request:
                self._pipeline.append(message)
                if len(self._pipeline) > _MOST_UNANSWERED:
                    self._pipeline.popleft()
            elif self._pipeline and (message.status or 0) >= 200:
                message.request = self._pipeline.popleft()
            return
        if message.is_request:
            self._unanswered[message.stream_id] = message
            if len(self._unanswered) > _MOST_UNANSWERED:
                self._unanswered.popitem(last=False)
        else:
            message.request = self._unanswered.pop(message.stream_id, None)


class _Direction:
    """The octets of one end: undecided at first, then HTTP/1.1, HTTP/2 or something else."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._marks: list[int] = []
        self._http2: http2.Http2Direction | None = None
        self._is_http1 = False
        self._skipping = False
        self.is_other = False

    def _restart(self) -> None:
        # Footing was lost in the middle of the octets: wait for the start of a message.
        self._buffer.clear()
        self._marks.clear()
        self._skipping = True
        if not self._is_http1:
            self.is_other = True

    def feed(
        self,
        octets: bytes,
        lost: bool,
        position: int,
        ended: bool,
        unanswered: deque[HttpMessage],
    ) -> list[HttpMessage]:
        if self._http2 is not None:
            if lost:
                self._http2.lost()
            return self._http2.feed(octets, position)
        if lost:
            self._buffer.clear()
            self._marks.clear()
            self._skipping = True
        if self._skipping or self.is_other:
            if not _begins_something(octets):
                return []
            # What begins here is taken up as if joined in mid-stream.
            self._skipping = self.is_other = False
            lost = True
        self._buffer += octets
        if octets:
            self._marks.append(position)
        return self._read(lost, position, ended, unanswered)

    def _read(
        self, lost: bool, position: int, ended: bool, unanswered: deque[HttpMessage]
    ) -> list[HttpMessage]:
        found: list[HttpMessage] = []
        while self._buffer:
            buffer = self._buffer
            begins_with_settings = buffer[3:4] == b"\x04" and http2.looks_like_frame(buffer)
            if buffer.startswith(http2.PREFACE) or begins_with_settings:
                # The preface of a client, or the SETTINGS that every server begins with (RFC 9113,
                # 3.4), its own or the acknowledgement of the client's.
                from_start = not lost or buffer.startswith(http2.PREFACE)
                return found + self._turn_to_http2(from_start, position)
            if http2.PREFACE.startswith(buffer):
                break
            if buffer[0] == 0 and len(buffer) < http2.HEADER_OCTETS:
                # Perhaps the first octets of a SETTINGS frame.
                break
            if (
                lost
                and http2.looks_like_frame(buffer)
                and not http1.looks_like_http1(bytes(buffer[:_ENOUGH_TO_TELL]))
            ):
                return found + self._turn_to_http2(False, position)
            answers = unanswered[0] if unanswered else None
            try:
                decoded = http1.decode(buffer, answers, ended)
            except DecodeError:
                self._restart()
                break
            if decoded is None:
                break
            self._is_http1 = True
            message = decoded.message
            message.positions = tuple(dict.fromkeys(self._marks))
            del buffer[: decoded.length]
            self._marks = [position] if buffer else []
            if message.is_request or (message.status or 0) >= 200:
                found.append(message)
        return found

    def _turn_to_http2(self, from_start: bool, position: int) -> list[HttpMessage]:
        octets = bytes(self._buffer)
        self._buffer.clear()
        self._marks.clear()
        self._http2 = http2.Http2Direction(from_start)
        return self._http2.feed(octets.removeprefix(http2.PREFACE), position)


def _begins_something(octets: bytes) -> bool:
    return (
        octets.startswith(http2.PREFACE[:16])
        or http1.looks_like_http1(octets[:_ENOUGH_TO_TELL])
        or http2.looks_like_frame(octets)
    )
