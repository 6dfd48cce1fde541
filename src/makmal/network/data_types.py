"""The data types of service bodies, as far as producers check them (TS 29.571; TS 29.500, 5.2.7).

A check is given a value and names what is wrong with it: each problem is of the kind "type" (of
another JSON type, or a mandatory member that is missing) or "range" (a number, length or form that
is not allowed). What TS 29.501, 5.2.3 leaves to be ignored (members that are not known) is no
problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

TYPE, RANGE = "type", "range"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the path of members, "" for the whole."""

    kind: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path or 'the body'} {self.reason}"


class Check(NamedTuple):
    """Whether a value is as it should be, and what is wrong with one, at a path, that is not."""

    fits: Callable[[Any], bool]
    problems: Callable[[Any, str], Iterator[Problem]]


def _single(wrong: Callable[[Any], tuple[str, str] | None]) -> Check:
    """Of a function that tells the kind and the reason of what is wrong with a value."""

    def problems(value: Any, path: str) -> Iterator[Problem]:
        found = wrong(value)
        if found is not None:
            kind, reason = found
            yield Problem(kind, path, reason)

    return Check(lambda value: wrong(value) is None, problems)


def text(pattern: str | None = None, *, shortest: int = 0) -> Check:
    """A string, whole of this pattern."""
    matches = None if pattern is None else re.compile(pattern).fullmatch

    def wrong(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return TYPE, "is no string"
        if len(value) < shortest:
            return RANGE, "is too short"
        if matches is not None and matches(value) is None:
            return RANGE, "is not of the form that it must have"
        return None

    return _single(wrong)


def whole(least: int | None = None, most: int | None = None) -> Check:
    """An integer in a range."""

    def wrong(value: Any) -> tuple[str, str] | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return TYPE, "is no integer"
        if (least is not None and value < least) or (most is not None and value > most):
            return RANGE, "is out of its range"
        return None

    return _single(wrong)


def _wrong_truth(value: Any) -> tuple[str, str] | None:
    return None if isinstance(value, bool) else (TYPE, "is no boolean")


TRUTH = _single(_wrong_truth)


def array(of: Check, *, least: int = 0) -> Check:
    """An array."""

    def fits(value: Any) -> bool:
        return isinstance(value, list) and len(value) >= least and all(map(of.fits, value))

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(TYPE, path, "is no array")
            return
        if len(value) < least:
            yield Problem(RANGE, path, "holds too little")
        for index, each in enumerate(value):
            yield from of.problems(each, f"{path}/{index}")

    return Check(fits, problems)


def structure(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members; further ones are ignored."""
    known = {**required, **(optional or {})}
    members = {name: each.fits for name, each in known.items()}

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for name in required:
            if name not in value:
                return False
        for name, each in value.items():
            of = members.get(name)
            if of is not None and not of(each):
                return False
        return True

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(TYPE, path, "is no object")
            return
        for name in required:
            if name not in value:
                yield Problem(TYPE, f"{path}/{name}", "is missing")
        for name, each in value.items():
            of = known.get(name)
            if of is not None:
                yield from of.problems(each, f"{path}/{name}")

    return Check(fits, problems)


def nullable(of: Check) -> Check:
    """The same, or null."""

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if value is not None:
            yield from of.problems(value, path)

    return Check(lambda value: value is None or of.fits(value), problems)


UUID = text(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# TS 29.571, 5.2 to 5.5, by their names there.
STRING = text(shortest=1)
URI = text(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
DATE_TIME = text(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
BYTES = text(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
SUPPORTED_FEATURES = text(r"[A-Fa-f0-9]*")
UINT32 = whole(0, (1 << 32) - 1)
DURATION = whole(0)
SUPI = text(r"imsi-[0-9]{5,15}|nai-.+|gli-.+|gci-.+")
SUPI_OR_SUCI = text(
    r"imsi-[0-9]{5,15}|nai-.+|gli-.+|gci-.+"
    r"|suci-(?:0-[0-9]{3}-[0-9]{2,3}|[1-7]-.+)-[0-9]{1,4}-[0-9a-fA-F]-[0-9]{1,3}-.*"
)
GPSI = text(r"msisdn-[0-9]{5,15}|extid-[^@]+@[^@]+")
PDU_SESSION_ID = whole(0, 255)
# TS 23.003, 9.1: labels of letters, digits and hyphens.
DNN = text(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
SNSSAI = structure({"sst": whole(0, 255)}, {"sd": text(r"[A-Fa-f0-9]{6}")})
PLMN_ID = structure({"mcc": text(r"\d{3}"), "mnc": text(r"\d{2,3}")})
GUAMI = structure({"plmnId": PLMN_ID, "amfId": text(r"[A-Fa-f0-9]{6}")})
TAI = structure({"plmnId": PLMN_ID, "tac": text(r"[A-Fa-f0-9]{4}|[A-Fa-f0-9]{6}")})
IPV4 = text(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)")
IPV6 = text(r"[0-9A-Fa-f:.]{2,45}")
REFERENCE = structure({"contentId": STRING})
# TS 24.501, 9.12.1, with a network identifier or without.
SERVING_NETWORK_NAME = text(
    r"(?:5G:mnc[0-9]{3}\.mcc[0-9]{3}\.3gppnetwork\.org(?::[A-F0-9]{11})?)|5G:NSWO"
)
HEX_16 = text(r"[A-Fa-f0-9]{32}")
