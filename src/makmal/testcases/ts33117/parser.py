"""TS 33.117, 4.3.6.2: a parser of JSON runs nothing and fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import exchange
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import is_known, judge_served, sections_of, status_of
from makmal.trace.message import Step
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

# Two numbers whose product nobody writes by chance: who answers it has computed.
_FACTORS, _PRODUCT = (7919, 15485863), str(7919 * 15485863)
# The beginning of a file that every Linux has.
_FILE, _FILE_BEGINS = "file:///proc/version", "Linux version"
# How the listener's step marks begin.
HEARD = "the listener heard "
HOST_VIEW = "parser-host-view"


class ParserRunsNothing(TestCase):
    """4.3.6.2: scripts and references in bodies stay what they are: text."""

    name = "TC_JSON_PARSER_CODE_EXEC_INCL"
    BEFORE, AFTER = "a valid request", "a valid request after"
    # What is put in, with {url} for the listener's and {a}, {b} for the factors.
    PAYLOADS: ClassVar[dict[str, tuple[str, str]]] = {
        "an expression of a template": ("note", "{{{{{a}*{b}}}}} ${{{a}*{b}}} #{{{a}*{b}}}"),
        "a script": ("note", "require('http').get('{url}');fetch('{url}')"),
        "a lookup": ("note", "${{jndi:{url}}}"),
        "a command of a shell": ("note", "$(curl {url})"),
        "a script of a web page": ("note", "<script src='{url}'></script>"),
        "a remote reference": ("$ref", "{url}"),
        "a local reference": ("$ref", _FILE),
        "an external entity": ("note", "<!DOCTYPE x [<!ENTITY y SYSTEM '{url}'>]><x>&y;</x>"),
    }

    async def procedure(self, bench: Bench) -> None:
        """A listener of ours notices any fetch; after each body there is time for one."""
        operation = await bench.services.operation()
        async with bench.services.listener(HEARD) as url:
            with bench.variant(self.BEFORE):
                await operation.send()
            for name, (member, text) in self.PAYLOADS.items():
                call = await operation.call()
                filled = text.format(url=url, a=_FACTORS[0], b=_FACTORS[1])
                with bench.variant(name):
                    await operation.send(call.with_json({**call.json, member: filled}))
                    await bench.quiet()
            call = await operation.call()
            with bench.variant(self.AFTER):
                await operation.send(call)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on any fetch, on a computed product, on the content of a file."""
        findings = Findings()
        sections = sections_of(trace)
        self._judge_fetches(findings, trace)
        if is_known(sections, findings, self.BEFORE) and judge_served(
            findings, self.BEFORE, sections[self.BEFORE]
        ):
            for name in self.PAYLOADS:
                if is_known(sections, findings, name):
                    self._judge_answer(findings, name, sections[name])
            if is_known(sections, findings, self.AFTER):
                judge_served(findings, self.AFTER, sections[self.AFTER])
        if HOST_VIEW not in trace.declarations:
            findings.doubt(
                "from outside it cannot be seen that nothing was run: missing is the statement of "
                f"a reviewer who watched the host ([declarations.{HOST_VIEW}] of the target)"
            )
        return self.conclude(findings, trace, "no body with code or references was sent")

    def _judge_fetches(self, findings: Findings, trace: Trace) -> None:
        current = ""
        for message in trace.messages:
            if not isinstance(message, Step):
                continue
            if message.name.startswith(HEARD):
                what = message.name.removeprefix(HEARD)
                findings.violation(f"{current}: the product fetched {what}", message.frame)
            elif message.name in self.PAYLOADS:
                current = message.name

    def _judge_answer(self, findings: Findings, name: str, section: Section) -> None:
        found = exchange(section)
        status, frames = status_of(section)
        if found is None or found[1] is None:
            findings.doubt(f"{name}: no answer", *frames)
            return
        body = found[1].http.body
        if _PRODUCT.encode() in body:
            findings.violation(f"{name}: the answer holds what it computes", *frames)
        elif _FILE_BEGINS.encode() in body:
            findings.violation(f"{name}: the answer holds the content of a file", *frames)
        elif status is not None and status >= 500:
            findings.doubt(f"{name}: answered with {status}", *frames)
        else:
            findings.conforming(f"{name}: answered with {status}, nothing was fetched", *frames)
