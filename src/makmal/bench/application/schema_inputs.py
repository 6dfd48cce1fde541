"""Inputs made from an OpenAPI description by Schemathesis: within the schema, and outside of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from makmal.bench.application.openapi import Description, Operation


@dataclass(frozen=True, slots=True)
class Input:
    """One request. ``fits``: the schema allows it."""

    operation: str
    method: str
    path: str
    body: bytes | None
    fits: bool


def inputs(description: Description, each: int) -> tuple[Input, ...]:
    """So many bodies of each kind for each operation with a JSON body, and query values outside
    their schema. The same description gives the same ones.
    """
    return _inputs(json.dumps(description.document, sort_keys=True, default=str), each)


@lru_cache(maxsize=8)
def _inputs(text: str, each: int) -> tuple[Input, ...]:
    from makmal.bench.application.openapi import read_description

    description = read_description(text, "the description")
    found: list[Input] = []
    for operation in description.operations:
        if operation.body is not None:
            found += _bodies(description.document, operation, each)
        found += _queries(operation)
    return tuple(found)


def _bodies(document: Mapping[str, Any], operation: Operation, each: int) -> list[Input]:
    import jsonschema_rs

    valid, wrong = _generated(document, operation, each)
    schema = dict(operation.body or {})
    found = []
    for value in valid:
        octets = json.dumps(value).encode()
        found.append(Input(operation.name, operation.method, operation.path, octets, True))
    for value in (*wrong, *_typical(schema)):
        octets = value if isinstance(value, bytes) else json.dumps(value).encode()
        try:
            fits = jsonschema_rs.is_valid(schema, json.loads(octets))
        except (ValueError, RecursionError):
            fits = False
        if not fits:
            found.append(Input(operation.name, operation.method, operation.path, octets, False))
    return found


def _generated(
    document: Mapping[str, Any], operation: Operation, each: int
) -> tuple[list[Any], list[Any]]:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode

    base = str(document.get("basePath", "")).rstrip("/")
    path = operation.path.removeprefix(base)
    described = schemathesis.openapi.from_dict(dict(document))[path][operation.method]
    found: dict[Any, list[Any]] = {}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        values = found[mode] = []

        @given(described.as_strategy(generation_mode=mode))
        @settings(
            max_examples=each,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def generate(case: Any, values: list[Any] = values) -> None:
            if isinstance(case.body, (bytes, str, int, float, bool, list, dict)):
                values.append(case.body)

        # What Schemathesis cannot make of a schema, the typical values stand for.
        with suppress(Exception):
            generate()
    return found[GenerationMode.POSITIVE], found[GenerationMode.NEGATIVE]


def _typical(schema: Mapping[str, Any]) -> list[Any]:
    """What careless services stumble over."""
    names = list(schema.get("properties", {}))
    long = "A" * 20_000
    found: list[Any] = [b"{", b"[]", b'"text"', b"null", {}, dict.fromkeys(names)]
    found.append({name: {"$gt": ""} for name in names})
    found.append(dict.fromkeys(names, long))
    found.append(dict.fromkeys(names, -(10**30)))
    return found


def _queries(operation: Operation) -> list[Input]:
    found = []
    for parameter in operation.parameters:
        kind = parameter.schema.get("type")
        if parameter.place != "query" or kind not in ("integer", "number"):
            continue
        values = ["makmal", "-1000000000000000000000", "1e400", "'", "%00"]
        if "minimum" in parameter.schema:
            values.append(str(parameter.schema["minimum"] - 1))
        for value in values:
            query = urlencode({parameter.name: value}, quote_via=quote)
            path = f"{operation.path}?{query}"
            found.append(Input(operation.name, operation.method, path, None, False))
    return found
