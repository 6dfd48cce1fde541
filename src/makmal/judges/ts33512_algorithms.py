"""TS 33.512, 4.2.2.3.2 and 4.2.2.3.3; TS 33.501, 5.5: the NAS algorithms that the AMF selects."""

from __future__ import annotations

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import nas
from makmal.trace.message import NasMessage

_NO_COMMAND = "no readable Security Mode Command was seen"


def _selected(message: NasMessage) -> nas.SecurityAlgorithms | None:
    if message.uplink or message.message_type != nas.MessageType.SECURITY_MODE_COMMAND:
        return None
    return (
        None
        if message.plain is None
        else message.plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
    )


def _is_unauthenticated_emergency(message: NasMessage) -> bool:
    # TS 33.501, 10.2.2: only an emergency registration without authentication may go on with NIA0.
    user_equipment = message.user_equipment
    return user_equipment.emergency and user_equipment.challenge is None


class NullIntegrity(Judge):
    """NIA0 must not be selected but for unauthenticated emergency sessions."""

    test_case = "TC_NAS_NULL_INT_AMF"

    def on_nas(self, message: NasMessage) -> None:
        """Read the integrity algorithm of a Security Mode Command, and its protection."""
        selected = _selected(message)
        if selected is None:
            return
        if selected.integrity == 0 and _is_unauthenticated_emergency(message):
            self.findings.conforming(
                "NIA0 for an unauthenticated emergency registration, which may use it",
                message.frame,
            )
        elif selected.integrity == 0:
            self.findings.violation("the AMF selected NIA0 (null integrity)", message.frame)
        elif message.protected is None:
            self.findings.violation(
                "the Security Mode Command is not integrity protected", message.frame
            )
        elif message.integrity_verified is False:
            self.findings.doubt(
                "the MAC of the Security Mode Command fits none of the keys that were given",
                message.frame,
            )
        else:
            self.findings.conforming(f"the AMF selected 128-NIA{selected.integrity}", message.frame)

    def verdict(self) -> Verdict:
        """Fail when NIA0 was selected, or the command itself was unprotected."""
        return self.conclude(_NO_COMMAND)


class NullCiphering(Judge):
    """NEA0 leaves NAS signalling in clear (TS 33.501, 5.3.2 and 5.5.1)."""

    test_case = "MAKMAL_NAS_NULL_CIPHERING"

    def on_nas(self, message: NasMessage) -> None:
        """Read the ciphering algorithm of a Security Mode Command."""
        selected = _selected(message)
        if selected is None:
            return
        if selected.ciphering != 0:
            self.findings.conforming(f"the AMF selected 128-NEA{selected.ciphering}", message.frame)
        elif message.user_equipment.emergency:
            self.findings.conforming(
                "NEA0 for an emergency registration, which may use it", message.frame
            )
        else:
            self.findings.violation("the AMF selected NEA0 (null ciphering)", message.frame)

    def verdict(self) -> Verdict:
        """Fail when NEA0 was selected outside an emergency registration."""
        return self.conclude(_NO_COMMAND)


class AlgorithmSelection(Judge):
    """The AMF selects the first algorithm of its priority list that the UE supports."""

    test_case = "TC_NAS_INT_SELECTION_USE_AMF"

    def on_nas(self, message: NasMessage) -> None:
        """Compare the selection with the list; then see that the UE's answer verifies."""
        self._completion(message)
        selected = _selected(message)
        if selected is None or message.plain is None:
            return
        if not self.knowledge.integrity_algorithms:
            self.findings.doubt(
                f"128-NIA{selected.integrity} was selected; whether it is the AMF's first choice "
                "cannot be told without its priority list (integrity_algorithms under [amf] in "
                "the keys file)",
                message.frame,
            )
            return
        capability = message.user_equipment.capability or message.plain.get(
            nas.ie.REPLAYED_UE_SECURITY_CAPABILITIES
        )
        if capability is None:
            self.findings.doubt("the UE's security capabilities were not seen", message.frame)
            return
        offered = [a for a in range(8) if capability.supports_integrity(a)]
        self._compare(
            "integrity",
            "NIA",
            self.knowledge.integrity_algorithms,
            offered,
            selected.integrity,
            message.frame,
        )
        if self.knowledge.ciphering_algorithms:
            offered = [a for a in range(8) if capability.supports_encryption(a)]
            self._compare(
                "ciphering",
                "NEA",
                self.knowledge.ciphering_algorithms,
                offered,
                selected.ciphering,
                message.frame,
            )

    def _compare(
        self,
        kind: str,
        family: str,
        priority: tuple[int, ...],
        offered: list[int],
        selected: int,
        frame: int,
    ) -> None:
        best = next((algorithm for algorithm in priority if algorithm in offered), None)
        if best is None:
            self.findings.doubt(f"the UE offers no {kind} algorithm of the priority list", frame)
        elif best == selected:
            self.findings.conforming(
                f"{family}{selected} is the first of the {kind} list that the UE offers", frame
            )
        else:
            self.findings.violation(
                f"the AMF selected {family}{selected} where its list and the UE's capabilities "
                f"call for {family}{best}",
                frame,
            )

    def _completion(self, message: NasMessage) -> None:
        if (
            message.uplink
            and message.message_type == nas.MessageType.SECURITY_MODE_COMPLETE
            and message.integrity_verified is False
        ):
            self.findings.doubt(
                "the MAC of a Security Mode Complete fits none of the keys that were given",
                message.frame,
            )

    def verdict(self) -> Verdict:
        """Fail when another algorithm than the best common one was selected."""
        return self.conclude(_NO_COMMAND)
