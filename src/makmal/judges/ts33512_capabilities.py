"""TS 33.512, 4.2.2.6: what the AMF does with the UE's security capabilities."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import nas, ngap
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import NasMessage, NgapMessage
from makmal.trace.user_equipment import UserEquipment

# TS 33.501, 5.3.2 and 5.3.3: what every UE implements.
_MANDATORY = (0, 1, 2)

_ACCEPTING = frozenset(
    {
        nas.MessageType.SECURITY_MODE_COMMAND,
        nas.MessageType.REGISTRATION_ACCEPT,
    }
)


class CapabilitiesReplayed(Judge):
    """The capabilities sent to the UE and to the gNB are those that the UE registered with."""

    test_case = "TC_UE_SEC_CAPS_AS_CONTEXT_SETUP"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._registered: WeakKeyDictionary[UserEquipment, tuple[int, nas.UESecurityCapability]] = (
            WeakKeyDictionary()
        )
        self._context_setup_seen = False

    def on_nas(self, message: NasMessage) -> None:
        """Note the capabilities of the Registration Request; compare the replayed ones."""
        plain = message.plain
        if plain is None:
            return
        if message.uplink:
            # Only an initial message is what the AMF took the capabilities from; the complete
            # one inside the Security Mode Complete comes later.
            if message.initial and plain.message_type == nas.MessageType.REGISTRATION_REQUEST:
                capability = plain.get(nas.ie.UE_SECURITY_CAPABILITY)
                if capability is not None:
                    self._registered[message.user_equipment] = (message.frame, capability)
        elif plain.message_type == nas.MessageType.SECURITY_MODE_COMMAND:
            replayed = plain.get(nas.ie.REPLAYED_UE_SECURITY_CAPABILITIES)
            if replayed is not None:
                self._compare_nas(message, replayed)

    def _compare_nas(self, message: NasMessage, replayed: nas.UESecurityCapability) -> None:
        registered = self._registered.get(message.user_equipment)
        if registered is None:
            self.findings.doubt(
                "the Registration Request before this Security Mode Command was not seen",
                message.frame,
            )
            return
        frame, capability = registered
        if _octets(capability) == _octets(replayed):
            self.findings.conforming(
                "the Security Mode Command replays the capabilities of the Registration Request",
                frame,
                message.frame,
            )
        else:
            self.findings.violation(
                "the Security Mode Command replays other capabilities than the UE sent",
                frame,
                message.frame,
            )

    def on_ngap(self, message: NgapMessage) -> None:
        """Compare the capabilities that the gNB is given to choose AS algorithms by."""
        if (
            message.user_equipment is None
            or message.pdu.procedure_code != ngap.ProcedureCode.INITIAL_CONTEXT_SETUP
            or message.pdu.kind is not ngap.Kind.INITIATING_MESSAGE
        ):
            return
        self._context_setup_seen = True
        given = message.pdu.get(ngap.ie.UE_SECURITY_CAPABILITIES)
        registered = self._registered.get(message.user_equipment)
        if given is None:
            self.findings.violation(
                "Initial Context Setup Request without UE security capabilities", message.frame
            )
            return
        if registered is None:
            self.findings.doubt(
                "the Registration Request before this Initial Context Setup was not seen",
                message.frame,
            )
            return
        frame, capability = registered
        if (
            given.nr_encryption_algorithms,
            given.nr_integrity_protection_algorithms,
        ) == (_as_bits(capability.encryption), _as_bits(capability.integrity)):
            self.findings.conforming(
                "Initial Context Setup gives the gNB the capabilities of the Registration Request",
                frame,
                message.frame,
            )
        else:
            self.findings.violation(
                "Initial Context Setup gives the gNB other 5G capabilities than the UE sent",
                frame,
                message.frame,
            )

    def verdict(self) -> Verdict:
        """Fail on any difference; pass only when the gNB was given them too."""
        if self.findings.occasions and not self._context_setup_seen:
            self.findings.doubt("no Initial Context Setup Request was seen")
        return self.conclude(
            "neither a Security Mode Command nor an Initial Context Setup Request was seen"
        )


def _octets(capability: nas.UESecurityCapability) -> tuple[int, int, int, int]:
    # An EPS half that is absent says the same as one of zeros.
    return (
        capability.encryption,
        capability.integrity,
        capability.eps_encryption or 0,
        capability.eps_integrity or 0,
    )


def _as_bits(octet: int) -> int:
    """NAS octet to NGAP bit string: EA0 has no bit there (TS 38.413, 9.3.1.86)."""
    return (octet & 0x7F) << 9


class InvalidCapabilities(Judge):
    """A registration with invalid security capabilities must be rejected (TS 24.501, 5.5.1.2.8)."""

    test_case = "TC_UE_SEC_CAP_HANDLING_AMF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._open: dict[UserEquipment, tuple[int, str]] = {}

    def on_nas(self, message: NasMessage) -> None:
        """Note what is wrong with a registration's capabilities, and what answers it."""
        plain, user_equipment = message.plain, message.user_equipment
        if message.uplink:
            if plain is not None and plain.message_type == nas.MessageType.REGISTRATION_REQUEST:
                self._open.pop(user_equipment, None)
                capability = plain.get(nas.ie.UE_SECURITY_CAPABILITY)
                wrong = None if capability is None else what_is_invalid(capability)
                if wrong is not None:
                    self._open[user_equipment] = (message.frame, wrong)
            return
        if user_equipment not in self._open or plain is None:
            return
        frame, wrong = self._open[user_equipment]
        if plain.message_type in _ACCEPTING:
            del self._open[user_equipment]
            self.findings.violation(
                f"a registration with {wrong} went on to {plain.name}", frame, message.frame
            )
        elif plain.message_type == nas.MessageType.REGISTRATION_REJECT:
            del self._open[user_equipment]
            self.findings.conforming(
                f"a registration with {wrong} was rejected", frame, message.frame
            )

    def verdict(self) -> Verdict:
        """Fail when a registration with invalid capabilities went on."""
        for frame, wrong in self._open.values():
            self.findings.doubt(f"what became of a registration with {wrong} was not seen", frame)
        self._open.clear()
        return self.conclude("no registration with invalid security capabilities was seen")


def what_is_invalid(capability: nas.UESecurityCapability) -> str | None:
    """What TS 33.512, 4.2.2.6.1, names: no algorithm at all, or a mandatory one missing."""
    if capability.encryption == 0:
        return "no 5G encryption algorithm"
    if capability.integrity == 0:
        return "no 5G integrity algorithm"
    missing = [f"5G-EA{a}" for a in _MANDATORY if not capability.supports_encryption(a)]
    missing += [f"5G-IA{a}" for a in _MANDATORY if not capability.supports_integrity(a)]
    return f"the mandatory {', '.join(missing)} missing" if missing else None
