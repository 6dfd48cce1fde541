"""The conformance statement of a device (ICS and IXIT of TS 103 701): a blank, or filled in.

It is one TOML file with a table for each provision of EN 303 645.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from makmal.catalogue.provisions import NETWORK, Provision, provisions
from makmal.trace import toml_file
from makmal.trace.toml_file import Table, TomlError, TomlFile

YES, NO, NOT_APPLICABLE = "yes", "no", "n/a"
_FIELDS = ("support", "detail", "evidence", "justification")


class ConformanceError(TomlError):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stated on one provision; all texts are empty where nothing was filled in."""

    support: str = ""
    detail: str = ""
    evidence: str = ""
    justification: str = ""

    @property
    def missing(self) -> str:
        """What has still to be filled in, nothing when it is complete."""
        if not self.support:
            return "support"
        if self.support == YES:
            return "" if self.detail and self.evidence else "detail and evidence"
        return "" if self.justification else "justification"


@dataclass(frozen=True, slots=True)
class Conformance:
    """A statement: who gave it on what day, and the entries by provision."""

    by: str = ""
    date: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def of(self, provision: str) -> Entry:
        """What is stated on a provision."""
        return self.entries.get(provision, Entry())

    def as_marks(self, provision: str) -> dict[str, str]:
        """What the evidence holds of it."""
        entry = self.of(provision)
        found = {name: getattr(entry, name) for name in _FIELDS}
        return {**found, "by": self.by, "date": self.date}


def load_conformance(path: Path) -> Conformance:
    """Read a statement. Raises ConformanceError on anything that is not one."""
    return parse_conformance(toml_file.read_text(path, ConformanceError), str(path))


def parse_conformance(text: str, name: str = "conformance statement") -> Conformance:
    """The same from text; ``name`` stands in the errors."""
    root = TomlFile(name, text, ConformanceError).root
    root.only("statement", "provision")
    head = root.table("statement", "by", "date")
    table = root.table("provision", *provisions())
    entries = {}
    for identity in table.values:
        # A number of a provision has a dot in it: the table's name is put together by hand.
        values = table.values[identity]
        if not isinstance(values, dict):
            raise table.fail(identity, f'must be a table, written [provision."{identity}"]')
        entries[identity] = _entry(Table(table.file, table.section, values), identity)
    return Conformance(head.take("by", _text, ""), str(head.values.get("date", "")), entries)


def _entry(table: Table, identity: str) -> Entry:
    for key, value in table.values.items():
        if key not in _FIELDS:
            known = toml_file.nearest(key, _FIELDS, "known there")
            raise table.fail(identity, f"{key}: no such entry; {known}")
        if not isinstance(value, str):
            raise table.fail(identity, f"{key}: must be a text in quotes")
        if key == "support" and value.strip().lower() not in ("", YES, NO, NOT_APPLICABLE):
            raise table.fail(identity, f'support: must be "{YES}", "{NO}" or "{NOT_APPLICABLE}"')
    found = {key: str(table.values.get(key, "")).strip() for key in _FIELDS}
    return Entry(**{**found, "support": found["support"].lower()})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value.strip()


def blank() -> str:
    """A statement to fill in: a table for each provision of the standard."""
    lines = [
        "# Conformance statement after ETSI TS 103 701 (ICS and IXIT) for ETSI EN 303 645 V2.1.1.",
        '# support: "yes", "no" or "n/a". With yes, detail answers the question and evidence names',
        "# the document that shows it; with no or n/a, justification says why (Provision 4-1).",
        "",
        "[statement]",
        'by = ""          # who states this, and for whom',
        'date = ""        # such as 2026-01-31',
    ]
    for each in provisions().values():
        lines += ["", *_blank_entry(each)]
    return "\n".join(lines) + "\n"


def _blank_entry(provision: Provision) -> list[str]:
    status = provision.status
    if provision.conditions:
        status += f", if {' and '.join(provision.conditions)}"
    how = "from this statement"
    if provision.assessed == NETWORK:
        how = "over the network; from this statement only that it does not apply"
    return [
        f'[provision."{provision.identity}"]',
        f"# {provision.title}. ({status})",
        f"# Assessed {how}. {provision.asks}",
        *(f'{name} = ""' for name in _FIELDS),
    ]
