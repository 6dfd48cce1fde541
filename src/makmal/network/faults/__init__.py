"""Faults that no product should have, and variations that every test case must take as they are.

Each module of this package has ``FAULTS`` and ``VARIATIONS`` of one function; a new one is found by
being there.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from makmal.network.faults.fault import SOUND, Fault, NetworkPolicy, Variation

__all__ = ["FAULTS", "SOUND", "VARIATIONS", "Fault", "NetworkPolicy", "Variation", "fault"]

_MODULES = tuple(
    import_module(f"{__name__}.{each.name}")
    for each in iter_modules(__path__)
    if each.name != "fault"
)
FAULTS: tuple[Fault, ...] = tuple(each for module in _MODULES for each in module.FAULTS)
VARIATIONS: tuple[Variation, ...] = tuple(each for module in _MODULES for each in module.VARIATIONS)


def fault(name: str) -> Fault:
    """The fault of this name. Raises KeyError if there is none."""
    return {entry.name: entry for entry in FAULTS}[name]
