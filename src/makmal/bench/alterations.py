"""What taps do to messages of the service-based interface: swallow them, or change their JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.network import service
from makmal.network.taps import Passage, Tap
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage


def _json(message: HttpMessage | None) -> dict[str, Any]:
    if message is None or not message.body:
        return {}
    try:
        value = message.json().value
    except DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def no_answer_to(member: str) -> Tap:
    """Swallow every response to a request whose JSON has this member."""

    def tap(passage: Passage) -> Passage | None:
        message: HttpMessage = passage.content
        if not message.is_request and member in _json(message.request):
            return None
        return passage

    return tap


def altered_answer_to(member: str, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> Tap:
    """Change the JSON of every response to a request whose JSON has this member."""

    def tap(passage: Passage) -> Passage:
        message: HttpMessage = passage.content
        if message.is_request or member not in _json(message.request):
            return passage
        return replace(passage, content=with_json(message, alter(_json(message))))

    return tap


def with_json(message: HttpMessage, value: Any) -> HttpMessage:
    """The same message with another JSON body."""
    body = service.json_body(value)
    kept = tuple(
        (name, text)
        for name, text in message.headers
        if name.lower() not in ("content-length", "content-type")
    )
    headers = (
        *kept,
        ("content-type", body.content_type),
        ("content-length", str(len(body.octets))),
    )
    altered = replace(message, headers=headers, body=body.octets)
    altered.request = message.request
    return altered
