"""UEs that a network keeps apart, as an operator may for its devices (TS 23.501, 5.6.10.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.reading import (
    judge_discarded,
    let_through,
    read_n4,
    tunnelled,
)
from makmal.trace.frame import Endpoint
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.upf_bench import UpfBench

_PORT = 23


class UeIsolation(TestCase):
    """What one UE sends to the address of another does not arrive there."""

    name = "MAKMAL_UPF_UE_ISOLATION"
    features: ClassVar[tuple[str, ...]] = ("ue-isolation",)
    STEP = "packets from one UE to another"

    async def procedure(self, bench: UpfBench) -> None:
        """Two UEs that both reach the data network; then each sends to the other's address."""
        with bench.variant(self.STEP):
            await bench.associated()
            one, other = await bench.session(), await bench.session()
            await bench.round_trip(one)
            await bench.round_trip(other)
            for sender, receiver in ((one, other), (other, one)):
                to = Endpoint(receiver.address, _PORT)
                packet = bench.packet(sender.address, bench.token("to another UE"), to)
                bench.gnb.send_packet(packet, sender.uplink)
            await bench.quiet()
            await bench.round_trip(one)
            await bench.round_trip(other)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if such a packet leaves the UPF."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            of_ues = {address for each in n4.ue_addresses.values() for address in each}
            for sent in tunnelled(section, n4, sent_by_upf=False):
                if sent.packet.destination not in of_ues:
                    continue
                seen = let_through(section, n4, sent.packet.content, sent.frame)
                judge_discarded(
                    findings,
                    section,
                    n4,
                    sent,
                    seen,
                    ("a packet reached another UE", "a packet to another UE was discarded"),
                )
        return self.conclude(findings, trace, "no packet was sent from one UE to another")
