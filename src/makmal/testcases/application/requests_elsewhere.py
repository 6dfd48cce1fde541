"""OWASP API7 and API10:2023: what an application asks elsewhere for, and what it believes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.sbi import HttpMessage
from makmal.testcases.application.case import ApplicationCase, Exchange, exchanges, named
from makmal.trace.frame import Endpoint
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

_FIRST = "first"
_WHERE = " is at "


def _split(section: Section, marker: str) -> tuple[Exchange | None, list[Exchange]]:
    """The request to the application, and what it asked our listeners in turn."""
    found = exchanges(section)
    asked = [each for each in found if (each.request.http.path or "").startswith(marker)]
    own = [each for each in found if each not in asked]
    return (own[-1] if own else None), asked


class ServerSideRequestForgery(ApplicationCase):
    """API7: URLs of internal hosts are not fetched, whatever way they are written."""

    name = "MAKMAL_API7_SSRF"
    features: ClassVar[tuple[str, ...]] = ("fetching",)
    GOOD, BAD = "a URL that may be fetched", "an internal URL, "
    MARKER = "/makmal-"

    async def drive(self, bench: ApplicationBench) -> None:
        """Name URLs of our own listener, which the application must not fetch."""
        fetching = bench.settings.fetching
        bench.needs(fetching, "an operation that fetches a URL ([application.fetching])")
        if fetching is None:
            return
        await bench.ready(_FIRST)
        forbidden = fetching.forbidden
        where = f"{_WHERE}{forbidden.address}:{forbidden.port}"
        bench.preparing(f"listening: what must not be fetched{where}")

        async def internal(message: HttpMessage) -> HttpMessage:
            return bench.answer(200, fetching.content.encode())

        async def outside(message: HttpMessage) -> HttpMessage:
            if "redirect" in (message.path or ""):
                location = f"http://{forbidden.address}:{forbidden.port}{self.MARKER}redirected"
                return bench.answer(302, b"", ("Location", location))
            return bench.answer(200, fetching.content.encode())

        await bench.listen(forbidden, internal)
        if fetching.permitted is not None:
            await bench.listen(fetching.permitted, outside)
            allowed = f"http://{fetching.permitted.address}:{fetching.permitted.port}"
            with bench.variant(self.GOOD):
                await bench.fetch(f"{allowed}{self.MARKER}good")
            with bench.variant(f"{self.BAD}by a redirection{where}"):
                await bench.fetch(f"{allowed}{self.MARKER}redirect")
        for way, host in _ways(forbidden):
            with bench.variant(f"{self.BAD}{way}{where}"):
                await bench.fetch(f"http://{host}:{forbidden.port}{self.MARKER}internal")

    def judge(self, trace: Trace) -> Verdict:
        """Fail when our listener was asked."""
        findings = Findings()
        good = trace.section(self.GOOD)
        own, asked = (None, []) if good is None else _split(good, self.MARKER)
        alive = own is not None and own.succeeded and bool(asked)
        if good is not None and not alive:
            findings.doubt("a URL that may be fetched was not", *(own.frames if own else ()))
        for subject, section in named(trace, self.BAD):
            way, _, where = subject.partition(_WHERE)
            own, asked = _split(section, self.MARKER)
            hits = [each for each in asked if _at(each) == where]
            if hits:
                findings.violation(f"an internal URL was fetched {way}", *hits[0].frames)
            elif own is None or own.status is None:
                findings.doubt(f"an internal URL, {way}: no answer was seen")
            elif alive or 400 <= own.status < 500:
                findings.conforming(f"an internal URL was not fetched {way}", *own.frames)
            else:
                findings.doubt(f"an internal URL, {way}: {own.status} tells nothing", *own.frames)
        return self.conclude(findings, trace, "no URL was named")


def _at(exchange: Exchange) -> str:
    end = exchange.request.destination
    return f"{end.address}:{end.port}"


def _ways(end: Endpoint) -> list[tuple[str, str]]:
    """Ways to write an address that filters of text do not know."""
    ways = [("by its address", end.address)]
    parts = end.address.split(".")
    if len(parts) == 4:
        number = int.from_bytes(bytes(int(part) for part in parts), "big")
        ways.append(("by its address as one number", str(number)))
        ways.append(("by its address mapped to IPv6", f"[::ffff:{end.address}]"))
        ways.append(("behind a user name", f"example.org@{end.address}"))
    return ways


class UnsafeConsumption(ApplicationCase):
    """API10: what another service answers is bounded and validated before it is used."""

    name = "MAKMAL_API10_UNSAFE_CONSUMPTION"
    features: ClassVar[tuple[str, ...]] = ("fetching",)
    GOOD, LARGE, STRANGE = "what is expected", "far too much", "something else than is expected"
    MARKER = "/makmal-"
    STRANGE_CONTENT = "<script>makmal-strange</script>"

    async def drive(self, bench: ApplicationBench) -> None:
        """Our permitted listener answers well, then with too much, then with something else."""
        fetching = bench.settings.fetching
        bench.needs(fetching, "an operation that fetches a URL ([application.fetching])")
        if fetching is None:
            return
        bench.needs(fetching.permitted, "an end of ours that may be fetched from (permitted)")
        if fetching.permitted is None:
            return
        await bench.ready(_FIRST)
        filler = bench.settings.largest_body

        async def answers(message: HttpMessage) -> HttpMessage:
            path = message.path or ""
            if path.endswith("large"):
                return bench.answer(200, b"[" + b"1," * filler + b"1]")
            if path.endswith("strange"):
                return bench.answer(200, self.STRANGE_CONTENT.encode())
            return bench.answer(200, fetching.content.encode())

        await bench.listen(fetching.permitted, answers)
        url = f"http://{fetching.permitted.address}:{fetching.permitted.port}{self.MARKER}"
        for name, path in ((self.GOOD, "good"), (self.LARGE, "large"), (self.STRANGE, "strange")):
            with bench.variant(name):
                await bench.fetch(url + path)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when too much, or something else, is taken for good."""
        findings = Findings()
        good = trace.section(self.GOOD)
        own, asked = (None, []) if good is None else _split(good, self.MARKER)
        alive = own is not None and own.succeeded and bool(asked)
        for name in (self.LARGE, self.STRANGE):
            section = trace.section(name)
            if section is None:
                continue
            own, asked = _split(section, self.MARKER)
            frames = own.frames if own else ()
            if own is None or own.status is None or not asked:
                findings.doubt(
                    f"the service answered with {name}, and what came of it was not seen"
                )
            elif own.succeeded:
                findings.violation(f"the service answered with {name}, and it was taken", *frames)
            elif alive:
                findings.conforming(f"the service answered with {name}: it was not taken", *frames)
            else:
                findings.doubt(f"{name} was not taken, but what is expected was neither", *frames)
        return self.conclude(findings, trace, "nothing was fetched")
