"""The catalogue of test cases and the requirements that they serve, from ``requirements.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Requirement:
    """The requirement behind a test case.

    ``reference`` names the clauses; ``title`` says in our words what is demanded; ``reading`` says
    how the clause was read where it leaves room, and is empty where it does not. ``product_class``
    is the network function that has to meet it.
    """

    test_case: str
    reference: str
    title: str
    product_class: str
    reading: str


@cache
def requirements() -> dict[str, Requirement]:
    """Every requirement, by the name of its test case, in the order of the file."""
    text = resources.files(__package__).joinpath("requirements.toml").read_text("utf-8")
    return {
        entry["test_case"]: Requirement(
            entry["test_case"],
            entry["reference"],
            entry["title"],
            entry["product_class"],
            entry.get("reading", ""),
        )
        for entry in tomllib.loads(text)["requirement"]
    }


def requirement_of(test_case: str) -> Requirement:
    """The requirement of a test case. Raises KeyError for one that the catalogue does not have."""
    return requirements()[test_case]
