"""A message of every procedure that the laboratory reads in full, with all of its elements."""

from __future__ import annotations

from typing import Any

from makmal.protocol import ngap
from makmal.protocol.ngap import (
    assistance,
    ie,
    procedure_values,
    qos_flows,
    ran_status,
    transfer,
    values,
)
from makmal.protocol.ngap.enumerations import (
    HandoverType,
    PagingDrx,
    PduSessionType,
    ProtectionIndication,
    ProtectionResult,
    RrcEstablishmentCause,
)

INITIATING, SUCCESSFUL, UNSUCCESSFUL = ngap.Kind
P = ngap.ProcedureCode
PLMN = "99970"
SLICE = values.SNssai(1, 0x010203)
SLICES = (values.SliceItem(SLICE), values.SliceItem(values.SNssai(2)))
TAI = values.TrackingArea(PLMN, 0x123456)
GUAMI = values.Guami(PLMN, 2, 1023, 63)
GNB = values.GlobalGnbId(PLMN, (0x123456, 24))
LOCATION = values.UserLocationNr(values.NrCgi(PLMN, 0x123456789), TAI, 0x83AA7E80)
CAPABILITIES = values.UESecurityCapabilities(0xE000, 0xE000, 0xE000, 0xE000)
TUNNEL = values.GTPTunnel("192.0.2.1", 0xDEADBEEF)
TUNNEL6 = values.GTPTunnel("2001:db8::1", 1)
RATE = values.AggregateMaximumBitRate(4_000_000_000_000, 1)
CONTEXT = values.SecurityContext(7, bytes(range(32)))
CAUSES = (
    values.Cause(ngap.CauseGroup.RADIO_NETWORK, 21),
    values.Cause(ngap.CauseGroup.TRANSPORT, 0),
    values.Cause(ngap.CauseGroup.NAS, 2),
    values.Cause(ngap.CauseGroup.PROTOCOL, 6),
    values.Cause(ngap.CauseGroup.MISC, 5),
)
CAUSE = CAUSES[0]
DIAGNOSTICS = procedure_values.CriticalityDiagnostics(
    21,
    0,
    1,
    (procedure_values.ElementDiagnostics(0, 27, 1), procedure_values.ElementDiagnostics(1, 82, 0)),
)
IDS: list[tuple[Any, Any]] = [
    (ie.AMF_UE_NGAP_ID, 0xFFFFFFFFFF),
    (ie.RAN_UE_NGAP_ID, 0xFFFFFFFF),
]
SMALL_IDS: list[tuple[Any, Any]] = [(ie.AMF_UE_NGAP_ID, 1), (ie.RAN_UE_NGAP_ID, 0)]

INDICATION = transfer.SecurityIndication(
    ProtectionIndication.REQUIRED, ProtectionIndication.PREFERRED, 1
)
RESULT = transfer.SecurityResult(ProtectionResult.PERFORMED, ProtectionResult.NOT_PERFORMED)
LEVEL = qos_flows.QosFlowLevelQosParameters(
    qos_flows.NonDynamic5qi(9, 5, 2000, 4095),
    qos_flows.AllocationAndRetentionPriority(1, 1, 1),
    qos_flows.GbrQosInformation(1, 2, 3, 4),
)
DYNAMIC = qos_flows.QosFlowLevelQosParameters(
    qos_flows.Dynamic5qi(1, 100, qos_flows.PacketErrorRate(1, 6), 82),
    qos_flows.AllocationAndRetentionPriority(15),
)
SETUP = transfer.encode_setup_request(
    (transfer.AMBR, RATE),
    (transfer.UL_TUNNEL, TUNNEL),
    (transfer.SESSION_TYPE, PduSessionType.IPV4V6),
    (transfer.SECURITY, INDICATION),
    (
        transfer.SETUP_LIST,
        (qos_flows.QosFlowSetup(1, LEVEL), qos_flows.QosFlowSetup(63, DYNAMIC, 5)),
    ),
)
PER_TNL = qos_flows.QosFlowPerTnl(
    TUNNEL6, (qos_flows.AssociatedQosFlow(1), qos_flows.AssociatedQosFlow(2, 1))
)
SETUP_RESPONSE = transfer.SETUP_RESPONSE.encode(
    transfer.SetupResponseTransfer(PER_TNL, None, RESULT, (qos_flows.QosFlowWithCause(3, CAUSE),))
)
FAILED = transfer.UNSUCCESSFUL.encode(transfer.UnsuccessfulTransfer(CAUSE, DIAGNOSTICS))
ONLY_CAUSE = transfer.CAUSE_ONLY.encode(transfer.CauseTransfer(CAUSE))
PATH_SWITCH = transfer.PATH_SWITCH_REQUEST.encode(
    transfer.PathSwitchRequestTransfer(
        TUNNEL,
        0,
        transfer.UserPlaneSecurityInformation(RESULT, INDICATION),
        (qos_flows.QosFlow(1),),
    )
)
PATH_SWITCHED = transfer.PATH_SWITCH_REQUEST_ACKNOWLEDGE.encode(
    transfer.PathSwitchRequestAcknowledgeTransfer(TUNNEL, INDICATION)
)
HANDOVER_REQUIRED = transfer.HANDOVER_REQUIRED.encode(transfer.HandoverRequiredTransfer(0))
HANDOVER_COMMAND = transfer.HANDOVER_COMMAND.encode(
    transfer.HandoverCommandTransfer(TUNNEL, (qos_flows.QosFlow(1),))
)
HANDOVER_ACKNOWLEDGE = transfer.HANDOVER_REQUEST_ACKNOWLEDGE.encode(
    transfer.HandoverRequestAcknowledgeTransfer(
        TUNNEL, TUNNEL6, RESULT, (transfer.QosFlowWithDataForwarding(1, 0),)
    )
)
MODIFY = transfer.encode_setup_request((transfer.AMBR, RATE))
MODIFIED = transfer.MODIFY_RESPONSE.encode(
    transfer.ModifyResponseTransfer(TUNNEL, TUNNEL6, (qos_flows.QosFlow(5),))
)
RELEASED = transfer.EMPTY.encode(transfer.EmptyTransfer())


CELLS = (
    assistance.VisitedCell(values.NrCgi(PLMN, 1), 4095),
    assistance.VisitedCell(values.EutraCgi(PLMN, 2)),
)
BEHAVIOUR = assistance.ExpectedUeBehaviour(
    assistance.ExpectedUeActivityBehaviour(181, 1, 0), 6, 1, CELLS
)
INACTIVE = assistance.CoreNetworkAssistanceInformationForInactive(
    1023, 0x5E, (values.TaiItem(TAI),), PagingDrx.V64, 0, BEHAVIOUR
)
RESTRICTIONS = assistance.MobilityRestrictionList(
    PLMN,
    ("310410", "00101"),
    (assistance.RatRestrictions(PLMN, 0x80),),
    (assistance.ForbiddenArea(PLMN, (1, 2, 3)),),
    (assistance.ServiceArea(PLMN, (1,), (2, 3)), assistance.ServiceArea(PLMN)),
)
LOCATION_REPORT = assistance.LocationReportingRequestType(
    2,
    0,
    (
        assistance.AreaOfInterestItem(
            assistance.AreaOfInterest(
                (values.TaiItem(TAI),),
                (assistance.AreaCell(values.NrCgi(PLMN, 1)),),
                (assistance.AreaRanNode(GNB),),
            ),
            64,
        ),
    ),
    1,
)
TRACE = assistance.TraceActivation(0x0102030405060708, 0xF8, 5, "2001:db8::2")
RECOMMENDED = assistance.RecommendedCells(CELLS)
RADIO_CAPABILITY = assistance.UeRadioCapabilityForPaging(bytes(20), b"\x01")
STATUS = ran_status.RanStatusTransfer(
    (
        ran_status.DrbSubjectToStatusTransfer(
            1,
            ran_status.UplinkDrbStatus12(ran_status.CountValue12(4095, 1_048_575), (5, 3)),
            ran_status.DownlinkDrbStatus12(ran_status.CountValue12(0, 0)),
        ),
        ran_status.DrbSubjectToStatusTransfer(
            32,
            ran_status.UplinkDrbStatus18(ran_status.CountValue18(262_143, 16_383), (1, 1)),
            ran_status.DownlinkDrbStatus18(ran_status.CountValue18(65_536, 256)),
        ),
    )
)


def _sessions(octets: bytes) -> tuple[ngap.SessionTransfer, ...]:
    return (ngap.SessionTransfer(1, octets), ngap.SessionTransfer(255, octets))


def samples() -> dict[str, ngap.Pdu]:
    """The messages by name."""
    build = ngap.build
    made = [
        build(
            INITIATING,
            P.NG_SETUP,
            [
                (ie.GLOBAL_RAN_NODE_ID, GNB),
                (ie.RAN_NODE_NAME, "gnb with a longer name"),
                (
                    ie.SUPPORTED_TA_LIST,
                    (values.SupportedTa(1, (values.BroadcastPlmn(PLMN, SLICES),)),),
                ),
                (ie.DEFAULT_PAGING_DRX, PagingDrx.V256),
                (ie.UE_RETENTION_INFORMATION, 0),
            ],
        ),
        build(
            SUCCESSFUL,
            P.NG_SETUP,
            [
                (ie.AMF_NAME, "a"),
                (
                    ie.SERVED_GUAMI_LIST,
                    (values.ServedGuami(GUAMI, "backup"), values.ServedGuami(GUAMI)),
                ),
                (ie.RELATIVE_AMF_CAPACITY, 255),
                (ie.PLMN_SUPPORT_LIST, (values.PlmnSupport(PLMN, SLICES),)),
                (ie.CRITICALITY_DIAGNOSTICS, DIAGNOSTICS),
            ],
        ),
        build(
            UNSUCCESSFUL,
            P.NG_SETUP,
            [
                (ie.CAUSE, CAUSES[4]),
                (ie.TIME_TO_WAIT, 5),
                (ie.CRITICALITY_DIAGNOSTICS, DIAGNOSTICS),
            ],
        ),
        build(
            INITIATING,
            P.INITIAL_UE_MESSAGE,
            [
                (ie.RAN_UE_NGAP_ID, 70_000),
                (ie.NAS_PDU, bytes(range(200))),
                (ie.USER_LOCATION_INFORMATION, LOCATION),
                (ie.RRC_ESTABLISHMENT_CAUSE, RrcEstablishmentCause.MO_DATA),
                (ie.FIVE_G_S_TMSI, values.FiveGSTmsi(1023, 63, 0xFFFFFFFF)),
                (ie.AMF_SET_ID, 1),
                (ie.UE_CONTEXT_REQUEST, 0),
                (ie.ALLOWED_NSSAI, SLICES),
            ],
        ),
        build(
            INITIATING,
            P.DOWNLINK_NAS_TRANSPORT,
            [
                *SMALL_IDS,
                (ie.OLD_AMF, "old"),
                (ie.RAN_PAGING_PRIORITY, 256),
                (ie.NAS_PDU, bytes(300)),
                (ie.INDEX_TO_RFSP, 256),
                (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, RATE),
                (ie.ALLOWED_NSSAI, SLICES),
            ],
        ),
        build(
            INITIATING,
            P.UPLINK_NAS_TRANSPORT,
            [*IDS, (ie.NAS_PDU, b"\x7e"), (ie.USER_LOCATION_INFORMATION, LOCATION)],
        ),
        build(
            INITIATING,
            P.INITIAL_CONTEXT_SETUP,
            [
                *IDS,
                (ie.OLD_AMF, "old"),
                (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, RATE),
                (ie.CORE_NETWORK_ASSISTANCE_INFORMATION_FOR_INACTIVE, INACTIVE),
                (ie.GUAMI, GUAMI),
                (
                    ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ,
                    (ngap.SessionSetup(5, b"\x7e\x00", SLICE, SETUP),),
                ),
                (ie.ALLOWED_NSSAI, SLICES),
                (ie.UE_SECURITY_CAPABILITIES, CAPABILITIES),
                (ie.SECURITY_KEY, bytes(range(32))),
                (ie.UE_RADIO_CAPABILITY, bytes(40)),
                (ie.INDEX_TO_RFSP, 1),
                (ie.MASKED_IMEISV, 0x1110000000FFFF00),
                (ie.NAS_PDU, b"\x7e\x00\x42"),
                (ie.TRACE_ACTIVATION, TRACE),
                (ie.MOBILITY_RESTRICTION_LIST, RESTRICTIONS),
                (
                    ie.EMERGENCY_FALLBACK_INDICATOR,
                    assistance.EmergencyFallbackIndicator(0, 1),
                ),
                (ie.RRC_INACTIVE_TRANSITION_REPORT_REQUEST, 1),
                (ie.UE_RADIO_CAPABILITY_FOR_PAGING, RADIO_CAPABILITY),
                (ie.LOCATION_REPORTING_REQUEST_TYPE, LOCATION_REPORT),
                (ie.CN_ASSISTED_RAN_TUNING, assistance.CnAssistedRanTuning(BEHAVIOUR)),
                (ie.SRVCC_OPERATION_POSSIBLE, 1),
                (ie.IAB_AUTHORIZED, 0),
                (ie.EXTENDED_CONNECTED_TIME, 255),
                (ie.UE_RADIO_CAPABILITY_ID, b"\x01\x02"),
                (ie.REDIRECTION_VOICE_FALLBACK, 0),
            ],
        ),
        build(
            SUCCESSFUL,
            P.INITIAL_CONTEXT_SETUP,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_RES, _sessions(SETUP_RESPONSE)),
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_RES, _sessions(FAILED)),
                (ie.CRITICALITY_DIAGNOSTICS, DIAGNOSTICS),
            ],
        ),
        build(
            UNSUCCESSFUL,
            P.INITIAL_CONTEXT_SETUP,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_FAIL, _sessions(FAILED)),
                (ie.CAUSE, CAUSE),
            ],
        ),
        build(
            INITIATING,
            P.PDU_SESSION_RESOURCE_SETUP,
            [
                *SMALL_IDS,
                (ie.RAN_PAGING_PRIORITY, 1),
                (ie.NAS_PDU, b"\x7e"),
                (
                    ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ,
                    (
                        ngap.SessionSetup(1, None, SLICE, SETUP),
                        ngap.SessionSetup(15, bytes(150), values.SNssai(255), SETUP),
                    ),
                ),
                (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, RATE),
            ],
        ),
        build(
            SUCCESSFUL,
            P.PDU_SESSION_RESOURCE_SETUP,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES, _sessions(SETUP_RESPONSE)),
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_SU_RES, _sessions(FAILED)),
            ],
        ),
        build(
            INITIATING,
            P.PDU_SESSION_RESOURCE_MODIFY,
            [
                *IDS,
                (
                    ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_REQ,
                    (ngap.SessionModify(1, b"\x7e", MODIFY), ngap.SessionModify(2, None, MODIFY)),
                ),
            ],
        ),
        build(
            SUCCESSFUL,
            P.PDU_SESSION_RESOURCE_MODIFY,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_RES, _sessions(MODIFIED)),
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_MODIFY_LIST_MOD_RES, _sessions(FAILED)),
                (ie.USER_LOCATION_INFORMATION, LOCATION),
            ],
        ),
        build(
            INITIATING,
            P.PDU_SESSION_RESOURCE_RELEASE,
            [
                *IDS,
                (ie.NAS_PDU, b"\x7e"),
                (ie.PDU_SESSION_RESOURCE_TO_RELEASE_LIST_REL_CMD, _sessions(ONLY_CAUSE)),
            ],
        ),
        build(
            SUCCESSFUL,
            P.PDU_SESSION_RESOURCE_RELEASE,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_RELEASED_LIST_REL_RES, _sessions(RELEASED)),
                (ie.USER_LOCATION_INFORMATION, LOCATION),
            ],
        ),
        build(
            INITIATING,
            P.UE_CONTEXT_RELEASE_REQUEST,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_LIST_CXT_REL_REQ, (ngap.Session(1), ngap.Session(2))),
                (ie.CAUSE, CAUSE),
            ],
        ),
        build(
            INITIATING,
            P.UE_CONTEXT_RELEASE,
            [(ie.UE_NGAP_IDS, procedure_values.UeNgapIds(2**40 - 1, 5)), (ie.CAUSE, CAUSES[2])],
        ),
        build(
            INITIATING,
            P.UE_CONTEXT_RELEASE,
            [(ie.UE_NGAP_IDS, procedure_values.UeNgapIds(7)), (ie.CAUSE, CAUSES[1])],
        ),
        build(
            SUCCESSFUL,
            P.UE_CONTEXT_RELEASE,
            [
                *IDS,
                (ie.USER_LOCATION_INFORMATION, LOCATION),
                (
                    ie.INFO_ON_RECOMMENDED_CELLS_AND_RAN_NODES_FOR_PAGING,
                    assistance.InfoOnRecommendedCellsAndRanNodesForPaging(
                        RECOMMENDED,
                        assistance.RecommendedRanNodes(
                            (
                                assistance.RecommendedRanNode(assistance.RanNodeTarget(GNB)),
                                assistance.RecommendedRanNode(TAI),
                            )
                        ),
                    ),
                ),
                (ie.PDU_SESSION_RESOURCE_LIST_CXT_REL_CPL, (ngap.Session(1),)),
            ],
        ),
        build(
            INITIATING,
            P.UE_RADIO_CAPABILITY_INFO_INDICATION,
            [*IDS, (ie.UE_RADIO_CAPABILITY, bytes(20_000))],
        ),
        build(
            INITIATING,
            P.PATH_SWITCH_REQUEST,
            [
                (ie.RAN_UE_NGAP_ID, 3),
                (ie.SOURCE_AMF_UE_NGAP_ID, 2**33),
                (ie.USER_LOCATION_INFORMATION, LOCATION),
                (ie.UE_SECURITY_CAPABILITIES, CAPABILITIES),
                (ie.PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST, _sessions(PATH_SWITCH)),
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_PS_REQ, _sessions(ONLY_CAUSE)),
            ],
        ),
        build(
            SUCCESSFUL,
            P.PATH_SWITCH_REQUEST,
            [
                *IDS,
                (ie.UE_SECURITY_CAPABILITIES, CAPABILITIES),
                (ie.SECURITY_CONTEXT, CONTEXT),
                (ie.NEW_SECURITY_CONTEXT_IND, 0),
                (ie.PDU_SESSION_RESOURCE_SWITCHED_LIST, _sessions(PATH_SWITCHED)),
                (ie.PDU_SESSION_RESOURCE_RELEASED_LIST_PS_ACK, _sessions(ONLY_CAUSE)),
                (ie.ALLOWED_NSSAI, SLICES),
            ],
        ),
        build(
            UNSUCCESSFUL,
            P.PATH_SWITCH_REQUEST,
            [*IDS, (ie.PDU_SESSION_RESOURCE_RELEASED_LIST_PS_FAIL, _sessions(ONLY_CAUSE))],
        ),
        build(
            INITIATING,
            P.HANDOVER_PREPARATION,
            [
                *IDS,
                (ie.HANDOVER_TYPE, HandoverType(0)),
                (ie.CAUSE, CAUSE),
                (ie.TARGET_ID, procedure_values.TargetRanNode(GNB, TAI)),
                (ie.DIRECT_FORWARDING_PATH_AVAILABILITY, 0),
                (ie.PDU_SESSION_RESOURCE_LIST_HO_RQD, _sessions(HANDOVER_REQUIRED)),
                (ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER, bytes(100)),
            ],
        ),
        build(
            SUCCESSFUL,
            P.HANDOVER_PREPARATION,
            [
                *IDS,
                (ie.HANDOVER_TYPE, HandoverType(0)),
                (ie.NAS_SECURITY_PARAMETERS_FROM_NGRAN, b"\x01\x02"),
                (ie.PDU_SESSION_RESOURCE_HANDOVER_LIST, _sessions(HANDOVER_COMMAND)),
                (ie.PDU_SESSION_RESOURCE_TO_RELEASE_LIST_HO_CMD, _sessions(ONLY_CAUSE)),
                (ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER, bytes(10)),
            ],
        ),
        build(UNSUCCESSFUL, P.HANDOVER_PREPARATION, [*IDS, (ie.CAUSE, CAUSE)]),
        build(
            INITIATING,
            P.HANDOVER_RESOURCE_ALLOCATION,
            [
                (ie.AMF_UE_NGAP_ID, 9),
                (ie.HANDOVER_TYPE, HandoverType(0)),
                (ie.CAUSE, CAUSE),
                (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, RATE),
                (ie.UE_SECURITY_CAPABILITIES, CAPABILITIES),
                (ie.SECURITY_CONTEXT, CONTEXT),
                (ie.NEW_SECURITY_CONTEXT_IND, 0),
                (ie.NASC, b"\x7e\x02"),
                (
                    ie.PDU_SESSION_RESOURCE_SETUP_LIST_HO_REQ,
                    (ngap.SessionHandover(1, SLICE, SETUP),),
                ),
                (ie.ALLOWED_NSSAI, SLICES),
                (ie.MASKED_IMEISV, 1),
                (ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER, bytes(10)),
                (ie.GUAMI, GUAMI),
            ],
        ),
        build(
            SUCCESSFUL,
            P.HANDOVER_RESOURCE_ALLOCATION,
            [
                *IDS,
                (ie.PDU_SESSION_RESOURCE_ADMITTED_LIST, _sessions(HANDOVER_ACKNOWLEDGE)),
                (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_HO_ACK, _sessions(FAILED)),
                (ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER, bytes(10)),
            ],
        ),
        build(
            UNSUCCESSFUL,
            P.HANDOVER_RESOURCE_ALLOCATION,
            [(ie.AMF_UE_NGAP_ID, 9), (ie.CAUSE, CAUSE)],
        ),
        build(
            INITIATING,
            P.HANDOVER_NOTIFICATION,
            [*IDS, (ie.USER_LOCATION_INFORMATION, LOCATION)],
        ),
        build(INITIATING, P.HANDOVER_CANCEL, [*IDS, (ie.CAUSE, CAUSE)]),
        build(SUCCESSFUL, P.HANDOVER_CANCEL, [*IDS, (ie.CRITICALITY_DIAGNOSTICS, DIAGNOSTICS)]),
        build(
            INITIATING,
            P.ERROR_INDICATION,
            [
                *IDS,
                (ie.CAUSE, CAUSES[3]),
                (ie.CRITICALITY_DIAGNOSTICS, DIAGNOSTICS),
                (ie.FIVE_G_S_TMSI, values.FiveGSTmsi(1, 2, 3)),
            ],
        ),
        build(
            INITIATING,
            P.NG_RESET,
            [(ie.CAUSE, CAUSE), (ie.RESET_TYPE, procedure_values.ResetType())],
        ),
        build(
            INITIATING,
            P.NG_RESET,
            [
                (ie.CAUSE, CAUSE),
                (
                    ie.RESET_TYPE,
                    procedure_values.ResetType(
                        (
                            procedure_values.LogicalConnection(1, 2),
                            procedure_values.LogicalConnection(None, 3),
                        )
                    ),
                ),
            ],
        ),
        build(
            SUCCESSFUL,
            P.NG_RESET,
            [
                (
                    ie.UE_ASSOCIATED_LOGICAL_NG_CONNECTION_LIST,
                    (procedure_values.LogicalConnection(5), procedure_values.LogicalConnection()),
                ),
            ],
        ),
        build(
            INITIATING,
            P.UPLINK_RAN_STATUS_TRANSFER,
            [*IDS, (ie.RAN_STATUS_TRANSFER_TRANSPARENT_CONTAINER, STATUS)],
        ),
        build(
            INITIATING,
            P.PAGING,
            [
                (ie.UE_PAGING_IDENTITY, values.FiveGSTmsi(1, 2, 3)),
                (ie.PAGING_DRX, PagingDrx.V32),
                (ie.TAI_LIST_FOR_PAGING, (values.TaiItem(TAI),)),
                (ie.PAGING_PRIORITY, 7),
                (ie.UE_RADIO_CAPABILITY_FOR_PAGING, RADIO_CAPABILITY),
                (
                    ie.ASSISTANCE_DATA_FOR_PAGING,
                    assistance.AssistanceDataForPaging(
                        assistance.AssistanceDataForRecommendedCells(RECOMMENDED),
                        assistance.PagingAttemptInformation(1, 16, 1),
                    ),
                ),
                (ie.PAGING_ORIGIN, 0),
            ],
        ),
    ]
    return {f"{index:02d} {pdu.name}": pdu for index, pdu in enumerate(made)}
