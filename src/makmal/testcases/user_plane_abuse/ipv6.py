"""Abuse of sessions of IPv6: false sources, and UEs that play the router of others."""

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
from makmal.testcases.user_plane_abuse.packets import SourceSpoofing
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.upf_bench import UpfBench

_ICMPV6, _ROUTER_ADVERTISEMENT = 58, 134


class Ipv6SourceSpoofing(SourceSpoofing):
    """The same as for IPv4, and across the versions of IP."""

    name = "MAKMAL_UPF_IPV6_SOURCE_SPOOFING"
    features: ClassVar[tuple[str, ...]] = ("ipv6",)

    async def procedure(self, bench: UpfBench) -> None:
        """In the tunnel of a UE with IPv6: addresses of others, link-local, of IPv4; and IPv6 in
        the tunnel of a UE with IPv4.
        """
        with bench.variant(self.STEP):
            await bench.associated()
            session, victim = await bench.ipv6_session(), await bench.ipv6_session()
            older = await bench.session()
            for each in (session, victim, older):
                await bench.round_trip(each)
            for address in (victim.address, bench.next_ipv6_address(), "fe80::4d4b"):
                packet = bench.packet(address, bench.token("spoofed"))
                bench.gnb.send_packet(packet, session.uplink)
            for address, tunnel in (
                (bench.next_address(), session.uplink),
                (victim.address, older.uplink),
            ):
                bench.gnb.send_packet(bench.packet(address, bench.token("spoofed")), tunnel)
            await bench.quiet()
            await bench.round_trip(session)
            await bench.round_trip(older)


class RouterAdvertisement(TestCase):
    """What a UE says as if it were a router, reaches no other UE."""

    name = "MAKMAL_UPF_ROUTER_ADVERTISEMENT"
    features: ClassVar[tuple[str, ...]] = ("ipv6",)
    STEP = "router advertisements of a UE"

    async def procedure(self, bench: UpfBench) -> None:
        """To all nodes of its link, and to another UE."""
        with bench.variant(self.STEP):
            await bench.associated()
            session, victim = await bench.ipv6_session(), await bench.ipv6_session()
            await bench.round_trip(session)
            await bench.round_trip(victim)
            for receiver in ("ff02::1", victim.address):
                packet = bench.router_advertisement(receiver, bench.next_ipv6_address())
                bench.gnb.send_packet(packet, session.uplink)
            await bench.quiet()
            await bench.round_trip(session)
            await bench.round_trip(victim)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if the UPF sends one on."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            for sent in tunnelled(section, n4, sent_by_upf=False):
                packet = sent.packet
                if packet.protocol != _ICMPV6 or packet.content[:1] != bytes(
                    (_ROUTER_ADVERTISEMENT,)
                ):
                    continue
                seen = let_through(section, n4, packet.content, sent.frame)
                judge_discarded(
                    findings,
                    section,
                    n4,
                    sent,
                    seen,
                    (
                        "a UE's router advertisement reached another UE",
                        "a UE's router advertisement was discarded",
                    ),
                )
        return self.conclude(findings, trace, "no router advertisement was sent")
