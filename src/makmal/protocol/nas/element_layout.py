"""How a message is laid out: its fields and their formats (TS 24.007, 11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from makmal.protocol.element import InformationElement

Key = InformationElement[Any]


class Format(Enum):
    """How an element's length is told (TS 24.007, 11.2.1.1)."""

    HALF = "half octet"
    FIXED = "fixed length"
    LENGTH = "one octet of length"
    LENGTH_2 = "two octets of length"
    TAG_ONLY = "no value"


@dataclass(frozen=True, slots=True)
class Field:
    """One element in a message: its key, its format, and its length where that is fixed."""

    key: Key
    format: Format
    length: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The mandatory fields in their order, and the optional ones by their identifier."""

    mandatory: tuple[Field, ...]
    optional: dict[int, Field]


def half(key: Key) -> Field:
    """Half an octet."""
    return Field(key, Format.HALF)


def fixed_value(key: Key, length: int = 1) -> Field:
    """A fixed number of octets."""
    return Field(key, Format.FIXED, length)


def length_1(key: Key) -> Field:
    """One octet of length, then the value."""
    return Field(key, Format.LENGTH)


def length_2(key: Key) -> Field:
    """Two octets of length, then the value."""
    return Field(key, Format.LENGTH_2)


# An identifier that has the highest bit set is half an octet (type 1), unless it has no value; one
# of 0x70 to 0x7f has two octets of length (TS 24.007, 11.2.4). Only fixed lengths need to be said.
def options_of(
    options: dict[int, Key],
    fixed: dict[int, int] | None = None,
    tag_only: frozenset[int] = frozenset(),
) -> dict[int, Field]:
    """The optional fields by identifier; ``fixed`` says the lengths that are not told."""
    fields = {}
    for identifier, key in options.items():
        if identifier in tag_only:
            fields[identifier] = Field(key, Format.TAG_ONLY)
        elif identifier & 0x80:
            fields[identifier] = Field(key, Format.HALF)
        elif fixed and identifier in fixed:
            fields[identifier] = Field(key, Format.FIXED, fixed[identifier])
        elif identifier & 0xF0 == 0x70:
            fields[identifier] = Field(key, Format.LENGTH_2)
        else:
            fields[identifier] = Field(key, Format.LENGTH)
    return fields
