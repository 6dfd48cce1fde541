"""Changes of JSON documents: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396).

A document is never altered in place: what a patch does not touch
is shared between the old and the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_Change = Callable[[Any, Any], None]
# The place after the last element of an array (RFC 6901, 4).
_END = "-"


class PatchError(Exception):
    """A patch that is none, or that does not fit its document: one sentence."""


def apply(document: Any, operations: Any) -> Any:
    """The document after all operations, or none of them (RFC 6902, 5). Raises PatchError."""
    if not isinstance(operations, list):
        raise PatchError("a JSON patch is an array of operations")
    for operation in operations:
        if not isinstance(operation, dict):
            raise PatchError("an operation is no object")
        document = _applied(document, operation)
    return document


def paths(operations: Any) -> tuple[str, ...]:
    """The places that a patch changes; what is no operation is left out."""
    if not isinstance(operations, list):
        return ()
    return tuple(
        str(each.get("path"))
        for each in operations
        if isinstance(each, dict) and each.get("op") != "test"
    )


def merge(document: Any, patch: Any) -> Any:
    """The document after a merge patch: null removes a member (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _applied(document: Any, operation: dict[str, Any]) -> Any:
    kind = operation.get("op")
    path = _tokens(operation.get("path"))
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise PatchError(f"{kind} without a value")
    if kind == "add":
        return _added(document, path, operation["value"])
    if kind == "replace":
        if not path:
            return operation["value"]
        return _rebuilt(document, path, _set(operation["value"]))
    if kind == "remove":
        return _removed(document, path)
    if kind == "test":
        if _found(document, path) != operation["value"]:
            raise PatchError(f"{operation.get('path')} has another value")
        return document
    if kind in ("move", "copy"):
        source = _tokens(operation.get("from"))
        value = _found(document, source)
        if kind == "move":
            if path[: len(source)] == source and path != source:
                raise PatchError("nothing can be moved into itself")
            document = _removed(document, source)
        return _added(document, path, value)
    raise PatchError(f"{kind!r} is no operation of a JSON patch")


def _tokens(pointer: Any) -> tuple[str, ...]:
    """The reference tokens of a JSON pointer (RFC 6901, 4)."""
    if pointer == "":
        return ()
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise PatchError(f"{pointer!r} is no JSON pointer")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _index(token: str, size: int) -> int:
    if not token.isascii() or not token.isdigit() or (len(token) > 1 and token[0] == "0"):
        raise PatchError(f"{token!r} is no index of an array")
    if len(token) > 9 or int(token) > size:
        raise PatchError(f"the array has no element {token}")
    return int(token)


def _child(node: Any, token: str) -> Any:
    if isinstance(node, dict):
        if token in node:
            return node[token]
    elif isinstance(node, list):
        index = _index(token, len(node))
        if index < len(node):
            return node[index]
    raise PatchError(f"there is no {token!r}")


def _found(node: Any, path: tuple[str, ...]) -> Any:
    for token in path:
        node = _child(node, token)
    return node


def _rebuilt(node: Any, path: tuple[str, ...], change: _Change) -> Any:
    """The node with a change made at the end of the path, and only what leads to it copied."""
    token, rest = path[0], path[1:]
    copy: Any
    key: Any = token
    if isinstance(node, dict):
        copy = dict(node)
    elif isinstance(node, list):
        copy = list(node)
        key = len(copy) if token == _END else _index(token, len(copy))
    else:
        raise PatchError(f"there is no {token!r}")
    if rest:
        copy[key] = _rebuilt(_child(node, token), rest, change)
    else:
        change(copy, key)
    return copy


def _set(value: Any) -> _Change:
    def change(container: Any, key: Any) -> None:
        exists = key in container if isinstance(container, dict) else key < len(container)
        if not exists:
            raise PatchError(f"there is no {key!r} to replace")
        container[key] = value

    return change


def _added(document: Any, path: tuple[str, ...], value: Any) -> Any:
    def change(container: Any, key: Any) -> None:
        if isinstance(container, list):
            container.insert(key, value)
        else:
            container[key] = value

    return value if not path else _rebuilt(document, path, change)


def _removed(document: Any, path: tuple[str, ...]) -> Any:
    def change(container: Any, key: Any) -> None:
        if isinstance(container, dict):
            if key not in container:
                raise PatchError(f"there is no {key!r} to remove")
            del container[key]
        elif key < len(container):
            del container[key]
        else:
            raise PatchError(f"there is no element {key} to remove")

    if not path:
        raise PatchError("the whole document cannot be removed")
    return _rebuilt(document, path, change)
