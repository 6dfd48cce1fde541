"""Capabilities and features, a bit for each (TS 24.501, 9.11.3.1, 9.11.3.5, 9.11.4.1, 9.11.4.18).

Bit 1 of the first octet of the value is the lowest, bit 1 of the next octet follows its bit 8. What
has no name in the specification stays a bit without a name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import KEEP, Flag, auto
from typing import Generic, TypeVar

from makmal.protocol.errors import EncodeError
from makmal.protocol.nas.octets import need


class Features(Flag, boundary=KEEP):
    """Flags that print as their names."""

    def __str__(self) -> str:
        names = [
            str(member.name).lower().replace("_", " ") for member in type(self) if member in self
        ]
        unnamed = self.value & ~sum(member.value for member in type(self))
        if unnamed:
            names.append(f"0x{unnamed:x}")
        return ", ".join(names) or "none"


class FiveGmmFeature(Features):
    """5GMM capability (9.11.3.1)."""

    S1_MODE = auto()
    HO_ATTACH = auto()
    LPP = auto()
    RESTRICT_EC = auto()
    CONTROL_PLANE_CIOT = auto()
    N3_DATA = auto()
    IPHC_CONTROL_PLANE_CIOT = auto()
    SGC = auto()
    FIVE_G_SRVCC = auto()
    USER_PLANE_CIOT = auto()
    V2X = auto()
    V2X_OVER_E_UTRA_PC5 = auto()
    V2X_OVER_NR_PC5 = auto()
    LOCATION_SERVICES = auto()
    NSSAA = auto()
    RACS = auto()
    CAG = auto()
    WUS_ASSISTANCE = auto()
    MULTIPLE_USER_PLANE_RESOURCES = auto()
    EHC_CONTROL_PLANE_CIOT = auto()
    EXTENDED_REJECTED_NSSAI = auto()
    PROSE_DIRECT_DISCOVERY = auto()
    PROSE_DIRECT_COMMUNICATION = auto()
    PROSE_LAYER_2_RELAY = auto()
    PROSE_LAYER_3_RELAY = auto()
    PROSE_LAYER_2_REMOTE_UE = auto()
    PROSE_LAYER_3_REMOTE_UE = auto()
    NR_PAGING_SUBGROUPING = auto()
    N1_NAS_SIGNALLING_CONNECTION_RELEASE = auto()
    PAGING_INDICATION_FOR_VOICE = auto()
    REJECT_PAGING_REQUEST = auto()
    PAGING_RESTRICTION = auto()
    NSSRG = auto()
    MINT = auto()
    EVENT_NOTIFICATION = auto()
    SSNPN_SELECTION = auto()
    EXTENDED_CAG = auto()
    NSAG = auto()
    UAS = auto()
    MPS_INDICATOR_UPDATE = auto()


class FiveGsmFeature(Features):
    """5GSM capability (9.11.4.1); the four bits of ATSSS steering are beside them."""

    REFLECTIVE_QOS = 0x01
    MULTI_HOMED_IPV6 = 0x02
    ETHERNET_IN_S1_MODE = 0x04
    TRANSFER_OF_PORT_MANAGEMENT = 0x80
    ACCESS_PERFORMANCE_MEASUREMENTS_PER_QOS_FLOW = 0x100


class NetworkFeature(Features):
    """5GS network feature support (9.11.3.5); fields of two bits are beside them."""

    IMS_VOICE_OVER_PS_3GPP = 0x01
    IMS_VOICE_OVER_PS_NON_3GPP = 0x02
    INTERWORKING_WITHOUT_N26 = 0x40
    MPS_INDICATOR = 0x80
    EMERGENCY_SERVICES_NON_3GPP = 0x100
    MCS_INDICATOR = 0x200
    CONTROL_PLANE_CIOT = 0x1000
    N3_DATA = 0x2000
    IPHC_CONTROL_PLANE_CIOT = 0x4000
    USER_PLANE_CIOT = 0x8000
    LOCATION_SERVICES = 0x10000
    ATSSS = 0x20000
    EHC_CONTROL_PLANE_CIOT = 0x40000
    N1_NAS_SIGNALLING_CONNECTION_RELEASE = 0x80000
    PAGING_INDICATION_FOR_VOICE = 0x100000
    REJECT_PAGING_REQUEST = 0x200000
    PAGING_RESTRICTION = 0x400000


class FiveGsmNetworkFeature(Features):
    """5GSM network feature support (9.11.4.18)."""

    ETHERNET_IN_S1_MODE = 0x01


F = TypeVar("F", bound=Features)


@dataclass(frozen=True, slots=True)
class FeatureSet(Generic[F]):
    """Features, and how many octets they came in."""

    features: F
    length: int = 1

    def encode(self) -> bytes:
        """The octets. Raises EncodeError."""
        return _octets(self.features.value, self.length)


@dataclass(frozen=True, slots=True)
class FiveGsmCapability:
    """5GSM capability. ``atsss_steering``: which functionalities and modes, table 9.11.4.1.1."""

    features: FiveGsmFeature
    atsss_steering: int = 0
    length: int = 1


@dataclass(frozen=True, slots=True)
class NetworkFeatureSupport:
    """5GS network feature support.

    ``emergency_services`` and ``emergency_services_fallback``: 0 none, 1 NR, 2 E-UTRA, 3 both.
    ``enhanced_coverage_restriction``: 0 none, 1 mode A and B, 2 mode B.
    """

    features: NetworkFeature
    emergency_services: int = 0
    emergency_services_fallback: int = 0
    enhanced_coverage_restriction: int = 0
    length: int = 1


def _number(data: bytes) -> int:
    need(data, 1, "a capability")
    return int.from_bytes(data, "little")


def _octets(number: int, length: int) -> bytes:
    try:
        return number.to_bytes(length, "little")
    except OverflowError:
        raise EncodeError("NAS", "capability", f"does not fit {length} octets") from None


def feature_set_decoder(kind: type[F]) -> Callable[[bytes], FeatureSet[F]]:
    """The decoder for a set of these features."""

    def decode(data: bytes) -> FeatureSet[F]:
        return FeatureSet(kind(_number(data)), len(data))

    return decode


_STEERING = 0x78


def decode_five_gsm_capability(data: bytes) -> FiveGsmCapability:
    """Raises DecodeError."""
    number = _number(data)
    return FiveGsmCapability(
        FiveGsmFeature(number & ~_STEERING), (number & _STEERING) >> 3, len(data)
    )


def encode_five_gsm_capability(value: FiveGsmCapability) -> bytes:
    """The reverse. Raises EncodeError."""
    return _octets(value.features.value | value.atsss_steering << 3, value.length)


_NOT_FLAGS = 0x0C3C


def decode_network_feature_support(data: bytes) -> NetworkFeatureSupport:
    """Raises DecodeError."""
    number = _number(data)
    return NetworkFeatureSupport(
        NetworkFeature(number & ~_NOT_FLAGS),
        number >> 2 & 3,
        number >> 4 & 3,
        number >> 10 & 3,
        len(data),
    )


def encode_network_feature_support(value: NetworkFeatureSupport) -> bytes:
    """The reverse. Raises EncodeError."""
    number = value.features.value | value.emergency_services << 2
    number |= value.emergency_services_fallback << 4 | value.enhanced_coverage_restriction << 10
    return _octets(number, value.length)
