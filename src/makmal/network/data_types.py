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
from typing import Any

TYPE, RANGE = "type", "range"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the path of members, "" for the whole."""

    kind: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path or 'the body'} {self.reason}"


Check = Callable[[Any, str], Iterator[Problem]]


def text(pattern: str | None = None, *, shortest: int = 0) -> Check:
    """A string, whole of this pattern."""
    compiled = None if pattern is None else re.compile(pattern)

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(TYPE, path, "is no string")
        elif len(value) < shortest:
            yield Problem(RANGE, path, "is too short")
        elif compiled is not None and compiled.fullmatch(value) is None:
            yield Problem(RANGE, path, "is not of the form that it must have")

    return check


def whole(least: int | None = None, most: int | None = None) -> Check:
    """An integer in a range."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Problem(TYPE, path, "is no integer")
        elif (least is not None and value < least) or (most is not None and value > most):
            yield Problem(RANGE, path, "is out of its range")

    return check


def truth(value: Any, path: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem(TYPE, path, "is no boolean")


def array(of: Check, *, least: int = 0) -> Check:
    """An array."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(TYPE, path, "is no array")
            return
        if len(value) < least:
            yield Problem(RANGE, path, "holds too little")
        for index, each in enumerate(value):
            yield from of(each, f"{path}/{index}")

    return check


def mapping(of: Check) -> Check:
    """An object whose members are all of one type."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(TYPE, path, "is no object")
            return
        for name, each in value.items():
            yield from of(each, f"{path}/{name}")

    return check


def structure(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members; further ones are ignored."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(TYPE, path, "is no object")
            return
        for name in required:
            if name not in value:
                yield Problem(TYPE, f"{path}/{name}", "is missing")
        for name, each in value.items():
            of = known.get(name)
            if of is not None:
                yield from of(each, f"{path}/{name}")

    return check


def nullable(of: Check) -> Check:
    """The same, or null."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if value is not None:
            yield from of(value, path)

    return check


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


def problems(check: Check, value: Any) -> Iterator[Problem]:
    """Everything that is wrong with a body."""
    return check(value, "")
