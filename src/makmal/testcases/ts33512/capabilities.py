"""TS 33.512, 4.2.2.6: the UE's security capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas, ngap
from makmal.testcases.reading import first, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType


class InvalidCapabilities(TestCase):
    """4.2.2.6.1: a registration with invalid capabilities is rejected."""

    name = "TC_UE_SEC_CAP_HANDLING_AMF"
    VARIANTS: ClassVar[dict[str, nas.UESecurityCapability]] = {
        "1: no encryption algorithm": nas.UESecurityCapability.of((), (0, 1, 2, 3)),
        "2: no integrity algorithm": nas.UESecurityCapability.of((0, 1, 2, 3), ()),
        # TS 33.501, 5.2.2 and 5.2.3: 0, 1 and 2 are mandatory, 3 is optional.
        "3: mandatory encryption algorithms missing": nas.UESecurityCapability.of(
            (3,), (0, 1, 2, 3)
        ),
        "4: mandatory integrity algorithms missing": nas.UESecurityCapability.of(
            (0, 1, 2, 3), (3,)
        ),
    }

    async def procedure(self, bench: Bench) -> None:
        """Four registrations."""
        for name, capability in self.VARIANTS.items():
            with bench.variant(name):
                ue = await bench.ue(capability_octets=capability.octets)
                await ue.register()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one of them is not answered with Registration Reject."""
        findings = Findings()
        for name in self.VARIANTS:
            section = variant(trace, findings, name)
            if section is not None:
                self._judge(findings, name, section)
        return self.conclude(findings, trace, "no registration was seen")

    def _judge(self, findings: Findings, name: str, section: Section) -> None:
        request = first(section.uplink, M.REGISTRATION_REQUEST)
        if request is None:
            findings.doubt(f"{name}: the registration was not sent")
            return
        after = section.after(request.frame).of(request.user_equipment)
        reject = first(after.downlink, M.REGISTRATION_REJECT)
        went_on = first(after.downlink, M.SECURITY_MODE_COMMAND, M.REGISTRATION_ACCEPT)
        if went_on is not None and (reject is None or reject.frame > went_on.frame):
            findings.violation(
                f"{name}: the AMF went on with {went_on.name}", request.frame, went_on.frame
            )
        elif reject is not None:
            findings.conforming(f"{name}: rejected", request.frame, reject.frame)
        else:
            other = next(after.downlink, None)
            if other is None:
                findings.doubt(f"{name}: the AMF did not answer", request.frame)
            else:
                findings.violation(
                    f"{name}: no Registration Reject followed, but {other.name}",
                    request.frame,
                    other.frame,
                )


class CapabilitiesToGnb(TestCase):
    """4.2.2.6.2: the gNB is given the capabilities that the UE sent."""

    name = "TC_UE_SEC_CAPS_AS_CONTEXT_SETUP"
    STEP = "registration"
    # Those of EPS differ, so that one cannot be taken for the other.
    CAPABILITY = nas.UESecurityCapability(bytes((0xF0, 0xE0, 0xE0, 0x70)))

    async def procedure(self, bench: Bench) -> None:
        """One registration with valid capabilities."""
        with bench.variant(self.STEP):
            ue = await bench.ue(capability_octets=self.CAPABILITY.octets)
            await ue.register()

    def judge(self, trace: Trace) -> Verdict:
        """Compare Registration Request and Initial Context Setup Request."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no registration was seen")

    def _judge(self, findings: Findings, section: Section) -> None:
        request = first(section.uplink, M.REGISTRATION_REQUEST)
        setup = next(
            (
                each
                for each in section.ngap
                if each.pdu.procedure_code == ngap.ProcedureCode.INITIAL_CONTEXT_SETUP
                and each.pdu.kind is ngap.Kind.INITIATING_MESSAGE
            ),
            None,
        )
        sent = None
        if request is not None and request.plain is not None:
            sent = request.plain.get(nas.ie.UE_SECURITY_CAPABILITY)
        if request is None or sent is None or setup is None:
            findings.doubt("no Initial Context Setup Request followed a registration")
            return
        given = setup.pdu.get(ngap.ie.UE_SECURITY_CAPABILITIES)
        frames = (request.frame, setup.frame)
        if given is None:
            findings.violation("Initial Context Setup Request without capabilities", *frames)
        elif (
            given.nr_encryption_algorithms,
            given.nr_integrity_protection_algorithms,
        ) == (_bits(sent.encryption), _bits(sent.integrity)):
            findings.conforming("the gNB was given what the UE sent", *frames)
        else:
            findings.violation("the gNB was given other capabilities than the UE sent", *frames)


def _bits(octet: int) -> int:
    """NAS octet to NGAP bit string: EA0 has no bit there (TS 38.413, 9.3.1.86)."""
    return (octet & 0x7F) << 9
