"""Taps: what the laboratory does to messages in flight (observe, drop, delay, alter, inject).

A tap sits between the product under test and its neighbours. What the product sends is recorded
before a tap sees it, what it receives after: the trace holds what was on the product's wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from makmal.trace.frame import Endpoint
from makmal.trace.message import Interface


@dataclass(frozen=True, slots=True)
class Passage:
    """One message on its way.

    ``content`` is octets on N2, N3 and N4, an HttpMessage on the SBI, and a RadioFrame on Uu (see
    radio/air.py). ``delay`` is in seconds.
    """

    interface: Interface
    source: Endpoint
    destination: Endpoint
    content: Any
    delay: float = 0.0


# What a tap makes of a message: itself, an altered one, several (injected ones besides), or none.
Tap = Callable[[Passage], "Passage | list[Passage] | None"]


class Taps:
    """The taps that are in place, in the order in which they were put there."""

    def __init__(self) -> None:
        self._taps: list[tuple[Interface, Tap]] = []

    def __bool__(self) -> bool:
        return bool(self._taps)

    @property
    def are_none(self) -> bool:
        """Whether none is in place."""
        return not self._taps

    @contextmanager
    def on(self, interface: Interface, tap: Tap) -> Iterator[None]:
        """Put a tap in place for the time of a ``with`` block."""
        entry = (interface, tap)
        self._taps.append(entry)
        try:
            yield
        finally:
            self._taps.remove(entry)

    def apply(self, passage: Passage) -> list[Passage]:
        """What is to be delivered instead of a message."""
        passages = [passage]
        for interface, tap in tuple(self._taps):
            if interface is not passage.interface:
                continue
            passed: list[Passage] = []
            for each in passages:
                made = tap(each)
                if isinstance(made, list):
                    passed += made
                elif made is not None:
                    passed.append(made)
            passages = passed
        return passages
