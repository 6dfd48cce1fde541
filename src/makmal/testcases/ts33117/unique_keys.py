"""TS 33.117, 4.3.6.3: JSON that names a key twice is an error, and breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.sbi.json_text import json_text, with_repeated
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import (
    is_known,
    judge_refused,
    judge_served,
    sections_of,
    status_of,
    was_served,
)
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench


def scalars(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The members of a JSON value that are no objects and no arrays, by their paths."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in entries:
        if isinstance(each, dict | list):
            yield from scalars(each, f"{path}/{name}")
        elif isinstance(value, dict):
            yield f"{path}/{name}", each


def another(value: Any) -> Any:
    """Another value of the same JSON type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}-other"


class UniqueKeys(TestCase):
    """4.3.6.3: the same value twice, another value before and after, deep inside."""

    name = "MAKMAL_SBI_UNIQUE_KEYS"
    BEFORE, AFTER = "a valid request", "a valid request after"
    SAME = "a key with its value twice"
    FIRST = "a key with another value before its own"
    LAST = "a key with another value after its own"
    DEEP = "a key twice in an object inside"
    VARIANTS = (SAME, FIRST, LAST, DEEP)

    async def procedure(self, bench: Bench) -> None:
        """Our encoder repeats a key; after each such request a valid one."""
        operation = await bench.services.operation()
        with bench.variant(self.BEFORE):
            await operation.send()
        for name in self.VARIANTS:
            call = await operation.call()
            members = list(scalars(call.json))
            top = next((each for each in members if each[0].count("/") == 1), members[0])
            path, value = top if name != self.DEEP else max(members, key=lambda m: m[0].count("/"))
            before = another(value) if name == self.FIRST else None
            after = another(value) if name == self.LAST else None
            octets = json_text(with_repeated(call.json, path, before, after))
            with bench.variant(name):
                await operation.send(call.with_octets(octets))
            after_it = await operation.call()
            with bench.variant(f"{self.AFTER} {name}"):
                await operation.send(after_it)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one is accepted, or when a valid request is refused afterwards."""
        findings = Findings()
        sections = sections_of(trace)
        served = is_known(sections, findings, self.BEFORE) and judge_served(
            findings, self.BEFORE, sections[self.BEFORE]
        )
        for name in self.VARIANTS if served else ():
            if not is_known(sections, findings, name):
                continue
            judge_refused(findings, name, sections[name])
            after = f"{self.AFTER} {name}"
            if is_known(sections, findings, after):
                status, frames = status_of(sections[after])
                if not was_served(sections[after]):
                    said = "no answer" if status is None else f"{status}"
                    findings.violation(f"{after}: {said}", *frames)
        return self.conclude(findings, trace, "no request with a repeated key was sent")
