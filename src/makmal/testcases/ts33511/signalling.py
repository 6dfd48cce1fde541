"""TS 33.511, 4.2.2.1.1, .4, .6 and .9: RRC messages are protected, and only those processed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import rrc
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33511.reading import (
    BEGINS_CIPHERING,
    passed_on,
    secured_downlink,
    signalling,
)
from makmal.trace.message import RrcMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.radio.gnb_bench import GnbBench

_WRONG_MAC, _NO_MAC = b"\xde\xad\xbe\xef", bytes(4)


class SignallingIntegrity(TestCase):
    """4.2.2.1.1: every RRC message after AS security was activated has a good MAC-I."""

    name = "TC_CP_DATA_INT_RRC-SIGN_gNB"
    STEP = "a UE registers and opens a session"

    async def procedure(self, bench: GnbBench) -> None:
        """NIA0 is in no list of the gNB."""
        with bench.variant(self.STEP):
            ue = await bench.registered()
            await bench.session(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on NIA0, or on a downlink message whose MAC-I is wrong."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        for each in () if section is None else secured_downlink(section):
            algorithms = each.connection.algorithms if each.connection is not None else None
            if algorithms is not None and algorithms.integrity == 0:
                findings.violation("NIA0 was selected", each.frame)
            elif each.integrity_verified is False:
                findings.violation("an RRC message without a good MAC-I", each.frame)
            elif each.integrity_verified is None:
                findings.doubt("no key to verify an RRC message with", each.frame)
            else:
                findings.conforming("RRC messages with a good MAC-I", each.frame)
        return self.conclude(findings, trace, "AS security was not activated")


class SignallingCiphering(TestCase):
    """4.2.2.1.6: RRC messages after AS security was activated are ciphered."""

    name = "TC-CP-DATA-CIP-RRC-SIGN_gNB"
    STEP = "a UE registers and opens a session"

    async def procedure(self, bench: GnbBench) -> None:
        """NEA0 is the last choice of the gNB."""
        with bench.variant(self.STEP):
            ue = await bench.registered()
            await bench.session(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on NEA0, or on a downlink message that is legible."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        for each in () if section is None else secured_downlink(section):
            if not isinstance(each, RrcMessage):
                findings.conforming("RRC messages that cannot be read", each.frame)
                continue
            if each.message.kind in BEGINS_CIPHERING:
                continue
            if each.ciphered:
                findings.conforming("ciphered RRC messages", each.frame)
            else:
                findings.violation("an RRC message was sent unciphered", each.frame)
        return self.conclude(findings, trace, "AS security was not activated")


class SignallingIntegrityCheck(TestCase):
    """4.2.2.1.4: RRC messages with a wrong MAC-I, or with none, are discarded."""

    name = "TC-CP-DATA-RRC-INT-CHECK_gNB"
    WRONG = "an RRC message with a wrong MAC-I"
    NONE = "an RRC message without MAC-I"

    async def procedure(self, bench: GnbBench) -> None:
        """Messages that carry NAS, which N2 would show; then a good one."""
        for name, mac in ((self.WRONG, _WRONG_MAC), (self.NONE, _NO_MAC)):
            with bench.variant(name, preparing=True):
                ue = await bench.registered()
                bench.mark(name)
                bench.send_signalling(ue, mac)
                await bench.quiet()
                bench.send_signalling(ue)
                await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when N2 shows what was in the message."""
        findings = Findings()
        for name in (self.WRONG, self.NONE):
            section = variant(trace, findings, name)
            if section is None:
                continue
            sent = [each for each in signalling(section) if each.uplink and each.bearer is not None]
            bad = next((each for each in sent if each.integrity_verified is False), None)
            good = next((each for each in sent if each.integrity_verified), None)
            if bad is None:
                findings.doubt(f"{name}: it was not sent, or there is no key to tell")
                continue
            seen = _nas_on_n2(section, bad)
            if seen:
                findings.violation(f"{name} was processed", bad.frame, seen[0])
            elif good is None or not _nas_on_n2(section, good):
                findings.doubt(f"{name}: no later good message shows the link alive", bad.frame)
            else:
                findings.conforming(
                    f"{name} was discarded, and the next good message was not",
                    bad.frame,
                    good.frame,
                )
        return self.conclude(findings, trace, "no such message was sent")


class SignallingReplay(TestCase):
    """4.2.2.1.9: an RRC message that is repeated is not processed again."""

    name = "TC-UP-DATA-RRC-REPLAY_gNB"
    STEP = "an RRC message is sent, and sent again"

    async def procedure(self, bench: GnbBench) -> None:
        """The same PDCP PDU on Uu; then another message, for the link."""
        with bench.variant(self.STEP, preparing=True):
            ue = await bench.registered()
            bench.mark(self.STEP)
            bench.send_signalling(ue)
            bench.repeat(ue)
            await bench.quiet()
            bench.send_signalling(ue)
            await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when N2 shows the content a second time."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            sent = [each for each in signalling(section) if each.uplink and each.pdu]
            repeated = next(
                (each for at, each in enumerate(sent) if each.pdu in _pdus(sent[:at])), None
            )
            if repeated is None:
                findings.doubt("no RRC message was repeated")
            else:
                seen = _nas_on_n2(section, repeated)
                alive = any(_nas_on_n2(section, each) for each in sent if each.pdu != repeated.pdu)
                if len(seen) > 1:
                    findings.violation(
                        "a repeated RRC message was processed", repeated.frame, seen[1]
                    )
                elif not seen or not alive:
                    findings.doubt("the link was not seen alive", repeated.frame)
                else:
                    findings.conforming(
                        "a repeated RRC message was discarded", repeated.frame, seen[0]
                    )
        return self.conclude(findings, trace, "no RRC message was repeated")


def _pdus(messages: list[RrcMessage]) -> list[bytes]:
    return [each.pdu for each in messages]


def _nas_on_n2(section: Section, message: RrcMessage) -> list[int]:
    return [frame for octets in rrc.nas_of(message.message) for frame in passed_on(section, octets)]
