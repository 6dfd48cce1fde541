"""OWASP API4 and API6:2023: how much one client can take, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import (
    NOT_NOW,
    ApplicationCase,
    exchanges,
    last_exchange,
    named,
)
from makmal.testcases.reading import NOT_APPLICABLE, variant
from makmal.trace.message import ApplicationMessage, ConnectionEnd
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench
    from makmal.bench.application.openapi import Operation

_FIRST = "first"
_STOPPED = frozenset({429, 503})
_TOO_LARGE, _TIMEOUT = 413, 408
_PAGE_NAMES = ("limit", "page_size", "pagesize", "per_page", "size", "count", "top", "max")
_MOST_MADE = 150


class ResourceConsumption(ApplicationCase):
    """API4: bodies, pages, numbers of requests and the time of one are bounded."""

    name = "MAKMAL_API4_RESOURCE_CONSUMPTION"
    LARGE, PAGE, MANY, SLOW = (
        "a body twice as large as the largest",
        "a page of a million: ",
        "many requests in a row",
        "half a request, and then nothing",
    )

    async def drive(self, bench: ApplicationBench) -> None:
        """One after the other; the burst last, since it may lead to a pause."""
        await bench.ready(_FIRST)
        await self._large(bench)
        for operation in bench.operations:
            name = _page_parameter(operation)
            usual = operation.method == "GET" and not bench.is_administrative(operation)
            if usual and name and not operation.path_parameters:
                await self._page(bench, operation, name)
        path = bench.protected_reading().path
        with bench.variant(self.SLOW):
            head = f"GET {bench.settings.prefix}{path} HTTP/1.1\r\nHost: {bench.settings.host}\r\n"
            await bench.send_slowly(head.encode(), bench.settings.slow_seconds)
        with bench.variant(f"{self.MANY}, at most {bench.settings.burst}"):
            for _ in range(bench.settings.burst):
                answer = await bench.request("GET", path, _FIRST, patient=False)
                if answer.status in _STOPPED:
                    break

    async def _large(self, bench: ApplicationBench) -> None:
        taking = [each for each in bench.operations if each.body is not None]
        taking = [each for each in taking if each.method == "POST" and not each.path_parameters]
        taking.sort(key=lambda each: each.is_public)
        if not taking:
            bench.mark(f"{NOT_APPLICABLE}no operation takes a body")
            return
        operation = taking[0]
        document = bench.example_of(operation)
        filler = "x" * (2 * bench.settings.largest_body)
        if isinstance(document, dict):
            text = next((key for key, value in document.items() if isinstance(value, str)), "text")
            document = {**document, text: filler}
        else:
            document = filler
        with bench.variant(self.LARGE):
            await bench.overwhelm("POST", operation.path, _FIRST, document)

    async def _page(self, bench: ApplicationBench, operation: Operation, name: str) -> None:
        schema = next(each.schema for each in operation.parameters if each.name == name)
        most = schema.get("maximum")
        bench.preparing(f"{operation.name}: more objects than a page holds")
        maker = bench.settings.description.find(f"POST {operation.path}")
        if isinstance(most, int) and most < _MOST_MADE and maker is not None and maker.body:
            for _ in range(most + 1):
                await bench.request("POST", maker.path, _FIRST, document=bench.example_of(maker))
        with bench.variant(f"{self.PAGE}{operation.name}, at most {most}"):
            await bench.request("GET", f"{operation.path}?{name}=1000000", _FIRST)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on whatever has no bound."""
        findings = Findings()
        section = trace.section(self.LARGE)
        if section is not None:
            _judge_large(findings, section)
        for subject, section in named(trace, self.PAGE):
            _judge_page(findings, subject, section)
        section = trace.section(self.SLOW)
        if section is not None:
            _judge_slow(findings, section)
        variant(trace, findings, self.SLOW)
        many = list(named(trace, self.MANY))
        for subject, section in many:
            _judge_many(findings, section, subject.rpartition(" ")[2])
        if not many:
            findings.doubt(f"{self.MANY}: not in this trace")
        return self.conclude(findings, trace, "nothing was tried")


def _page_parameter(operation: Operation) -> str:
    for each in operation.parameters:
        if each.place == "query" and each.name.lower() in _PAGE_NAMES:
            return each.name
    return ""


def _judge_large(findings: Findings, section: Section) -> None:
    exchange = last_exchange(section)
    ended = next((each for each in section.messages if isinstance(each, ConnectionEnd)), None)
    answers = [
        each
        for each in section.messages
        if isinstance(each, ApplicationMessage) and not each.http.is_request
    ]
    if any(each.http.status == _TOO_LARGE for each in answers):
        frames = [each.frame for each in answers]
        findings.conforming("a body that is too large was refused (413)", *frames)
    elif exchange is not None and exchange.status in NOT_NOW:
        findings.doubt(f"a body that is too large: {exchange}", *exchange.frames)
    elif exchange is not None and exchange.status is not None:
        findings.violation(
            f"a body that is too large was taken in whole before it was answered ({exchange})",
            *exchange.frames,
        )
    elif ended is not None and not ended.by_client:
        findings.conforming("the connection of a body that is too large was closed", ended.frame)
    else:
        findings.doubt("what became of a body that is too large was not seen")


def _judge_page(findings: Findings, subject: str, section: Section) -> None:
    exchange = last_exchange(section)
    name, _, most = subject.rpartition(", at most ")
    if exchange is None or exchange.status is None:
        findings.doubt(f"{name}: no answer was seen")
    elif exchange.status in NOT_NOW:
        findings.doubt(f"{name}: {exchange.status} tells nothing", *exchange.frames)
    elif exchange.status >= 500:
        findings.violation(f"{name} broke on a page of a million", *exchange.frames)
    elif 400 <= exchange.status < 500:
        findings.conforming(f"{name}: a page of a million was refused", *exchange.frames)
    elif not most.isdigit():
        findings.doubt(f"{name}: the description states no largest page", *exchange.frames)
    elif (length := _longest(exchange.document)) > int(most):
        findings.violation(f"{name} gave {length} objects, more than {most}", *exchange.frames)
    elif length == int(most):
        findings.conforming(f"{name} gave no more than {most} objects", *exchange.frames)
    else:
        findings.doubt(f"{name}: too few objects to tell", *exchange.frames)


def _longest(value: Any, depth: int = 0) -> int:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict) and depth < 8:
        return max((_longest(each, depth + 1) for each in value.values()), default=0)
    return 0


def _judge_slow(findings: Findings, section: Section) -> None:
    ends = [each for each in section.messages if isinstance(each, ConnectionEnd)]
    answers = [
        each
        for each in section.messages
        if isinstance(each, ApplicationMessage) and each.http.status == _TIMEOUT
    ]
    theirs = next((each for each in ends if not each.by_client), None)
    if answers:
        findings.conforming("half a request was answered with 408", answers[0].frame)
    elif theirs is not None:
        findings.conforming("the connection of half a request was closed", theirs.frame)
    elif ends:
        seconds = (ends[-1].time_ns - section.messages[0].time_ns) // 1_000_000_000
        findings.violation(f"half a request was waited on for {seconds} s", ends[-1].frame)
    else:
        findings.doubt("half a request was not sent")


def _judge_many(findings: Findings, section: Section, wanted: str) -> None:
    found = [each for each in exchanges(section) if each.response is not None]
    stopped = next((each for each in found if each.status in _STOPPED), None)
    if stopped is not None and stopped is found[0]:
        findings.doubt(f"the first request was answered with {stopped.status}", *stopped.frames)
    elif stopped is not None:
        count = len(found)
        findings.conforming(f"after {count} requests in a row, no more were taken", *stopped.frames)
    elif not wanted.isdigit() or len(found) < int(wanted):
        findings.doubt(f"only {len(found)} requests were answered")
    else:
        findings.violation(
            f"{len(found)} requests in a row were all served",
            *found[0].frames,
            *found[-1].frames,
        )


class BusinessFlows(ApplicationCase):
    """API6: accounts cannot be made by a machine without end."""

    name = "MAKMAL_API6_BUSINESS_FLOWS"
    features: ClassVar[tuple[str, ...]] = ("registration",)
    STEP = "many new accounts in a row"
    _COUNT = 25

    async def drive(self, bench: ApplicationBench) -> None:
        """So many accounts in a row, with good passwords."""
        registration = bench.settings.registration
        bench.needs(registration, "a way to register ([application.registration])")
        if registration is None:
            return
        with bench.variant(self.STEP):
            for number in range(self._COUNT):
                name = bench.new_name(f"flow{number}")
                answer = await bench.log_in_with(
                    registration, name, f"Makmal-{name}-9z", patient=False
                )
                if answer.status in _STOPPED:
                    break

    def judge(self, trace: Trace) -> Verdict:
        """Fail when all of them were made."""
        findings = Findings()
        section = trace.section(self.STEP)
        found = [] if section is None else exchanges(section)
        made = [each for each in found if each.succeeded]
        refusal = next((each for each in found if each.status in _STOPPED), None)
        if refusal is not None and made and found[0].succeeded:
            findings.conforming(
                f"after {len(made)} new accounts, no more were made", *refusal.frames
            )
        elif len(made) == len(found) and len(made) >= self._COUNT:
            findings.violation(f"{len(made)} accounts were made in a row", *made[-1].frames)
        elif found:
            statuses = ", ".join(sorted({str(each.status) for each in found}))
            findings.doubt(f"making accounts did not go as described ({statuses})")
        return self.conclude(findings, trace, "no account was made")
