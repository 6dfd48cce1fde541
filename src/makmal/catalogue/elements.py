"""The published list of elements with wrong values (``elements.toml``), by service operation."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class ListedElement:
    """One element: the path to it, what its type demands, and values that must be refused."""

    path: str
    rule: str
    wrong: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ListedOperation:
    """The elements of one service operation, and the clause of their types."""

    name: str
    reference: str
    elements: tuple[ListedElement, ...]


@cache
def listed_operations() -> dict[str, ListedOperation]:
    """The list, by the names of the operations."""
    text = resources.files(__package__).joinpath("elements.toml").read_text("utf-8")
    return {
        entry["name"]: ListedOperation(
            entry["name"],
            entry["reference"],
            tuple(
                ListedElement(each["path"], each["rule"], tuple(each["wrong"]))
                for each in entry["elements"]
            ),
        )
        for entry in tomllib.loads(text)["operation"]
    }
