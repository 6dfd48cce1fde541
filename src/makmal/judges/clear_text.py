"""TS 33.501, 9; TS 33.513, 4.2.2.1 and 4.2.2.5: N2, N3 and N4 without cryptographic protection."""

from __future__ import annotations

from typing import ClassVar

from makmal.judges.judge import Judge
from makmal.judges.verdict import Outcome, Verdict
from makmal.protocol.gtpu import MessageType
from makmal.trace.message import GtpuMessage, NgapMessage, PfcpMessage


class _ClearText(Judge):
    """An interface whose messages can be read where the capture was taken."""

    interface: ClassVar[str]
    what: ClassVar[str]

    def verdict(self) -> Verdict:
        """Fail on clear text, unless its owner has declared what protects it elsewhere."""
        verdict = self.conclude(f"no {self.what} was seen in clear text, nor protected")
        declared = self.knowledge.declared_protection.get(self.interface)
        if verdict.outcome is Outcome.FAIL and declared is not None:
            return Verdict(
                verdict.test_case,
                verdict.requirement,
                Outcome.INCONCLUSIVE,
                f"{self.what} in clear text at the capture point, and declared as protected "
                f"outside it: {declared}. The trace cannot show that",
                verdict.frames,
            )
        return verdict


class N2ClearText(_ClearText):
    """NGAP that anyone on the path can read and change."""

    test_case = "MAKMAL_N2_CLEAR_TEXT"
    interface = "n2"
    what = "N2 signalling (NGAP)"

    def on_ngap(self, message: NgapMessage) -> None:
        """Every NGAP message that could be read."""
        self.findings.violation("NGAP without IPsec or DTLS", message.frame)


class N3ClearText(_ClearText):
    """User packets that anyone on the path can read and change."""

    test_case = "TC_UP_DATA_CONF_UPF"
    interface = "n3"
    what = "user plane traffic (GTP-U)"

    def on_gtpu(self, message: GtpuMessage) -> None:
        """Every user packet that could be read."""
        if message.message_type == MessageType.G_PDU:
            self.findings.violation("GTP-U without IPsec", message.frame)


class N4ClearText(_ClearText):
    """PFCP that anyone on the path can read and change."""

    test_case = "TC_CP_DATA_CONF_UPF_N4"
    interface = "n4"
    what = "N4 signalling (PFCP)"

    def on_pfcp(self, message: PfcpMessage) -> None:
        """Every PFCP message that could be read."""
        self.findings.violation("PFCP without IPsec", message.frame)
