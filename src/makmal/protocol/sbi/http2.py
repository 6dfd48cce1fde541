"""HTTP/2 (RFC 9113) as an observer reads it, also from the middle of a connection.

The frames are read with ``hyperframe``. Flow control, priorities and settings concern the two ends
alone; an observer reads HEADERS, CONTINUATION, PUSH_PROMISE and DATA.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi.hpack_blocks import Field, HeaderBlocks, Representation
from makmal.protocol.sbi.message import UNKNOWN, HttpMessage

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER_OCTETS = 9
# RFC 9113, 4.2: the largest frame unless a setting raises it; cores do not raise it beyond this.
_LARGEST_FRAME = 1 << 20
# No service body is near this; what is longer is not kept, so that memory stays bounded.
_LARGEST_BODY = 1 << 22
_MOST_STREAMS = 1000
_LAST_FRAME_TYPE = 0x0A
# Per frame type: the flags that it defines, and whether it belongs to a stream (True), to the
# connection (False) or to either (None). RFC 9113, 6; ALTSVC (RFC 7838) is type 10.
_FRAME_TYPES: dict[int, tuple[int, bool | None]] = {
    0x00: (0x09, True),
    0x01: (0x2D, True),
    0x02: (0x00, True),
    0x03: (0x00, True),
    0x04: (0x01, False),
    0x05: (0x0C, True),
    0x06: (0x01, False),
    0x07: (0x00, False),
    0x08: (0x00, None),
    0x09: (0x04, True),
    0x0A: (0x00, None),
}
_FIXED_LENGTHS = {0x02: 5, 0x03: 4, 0x06: 8, 0x08: 4}


def looks_like_frame(octets: bytes | bytearray, position: int = 0) -> bool:
    """Whether a frame header can begin here: type, flags, stream and length fit each other."""
    if len(octets) - position < HEADER_OCTETS:
        return False
    length = int.from_bytes(octets[position : position + 3], "big")
    kind, flags = octets[position + 3], octets[position + 4]
    stream = int.from_bytes(octets[position + 5 : position + 9], "big")
    known = _FRAME_TYPES.get(kind)
    if known is None or length > _LARGEST_FRAME or stream > 0x7FFF_FFFF:
        return False
    allowed, of_stream = known
    if of_stream is not None and of_stream != bool(stream):
        return False
    if kind == 0x04 and length % 6:
        return False
    return not flags & ~allowed and _FIXED_LENGTHS.get(kind, length) == length


@dataclass(slots=True)
class _Stream:
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    positions: dict[int, None] = field(default_factory=dict)
    has_headers: bool = False
    complete: bool = True


class Http2Direction:
    """The frames that one end of a connection sends.

    ``from_start`` tells whether its first frame was seen (after the preface, for the client).
    ``lost_footing`` is set when the octets stopped being frames; the next octets that begin a
    frame are taken up again.
    """

    def __init__(self, from_start: bool) -> None:
        self._buffer = bytearray()
        self._blocks = HeaderBlocks(from_start)
        self._streams: OrderedDict[int, _Stream] = OrderedDict()
        self._block: bytearray | None = None
        self._block_stream = 0
        self._block_ends_stream = False
        self._block_is_promise = False
        self.lost_footing = False

    def lost(self) -> None:
        """Octets are missing before the next ones."""
        self._buffer.clear()
        self._blocks.lost()
        self._block = None
        for stream in self._streams.values():
            stream.complete = False
        self.lost_footing = True

    def feed(self, octets: bytes, position: int) -> list[HttpMessage]:
        """The messages that these octets end; ``position`` is the mark of the octets."""
        buffer = self._buffer
        if self.lost_footing:
            if not looks_like_frame(octets):
                return []
            self.lost_footing = False
        buffer += octets
        found: list[HttpMessage] = []
        start = 0
        while len(buffer) - start >= HEADER_OCTETS:
            length = int.from_bytes(buffer[start : start + 3], "big")
            if length > _LARGEST_FRAME or (
                buffer[start + 3] <= _LAST_FRAME_TYPE and not looks_like_frame(buffer, start)
            ):
                self.lost()
                return found
            end = start + HEADER_OCTETS + length
            if len(buffer) < end:
                break
            self._frame(bytes(buffer[start:end]), position, found)
            start = end
        del buffer[:start]
        if buffer and len(buffer) > HEADER_OCTETS:
            stream_id = int.from_bytes(buffer[5:9], "big") & 0x7FFF_FFFF
            if buffer[3] in (0, 1, 9) and stream_id:
                self._stream(stream_id).positions.setdefault(position)
        return found

    def _frame(self, octets: bytes, position: int, found: list[HttpMessage]) -> None:
        try:
            frame, _ = Frame.parse_frame_header(memoryview(octets[:HEADER_OCTETS]))
            frame.parse_body(memoryview(octets[HEADER_OCTETS:]))
        except (HyperframeError, ValueError):
            return
        if isinstance(frame, HeadersFrame | PushPromiseFrame):
            self._block = bytearray(frame.data)
            self._block_stream = frame.stream_id
            self._block_ends_stream = "END_STREAM" in frame.flags
            self._block_is_promise = isinstance(frame, PushPromiseFrame)
        elif isinstance(frame, ContinuationFrame):
            if self._block is None or len(self._block) + len(frame.data) > _LARGEST_FRAME:
                self._block = None
                return
            self._block += frame.data
        elif isinstance(frame, DataFrame):
            self._data(frame, position, found)
            return
        elif isinstance(frame, RstStreamFrame):
            self._streams.pop(frame.stream_id, None)
            return
        else:
            return
        if not self._block_is_promise:
            self._stream(frame.stream_id).positions.setdefault(position)
        if "END_HEADERS" in frame.flags:
            self._headers(bytes(self._block), found)
            self._block = None

    def _stream(self, stream_id: int) -> _Stream:
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = _Stream()
            if len(self._streams) > _MOST_STREAMS:
                self._streams.popitem(last=False)
        return stream

    def _headers(self, block: bytes, found: list[HttpMessage]) -> None:
        try:
            fields = self._blocks.read(block)
        except DecodeError:
            self._blocks.lost()
            fields = []
        if self._block_is_promise:
            return
        stream = self._stream(self._block_stream)
        stream.headers += headers_of(fields)
        stream.has_headers = True
        status = _pseudo(stream.headers, ":status")
        if status is not None and status.startswith("1") and not self._block_ends_stream:
            # An interim response (RFC 9110, 15.2); the final one follows on the same stream.
            stream.headers.clear()
        if self._block_ends_stream:
            self._end(self._block_stream, found)

    def _data(self, frame: DataFrame, position: int, found: list[HttpMessage]) -> None:
        stream = self._stream(frame.stream_id)
        stream.positions.setdefault(position)
        if len(stream.body) + len(frame.data) > _LARGEST_BODY:
            stream.complete = False
        else:
            stream.body += frame.data
        if "END_STREAM" in frame.flags:
            self._end(frame.stream_id, found)

    def _end(self, stream_id: int, found: list[HttpMessage]) -> None:
        stream = self._streams.pop(stream_id, None)
        if stream is None or not stream.has_headers:
            return
        found.append(_message(stream_id, stream))


def headers_of(fields: list[Field]) -> list[tuple[str, str]]:
    """Names and values of the fields of a block."""
    return [
        (field.name, field.value)
        for field in fields
        if field.representation is not Representation.TABLE_SIZE_UPDATE
    ]


def _pseudo(headers: list[tuple[str, str]], name: str) -> str | None:
    for candidate, value in headers:
        if candidate == name:
            return value
    return None


def _status(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) == 3 and text.isdecimal() else None


def _message(stream_id: int, stream: _Stream) -> HttpMessage:
    headers = stream.headers
    status = _pseudo(headers, ":status")
    method, path = _pseudo(headers, ":method"), _pseudo(headers, ":path")
    is_request = (
        method is not None
        or path is not None
        or (
            # Indices from before the capture: only a request has a scheme, and only a response is
            # without one.
            status is None and _pseudo(headers, ":scheme") is not None
        )
    )
    return HttpMessage(
        is_request,
        "2",
        method=None if method == UNKNOWN else method,
        path=None if path == UNKNOWN else path,
        status=_status(status),
        headers=tuple(header for header in headers if not header[0].startswith(":")),
        body=bytes(stream.body),
        scheme=_pseudo(headers, ":scheme"),
        authority=_pseudo(headers, ":authority"),
        stream_id=stream_id,
        positions=tuple(stream.positions),
        complete=stream.complete,
    )
