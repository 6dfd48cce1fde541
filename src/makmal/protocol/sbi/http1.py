"""HTTP/1.1 messages (RFC 9112), which some cores speak on the service-based interface."""

from __future__ import annotations

import re
from dataclasses import dataclass

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi.message import HttpMessage

MOST_HEAD_OCTETS = 1 << 16
MOST_BODY_OCTETS = 1 << 22
_REQUEST = re.compile(rb"([A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}) (\S+) HTTP/(1\.[01])\Z")
_RESPONSE = re.compile(rb"HTTP/(1\.[01]) ([1-5]\d\d)(?: (.*))?\Z")
_START = re.compile(rb"(?:[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31} \S|HTTP/1\.[01] [1-5]\d\d)")
# The beginning of a start line, however little of it there is.
_PARTIAL = re.compile(
    rb"[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}(?: (?:\S.*)?)?"
    rb"|HTTP/(?:1(?:\.(?:[01](?: (?:[1-5](?:\d(?:\d.*)?)?)?)?)?)?)?"
)
_WITHOUT_BODY = frozenset({204, 304})
_LENGTH = re.compile(r"[0-9]{1,19}")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


def looks_like_http1(octets: bytes) -> bool:
    """Whether octets can be the beginning of an HTTP/1 message."""
    line = octets[:2048].partition(b"\r\n")[0]
    if _START.match(line) is None:
        return False
    return b"\r\n" not in octets[:2048] or bool(_REQUEST.match(line) or _RESPONSE.match(line))


def _may_begin(octets: bytes) -> bool:
    """Whether more octets can make these the beginning of a message."""
    if b"\r" in octets:
        return looks_like_http1(octets) or not octets.partition(b"\r")[2]
    return not octets or _PARTIAL.fullmatch(octets) is not None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message, the octets that it took, and how its body was delimited (RFC 9112, 6).

    ``chunks`` holds the sizes of the chunks of a chunked body. ``until_close``: the body reaches
    to the end of the connection.
    """

    message: HttpMessage
    length: int
    reason: str = ""
    chunks: tuple[int, ...] | None = None
    until_close: bool = False


def decode(
    octets: bytes | bytearray, answers: HttpMessage | None = None, closed: bool = False
) -> Decoded | None:
    """The first message of some octets; None when it is not whole yet. Raises DecodeError.

    ``answers`` is the request that a response would answer (one to HEAD has no body); ``closed``
    that no more octets will come.
    """
    head_end = octets.find(b"\r\n\r\n", 0, MOST_HEAD_OCTETS)
    if head_end < 0:
        if len(octets) >= MOST_HEAD_OCTETS or not _may_begin(bytes(octets[:4096])):
            raise DecodeError("HTTP/1.1", 0, "no start of a message")
        return None
    lines = bytes(octets[:head_end]).split(b"\r\n")
    message, reason = _start_line(lines[0])
    message.headers = _headers(lines)
    if message.is_request:
        message.authority = message.header("host")
    start = head_end + 4
    if not message.is_request and _has_no_body(message, answers):
        return Decoded(message, start, reason)
    if _is_chunked(message):
        chunked = _chunked(octets, start)
        if chunked is None:
            return None
        message.body, chunks, end = chunked
        return Decoded(message, end, reason, chunks)
    length = message.header("content-length")
    if length is not None:
        if _LENGTH.fullmatch(length) is None or int(length) > MOST_BODY_OCTETS:
            raise DecodeError("HTTP/1.1", 0, f"a content length of {length[:20]!r}")
        end = start + int(length)
        if len(octets) < end:
            return None
        message.body = bytes(octets[start:end])
        return Decoded(message, end, reason)
    if message.is_request:
        return Decoded(message, start, reason)
    if not closed:
        if len(octets) - start > MOST_BODY_OCTETS:
            raise DecodeError("HTTP/1.1", start, "a body without an end")
        return None
    message.body = bytes(octets[start:])
    return Decoded(message, len(octets), reason, until_close=True)


def encode(message: HttpMessage, reason: str = "", chunks: tuple[int, ...] | None = None) -> bytes:
    """The octets of a message; a body in ``chunks`` of these sizes, else as its headers say."""
    if message.is_request:
        start = f"{message.method} {message.path} HTTP/{message.version}"
    else:
        start = f"HTTP/{message.version} {message.status} {reason}"
    lines = [start, *(f"{name}: {value}" for name, value in message.headers)]
    out = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if chunks is None:
        return out + message.body
    position = 0
    for size in chunks:
        out += b"%x\r\n" % size + message.body[position : position + size] + b"\r\n"
        position += size
    return out + b"0\r\n\r\n"


def _start_line(line: bytes) -> tuple[HttpMessage, str]:
    request = _REQUEST.match(line)
    if request is not None:
        method, path, version = (text.decode("latin-1") for text in request.groups())
        return HttpMessage(True, version, method=method, path=path), ""
    response = _RESPONSE.match(line)
    if response is not None:
        reason = (response[3] or b"").decode("latin-1")
        return HttpMessage(False, response[1].decode("ascii"), status=int(response[2])), reason
    raise DecodeError("HTTP/1.1", 0, "neither a request line nor a status line")


def _headers(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    headers = []
    offset = len(lines[0]) + 2
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name:
            raise DecodeError("HTTP/1.1", offset, "a header line without a colon")
        headers.append((name.decode("latin-1"), value.decode("latin-1").strip()))
        offset += len(line) + 2
    return tuple(headers)


def _is_chunked(message: HttpMessage) -> bool:
    codings = [value for name, value in message.headers if name.lower() == "transfer-encoding"]
    return "chunked" in ",".join(codings).lower()


def _has_no_body(response: HttpMessage, answers: HttpMessage | None) -> bool:
    status = response.status or 0
    if status < 200 or status in _WITHOUT_BODY:
        return True
    return answers is not None and answers.method in ("HEAD", "CONNECT")


def _chunked(octets: bytes | bytearray, position: int) -> tuple[bytes, tuple[int, ...], int] | None:
    body = bytearray()
    sizes: list[int] = []
    while True:
        line_end = octets.find(b"\r\n", position)
        if line_end < 0:
            if len(octets) - position > MOST_HEAD_OCTETS:
                raise DecodeError("HTTP/1.1", position, "a chunk without a size")
            return None
        text = bytes(octets[position:line_end]).partition(b";")[0].strip()
        size = -1 if _CHUNK_SIZE.fullmatch(text) is None else int(text, 16)
        if size < 0 or len(body) + size > MOST_BODY_OCTETS:
            raise DecodeError("HTTP/1.1", position, "a chunk size that is none")
        position = line_end + 2
        if size == 0:
            end = octets.find(b"\r\n", position)
            while end > position:
                # Trailer fields (RFC 9112, 7.1.2) say nothing that a judge reads.
                position = end + 2
                end = octets.find(b"\r\n", position)
            return None if end < 0 else (bytes(body), tuple(sizes), end + 2)
        if len(octets) < position + size + 2:
            return None
        if octets[position + size : position + size + 2] != b"\r\n":
            raise DecodeError("HTTP/1.1", position + size, "a chunk is longer than its size")
        body += octets[position : position + size]
        sizes.append(size)
        position += size + 2
