"""Reading an OpenAPI description (3.0, 3.1, and 2.0 as far as the parts are the same)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_DEEPEST = 24


class DescriptionError(Exception):
    """The file is no OpenAPI description: one sentence."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation. ``place`` is "path", "query", "header" or "cookie"."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation. ``body`` is the schema of its JSON body, None when it takes none;
    ``is_public``: the description says that it needs no credentials.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Mapping[str, Any] | None
    is_public: bool
    tags: tuple[str, ...]

    @property
    def name(self) -> str:
        """Method and path, as the description writes them."""
        return f"{self.method} {self.path}"

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


@dataclass(frozen=True)
class Description:
    """A description, with all references followed. ``document`` is the file as it was."""

    title: str
    operations: tuple[Operation, ...]
    document: Mapping[str, Any]

    def find(self, name: str) -> Operation | None:
        """The operation of this method and path."""
        return next((each for each in self.operations if each.name == name), None)


def read_description(text: str, name: str) -> Description:
    """Read JSON or YAML. Raises DescriptionError."""
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DescriptionError(f"{name} is neither JSON nor YAML: {reason}") from None
    is_one = isinstance(document, dict) and ("openapi" in document or "swagger" in document)
    if not is_one or not isinstance(document.get("paths"), dict):
        raise DescriptionError(
            f"{name} is no OpenAPI description: it needs the entries openapi and paths"
        )
    try:
        operations = tuple(_operations(document))
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = f"{type(error).__name__} {error}"
        raise DescriptionError(f"{name} is not as OpenAPI wants it: {reason}") from None
    if not operations:
        raise DescriptionError(f"{name} describes no operation")
    information = document.get("info")
    title = information.get("title") if isinstance(information, dict) else None
    return Description(str(title or name), operations, document)


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    base = str(document.get("basePath", "")).rstrip("/")
    for path, entry in document["paths"].items():
        shared = entry.get("parameters", [])
        for method in _METHODS:
            if method not in entry:
                continue
            operation = entry[method]
            given = [
                _followed(each, document) for each in (*shared, *operation.get("parameters", []))
            ]
            security = operation.get("security", document.get("security", []))
            yield Operation(
                method.upper(),
                base + path,
                tuple(_parameter(each) for each in given if each.get("in") != "body"),
                _body(operation, given, document),
                not security or {} in security,
                tuple(str(each) for each in operation.get("tags", ())),
            )


def _parameter(given: dict[str, Any]) -> Parameter:
    schema = given.get("schema") or {
        key: value for key, value in given.items() if key not in ("name", "in", "required")
    }
    return Parameter(str(given["name"]), str(given["in"]), bool(given.get("required")), schema)


def _body(
    operation: dict[str, Any], parameters: list[dict[str, Any]], document: dict[str, Any]
) -> Mapping[str, Any] | None:
    for each in parameters:
        if each.get("in") == "body":
            return dict(each.get("schema", {}))
    content = _followed(operation.get("requestBody", {}), document).get("content", {})
    for kind, entry in content.items():
        if "json" in kind:
            return dict(entry.get("schema", {}))
    return None


def _followed(value: Any, document: dict[str, Any], depth: int = 0) -> Any:
    """A value with its references replaced by what they refer to, so deep."""
    if depth > _DEEPEST:
        return {}
    if isinstance(value, list):
        return [_followed(each, document, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return _followed(found, document, depth + 1)
    return {key: _followed(each, document, depth + 1) for key, each in value.items()}
