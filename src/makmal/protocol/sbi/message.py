"""One HTTP message of the service-based interface, in HTTP/2 or HTTP/1.1 (TS 29.500, 5.2)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import multipart
from makmal.protocol.sbi.json_document import JsonDocument, parse_json

# What an observer writes where a header was compressed against a table that it has not seen. No
# header can hold this character (RFC 9110, 5.5).
UNKNOWN = "�"


@dataclass(slots=True, eq=False)
class HttpMessage:
    """A request or a response.

    ``version`` is ``"1.1"``, ``"1.0"`` or ``"2"``. Header names are in lower case in HTTP/2 and as
    sent in HTTP/1.1; pseudo-headers (RFC 9113, 8.3) are not among ``headers``. ``positions`` are
    the marks of the octets it came from, as the reader of the connection was given them.
    ``request`` is the request that a response answers, where it was seen. ``complete`` is false
    when octets of the body were lost.
    """

    is_request: bool
    version: str
    method: str | None = None
    path: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    scheme: str | None = None
    authority: str | None = None
    stream_id: int = 0
    positions: tuple[int, ...] = ()
    request: HttpMessage | None = field(default=None, repr=False)
    complete: bool = True
    # The JSON of the body and its parts, once they were read.
    _document: JsonDocument | None = field(default=None, init=False, repr=False)
    _parts: tuple[multipart.Part, ...] | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        """Method and path of a request; the status of a response and what it answers."""
        if self.is_request:
            return f"{self.method or UNKNOWN} {self.path or UNKNOWN}"
        status = "status unknown" if self.status is None else str(self.status)
        return status if self.request is None else f"{status} to {self.request.name}"

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in any case."""
        wanted = name.lower()
        for given, value in self.headers:
            if given == wanted or given.lower() == wanted:
                return value
        return None

    @property
    def content_type(self) -> str:
        """The media type with its parameters; empty when there is none.

        Of several, which some cores send, it is the one with a boundary.
        """
        given = [value for name, value in self.headers if name.lower() == "content-type"]
        if len(given) > 1:
            for value in given:
                if multipart.boundary_of(value) is not None:
                    return value
        return given[0] if given else ""

    @property
    def authorization(self) -> str | None:
        """The authorization header."""
        return self.header("authorization")

    @property
    def bearer_token(self) -> str | None:
        """The OAuth 2.0 access token (RFC 6750, 2.1)."""
        given = self.authorization
        if given is None:
            return None
        kind, _, token = given.strip().partition(" ")
        if kind.lower() != "bearer" or UNKNOWN in token:
            return None
        return token.strip() or None

    @property
    def parts(self) -> tuple[multipart.Part, ...]:
        """The parts of a multipart body (TS 29.500, 6.1.2.2.2), none when it is no such body.

        They are read once: the body must not be changed afterwards.
        """
        if self._parts is None:
            content_type = self.content_type
            self._parts = ()
            if content_type[:10].lower() == "multipart/":
                with suppress(DecodeError):
                    self._parts = multipart.decode(self.body, content_type)
        return self._parts

    def json(self) -> JsonDocument:
        """The JSON body, or the JSON part of a multipart body. Raises DecodeError.

        It is read once: the body must not be changed afterwards.
        """
        if self._document is None:
            octets = self.body
            for part in self.parts:
                if "json" in part.content_type.lower():
                    octets = part.body
                    break
            self._document = parse_json(octets)
        return self._document
