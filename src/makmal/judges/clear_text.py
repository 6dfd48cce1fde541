"""TS 33.501, 9; TS 33.513, 4.2.2.1 and 4.2.2.5: N2, N3 and N4 without cryptographic protection."""

from __future__ import annotations

from typing import ClassVar

from makmal.judges.judge import Judge
from makmal.judges.verdict import Outcome, Verdict
from makmal.protocol.gtpu import MessageType
from makmal.trace.message import (
    GtpuMessage,
    Interface,
    NgapMessage,
    PfcpMessage,
    ProtectedPacket,
    Undecodable,
)


class _ClearText(Judge):
    """An interface whose messages can be read where the capture was taken."""

    interface: ClassVar[Interface]
    what: ClassVar[str]

    def on_protected(self, message: ProtectedPacket) -> None:
        """A packet that is known to be of this interface, and cannot be read."""
        if message.interface is not self.interface:
            return
        if message.legible:
            self.findings.violation(f"{message.name}: the content can be read", message.frame)
        else:
            self.findings.conforming(f"{self.what} in {message.protection}", message.frame)

    def on_undecodable(self, message: Undecodable) -> None:
        """Octets on the interface's own port that are not its protocol."""
        if message.interface is self.interface:
            self.findings.doubt(
                f"octets on the port of {self.what} that are not its protocol", message.frame
            )

    def verdict(self) -> Verdict:
        """Fail on clear text, unless its owner has declared what protects it elsewhere."""
        verdict = self.conclude(
            f"no {self.what} was seen, neither in clear text nor protected (IPsec is known to be "
            "of an interface by [interface_addresses] in the keys file)"
        )
        declared = self.knowledge.declared_protection.get(self.interface.lower())
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
    interface = Interface.N2
    what = "N2 signalling (NGAP)"

    def on_ngap(self, message: NgapMessage) -> None:
        """Every NGAP message that could be read."""
        if not message.inside_esp:
            self.findings.violation("NGAP without IPsec or DTLS", message.frame)


class N3ClearText(_ClearText):
    """User packets that anyone on the path can read and change."""

    test_case = "TC_UP_DATA_CONF_UPF"
    interface = Interface.N3
    what = "user plane traffic (GTP-U)"

    def on_gtpu(self, message: GtpuMessage) -> None:
        """Every user packet that could be read."""
        if message.message_type == MessageType.G_PDU and not message.inside_esp:
            self.findings.violation("GTP-U without IPsec", message.frame)


class N4ClearText(_ClearText):
    """PFCP that anyone on the path can read and change."""

    test_case = "TC_CP_DATA_CONF_UPF_N4"
    interface = Interface.N4
    what = "N4 signalling (PFCP)"

    def on_pfcp(self, message: PfcpMessage) -> None:
        """Every PFCP message that could be read."""
        if not message.inside_esp:
            self.findings.violation("PFCP without IPsec", message.frame)
