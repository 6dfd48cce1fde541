"""The OpenAPI files of 3GPP, as a user has them: what they demand of a request, and what breaks it.

The files are not part of Makmal. One that is missing, or cannot be read, is named in the error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from makmal.bench.service_call import Call

# Stands for leaving an element out.
ABSENT = object()
_LARGEST_FILE = 4 << 20
_DEEPEST = 12
_SERVER = re.compile(r"^\s*-?\s*url:\s*['\"]?(?:\{apiRoot\}|https?://[^/'\"]+)?(/[^\s'\"]*)", re.M)
_METHODS = ("get", "put", "post", "patch", "delete")
# Texts that hardly any pattern matches, from the mild to the wild.
_MISFITS = ("makmal", "!", "", "-", "\x00\x01", "x" * 5000)
_FORMATS: Mapping[str, tuple[Any, ...]] = {
    "uuid": ("not-a-uuid",),
    "date-time": ("yesterday",),
    "date": ("yesterday",),
    "byte": ("***",),
    "ipv4": ("192.0.2.256",),
    "ipv6": ("2001:db8::xyz",),
}


class OpenApiError(Exception):
    """What the files lack: one sentence with the file."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema, and the file that its references start from."""

    directory: Path
    file: str
    value: Mapping[str, Any]

    def resolved(self) -> Schema:
        """The same without a reference at its top. Raises OpenApiError."""
        schema = self
        for _ in range(_DEEPEST):
            reference = schema.value.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = schema.at(reference)
        raise OpenApiError(f"{self.file}: a reference that leads in a circle")

    def at(self, reference: str) -> Schema:
        """What a reference leads to. Raises OpenApiError."""
        name, _, pointer = reference.partition("#")
        file = name.removeprefix("./") or self.file
        value: Any = document(self.directory, file)
        for part in pointer.strip("/").split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            raise OpenApiError(f"{self.file} refers to {reference}, and there is no such thing")
        return Schema(self.directory, file, value)

    def inside(self, value: Any) -> Schema:
        """A schema in this one."""
        return Schema(self.directory, self.file, value if isinstance(value, dict) else {})


@lru_cache(maxsize=256)
def document(directory: Path, name: str) -> dict[str, Any]:
    """One file. Raises OpenApiError."""
    path = directory / name
    if path.parent != directory:
        raise OpenApiError(f"{name} is no name of a file in {directory.name}")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise OpenApiError(f"the OpenAPI file {name} is larger than any of 3GPP")
        value = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - a safe loader, see below
    except FileNotFoundError:
        raise OpenApiError(f"the OpenAPI file {name} is missing in {directory.name}") from None
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise OpenApiError(f"the OpenAPI file {name} cannot be read: {said}") from None
    if not isinstance(value, dict):
        raise OpenApiError(f"{name} is no OpenAPI file")
    return value


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C one where it was built
    """The safe loader, but times and numbers like 2026-01-31 and 12:30 stay the texts they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in entries if tag != "tag:yaml.org,2002:timestamp"]
    for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache(maxsize=16)
def _files(directory: Path) -> dict[str, str]:
    """The base paths of the services, and the files that describe them. Raises OpenApiError."""
    try:
        paths = sorted(directory.glob("*.yaml"))
        found: dict[str, str] = {}
        for path in paths:
            if path.stat().st_size <= _LARGEST_FILE:
                for base in _SERVER.findall(path.read_text("utf-8", "replace")):
                    found.setdefault(base.rstrip("/"), path.name)
    except OSError as error:
        raise OpenApiError(f"{directory}: {error.strerror or error}") from None
    if not found:
        raise OpenApiError(
            f"{directory} holds no OpenAPI files (TS29510_Nnrf_NFManagement.yaml ...)"
        )
    return found


@dataclass(frozen=True, slots=True)
class Described:
    """An operation as a file describes it."""

    directory: Path
    file: str
    value: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    def schema(self, value: Any) -> Schema:
        """A schema of this operation."""
        return Schema(self.directory, self.file, value if isinstance(value, dict) else {})


def described(directory: Path, method: str, path: str) -> Described:
    """The operation of a request. Raises OpenApiError where no file describes it."""
    plain = path.partition("?")[0]
    files = _files(directory)
    if not any(base and plain.startswith(f"{base}/") for base in files):
        plain = _in_known_version(plain, files)
    bases = [base for base in files if base and plain.startswith(f"{base}/")]
    # The token endpoint has no base path (TS 29.510, 6.3).
    for base in sorted(bases, key=len, reverse=True) or [""]:
        for file in {files[base]} if base else set(files.values()):
            if not base and "AccessToken" not in file and "Bootstrapping" not in file:
                continue
            value = document(directory, file)
            here = Schema(directory, file, {})
            found = _matching(here, value.get("paths"), plain.removeprefix(base), method)
            if found is not None:
                operation = found.value[method.lower()]
                parameters = (*found.value.get("parameters", ()), *operation.get("parameters", ()))
                resolved = tuple(found.inside(each).resolved().value for each in parameters)
                return Described(directory, found.file, operation, resolved)
    raise OpenApiError(f"no file in {directory.name} describes {method} {plain}")


def _in_known_version(path: str, files: Mapping[str, str]) -> str:
    """A path of another version of an API in the version that the files have: cores of earlier
    releases use earlier ones, and the types are mostly the same.
    """
    for base in files:
        service, _, version = base.rpartition("/")
        match = re.match(rf"{re.escape(service)}/v\d+(?=/)", path) if service else None
        if match is not None:
            return f"{service}/{version}{path[match.end() :]}"
    return path


def _matching(here: Schema, paths: Any, path: str, method: str) -> Schema | None:
    """The path item that a path fits best, whichever file it is in."""
    segments = path.strip("/").split("/")
    best: tuple[int, Schema] | None = None
    for template, item in (paths if isinstance(paths, dict) else {}).items():
        parts = str(template).strip("/").split("/")
        if len(parts) != len(segments):
            continue
        literal = 0
        for part, segment in zip(parts, segments, strict=True):
            if part == segment:
                literal += 1
            elif re.fullmatch(re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(part)), segment) is None:
                break
        else:
            found = here.inside(item).resolved()
            if method.lower() in found.value and (best is None or literal > best[0]):
                best = literal, found
    return None if best is None else best[1]


def schema_of(directory: Path, call: Call) -> Schema:
    """The schema of a request's JSON, in its body or in a query parameter. Raises OpenApiError."""
    found = described(directory, call.method, call.path)
    parameter = call.json_parameter
    if parameter is not None:
        for each in found.parameters:
            if each.get("name") == parameter:
                content = each.get("content", {}).get("application/json", each)
                return found.schema(content.get("schema"))
        raise OpenApiError(f"{found.file} knows no query parameter {parameter}")
    body = found.schema(found.value.get("requestBody")).resolved()
    content = body.value.get("content", {})
    if call.parts:
        related = body.inside(content.get("multipart/related", {}).get("schema")).resolved()
        return related.inside(related.value.get("properties", {}).get("jsonData"))
    for kind in (call.content_type, "application/json"):
        if kind in content:
            return body.inside(content[kind].get("schema"))
    raise OpenApiError(f"{found.file} describes no JSON body of {call.method} {call.path}")


def wrong_values(schema: Schema, value: Any) -> Iterator[tuple[str, Any, str]]:
    """For each element of a valid value: its path, a value that the schema forbids, and why.

    Raises OpenApiError.
    """
    yield from _wrong(schema, value, "", 0)


def _wrong(schema: Schema, value: Any, path: str, depth: int) -> Iterator[tuple[str, Any, str]]:
    if depth > _DEEPEST:
        return
    schemas = list(_together(schema, value, 0))
    if path:
        yield from _of_type(schemas, path)
    if isinstance(value, dict):
        for each in schemas:
            for name in each.value.get("required", ()):
                if name in value:
                    yield f"{path}/{name}", ABSENT, "mandatory"
        for name, member in value.items():
            for each in schemas:
                properties = each.value.get("properties", {})
                if name in properties:
                    inner = each.inside(properties[name])
                    yield from _wrong(inner, member, f"{path}/{name}", depth + 1)
                    break
    elif isinstance(value, list) and value:
        for each in schemas:
            if "items" in each.value:
                inner = each.inside(each.value["items"])
                yield from _wrong(inner, value[0], f"{path}/0", depth + 1)
                break


def _together(schema: Schema, value: Any, depth: int) -> Iterator[Schema]:
    """The schemas that all hold for a value: itself, and those of its allOf."""
    resolved = schema.resolved()
    yield resolved
    if depth < _DEEPEST:
        for each in resolved.value.get("allOf", ()):
            yield from _together(resolved.inside(each), value, depth + 1)


def _types(schema: Schema, depth: int = 0) -> set[str]:
    """The JSON types that a schema lets pass; empty where it does not say."""
    value = schema.resolved()
    own = value.value.get("type")
    if isinstance(own, str):
        return {own, "null"} if value.value.get("nullable") else {own}
    found: set[str] = set()
    for name in ("anyOf", "oneOf"):
        for each in value.value.get(name, ()) if depth < _DEEPEST else ():
            inner = _types(value.inside(each), depth + 1)
            if not inner:
                return set()
            found |= inner
    return found


def _of_type(schemas: list[Schema], path: str) -> Iterator[tuple[str, Any, str]]:
    types: set[str] = set()
    for each in schemas:
        types |= _types(each)
    if not types:
        return
    rule = f"of the type {' or '.join(sorted(types))}"
    candidates: tuple[Any, ...] = (17, [], True) if "string" in types else ("makmal", [])
    yield from ((path, wrong, rule) for wrong in candidates if not _fits(wrong, types))
    for each in schemas:
        yield from _out_of_range(each.value, path)


def _fits(value: Any, types: set[str]) -> bool:
    kinds = {bool: {"boolean"}, int: {"integer", "number"}, str: {"string"}, list: {"array"}}
    return bool(kinds[type(value)] & types)


def _out_of_range(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any, str]]:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        if "minimum" in schema:
            yield path, schema["minimum"] - 1, f"at least {schema['minimum']}"
        if "maximum" in schema:
            yield path, schema["maximum"] + 1, f"at most {schema['maximum']}"
    elif kind == "string":
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            misfit = next((each for each in _MISFITS if not _matches(pattern, each)), None)
            if misfit is not None:
                yield path, misfit, f"of the pattern {pattern[:40]}"
        for wrong in _FORMATS.get(str(schema.get("format")), ()):
            yield path, wrong, f"of the format {schema['format']}"
        if isinstance(schema.get("maxLength"), int):
            yield path, "x" * (schema["maxLength"] + 1), f"at most {schema['maxLength']} characters"
            # Only a closed enumeration: 3GPP's are open to values of later releases (anyOf with
            # string). if isinstance(schema.get("enum"), list):
            yield path, "MAKMAL", "of an enumeration"
    elif kind == "array" and schema.get("minItems"):
        yield path, [], f"at least {schema['minItems']} items"


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True
