"""Elements with wrong values: of the published list, or of the OpenAPI files of a target."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from makmal.bench import openapi
from makmal.bench.openapi import OpenApiError
from makmal.bench.service_call import Call
from makmal.catalogue.elements import listed_operations

# A value that stands for the absence of the element.
ABSENT = object()
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class WrongElement:
    """An element (``/sNssai/sst``), a value that must be refused, and what its type demands."""

    path: str
    value: Any
    rule: str

    def __str__(self) -> str:
        if self.value is ABSENT:
            return f"{self.path} absent ({self.rule})"
        text = json.dumps(self.value)
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... of {len(text)} characters"
        return f"{self.path} = {shown} ({self.rule})"

    def put_into(self, value: Any) -> Any:
        """A request's JSON with it; None where the request has no such place."""
        try:
            return _changed(value, self.path.strip("/").split("/"), self.value)
        except (KeyError, IndexError, TypeError, ValueError):
            return None


def _changed(value: Any, names: list[str], new: Any) -> Any:
    name, *rest = names
    if isinstance(value, list):
        index = int(name)
        each = _changed(value[index], rest, new) if rest else new
        if each is ABSENT:
            return [*value[:index], *value[index + 1 :]]
        return [*value[:index], each, *value[index + 1 :]]
    if not isinstance(value, dict) or name not in value:
        raise KeyError(name)
    if not rest and new is ABSENT:
        return {key: each for key, each in value.items() if key != name}
    return {**value, name: _changed(value[name], rest, new) if rest else new}


@dataclass(frozen=True, slots=True)
class WrongElements:
    """What to try; ``missing`` says why there is nothing, or not everything."""

    elements: tuple[WrongElement, ...] = ()
    missing: str = ""


def wrong_elements(operation: str, call: Call, directory: Path | None) -> WrongElements:
    """The elements of an operation, of which ``call`` is a valid request."""
    if directory is None:
        return _listed(operation)
    try:
        schema = openapi.schema_of(directory, call)
        found = tuple(
            WrongElement(path, ABSENT if value is openapi.ABSENT else value, rule)
            for path, value, rule in openapi.wrong_values(schema, call.json)
        )
    except OpenApiError as error:
        listed = _listed(operation).elements
        return WrongElements(listed, f"{error}; only the published list was tried")
    return WrongElements(found)


def _listed(operation: str) -> WrongElements:
    listed = listed_operations().get(operation)
    if listed is None:
        return WrongElements(missing="none of its elements is on the published list")
    return WrongElements(
        tuple(
            WrongElement(each.path, value, each.rule)
            for each in listed.elements
            for value in each.wrong
        )
    )
