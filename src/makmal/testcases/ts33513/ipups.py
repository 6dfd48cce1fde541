"""TS 33.513, 4.2.2.7 and 4.2.2.8: inter-PLMN user plane security on N9 (IPUPS)."""

from __future__ import annotations

from hashlib import shake_256
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import gtpu
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.reading import N4Reading, Tunnelled, read_n4, tunnelled
from makmal.trace.message import GtpuMessage, Undecodable
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.smf import TesterSession
    from makmal.bench.user_plane.upf_bench import UpfBench


def _passed(section: Section, n4: N4Reading, sent: Tunnelled) -> int | None:
    """The frame in which the UPF sent this packet on to another tunnel's end."""
    for each in tunnelled(section, n4, sent_by_upf=True):
        if each.frame > sent.frame and each.packet.content == sent.packet.content:
            return each.frame
    return None


async def _good(bench: UpfBench, session: TesterSession, what: str) -> bool:
    """A packet of the other UPF to the UE, in the tunnel that was agreed; whether it came."""
    token = bench.token(what)
    if session.outer is None:
        return False
    packet = bench.downlink_packet(session.address, token)
    bench.peer.send_packet(packet, session.outer, uplink=False)
    return await bench.gnb.expect(lambda message: token in message.payload, bench.answer)


class PacketHandling(TestCase):
    """4.2.2.7: on N9, only packets with a TEID of an active session are forwarded."""

    name = "TC_IPUPS_PACKET_HANDLING"
    features: ClassVar[tuple[str, ...]] = ("ipups",)
    ACTIVE = "A: packets with the TEID of an active session"
    OTHER = "B: packets with other TEIDs"
    ENDED = "C: packets with the TEID of a session that has ended"

    async def procedure(self, bench: UpfBench) -> None:
        """A session between the gNB and a UPF of another PLMN; that one sends packets."""
        with bench.variant(self.ACTIVE):
            await bench.associated()
            session, _ = await bench.roaming_session()
            await _good(bench, session, "active")
            with bench.variant(self.OTHER):
                end, teid = session.outer or session.uplink
                for other in (0, 1, teid + 1, teid - 1, teid ^ 0x8000_0000, 0xFFFF_FFFF):
                    packet = bench.downlink_packet(session.address, bench.token("other TEID"))
                    bench.peer.send_packet(packet, (end, other % (1 << 32)), uplink=False)
                await bench.quiet()
                await _good(bench, session, "after others")
            with bench.variant(self.ENDED):
                second, _ = await bench.roaming_session()
                await _good(bench, second, "before the end")
                await bench.smf.delete(second.upf_seid)
                await bench.quiet()
                bench.mark(f"{self.ENDED}, after its end")
                packet = bench.downlink_packet(second.address, bench.token("ended"))
                bench.peer.send_packet(packet, second.outer or second.uplink, uplink=False)
                await bench.quiet()
                await _good(bench, session, "after the end of the other")

    def judge(self, trace: Trace) -> Verdict:
        """Fail if a packet with another TEID appears on N3, or one of an active session not."""
        findings, n4 = Findings(), read_n4(trace)
        section = variant(trace, findings, self.ACTIVE)
        live: set[tuple[str, int]] = set()
        if section is not None:
            for sent in tunnelled(section, n4, sent_by_upf=False):
                live.add(sent.tunnel)
                seen = _passed(section, n4, sent)
                if seen is None:
                    findings.violation(
                        "a packet of an active session was not forwarded", sent.frame
                    )
                else:
                    findings.conforming(
                        "a packet of an active session was forwarded", sent.frame, seen
                    )
        for name in (self.OTHER, f"{self.ENDED}, after its end"):
            section = variant(trace, findings, name)
            if section is not None:
                self._judge_others(findings, section, n4, live)
        return self.conclude(findings, trace, "no packet was sent on N9")

    @staticmethod
    def _judge_others(
        findings: Findings, section: Section, n4: N4Reading, live: set[tuple[str, int]]
    ) -> None:
        packets = list(tunnelled(section, n4, sent_by_upf=False))
        good = [each for each in packets if each.tunnel in live]
        answered = [seen for each in good if (seen := _passed(section, n4, each)) is not None]
        for sent in packets:
            if sent.tunnel in live:
                continue
            seen = _passed(section, n4, sent)
            if seen is not None:
                findings.violation(
                    "a packet was forwarded whose TEID is of no active session", sent.frame, seen
                )
            elif any(frame > sent.frame for frame in answered):
                findings.conforming(
                    "a packet whose TEID is of no active session was discarded", sent.frame
                )
            else:
                findings.doubt(
                    "no good packet came through after one that was not forwarded", sent.frame
                )


def malformed_messages(teid: int, packet: bytes) -> dict[str, bytes]:
    """G-PDUs for a tunnel, each wrong in its own way (TS 29.281, 5; TS 33.117, 4.4.4)."""
    kind = gtpu.MessageType.G_PDU
    header = teid.to_bytes(4, "big")
    length = len(packet).to_bytes(2, "big")
    longer = (len(packet) + 200).to_bytes(2, "big")
    extended = (len(packet) + 4).to_bytes(2, "big")
    return {
        "version 0": gtpu.build(kind, teid, packet, version=0).encode(),
        "version 2": gtpu.build(kind, teid, packet, version=2).encode(),
        "version 7": gtpu.build(kind, teid, packet, version=7).encode(),
        "GTP'": gtpu.build(kind, teid, packet, protocol_type=0).encode(),
        "a length beyond the datagram": b"\x30\xff" + longer + header + packet,
        "an extension header of length zero": (
            b"\x34\xff" + extended + header + b"\0\0\0\x85" + b"\0\0\1\0" + packet
        ),
        "an extension header beyond the message": (
            b"\x34\xff" + extended + header + b"\0\0\0\x85" + b"\xff\0\1\x85" + packet
        ),
        "extension headers announced and missing": b"\x34\xff" + length + header + b"\0\0\0\x85",
        "optional fields announced and missing": b"\x37\xff\0\0" + header,
        "half a header": b"\x30\xff\0\0" + header[:2],
        "one octet": b"\x30",
        "no packet inside": gtpu.build(kind, teid).encode(),
        "an IP packet that is cut": gtpu.build(kind, teid, packet[:9]).encode(),
        "an unknown message type": gtpu.build(99, teid, packet).encode(),
        "elements that are cut": gtpu.build(
            gtpu.MessageType.ERROR_INDICATION, teid, b"\x85\xff\xff" + packet
        ).encode(),
    }


def mutated(octets: bytes, number: int) -> bytes:
    """The same with some octets of the header altered: the same ones for the same number."""
    choice = shake_256(number.to_bytes(4, "big")).digest(8)
    altered = bytearray(octets)
    for at, value in zip(choice[:4], choice[4:], strict=True):
        altered[at % min(len(altered), 20)] ^= value
    return bytes(altered)


class MalformedMessages(TestCase):
    """4.2.2.8: malformed GTP-U on N9 is discarded, and does no harm."""

    name = "TC_IPUPS_MALFORED_MESSAGES"
    features: ClassVar[tuple[str, ...]] = ("ipups",)
    BUILT = "A: messages that are wrong in a known way"
    MUTATED = "B: messages with altered headers"
    MUTATIONS = 200

    async def procedure(self, bench: UpfBench) -> None:
        """Malformed messages on N9, and good ones after each."""
        with bench.variant(self.BUILT):
            await bench.associated()
            session, _ = await bench.roaming_session()
            end, teid = session.outer or session.uplink
            await _good(bench, session, "good")
            packet = bench.downlink_packet(session.address, bench.token("malformed"))
            for name in malformed_messages(teid, packet):
                packet = bench.downlink_packet(session.address, bench.token("malformed"))
                bench.mark(f"{self.BUILT}: {name}")
                bench.peer.send(malformed_messages(teid, packet)[name], end)
                await _good(bench, session, "good")
                await bench.echo(bench.peer)
            with bench.variant(self.MUTATED):
                packet = bench.downlink_packet(session.address, bench.token("mutated"))
                good = gtpu.build(
                    gtpu.MessageType.G_PDU,
                    teid,
                    packet,
                    extension_headers=[
                        (
                            gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER,
                            gtpu.DlPduSessionInformation(qfi=1),
                        )
                    ],
                ).encode()
                for number in range(self.MUTATIONS):
                    bench.peer.send(mutated(good, number), end)
                await bench.quiet()
                await _good(bench, session, "good")
                await bench.echo(bench.peer)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if a malformed message is forwarded, or good ones are not from then on."""
        findings, n4 = Findings(), read_n4(trace)
        built = (f"{self.BUILT}: {name}" for name in malformed_messages(0, b""))
        for name in (self.BUILT, *built, self.MUTATED):
            variant(trace, findings, name)
        worked = False
        for section in trace.sections():
            if not section.name.startswith((self.BUILT, self.MUTATED)):
                continue
            good, bad, alive = self._read(section, n4)
            if not section.name.startswith((f"{self.BUILT}: ", self.MUTATED)):
                worked = alive
                if not alive:
                    findings.doubt("good packets did not come through to begin with")
                continue
            what = section.name.partition(": ")[2].partition(": ")[2] or "altered headers"
            if bad:
                findings.violation(f"{what}: forwarded", *bad)
            elif alive and self._answered(section, n4):
                findings.conforming("malformed messages did no harm", *good)
            elif worked:
                findings.violation(
                    f"{what}: good packets or Echo Requests had no answer from then on",
                    section.frame,
                )
                # What is broken stays so: what follows proves nothing new.
                worked = False
        return self.conclude(findings, trace, "no malformed message was sent")

    @staticmethod
    def _read(section: Section, n4: N4Reading) -> tuple[list[int], list[int], bool]:
        """Frames of good packets that came through, of malformed ones that did, and whether the
        last good one did.
        """
        good, bad = [], []
        for each in section.messages:
            # What is passed on malformed as it came, is no GTP-U message either.
            if not isinstance(each, GtpuMessage | Undecodable):
                continue
            if each.source.address not in n4.user_planes:
                continue
            if b"malformed" in each.payload:
                bad.append(each.frame)
            elif b"makmal good" in each.payload and isinstance(each, GtpuMessage):
                good.append(each.frame)
        return good, bad, bool(good)

    @staticmethod
    def _answered(section: Section, n4: N4Reading) -> bool:
        return any(
            isinstance(each, GtpuMessage)
            and each.message_type == gtpu.MessageType.ECHO_RESPONSE
            and each.source.address in n4.user_planes
            for each in section.messages
        )
