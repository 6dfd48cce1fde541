"""The provisions of ETSI EN 303 645 as the catalogue has them: status, conditions, questions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

MANDATORY, RECOMMENDED = "mandatory", "recommended"
NETWORK, STATEMENT = "network", "statement"


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision. ``conditions`` are those under which it applies, none for always.

    ``assessed`` is "network" or "statement"; ``asks`` is what the conformance statement has to say.
    """

    identity: str
    test_case: str
    title: str
    status: str
    conditions: tuple[str, ...]
    assessed: str
    asks: str

    @property
    def is_mandatory(self) -> bool:
        """Whether the standard says shall."""
        return self.status == MANDATORY


@cache
def provisions() -> dict[str, Provision]:
    """Every provision, by its number, in the order of the standard."""
    file = resources.files(__package__).joinpath("requirements", "etsi_en303645.toml")
    return {
        each["provision"]: Provision(
            each["provision"],
            each["test_case"],
            each["title"],
            each["status"],
            tuple(each["conditions"]),
            each["assessed"],
            each["asks"],
        )
        for each in tomllib.loads(file.read_text("utf-8"))["requirement"]
    }
