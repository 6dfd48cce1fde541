"""A whole trace in memory: what a test case's judge reads, with the queries that judges are
written in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from makmal.trace.knowledge import Knowledge
from makmal.trace.message import Message, NasMessage, NgapMessage, SbiMessage, Step
from makmal.trace.user_equipment import UserEquipment

# A step whose name begins so tells what the procedure could not do, and why.
NOT_DONE = "not done: "


@dataclass(frozen=True)
class Section:
    """The messages from one step mark to the next. ``name`` is the step's."""

    name: str
    frame: int
    messages: tuple[Message, ...]

    @property
    def nas(self) -> Iterator[NasMessage]:
        """The NAS messages on N1, in order."""
        return (
            each
            for each in self.messages
            if isinstance(each, NasMessage) and each.interface == "N1"
        )

    @property
    def downlink(self) -> Iterator[NasMessage]:
        """Those to UEs."""
        return (each for each in self.nas if not each.uplink)

    @property
    def uplink(self) -> Iterator[NasMessage]:
        """Those from UEs."""
        return (each for each in self.nas if each.uplink)

    @property
    def ngap(self) -> Iterator[NgapMessage]:
        """The NGAP messages on N2."""
        return (each for each in self.messages if isinstance(each, NgapMessage))

    @property
    def services(self) -> Iterator[SbiMessage]:
        """The HTTP messages of the service-based interface."""
        return (each for each in self.messages if isinstance(each, SbiMessage))

    def of(self, user_equipment: UserEquipment) -> Section:
        """The same without what is known to be of other UEs: retransmissions to one that a test
        left behind must not count as answers to the next.
        """
        kept = tuple(
            each
            for each in self.messages
            if not isinstance(each, NasMessage | NgapMessage)
            or each.user_equipment is None
            or each.user_equipment is user_equipment
        )
        return Section(self.name, self.frame, kept)

    def after(self, frame: int) -> Section:
        """The same from after a frame on."""
        later = tuple(each for each in self.messages if each.frame > frame)
        return Section(self.name, frame, later)


@dataclass(frozen=True)
class Trace:
    """Everything that a judge may know: messages in order, the laboratory's keys and lists, and
    what the target's owner declared (``declarations``, by name).
    """

    messages: tuple[Message, ...]
    knowledge: Knowledge = field(default_factory=Knowledge)
    declarations: Mapping[str, str] = field(default_factory=dict)

    def sections(self) -> tuple[Section, ...]:
        """The trace cut at its step marks; what comes before the first is a section named ''."""
        return self._sections

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        found: list[Section] = []
        name, frame = "", 0
        held: list[Message] = []
        for message in self.messages:
            if isinstance(message, Step):
                if held or name:
                    found.append(Section(name, frame, tuple(held)))
                name, frame, held = message.name, message.frame, []
            else:
                held.append(message)
        found.append(Section(name, frame, tuple(held)))
        return tuple(found)

    def section(self, name: str) -> Section | None:
        """The first section of this name."""
        return next((each for each in self.sections() if each.name == name), None)

    def not_done(self) -> Iterable[tuple[str, int]]:
        """What the procedure said it could not do, with the frame of the mark."""
        return (
            (each.name.removeprefix(NOT_DONE), each.frame)
            for each in self.messages
            if isinstance(each, Step) and each.name.startswith(NOT_DONE)
        )
