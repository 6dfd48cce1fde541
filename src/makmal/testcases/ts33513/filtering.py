"""TS 33.117, 4.2.6.2.4: GTP-U is taken only from those who may send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import gtpu
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.reading import let_through, read_n4, tunnelled
from makmal.trace.message import GtpuMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.upf_bench import UpfBench

_ECHO_REQUEST, _ECHO_RESPONSE = gtpu.MessageType.ECHO_REQUEST, gtpu.MessageType.ECHO_RESPONSE


class GtpuFiltering(TestCase):
    """4.2.6.2.4: with a rule for the gNB and the other UPF, nobody else's GTP-U is processed."""

    name = "TC_GTP-U_FILTERING"
    features: ClassVar[tuple[str, ...]] = ("gtpu-filtering",)
    needs: ClassVar[tuple[str, ...]] = ("configuration",)
    BEFORE = "A: no rule is set"
    PERMITTED = "B: messages from an address that the rule permits"
    OTHER = "C: messages from an address that the rule does not permit"

    async def procedure(self, bench: UpfBench) -> None:
        """Echo Requests and user packets from two gNBs, one of which the rule permits."""
        with bench.variant(self.BEFORE):
            await bench.associated()
            session = await bench.session()
            await bench.echo(bench.gnb)
            await bench.echo(bench.other_gnb)
            permitted = bench.gnb.local.address, bench.peer.local.address
            with bench.variant("the rule is set"):
                async with bench.configured(permitted_gtpu_sources=permitted):
                    with bench.variant(self.PERMITTED):
                        await bench.echo(bench.gnb)
                        await bench.round_trip(session)
                    with bench.variant(self.OTHER):
                        packet = bench.packet(session.address, bench.token("from elsewhere"))
                        bench.other_gnb.send_packet(packet, session.uplink)
                        await bench.echo(bench.other_gnb)
                        await bench.quiet()
                        await bench.echo(bench.gnb)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if the others are answered, or the permitted are not."""
        findings, n4 = Findings(), read_n4(trace)
        before = variant(trace, findings, self.BEFORE)
        if before is not None and len(self._answered(before)) < 2:
            findings.doubt("without a rule, not both gNBs were answered")
        section = variant(trace, findings, self.PERMITTED)
        permitted: set[str] = set()
        if section is not None:
            asked = self._asked(section)
            permitted = set(asked)
            for source, frame in asked.items():
                if source in self._answered(section):
                    findings.conforming("a permitted Echo Request was answered", frame)
                else:
                    findings.violation("a permitted Echo Request was not answered", frame)
        section = variant(trace, findings, self.OTHER)
        if section is not None:
            answered, asked = self._answered(section), self._asked(section)
            alive = any(source in permitted for source in answered)
            for source, frame in asked.items():
                if source in permitted:
                    continue
                if source in answered:
                    findings.violation(
                        "an Echo Request was answered that the rule does not permit",
                        frame,
                        answered[source],
                    )
                elif alive:
                    findings.conforming("an Echo Request of others was discarded", frame)
                else:
                    findings.doubt("nobody was answered any more", frame)
            for sent in tunnelled(section, n4, sent_by_upf=False):
                if sent.source in permitted:
                    continue
                seen = let_through(section, n4, sent.packet.content, sent.frame)
                if seen is not None:
                    findings.violation(
                        "a user packet was forwarded that the rule does not permit",
                        sent.frame,
                        seen,
                    )
                elif alive:
                    findings.conforming("a user packet of others was discarded", sent.frame)
        return self.conclude(findings, trace, "no rule was set")

    @staticmethod
    def _asked(section: Section) -> dict[str, int]:
        return {
            each.source.address: each.frame
            for each in section.messages
            if isinstance(each, GtpuMessage) and each.message_type == _ECHO_REQUEST
        }

    @staticmethod
    def _answered(section: Section) -> dict[str, int]:
        return {
            each.destination.address: each.frame
            for each in section.messages
            if isinstance(each, GtpuMessage) and each.message_type == _ECHO_RESPONSE
        }
