"""JSON written as it must not be: objects that name a key twice (RFC 8259, 4; TS 29.501, 6.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Members:
    """An object by its members in order, any of them more than once."""

    pairs: tuple[tuple[str, Any], ...]


def json_text(value: Any) -> bytes:
    """The octets of a JSON value in which ``Members`` may stand for objects."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Members):
        return (
            "{" + ",".join(f"{json.dumps(name)}:{_text(each)}" for name, each in value.pairs) + "}"
        )
    if isinstance(value, dict):
        return _text(Members(tuple(value.items())))
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)


def with_repeated(value: Any, path: str, before: Any = None, after: Any = None) -> Any:
    """The same value with the member at a path (``/snssai/sst``) named once more: with another
    value before it or after it, or with its own again where neither is given. Raises KeyError.
    """
    name, _, rest = path.removeprefix("/").partition("/")
    if isinstance(value, list):
        index = int(name)
        changed = with_repeated(value[index], rest, before, after)
        return [*value[:index], changed, *value[index + 1 :]]
    if not isinstance(value, dict) or name not in value:
        raise KeyError(path)
    pairs: list[tuple[str, Any]] = []
    for key, each in value.items():
        if key != name:
            pairs.append((key, each))
        elif rest:
            pairs.append((key, with_repeated(each, rest, before, after)))
        else:
            if before is not None:
                pairs.append((key, before))
            pairs.append((key, each))
            if after is not None or before is None:
                pairs.append((key, each if after is None else after))
    return Members(tuple(pairs))
