"""The shape of a test case: a procedure that drives the bench, and a judge that reads the trace."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Protocol

from makmal.catalogue.requirements import Requirement, requirement_of
from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Frame
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import Message
from makmal.trace.trace import Trace


class TraceReader(Protocol):
    """What makes messages of the frames of a trace."""

    def feed(self, frame: Frame) -> list[Message]:
        """The messages that this frame completes."""

    def finish(self) -> list[Message]:
        """What was still held back when the trace ended."""


class TestCase(ABC):
    """One test case of the catalogue.

    ``name`` is its entry in the catalogue. ``features`` are what a product must declare for it to
    apply (else the verdict is: not applicable). The procedure decides nothing; the judge sends
    nothing and reads neither clock nor network.
    """

    # For pytest: this is no class of tests.
    __test__ = False

    name: ClassVar[str]
    features: ClassVar[tuple[str, ...]] = ()
    # What the procedure needs beside N1 and N2: "neighbours" (surrounded attachment),
    # "configuration" (the hook that sets the product's algorithm lists and policies).
    needs: ClassVar[tuple[str, ...]] = ()

    # How the requirement is read here, where its entry in the catalogue is for captures of others.
    reading: ClassVar[str | None] = None

    @abstractmethod
    async def procedure(self, bench: Any) -> None:
        """The standard's steps, each a ``bench.variant``. Whose bench it is, depends on the product
        class: a test case names the one that it drives.
        """

    @abstractmethod
    def judge(self, trace: Trace) -> Verdict:
        """The verdict on a trace of the procedure."""

    def reader(self, knowledge: Knowledge, secrets: Sequence[tuple[int, bytes]]) -> TraceReader:
        """What reads its traces; ``secrets`` are those that the file carries."""
        return Dissector(knowledge, secrets)

    @property
    def requirement(self) -> Requirement:
        """The requirement that it serves."""
        return requirement_of(self.name)

    @property
    def product_classes(self) -> tuple[str, ...]:
        """The product classes that it is for."""
        return self.requirement.product_classes

    def not_applicable(self, features: Collection[str]) -> Verdict | None:
        """The verdict on a product that does not declare what it is about; None if it does."""
        missing = next((each for each in self.features if each not in features), None)
        if missing is None:
            return None
        reason = f"the product does not declare the feature {missing}"
        return Verdict(self.name, self.requirement.reference, Outcome.NOT_APPLICABLE, reason)

    def conclude(self, findings: Findings, trace: Trace, nothing_seen: str) -> Verdict:
        """The verdict that the findings amount to; what was not done is a doubt."""
        for reason, frame in trace.not_done():
            findings.doubt(reason, frame)
        requirement = self.requirement
        reading = requirement.reading if self.reading is None else self.reading
        return findings.verdict(self.name, requirement.reference, nothing_seen, reading)
