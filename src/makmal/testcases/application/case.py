"""What the test cases of applications have in common: their bench, and readings of a section."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from makmal.judges.verdict import Findings
from makmal.protocol.errors import DecodeError
from makmal.testcases.test_case import TestCase, TraceReader
from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import ApplicationMessage, ConnectionAttempt, TlsConnection
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

# What a server says that does not do anything just now.
NOT_NOW = frozenset({429, 502, 503, 504})
REFUSALS = frozenset({401, 403, 404})
_TOO_MANY = 429


class ApplicationCase(TestCase):
    """A test case on an application."""

    def reader(self, knowledge: Knowledge, secrets: Sequence[tuple[int, bytes]]) -> TraceReader:
        """What reads the traces of applications."""
        return ApplicationDissector(knowledge, secrets)

    async def procedure(self, bench: Any) -> None:
        """The steps, on the bench for applications."""
        await self.drive(bench)

    @abstractmethod
    async def drive(self, bench: ApplicationBench) -> None:
        """The steps."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and its response if it came."""

    request: ApplicationMessage
    response: ApplicationMessage | None

    @property
    def status(self) -> int | None:
        """The status of the response, None where there is none."""
        return None if self.response is None else self.response.http.status

    @property
    def succeeded(self) -> bool:
        """Whether the response is 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames of both."""
        if self.response is None:
            return (self.request.frame,)
        return (self.request.frame, self.response.frame)

    @property
    def document(self) -> Any:
        """The JSON of the response, None where there is none."""
        return None if self.response is None else document(self.response)

    def __str__(self) -> str:
        outcome = "no answer" if self.status is None else str(self.status)
        return f"{self.request.name[:120]}: {outcome}"


def document(message: ApplicationMessage) -> Any:
    """The JSON of a body, None where there is none."""
    try:
        return message.http.json().value if message.http.body else None
    except DecodeError:
        return None


def exchanges(section: Section) -> list[Exchange]:
    """Requests and responses of a section in order, without attempts that were too many and were
    made again.
    """
    answers = {
        id(each.request): each
        for each in section.messages
        if isinstance(each, ApplicationMessage) and not each.http.is_request
    }
    found = [
        Exchange(each, answers.get(id(each)))
        for each in section.messages
        if isinstance(each, ApplicationMessage) and each.http.is_request
    ]
    return [
        each
        for number, each in enumerate(found)
        if each.status != _TOO_MANY
        or not any(later.request.name == each.request.name for later in found[number + 1 :])
    ]


def last_exchange(section: Section | None) -> Exchange | None:
    """The last of a section."""
    found = [] if section is None else exchanges(section)
    return found[-1] if found else None


def named(trace: Trace, beginning: str) -> Iterator[tuple[str, Section]]:
    """The sections whose names begin so, with what follows."""
    for section in trace.sections():
        if section.name.startswith(beginning):
            yield section.name.removeprefix(beginning), section


def groups(trace: Trace, roles: tuple[str, ...]) -> dict[str, dict[str, Section]]:
    """Sections named "SUBJECT: ROLE", by subject and role."""
    found: dict[str, dict[str, Section]] = {}
    for section in trace.sections():
        for role in roles:
            if section.name.endswith(f": {role}"):
                subject = section.name.removesuffix(f": {role}")
                found.setdefault(subject, {})[role] = section
    return found


def handshakes(section: Section) -> list[TlsConnection]:
    """The TLS handshakes of a section."""
    return [each for each in section.messages if isinstance(each, TlsConnection)]


def attempts(section: Section) -> list[ConnectionAttempt]:
    """The connections that were tried in a section."""
    return [each for each in section.messages if isinstance(each, ConnectionAttempt)]


def locked(found: Sequence[Exchange], locking: Collection[int], slow_ns: int) -> bool:
    """Whether the last of many attempts was put off: answered otherwise than the first was, with
    one of these statuses, or late.
    """
    first, last = found[0], found[-1]
    delay = last.response.time_ns - last.request.time_ns if last.response is not None else 0
    return (last.status in locking and last.status != first.status) or delay > slow_ns


def refused(findings: Findings, what: str, exchange: Exchange | None, alive: bool) -> None:
    """Judge that a request is refused by an application that answers good ones."""
    if exchange is None or exchange.response is None:
        findings.doubt(f"{what}: no answer was seen", *(exchange.frames if exchange else ()))
    elif exchange.succeeded:
        findings.violation(f"{what} was served ({exchange})", *exchange.frames)
    elif exchange.status not in REFUSALS:
        findings.doubt(f"{what}: {exchange.status} tells nothing", *exchange.frames)
    elif not alive:
        findings.doubt(f"{what} was refused, but a good request was too", *exchange.frames)
    else:
        findings.conforming(f"{what} was refused", *exchange.frames)
