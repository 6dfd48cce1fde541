"""Readings of a section of a trace that several judges share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makmal.judges.verdict import Findings
from makmal.protocol import nas
from makmal.trace.message import NasMessage, SbiMessage
from makmal.trace.trace import NOT_DONE, Section, Trace

M = nas.MessageType
AUSF = "nausf-auth"
# How a step says what its variant is not run for: it takes nothing from the verdict.
NOT_APPLICABLE = "not applicable: "
# How a step says that it only prepares a variant.
PREPARATION = "preparation of "
# What the user agent of the tester's own requests ends with.
TESTER = "makmal-tester"
# How a step carries a line of the product's log.
LOG = "log: "


def first(messages: Iterator[NasMessage], *types: int) -> NasMessage | None:
    """The first message of these types."""
    return next((each for each in messages if each.message_type in types), None)


def last(messages: Iterator[NasMessage], *types: int) -> NasMessage | None:
    """The last message of these types."""
    found = [each for each in messages if each.message_type in types]
    return found[-1] if found else None


def requests(section: Section, service: str) -> Iterator[SbiMessage]:
    """The requests of a service."""
    return (
        each
        for each in section.services
        if each.http.is_request and each.operation is not None and each.operation.service == service
    )


def answer_to(section: Section, request: SbiMessage) -> SbiMessage | None:
    """The response to a request, if it came."""
    return next((each for each in section.services if each.request is request), None)


def exchange(section: Section) -> tuple[SbiMessage, SbiMessage | None] | None:
    """The tester's first request of a section, with its answer if it came; None for none."""
    for message in section.services:
        if message.http.is_request and (message.http.header("user-agent") or "").endswith(TESTER):
            return message, answer_to(section, message)
    return None


def document(message: SbiMessage | None) -> dict[str, Any]:
    """The JSON object of a message; empty for none."""
    value = None if message is None or message.document is None else message.document.value
    return value if isinstance(value, dict) else {}


def variant(trace: Trace, findings: Findings, name: str) -> Section | None:
    """The section of a variant; a doubt when it was not run. That it was prepared is not enough: a
    trace may end there. What was not done, or does not apply, the trace says itself.
    """
    section = trace.section(name)
    if section is None and not any(
        name in each.name and each.name.startswith((NOT_DONE, NOT_APPLICABLE))
        for each in trace.sections()
    ):
        findings.doubt(f"{name}: not in this trace")
    return section


def is_reaction(message: NasMessage) -> bool:
    """Whether a downlink message processes something: 5GMM STATUS does not (24.501, 7.4)."""
    return message.message_type != M.FIVE_GMM_STATUS
