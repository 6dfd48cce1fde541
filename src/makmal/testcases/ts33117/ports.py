"""TS 33.117, 4.4.2: no port is open that the documents do not name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.test_case import TestCase
from makmal.trace.message import Step
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

DECLARED = "open-ports"
# Who can say which UDP ports are open where no answer tells.
HOST_VIEW = "udp-host-view"


class PortScanning(TestCase):
    """4.4.2: TCP, UDP and SCTP of every address, against the declared list."""

    name = "TC_BVT_PORT_SCANNING"
    TRANSPORTS = ("tcp", "udp", "sctp")
    _RESULT = re.compile(
        r"scanned (?P<transport>tcp|udp|sctp) (?P<from>\d+) to (?P<to>\d+) of (?P<address>\S+): "
        r"open (?P<open>none|[\d, -]+); without an answer (?P<silent>none|[\d, -]+)"
    )
    _PORT: ClassVar[re.Pattern[str]] = re.compile(r"\b(tcp|udp|sctp)/(\d{1,5})(?:-(\d{1,5}))?\b")

    async def procedure(self, bench: Bench) -> None:
        """Each address, each transport; what came back is a step of its own."""
        for address in bench.addresses:
            for transport in self.TRANSPORTS:
                with bench.variant(f"scan of {transport} at {address}"):
                    bench.mark(await bench.scan(address, transport))

    def judge(self, trace: Trace) -> Verdict:
        """Fail on an open port that is not declared."""
        findings = Findings()
        statement = trace.declarations.get(DECLARED)
        scanned = set()
        for message in trace.messages:
            match = self._RESULT.fullmatch(message.name) if isinstance(message, Step) else None
            if match is None:
                continue
            scanned.add(match["transport"])
            if statement is not None:
                seen = HOST_VIEW in trace.declarations
                self._judge(findings, match, self._declared(statement), message.frame, seen)
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

    def _judge(
        self,
        findings: Findings,
        match: re.Match[str],
        declared: set[tuple[str, int]],
        frame: int,
        seen_at_host: bool,
    ) -> None:
        transport = match["transport"]
        for port in _ports(match["open"]):
            if (transport, port) not in declared:
                findings.violation(
                    f"{transport}/{port} of {match['address']} is open and not declared", frame
                )
        silent = [each for each in _ports(match["silent"]) if (transport, each) not in declared]
        if silent and not seen_at_host:
            findings.doubt(
                f"{len(silent)} ports of {transport} gave no answer, and from outside it cannot be "
                "told whether they are open: missing is the statement of a reviewer who saw at the "
                f"host which are ([declarations.{HOST_VIEW}])",
                frame,
            )
        findings.conforming(
            f"{transport}: of the ports {match['from']} to {match['to']} the open ones are "
            "declared",
            frame,
        )


def _ports(text: str) -> list[int]:
    """The ports of a text such as ``80, 100-200``."""
    found: list[int] = []
    for each in text.split(", ") if text != "none" else ():
        first, _, last = each.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
