"""Requests and responses of the service-based interface, made and read (TS 29.500, 5 and 6)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson

from makmal.network.service_policy import ServicePolicy
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage, Part, multipart, parse_json
from makmal.security.tokens import AccessToken

JSON, PROBLEM = "application/json", "application/problem+json"
# With links to other resources.
HAL = "application/3gppHal+json"
JSON_PATCH = "application/json-patch+json"
N1_CONTENT, N2_CONTENT = "application/vnd.3gpp.5gnas", "application/vnd.3gpp.ngap"
_BOUNDARY = "makmal-part"
_SOUND = ServicePolicy()
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    422: "Unprocessable Entity",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class ServiceError(Exception):
    """A producer refuses: the status and the application error cause (TS 29.500, 5.2.7)."""

    def __init__(self, status: int, cause: str, detail: str = "") -> None:
        super().__init__(f"{status} {cause}" + (f": {detail}" if detail else ""))
        self.status, self.cause, self.detail = status, cause, detail


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its media type."""

    content_type: str
    octets: bytes


def json_body(value: Any, content_type: str = JSON) -> Body:
    """A JSON body."""
    return Body(content_type, orjson.dumps(value))


def multipart_body(value: Any, parts: Mapping[str, tuple[str, bytes]]) -> Body:
    """JSON with binary parts, each content id with its media type (TS 29.500, 6.1.2.2.2)."""
    json_part = Part((("Content-Type", JSON),), orjson.dumps(value))
    binary = (
        Part((("Content-Type", media_type), ("Content-Id", name)), octets)
        for name, (media_type, octets) in parts.items()
    )
    return Body(
        f"multipart/related; boundary={_BOUNDARY}",
        multipart.encode((json_part, *binary), _BOUNDARY),
    )


def request(
    method: str,
    path: str,
    body: Body | None = None,
    *,
    authority: str = "",
    token: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    agent: str = "",
) -> HttpMessage:
    """A request of HTTP/2."""
    lines = [*headers]
    if agent:
        lines.append(("user-agent", agent))
    lines.append(("accept", f"{JSON},{PROBLEM}"))
    if token is not None:
        lines.append(("authorization", f"Bearer {token}"))
    octets = b""
    if body is not None:
        octets = body.octets
        lines += [("content-type", body.content_type), ("content-length", str(len(octets)))]
    return HttpMessage(
        True,
        "2",
        method=method,
        path=path,
        headers=tuple(lines),
        body=octets,
        scheme="http",
        authority=authority,
    )


def response(
    status: int,
    body: Body | None = None,
    *,
    location: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> HttpMessage:
    """A response of HTTP/2."""
    lines = [*headers]
    if location is not None:
        lines.append(("location", location))
    octets = b""
    if body is not None:
        octets = body.octets
        lines += [("content-type", body.content_type), ("content-length", str(len(octets)))]
    return HttpMessage(False, "2", status=status, headers=tuple(lines), body=octets)


def problem(status: int, cause: str, detail: str = "") -> HttpMessage:
    """A response with problem details (TS 29.571, 5.2.4.1)."""
    details: dict[str, Any] = {
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "cause": cause,
    }
    if detail:
        details["detail"] = detail
    return response(status, json_body(details, PROBLEM))


def json_of(message: HttpMessage) -> Any:
    """The JSON of a message, None where there is none. Raises ServiceError 400 for bad JSON."""
    if not message.body:
        return None
    try:
        return message.json().value
    except DecodeError as error:
        raise ServiceError(400, "INVALID_MSG_FORMAT", error.reason) from None


def base64_text(octets: bytes) -> str:
    """Octets as a Bytes of TS 29.571, 5.2.2."""
    return b64encode(octets).decode()


def octets_of_base64(text: str) -> bytes:
    """The octets of a Bytes. Raises ServiceError 400."""
    try:
        return b64decode(text, validate=True)
    except (BinasciiError, ValueError):
        raise ServiceError(400, "INVALID_MSG_FORMAT", "a text that is no base64") from None


def part_of(message: HttpMessage, content_id: str) -> bytes | None:
    """The binary part with this content id, with or without the brackets of RFC 2392."""
    wanted = content_id.strip("<>")
    for part in message.parts:
        if part.content_id.strip("<>") == wanted:
            return part.body
    return None


@dataclass
class ServiceRequest:
    """A request as a handler gets it.

    ``parameters`` are the variable segments of its route; ``token`` the access token, if one came
    and its signature was right; ``policy`` says what of a body is refused.
    """

    http: HttpMessage
    parameters: Mapping[str, str] = field(default_factory=dict)
    token: AccessToken | None = None
    policy: ServicePolicy = _SOUND

    def check_keys(self) -> None:
        """TS 29.501, 6.2: raise ServiceError 400 for a body that names a key twice."""
        if not self.http.body or "json" not in self._body_type:
            return
        try:
            repeated = self.http.json().duplicate_keys
        except DecodeError as error:
            raise ServiceError(400, "INVALID_MSG_FORMAT", error.reason) from None
        if repeated and self.policy.refuses_repeated_keys:
            raise ServiceError(400, "INVALID_MSG_FORMAT", f"the key {repeated[0]} comes twice")

    @property
    def _body_type(self) -> str:
        kind = self.http.content_type.lower()
        return "json" if kind.startswith("multipart/") else kind

    @cached_property
    def json(self) -> Any:
        """The JSON of the body. Raises ServiceError 400."""
        return json_of(self.http)

    @cached_property
    def object(self) -> dict[str, Any]:
        """The JSON object of the body. Raises ServiceError 400 for anything else."""
        value = self.json
        if not isinstance(value, dict):
            raise ServiceError(400, "INVALID_MSG_FORMAT", "the body is no JSON object")
        return value

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return dict(parse_qsl((self.http.path or "").partition("?")[2], keep_blank_values=True))

    def query_json(self, name: str) -> Any:
        """A query parameter whose value is JSON; None where it is absent. ServiceError 400."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            document = parse_json(text.encode("utf-8", "surrogateescape"))
        except DecodeError:
            raise ServiceError(400, "INVALID_QUERY_PARAM", f"{name} is no JSON") from None
        if document.duplicate_keys and self.policy.refuses_repeated_keys:
            raise ServiceError(400, "INVALID_QUERY_PARAM", f"{name} names a key twice")
        return document.value

    def required(self, name: str, kind: type) -> Any:
        """A mandatory member of the body. Raises ServiceError 400 (TS 29.500, 5.2.7.2)."""
        value = self.object.get(name)
        if value is None:
            raise ServiceError(400, "MANDATORY_IE_MISSING", name)
        if not isinstance(value, kind) and self.policy.verifies_types:
            raise ServiceError(400, "MANDATORY_IE_INCORRECT", name)
        return value
