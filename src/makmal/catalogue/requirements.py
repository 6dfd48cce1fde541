"""The catalogue of test cases and the requirements that they serve, from ``requirements/*.toml``.

One file for each standard, one entry for each test case. Names are the standard's own where it has
one; those that begin with MAKMAL_ are ours, for requirements without a named test case.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

# Network functions with a service-based interface: what TS 33.117, 4.2.2.2 and 4.3.6, are for.
SERVICE_BASED = ("AMF", "SMF", "AUSF", "UDM", "UDR", "NRF", "NSSF", "PCF", "NSSAAF", "BSF", "CHF")
_ANY_SERVICE_BASED = "any with a service-based interface"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The requirement behind a test case.

    ``reference`` names the clauses; ``title`` says in our words what is demanded; ``reading`` says
    how the clause was read where it leaves room, and is empty where it does not. ``product_class``
    names those who have to meet it.
    """

    test_case: str
    reference: str
    title: str
    product_class: str
    reading: str

    @property
    def product_classes(self) -> tuple[str, ...]:
        """The product classes that have to meet it."""
        if self.product_class == _ANY_SERVICE_BASED:
            return SERVICE_BASED
        return tuple(each.strip() for each in self.product_class.split(","))


@cache
def requirements() -> dict[str, Requirement]:
    """Every requirement, by the name of its test case, in the order of the files."""
    found = {}
    for text in catalogue_texts():
        for entry in tomllib.loads(text)["requirement"]:
            found[entry["test_case"]] = Requirement(
                entry["test_case"],
                entry["reference"],
                entry["title"],
                entry["product_class"],
                entry.get("reading", ""),
            )
    return found


def catalogue_texts() -> tuple[str, ...]:
    """The files of the catalogue, in the order of their names."""
    directory = resources.files(__package__).joinpath("requirements")
    files = sorted(directory.iterdir(), key=lambda each: each.name)
    return tuple(each.read_text("utf-8") for each in files if each.name.endswith(".toml"))


def requirement_of(test_case: str) -> Requirement:
    """The requirement of a test case. Raises KeyError for one that the catalogue does not have."""
    return requirements()[test_case]
