"""Every elementary procedure of NGAP and its messages (TS 38.413, 8.1 and 9.4.3), Release 18."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """Which of the three messages of a procedure it is."""

    INITIATING_MESSAGE = 0
    SUCCESSFUL_OUTCOME = 1
    UNSUCCESSFUL_OUTCOME = 2


class Criticality(IntEnum):
    """What a receiver does with something that it does not comprehend (10.3)."""

    REJECT = 0
    IGNORE = 1
    NOTIFY = 2


class ProcedureCode(IntEnum):
    """Procedure codes."""

    AMF_CONFIGURATION_UPDATE = 0
    AMF_STATUS_INDICATION = 1
    CELL_TRAFFIC_TRACE = 2
    DEACTIVATE_TRACE = 3
    DOWNLINK_NAS_TRANSPORT = 4
    DOWNLINK_NON_UE_ASSOCIATED_NRPPA_TRANSPORT = 5
    DOWNLINK_RAN_CONFIGURATION_TRANSFER = 6
    DOWNLINK_RAN_STATUS_TRANSFER = 7
    DOWNLINK_UE_ASSOCIATED_NRPPA_TRANSPORT = 8
    ERROR_INDICATION = 9
    HANDOVER_CANCEL = 10
    HANDOVER_NOTIFICATION = 11
    HANDOVER_PREPARATION = 12
    HANDOVER_RESOURCE_ALLOCATION = 13
    INITIAL_CONTEXT_SETUP = 14
    INITIAL_UE_MESSAGE = 15
    LOCATION_REPORTING_CONTROL = 16
    LOCATION_REPORTING_FAILURE_INDICATION = 17
    LOCATION_REPORT = 18
    NAS_NON_DELIVERY_INDICATION = 19
    NG_RESET = 20
    NG_SETUP = 21
    OVERLOAD_START = 22
    OVERLOAD_STOP = 23
    PAGING = 24
    PATH_SWITCH_REQUEST = 25
    PDU_SESSION_RESOURCE_MODIFY = 26
    PDU_SESSION_RESOURCE_MODIFY_INDICATION = 27
    PDU_SESSION_RESOURCE_RELEASE = 28
    PDU_SESSION_RESOURCE_SETUP = 29
    PDU_SESSION_RESOURCE_NOTIFY = 30
    PRIVATE_MESSAGE = 31
    PWS_CANCEL = 32
    PWS_FAILURE_INDICATION = 33
    PWS_RESTART_INDICATION = 34
    RAN_CONFIGURATION_UPDATE = 35
    REROUTE_NAS_REQUEST = 36
    RRC_INACTIVE_TRANSITION_REPORT = 37
    TRACE_FAILURE_INDICATION = 38
    TRACE_START = 39
    UE_CONTEXT_MODIFICATION = 40
    UE_CONTEXT_RELEASE = 41
    UE_CONTEXT_RELEASE_REQUEST = 42
    UE_RADIO_CAPABILITY_CHECK = 43
    UE_RADIO_CAPABILITY_INFO_INDICATION = 44
    UE_TNLA_BINDING_RELEASE = 45
    UPLINK_NAS_TRANSPORT = 46
    UPLINK_NON_UE_ASSOCIATED_NRPPA_TRANSPORT = 47
    UPLINK_RAN_CONFIGURATION_TRANSFER = 48
    UPLINK_RAN_STATUS_TRANSFER = 49
    UPLINK_UE_ASSOCIATED_NRPPA_TRANSPORT = 50
    WRITE_REPLACE_WARNING = 51
    SECONDARY_RAT_DATA_USAGE_REPORT = 52
    UPLINK_RIM_INFORMATION_TRANSFER = 53
    DOWNLINK_RIM_INFORMATION_TRANSFER = 54
    RETRIEVE_UE_INFORMATION = 55
    UE_INFORMATION_TRANSFER = 56
    RAN_CP_RELOCATION_INDICATION = 57
    UE_CONTEXT_RESUME = 58
    UE_CONTEXT_SUSPEND = 59
    UE_RADIO_CAPABILITY_ID_MAPPING = 60
    HANDOVER_SUCCESS = 61
    UPLINK_RAN_EARLY_STATUS_TRANSFER = 62
    DOWNLINK_RAN_EARLY_STATUS_TRANSFER = 63
    AMF_CP_RELOCATION_INDICATION = 64
    CONNECTION_ESTABLISHMENT_INDICATION = 65
    BROADCAST_SESSION_MODIFICATION = 66
    BROADCAST_SESSION_RELEASE = 67
    BROADCAST_SESSION_SETUP = 68
    DISTRIBUTION_SETUP = 69
    DISTRIBUTION_RELEASE = 70
    MULTICAST_SESSION_ACTIVATION = 71
    MULTICAST_SESSION_DEACTIVATION = 72
    MULTICAST_SESSION_UPDATE = 73
    MULTICAST_GROUP_PAGING = 74
    BROADCAST_SESSION_RELEASE_REQUIRED = 75
    TIMING_SYNCHRONISATION_STATUS = 76
    TIMING_SYNCHRONISATION_STATUS_REPORT = 77
    MT_COMMUNICATION_HANDLING = 78
    RAN_PAGING_REQUEST = 79
    BROADCAST_SESSION_TRANSPORT = 80


class Procedure(NamedTuple):
    """The messages of a procedure, None where it has no such outcome, and its criticality."""

    initiating_message: str
    successful_outcome: str | None
    unsuccessful_outcome: str | None
    criticality: Criticality


_REJECT, _IGNORE = Criticality.REJECT, Criticality.IGNORE

PROCEDURES: dict[int, Procedure] = {
    0: Procedure(
        "AMFConfigurationUpdate",
        "AMFConfigurationUpdateAcknowledge",
        "AMFConfigurationUpdateFailure",
        _REJECT,
    ),
    1: Procedure("AMFStatusIndication", None, None, _IGNORE),
    2: Procedure("CellTrafficTrace", None, None, _IGNORE),
    3: Procedure("DeactivateTrace", None, None, _IGNORE),
    4: Procedure("DownlinkNASTransport", None, None, _IGNORE),
    5: Procedure("DownlinkNonUEAssociatedNRPPaTransport", None, None, _IGNORE),
    6: Procedure("DownlinkRANConfigurationTransfer", None, None, _IGNORE),
    7: Procedure("DownlinkRANStatusTransfer", None, None, _IGNORE),
    8: Procedure("DownlinkUEAssociatedNRPPaTransport", None, None, _IGNORE),
    9: Procedure("ErrorIndication", None, None, _IGNORE),
    10: Procedure("HandoverCancel", "HandoverCancelAcknowledge", None, _REJECT),
    11: Procedure("HandoverNotify", None, None, _IGNORE),
    12: Procedure("HandoverRequired", "HandoverCommand", "HandoverPreparationFailure", _REJECT),
    13: Procedure("HandoverRequest", "HandoverRequestAcknowledge", "HandoverFailure", _REJECT),
    14: Procedure(
        "InitialContextSetupRequest",
        "InitialContextSetupResponse",
        "InitialContextSetupFailure",
        _REJECT,
    ),
    15: Procedure("InitialUEMessage", None, None, _IGNORE),
    16: Procedure("LocationReportingControl", None, None, _IGNORE),
    17: Procedure("LocationReportingFailureIndication", None, None, _IGNORE),
    18: Procedure("LocationReport", None, None, _IGNORE),
    19: Procedure("NASNonDeliveryIndication", None, None, _IGNORE),
    20: Procedure("NGReset", "NGResetAcknowledge", None, _REJECT),
    21: Procedure("NGSetupRequest", "NGSetupResponse", "NGSetupFailure", _REJECT),
    22: Procedure("OverloadStart", None, None, _IGNORE),
    23: Procedure("OverloadStop", None, None, _REJECT),
    24: Procedure("Paging", None, None, _IGNORE),
    25: Procedure(
        "PathSwitchRequest", "PathSwitchRequestAcknowledge", "PathSwitchRequestFailure", _REJECT
    ),
    26: Procedure(
        "PDUSessionResourceModifyRequest", "PDUSessionResourceModifyResponse", None, _REJECT
    ),
    27: Procedure(
        "PDUSessionResourceModifyIndication", "PDUSessionResourceModifyConfirm", None, _REJECT
    ),
    28: Procedure(
        "PDUSessionResourceReleaseCommand", "PDUSessionResourceReleaseResponse", None, _REJECT
    ),
    29: Procedure(
        "PDUSessionResourceSetupRequest", "PDUSessionResourceSetupResponse", None, _REJECT
    ),
    30: Procedure("PDUSessionResourceNotify", None, None, _IGNORE),
    31: Procedure("PrivateMessage", None, None, _IGNORE),
    32: Procedure("PWSCancelRequest", "PWSCancelResponse", None, _REJECT),
    33: Procedure("PWSFailureIndication", None, None, _IGNORE),
    34: Procedure("PWSRestartIndication", None, None, _IGNORE),
    35: Procedure(
        "RANConfigurationUpdate",
        "RANConfigurationUpdateAcknowledge",
        "RANConfigurationUpdateFailure",
        _REJECT,
    ),
    36: Procedure("RerouteNASRequest", None, None, _REJECT),
    37: Procedure("RRCInactiveTransitionReport", None, None, _IGNORE),
    38: Procedure("TraceFailureIndication", None, None, _IGNORE),
    39: Procedure("TraceStart", None, None, _IGNORE),
    40: Procedure(
        "UEContextModificationRequest",
        "UEContextModificationResponse",
        "UEContextModificationFailure",
        _REJECT,
    ),
    41: Procedure("UEContextReleaseCommand", "UEContextReleaseComplete", None, _REJECT),
    42: Procedure("UEContextReleaseRequest", None, None, _IGNORE),
    43: Procedure("UERadioCapabilityCheckRequest", "UERadioCapabilityCheckResponse", None, _REJECT),
    44: Procedure("UERadioCapabilityInfoIndication", None, None, _IGNORE),
    45: Procedure("UETNLABindingReleaseRequest", None, None, _IGNORE),
    46: Procedure("UplinkNASTransport", None, None, _IGNORE),
    47: Procedure("UplinkNonUEAssociatedNRPPaTransport", None, None, _IGNORE),
    48: Procedure("UplinkRANConfigurationTransfer", None, None, _IGNORE),
    49: Procedure("UplinkRANStatusTransfer", None, None, _IGNORE),
    50: Procedure("UplinkUEAssociatedNRPPaTransport", None, None, _IGNORE),
    51: Procedure("WriteReplaceWarningRequest", "WriteReplaceWarningResponse", None, _REJECT),
    52: Procedure("SecondaryRATDataUsageReport", None, None, _IGNORE),
    53: Procedure("UplinkRIMInformationTransfer", None, None, _IGNORE),
    54: Procedure("DownlinkRIMInformationTransfer", None, None, _IGNORE),
    55: Procedure("RetrieveUEInformation", None, None, _REJECT),
    56: Procedure("UEInformationTransfer", None, None, _REJECT),
    57: Procedure("RANCPRelocationIndication", None, None, _REJECT),
    58: Procedure(
        "UEContextResumeRequest", "UEContextResumeResponse", "UEContextResumeFailure", _REJECT
    ),
    59: Procedure(
        "UEContextSuspendRequest", "UEContextSuspendResponse", "UEContextSuspendFailure", _REJECT
    ),
    60: Procedure(
        "UERadioCapabilityIDMappingRequest", "UERadioCapabilityIDMappingResponse", None, _REJECT
    ),
    61: Procedure("HandoverSuccess", None, None, _IGNORE),
    62: Procedure("UplinkRANEarlyStatusTransfer", None, None, _REJECT),
    63: Procedure("DownlinkRANEarlyStatusTransfer", None, None, _IGNORE),
    64: Procedure("AMFCPRelocationIndication", None, None, _REJECT),
    65: Procedure("ConnectionEstablishmentIndication", None, None, _REJECT),
    66: Procedure(
        "BroadcastSessionModificationRequest",
        "BroadcastSessionModificationResponse",
        "BroadcastSessionModificationFailure",
        _REJECT,
    ),
    67: Procedure(
        "BroadcastSessionReleaseRequest", "BroadcastSessionReleaseResponse", None, _REJECT
    ),
    68: Procedure(
        "BroadcastSessionSetupRequest",
        "BroadcastSessionSetupResponse",
        "BroadcastSessionSetupFailure",
        _REJECT,
    ),
    69: Procedure(
        "DistributionSetupRequest", "DistributionSetupResponse", "DistributionSetupFailure", _REJECT
    ),
    70: Procedure("DistributionReleaseRequest", "DistributionReleaseResponse", None, _REJECT),
    71: Procedure(
        "MulticastSessionActivationRequest",
        "MulticastSessionActivationResponse",
        "MulticastSessionActivationFailure",
        _REJECT,
    ),
    72: Procedure(
        "MulticastSessionDeactivationRequest", "MulticastSessionDeactivationResponse", None, _REJECT
    ),
    73: Procedure(
        "MulticastSessionUpdateRequest",
        "MulticastSessionUpdateResponse",
        "MulticastSessionUpdateFailure",
        _REJECT,
    ),
    74: Procedure("MulticastGroupPaging", None, None, _IGNORE),
    75: Procedure("BroadcastSessionReleaseRequired", None, None, _REJECT),
    76: Procedure(
        "TimingSynchronisationStatusRequest",
        "TimingSynchronisationStatusResponse",
        "TimingSynchronisationStatusFailure",
        _REJECT,
    ),
    77: Procedure("TimingSynchronisationStatusReport", None, None, _IGNORE),
    78: Procedure(
        "MTCommunicationHandlingRequest",
        "MTCommunicationHandlingResponse",
        "MTCommunicationHandlingFailure",
        _REJECT,
    ),
    79: Procedure("RANPagingRequest", None, None, _IGNORE),
    80: Procedure(
        "BroadcastSessionTransportRequest",
        "BroadcastSessionTransportResponse",
        "BroadcastSessionTransportFailure",
        _REJECT,
    ),
}

# (kind, procedure code) -> message name.
MESSAGE_NAMES: dict[tuple[int, int], str] = {
    (kind, code): name
    for code, procedure in PROCEDURES.items()
    for kind, name in enumerate(procedure[:3])
    if name is not None
}
