"""Which choices of its policy an embedded product comes to in a run.

What two products do differs only from the moment on at which one of them reads a choice that the
other has otherwise. So a run that never comes to a fault is the run on the sound product, message
for message, and need not be made again: as in mutation testing, where mutants that a test does not
reach are told without running it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from makmal.network.faults import NetworkPolicy
from makmal.network.plan import FUNCTIONS
from makmal.network.service_policy import ServicePolicy
from makmal.network.transport.tls_policy import TlsPolicy

# A choice by the names that lead to it: ("amf", "timers", "t3550").
Choice = tuple[str, ...]


def watched(policy: Any) -> tuple[Any, set[Choice]]:
    """The same policy, and the choices that were read of it, which grow as they are."""
    read: set[Choice] = set()
    return _watched(_explicit(policy), (), read), read


def differences(policy: Any, other: Any) -> frozenset[Choice]:
    """The choices in which two policies differ, as ``watched`` names them."""
    return frozenset(_differences(_explicit(policy), _explicit(other), ()))


def _explicit(policy: Any) -> Any:
    """With an entry for every function: one that is absent is the sound one."""
    if not isinstance(policy, NetworkPolicy):
        return policy
    return replace(
        policy,
        services={**{name: ServicePolicy() for name in FUNCTIONS}, **policy.services},
        transport={**{name: TlsPolicy() for name in FUNCTIONS}, **policy.transport},
    )


def _watched(value: Any, path: Choice, read: set[Choice]) -> Any:
    if isinstance(value, Mapping):
        return {name: _watched(each, (*path, str(name)), read) for name, each in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    kind = type(value)
    names = frozenset(each.name for each in fields(value))

    def reading(self: Any, name: str) -> Any:
        if name in names:
            read.add((*path, name))
        return object.__getattribute__(self, name)

    # A type of its own, so that copies with other choices are watched too (dataclasses.replace).
    watching = type(kind.__name__, (kind,), {"__slots__": (), "__getattribute__": reading})
    return watching(**{name: _watched(getattr(value, name), (*path, name), read) for name in names})


def _differences(value: Any, other: Any, path: Choice) -> Iterator[Choice]:
    if isinstance(value, Mapping) and isinstance(other, Mapping) and value.keys() == other.keys():
        for name, each in value.items():
            yield from _differences(each, other[name], (*path, str(name)))
    elif is_dataclass(value) and type(value) is type(other):
        for each in fields(value):
            yield from _differences(
                getattr(value, each.name), getattr(other, each.name), (*path, each.name)
            )
    elif value != other:
        yield path
