"""Values that fit a JSON schema: the plainest ones, the same each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FORMATS = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:00:00Z",
    "email": "makmal@example.org",
    "uri": "https://example.org/",
    "ipv4": "192.0.2.1",
    "hostname": "example.org",
}
_CANDIDATES = ("makmal", "a", "A", "1", "abc-123", "AB", "00000000", "a@b.example", "+60123456789")
_DEEPEST = 8


def example(schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits, as far as such a small maker of values can tell."""
    for key in ("const", "example", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    for key in ("oneOf", "anyOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return example(schema[key][0], depth + 1)
    if isinstance(schema.get("allOf"), list):
        merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            merged = {**part, **merged}
            merged["properties"] = {
                **part.get("properties", {}),
                **merged.get("properties", {}),
            }
            merged["required"] = [*merged.get("required", []), *part.get("required", [])]
        return example(merged, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "string")
    return _of_type(str(kind), schema, depth)


def _of_type(kind: str, schema: Mapping[str, Any], depth: int) -> Any:
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = list(schema.get("required", ())) or list(properties)[:1]
        if depth > _DEEPEST:
            return {}
        return {name: example(properties.get(name, {}), depth + 1) for name in wanted}
    if kind == "array":
        count = min(int(schema.get("minItems", 1)), 5)
        return [example(schema.get("items", {}), depth + 1) for _ in range(count)]
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        bound = not isinstance(least, bool) and isinstance(least, (int, float))
        value = least + ("exclusiveMinimum" in schema) if bound else 1
        return int(value) if kind == "integer" else value
    return _text(schema)


def _text(schema: Mapping[str, Any]) -> str:
    given = _FORMATS.get(str(schema.get("format")))
    if given is not None:
        return given
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
    pattern = schema.get("pattern")
    for candidate in _CANDIDATES:
        value = candidate[:most] + candidate[-1] * max(least - len(candidate), 0)
        if pattern is None or _fits(pattern, value):
            return value
    return "makmal"[:most]


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
