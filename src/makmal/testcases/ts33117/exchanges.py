"""How the requests of the tester were answered, section by section."""

from __future__ import annotations

from collections.abc import Iterable

from makmal.judges.verdict import Findings
from makmal.testcases.reading import NOT_APPLICABLE, exchange
from makmal.trace.trace import NOT_DONE, Section, Trace

# The statuses with which a consumer is refused (TS 29.500, 6.7.3; RFC 6750, 3.1).
NOT_AUTHORIZED = frozenset({400, 401, 403})


def sections_of(trace: Trace) -> dict[str, Section]:
    """The sections by their names; of two with one name, the first."""
    found: dict[str, Section] = {}
    for section in trace.sections():
        found.setdefault(section.name, section)
    return found


def is_known(sections: dict[str, Section], findings: Findings, name: str) -> bool:
    """Whether a variant was run; where it was neither run nor said why, that is a doubt."""
    if name in sections:
        return True
    if not any(name in each and each.startswith((NOT_DONE, NOT_APPLICABLE)) for each in sections):
        findings.doubt(f"{name}: not in this trace")
    return False


def status_of(section: Section) -> tuple[int | None, tuple[int, ...]]:
    """The status of the answer to the tester, None for none; and the frames."""
    found = exchange(section)
    if found is None:
        return None, (section.frame,)
    request, answer = found
    if answer is None:
        return None, (request.frame,)
    return answer.http.status, (request.frame, answer.frame)


def was_served(section: Section) -> bool:
    """Whether the product did what the tester asked for."""
    status, _ = status_of(section)
    return status is not None and 200 <= status < 300


def judge_served(findings: Findings, name: str, section: Section) -> bool:
    """A good request must be served, or nothing that is refused proves anything."""
    status, frames = status_of(section)
    if was_served(section):
        findings.conforming(f"{name}: served with {status}", *frames)
        return True
    said = "without an answer" if status is None else f"refused with {status}"
    findings.doubt(f"{name}: a good request was {said}, so that nothing is shown", *frames)
    return False


def judge_refused(
    findings: Findings, name: str, section: Section, statuses: Iterable[int] | None = None
) -> None:
    """A bad request must be refused: with one of these statuses, or with any of 400 to 499."""
    status, frames = status_of(section)
    allowed = range(400, 500) if statuses is None else statuses
    if status is None:
        findings.doubt(f"{name}: no answer", *frames)
    elif 200 <= status < 300:
        findings.violation(f"{name}: accepted with {status}", *frames)
    elif status in allowed:
        findings.conforming(f"{name}: refused with {status}", *frames)
    else:
        findings.doubt(
            f"{name}: answered with {status}, which does not say that it was refused", *frames
        )
