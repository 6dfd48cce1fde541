"""TS 33.515, 4.2.2.1.1 and 4.2.2.1.3: whose user plane security policy holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.judge import judge_trace
from makmal.judges.ts33515_smf import PolicyPrecedence
from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.protocol import ngap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import transfer
from makmal.testcases.reading import answer_to, document, requests, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import SbiMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_Policy = tuple[int, int]


class PolicyPrecedenceCase(TestCase):
    """4.2.2.1.1: the policy of the UDM goes before a local one, whichever that is."""

    name = "TC_UP_POLICY_PRECEDENCE_SMF"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    POLICIES = ("REQUIRED", "NOT_NEEDED")

    async def procedure(self, bench: Bench) -> None:
        """As UDM with two policies, one of which no local one can equal; with fresh UEs, so that
        nothing is cached. Seen in N1N2MessageTransfer and on N2.
        """
        bench.needs_neighbours()
        for policy in self.POLICIES:
            with bench.variant(f"the UDM says {policy}"):
                await bench.ue_with_up_policy(policy)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when N2 carries another policy than the UDM gave."""
        findings = Findings()
        for policy in self.POLICIES:
            name = f"the UDM says {policy}"
            section = variant(trace, findings, name)
            if section is None:
                continue
            (verdict,) = judge_trace(section.messages, [PolicyPrecedence(trace.knowledge)])
            if verdict.outcome is Outcome.FAIL:
                findings.violation(f"{name}: {verdict.reason}", *verdict.frames)
            elif verdict.outcome is Outcome.PASS:
                findings.conforming(f"{name}: {verdict.reason}", *verdict.frames)
            else:
                findings.doubt(f"{name}: {verdict.reason}", section.frame)
        return self.conclude(findings, trace, "no session was established")


class PathSwitchPolicy(TestCase):
    """4.2.2.1.3: a gNB that comes with another policy is given the SMF's."""

    name = "TC_UP_SECURITY_POLICY_SMF"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    BEFORE = "a session before"
    UPDATE = "UpdateSMContext with another policy"
    SWITCH = "Path Switch Request with another policy"

    async def procedure(self, bench: Bench) -> None:
        """As AMF, and with a gNB that a UE comes to by Xn."""
        bench.needs_neighbours()
        for name in (self.UPDATE, self.SWITCH):
            with bench.variant(f"{self.BEFORE} {name}"):
                ue = await bench.ue_with_up_policy("REQUIRED")
                other = ngap.SecurityIndication(2, 2)
                with bench.variant(name):
                    if name == self.UPDATE:
                        await bench.services.update_sm_context(ue, other)
                    else:
                        target = await bench.gnb("gNB-2")
                        await target.path_switch(ue, await bench.gnb(), security=other)

    def judge(self, trace: Trace) -> Verdict:
        """Fail unless the answer carries the policy that the session was set up with."""
        findings = Findings()
        for name in (self.UPDATE, self.SWITCH):
            before = variant(trace, findings, f"{self.BEFORE} {name}")
            section = variant(trace, findings, name)
            if before is not None and section is not None:
                self._judge(findings, name, before, section)
        return self.conclude(findings, trace, "no path was switched")

    def _judge(self, findings: Findings, name: str, before: Section, section: Section) -> None:
        configured = _configured(before)
        request = next(
            (
                each
                for each in requests(section, "nsmf-pdusession")
                if document(each).get("n2SmInfoType") == "PATH_SWITCH_REQ"
            ),
            None,
        )
        answer = None if request is None else answer_to(section, request)
        if configured is None:
            findings.doubt(f"{name}: no policy was seen when the session was set up", before.frame)
        elif request is None or answer is None:
            findings.doubt(f"{name}: the SMF gave no answer", section.frame)
        elif not 200 <= (answer.http.status or 0) < 300:
            findings.doubt(f"{name}: refused with {answer.http.status}", answer.frame)
        else:
            told, given = _told(request), _acknowledged(answer)
            frames = request.frame, answer.frame
            if told is None or told == configured:
                findings.doubt(f"{name}: the gNB came with no other policy than the SMF's", *frames)
            elif given is None:
                findings.violation(f"{name}: the answer carries no Security Indication", *frames)
            elif given != configured:
                findings.violation(f"{name}: the answer carries another policy", *frames)
            else:
                findings.conforming(f"{name}: the answer carries the SMF's policy", *frames)


def _indicated(indication: ngap.SecurityIndication) -> _Policy:
    return (
        int(indication.integrity_protection_indication),
        int(indication.confidentiality_protection_indication),
    )


def _ngap_part(message: SbiMessage) -> bytes | None:
    return next(
        (each.body for each in message.http.parts if "ngap" in each.content_type.lower()), None
    )


def _configured(section: Section) -> _Policy | None:
    """The policy in the setup request that the SMF sent by the AMF."""
    for message in requests(section, "namf-comm"):
        octets = _ngap_part(message)
        try:
            found = None if octets is None else transfer.decode_setup_request(octets)
            indication = None if found is None else found.security_indication
        except DecodeError:
            continue
        if indication is not None:
            return _indicated(indication)
    return None


def _told(request: SbiMessage) -> _Policy | None:
    """The policy that the gNB came with, in a Path Switch Request Transfer."""
    octets = _ngap_part(request)
    if octets is None:
        return None
    try:
        found = transfer.decode_path_switch_request(octets).user_plane_security_information
    except DecodeError:
        return None
    return None if found is None else _indicated(found.security_indication)


def _acknowledged(answer: SbiMessage) -> _Policy | None:
    """The policy in a Path Switch Request Acknowledge Transfer."""
    octets = _ngap_part(answer)
    if octets is None:
        return None
    try:
        indication = transfer.PATH_SWITCH_REQUEST_ACKNOWLEDGE.decode(octets).security_indication
    except DecodeError:
        return None
    return None if indication is None else _indicated(indication)
