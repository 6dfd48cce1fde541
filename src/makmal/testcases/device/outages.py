"""EN 303 645, 5.9: outages of the network, as a broker of ours plays them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.mqtt import PacketType
from makmal.testcases.application.case import attempts, last_exchange
from makmal.testcases.device.case import DeviceCase, mqtt_of
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_MOST_ATTEMPTS = 12


def _connects(section: Section | None) -> list[int]:
    return [
        each.frame
        for each in mqtt_of(section)
        if each.from_client and each.packet.kind is PacketType.CONNECT
    ]


class LocalOperation(DeviceCase):
    """5.9-2: without its broker the device works locally, and it comes back to it."""

    name = "MAKMAL_EN303645_5.9-2"
    BEFORE, OUTAGE, AFTER = "the broker is there", "the broker is gone", "the broker is back"

    async def examine(self, bench: DeviceBench) -> None:
        """There, gone, back."""
        bench.needs(bench.device.broker, "a broker for the device ([device.broker])")
        bench.needs(bench.device.functions, "the functions of the device (functions)")
        method, _, path = bench.device.functions[0].partition(" ")
        with bench.variant(self.BEFORE):
            await bench.open_broker()
            await bench.await_device()
            await bench.request(method, path, "first")
        with bench.variant(self.OUTAGE):
            bench.close_broker()
            await bench.pause(5.0)
            await bench.request(method, path, "first")
        with bench.variant(self.AFTER):
            await bench.open_broker()
            await bench.await_device()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when it works no more, or does not come back."""
        findings = Findings()
        sections = [trace.section(name) for name in (self.BEFORE, self.OUTAGE, self.AFTER)]
        before, during = last_exchange(sections[0]), last_exchange(sections[1])
        if before is None or not before.succeeded or not _connects(sections[0]):
            findings.doubt("with the broker there, the device did not work as it should")
        elif during is None or sections[2] is None:
            findings.doubt("what the device did without its broker was not seen", *before.frames)
        elif during.status is None:
            findings.violation("without the broker, the device does not answer", *before.frames)
        elif not during.succeeded:
            findings.violation(
                f"without the broker, the device does not work ({during})", *during.frames
            )
        elif not _connects(sections[2]):
            findings.violation("the device did not come back to its broker", *during.frames)
        else:
            findings.conforming(
                "the device works without its broker, and came back to it",
                *during.frames,
                _connects(sections[2])[0],
            )
        return self.conclude(findings, trace, "no outage was played")


class OrderlyConnections(DeviceCase):
    """5.9-3: the device does not storm a broker that cannot serve it."""

    name = "MAKMAL_EN303645_5.9-3"
    REFUSING, GOOD = "a broker that ends every connection, for a minute", "a broker that serves"

    async def examine(self, bench: DeviceBench) -> None:
        """One that ends every connection; then a good one."""
        bench.needs(bench.device.broker, "a broker for the device ([device.broker])")
        with bench.variant(self.REFUSING):
            await bench.open_refusing_broker()
            await bench.pause(60.0)
        bench.preparing("the next broker")
        bench.close_broker()
        with bench.variant(self.GOOD):
            await bench.open_broker()
            await bench.await_device()

    def judge(self, trace: Trace) -> Verdict:
        """Fail on too many attempts."""
        findings = Findings()
        section = trace.section(self.REFUSING)
        tried = [] if section is None else attempts(section)
        good = _connects(trace.section(self.GOOD))
        if len(tried) > _MOST_ATTEMPTS:
            findings.violation(
                f"{len(tried)} attempts to connect in a minute", tried[0].frame, tried[-1].frame
            )
        elif not tried or not good:
            findings.doubt("the device did not try to connect")
        else:
            findings.conforming(
                f"{len(tried)} attempts to connect in a minute", tried[0].frame, good[0]
            )
        return self.conclude(findings, trace, "no broker was opened")
