"""OWASP API2:2023: who it is, and how hard it is to be taken for somebody else."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import (
    NOT_NOW,
    ApplicationCase,
    Exchange,
    document,
    exchanges,
    last_exchange,
    locked,
    named,
    refused,
)
from makmal.testcases.reading import NOT_APPLICABLE, variant
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

_FIRST, _SECOND = "first", "second"
_LOCKED = 423
_LOCKING = frozenset({403, _LOCKED, 429, 503})
_SLOW_NS = 1_000_000_000


class Authentication(ApplicationCase):
    """API2: tokens that are none are refused, guessing is stopped, weak passwords are not taken."""

    name = "MAKMAL_API2_AUTHENTICATION"
    GOOD, NONE = "with a good token", "without a token"
    ALTERED, UNSIGNED, ENDED = (
        "with an altered token",
        "with an unsigned token",
        "with a token after logging out",
    )
    WEAK, UNKNOWN, KNOWN, GUESSES = (
        "weak password: ",
        "an unknown name",
        "a known name with a wrong password",
        "many wrong passwords for one name",
    )
    _WEAK = ("1234", "password", "12345678")

    async def drive(self, bench: ApplicationBench) -> None:
        """One protected operation with tokens of all kinds; then what is around logging in."""
        await bench.ready(_FIRST)
        path = bench.protected_reading().path
        token = await bench.token(_FIRST)
        with bench.variant(self.GOOD):
            await bench.request("GET", path, token=token)
        with bench.variant(self.NONE):
            await bench.request("GET", path)
        with bench.variant(self.ALTERED):
            await bench.request("GET", path, token=_altered(token))
        unsigned = _unsigned(token)
        if unsigned is not None:
            with bench.variant(self.UNSIGNED):
                await bench.request("GET", path, token=unsigned)
        await self._log_out(bench, path)
        await self._register(bench)
        await self._guess(bench)

    async def _log_out(self, bench: ApplicationBench, path: str) -> None:
        if not bench.settings.logout:
            bench.mark(f"{NOT_APPLICABLE}the target names no way to log out")
            return
        method, _, where = bench.settings.logout.partition(" ")
        bench.preparing("logging out")
        bench.forget(_FIRST)
        token = await bench.token(_FIRST)
        await bench.request(method, where, token=token)
        with bench.variant(self.ENDED):
            await bench.request("GET", path, token=token)

    async def _register(self, bench: ApplicationBench) -> None:
        registration = bench.settings.registration
        if registration is None:
            bench.mark(f"{NOT_APPLICABLE}the target names no way to register")
            return
        for number, password in enumerate(self._WEAK):
            with bench.variant(f"{self.WEAK}{password}"):
                name = bench.new_name(f"weak{number}")
                await bench.log_in_with(registration, name, password)

    async def _guess(self, bench: ApplicationBench) -> None:
        login, user = bench.settings.login, bench.settings.users.get(_SECOND)
        if login is None or user is None or user.token:
            bench.not_done("guessing passwords: the target names no login and second user with one")
            return
        with bench.variant(self.UNKNOWN):
            await bench.log_in_with(login, bench.new_name("nobody"), "makmal-wrong-0")
        with bench.variant(self.KNOWN):
            await bench.log_in_with(login, user.name, "makmal-wrong-0")
        with bench.variant(self.GUESSES):
            first: int | None = None
            for number in range(bench.settings.login_attempts):
                wrong = f"makmal-wrong-{number}"
                answer = await bench.log_in_with(login, user.name, wrong, patient=False)
                first = answer.status if number == 0 else first
                if answer.status in _LOCKING and answer.status != first:
                    break

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a token that is none and is taken, on guessing without end, on weak passwords."""
        findings = Findings()
        good = last_exchange(trace.section(self.GOOD))
        alive = good is not None and good.succeeded
        if section_of_guesses := variant(trace, findings, self.GUESSES):
            self._judge_guesses(findings, section_of_guesses)
        for name in (self.NONE, self.ALTERED, self.UNSIGNED, self.ENDED):
            section = trace.section(name)
            if section is not None:
                refused(findings, f"a request {name}", last_exchange(section), alive)
        for password, section in named(trace, self.WEAK):
            _judge_weak(findings, password, last_exchange(section))
        self._judge_names(findings, trace)
        return self.conclude(findings, trace, "nothing that needs authentication was tried")

    def _judge_names(self, findings: Findings, trace: Trace) -> None:
        unknown = last_exchange(trace.section(self.UNKNOWN))
        known = last_exchange(trace.section(self.KNOWN))
        if unknown is None or known is None or unknown.response is None or known.response is None:
            if trace.section(self.GUESSES) is not None:
                findings.doubt("logging in with an unknown name, or a wrong password: no answer")
            return
        frames = (*unknown.frames, *known.frames)
        if unknown.status in NOT_NOW or known.status in NOT_NOW:
            findings.doubt("logging in was put off, so that names are not compared", *frames)
            return
        same = _said(unknown) == _said(known)
        if unknown.status != known.status or not same:
            findings.violation(
                "logging in tells which names exist: the answers to an unknown name and to a wrong "
                "password differ",
                *frames,
            )
        else:
            findings.conforming("logging in does not tell which names exist", *frames)

    def _judge_guesses(self, findings: Findings, section: Section) -> None:
        found = [each for each in exchanges(section) if each.response is not None]
        if not found:
            findings.doubt("no attempt to log in was answered")
            return
        last = found[-1]
        frames = (*found[0].frames, *last.frames)
        taken = next((each for each in found if each.succeeded), None)
        if taken is not None:
            findings.violation("a wrong password was taken for a right one", *taken.frames)
        elif locked(found, _LOCKING, _SLOW_NS):
            findings.conforming(f"guessing was stopped after {len(found)} attempts", *frames)
        elif len(found) < 10 or last.status in NOT_NOW | {_LOCKED}:
            findings.doubt(
                f"only {len(found)} attempts were made, the last answered with {last.status}",
                *frames,
            )
        else:
            findings.violation(
                f"{len(found)} wrong passwords for one name were all answered the same way", *frames
            )


def _said(exchange: Exchange) -> str:
    """What an answer says, without what is of this one request: names that were given, and numbers
    and identifiers that are of no other.
    """
    said = (
        "" if exchange.response is None else exchange.response.http.body.decode("utf-8", "replace")
    )
    given = document(exchange.request)
    for value in given.values() if isinstance(given, dict) else ():
        if isinstance(value, str) and value:
            said = said.replace(value, "")
    return re.sub(r"\b[0-9a-f-]{8,}\b|\d+", "", said, flags=re.IGNORECASE)


def _judge_weak(findings: Findings, password: str, exchange: Exchange | None) -> None:
    if exchange is None or exchange.status is None or exchange.status in (429, 503):
        findings.doubt(f"a new account with the password {password} could not be tried")
    elif exchange.succeeded:
        findings.violation(f"a new account may have the password {password}", *exchange.frames)
    else:
        findings.conforming(f"the password {password} was not taken", *exchange.frames)


def _altered(token: str) -> str:
    """The token with one character of its last part another."""
    place = len(token) - 8 if len(token) > 8 else 0
    other = "A" if token[place : place + 1] != "A" else "B"
    return token[:place] + other + token[place + 1 :]


def _unsigned(token: str) -> str | None:
    """A JSON Web Token with the same claims and no signature (RFC 7519, 6); None if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[0] + "=" * (-len(parts[0]) % 4)
        header = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    if not isinstance(header, dict):
        return None
    text = json.dumps({**header, "alg": "none"}).encode()
    return f"{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{parts[1]}."
