"""Enumerations of NGAP (TS 38.413, 9.4.5) whose values are printed or judged."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from makmal.protocol.ngap.aper import Reader
from makmal.protocol.ngap.types import Aper, enumerated

E = TypeVar("E", bound=IntEnum)


def enumeration(kind: type[E], root: int | None = None) -> Aper[E | int]:
    """ENUMERATED as an IntEnum; a value of a later version stays a number.

    ``root`` is the number of values before the "...", all of the class's by default.
    """
    known = {int(member): member for member in kind}
    numbers = enumerated(len(known) if root is None else root)

    def read(reader: Reader) -> E | int:
        value = numbers.read(reader)
        return known.get(value, value)

    return Aper(read, numbers.write)


class ProtectionIndication(IntEnum):
    """Integrity or confidentiality protection indication (9.3.1.27)."""

    REQUIRED = 0
    PREFERRED = 1
    NOT_NEEDED = 2


class ProtectionResult(IntEnum):
    """Integrity or confidentiality protection result (9.3.1.59)."""

    PERFORMED = 0
    NOT_PERFORMED = 1


class MaximumIntegrityProtectedDataRate(IntEnum):
    """Maximum integrity protected data rate (9.3.1.103)."""

    BITRATE_64_KBS = 0
    MAXIMUM_UE_RATE = 1


class PduSessionType(IntEnum):
    """PDU session type (9.3.1.52)."""

    IPV4 = 0
    IPV6 = 1
    IPV4V6 = 2
    ETHERNET = 3
    UNSTRUCTURED = 4


class RrcEstablishmentCause(IntEnum):
    """RRC establishment cause (9.3.1.111)."""

    EMERGENCY = 0
    HIGH_PRIORITY_ACCESS = 1
    MT_ACCESS = 2
    MO_SIGNALLING = 3
    MO_DATA = 4
    MO_VOICE_CALL = 5
    MO_VIDEO_CALL = 6
    MO_SMS = 7
    MPS_PRIORITY_ACCESS = 8
    MCS_PRIORITY_ACCESS = 9
    NOT_AVAILABLE = 10
    MO_EXCEPTION_DATA = 11


class HandoverType(IntEnum):
    """Handover type (9.3.1.22)."""

    INTRA_5GS = 0
    FIVEGS_TO_EPS = 1
    EPS_TO_5GS = 2
    FIVEGS_TO_UTRAN = 3


class PagingDrx(IntEnum):
    """Paging DRX (9.3.1.90): the cycle in radio frames is 32 times 2 to the power of the value."""

    V32 = 0
    V64 = 1
    V128 = 2
    V256 = 3


class CauseGroup(IntEnum):
    """Which kind of cause it is (9.3.1.2)."""

    RADIO_NETWORK = 0
    TRANSPORT = 1
    NAS = 2
    PROTOCOL = 3
    MISC = 4


# How many values each group has before its "...".
CAUSE_ROOTS = {
    CauseGroup.RADIO_NETWORK: 45,
    CauseGroup.TRANSPORT: 2,
    CauseGroup.NAS: 4,
    CauseGroup.PROTOCOL: 7,
    CauseGroup.MISC: 6,
}

CAUSE_NAMES: dict[CauseGroup, tuple[str, ...]] = {
    CauseGroup.RADIO_NETWORK: (
        "unspecified",
        "txnrelocoverall-expiry",
        "successful-handover",
        "release-due-to-ngran-generated-reason",
        "release-due-to-5gc-generated-reason",
        "handover-cancelled",
        "partial-handover",
        "ho-failure-in-target-5GC-ngran-node-or-target-system",
        "ho-target-not-allowed",
        "tngrelocoverall-expiry",
        "tngrelocprep-expiry",
        "cell-not-available",
        "unknown-targetID",
        "no-radio-resources-available-in-target-cell",
        "unknown-local-UE-NGAP-ID",
        "inconsistent-remote-UE-NGAP-ID",
        "handover-desirable-for-radio-reason",
        "time-critical-handover",
        "resource-optimisation-handover",
        "reduce-load-in-serving-cell",
        "user-inactivity",
        "radio-connection-with-ue-lost",
        "radio-resources-not-available",
        "invalid-qos-combination",
        "failure-in-radio-interface-procedure",
        "interaction-with-other-procedure",
        "unknown-PDU-session-ID",
        "unkown-qos-flow-ID",
        "multiple-PDU-session-ID-instances",
        "multiple-qos-flow-ID-instances",
        "encryption-and-or-integrity-protection-algorithms-not-supported",
        "ng-intra-system-handover-triggered",
        "ng-inter-system-handover-triggered",
        "xn-handover-triggered",
        "not-supported-5QI-value",
        "ue-context-transfer",
        "ims-voice-eps-fallback-or-rat-fallback-triggered",
        "up-integrity-protection-not-possible",
        "up-confidentiality-protection-not-possible",
        "slice-not-supported",
        "ue-in-rrc-inactive-state-not-reachable",
        "redirection",
        "resources-not-available-for-the-slice",
        "ue-max-integrity-protected-data-rate-reason",
        "release-due-to-cn-detected-mobility",
        "n26-interface-not-available",
        "release-due-to-pre-emption",
        "multiple-location-reporting-reference-ID-instances",
        "rsn-not-available-for-the-up",
        "npn-access-denied",
        "cag-only-access-denied",
        "insufficient-ue-capabilities",
        "redcap-ue-not-supported",
        "unknown-MBS-Session-ID",
        "indicated-MBS-session-area-information-not-served-by-the-gNB",
        "inconsistent-slice-info-for-the-session",
        "misaligned-association-for-multicast-unicast",
    ),
    CauseGroup.TRANSPORT: ("transport-resource-unavailable", "unspecified"),
    CauseGroup.NAS: (
        "normal-release",
        "authentication-failure",
        "deregister",
        "unspecified",
        "uE-not-in-PLMN-serving-area",
    ),
    CauseGroup.PROTOCOL: (
        "transfer-syntax-error",
        "abstract-syntax-error-reject",
        "abstract-syntax-error-ignore-and-notify",
        "message-not-compatible-with-receiver-state",
        "semantic-error",
        "abstract-syntax-error-falsely-constructed-message",
        "unspecified",
    ),
    CauseGroup.MISC: (
        "control-processing-overload",
        "not-enough-user-plane-processing-resources",
        "hardware-failure",
        "om-intervention",
        "unknown-PLMN-or-SNPN",
        "unspecified",
    ),
}
