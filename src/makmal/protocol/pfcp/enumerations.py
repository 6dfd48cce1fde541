"""The enumerated values of PFCP elements (TS 29.244, 8.2). A value that is none stays a number."""

from __future__ import annotations

from enum import IntEnum


def member(kind: type[IntEnum], value: int) -> int:
    """The member of an enumeration with this value, or the value itself if there is none."""
    try:
        return kind(value)
    except ValueError:
        return value


class Cause(IntEnum):
    """Why a request was accepted or rejected (8.2.1)."""

    REQUEST_ACCEPTED = 1
    MORE_USAGE_REPORT_TO_SEND = 2
    REQUEST_PARTIALLY_ACCEPTED = 3
    REQUEST_REJECTED = 64
    SESSION_CONTEXT_NOT_FOUND = 65
    MANDATORY_IE_MISSING = 66
    CONDITIONAL_IE_MISSING = 67
    INVALID_LENGTH = 68
    MANDATORY_IE_INCORRECT = 69
    INVALID_FORWARDING_POLICY = 70
    INVALID_F_TEID_ALLOCATION_OPTION = 71
    NO_ESTABLISHED_PFCP_ASSOCIATION = 72
    RULE_CREATION_MODIFICATION_FAILURE = 73
    PFCP_ENTITY_IN_CONGESTION = 74
    NO_RESOURCES_AVAILABLE = 75
    SERVICE_NOT_SUPPORTED = 76
    SYSTEM_FAILURE = 77
    REDIRECTION_REQUESTED = 78
    ALL_DYNAMIC_ADDRESSES_ARE_OCCUPIED = 79
    UNKNOWN_PRE_DEFINED_RULE = 80
    UNKNOWN_APPLICATION_ID = 81
    L2TP_TUNNEL_ESTABLISHMENT_FAILURE = 82
    L2TP_SESSION_ESTABLISHMENT_FAILURE = 83
    L2TP_TUNNEL_RELEASE = 84
    L2TP_SESSION_RELEASE = 85
    PFCP_SESSION_RESTORATION_FAILURE = 86


class SourceInterface(IntEnum):
    """Where packets come from (8.2.2)."""

    ACCESS = 0
    CORE = 1
    SGI_LAN_N6_LAN = 2
    CP_FUNCTION = 3
    FIVE_G_VN_INTERNAL = 4


class DestinationInterface(IntEnum):
    """Where packets go to (8.2.24)."""

    ACCESS = 0
    CORE = 1
    SGI_LAN_N6_LAN = 2
    CP_FUNCTION = 3
    LI_FUNCTION = 4
    FIVE_G_VN_INTERNAL = 5


class InterfaceType(IntEnum):
    """The 3GPP interface of a source or destination interface (8.2.118)."""

    S1_U = 0
    S5_S8_U = 1
    S4_U = 2
    S11_U = 3
    S12 = 4
    GN_GP_U = 5
    S2A_U = 6
    S2B_U = 7
    ENODEB_GTP_U_DL_DATA_FORWARDING = 8
    ENODEB_GTP_U_UL_DATA_FORWARDING = 9
    SGW_UPF_GTP_U_DL_DATA_FORWARDING = 10
    N3_3GPP_ACCESS = 11
    N3_TRUSTED_NON_3GPP_ACCESS = 12
    N3_UNTRUSTED_NON_3GPP_ACCESS = 13
    N3_DATA_FORWARDING = 14
    N9 = 15
    SGI = 16
    N6 = 17
    N19 = 18
    S8_U = 19
    GP_U = 20
    N9_ROAMING = 21
    IU_U = 22
    N9_DATA_FORWARDING = 23
    SXA_U = 24
    SXB_U = 25
    SXC_U = 26
    N4_U = 27
    SGW_UPF_GTP_U_UL_DATA_FORWARDING = 28
    N6MB_NMB9 = 29
    N3MB = 30
    N19MB = 31


class PdnType(IntEnum):
    """The type of a PDN connection or PDU session (8.2.79)."""

    IPV4 = 1
    IPV6 = 2
    IPV4V6 = 3
    NON_IP = 4
    ETHERNET = 5


class NodeIdType(IntEnum):
    """What a node ID is (8.2.38)."""

    IPV4 = 0
    IPV6 = 1
    FQDN = 2


class OuterHeader(IntEnum):
    """Which outer header is removed (8.2.64)."""

    GTP_U_UDP_IPV4 = 0
    GTP_U_UDP_IPV6 = 1
    UDP_IPV4 = 2
    UDP_IPV6 = 3
    IPV4 = 4
    IPV6 = 5
    GTP_U_UDP_IP = 6
    VLAN_S_TAG = 7
    S_TAG_AND_C_TAG = 8


class Gate(IntEnum):
    """Whether a gate lets packets pass (8.2.7)."""

    OPEN = 0
    CLOSED = 1


class RuleType(IntEnum):
    """What a failed rule ID counts (8.2.80)."""

    PDR = 0
    FAR = 1
    QER = 2
    URR = 3
    BAR = 4
    MAR = 5
    SRR = 6


class RedirectAddressType(IntEnum):
    """What a redirect server address is (8.2.20)."""

    IPV4_ADDRESS = 0
    IPV6_ADDRESS = 1
    URL = 2
    SIP_URI = 3
    IPV4_AND_IPV6_ADDRESSES = 4
    PORT = 5
    IPV4_ADDRESS_AND_PORT = 6
    IPV6_ADDRESS_AND_PORT = 7
    IPV4_AND_IPV6_ADDRESSES_AND_PORT = 8


class FlowDirection(IntEnum):
    """The direction of an application's flow (8.2.61)."""

    UNSPECIFIED = 0
    DOWNLINK = 1
    UPLINK = 2
    BIDIRECTIONAL = 3


class TimerUnit(IntEnum):
    """What one unit of a timer value is (8.2.29, 8.2.35, 8.2.78)."""

    TWO_SECONDS = 0
    ONE_MINUTE = 1
    TEN_MINUTES = 2
    ONE_HOUR = 3
    TEN_HOURS = 4
    INFINITE = 7


class RatType(IntEnum):
    """The radio access technology (8.2.186, TS 29.274, 8.17)."""

    UTRAN = 1
    GERAN = 2
    WLAN = 3
    GAN = 4
    HSPA_EVOLUTION = 5
    EUTRAN = 6
    VIRTUAL = 7
    EUTRAN_NB_IOT = 8
    LTE_M = 9
    NR = 10


class SteeringFunctionality(IntEnum):
    """How traffic is steered between two accesses (8.2.124)."""

    ATSSS_LL = 0
    MPTCP = 1


class SteeringMode(IntEnum):
    """What decides which access traffic takes (8.2.125)."""

    ACTIVE_STANDBY = 0
    SMALLEST_DELAY = 1
    LOAD_BALANCING = 2
    PRIORITY_BASED = 3


class AccessPriority(IntEnum):
    """The priority of an access in a multi-access rule (8.2.127)."""

    ACTIVE = 0
    STANDBY = 1
    NO_STANDBY = 2
    HIGH = 3
    LOW = 4


class FramedRouting(IntEnum):
    """Whether routing packets are sent and listened for (8.2.110, RFC 2865, 5.10)."""

    NONE = 0
    SEND_ROUTING_PACKETS = 1
    LISTEN_FOR_ROUTING_PACKETS = 2
    SEND_AND_LISTEN = 3
