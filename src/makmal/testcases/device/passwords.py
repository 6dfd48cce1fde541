"""EN 303 645, 5.1: no universal default passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import NOT_NOW, exchanges, last_exchange, locked, named
from makmal.testcases.device.case import (
    DeviceCase,
    judge_all_offers,
    judge_clear_logins,
    offer_all,
    return_code,
    try_clear_logins,
)
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_LOCKED = 423
_LOCKING = frozenset({403, _LOCKED, 429, 503})
_SLOW_NS, _ATTEMPTS = 1_000_000_000, 20
# What whole types of devices have had, as published after Mirai.
UNIVERSAL = (
    *(("admin", "admin"), ("root", "root"), ("admin", "password"), ("user", "user")),
    *(("admin", "1234"), ("root", "12345"), ("guest", "guest"), ("support", "support")),
    *(("admin", ""), ("root", "xc3511"), ("ubnt", "ubnt"), ("service", "service")),
)


class UniversalPasswords(DeviceCase):
    """5.1-1: passwords that a whole type of device has are not taken."""

    name = "MAKMAL_EN303645_5.1-1"
    WEB, MQTT, GOOD_WEB, GOOD_MQTT = (
        "web login as ",
        "MQTT login as ",
        "web login of the user",
        "MQTT login of the user",
    )

    async def examine(self, bench: DeviceBench) -> None:
        """Each pair, on each interface; then the user's own."""
        user = bench.settings.users["first"]
        pairs = (*bench.device.default_credentials, *UNIVERSAL)
        if bench.device.mqtt is not None:
            for name, password in pairs[:2]:
                with bench.variant(f"{self.MQTT}{name}:{password}"):
                    await bench.mqtt(name, password)
            with bench.variant(self.GOOD_MQTT):
                await bench.mqtt(user.name, user.password)
        for name, password in pairs if bench.device.has_web else ():
            with bench.variant(f"{self.WEB}{name}:{password}"):
                await bench.log_in_as(name, password, patient=True)
        if bench.device.has_web:
            with bench.variant(self.GOOD_WEB):
                await bench.log_in_as(user.name, user.password, patient=True)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one of them is taken."""
        findings = Findings()
        good = last_exchange(trace.section(self.GOOD_WEB))
        alive = good is not None and good.succeeded
        for pair, section in named(trace, self.WEB):
            exchange = last_exchange(section)
            if exchange is None or exchange.status is None:
                findings.doubt(f"{pair}: no answer was seen")
            elif exchange.succeeded:
                findings.violation(f"the web takes {pair}", *exchange.frames)
            elif exchange.status in (429, 503) or not alive:
                findings.doubt(f"{pair}: {exchange.status} tells nothing", *exchange.frames)
            else:
                findings.conforming("the web refuses universal passwords", *exchange.frames)
        alive = return_code(trace.section(self.GOOD_MQTT))[0] == 0
        for pair, section in named(trace, self.MQTT):
            code, frame = return_code(section)
            if code == 0:
                findings.violation(f"MQTT takes {pair}", frame)
            elif code is None or not alive:
                findings.doubt(f"{pair}: what MQTT says tells nothing")
            else:
                findings.conforming("MQTT refuses universal passwords", frame)
        return self.conclude(findings, trace, "no password was tried")


class AuthenticationCryptography(DeviceCase):
    """5.1-3: users authenticate over TLS as RFC 9325 recommends it, and not in clear."""

    name = "MAKMAL_EN303645_5.1-3"

    async def examine(self, bench: DeviceBench) -> None:
        """The ports at which users log in; then logins in clear."""
        ports = [bench.settings.address.port] if bench.settings.is_tls else []
        if bench.device.mqtt is not None:
            ports.append(bench.device.mqtt.port)
        await offer_all(bench, list(dict.fromkeys(ports)))
        await try_clear_logins(bench)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a weak profile, and on a login in clear."""
        findings = Findings()
        judge_all_offers(findings, trace)
        judge_clear_logins(findings, trace)
        return self.conclude(findings, trace, "nothing was offered")


class ChangePassword(DeviceCase):
    """5.1-4: the user can change the password; then the old one is no good any more."""

    name = "MAKMAL_EN303645_5.1-4"
    CHANGE, NEW, OLD, BACK = (
        "changing the password",
        "login with the new password",
        "login with the old password",
        "changing it back",
    )
    _OTHER = "Makmal-another-7431"

    async def examine(self, bench: DeviceBench) -> None:
        """Change, log in with both, change back."""
        change = bench.device.password_change
        bench.needs(change, "how the password is changed ([device.password_change])")
        if change is None:
            return
        user = bench.settings.users["first"]
        await bench.ready("first")
        with bench.variant(self.CHANGE):
            await bench.operate_with(change, "first", old=user.password, new=self._OTHER)
        with bench.variant(self.NEW):
            await bench.log_in_as(user.name, self._OTHER, patient=True)
        with bench.variant(self.OLD):
            await bench.log_in_as(user.name, user.password, patient=True)
        with bench.variant(self.BACK):
            await bench.operate_with(change, "first", old=self._OTHER, new=user.password)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when it cannot be changed, or the old one still opens."""
        findings = Findings()
        change, new, old = (
            last_exchange(trace.section(name)) for name in (self.CHANGE, self.NEW, self.OLD)
        )
        seen = (each is not None and each.status is not None for each in (change, new, old))
        if change is None or new is None or old is None or not all(seen):
            findings.doubt("what became of the change was not seen")
        elif {change.status, new.status, old.status} & NOT_NOW:
            findings.doubt("the device was busy", *change.frames, *new.frames, *old.frames)
        elif not change.succeeded:
            findings.violation(f"the password cannot be changed ({change})", *change.frames)
        elif old.succeeded:
            findings.violation("the old password is still taken", *change.frames, *old.frames)
        elif not new.succeeded:
            findings.violation("the new password is not taken", *change.frames, *new.frames)
        else:
            frames = (*change.frames, *new.frames, *old.frames)
            findings.conforming("the new password opens, and the old one no more", *frames)
        return self.conclude(findings, trace, "the password was not changed")


class BruteForce(DeviceCase):
    """5.1-5: guessing is stopped, on the web and on MQTT."""

    name = "MAKMAL_EN303645_5.1-5"
    WEB, MQTT = "many wrong passwords on the web", "many wrong passwords on MQTT"
    RIGHT, LATER = "the right password after them", "the right password later"
    _LATER_SECONDS: ClassVar[float] = 70.0

    async def examine(self, bench: DeviceBench) -> None:
        """So many attempts in a row."""
        user = bench.settings.users["first"]
        if bench.device.mqtt is not None:
            with bench.variant(self.MQTT):
                for number in range(_ATTEMPTS):
                    await bench.mqtt(user.name, f"makmal-wrong-{number}")
            with bench.variant(self.RIGHT):
                await bench.mqtt(user.name, user.password)
            await bench.pause(self._LATER_SECONDS)
            with bench.variant(self.LATER):
                await bench.mqtt(user.name, user.password)
        if not bench.device.has_web:
            return
        with bench.variant(self.WEB):
            first: int | None = None
            for number in range(_ATTEMPTS):
                answer = await bench.log_in_as(user.name, f"makmal-wrong-{number}")
                first = answer.status if number == 0 else first
                if answer.status in _LOCKING and answer.status != first:
                    break

    def judge(self, trace: Trace) -> Verdict:
        """Fail when all attempts are answered the same way, at once."""
        findings = Findings()
        section = trace.section(self.WEB)
        if section is not None:
            self._judge_web(findings, section)
        section = trace.section(self.MQTT)
        if section is not None:
            right, frame = return_code(trace.section(self.RIGHT))
            later, later_frame = return_code(trace.section(self.LATER))
            if return_code(section)[0] is None:
                findings.doubt("no attempt on MQTT was answered", section.frame)
            elif right == 0:
                findings.violation(
                    f"{_ATTEMPTS} wrong passwords on MQTT hinder nobody from the next", frame
                )
            elif later == 0:
                findings.conforming("guessing on MQTT is stopped for a while", frame, later_frame)
            else:
                findings.doubt("MQTT takes the right password neither at once nor later")
        return self.conclude(findings, trace, "no password was guessed")

    def _judge_web(self, findings: Findings, section: Section) -> None:
        found = [each for each in exchanges(section) if each.response is not None]
        if not found:
            findings.doubt("no attempt on the web was answered")
            return
        last = found[-1]
        frames = (*found[0].frames, *last.frames)
        if any(each.succeeded for each in found):
            findings.violation("a wrong password was taken for a right one", *frames)
        elif locked(found, _LOCKING, _SLOW_NS):
            findings.conforming(f"guessing on the web is stopped after {len(found)}", *frames)
        elif len(found) < _ATTEMPTS // 2 or last.status in NOT_NOW | {_LOCKED}:
            findings.doubt(f"only {len(found)} attempts were answered", *frames)
        else:
            findings.violation(f"{len(found)} wrong passwords on the web hinder nobody", *frames)
