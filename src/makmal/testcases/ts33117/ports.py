"""TS 33.117, 4.4.2: no port is open that the documents do not name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.test_case import TestCase, TraceReader
from makmal.trace.frame import PortOutcome
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import PortProbe
from makmal.trace.probe_reading import ProbeReading
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

DECLARED = "open-ports"
# Who can say which UDP ports are open where no answer tells.
HOST_VIEW = "udp-host-view"


class PortScanning(TestCase):
    """4.4.2: TCP, UDP and SCTP of every address, against the declared list."""

    name = "TC_BVT_PORT_SCANNING"
    TRANSPORTS = ("tcp", "udp", "sctp")
    _SCAN: ClassVar[re.Pattern[str]] = re.compile(r"scan of (tcp|udp|sctp) at (\S+)")
    _TRIED: ClassVar[re.Pattern[str]] = re.compile(
        r"tried were the (tcp|udp|sctp) ports (none|[\d, -]+) of (\S+)"
    )
    _PORT: ClassVar[re.Pattern[str]] = re.compile(r"\b(tcp|udp|sctp)/(\d{1,5})(?:-(\d{1,5}))?\b")

    def reader(self, knowledge: Knowledge, secrets: Sequence[tuple[int, bytes]]) -> TraceReader:
        """Probes and their answers, and nothing else."""
        del knowledge, secrets
        return ProbeReading()

    async def procedure(self, bench: Bench) -> None:
        """Each address, each transport; a step tells which ports were tried."""
        for address in bench.addresses:
            for transport in self.TRANSPORTS:
                with bench.variant(f"scan of {transport} at {address}"):
                    bench.mark(await bench.scan(address, transport))

    def judge(self, trace: Trace) -> Verdict:
        """Fail on an open port that is not declared, by the probes and what came back."""
        findings = Findings()
        statement = trace.declarations.get(DECLARED)
        names = [each.name for each in trace.sections()]
        tried = {
            (match[1], match[3]): set(_ports(match[2]))
            for match in map(self._TRIED.fullmatch, names)
            if match
        }
        scanned = set()
        for section in trace.sections():
            match = self._SCAN.fullmatch(section.name)
            if match is None or (match[1], match[2]) not in tried:
                continue
            scanned.add(match[1])
            if statement is not None:
                seen = HOST_VIEW in trace.declarations
                scan = _Scan(match[1], match[2], section)
                scan.judge(findings, self._declared(statement), tried[match[1], match[2]], seen)
        if statement is None:
            findings.doubt(
                "missing is the list of ports that the documents name: write "
                f'[declarations.{DECLARED}] with a statement such as "tcp/7777 services; '
                'sctp/38412 N2"'
            )
        for transport in self.TRANSPORTS:
            if scanned and transport not in scanned:
                findings.doubt(f"{transport} was not scanned")
        return self.conclude(findings, trace, "no port was scanned")

    def _declared(self, statement: str) -> set[tuple[str, int]]:
        return {
            (transport, port)
            for transport, first, last in self._PORT.findall(statement)
            for port in range(int(first), int(last or first) + 1)
        }


class _Scan:
    """The probes of one transport at one address."""

    def __init__(self, transport: str, address: str, section: Section) -> None:
        self._transport, self._address, self._frame = transport, address, section.frame
        self._frames: dict[PortOutcome, dict[int, int]] = {each: {} for each in PortOutcome}
        for each in section.messages:
            if not isinstance(each, PortProbe):
                continue
            if each.transport == transport and each.destination.address == address:
                self._frames[each.outcome].update(dict.fromkeys(each.ports, each.frame))

    def judge(
        self,
        findings: Findings,
        declared: set[tuple[str, int]],
        tried: set[int],
        seen_at_host: bool,
    ) -> None:
        """What is open and not declared; what was not tried, or gave no answer that tells."""
        transport = self._transport
        is_open, closed, silent = (self._frames[each] for each in PortOutcome)
        for port, frame in sorted(is_open.items()):
            if (transport, port) not in declared:
                findings.violation(
                    f"{transport}/{port} of {self._address} is open and not declared", frame
                )
        unseen = tried - is_open.keys() - closed.keys() - silent.keys()
        if unseen:
            findings.doubt(
                f"{transport}: the trace lacks {len(unseen)} of the ports that were tried, such as "
                f"{min(unseen)}",
                self._frame,
            )
        unknown = [each for each in silent if (transport, each) not in declared]
        # At an open port TCP and SCTP answer.
        if transport == "udp" and unknown and not seen_at_host:
            findings.doubt(
                f"{len(unknown)} ports of udp gave no answer, and from outside it cannot be "
                "told whether they are open: missing is the statement of a reviewer who saw at the "
                f"host which are ([declarations.{HOST_VIEW}])",
                silent[unknown[0]],
            )
        seen = tried - unseen
        if seen:
            frames = [min(is_open.values())] if is_open else []
            frames += [max(each.values()) for each in (closed, silent) if each][:1]
            findings.conforming(
                f"{transport}: of {len(seen)} ports that were tried the open ones are declared",
                *frames,
            )


def _ports(text: str) -> list[int]:
    """The ports of a text such as ``80, 100-200``."""
    found: list[int] = []
    for each in text.split(", ") if text != "none" else ():
        first, _, last = each.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
