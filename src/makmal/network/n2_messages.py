"""The NGAP messages of the reference network's gNB and AMF (TS 38.413, 9.2)."""

from __future__ import annotations

from makmal.network.subscription import PLMN
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie, procedure_values, qos_flows, transfer, values
from makmal.protocol.ngap.enumerations import (
    PagingDrx,
    PduSessionType,
    ProtectionIndication,
    RrcEstablishmentCause,
)

TAC = 1
SLICE = values.SNssai(1)
GUAMI = values.Guami(PLMN, 2, 1, 0)
_LOCATION = values.UserLocationNr(values.NrCgi(PLMN, 0x10), values.TrackingArea(PLMN, TAC))
_INITIATING, _SUCCESSFUL = ngap.Kind.INITIATING_MESSAGE, ngap.Kind.SUCCESSFUL_OUTCOME
_IGNORE = ngap.Criticality.IGNORE
_BIT_RATE = values.AggregateMaximumBitRate(1_000_000_000, 500_000_000)


def ng_setup_request() -> ngap.Pdu:
    """The gNB introduces itself."""
    slices = (values.SliceItem(SLICE),)
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.NG_SETUP,
        [
            (ie.GLOBAL_RAN_NODE_ID, values.GlobalGnbId(PLMN, (1, 24))),
            (ie.RAN_NODE_NAME, _IGNORE, "makmal-gnb"),
            (
                ie.SUPPORTED_TA_LIST,
                (values.SupportedTa(TAC, (values.BroadcastPlmn(PLMN, slices),)),),
            ),
            (ie.DEFAULT_PAGING_DRX, _IGNORE, PagingDrx.V128),
        ],
    )


def ng_setup_response() -> ngap.Pdu:
    """The AMF introduces itself."""
    return ngap.build(
        _SUCCESSFUL,
        ngap.ProcedureCode.NG_SETUP,
        [
            (ie.AMF_NAME, "makmal-amf"),
            (ie.SERVED_GUAMI_LIST, (values.ServedGuami(GUAMI),)),
            (ie.RELATIVE_AMF_CAPACITY, _IGNORE, 255),
            (ie.PLMN_SUPPORT_LIST, (values.PlmnSupport(PLMN, (values.SliceItem(SLICE),)),)),
        ],
    )


def initial_ue_message(
    ran_ue_ngap_id: int, nas_pdu: bytes, five_g_s_tmsi: values.FiveGSTmsi | None = None
) -> ngap.Pdu:
    """The first message of a UE."""
    entries: list[ngap.pdu.Entry] = [
        (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
        (ie.NAS_PDU, nas_pdu),
        (ie.USER_LOCATION_INFORMATION, _LOCATION),
        (ie.RRC_ESTABLISHMENT_CAUSE, _IGNORE, RrcEstablishmentCause.MO_SIGNALLING),
    ]
    if five_g_s_tmsi is not None:
        entries.append((ie.FIVE_G_S_TMSI, five_g_s_tmsi))
    entries.append((ie.UE_CONTEXT_REQUEST, _IGNORE, 0))
    return ngap.build(_INITIATING, ngap.ProcedureCode.INITIAL_UE_MESSAGE, entries)


def downlink_nas_transport(amf_ue_ngap_id: int, ran_ue_ngap_id: int, nas_pdu: bytes) -> ngap.Pdu:
    """A NAS message to the UE."""
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.DOWNLINK_NAS_TRANSPORT,
        [
            (ie.AMF_UE_NGAP_ID, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.NAS_PDU, nas_pdu),
        ],
    )


def uplink_nas_transport(amf_ue_ngap_id: int, ran_ue_ngap_id: int, nas_pdu: bytes) -> ngap.Pdu:
    """A NAS message from the UE."""
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.UPLINK_NAS_TRANSPORT,
        [
            (ie.AMF_UE_NGAP_ID, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.NAS_PDU, nas_pdu),
            (ie.USER_LOCATION_INFORMATION, _IGNORE, _LOCATION),
        ],
    )


def initial_context_setup_request(
    amf_ue_ngap_id: int,
    ran_ue_ngap_id: int,
    capability: nas.UESecurityCapability,
    k_gnb: bytes,
    nas_pdu: bytes,
) -> ngap.Pdu:
    """The gNB learns the UE's capabilities and KgNB."""
    # TS 38.413, 9.3.1.86: the bits begin with algorithm 1; algorithm 0 needs none.
    bits = values.UESecurityCapabilities(
        (capability.encryption & 0x7F) << 9,
        (capability.integrity & 0x7F) << 9,
        ((capability.eps_encryption or 0) & 0x7F) << 9,
        ((capability.eps_integrity or 0) & 0x7F) << 9,
    )
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.INITIAL_CONTEXT_SETUP,
        [
            (ie.AMF_UE_NGAP_ID, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, _BIT_RATE),
            (ie.GUAMI, GUAMI),
            (ie.ALLOWED_NSSAI, (values.SliceItem(SLICE),)),
            (ie.UE_SECURITY_CAPABILITIES, bits),
            (ie.SECURITY_KEY, k_gnb),
            (ie.NAS_PDU, _IGNORE, nas_pdu),
        ],
    )


def initial_context_setup_response(amf_ue_ngap_id: int, ran_ue_ngap_id: int) -> ngap.Pdu:
    """The gNB has it."""
    return ngap.build(
        _SUCCESSFUL,
        ngap.ProcedureCode.INITIAL_CONTEXT_SETUP,
        [
            (ie.AMF_UE_NGAP_ID, _IGNORE, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, _IGNORE, ran_ue_ngap_id),
        ],
    )


def setup_request_transfer(
    upf_tunnel: values.GTPTunnel, security: transfer.SecurityIndication
) -> bytes:
    """What the SMF asks of the gNB for a session (9.3.4.1)."""
    flow = qos_flows.QosFlowSetup(
        1,
        qos_flows.QosFlowLevelQosParameters(
            qos_flows.NonDynamic5qi(9), qos_flows.AllocationAndRetentionPriority(8)
        ),
    )
    return transfer.encode_setup_request(
        (transfer.AMBR, _BIT_RATE),
        (transfer.UL_TUNNEL, upf_tunnel),
        (transfer.SESSION_TYPE, PduSessionType.IPV4),
        (transfer.SECURITY, security),
        (transfer.SETUP_LIST, (flow,)),
    )


def security_indication(integrity: str, confidentiality: str) -> transfer.SecurityIndication:
    """A policy of TS 29.571, 5.4.3.4 in the terms of N2."""
    numbers = {
        "REQUIRED": ProtectionIndication.REQUIRED,
        "PREFERRED": ProtectionIndication.PREFERRED,
        "NOT_NEEDED": ProtectionIndication.NOT_NEEDED,
    }
    # TS 38.413, 9.3.1.27: the rate is there whenever integrity protection may be.
    rate = None if integrity == "NOT_NEEDED" else 1
    return transfer.SecurityIndication(numbers[integrity], numbers[confidentiality], rate)


def pdu_session_resource_setup_request(
    amf_ue_ngap_id: int,
    ran_ue_ngap_id: int,
    pdu_session_id: int,
    nas_pdu: bytes,
    session_transfer: bytes,
) -> ngap.Pdu:
    """The gNB is asked to carry a session."""
    item = ngap.SessionSetup(pdu_session_id, nas_pdu, SLICE, session_transfer)
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.PDU_SESSION_RESOURCE_SETUP,
        [
            (ie.AMF_UE_NGAP_ID, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ, (item,)),
            (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, _IGNORE, _BIT_RATE),
        ],
    )


def setup_response_transfer(gnb_tunnel: values.GTPTunnel) -> bytes:
    """The gNB's end of the tunnel (9.3.4.2)."""
    return transfer.SETUP_RESPONSE.encode(
        transfer.SetupResponseTransfer(
            qos_flows.QosFlowPerTnl(gnb_tunnel, (qos_flows.AssociatedQosFlow(1),))
        )
    )


def pdu_session_resource_setup_response(
    amf_ue_ngap_id: int, ran_ue_ngap_id: int, pdu_session_id: int, session_transfer: bytes
) -> ngap.Pdu:
    """The gNB carries it."""
    item = ngap.SessionTransfer(pdu_session_id, session_transfer)
    return ngap.build(
        _SUCCESSFUL,
        ngap.ProcedureCode.PDU_SESSION_RESOURCE_SETUP,
        [
            (ie.AMF_UE_NGAP_ID, _IGNORE, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, _IGNORE, ran_ue_ngap_id),
            (ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES, _IGNORE, (item,)),
        ],
    )


def ue_context_release_command(amf_ue_ngap_id: int, ran_ue_ngap_id: int, cause: int) -> ngap.Pdu:
    """The AMF ends the connection; ``cause`` is a NAS cause (9.3.1.2)."""
    return ngap.build(
        _INITIATING,
        ngap.ProcedureCode.UE_CONTEXT_RELEASE,
        [
            (ie.UE_NGAP_IDS, procedure_values.UeNgapIds(amf_ue_ngap_id, ran_ue_ngap_id)),
            (ie.CAUSE, _IGNORE, values.Cause(ngap.CauseGroup.NAS, cause)),
        ],
    )


def ue_context_release_complete(amf_ue_ngap_id: int, ran_ue_ngap_id: int) -> ngap.Pdu:
    """The gNB has ended it."""
    return ngap.build(
        _SUCCESSFUL,
        ngap.ProcedureCode.UE_CONTEXT_RELEASE,
        [
            (ie.AMF_UE_NGAP_ID, _IGNORE, amf_ue_ngap_id),
            (ie.RAN_UE_NGAP_ID, _IGNORE, ran_ue_ngap_id),
        ],
    )
