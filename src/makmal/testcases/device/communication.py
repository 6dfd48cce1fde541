"""EN 303 645, 5.5 and 5.8: communication that is secure, and personal data in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.mqtt import PacketType
from makmal.testcases.application.case import attempts, last_exchange, named, refused
from makmal.testcases.device.case import (
    USER,
    DeviceCase,
    judge_all_offers,
    judge_clear_logins,
    mqtt_of,
    offer_all,
    return_code,
    try_clear_logins,
)
from makmal.trace.message import MqttMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_TRUSTED, _FOREIGN, _CLEAR = (
    "a broker that the device trusts",
    "a broker with a certificate of somebody else's",
    "a broker without TLS",
)
_IN_TLS = ("https", "mqtts", "tls")


class SecureCommunication(DeviceCase):
    """5.5-1: every service of the device has TLS as RFC 9325 recommends it."""

    name = "MAKMAL_EN303645_5.5-1"
    PLAIN = "declared without TLS: "

    async def examine(self, bench: DeviceBench) -> None:
        """All declared services."""
        secured = [port for port, name in bench.device.services.items() if name in _IN_TLS]
        for port, name in bench.device.services.items():
            if name in ("http", "mqtt", "telnet", "ftp"):
                with bench.variant(f"{self.PLAIN}{name} on port {port}"):
                    await bench.listen_to(port)
        await offer_all(bench, secured)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a weak profile, and on a service without TLS."""
        findings = Findings()
        for service, section in named(trace, self.PLAIN):
            if any(each.outcome == "open" for each in attempts(section)):
                frame = attempts(section)[0].frame
                findings.violation(f"{service} has no TLS", frame)
        judge_all_offers(findings, trace)
        return self.conclude(findings, trace, "the device declares no service with TLS")


class AccessAfterAuthentication(DeviceCase):
    """5.5-4: functions are accessible only after authentication."""

    name = "MAKMAL_EN303645_5.5-4"
    NOBODY, KNOWN = "without authentication: ", "with authentication: "
    MQTT, GOOD_MQTT = "MQTT without authentication", "MQTT with authentication"

    async def examine(self, bench: DeviceBench) -> None:
        """Each function without and with; MQTT too."""
        if bench.device.has_web:
            bench.needs(bench.device.functions, "the functions of the device (functions)")
            await bench.ready(USER)
        for operation in bench.device.functions:
            method, _, path = operation.partition(" ")
            with bench.variant(f"{self.NOBODY}{operation}"):
                await bench.request(method, path)
            with bench.variant(f"{self.KNOWN}{operation}"):
                await bench.request(method, path, USER)
        if bench.device.mqtt is not None:
            user = bench.settings.users[USER]
            with bench.variant(self.MQTT):
                await bench.mqtt(None, None)
            with bench.variant(self.GOOD_MQTT):
                await bench.mqtt(user.name, user.password)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one is served to nobody."""
        findings = Findings()
        for operation, section in named(trace, self.NOBODY):
            good = last_exchange(trace.section(f"{self.KNOWN}{operation}"))
            alive = good is not None and good.succeeded
            refused(findings, f"{operation} without login", last_exchange(section), alive)
        anybody = trace.section(self.MQTT)
        if anybody is not None:
            code, frame = return_code(anybody)
            good_code, _ = return_code(trace.section(self.GOOD_MQTT))
            if code == 0:
                findings.violation("MQTT takes anybody", frame)
            elif code is not None and good_code == 0:
                findings.conforming("MQTT takes nobody without authentication", frame)
            else:
                findings.doubt("what MQTT does without authentication was not seen")
        return self.conclude(findings, trace, "no function was tried")


class ChangesAfterAuthentication(DeviceCase):
    """5.5-5: settings relevant to security are changed only after authentication."""

    name = "MAKMAL_EN303645_5.5-5"
    NOBODY, KNOWN = "without authentication: ", "with authentication: "

    async def examine(self, bench: DeviceBench) -> None:
        """Each change without and with; what cannot be undone, without only, and last."""
        device = bench.device
        bench.needs(device.changes, "settings that are relevant to security (changes)")
        await bench.ready(USER)
        for change in device.changes:
            with bench.variant(f"{self.NOBODY}{change.operation}"):
                await bench.operate(change, None)
            with bench.variant(f"{self.KNOWN}{change.operation}"):
                await bench.operate(change)
        if device.update is not None:
            with bench.variant(f"{self.NOBODY}{device.update.operation}"):
                await bench.send_image(device.update.image, None)
        if device.reset is not None:
            with bench.variant(f"{self.NOBODY}{device.reset.operation}"):
                await bench.operate(device.reset, None)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one is taken from nobody."""
        findings = Findings()
        served = [last_exchange(section) for _, section in named(trace, self.KNOWN)]
        alive = any(each is not None and each.succeeded for each in served)
        for operation, section in named(trace, self.NOBODY):
            refused(findings, f"{operation} without login", last_exchange(section), alive)
        return self.conclude(findings, trace, "no change was tried")


async def _brokers(bench: DeviceBench, *kinds: str) -> None:
    """Brokers of ours, one after another, each for as long as the device may take."""
    for kind in kinds:
        with bench.variant(kind):
            if kind == _CLEAR:
                await bench.open_clear_broker()
            else:
                await bench.open_broker(trusted=kind == _TRUSTED)
            await bench.await_device()
        bench.preparing("the next broker")
        bench.close_broker()


def _from_device(section: Section | None, kind: PacketType | None = None) -> list[MqttMessage]:
    return [
        each
        for each in mqtt_of(section)
        if each.from_client and (kind is None or each.packet.kind is kind)
    ]


def _judge_brokers(findings: Findings, trace: Trace, kind: PacketType | None, what: str) -> None:
    """Fail when the device gave something to a broker that it should not, or in clear."""
    trusted = _from_device(trace.section(_TRUSTED), kind)
    for each in trusted:
        if not each.protected:
            findings.violation(f"the device sends {what} in clear text", each.frame)
            return
    for name in (_FOREIGN, _CLEAR):
        section = trace.section(name)
        if section is None:
            continue
        given = _from_device(section, kind)
        if given:
            findings.violation(f"the device gives {what} to {name}", given[0].frame)
        elif not trusted:
            findings.doubt(f"{name} got no {what}, but neither did one that is trusted")
        elif not section.messages:
            findings.doubt(f"{name}: the device did not try it")
        else:
            frames = (trusted[0].frame, section.messages[0].frame)
            findings.conforming(f"the device does not give {what} to {name}", *frames)


class ParametersEncrypted(DeviceCase):
    """5.5-6: critical security parameters travel encrypted."""

    name = "MAKMAL_EN303645_5.5-6"

    async def examine(self, bench: DeviceBench) -> None:
        """Logins in clear; then a broker without TLS."""
        await try_clear_logins(bench)
        if bench.device.broker is not None:
            await _brokers(bench, _TRUSTED, _CLEAR)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a password that is taken or given in clear."""
        findings = Findings()
        judge_clear_logins(findings, trace)
        if trace.section(_CLEAR) is not None:
            _judge_brokers(findings, trace, PacketType.CONNECT, "its credentials")
        return self.conclude(findings, trace, "nothing was tried")


class ParametersConfidential(DeviceCase):
    """5.5-7: the device gives its credentials to nobody whom it cannot verify."""

    name = "MAKMAL_EN303645_5.5-7"

    async def examine(self, bench: DeviceBench) -> None:
        """A broker that it trusts, one that it must not trust, one without TLS."""
        bench.needs(bench.device.broker, "a broker for the device ([device.broker])")
        await _brokers(bench, _TRUSTED, _FOREIGN, _CLEAR)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when another broker gets a CONNECT."""
        findings = Findings()
        _judge_brokers(findings, trace, PacketType.CONNECT, "its credentials")
        return self.conclude(findings, trace, "no broker was opened")


class PersonalData(DeviceCase):
    """5.8-1: personal data travels encrypted."""

    name = "MAKMAL_EN303645_5.8-1"

    async def examine(self, bench: DeviceBench) -> None:
        """A broker that the device trusts, and one without TLS."""
        bench.needs(bench.device.broker, "a broker for the device ([device.broker])")
        await _brokers(bench, _TRUSTED, _CLEAR)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on messages in clear."""
        findings = Findings()
        _judge_brokers(findings, trace, PacketType.PUBLISH, "personal data")
        return self.conclude(findings, trace, "no broker was opened")


class SensitivePersonalData(DeviceCase):
    """5.8-2: sensitive personal data goes to nobody but the service that it is for."""

    name = "MAKMAL_EN303645_5.8-2"

    async def examine(self, bench: DeviceBench) -> None:
        """The same with a broker that it must not trust."""
        bench.needs(bench.device.broker, "a broker for the device ([device.broker])")
        await _brokers(bench, _TRUSTED, _FOREIGN, _CLEAR)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on messages to another, or in clear."""
        findings = Findings()
        _judge_brokers(findings, trace, PacketType.PUBLISH, "personal data")
        return self.conclude(findings, trace, "no broker was opened")
