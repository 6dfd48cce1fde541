"""TS 33.511, 4.2.2.1.14 and .19: capabilities at a path switch, and inactive UEs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import ngap
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33511.reading import signalling
from makmal.trace.message import NgapMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.radio.gnb_bench import GnbBench

_CODE = ngap.ProcedureCode
_CAPABILITIES = ngap.ie.UE_SECURITY_CAPABILITIES
_RESUME_REQUESTS = ("rrcResumeRequest", "rrcResumeRequest1")


class CapabilitiesAtPathSwitch(TestCase):
    """4.2.2.1.14: the target of an Xn handover tells the AMF what the source told it."""

    name = "TC-Xn-handover_bid_down_gNB"
    features: ClassVar[tuple[str, ...]] = ("xn",)
    STEP = "a handover by Xn"

    async def procedure(self, bench: GnbBench) -> None:
        """From a gNB of ours, where the AMF gave the capabilities."""
        with bench.variant(self.STEP):
            source = await bench.other_gnb()
            ue = await bench.registered(gnb=source)
            await bench.session(ue)
            await bench.hand_over_by_xn(ue, source)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the Path Switch Request has others, or none."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no path switch was seen")

    @staticmethod
    def _judge(findings: Findings, section: Section) -> None:
        given = _first(section, _CODE.INITIAL_CONTEXT_SETUP, _CAPABILITIES.identifier)
        switch = _first(section, _CODE.PATH_SWITCH_REQUEST, None)
        if given is None or switch is None:
            findings.doubt("no path switch of a UE whose capabilities were seen")
            return
        true, told = given.pdu.get(_CAPABILITIES), switch.pdu.get(_CAPABILITIES)
        if told is None:
            findings.violation("a Path Switch Request without capabilities", switch.frame)
        elif told != true:
            findings.violation(
                "a Path Switch Request with other capabilities", given.frame, switch.frame
            )
        else:
            findings.conforming(
                "a Path Switch Request with the UE's capabilities", given.frame, switch.frame
            )


def _first(section: Section, code: int, element: int | None) -> NgapMessage | None:
    return next(
        (
            each
            for each in section.ngap
            if each.pdu.procedure_code == code
            and each.pdu.kind is ngap.Kind.INITIATING_MESSAGE
            and (element is None or each.pdu.raw(element) is not None)
        ),
        None,
    )


class InactiveToActive(TestCase):
    """4.2.2.1.19: an inactive UE whose UP security is not known any more is set up anew."""

    name = "TC_GNB_INACTIVE_TO_ACTIVE"
    features: ClassVar[tuple[str, ...]] = ("rrc-inactive",)
    KNOWN = "A: the UP security of an inactive UE is known"
    LOST = "B: the UP security of an inactive UE is lost"

    async def procedure(self, bench: GnbBench) -> None:
        """A UE resumes; another does after the gNB has lost what it knew."""
        for name in (self.KNOWN, self.LOST):
            with bench.variant(name, preparing=True):
                ue = await bench.registered()
                await bench.session(ue)
                await bench.deactivate(ue)
                if name == self.LOST:
                    bench.forget_user_security(ue)
                bench.mark(name)
                await bench.resume(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the second one is resumed."""
        findings = Findings()
        known = variant(trace, findings, self.KNOWN)
        answer = None if known is None else self._answer(known)
        if answer is None or answer[0] != "rrcResume":
            findings.doubt("a UE whose UP security is known was not resumed")
        section = variant(trace, findings, self.LOST)
        if section is not None:
            answer = self._answer(section)
            if answer is None:
                findings.doubt("no answer to a resume request was seen")
            elif answer[0] == "rrcSetup":
                findings.conforming("a UE whose UP security is lost was set up anew", answer[1])
            elif answer[0] == "rrcResume":
                findings.violation("a UE whose UP security is lost was resumed", answer[1])
            else:
                findings.doubt(f"a resume request was answered with {answer[0]}", answer[1])
        return self.conclude(findings, trace, "no UE resumed")

    @staticmethod
    def _answer(section: Section) -> tuple[str, int] | None:
        request = next(
            (each for each in signalling(section) if each.message.kind in _RESUME_REQUESTS), None
        )
        if request is None:
            return None
        for each in signalling(section.after(request.frame)):
            if not each.uplink and each.message.kind != "paging":
                return each.message.kind, each.frame
        return None
