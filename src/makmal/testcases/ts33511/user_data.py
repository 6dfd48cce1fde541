"""TS 33.511, 4.2.2.1.2, .5, .7, .8, .10 and .11: user data is protected as it has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.ngap.enumerations import ProtectionIndication
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33511.reading import (
    forwarded,
    indications,
    reconfigurations,
    user_data,
)
from makmal.trace.message import PdcpMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.radio.gnb_bench import GnbBench

_REQUIRED, _NOT_NEEDED = "REQUIRED", "NOT_NEEDED"
_WRONG_MAC, _NO_MAC = b"\xde\xad\xbe\xef", b""


def _is_null(message: PdcpMessage, *, integrity: bool) -> bool:
    algorithms = message.connection.algorithms
    if algorithms is None:
        return False
    return (algorithms.integrity if integrity else algorithms.ciphering) == 0


def _integrity(findings: Findings, name: str, section: Section, wanted: bool) -> None:
    """Judge the downlink packets: each with a good MAC-I, or each without any."""
    for each in user_data(section, uplink=False):
        protected = each.integrity_verified is True and not _is_null(each, integrity=True)
        if each.integrity_verified is None and each.payload is None:
            findings.doubt(f"{name}: a packet that cannot be read", each.frame)
        elif protected == wanted:
            said = "with a good MAC-I" if wanted else "without MAC-I"
            findings.conforming(f"{name}: user data {said}", each.frame)
        elif wanted:
            findings.violation(f"{name}: user data without a good MAC-I", each.frame)
        else:
            findings.violation(f"{name}: user data with a MAC-I", each.frame)


def _ciphering(findings: Findings, name: str, section: Section, wanted: bool) -> None:
    for each in user_data(section, uplink=False):
        if each.ciphered is None:
            if wanted:
                findings.conforming(f"{name}: user data that cannot be read", each.frame)
            else:
                findings.violation(f"{name}: user data that is not in clear", each.frame)
        elif each.ciphered == wanted:
            said = "ciphered" if wanted else "in clear"
            findings.conforming(f"{name}: user data {said}", each.frame)
        else:
            said = "in clear" if wanted else "ciphered"
            findings.violation(f"{name}: user data {said}", each.frame)


class UserIntegrity(TestCase):
    """4.2.2.1.2: user data of a session that requires it has a good MAC-I."""

    name = "TC-UP-DATA-INT_gNB"
    STEP = "user data in a session that requires integrity protection"

    async def procedure(self, bench: GnbBench) -> None:
        """Packets both ways."""
        with bench.variant(self.STEP):
            ue = await bench.registered(integrity=_REQUIRED)
            session = await bench.session(ue)
            await bench.ping(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a downlink packet without, or on a bearer that is set up without."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            _signalled(findings, trace, section, integrity=True)
            _integrity(findings, "integrity protection required", section, wanted=True)
        return self.conclude(findings, trace, "no user data was seen")


class UserCiphering(TestCase):
    """4.2.2.1.7: user data of a session that requires it is ciphered."""

    name = "TC-UP-DATA-CIP_gNB"
    STEP = "user data in a session that requires ciphering"

    async def procedure(self, bench: GnbBench) -> None:
        """Packets both ways."""
        with bench.variant(self.STEP):
            ue = await bench.registered(ciphering=_REQUIRED)
            session = await bench.session(ue)
            await bench.ping(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a downlink packet that is legible."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            _signalled(findings, trace, section, integrity=False)
            _ciphering(findings, "ciphering required", section, wanted=True)
        return self.conclude(findings, trace, "no user data was seen")


class _UserPolicy(TestCase):
    """What the SMF's policy demands is done: in the RRC message, and on Uu."""

    REQUIRED: ClassVar[str]
    NOT_NEEDED: ClassVar[str]
    integrity: ClassVar[bool]

    async def procedure(self, bench: GnbBench) -> None:
        """A session with the policy "required", and one with "not needed"."""
        for name, policy in ((self.REQUIRED, _REQUIRED), (self.NOT_NEEDED, _NOT_NEEDED)):
            with bench.variant(name):
                if self.integrity:
                    ue = await bench.registered(integrity=policy)
                else:
                    ue = await bench.registered(ciphering=policy)
                session = await bench.session(ue)
                await bench.ping(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail where bearer or packets are otherwise than N2 said."""
        findings = Findings()
        for name, wanted in ((self.REQUIRED, True), (self.NOT_NEEDED, False)):
            section = variant(trace, findings, name)
            if section is None:
                continue
            if not any(user_data(section, uplink=False)):
                findings.doubt(f"{name}: no downlink user data was seen")
            _signalled(findings, trace, section, integrity=self.integrity)
            if self.integrity:
                _integrity(findings, name, section, wanted)
            else:
                _ciphering(findings, name, section, wanted)
        return self.conclude(findings, trace, "no session was set up")


class UserCipheringByPolicy(_UserPolicy):
    """4.2.2.1.10."""

    name = "TC-UP-DATA-CIP-SMF"
    REQUIRED = "A: ciphering required"
    NOT_NEEDED = "B: ciphering not needed"
    integrity = False


class UserIntegrityByPolicy(_UserPolicy):
    """4.2.2.1.11."""

    name = "TC-UP-DATA-INT-SMF"
    REQUIRED = "A: integrity protection required"
    NOT_NEEDED = "B: integrity protection not needed"
    integrity = True


def _signalled(findings: Findings, trace: Trace, section: Section, *, integrity: bool) -> None:
    """Judge what the RRC reconfigurations say of DRBs by what N2 said of their sessions."""
    policies = indications(trace)
    what = "integrity protection" if integrity else "ciphering"
    for message, said in reconfigurations(section):
        user_equipment = message.user_equipment
        if user_equipment is None:
            continue
        for drb in said.drbs:
            policy = policies.get((user_equipment.identity, drb.pdu_session_id))
            if policy is None:
                findings.doubt("a session whose policy was not seen on N2", message.frame)
                continue
            wish = (
                policy.integrity_protection_indication
                if integrity
                else policy.confidentiality_protection_indication
            )
            active = drb.integrity if integrity else drb.ciphering
            if wish == ProtectionIndication.REQUIRED and not active:
                findings.violation(f"{what} is required and not activated", message.frame)
            elif wish == ProtectionIndication.NOT_NEEDED and active:
                findings.violation(f"{what} is not needed and activated", message.frame)


class UserIntegrityCheck(TestCase):
    """4.2.2.1.5: user data with a wrong MAC-I, or with none, is discarded."""

    name = "MAKMAL_GNB_UP_INTEGRITY_CHECK_FAILURE"
    WRONG = "user data with a wrong MAC-I"
    NONE = "user data without MAC-I"

    async def procedure(self, bench: GnbBench) -> None:
        """A packet that N3 would show; then a good one."""
        for name, mac in ((self.WRONG, _WRONG_MAC), (self.NONE, _NO_MAC)):
            with bench.variant(name, preparing=True):
                ue = await bench.registered(integrity=_REQUIRED)
                session = await bench.session(ue)
                bench.mark(name)
                bench.send_user_data(ue, session, mac)
                await bench.quiet()
                await bench.ping(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when N3 shows the packet."""
        findings = Findings()
        for name in (self.WRONG, self.NONE):
            section = variant(trace, findings, name)
            if section is None:
                continue
            sent = list(user_data(section, uplink=True))
            bad = next((each for each in sent if each.integrity_verified is not True), None)
            good = next((each for each in sent if each.integrity_verified), None)
            if bad is None or bad.payload is None:
                findings.doubt(f"{name}: it was not sent, or there is no key to tell")
                continue
            seen = forwarded(section, bad.payload)
            if seen:
                findings.violation(f"{name} was forwarded", bad.frame, seen[0])
            elif good is None or good.payload is None or not forwarded(section, good.payload):
                findings.doubt(f"{name}: no later good packet shows the link alive", bad.frame)
            else:
                findings.conforming(
                    f"{name} was discarded, and the next good packet was not",
                    bad.frame,
                    good.frame,
                )
        return self.conclude(findings, trace, "no such packet was sent")


class UserReplay(TestCase):
    """4.2.2.1.8: user data that is repeated is not forwarded again."""

    name = "TC-UP-DATA-REPLAY_gNB"
    STEP = "a packet is sent, and sent again"

    async def procedure(self, bench: GnbBench) -> None:
        """The same PDCP PDU on Uu; then another packet, for the link."""
        with bench.variant(self.STEP, preparing=True):
            ue = await bench.registered(integrity=_REQUIRED)
            session = await bench.session(ue)
            bench.mark(self.STEP)
            await bench.ping(ue, session)
            bench.repeat(ue)
            await bench.quiet()
            await bench.ping(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when N3 shows the packet a second time."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no user data was repeated")

    @staticmethod
    def _judge(findings: Findings, section: Section) -> None:
        sent = list(user_data(section, uplink=True))
        octets = [each.framed.pdu for each in sent]
        repeated = next(
            (each for at, each in enumerate(sent) if each.framed.pdu in octets[:at]), None
        )
        if repeated is None or repeated.payload is None:
            findings.doubt("no user data was repeated, or there is no key to tell")
            return
        seen = forwarded(section, repeated.payload)
        alive = any(
            each.payload is not None and forwarded(section, each.payload)
            for each in sent
            if each.framed.pdu != repeated.framed.pdu
        )
        if len(seen) > 1:
            findings.violation("repeated user data was forwarded", repeated.frame, seen[1])
        elif not seen or not alive:
            findings.doubt("the link was not seen alive", repeated.frame)
        else:
            findings.conforming("repeated user data was discarded", repeated.frame, seen[0])
