"""Violations that rest on something not having been seen, and what capture loss does to them.

That the AMF answered a replay, and not a good message in between, is known only if the capture
would have shown the good message. Where it lacks packets at the time, there is a doubt instead.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from makmal.judges.verdict import Findings
from makmal.trace.message import CaptureLoss, Interface

_MOST_LOSSES = 100_000
_MOST_ABSENCES = 10_000
# Losses that end after the beginning of a time, and yet begin before its end, stand close together.
_LOOKED_AT = 256


@dataclass(frozen=True, slots=True)
class _Absence:
    description: str
    frames: tuple[int, ...]
    since_ns: int
    until_ns: int


class Absences:
    """Gathers violations by absence, and decides at the end which of them the capture supports."""

    def __init__(self, findings: Findings, *interfaces: Interface) -> None:
        self._findings = findings
        self._interfaces = frozenset(interfaces)
        self._ends: list[int] = []
        self._begins: list[int] = []
        self._absences: list[_Absence] = []

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets of an interface."""
        if message.interface in self._interfaces and len(self._ends) < _MOST_LOSSES:
            # Losses come in the order in which they are noticed, nearly that of their ends.
            at = bisect_left(self._ends, message.time_ns)
            self._ends.insert(at, message.time_ns)
            self._begins.insert(at, message.since_ns)

    def violation(self, description: str, *frames: int, since_ns: int, until_ns: int) -> None:
        """A violation, provided that nothing more was sent between the two times."""
        if len(self._absences) < _MOST_ABSENCES:
            self._absences.append(_Absence(description, frames, since_ns, until_ns))
        else:
            self._settle(_Absence(description, frames, since_ns, until_ns))

    def finish(self) -> None:
        """The trace is over: turn what was gathered into findings."""
        for absence in self._absences:
            self._settle(absence)
        self._absences.clear()

    def _settle(self, absence: _Absence) -> None:
        if self._lost_between(absence.since_ns, absence.until_ns):
            self._findings.doubt(
                f"{absence.description}, as far as the capture shows; but it lacks packets of "
                "that time",
                *absence.frames,
            )
        else:
            self._findings.violation(absence.description, *absence.frames)

    def _lost_between(self, since_ns: int, until_ns: int) -> bool:
        at = bisect_left(self._ends, since_ns)
        return any(begin <= until_ns for begin in self._begins[at : at + _LOOKED_AT])
