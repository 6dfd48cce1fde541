"""JSON (RFC 8259) read so that nothing is smoothed over: duplicate keys are kept count of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from makmal.protocol.errors import DecodeError


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A JSON value, and the keys that one of its objects names more than once.

    ``value`` holds the last member of each name, as most parsers do.
    """

    value: Any
    duplicate_keys: tuple[str, ...] = ()


def parse_json(data: bytes) -> JsonDocument:
    """Parse a JSON text in UTF-8. Raises DecodeError."""
    try:
        value = orjson.loads(data)
        # What comes out again octet for octet has lost nothing: it names no key twice.
        if orjson.dumps(value) == data:
            return JsonDocument(value)
    except orjson.JSONDecodeError:
        pass
    return _parse_any_json(data)


def _parse_any_json(data: bytes) -> JsonDocument:
    """The same for a text with duplicate keys, with spaces, or with an error."""
    duplicates: dict[str, None] = {}

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    duplicates.setdefault(name)
                seen.add(name)
        return found

    def constant(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON value")

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise DecodeError("json", error.start, "not UTF-8") from error
    except json.JSONDecodeError as error:
        offset = len(error.doc[: error.pos].encode())
        raise DecodeError("json", offset, error.msg) from error
    except ValueError as error:
        raise DecodeError("json", 0, str(error)) from error
    except RecursionError as error:
        raise DecodeError("json", 0, "nested too deeply") from error
    return JsonDocument(value, tuple(duplicates))
