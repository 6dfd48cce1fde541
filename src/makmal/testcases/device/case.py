"""What the test cases of devices have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from makmal.catalogue.provisions import NETWORK, Provision, provisions
from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.testcases.application.case import exchanges, named
from makmal.testcases.application.tls_profile import (
    ANY,
    MODERN,
    OLD,
    SOUND_1_2,
    SOUND_1_3,
    WEAK,
    WEAK_1_2,
    judge_offers,
)
from makmal.testcases.test_case import TestCase, TraceReader
from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import ConnectionAttempt, MqttMessage, TlsConnection
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

USER = "first"
STATED_AWAY = "the conformance statement, by which this does not apply: "
CLEAR = "a login without TLS on port "
# Ports at which devices take logins in clear.
_CLEAR_WEB, _CLEAR_MQTT = (80, 8080, 8000), 1883
# A redirection to https, or that this is no TLS, are what a sound device may say.
_NOT_SERVED = frozenset({301, 302, 307, 308, 400, 403, 404, 426, 497})


class DeviceCase(TestCase):
    """A test case on a device."""

    def reader(self, knowledge: Knowledge, secrets: Sequence[tuple[int, bytes]]) -> TraceReader:
        """What reads the traces of devices."""
        return ApplicationDissector(knowledge, secrets)

    async def procedure(self, bench: Any) -> None:
        """The steps, on the bench for devices; none where a provision is stated not to apply."""
        stated = json.loads(bench.statement(self.provision.identity))
        if self.provision.assessed == NETWORK and self._is_away(stated):
            bench.mark(f"{STATED_AWAY}{json.dumps(stated)}")
            return
        await self.examine(bench)

    @property
    def provision(self) -> Provision:
        """The provision that it assesses."""
        return next(each for each in provisions().values() if each.test_case == self.name)

    def _is_away(self, stated: dict[str, str]) -> bool:
        may_be = bool(self.provision.conditions) or not self.provision.is_mandatory
        said = stated.get("support") == "n/a" and stated.get("justification")
        return may_be and bool(said and stated.get("by") and stated.get("date"))

    def conclude(self, findings: Findings, trace: Trace, nothing_seen: str) -> Verdict:
        """The verdict that the findings amount to, unless the provision does not apply."""
        for text, section in named(trace, STATED_AWAY):
            stated = json.loads(text)
            reason = (
                f"does not apply, as stated by {stated['by']} on {stated['date']}: "
                f"{stated['justification']}"
            )
            reference = self.requirement.reference
            return Verdict(self.name, reference, Outcome.NOT_APPLICABLE, reason, (section.frame,))
        return super().conclude(findings, trace, nothing_seen)

    @abstractmethod
    async def examine(self, bench: DeviceBench) -> None:
        """The steps."""


async def offer_all(bench: DeviceBench, ports: Sequence[int]) -> None:
    """Every version and kind of cipher suite, to each of these ports."""
    offers: list[tuple[str, int, tuple[int, ...]]] = [
        (name, version, ANY) for name, version in OLD.items()
    ]
    offers += [(WEAK, 0x0303, WEAK_1_2), (MODERN[1], 0x0303, SOUND_1_2)]
    offers.append((MODERN[0], 0x0304, SOUND_1_3))
    for port in ports:
        for name, version, suites in offers:
            with bench.variant(f"{_offered(port)}{name}"):
                await bench.offer_to(port, version, suites)


def _offered(port: int) -> str:
    return f"port {port}, only this is offered: "


def judge_all_offers(findings: Findings, trace: Trace) -> None:
    """Judge what each port took."""
    beginnings = {
        section.name.partition("offered: ")[0] + "offered: "
        for section in trace.sections()
        if ", only this is offered: " in section.name
    }
    for beginning in sorted(beginnings):
        judge_offers(findings, trace, beginning)


async def try_clear_logins(bench: DeviceBench) -> None:
    """Log in without TLS wherever that may be taken."""
    ports = [port for port, name in bench.device.services.items() if name in ("http", "mqtt")]
    for port in dict.fromkeys((*_CLEAR_WEB, *ports)):
        with bench.variant(f"{CLEAR}{port}"):
            await bench.ask_in_clear(port, bench.clear_login())


def judge_clear_logins(findings: Findings, trace: Trace) -> None:
    """Fail when a login is taken, or answered as one, in clear."""
    # Ports that do not answer tell nothing of a device that is not there.
    alive = any(
        (isinstance(each, ConnectionAttempt) and each.outcome in ("open", "refused"))
        or (isinstance(each, TlsConnection) and each.server_hello is not None)
        for each in trace.messages
    )
    for section in trace.sections():
        if not section.name.startswith(CLEAR):
            continue
        port = section.name.removeprefix(CLEAR)
        found = [each for each in exchanges(section) if each.status is not None]
        if found and found[-1].status not in _NOT_SERVED:
            findings.violation(f"port {port} takes passwords in clear text", *found[-1].frames)
        elif not section.messages or not alive:
            findings.doubt(f"port {port}: no sign of the device was seen", section.frame)
        else:
            frame = section.messages[-1].frame
            findings.conforming(f"port {port} takes no password in clear text", frame)


def mqtt_of(section: Section | None) -> list[MqttMessage]:
    """The MQTT packets of a section."""
    found = () if section is None else section.messages
    return [each for each in found if isinstance(each, MqttMessage)]


def return_code(section: Section | None) -> tuple[int | None, int]:
    """The return code of the last CONNACK of a section, and its frame."""
    for each in reversed(mqtt_of(section)):
        if each.packet.kind == 2 and len(each.packet.body) >= 2:
            return each.packet.body[1], each.frame
    return None, 0
