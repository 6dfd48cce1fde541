"""AS security: its command, the capabilities of a UE, the counter check (TS 38.331, 5.3.4, 5.6.1,
5.3.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import asn1
from makmal.protocol.rrc.message import Channel, Message, in_transaction

_NEA, _NIA = "nea", "nia"
# COUNT values are compared without their last 7 bits (5.3.6.3).
_CHECKED_FROM_BIT = 7
_ROHC_PROFILES = tuple(
    f"profile0x{number:04x}" for number in (0, 1, 2, 3, 4, 6, 0x101, 0x102, 0x103, 0x104)
)


@dataclass(frozen=True, slots=True)
class Algorithms:
    """128-NEA ``ciphering`` and 128-NIA ``integrity``."""

    ciphering: int
    integrity: int

    @property
    def value(self) -> dict[str, Any]:
        """SecurityAlgorithmConfig."""
        return {
            "cipheringAlgorithm": f"{_NEA}{self.ciphering}",
            "integrityProtAlgorithm": f"{_NIA}{self.integrity}",
        }


@dataclass(frozen=True, slots=True)
class DrbCount:
    """The COUNTs of a DRB in both directions."""

    identity: int
    uplink: int
    downlink: int


def algorithms_of(config: Any) -> Algorithms | None:
    """The algorithms of a SecurityConfig or securityConfigSMC; None where it names none.

    Raises DecodeError for a spare value.
    """
    chosen = config.get("securityAlgorithmConfig") if isinstance(config, dict) else None
    if chosen is None:
        return None
    integrity = chosen.get("integrityProtAlgorithm")
    return Algorithms(
        _number(chosen["cipheringAlgorithm"], _NEA),
        0 if integrity is None else _number(integrity, _NIA),
    )


def _number(name: str, family: str) -> int:
    digits = name.removeprefix(family)
    if digits == name or not digits.isdigit():
        raise DecodeError(asn1.PROTOCOL, 0, f"{name} is no algorithm")
    return int(digits)


def security_mode_command(transaction: int, algorithms: Algorithms) -> Message:
    """SecurityModeCommand."""
    content = {"securityConfigSMC": {"securityAlgorithmConfig": algorithms.value}}
    return in_transaction(Channel.DL_DCCH, "securityModeCommand", transaction, content)


def commanded_algorithms(message: Message) -> Algorithms | None:
    """The algorithms of a SecurityModeCommand. Raises DecodeError."""
    return algorithms_of(message.content.get("securityConfigSMC"))


def security_mode_complete(transaction: int) -> Message:
    """SecurityModeComplete."""
    return in_transaction(Channel.UL_DCCH, "securityModeComplete", transaction, {})


def security_mode_failure(transaction: int) -> Message:
    """SecurityModeFailure."""
    return in_transaction(Channel.UL_DCCH, "securityModeFailure", transaction, {})


def capability_enquiry(transaction: int) -> Message:
    """UECapabilityEnquiry for NR."""
    content = {"ue-CapabilityRAT-RequestList": [{"rat-Type": "nr"}]}
    return in_transaction(Channel.DL_DCCH, "ueCapabilityEnquiry", transaction, content)


def capability_information(transaction: int, nr_capability: bytes) -> Message:
    """UECapabilityInformation; ``nr_capability`` is a UE-NR-Capability."""
    container = {"rat-Type": "nr", "ue-CapabilityRAT-Container": nr_capability}
    content = {"ue-CapabilityRAT-ContainerList": [container]}
    return in_transaction(Channel.UL_DCCH, "ueCapabilityInformation", transaction, content)


def nr_capability_of(message: Message) -> bytes | None:
    """The UE-NR-Capability of a UECapabilityInformation."""
    for each in message.content.get("ue-CapabilityRAT-ContainerList") or ():
        octets = each["ue-CapabilityRAT-Container"]
        if each["rat-Type"] == "nr" and isinstance(octets, bytes):
            return octets
    return None


def nr_capability() -> bytes:
    """A UE-NR-Capability with what every UE has (6.3.3)."""
    return asn1.encode(
        "UE-NR-Capability",
        {
            "accessStratumRelease": "rel16",
            "pdcp-Parameters": {
                "supportedROHC-Profiles": dict.fromkeys(_ROHC_PROFILES, False),
                "maxNumberROHC-ContextSessions": "cs2",
            },
            "phy-Parameters": {},
            "rf-Parameters": {"supportedBandListNR": [{"bandNR": 78}]},
        },
    )


def radio_access_capability(nr: bytes) -> bytes:
    """UERadioAccessCapabilityInformation (11.2.2), as N2 carries it, with a UE-NR-Capability."""
    inner = asn1.encode(
        "UE-CapabilityRAT-ContainerList", [{"rat-Type": "nr", "ue-CapabilityRAT-Container": nr}]
    )
    content = {"ue-RadioAccessCapabilityInfo": inner}
    return asn1.encode(
        "UERadioAccessCapabilityInformation",
        {"criticalExtensions": ("c1", ("ueRadioAccessCapabilityInformation", content))},
    )


def counter_check(transaction: int, counts: Iterable[DrbCount]) -> Message:
    """CounterCheck: what the gNB counts of each DRB, but for the last 7 bits."""
    infos = [
        {
            "drb-Identity": each.identity,
            "countMSB-Uplink": each.uplink >> _CHECKED_FROM_BIT,
            "countMSB-Downlink": each.downlink >> _CHECKED_FROM_BIT,
        }
        for each in counts
    ]
    content = {"drb-CountMSB-InfoList": infos}
    return in_transaction(Channel.DL_DCCH, "counterCheck", transaction, content)


def checked_counts(message: Message) -> tuple[DrbCount, ...]:
    """What a CounterCheck names, with zeros for the last 7 bits."""
    return tuple(
        DrbCount(
            each["drb-Identity"],
            each["countMSB-Uplink"] << _CHECKED_FROM_BIT,
            each["countMSB-Downlink"] << _CHECKED_FROM_BIT,
        )
        for each in message.content.get("drb-CountMSB-InfoList") or ()
    )


def counter_check_response(transaction: int, counts: Iterable[DrbCount]) -> Message:
    """CounterCheckResponse: the DRBs whose COUNTs differ."""
    infos = [
        {
            "drb-Identity": each.identity,
            "count-Uplink": each.uplink,
            "count-Downlink": each.downlink,
        }
        for each in counts
    ]
    content = {"drb-CountInfoList": infos}
    return in_transaction(Channel.UL_DCCH, "counterCheckResponse", transaction, content)


def differing_counts(message: Message) -> tuple[DrbCount, ...]:
    """What a CounterCheckResponse reports."""
    return tuple(
        DrbCount(each["drb-Identity"], each["count-Uplink"], each["count-Downlink"])
        for each in message.content.get("drb-CountInfoList") or ()
    )
