"""Validating JSON against the schemas that the application describes itself with."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
}


def problem(value: Any, schema: dict[str, Any], *, unknown_allowed: bool = False) -> str | None:
    """What is wrong with a value, None if nothing is: the part of JSON Schema that is used here."""
    kind = schema.get("type", "object")
    if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
        return f"must be of type {kind}"
    if isinstance(value, str):
        return _text(value, schema)
    if isinstance(value, (int, float)):
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return None if fits else "is out of range"
    if not isinstance(value, dict):
        return None
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{name} is missing"
    if len(value) < schema.get("minProperties", 0):
        return "is empty"
    for name, content in value.items():
        if name not in properties:
            if unknown_allowed:
                continue
            return "has an unknown property"
        wrong = problem(content, properties[name])
        if wrong is not None:
            return f"{name} {wrong}"
    return None


def _text(value: str, schema: dict[str, Any]) -> str | None:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return "has a length that is not allowed"
    if "enum" in schema and value not in schema["enum"]:
        return "is none of the values that are allowed"
    if "pattern" in schema and re.fullmatch(schema["pattern"].strip("^$"), value) is None:
        return "has characters that are not allowed"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "is no Unicode text"
    return None
