"""Inputs made from the description: what the schema allows, and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import NOT_NOW, ApplicationCase, last_exchange, named
from makmal.trace.message import ApplicationMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

_FIRST, _TOO_LARGE, _NOT_IMPLEMENTED = "first", 413, 501


class InputValidation(ApplicationCase):
    """What does not fit the schema is refused, and nothing makes the application break."""

    name = "MAKMAL_APPLICATION_INPUT"
    OUTSIDE, WITHIN, ALIVE = "outside the schema: ", "within the schema: ", "a good request at last"

    async def drive(self, bench: ApplicationBench) -> None:
        """Every input, on objects of the first user."""
        await bench.ready(_FIRST)
        paths: dict[str, str | None] = {}
        for number, each in enumerate(bench.schema_inputs()):
            operation = bench.settings.description.find(each.operation)
            is_delicate = each.operation in (
                bench.settings.logout,
                *(known.operation for known in bench.logins),
            )
            if operation is None or bench.is_administrative(operation) or is_delicate:
                continue
            if operation.name not in paths:
                bench.preparing(f"{operation.name}: an object")
                paths[operation.name] = (
                    await bench.object_path(operation)
                    if operation.path_parameters
                    else operation.path
                )
            path = paths[operation.name]
            if path is None:
                continue
            query = each.path.partition("?")[2]
            beginning = self.WITHIN if each.fits else self.OUTSIDE
            with bench.variant(f"{beginning}{operation.name}, input {number}"):
                where = f"{path}?{query}" if query else path
                await bench.request(each.method, where, _FIRST, body=each.body)
        with bench.variant(self.ALIVE):
            await bench.request("GET", bench.protected_reading().path, _FIRST)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when an input from outside the schema is taken, or any makes the server break."""
        findings = Findings()
        alive = last_exchange(trace.section(self.ALIVE))
        if alive is None or not alive.succeeded:
            findings.doubt("the application did not answer a good request at last")
        for beginning in (self.OUTSIDE, self.WITHIN):
            for subject, section in named(trace, beginning):
                exchange = last_exchange(section)
                name = subject.partition(",")[0]
                if exchange is None and (early := _early_refusal(section)) is not None:
                    findings.conforming(f"{name} refused an input before its end", early)
                elif exchange is None or exchange.status is None:
                    findings.doubt(f"{name}: an input was not answered")
                elif exchange.status in NOT_NOW:
                    findings.doubt(f"{name}: {exchange.status} tells nothing", *exchange.frames)
                elif exchange.status >= 500 and exchange.status != _NOT_IMPLEMENTED:
                    findings.violation(f"{name} broke on an input", *exchange.frames)
                elif beginning == self.OUTSIDE and exchange.succeeded:
                    findings.violation(
                        f"{name} took an input that its schema does not allow", *exchange.frames
                    )
                elif beginning == self.OUTSIDE:
                    findings.conforming(
                        f"{name} refused what its schema does not allow", *exchange.frames
                    )
        return self.conclude(findings, trace, "no operation takes an input that could be tried")


def _early_refusal(section: Section) -> int | None:
    """The frame of a refusal that came before the request was sent in whole."""
    for each in section.messages:
        if isinstance(each, ApplicationMessage) and each.http.status == _TOO_LARGE:
            return each.frame
    return None
