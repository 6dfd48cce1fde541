"""The shape of a judge, and how a trace is put before many of them in one pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from makmal.catalogue.requirements import requirement_of
from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.errors import DecodeError
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import Message

# A judge takes the messages of a protocol by having the method named here.
_HANDLERS = {
    "ngap": "on_ngap",
    "nas": "on_nas",
    "rrc": "on_rrc",
    "pdcp": "on_pdcp",
    "pfcp": "on_pfcp",
    "gtpu": "on_gtpu",
    "user datagram": "on_user_datagram",
    "sbi": "on_sbi",
    "tls": "on_tls",
    "tls_message": "on_tls_message",
    "protected": "on_protected",
    "ike": "on_ike",
    "loss": "on_loss",
    "undecodable": "on_undecodable",
    "step": "on_step",
}


class Judge(ABC):
    """A fold over the messages of a trace: it sees each in order, and gives a verdict at the end.

    Since it holds only what it still needs, a trace of any length can be judged in bounded memory.
    A subclass names its ``test_case`` (an entry of the catalogue) and has a method ``on_ngap``,
    ``on_nas``, ``on_rrc``, ``on_pdcp``, ``on_pfcp``, ``on_gtpu``, ``on_user_datagram``,
    ``on_sbi``, ``on_tls``, ``on_tls_message``, ``on_protected``, ``on_ike``, ``on_loss``,
    ``on_undecodable`` or ``on_step`` for what it reads.
    """

    test_case: ClassVar[str]

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.findings = Findings()

    @abstractmethod
    def verdict(self) -> Verdict:
        """The verdict on everything that was observed."""

    def conclude(self, nothing_seen: str) -> Verdict:
        """The verdict that the findings amount to."""
        requirement = requirement_of(self.test_case)
        return self.findings.verdict(
            self.test_case, requirement.reference, nothing_seen, requirement.reading
        )


class Panel:
    """Several judges before one trace."""

    def __init__(self, judges: Sequence[Judge]) -> None:
        self.judges = judges
        self._handlers: dict[str, list[tuple[Judge, Callable[[Any], None]]]] = {
            protocol: [(judge, getattr(judge, name)) for judge in judges if hasattr(judge, name)]
            for protocol, name in _HANDLERS.items()
        }

    def observe(self, message: Message) -> None:
        """Show one message to every judge that reads its protocol."""
        for judge, handler in self._handlers[message.protocol]:
            try:
                handler(message)
            except DecodeError as error:
                # Elements are decoded when a judge asks for them: this one could not be.
                judge.findings.doubt(
                    f"{message.name} holds an element that cannot be read ({error.reason})",
                    message.frame,
                )

    def verdicts(self) -> list[Verdict]:
        """Every judge's verdict, in the order of the judges."""
        return [judge.verdict() for judge in self.judges]


def judge_trace(messages: Iterable[Message], judges: Sequence[Judge]) -> list[Verdict]:
    """The verdicts on a whole trace."""
    panel = Panel(judges)
    for message in messages:
        panel.observe(message)
    return panel.verdicts()
