"""TS 33.512, 4.2.2.4 and 4.2.2.7: path switch, change of AMF, CIoT re-establishment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie
from makmal.testcases.reading import LOG, answer_to, first, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import NgapMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType
_CODE = ngap.ProcedureCode
_INITIATING, _SUCCESSFUL = ngap.Kind.INITIATING_MESSAGE, ngap.Kind.SUCCESSFUL_OUTCOME


def _message(section: Section, code: int, kind: ngap.Kind) -> NgapMessage | None:
    return next(
        (
            each
            for each in section.ngap
            if each.pdu.procedure_code == code and each.pdu.kind is kind
        ),
        None,
    )


class BiddingDownXn(TestCase):
    """4.2.2.4.1: altered capabilities at a path switch are corrected, and logged."""

    name = "TC_BIDDING_DOWN_XN_AMF"
    BEFORE = "a registered UE with a session"
    STEP = "path switch with altered capabilities"
    # The UE has all algorithms; the attacker takes all but the null and the first ones away.
    ALTERED = nas.UESecurityCapability.of((0, 1), (0, 1))
    _MISMATCH = re.compile(
        r"capabilit\w*.*(mismatch|differ|not (the same|match|equal))"
        r"|(mismatch|differ).*capabilit",
        re.IGNORECASE,
    )

    async def procedure(self, bench: Bench) -> None:
        """The target gNB lies about the UE's capabilities."""
        with bench.variant(self.BEFORE):
            ue = await bench.registered_ue(session=True)
            target = await bench.gnb("gNB-2")
            with bench.variant(self.STEP):
                await bench.path_switch(ue, target, self.ALTERED)
                await bench.quiet()
                await bench.collect_log()

    def judge(self, trace: Trace) -> Verdict:
        """Fail unless the acknowledge brings the stored capabilities; the log is half of it."""
        findings = Findings()
        before, section = (variant(trace, findings, name) for name in (self.BEFORE, self.STEP))
        if before is not None and section is not None:
            self._judge(findings, before, section, trace)
        return self.conclude(findings, trace, "no path switch was seen")

    def _judge(self, findings: Findings, before: Section, section: Section, trace: Trace) -> None:
        request = _message(section, _CODE.PATH_SWITCH_REQUEST, _INITIATING)
        answer = _message(section, _CODE.PATH_SWITCH_REQUEST, _SUCCESSFUL)
        registered = first(before.uplink, M.REGISTRATION_REQUEST)
        capability = (
            None
            if registered is None or registered.plain is None
            else registered.plain.get(nas.ie.UE_SECURITY_CAPABILITY)
        )
        if request is None or answer is None or capability is None:
            findings.doubt("no path switch was acknowledged")
            return
        given = answer.pdu.get(ie.UE_SECURITY_CAPABILITIES)
        stored = (_bits(capability.encryption), _bits(capability.integrity))
        frames = (request.frame, answer.frame)
        if given is None:
            findings.violation("the acknowledge does not correct the capabilities", *frames)
            return
        if (given.nr_encryption_algorithms, given.nr_integrity_protection_algorithms) != stored:
            findings.violation("the acknowledge brings other capabilities than the UE's", *frames)
            return
        findings.conforming("the acknowledge brings the stored capabilities", *frames)
        lines = [each for each in trace.sections() if each.name.startswith(LOG)]
        found = next((each for each in lines if self._MISMATCH.search(each.name)), None)
        if found is not None:
            findings.conforming("the log shows the mismatch", found.frame)
        elif lines:
            findings.violation("the log does not show the mismatch", lines[0].frame)
        else:
            findings.doubt("whether the mismatch was logged: no log of the product was given")


def _bits(octet: int) -> int:
    """NAS octet to NGAP bit string: EA0 has no bit there (TS 38.413, 9.3.1.86)."""
    return (octet & 0x7F) << 9


def _refusal(section: Section) -> str:
    """What an AMF that was asked to take a UE over answered (TS 29.518, 5.2.2.2.3), if it did."""
    asked = next(
        (
            each
            for each in section.services
            if each.http.is_request
            and each.http.method == "PUT"
            and "/namf-comm/v1/ue-contexts/" in (each.http.path or "")
        ),
        None,
    )
    answer = None if asked is None else answer_to(section, asked)
    if answer is None:
        return ""
    return f": CreateUEContext was answered with status {answer.http.status}"


class AlgorithmsAtAmfChange(TestCase):
    """4.2.2.4.2: a new AMF chooses anew, at a handover and at a registration."""

    name = "TC_NAS_ALG_AMF_CHANGE_AMF"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    HANDOVER = "1: N2 handover from another AMF"
    REGISTRATION = "2: mobility registration from another AMF"

    async def procedure(self, bench: Bench) -> None:
        """The source AMF is the bench's own, with other algorithms than the product's."""
        bench.needs_neighbours()
        with bench.variant(self.HANDOVER):
            ue, source = await bench.ue_at_other_amf(session=True)
            target = await bench.gnb()
            await bench.handover(ue, source, target)
            await bench.quiet()
        with bench.variant(self.REGISTRATION):
            ue, source = await bench.ue_at_other_amf()
            await ue.release_connection()
            ue.camp(await bench.gnb())
            await ue.update_registration()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the old algorithms stay, though the list and the UE call for others."""
        findings = Findings()
        section = variant(trace, findings, self.HANDOVER)
        if section is not None:
            self._judge_handover(findings, trace, section)
        section = variant(trace, findings, self.REGISTRATION)
        if section is not None:
            self._judge_registration(findings, trace, section)
        return self.conclude(findings, trace, "no UE changed its AMF")

    def _expected(
        self, trace: Trace, capability: nas.UESecurityCapability
    ) -> tuple[int | None, int | None]:
        knowledge = trace.knowledge
        integrity = next(
            (
                each
                for each in knowledge.integrity_algorithms
                if capability.supports_integrity(each)
            ),
            None,
        )
        ciphering = next(
            (
                each
                for each in knowledge.ciphering_algorithms
                if capability.supports_encryption(each)
            ),
            None,
        )
        return ciphering, integrity

    def _judge_handover(self, findings: Findings, trace: Trace, section: Section) -> None:
        name = self.HANDOVER
        old = first(section.downlink, M.SECURITY_MODE_COMMAND)
        request = _message(section, _CODE.HANDOVER_RESOURCE_ALLOCATION, _INITIATING)
        registered = first(section.uplink, M.REGISTRATION_REQUEST)
        if old is None or old.plain is None or registered is None or registered.plain is None:
            findings.doubt(f"{name}: the registration at the other AMF was not seen")
            return
        capability = registered.plain.get(nas.ie.UE_SECURITY_CAPABILITY)
        before = old.plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
        if capability is None or before is None:
            findings.doubt(f"{name}: capabilities or algorithms are missing", old.frame)
            return
        if request is None:
            findings.doubt(f"{name}: the target gNB got no Handover Request{_refusal(section)}")
            return
        ciphering, integrity = self._expected(trace, capability)
        container = request.pdu.get(ie.NASC)
        if container is None or len(container) < 5:
            if (before.ciphering, before.integrity) == (ciphering, integrity):
                findings.doubt(f"{name}: the algorithms had no reason to change", request.frame)
            else:
                findings.violation(f"{name}: the Handover Request has no NASC", request.frame)
            return
        # TS 24.501, 9.11.2.6: after the MAC of four octets.
        chosen = (container[4] >> 4, container[4] & 0x0F)
        self._compare(findings, name, before, chosen, (ciphering, integrity), request.frame)

    def _judge_registration(self, findings: Findings, trace: Trace, section: Section) -> None:
        name = self.REGISTRATION
        commands = [
            each for each in section.downlink if each.message_type == M.SECURITY_MODE_COMMAND
        ]
        updates = [
            each
            for each in section.uplink
            if each.message_type == M.REGISTRATION_REQUEST and each.plain is not None
        ]
        if not commands or commands[0].plain is None or len(updates) < 2:
            findings.doubt(f"{name}: not both registrations were seen")
            return
        capability = (
            updates[0].plain.get(nas.ie.UE_SECURITY_CAPABILITY) if updates[0].plain else None
        )
        before = commands[0].plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
        if capability is None or before is None:
            findings.doubt(f"{name}: capabilities or algorithms are missing", commands[0].frame)
            return
        after = section.after(updates[-1].frame)
        command = first(after.downlink, M.SECURITY_MODE_COMMAND)
        expected = self._expected(trace, capability)
        if command is None or command.plain is None:
            if any(after.downlink):
                findings.violation(
                    f"{name}: no Security Mode Command brought the new algorithms",
                    updates[-1].frame,
                )
            else:
                findings.doubt(f"{name}: the AMF did not answer", updates[-1].frame)
            return
        chosen = command.plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
        if chosen is not None:
            self._compare(
                findings,
                name,
                before,
                (chosen.ciphering, chosen.integrity),
                expected,
                command.frame,
            )

    def _compare(
        self,
        findings: Findings,
        name: str,
        before: nas.SecurityAlgorithms,
        chosen: tuple[int, int],
        expected: tuple[int | None, int | None],
        frame: int,
    ) -> None:
        described = f"NEA{chosen[0]} and NIA{chosen[1]}"
        if None in expected:
            findings.doubt(f"{name}: the product's priority lists are not declared", frame)
        elif (before.ciphering, before.integrity) == expected:
            findings.doubt(f"{name}: the algorithms had no reason to change", frame)
        elif chosen == expected:
            findings.conforming(f"{name}: the new AMF chose {described}", frame)
        else:
            findings.violation(
                f"{name}: {described}, where its lists call for NEA{expected[0]} and "
                f"NIA{expected[1]}",
                frame,
            )


class Reestablishment(TestCase):
    """4.2.2.7: the AMF proves itself to a CIoT UE that proved itself, and only to that."""

    name = "TC_AMF_REEST_CP_CIOT"
    features: ClassVar[tuple[str, ...]] = ("ciot",)
    TRUE = "A: RAN CP Relocation Indication with the true NAS MAC"
    ALTERED = "B: RAN CP Relocation Indication with an altered NAS MAC"

    async def procedure(self, bench: Bench) -> None:
        """From another ng-eNB than the UE registered through."""
        for name, altered in ((self.TRUE, False), (self.ALTERED, True)):
            with bench.variant(name):
                ue = await bench.registered_ue(mm_capability=bench.CIOT)
                target = await bench.gnb("gNB-2")
                await bench.relocate(ue, target, altered_mac=altered)
                await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the proof is missing after a true MAC, or given after an altered one."""
        findings = Findings()
        for name, altered in ((self.TRUE, False), (self.ALTERED, True)):
            section = variant(trace, findings, name)
            if section is None:
                continue
            sent = _message(section, _CODE.RAN_CP_RELOCATION_INDICATION, _INITIATING)
            answer = _message(section, _CODE.CONNECTION_ESTABLISHMENT_INDICATION, _INITIATING)
            if sent is None or answer is None:
                findings.doubt(f"{name}: no Connection Establishment Indication was seen")
                continue
            proves = answer.pdu.get(ie.DL_CP_SECURITY_INFORMATION) is not None
            frames = (sent.frame, answer.frame)
            said = "with" if proves else "without"
            text = f"{name}: answered {said} DL CP Security Information"
            if proves == (not altered):
                findings.conforming(text, *frames)
            else:
                findings.violation(text, *frames)
        return self.conclude(findings, trace, "no relocation was indicated")
