"""Bodies of requests with names filled in, and what answers say."""

from __future__ import annotations

import json
from typing import Any

from makmal.protocol.sbi import HttpMessage


def filled(body: Any, name: str, password: str) -> Any:
    """A body with {name} and {password} in its texts replaced."""
    if isinstance(body, str):
        return body.replace("{name}", name).replace("{password}", password)
    if isinstance(body, dict):
        return {key: filled(value, name, password) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, name, password) for value in body]
    return body


def json_of(answer: HttpMessage) -> Any:
    """The JSON of a body, None where there is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def pointed(answer: HttpMessage, pointer: str) -> str:
    """The text at a JSON pointer (RFC 6901), empty where there is none."""
    found = json_of(answer)
    for part in pointer.split("/")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def identifier(answer: HttpMessage, parameter: str) -> str:
    """How an answer names what was made, empty where it does not."""
    found = json_of(answer)
    if not isinstance(found, dict):
        return ""
    names = (parameter, "id", "uuid", f"{parameter}_id", f"{parameter}Id", "identifier")
    for name in names:
        if isinstance(found.get(name), (str, int)):
            return str(found[name])
    return ""
