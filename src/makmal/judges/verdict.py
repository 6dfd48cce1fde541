"""Verdicts, as ISO/IEC 9646-1 has them, with the reason and the frames that prove them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

# A verdict names this many frames at most; its reason gives the whole number.
MOST_FRAMES = 10_000
_MOST_REASONS = 5


class Outcome(StrEnum):
    """What a judge can say. What could not be observed is inconclusive, never pass."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge's word on one trace.

    ``reason`` is what was seen; ``reading`` how the requirement was read where it leaves room.
    """

    test_case: str
    requirement: str
    outcome: Outcome
    reason: str
    frames: tuple[int, ...] = ()
    reading: str = ""

    @property
    def full_reason(self) -> str:
        """The reason with the reading that it rests on."""
        return f"{self.reason}. Reading: {self.reading}" if self.reading else self.reason


@dataclass(slots=True)
class _Tally:
    """Occasions of one kind: how often for each description, and in which frames."""

    descriptions: dict[str, int] = field(default_factory=dict)
    first_frames: dict[str, int] = field(default_factory=dict)
    frames: dict[int, None] = field(default_factory=dict)
    count: int = 0

    def add(self, description: str, frames: Iterable[int]) -> None:
        self.count += 1
        frames = tuple(frames)
        self.descriptions[description] = self.descriptions.get(description, 0) + 1
        if frames:
            self.first_frames.setdefault(description, frames[-1])
        for frame in frames:
            if len(self.frames) < MOST_FRAMES:
                self.frames[frame] = None

    def text(self) -> str:
        parts = []
        for description, count in list(self.descriptions.items())[:_MOST_REASONS]:
            frame = self.first_frames.get(description)
            where = "" if frame is None else f", frame {frame}"
            if count > 1:
                where = f"; {count} times" + ("" if frame is None else f", first in frame {frame}")
            parts.append(f"{description}{where}")
        more = len(self.descriptions) - _MOST_REASONS
        if more > 0:
            parts.append(f"and {more} more kinds")
        return "; ".join(parts)


@dataclass(slots=True)
class Findings:
    """What a judge has met so far: violations, occasions that conformed, and doubts.

    A description tells a kind of occasion, not a single one, so that findings stay small however
    long the trace is.
    """

    _violations: _Tally = field(default_factory=_Tally)
    _conforming: _Tally = field(default_factory=_Tally)
    _doubts: _Tally = field(default_factory=_Tally)

    def violation(self, description: str, *frames: int) -> None:
        """The requirement was broken, in plain sight."""
        self._violations.add(description, frames)

    def conforming(self, description: str, *frames: int) -> None:
        """There was an occasion to break the requirement, and it was kept."""
        self._conforming.add(description, frames)

    def doubt(self, description: str, *frames: int) -> None:
        """There was an occasion, and what came of it could not be observed."""
        self._doubts.add(description, frames)

    @property
    def occasions(self) -> int:
        """How many occasions there were, of any kind."""
        return self._violations.count + self._conforming.count + self._doubts.count

    def verdict(
        self, test_case: str, requirement: str, nothing_seen: str, reading: str = ""
    ) -> Verdict:
        """One violation fails; one doubt leaves the rest inconclusive; else what conformed passes.

        ``nothing_seen`` is the reason when there was no occasion at all; ``reading`` is how the
        requirement was read, where it leaves room.
        """
        if self._violations.count:
            outcome, tally = Outcome.FAIL, self._violations
            reason = tally.text()
        elif self._doubts.count:
            outcome, tally = Outcome.INCONCLUSIVE, self._doubts
            reason = tally.text()
            if self._conforming.count:
                reason += f"; conforming besides: {self._conforming.text()}"
        elif self._conforming.count:
            outcome, tally = Outcome.PASS, self._conforming
            reason = tally.text()
        else:
            return Verdict(test_case, requirement, Outcome.INCONCLUSIVE, nothing_seen)
        frames = tuple(sorted(tally.frames))
        return Verdict(test_case, requirement, outcome, reason, frames, reading)
