"""What no UPF should do for somebody on N4 who is not its SMF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import pfcp
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.reading import N4Reading, good_packet_after, read_n4, tunnelled
from makmal.testcases.user_plane_abuse.packets import is_dead, try_again
from makmal.trace.message import PfcpMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.upf_bench import UpfBench

_KIND = pfcp.MessageType
# Neighbours of a SEID that one who counts would try.
_NEIGHBOURS = (1, -1, 2, -2)


def _exchanges(section: Section, source: str) -> list[tuple[PfcpMessage, PfcpMessage | None]]:
    """The requests of an address, each with its response if one came."""
    found = []
    responses = [
        each
        for each in section.messages
        if isinstance(each, PfcpMessage)
        and not each.pdu.is_request
        and each.destination.address == source
    ]
    numbers = set()
    for each in section.messages:
        if (
            isinstance(each, PfcpMessage)
            and each.pdu.is_request
            and each.source.address == source
            and each.pdu.sequence_number not in numbers
        ):
            numbers.add(each.pdu.sequence_number)
            answer = next(
                (
                    response
                    for response in responses
                    if response.pdu.sequence_number == each.pdu.sequence_number
                    and response.pdu.message_type == each.pdu.message_type + 1
                ),
                None,
            )
            found.append((each, answer))
    return found


def _smf(section: Section | None) -> str | None:
    """The SMF that the UPF knows: for whom it set up the first session of a section. Where that was
    not seen, whoever comes first may as well be the other node.
    """
    for each in () if section is None else section.messages:
        if (
            isinstance(each, PfcpMessage)
            and each.pdu.message_type == _KIND.SESSION_ESTABLISHMENT_RESPONSE
            and each.pdu.is_accepted
        ):
            return each.destination.address
    return None


class UnknownPeer(TestCase):
    """A node that the UPF does not know gets neither an association nor a session."""

    name = "MAKMAL_UPF_PFCP_UNKNOWN_PEER"
    KNOWN = "the known SMF"
    STEP = "PFCP of a node that the product does not know"

    async def procedure(self, bench: UpfBench) -> None:
        """Our SMF associates. Then another node wants a session, an association, and a session."""
        with bench.variant(self.KNOWN):
            await bench.associated()
            await bench.session()
        with bench.variant(self.STEP):
            for associates in (False, True):
                if associates:
                    await bench.stranger.associate()
                await bench.stranger_session()
            await bench.smf.heartbeat()
            await bench.session()

    def judge(self, trace: Trace) -> Verdict:
        """Fail if one of its requests is accepted."""
        findings = Findings()
        smf = _smf(variant(trace, findings, self.KNOWN))
        section = variant(trace, findings, self.STEP)
        if section is not None and smf is None:
            findings.doubt("the session of the known SMF was not seen", section.frame)
        if section is not None and smf is not None:
            known = _exchanges(section, smf)
            alive = [answer for _, answer in known if answer is not None]
            strangers = {
                each.source.address
                for each in section.messages
                if isinstance(each, PfcpMessage)
                and each.pdu.is_request
                and each.source.address != smf
                and each.pdu.message_type
                in (_KIND.ASSOCIATION_SETUP_REQUEST, _KIND.SESSION_ESTABLISHMENT_REQUEST)
            }
            for stranger in strangers:
                for request, answer in _exchanges(section, stranger):
                    self._judge(findings, request, answer, alive)
        return self.conclude(findings, trace, "no unknown node sent PFCP")

    @staticmethod
    def _judge(
        findings: Findings,
        request: PfcpMessage,
        answer: PfcpMessage | None,
        alive: list[PfcpMessage],
    ) -> None:
        if answer is not None and answer.pdu.is_accepted:
            findings.violation(
                f"{request.name} of an unknown node was accepted", request.frame, answer.frame
            )
        elif any(each.frame > request.frame for each in alive):
            frames = (request.frame,) if answer is None else (request.frame, answer.frame)
            findings.conforming(f"{request.name} of an unknown node was not accepted", *frames)
        else:
            findings.doubt("the known SMF was not answered any more", request.frame)


class SessionTakeover(TestCase):
    """Whoever guesses a SEID can neither delete nor redirect the session of another SMF."""

    name = "MAKMAL_UPF_SESSION_DELETION"
    DELETION = "A: another node deletes sessions by their SEIDs"
    REDIRECTION = "B: another node redirects a session to a tunnel of its own"

    async def procedure(self, bench: UpfBench) -> None:
        """A session of our SMF; another node tries its SEID and the numbers beside it."""
        with bench.variant(self.DELETION):
            await bench.associated()
            session = await bench.session()
            await bench.round_trip(session)
            await bench.stranger.associate()
            for distance in (0, *_NEIGHBOURS):
                await bench.stranger.delete((session.upf_seid + distance) % (1 << 64))
            await try_again(bench, session)
        with bench.variant(self.REDIRECTION):
            other = await bench.session()
            await bench.round_trip(other)
            await bench.redirect_by_stranger(other)
            await try_again(bench, other)

    def judge(self, trace: Trace) -> Verdict:
        """Fail if a request of the other node is accepted, or the session works no longer."""
        findings, n4 = Findings(), read_n4(trace)
        smf = _smf(trace.section(self.DELETION))
        for name, kind in (
            (self.DELETION, _KIND.SESSION_DELETION_REQUEST),
            (self.REDIRECTION, _KIND.SESSION_MODIFICATION_REQUEST),
        ):
            section = variant(trace, findings, name)
            if section is not None and smf is None:
                findings.doubt(f"{name}: the session of the SMF was not seen", section.frame)
            elif section is not None and smf is not None:
                self._judge(findings, section, n4, smf, kind)
        return self.conclude(findings, trace, "no other node asked for a session of the SMF")

    @staticmethod
    def _judge(findings: Findings, section: Section, n4: N4Reading, smf: str, kind: int) -> None:
        attackers = {
            each.source.address
            for each in section.messages
            if isinstance(each, PfcpMessage)
            and each.pdu.message_type == kind
            and each.source.address != smf
        }
        attacks = [
            (request, answer)
            for attacker in attackers
            for request, answer in _exchanges(section, attacker)
            if request.pdu.message_type == kind
        ]
        if not attacks:
            findings.doubt("no other node asked for a session of the SMF")
            return
        last = max(request.frame for request, _ in attacks)
        for request, answer in attacks:
            if answer is not None and answer.pdu.is_accepted:
                findings.violation(
                    f"{request.name} of another node was accepted", request.frame, answer.frame
                )
        packets = list(tunnelled(section, n4, sent_by_upf=False))
        worked = packets and good_packet_after(section, n4, packets[0].tunnel, 0) is not None
        if not worked:
            findings.doubt("no packet of the session came back before", attacks[0][0].frame)
            return
        back = good_packet_after(section, n4, packets[0].tunnel, last)
        if back is None and not is_dead(section, n4, packets[0].tunnel, last):
            findings.doubt("too little of the session was sent after it", last)
        elif back is None:
            findings.violation("the session carries nothing any more", last)
        else:
            findings.conforming("the session works as before", last, back)
