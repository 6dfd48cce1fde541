"""Packets that no UPF should forward: false sources, GTP-U inside GTP-U, ended tunnels."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import gtpu, pfcp
from makmal.protocol.errors import DecodeError
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.reading import (
    N4Reading,
    Tunnel,
    good_packet_after,
    judge_discarded,
    let_through,
    read_n4,
    tunnelled,
)
from makmal.trace.message import GtpuMessage, PfcpMessage
from makmal.trace.n4_sessions import allocated_tunnels
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.smf import TesterSession
    from makmal.bench.user_plane.upf_bench import UpfBench

_GTPU_PORT = 2152


# One packet may be lost on its way, or the trace end with it.
_TELLING = 2


def is_dead(section: Section, n4: N4Reading, tunnel: Tunnel, frame: int) -> bool:
    """Whether enough was sent in a tunnel after a frame, for silence to tell something."""
    sent = [
        each
        for each in tunnelled(section, n4, sent_by_upf=False)
        if each.tunnel == tunnel and each.frame > frame
    ]
    return len(sent) >= _TELLING


async def try_again(bench: UpfBench, session: TesterSession) -> None:
    """Good packets until one comes back, so many that silence tells something."""
    for _ in range(_TELLING):
        if await bench.round_trip(session):
            return


class SourceSpoofing(TestCase):
    """A UE that sends with an address that is not its own gets nothing through."""

    name = "MAKMAL_UPF_SOURCE_SPOOFING"
    STEP = "packets with the address of somebody else"

    async def procedure(self, bench: UpfBench) -> None:
        """In the tunnel of one UE: the address of another UE, of nobody, of the host."""
        with bench.variant(self.STEP):
            await bench.associated()
            session, victim = await bench.session(), await bench.session()
            await bench.round_trip(session)
            await bench.round_trip(victim)
            for address in (victim.address, bench.next_address(), bench.host.endpoint.address):
                packet = bench.packet(address, bench.token("spoofed"))
                bench.gnb.send_packet(packet, session.uplink)
            await bench.quiet()
            await bench.round_trip(session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if such a packet is seen behind the UPF."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            for sent in tunnelled(section, n4, sent_by_upf=False):
                if sent.tunnel not in n4.ue_addresses or n4.is_of_ue(
                    sent.tunnel, sent.packet.source
                ):
                    continue
                seen = let_through(section, n4, sent.packet.content, sent.frame)
                judge_discarded(
                    findings,
                    section,
                    n4,
                    sent,
                    seen,
                    (
                        "a packet was forwarded whose source address is not the UE's",
                        "a packet whose source address is not the UE's was discarded",
                    ),
                )
        return self.conclude(findings, trace, "no packet with a false source address was sent")


class GtpInGtp(TestCase):
    """GTP-U that a UE sends to the UPF through its session is not processed."""

    name = "MAKMAL_UPF_GTP_IN_GTP"
    STEP = "GTP-U inside the packets of a UE"

    async def procedure(self, bench: UpfBench) -> None:
        """A UE addresses the UPF's own N3: an Echo Request, and a packet in another's tunnel."""
        with bench.variant(self.STEP):
            await bench.associated()
            session, victim = await bench.session(), await bench.session()
            await bench.round_trip(session)
            kind = gtpu.MessageType
            inner = (
                gtpu.build(kind.ECHO_REQUEST, 0, sequence_number=0x4D4B).encode(),
                gtpu.build(
                    kind.G_PDU,
                    victim.uplink[1],
                    bench.packet(victim.address, bench.token("inside")),
                    extension_headers=[
                        (
                            gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER,
                            gtpu.UlPduSessionInformation(qfi=1),
                        )
                    ],
                ).encode(),
            )
            for octets in inner:
                packet = bench.packet(session.address, octets, session.uplink[0])
                bench.gnb.send_packet(packet, session.uplink)
            await bench.quiet()
            await bench.round_trip(session)
            await bench.round_trip(victim)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if what is inside has an effect: an answer, or a packet behind the UPF."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            for sent in tunnelled(section, n4, sent_by_upf=False):
                packet = sent.packet
                if packet.ports is None or packet.ports[1] != _GTPU_PORT:
                    continue
                if packet.destination not in n4.user_planes:
                    continue
                seen = self._effect(section, n4, packet.content, sent.frame)
                judge_discarded(
                    findings,
                    section,
                    n4,
                    sent,
                    seen,
                    (
                        "GTP-U inside a UE's packet was processed",
                        "GTP-U inside a UE's packet had no effect",
                    ),
                )
        return self.conclude(findings, trace, "no GTP-U was sent inside a UE's packet")

    @staticmethod
    def _effect(section: Section, n4: N4Reading, inner: bytes, after: int) -> int | None:
        try:
            message = gtpu.decode(inner)
        except DecodeError:
            return None
        if message.message_type == gtpu.MessageType.G_PDU:
            return let_through(section, n4, message.payload[28:], after)
        number = (message.sequence_number or 0).to_bytes(2, "big")
        for each in section.messages:
            if not isinstance(each, GtpuMessage) or each.frame <= after:
                continue
            if each.source.address not in n4.user_planes:
                continue
            # Straight from the UPF, or in the UE's tunnel.
            is_response = each.message_type == gtpu.MessageType.ECHO_RESPONSE
            content = each.payload if is_response else each.pdu.payload[28:]
            if content[1:2] == b"\2" and content[8:10] == number:
                return each.frame
        return None


class EndedTunnel(TestCase):
    """Once a session is deleted, its tunnel carries nothing in either direction."""

    name = "MAKMAL_UPF_ENDED_TUNNEL"
    STEP = "packets in the tunnel of a session that was deleted"

    async def procedure(self, bench: UpfBench) -> None:
        """Two sessions; one is deleted, and its UE goes on sending."""
        with bench.variant(f"preparation of {self.STEP}"):
            await bench.associated()
            ended, kept = await bench.session(), await bench.session()
            await bench.round_trip(ended)
            await bench.round_trip(kept)
            await bench.smf.delete(ended.upf_seid)
            with bench.variant(self.STEP):
                token = bench.token("after the end")
                bench.gnb.send_packet(bench.packet(ended.address, token), ended.uplink)
                await bench.quiet()
                await bench.round_trip(kept)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if a packet of the ended session is seen behind the UPF."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            sent = list(tunnelled(section, n4, sent_by_upf=False))
            ended = _ended_tunnels(trace)
            for each in [each for each in sent if each.tunnel in ended]:
                seen = let_through(section, n4, each.packet.content, each.frame)
                alive = [
                    good
                    for other in sent
                    if other.tunnel not in ended
                    and (good := good_packet_after(section, n4, other.tunnel, each.frame))
                ]
                if seen is not None:
                    findings.violation(
                        "a packet of a deleted session was forwarded", each.frame, seen
                    )
                elif alive:
                    findings.conforming(
                        "a packet of a deleted session was discarded", each.frame, alive[0]
                    )
                else:
                    findings.doubt("no good packet came back after it", each.frame)
        return self.conclude(findings, trace, "no session was deleted")


def _ended_tunnels(trace: Trace) -> set[Tunnel]:
    """The UPF's ends of the tunnels of sessions whose deletion it accepted, and of no other."""
    tunnels: dict[int, set[Tunnel]] = {}
    deleted: set[int] = set()
    for each in trace.messages:
        if not isinstance(each, PfcpMessage) or each.pdu.is_request or not each.pdu.is_accepted:
            continue
        known = tunnels.setdefault(id(each.followed.session), set())
        if each.pdu.message_type == pfcp.MessageType.SESSION_DELETION_RESPONSE:
            deleted.add(id(each.followed.session))
        elif each.followed.request is not None:
            with suppress(DecodeError):
                known.update(allocated_tunnels(each.pdu, each.followed.request))
    alive = set[Tunnel]().union(*(each for key, each in tunnels.items() if key not in deleted))
    return set[Tunnel]().union(*(tunnels[key] for key in deleted)) - alive


class FalseErrorIndication(TestCase):
    """An Error Indication of somebody who is not the end of the tunnel does it no harm."""

    name = "MAKMAL_UPF_FALSE_ERROR_INDICATION"
    STEP = "an Error Indication from another address than the tunnel's end"

    async def procedure(self, bench: UpfBench) -> None:
        """A gNB that has nothing to do with a session says that it does not know its tunnel."""
        with bench.variant(self.STEP):
            await bench.associated()
            session = await bench.session()
            await bench.round_trip(session)
            message = gtpu.build(
                gtpu.MessageType.ERROR_INDICATION,
                0,
                sequence_number=1,
                elements=[
                    (gtpu.ie.TEID_DATA_I, session.downlink_teid),
                    (gtpu.ie.GTP_U_PEER_ADDRESS, bench.gnb.local.address),
                ],
            )
            bench.other_gnb.send(message.encode(), session.uplink[0])
            await bench.quiet()
            await try_again(bench, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if packets of the UE are not answered any more."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.STEP)
        if section is not None:
            false = next(
                (
                    each
                    for each in section.messages
                    if isinstance(each, GtpuMessage)
                    and each.message_type == gtpu.MessageType.ERROR_INDICATION
                    and each.source.address not in n4.user_planes
                ),
                None,
            )
            if false is None:
                findings.doubt("no Error Indication was sent")
            else:
                self._judge(findings, section, n4, false)
        return self.conclude(findings, trace, "no Error Indication was sent")

    @staticmethod
    def _judge(findings: Findings, section: Section, n4: N4Reading, false: GtpuMessage) -> None:
        sent = list(tunnelled(section, n4, sent_by_upf=False))
        before = [each for each in sent if each.frame < false.frame]
        if not before or good_packet_after(section, n4, before[0].tunnel, 0) is None:
            findings.doubt("no packet came back before the Error Indication", false.frame)
            return
        back = good_packet_after(section, n4, before[0].tunnel, false.frame)
        if back is None and not is_dead(section, n4, before[0].tunnel, false.frame):
            findings.doubt("too little was sent after the Error Indication", false.frame)
        elif back is None:
            findings.violation("the tunnel carries nothing any more", false.frame)
        else:
            findings.conforming("the tunnel works as before", false.frame, back)
