"""Every test case, found by importing the rooms of this package: adding one touches no list."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

import makmal.testcases
from makmal.catalogue.requirements import requirements
from makmal.testcases.test_case import TestCase


@cache
def test_cases() -> dict[str, type[TestCase]]:
    """Test cases by name, in the order of the catalogue."""
    for module in walk_packages(makmal.testcases.__path__, "makmal.testcases."):
        import_module(module.name)
    found = {each.name: each for each in _all(TestCase.__subclasses__()) if hasattr(each, "name")}
    return {name: found[name] for name in requirements() if name in found}


def _all(kinds: list[type[TestCase]]) -> list[type[TestCase]]:
    return [each for kind in kinds for each in (kind, *_all(kind.__subclasses__()))]


# For pytest: this is no test.
test_cases.__test__ = False  # type: ignore[attr-defined] # pytest reads it of a function
