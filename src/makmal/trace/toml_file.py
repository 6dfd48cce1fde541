"""Reading TOML files that people write: every mistake is one sentence with the file, the line, the
field, what is wrong, and what to write there.

The keys file and the target file are read with it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_HEADER = re.compile(r"\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


class TomlError(Exception):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table by its dotted name ("" is the file itself) and, of several [[name]], its number."""

    name: str
    number: int = 0


ROOT = Section("")


def read_text(path: Path, error: type[TomlError]) -> str:
    """The text of a file. Raises ``error`` when there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or problem}") from None
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not a text file (octet {problem.start})") from None
    except ValueError as problem:
        raise error(f"{str(path)!r} is no name of a file: {problem}") from None


class TomlFile:
    """The file as text, to name lines, and as ``document``, its content.

    ``name`` stands in the errors, which are of the type ``error``.
    """

    def __init__(self, name: str, text: str, error: type[TomlError]) -> None:
        self.name, self.error = name, error
        self._lines = text.splitlines()
        try:
            self.document: dict[str, Any] = tomllib.loads(text)
        except RecursionError:
            raise error(f"{name}: not valid TOML: it is nested too deeply") from None
        except ValueError as problem:
            reason = str(problem)
            place = _PLACE.search(reason)
            line = place[1] if place else max(len(self._lines), 1)
            reason = _PLACE.sub(lambda found: f" (column {found[2]})", reason)
            raise error(f"{name}, line {line}: not valid TOML: {reason}") from None

    @property
    def root(self) -> Table:
        """The file itself as a table."""
        return Table(self, ROOT, self.document)

    def line_of(self, section: Section, key: str) -> int:
        """The line of ``key`` in a table, or of the table ``key`` in it; else the table's own."""
        whole = f"{section.name}.{key}" if section.name else key
        start, seen, header = 1, -1, ""
        for number, line in enumerate(self._lines, 1):
            stripped = line.strip()
            found = _HEADER.fullmatch(stripped)
            if found is not None:
                header = re.sub(r"[\s\"']", "", found[1])
                seen += header == section.name
                # A table in the first [[name]] belongs to it, until the next [[name]].
                inside = not section.name or seen == section.number
                if inside and header == whole:
                    return number
                if header == section.name and inside:
                    start = number
                continue
            in_place = seen == section.number if section.name else True
            for relative in _relative(header, whole) if in_place else ():
                if re.match(rf"{relative}\s*[=.]", stripped):
                    return number
        if start == 1 and section.name:
            # A table without a header of its own, written inside another: that one's entry.
            outer, _, name = section.name.rpartition(".")
            return self.line_of(Section(outer), name)
        return start

    def fail(self, section: Section, key: str, reason: str) -> TomlError:
        """The error to raise about a field."""
        return self.error(f"{self.name}, line {self.line_of(section, key)}: {key}: {reason}")


def _relative(header: str, whole: str) -> tuple[str, ...]:
    """How an entry is written under a header, as a pattern; nothing if it cannot stand there."""
    if header and not whole.startswith(header + "."):
        return ()
    rest = whole[len(header) + 1 :] if header else whole
    return (r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in rest.split(".")),)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file."""

    file: TomlFile
    section: Section
    values: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def fail(self, key: str, reason: str) -> TomlError:
        """The error to raise about a field of this table."""
        return self.file.fail(self.section, key, reason)

    def only(self, *known: str) -> None:
        """Raise the file's error about the first entry that is not known here."""
        for key in self.values:
            if key not in known:
                raise self.fail(key, f"no such entry; {nearest(key, known, 'known here')}")

    def take(self, key: str, read: Callable[[Any], T], default: T | None = None) -> T:
        """An entry as ``read`` understands it, which raises ValueError with what to write."""
        if key not in self.values:
            if default is None:
                place = f" in [{self.section.name}]" if self.section.name else ""
                raise self.fail(key, f"is missing{place}")
            return default
        try:
            return read(self.values[key])
        except ValueError as problem:
            raise self.fail(key, str(problem)) from None

    def optional(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The same, None if it is not there."""
        return self.take(key, read) if key in self.values else None

    def table(self, key: str, *known: str) -> Table:
        """The table of this name in this one, empty if it is not there; ``known`` are its entries.

        With none known, its entries are free.
        """
        values = self.values.get(key, {})
        name = f"{self.section.name}.{key}" if self.section.name else key
        if not isinstance(values, dict):
            raise self.fail(key, f"must be a table, written [{name}]")
        table = Table(self.file, Section(name), values)
        if known:
            table.only(*known)
        return table

    def tables(self, key: str) -> list[Table]:
        """The tables of a [[name]]."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.fail(key, f"must be tables, each written [[{key}]]")
        return [Table(self.file, Section(key, index), each) for index, each in enumerate(values)]


def nearest(given: str, known: Collection[str], introduction: str) -> str:
    """What to write instead: the nearest of what is known, or all of it."""
    near = get_close_matches(given, known, 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"{introduction}: {', '.join(sorted(known))}"


# What stands in a field. Each raises ValueError, with what to write.


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text in quotes")
    return value


def truth(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def number(least: int, most: int) -> Callable[[Any], int]:
    """A whole number between two."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"must be a number from {least} to {most}")
        return value

    return read


def choice(*known: str) -> Callable[[Any], str]:
    """One of these."""
    wanted = " or ".join(
        part for part in (", ".join(f'"{each}"' for each in known[:-1]), f'"{known[-1]}"') if part
    )

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"must be {wanted}")
        return value

    return read


def octets(*lengths: int) -> Callable[[Any], bytes]:
    """Octets of one of these lengths, as hexadecimal digits."""

    def read(value: Any) -> bytes:
        wanted = " or ".join(str(length * 2) for length in lengths)
        if not isinstance(value, str):
            raise ValueError(f"must be {wanted} hexadecimal digits in quotes")
        try:
            found = bytes.fromhex(value)
        except ValueError:
            raise ValueError(f"must be {wanted} hexadecimal digits") from None
        if len(found) not in lengths:
            raise ValueError(f"must be {wanted} hexadecimal digits, and has {len(found) * 2}")
        return found

    return read


# Writing.


def quoted(value: str) -> str:
    """A text as TOML writes it, whatever is in it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def quoted_list(values: Iterable[str]) -> str:
    """A list of texts as TOML writes it."""
    return f"[{', '.join(map(quoted, values))}]"
