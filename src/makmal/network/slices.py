"""Slices in the terms of the service-based interface, of NAS and of NGAP (TS 23.003, 28.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from makmal.protocol import nas, ngap

# SST, and SD as six hexadecimal digits or None.
Slice = tuple[int, str | None]


def _number(sd: str | None) -> int | None:
    return None if sd is None else int(sd, 16)


def _text(sd: int | None) -> str | None:
    return None if sd is None else f"{sd:06x}"


def to_nas(slices: Iterable[Slice]) -> tuple[nas.SNssai, ...]:
    """For a NAS element."""
    return tuple(nas.SNssai(sst, _number(sd)) for sst, sd in slices)


def from_nas(slices: Iterable[nas.SNssai] | None) -> tuple[Slice, ...]:
    """From a NAS element."""
    return tuple((each.sst, _text(each.sd)) for each in slices or ())


def to_ngap(slices: Iterable[Slice]) -> tuple[ngap.SliceItem, ...]:
    """For a list of NGAP."""
    return tuple(ngap.SliceItem(one_to_ngap(each)) for each in slices)


def one_to_ngap(one: Slice) -> ngap.SNssai:
    """For an element of NGAP."""
    return ngap.SNssai(one[0], _number(one[1]))


def to_json(one: Slice) -> dict[str, Any]:
    """For a Snssai of TS 29.571, 5.4.4.2."""
    sst, sd = one
    return {"sst": sst} if sd is None else {"sst": sst, "sd": sd}


def from_json(value: Any) -> Slice | None:
    """From a Snssai; None for anything else."""
    if not isinstance(value, dict) or not isinstance(value.get("sst"), int):
        return None
    sd = value.get("sd")
    return value["sst"], sd.lower() if isinstance(sd, str) else None


def list_from_json(values: Any) -> tuple[Slice, ...]:
    """From a list of Snssai; what is none is left out."""
    if not isinstance(values, list):
        return ()
    return tuple(each for each in map(from_json, values) if each is not None)
