"""multipart/related bodies: JSON with binary N1 and N2 parts (RFC 2387; TS 29.500, 6.1.2.2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from makmal.protocol.errors import DecodeError

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))""", re.IGNORECASE)
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One body part; header names as sent."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty when there is none."""
        for candidate, value in self.headers:
            if candidate.lower() == name.lower():
                return value
        return ""

    @property
    def content_type(self) -> str:
        """The media type of the part."""
        return self.header("content-type")

    @property
    def content_id(self) -> str:
        """What the JSON part refers to it by (``contentId`` of RefToBinaryData, TS 29.571)."""
        return self.header("content-id")


def boundary_of(content_type: str) -> str | None:
    """The boundary parameter of a multipart media type."""
    match = _BOUNDARY.search(content_type)
    return None if match is None else match[1] or match[2]


def decode(body: bytes, content_type: str) -> tuple[Part, ...]:
    """The parts of a multipart body (RFC 2046, 5.1.1). Raises DecodeError."""
    boundary = boundary_of(content_type)
    if boundary is None:
        raise DecodeError("multipart", 0, "the content type names no boundary")
    delimiter = b"--" + boundary.encode("latin-1", "replace")
    position = body.find(delimiter)
    if position < 0:
        raise DecodeError("multipart", 0, f"the boundary {boundary} does not occur")
    parts: list[Part] = []
    while True:
        position += len(delimiter)
        if body.startswith(b"--", position):
            return tuple(parts)
        line_end = body.find(b"\r\n", position)
        following = body.find(b"\r\n" + delimiter, position)
        if line_end < 0 or following < 0:
            raise DecodeError("multipart", position, "the closing boundary is missing")
        if len(parts) == _MOST_PARTS:
            raise DecodeError("multipart", position, f"more than {_MOST_PARTS} parts")
        parts.append(_part(body[line_end + 2 : following], line_end + 2))
        position = following + 2


def _part(octets: bytes, offset: int) -> Part:
    if octets.startswith(b"\r\n"):
        return Part((), octets[2:])
    head, separator, body = octets.partition(b"\r\n\r\n")
    if not separator:
        raise DecodeError("multipart", offset, "a part without an empty line after its headers")
    headers = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise DecodeError("multipart", offset, "a header line without a colon")
        headers.append((name.decode("latin-1"), value.decode("latin-1").strip()))
    return Part(tuple(headers), body)


def encode(parts: tuple[Part, ...], boundary: str) -> bytes:
    """The body with these parts."""
    out = bytearray()
    delimiter = b"--" + boundary.encode("latin-1")
    for part in parts:
        out += delimiter + b"\r\n"
        for name, value in part.headers:
            out += f"{name}: {value}\r\n".encode("latin-1")
        out += b"\r\n" + part.body + b"\r\n"
    return bytes(out + delimiter + b"--\r\n")
