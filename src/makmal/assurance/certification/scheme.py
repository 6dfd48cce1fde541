"""Certification schemes (ISO/IEC 17065, 3.9): data files that say what is asked of whom.

A scheme names the standards whose requirements a product has to meet; which test cases these are
is read from the catalogue. So a scheme does not change when test cases are added, and an
application fixes the ones that it is judged by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.catalogue.requirements import Requirement
from makmal.judges.verdict import Outcome
from makmal.testcases.registry import test_cases
from makmal.trace.toml_file import Table, TomlError, TomlFile, choice, nearest, number, read_text
from makmal.trace.toml_file import text as toml_text

_SCHEMES = "makmal.assurance.certification"


class SchemeError(TomlError):
    """The scheme cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """One point of the audit of how the vendor develops and maintains the product."""

    identity: str
    title: str
    question: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Separation:
    """Who did one thing in a certification may not do the other."""

    first: str
    second: str
    clause: str


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a product. A change in it calls for its test cases again."""

    name: str
    title: str
    references: tuple[str, ...]
    test_cases: tuple[str, ...]

    def concerns(self, requirement: Requirement) -> bool:
        """Whether a test case looks at this part."""
        return _names(self.references, requirement.reference) or any(
            fnmatchcase(requirement.test_case, each) for each in self.test_cases
        )


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme. ``classes`` are the product classes that it is for, all if there are none."""

    name: str
    title: str
    version: str
    owner: str
    summary: str
    classes: tuple[str, ...]
    references: tuple[str, ...]
    accepted: tuple[Outcome, ...]
    validity_months: int
    surveillance_months: int
    numbering: str
    conditions: tuple[str, ...]
    audit: tuple[AuditQuestion, ...]
    separations: tuple[Separation, ...]
    areas: tuple[Area, ...]
    text: str = field(default="", compare=False, repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of its file."""
        return sha256(self.text.encode()).hexdigest()

    def required(self, product_class: str) -> tuple[Requirement, ...]:
        """The test cases for a product class that there are today. Raises AssuranceError."""
        if self.classes and product_class not in self.classes:
            raise AssuranceError(
                f"the scheme {self.name} is not for products of class {product_class}; "
                f"{nearest(product_class, self.classes, 'it is for')}"
            )
        found = tuple(
            case.requirement
            for case in (kind() for kind in test_cases().values())
            if product_class in case.product_classes
            and _names(self.references, case.requirement.reference)
        )
        if not found:
            raise AssuranceError(
                f"there is no test case of {', '.join(self.references)} for products of class "
                f"{product_class} yet: makmal list shows what there is"
            )
        return found

    def area(self, name: str) -> Area:
        """A part by its name. Raises AssuranceError."""
        for each in self.areas:
            if each.name == name:
                return each
        names = [each.name for each in self.areas]
        raise AssuranceError(
            f"the scheme {self.name} has no area {name}; {nearest(name, names, 'its areas are')}"
        )

    def again(self, required: Iterable[Requirement], changed: Iterable[str]) -> dict[str, str]:
        """The test cases that a change calls for again, each with why. Raises AssuranceError.

        What belongs to no area is run again whatever was changed: nobody knows that it is not
        concerned.
        """
        areas = [self.area(name) for name in changed]
        found: dict[str, str] = {}
        for requirement in required:
            mine = [each for each in areas if each.concerns(requirement)]
            if mine:
                found[requirement.test_case] = f"{mine[0].title} changed"
            elif not any(each.concerns(requirement) for each in self.areas):
                found[requirement.test_case] = "it belongs to no area, and is always run again"
        return found


def _names(clauses: Iterable[str], reference: str) -> bool:
    """Whether a reference names one of the clauses or a part of it: 6.1 is no part of 6.12."""
    return any(re.search(re.escape(each) + r"(?![0-9])", reference) for each in clauses)


def scheme_names() -> tuple[str, ...]:
    """The schemes that come with Makmal."""
    folder = resources.files(_SCHEMES).joinpath("schemes")
    names = [each.name for each in folder.iterdir() if each.name.endswith(".toml")]
    return tuple(sorted(name.removesuffix(".toml") for name in names))


def load_scheme(name: str) -> Scheme:
    """A scheme by its name, or of a file of one's own. Raises AssuranceError."""
    try:
        if name.endswith(".toml"):
            return parse_scheme(read_text(Path(name), SchemeError), name)
        if name not in scheme_names():
            raise AssuranceError(
                f"there is no scheme {name}; {nearest(name, scheme_names(), 'there are')}"
            )
        file = resources.files(_SCHEMES).joinpath("schemes", f"{name}.toml")
        return parse_scheme(file.read_text("utf-8"), f"{name}.toml")
    except SchemeError as error:
        raise AssuranceError(str(error)) from None


def parse_scheme(text: str, name: str) -> Scheme:
    """A scheme from the text of its file. Raises SchemeError."""
    root = TomlFile(name, text, SchemeError).root
    root.only(
        "name", "title", "version", "owner", "summary", "product_classes", "references",
        "accepted", "validity_months", "surveillance_months", "numbering", "conditions", "audit",
        "separation", "area",
    )  # fmt: skip
    return Scheme(
        root.take("name", toml_text),
        root.take("title", toml_text),
        root.take("version", toml_text),
        root.take("owner", toml_text),
        root.take("summary", toml_text),
        root.take("product_classes", _texts, ()),
        root.take("references", _texts),
        root.take("accepted", _outcomes),
        root.take("validity_months", number(1, 120)),
        root.take("surveillance_months", number(1, 120)),
        root.take("numbering", _numbering),
        root.take("conditions", _texts, ()),
        tuple(_question(each) for each in root.tables("audit")),
        tuple(_separation(each) for each in root.tables("separation")),
        tuple(_area(each) for each in root.tables("area")),
        text,
    )


def _question(table: Table) -> AuditQuestion:
    table.only("id", "title", "question", "evidence")
    return AuditQuestion(
        *(table.take(key, toml_text) for key in ("id", "title", "question", "evidence"))
    )


def _separation(table: Table) -> Separation:
    table.only("first", "second", "clause")
    return Separation(*(table.take(key, toml_text) for key in ("first", "second", "clause")))


def _area(table: Table) -> Area:
    table.only("name", "title", "references", "test_cases")
    return Area(
        table.take("name", toml_text),
        table.take("title", toml_text),
        table.take("references", _texts, ()),
        table.take("test_cases", _texts, ()),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError('must be a list of texts, such as ["TS 33.512"]')
    return tuple(value)


def _outcomes(value: Any) -> tuple[Outcome, ...]:
    read = choice(*(each.value for each in Outcome))
    return tuple(Outcome(read(each)) for each in _texts(value))


def _numbering(value: Any) -> str:
    try:
        first, second = (value.format(year=2026, serial=serial) for serial in (1, 2))
        # A number names a file too.
        if first != second and re.fullmatch(r"[\w.-]+", first):
            return str(value)
    except (AttributeError, KeyError, IndexError, ValueError):
        pass
    raise ValueError('must be a pattern such as "NESAS-{year}-{serial:04d}"')


def scheme_as_json(scheme: Scheme) -> Mapping[str, Any]:
    """What a certificate and an application say of their scheme."""
    return {
        "name": scheme.name,
        "title": scheme.title,
        "version": scheme.version,
        "owner": scheme.owner,
        "sha256": scheme.digest,
    }
