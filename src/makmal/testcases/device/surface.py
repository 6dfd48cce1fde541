"""EN 303 645, 5.6: the attack surface over the network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import mqtt
from makmal.testcases.application.case import NOT_NOW, attempts, exchanges
from makmal.testcases.device.case import DeviceCase, mqtt_of
from makmal.trace.message import OpenOctets
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_OPEN, _SILENT = "open", "no answer"
# Services for debugging, or outdated by nature.
_DEBUGGING = {
    21: "FTP",
    23: "Telnet",
    69: "TFTP",
    512: "rexec",
    513: "rlogin",
    514: "rsh",
    1534: "a debug agent",
    2323: "Telnet",
    2345: "a debugger",
    3333: "a debugger",
    4444: "a debugger",
    5555: "ADB",
    9229: "a debugger",
}


class UnusedInterfaces(DeviceCase):
    """5.6-1: no port is open that is not declared."""

    name = "MAKMAL_EN303645_5.6-1"
    STEP = "a scan; declared are the ports "

    async def examine(self, bench: DeviceBench) -> None:
        """Try them all."""
        declared = sorted(bench.device.services)
        with bench.variant(f"{self.STEP}{', '.join(map(str, declared))}"):
            await bench.scan(tuple(dict.fromkeys((*declared, *bench.device.scan))))

    def judge(self, trace: Trace) -> Verdict:
        """Fail on each that is open and not declared."""
        findings = Findings()
        for section in trace.sections():
            if section.name.startswith(self.STEP):
                text = section.name.removeprefix(self.STEP)
                declared = {int(each) for each in re.findall(r"\d+", text)}
                self._judge(findings, section, declared)
        return self.conclude(findings, trace, "no port was tried")

    def _judge(self, findings: Findings, section: Section, declared: set[int]) -> None:
        found = attempts(section)
        is_open = {each.destination.port: each.frame for each in found if each.outcome == _OPEN}
        for port, frame in is_open.items():
            if port not in declared:
                findings.violation(f"port {port} is open and not declared", frame)
        closed = declared - set(is_open)
        if closed:
            named = ", ".join(map(str, sorted(closed)))
            findings.doubt(f"declared and not open: {named}: was it the device that was scanned?")
        elif found:
            last = found[-1].frame
            count = len({each.destination.port for each in found})
            findings.conforming(f"of {count} ports, only those declared are open", last)


class Disclosure(DeviceCase):
    """5.6-2: nothing relevant to security is told without authentication."""

    name = "MAKMAL_EN303645_5.6-2"
    STEP = "what nobody shall learn: "
    _VERSION = re.compile(r"/\d+\.\d+|\b\d+\.\d+\.\d+")

    async def examine(self, bench: DeviceBench) -> None:
        """Pages, errors, MQTT and greetings, all without authentication."""
        with bench.variant(f"{self.STEP}{json.dumps(bench.device.revealing)}"):
            paths = ("/", "/makmal-not-there", "/api", "/status", "/info", "/version")
            for path in paths if bench.device.has_web else ():
                await bench.request("GET", path)
            if bench.device.mqtt is not None:
                await bench.mqtt(None, None, mqtt.subscribe(1, "#"))
            for port in bench.device.services:
                if port != bench.settings.address.port or not bench.device.has_web:
                    await bench.listen_to(port)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a version in a header, and on each text that is declared."""
        findings = Findings()
        for section in trace.sections():
            if section.name.startswith(self.STEP):
                texts = json.loads(section.name.removeprefix(self.STEP))
                self._judge(findings, section, [str(each) for each in texts])
        return self.conclude(findings, trace, "nothing was asked")

    def _judge(self, findings: Findings, section: Section, texts: list[str]) -> None:
        answered = False
        for each in exchanges(section):
            if each.response is None or each.status in NOT_NOW:
                findings.doubt(f"the web was not seen to answer ({each})", *each.frames)
                continue
            answered = True
            http = each.response.http
            server = f"{http.header('server') or ''} {http.header('x-powered-by') or ''}"
            head = " ".join(value for _, value in http.headers)
            shown = next((text for text in texts if text.encode() in http.body), None)
            shown = shown or next((text for text in texts if text in head), None)
            if self._VERSION.search(server):
                findings.violation(f"a header tells the version ({server.strip()})", *each.frames)
            elif shown is not None:
                findings.violation(f"{each} tells {shown}", *each.frames)
            else:
                findings.conforming("the web tells nothing", *each.frames)
        for greeting in section.messages:
            if isinstance(greeting, OpenOctets) and not greeting.from_client:
                text = greeting.octets.decode("utf-8", "replace")
                if self._VERSION.search(text) or any(each in text for each in texts):
                    findings.violation(f"a greeting tells {text[:60]!r}", greeting.frame)
        for packet in mqtt_of(section):
            answered = True
            if packet.packet.kind is mqtt.PacketType.CONNACK:
                findings.conforming("MQTT tells nothing", packet.frame)
            if not packet.from_client and any(
                each.encode() in packet.packet.body for each in texts
            ):
                findings.violation("MQTT tells what nobody shall learn", packet.frame)
        if not answered:
            findings.doubt("no answer was seen")


class NeededServices(DeviceCase):
    """5.6-5: no service for debugging answers, and none that is outdated by nature."""

    name = "MAKMAL_EN303645_5.6-5"
    STEP, DECLARED = "services for debugging", "a declared service"

    async def examine(self, bench: DeviceBench) -> None:
        """The ports of such services; then a declared one, to see the device alive."""
        with bench.variant(self.STEP):
            for port in _DEBUGGING:
                await bench.listen_to(port)
        with bench.variant(self.DECLARED):
            await bench.scan(tuple(bench.device.services))

    def judge(self, trace: Trace) -> Verdict:
        """Fail on each that is open."""
        findings = Findings()
        section, declared = trace.section(self.STEP), trace.section(self.DECLARED)
        alive = declared is not None and any(e.outcome == _OPEN for e in attempts(declared))
        for each in attempts(section) if section is not None else ():
            service = _DEBUGGING.get(each.destination.port, "a service")
            if each.outcome == _OPEN:
                findings.violation(f"{service} answers on port {each.destination.port}", each.frame)
            elif each.outcome == _SILENT or not alive:
                findings.doubt(f"port {each.destination.port}: {each.outcome}", each.frame)
            else:
                findings.conforming("services for debugging are not there", each.frame)
        return self.conclude(findings, trace, "no port was tried")
