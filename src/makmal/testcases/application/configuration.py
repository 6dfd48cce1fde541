"""OWASP API8 and API9:2023, and the headers that browsers are told to be careful by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import (
    NOT_NOW,
    ApplicationCase,
    Exchange,
    exchanges,
    last_exchange,
    named,
)
from makmal.testcases.reading import NOT_APPLICABLE, variant
from makmal.trace.message import ApplicationMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

_FIRST = "first"
_NOT_SERVED = frozenset({301, 302, 307, 308, 400, 403, 426, 497})


class Misconfiguration(ApplicationCase):
    """API8: errors tell nothing of the inside, foreign origins have no rights, methods are few."""

    name = "MAKMAL_API8_MISCONFIGURATION"
    ERROR, ORIGIN, TRACE, VERSION, CLEAR = (
        "an error is provoked, ",
        "a request from a foreign origin",
        "the method TRACE",
        "what the server says of itself",
        "a request without TLS",
    )
    _INSIDE = re.compile(
        rb"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
        rb"|\bat [\w.$<>]+\([\w.]+:\d+\)"
        rb"|\.(py|php|java|rb|go|cs):\d+|SQLSTATE|syntax error at or near|ORA-\d{5}|stack ?trace",
        re.IGNORECASE,
    )
    _SOFTWARE = re.compile(r"/\d+\.\d+|\b\d+\.\d+\.\d+")

    async def drive(self, bench: ApplicationBench) -> None:
        """Wrong requests of several kinds, then the single ones."""
        await bench.ready(_FIRST)
        reading = bench.protected_reading().path
        with bench.variant(self.VERSION):
            await bench.request("GET", reading, _FIRST)
        with bench.variant(f"{self.ERROR}a path that is not there"):
            await bench.request("GET", "/makmal/not-there'%22%3C", _FIRST)
        with bench.variant(f"{self.ERROR}a method that is not there"):
            await bench.request("PROPFIND", reading, _FIRST)
        for operation in bench.operations:
            if operation.body is None or operation.path_parameters:
                continue
            for what, body in (("broken JSON", b'{"makmal": '), ("a list of numbers", b"[1, 2]")):
                with bench.variant(f"{self.ERROR}{what} to {operation.name}"):
                    await bench.request(operation.method, operation.path, _FIRST, body=body)
        with bench.variant(self.ORIGIN):
            origin = (("Origin", "https://makmal-foreign.example"),)
            await bench.request("GET", reading, _FIRST, headers=origin)
        with bench.variant(self.TRACE):
            await bench.request("TRACE", reading, _FIRST, headers=(("X-Makmal", "echo"),))
        if bench.settings.is_tls:
            with bench.variant(self.CLEAR):
                await bench.clear_text(reading)
        else:
            bench.mark(f"{NOT_APPLICABLE}{self.CLEAR}: the target names no https address")

    def judge(self, trace: Trace) -> Verdict:
        """Fail on any of these."""
        findings = Findings()
        good = last_exchange(variant(trace, findings, self.VERSION))
        if good is None or not good.succeeded:
            findings.doubt("a good request was not served, so that little is shown")
        for subject, section in named(trace, self.ERROR):
            self._judge_error(findings, subject, last_exchange(section))
        self._judge_origin(findings, last_exchange(variant(trace, findings, self.ORIGIN)))
        echoed = last_exchange(variant(trace, findings, self.TRACE))
        if echoed is not None and echoed.response is not None:
            if echoed.status in NOT_NOW:
                findings.doubt(f"TRACE: {echoed.status} tells nothing", *echoed.frames)
            elif echoed.succeeded and b"X-Makmal" in echoed.response.http.body:
                findings.violation("TRACE gives requests back", *echoed.frames)
            else:
                findings.conforming("TRACE is not answered", *echoed.frames)
        else:
            findings.doubt(f"{self.TRACE}: no answer was seen")
        self._judge_version(findings, last_exchange(trace.section(self.VERSION)))
        clear = variant(trace, findings, self.CLEAR)
        if clear is not None:
            _judge_clear(findings, clear)
        return self.conclude(findings, trace, "nothing was provoked")

    def _judge_error(self, findings: Findings, subject: str, exchange: Exchange | None) -> None:
        if exchange is None or exchange.response is None:
            findings.doubt(f"{subject}: no answer was seen")
            return
        match = self._INSIDE.search(exchange.response.http.body)
        if match is not None:
            shown = match[0].decode("utf-8", "replace")
            findings.violation(f"{subject} brings the inside to light ({shown})", *exchange.frames)
        elif exchange.succeeded or exchange.status in NOT_NOW:
            findings.doubt(f"{subject} was no error ({exchange.status})", *exchange.frames)
        else:
            findings.conforming("errors tell nothing of the inside", *exchange.frames)

    def _judge_origin(self, findings: Findings, exchange: Exchange | None) -> None:
        if exchange is None or exchange.response is None or not exchange.succeeded:
            findings.doubt(f"{self.ORIGIN}: it was not served")
            return
        http = exchange.response.http
        allowed = http.header("access-control-allow-origin") or ""
        credentials = (http.header("access-control-allow-credentials") or "").lower() == "true"
        if allowed == "https://makmal-foreign.example" or (allowed == "*" and credentials):
            findings.violation("any foreign origin may read answers", *exchange.frames)
        else:
            findings.conforming("a foreign origin has no rights", *exchange.frames)

    def _judge_version(self, findings: Findings, exchange: Exchange | None) -> None:
        if exchange is None or exchange.response is None:
            return
        for header in ("server", "x-powered-by", "x-aspnet-version"):
            value = exchange.response.http.header(header) or ""
            if self._SOFTWARE.search(value):
                findings.violation(
                    f"the header {header} names software and version ({value})", *exchange.frames
                )
                return
        findings.conforming("no header names software and version", *exchange.frames)


def _judge_clear(findings: Findings, section: Section) -> None:
    found = [each for each in exchanges(section) if not each.request.protected]
    # A redirection to https, or that this is no TLS, are what a sound server may say.
    answered = [each for each in found if each.status is not None]
    served = next((each for each in answered if each.status not in _NOT_SERVED), None)
    if served is not None:
        findings.violation("the same port serves without TLS", *served.frames)
    elif section.messages:
        findings.conforming("nothing is served without TLS", section.messages[-1].frame)
    else:
        findings.doubt("a request without TLS was not sent")


class SecurityHeaders(ApplicationCase):
    """Headers after the OWASP REST Security Cheat Sheet."""

    name = "MAKMAL_APPLICATION_HEADERS"
    GOOD, BAD = "headers of what is served", "headers of what is refused"

    async def drive(self, bench: ApplicationBench) -> None:
        """One answer of each kind."""
        await bench.ready(_FIRST)
        path = bench.protected_reading().path
        with bench.variant(self.GOOD):
            await bench.request("GET", path, _FIRST)
        with bench.variant(self.BAD):
            await bench.request("GET", path)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on each header that is missing or says nothing."""
        findings = Findings()
        for name in (self.GOOD, self.BAD):
            exchange = last_exchange(trace.section(name))
            if exchange is None or exchange.response is None:
                findings.doubt(f"{name}: no answer was seen")
                continue
            if exchange.status in NOT_NOW or (name == self.GOOD and not exchange.succeeded):
                findings.doubt(f"{name}: {exchange.status}", *exchange.frames)
                continue
            missing = list(_missing(exchange.response, name == self.GOOD))
            for each in missing:
                findings.violation(f"{name}: {each}", *exchange.frames)
            if not missing:
                findings.conforming(f"{name}: all are there", *exchange.frames)
        return self.conclude(findings, trace, "no answer was seen")


def _missing(message: ApplicationMessage, personal: bool) -> list[str]:
    http, found = message.http, []

    def header(name: str) -> str:
        return (http.header(name) or "").lower()

    age = re.search(r"max-age=(\d+)", header("strict-transport-security"))
    if message.protected and (age is None or int(age[1]) < 86_400):
        found.append("no Strict-Transport-Security for a day or more")
    if header("x-content-type-options") != "nosniff":
        found.append("no X-Content-Type-Options: nosniff")
    framed = "frame-ancestors" in header("content-security-policy")
    if not framed and header("x-frame-options") not in ("deny", "sameorigin"):
        found.append("neither frame-ancestors nor X-Frame-Options")
    if personal and not re.search(r"no-store|no-cache|private", header("cache-control")):
        found.append("no Cache-Control that keeps personal data out of caches")
    return found


class Inventory(ApplicationCase):
    """API9: what is described is there, and nothing else: no old version, nothing left behind."""

    name = "MAKMAL_API9_INVENTORY"
    DESCRIBED, OLD, LEFT, NONE = (
        "described: ",
        "another version: ",
        "left behind: ",
        "a path that nobody has: ",
    )
    _LEFT = (
        *("/debug/vars", "/debug", "/actuator/env", "/actuator", "/metrics", "/.git/config"),
        *("/.env", "/server-status", "/phpinfo.php", "/console", "/trace", "/backup.sql"),
        *("/test", "/status", "/graphql", "/.htaccess", "/config.json", "/internal"),
    )
    _VERSIONS = ("v0", "v1", "v2", "beta", "internal")

    async def drive(self, bench: ApplicationBench) -> None:
        """What is described, then what is not."""
        await bench.ready(_FIRST)
        free = [
            each for each in bench.operations if each.method == "GET" and not each.path_parameters
        ]
        for operation in free[:20]:
            user = None if operation.is_public else _FIRST
            if bench.is_administrative(operation):
                continue
            with bench.variant(f"{self.DESCRIBED}{operation.name}"):
                await bench.request("GET", operation.path, user)
        nobody = "/makmal-7f3a/nobody-has-this"
        with bench.variant(f"{self.NONE}{nobody}"):
            await bench.request("GET", nobody)
        described = {each.path for each in bench.operations}
        for operation in free:
            for other in _other_versions(operation.path, self._VERSIONS):
                if other not in described and not operation.is_public:
                    with bench.variant(f"{self.OLD}{other}"):
                        await bench.request("GET", other)
        for path in self._LEFT:
            if path not in described:
                with bench.variant(f"{self.LEFT}{path}"):
                    await bench.request("GET", path)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on what is served and not described."""
        findings = Findings()
        nobody = [last_exchange(section) for _, section in named(trace, self.NONE)]
        tells = bool(nobody) and nobody[0] is not None and not nobody[0].succeeded
        described = [last_exchange(section) for _, section in named(trace, self.DESCRIBED)]
        if not any(each is not None and each.succeeded for each in described):
            findings.doubt("nothing that is described was served, so that nothing is shown")
        if not nobody or nobody[0] is None or nobody[0].status is None:
            findings.doubt("a path that nobody has: no answer was seen")
        for subject, section in named(trace, self.DESCRIBED):
            exchange = last_exchange(section)
            if exchange is None or exchange.status is None:
                findings.doubt(f"{subject}: no answer was seen")
            if exchange is not None and exchange.status in (404, 405, 501):
                findings.doubt(
                    f"{subject} is described and not there: the OpenAPI file does not match the "
                    "application",
                    *exchange.frames,
                )
        for beginning in (self.OLD, self.LEFT):
            for subject, section in named(trace, beginning):
                exchange = last_exchange(section)
                if exchange is None or exchange.status is None:
                    findings.doubt(f"{subject}: no answer was seen")
                elif exchange.status in NOT_NOW:
                    findings.doubt(f"{subject}: {exchange.status} tells nothing", *exchange.frames)
                elif exchange.succeeded and tells:
                    findings.violation(f"{subject} is served and not described", *exchange.frames)
                elif exchange.succeeded:
                    findings.doubt(f"{subject}: the application serves any path", *exchange.frames)
                else:
                    findings.conforming("what is not described is not served", *exchange.frames)
        return self.conclude(findings, trace, "nothing was asked for")


def _other_versions(path: str, versions: tuple[str, ...]) -> list[str]:
    match = re.match(r"(.*/)(v\d+)(/.*)", path)
    if match is None:
        return []
    return [f"{match[1]}{each}{match[3]}" for each in versions if each != match[2]]
