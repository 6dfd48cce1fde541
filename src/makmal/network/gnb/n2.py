"""The NGAP messages that the gNB sends (TS 38.413, 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from makmal.protocol import ngap
from makmal.protocol.ngap import ie, values
from makmal.protocol.ngap.pdu import Entry
from makmal.protocol.ngap.procedure_values import TargetRanNode, UlCpSecurityInformation

_INITIATING = ngap.Kind.INITIATING_MESSAGE
_SUCCESSFUL = ngap.Kind.SUCCESSFUL_OUTCOME
_UNSUCCESSFUL = ngap.Kind.UNSUCCESSFUL_OUTCOME
_IGNORE = ngap.Criticality.IGNORE
_CODE = ngap.ProcedureCode
# The location of every UE of a gNB is the same: it is encoded once and passed by its number.
_LOCATION = ie.USER_LOCATION_INFORMATION.identifier

Ids = tuple[int, int]


def _ids(ids: Ids) -> list[Entry]:
    return [(ie.AMF_UE_NGAP_ID, ids[0]), (ie.RAN_UE_NGAP_ID, ids[1])]


def _ignored_ids(ids: Ids) -> list[Entry]:
    return [(ie.AMF_UE_NGAP_ID, _IGNORE, ids[0]), (ie.RAN_UE_NGAP_ID, _IGNORE, ids[1])]


def encoded_location(cell: ngap.NrCgi, area: ngap.TrackingArea) -> bytes:
    """User Location Information (9.3.1.16) of a cell, encoded."""
    return ie.USER_LOCATION_INFORMATION.encode(ngap.UserLocationNr(cell, area))


def ng_setup_request(
    node_id: ngap.GlobalGnbId, name: str, tac: int, plmn: str, slices: Sequence[ngap.SliceItem]
) -> ngap.Pdu:
    """The gNB introduces itself (9.2.6.1)."""
    supported = ngap.SupportedTa(tac, (ngap.BroadcastPlmn(plmn, tuple(slices)),))
    return ngap.build(
        _INITIATING,
        _CODE.NG_SETUP,
        [
            (ie.GLOBAL_RAN_NODE_ID, node_id),
            (ie.RAN_NODE_NAME, _IGNORE, name),
            (ie.SUPPORTED_TA_LIST, (supported,)),
            (ie.DEFAULT_PAGING_DRX, _IGNORE, ngap.PagingDrx.V128),
        ],
    )


def initial_ue_message(
    ran_ue_ngap_id: int,
    nas_pdu: bytes,
    location: bytes,
    cause: ngap.RrcEstablishmentCause,
    five_g_s_tmsi: ngap.FiveGSTmsi | None = None,
    amf_set_id: int | None = None,
    allowed_nssai: Sequence[ngap.SliceItem] = (),
) -> ngap.Pdu:
    """The first message of a UE (9.2.5.1); the last two are of a rerouted one."""
    entries: list[Entry] = [
        (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
        (ie.NAS_PDU, nas_pdu),
        (_LOCATION, location),
        (ie.RRC_ESTABLISHMENT_CAUSE, _IGNORE, cause),
    ]
    if five_g_s_tmsi is not None:
        entries.append((ie.FIVE_G_S_TMSI, five_g_s_tmsi))
    if amf_set_id is not None:
        entries.append((ie.AMF_SET_ID, _IGNORE, amf_set_id))
    entries.append((ie.UE_CONTEXT_REQUEST, _IGNORE, 0))
    if allowed_nssai:
        entries.append((ie.ALLOWED_NSSAI, tuple(allowed_nssai)))
    return ngap.build(_INITIATING, _CODE.INITIAL_UE_MESSAGE, entries)


def uplink_nas_transport(ids: Ids, nas_pdu: bytes, location: bytes) -> ngap.Pdu:
    """A further message (9.2.5.3)."""
    return ngap.build(
        _INITIATING,
        _CODE.UPLINK_NAS_TRANSPORT,
        [*_ids(ids), (ie.NAS_PDU, nas_pdu), (_LOCATION, _IGNORE, location)],
    )


def initial_context_setup_response(
    ids: Ids,
    sessions: Sequence[ngap.SessionTransfer] = (),
    failed: Sequence[ngap.SessionTransfer] = (),
) -> ngap.Pdu:
    """The gNB has the UE's context (9.2.2.2)."""
    entries = _ignored_ids(ids)
    if sessions:
        entries.append((ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_RES, _IGNORE, tuple(sessions)))
    if failed:
        entries.append(
            (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_RES, _IGNORE, tuple(failed))
        )
    return ngap.build(_SUCCESSFUL, _CODE.INITIAL_CONTEXT_SETUP, entries)


def initial_context_setup_failure(ids: Ids, cause: ngap.Cause) -> ngap.Pdu:
    """It cannot take the context (9.2.2.3)."""
    return ngap.build(
        _UNSUCCESSFUL,
        _CODE.INITIAL_CONTEXT_SETUP,
        [*_ignored_ids(ids), (ie.CAUSE, _IGNORE, cause)],
    )


def ue_context_release_request(ids: Ids, sessions: Iterable[int], cause: ngap.Cause) -> ngap.Pdu:
    """The gNB wants to let go of a UE (9.2.2.4)."""
    entries = _ids(ids)
    listed = tuple(ngap.Session(identity) for identity in sessions)
    if listed:
        entries.append((ie.PDU_SESSION_RESOURCE_LIST_CXT_REL_REQ, listed))
    entries.append((ie.CAUSE, _IGNORE, cause))
    return ngap.build(_INITIATING, _CODE.UE_CONTEXT_RELEASE_REQUEST, entries)


def ue_context_release_complete(ids: Ids, sessions: Iterable[int], location: bytes) -> ngap.Pdu:
    """It has let go (9.2.2.6)."""
    entries = [*_ignored_ids(ids), (_LOCATION, _IGNORE, location)]
    listed = tuple(ngap.Session(identity) for identity in sessions)
    if listed:
        entries.append((ie.PDU_SESSION_RESOURCE_LIST_CXT_REL_CPL, listed))
    return ngap.build(_SUCCESSFUL, _CODE.UE_CONTEXT_RELEASE, entries)


def ue_context_modification_response(ids: Ids) -> ngap.Pdu:
    """The context is changed (9.2.2.8)."""
    return ngap.build(_SUCCESSFUL, _CODE.UE_CONTEXT_MODIFICATION, _ignored_ids(ids))


def ue_radio_capability_info_indication(ids: Ids, capability: bytes) -> ngap.Pdu:
    """What the UE's radio can do (9.2.13.1)."""
    return ngap.build(
        _INITIATING,
        _CODE.UE_RADIO_CAPABILITY_INFO_INDICATION,
        [*_ids(ids), (ie.UE_RADIO_CAPABILITY, _IGNORE, capability)],
    )


def pdu_session_resource_setup_response(
    ids: Ids, sessions: Sequence[ngap.SessionTransfer], failed: Sequence[ngap.SessionTransfer]
) -> ngap.Pdu:
    """Which sessions the gNB carries (9.2.1.2)."""
    entries = _ignored_ids(ids)
    if sessions:
        entries.append((ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES, _IGNORE, tuple(sessions)))
    if failed:
        entries.append(
            (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_SU_RES, _IGNORE, tuple(failed))
        )
    return ngap.build(_SUCCESSFUL, _CODE.PDU_SESSION_RESOURCE_SETUP, entries)


def pdu_session_resource_modify_response(
    ids: Ids, sessions: Sequence[ngap.SessionTransfer], failed: Sequence[ngap.SessionTransfer]
) -> ngap.Pdu:
    """Which sessions it carries otherwise (9.2.1.6)."""
    entries = _ignored_ids(ids)
    if sessions:
        entries.append((ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_RES, _IGNORE, tuple(sessions)))
    if failed:
        entries.append(
            (ie.PDU_SESSION_RESOURCE_FAILED_TO_MODIFY_LIST_MOD_RES, _IGNORE, tuple(failed))
        )
    return ngap.build(_SUCCESSFUL, _CODE.PDU_SESSION_RESOURCE_MODIFY, entries)


def pdu_session_resource_release_response(
    ids: Ids, sessions: Sequence[ngap.SessionTransfer], location: bytes
) -> ngap.Pdu:
    """Which it carries no longer (9.2.1.4)."""
    return ngap.build(
        _SUCCESSFUL,
        _CODE.PDU_SESSION_RESOURCE_RELEASE,
        [
            *_ignored_ids(ids),
            (ie.PDU_SESSION_RESOURCE_RELEASED_LIST_REL_RES, _IGNORE, tuple(sessions)),
            (_LOCATION, _IGNORE, location),
        ],
    )


def path_switch_request(
    ran_ue_ngap_id: int,
    source_amf_ue_ngap_id: int,
    location: bytes,
    capabilities: ngap.UESecurityCapabilities,
    sessions: Sequence[ngap.SessionTransfer],
) -> ngap.Pdu:
    """The UE has come from another gNB over Xn (9.2.3.8)."""
    return ngap.build(
        _INITIATING,
        _CODE.PATH_SWITCH_REQUEST,
        [
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.SOURCE_AMF_UE_NGAP_ID, source_amf_ue_ngap_id),
            (_LOCATION, _IGNORE, location),
            (ie.UE_SECURITY_CAPABILITIES, _IGNORE, capabilities),
            (ie.PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST, tuple(sessions)),
        ],
    )


def handover_required(
    ids: Ids,
    target: TargetRanNode,
    cause: ngap.Cause,
    sessions: Sequence[ngap.SessionTransfer],
    container: bytes,
) -> ngap.Pdu:
    """The UE is to go to another gNB by way of the core (9.2.3.1)."""
    return ngap.build(
        _INITIATING,
        _CODE.HANDOVER_PREPARATION,
        [
            *_ids(ids),
            (ie.HANDOVER_TYPE, ngap.HandoverType.INTRA_5GS),
            (ie.CAUSE, _IGNORE, cause),
            (ie.TARGET_ID, target),
            (ie.PDU_SESSION_RESOURCE_LIST_HO_RQD, tuple(sessions)),
            (ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER, container),
        ],
    )


def handover_request_acknowledge(
    ids: Ids,
    admitted: Sequence[ngap.SessionTransfer],
    failed: Sequence[ngap.SessionTransfer],
    container: bytes,
) -> ngap.Pdu:
    """The target has room for the UE (9.2.3.5)."""
    entries = [
        *_ignored_ids(ids),
        (ie.PDU_SESSION_RESOURCE_ADMITTED_LIST, _IGNORE, tuple(admitted)),
    ]
    if failed:
        entries.append(
            (ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_HO_ACK, _IGNORE, tuple(failed))
        )
    entries.append((ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER, container))
    return ngap.build(_SUCCESSFUL, _CODE.HANDOVER_RESOURCE_ALLOCATION, entries)


def handover_failure(amf_ue_ngap_id: int, cause: ngap.Cause) -> ngap.Pdu:
    """The target has none (9.2.3.6)."""
    return ngap.build(
        _UNSUCCESSFUL,
        _CODE.HANDOVER_RESOURCE_ALLOCATION,
        [(ie.AMF_UE_NGAP_ID, _IGNORE, amf_ue_ngap_id), (ie.CAUSE, _IGNORE, cause)],
    )


def handover_notify(ids: Ids, location: bytes) -> ngap.Pdu:
    """The UE has come (9.2.3.7)."""
    return ngap.build(
        _INITIATING, _CODE.HANDOVER_NOTIFICATION, [*_ids(ids), (_LOCATION, _IGNORE, location)]
    )


def handover_cancel(ids: Ids, cause: ngap.Cause) -> ngap.Pdu:
    """The UE stays after all (9.2.3.11)."""
    return ngap.build(_INITIATING, _CODE.HANDOVER_CANCEL, [*_ids(ids), (ie.CAUSE, _IGNORE, cause)])


def ng_reset(
    cause: ngap.Cause, connections: Sequence[ngap.LogicalConnection] | None = None
) -> ngap.Pdu:
    """The gNB forgot its UEs, or these (9.2.6.11)."""
    kind = ngap.ResetType(None if connections is None else tuple(connections))
    return ngap.build(
        _INITIATING, _CODE.NG_RESET, [(ie.CAUSE, _IGNORE, cause), (ie.RESET_TYPE, kind)]
    )


def ng_reset_acknowledge(connections: Sequence[ngap.LogicalConnection] | None) -> ngap.Pdu:
    """What was reset (9.2.6.12)."""
    entries: list[Entry] = []
    if connections:
        entries.append((ie.UE_ASSOCIATED_LOGICAL_NG_CONNECTION_LIST, _IGNORE, tuple(connections)))
    return ngap.build(_SUCCESSFUL, _CODE.NG_RESET, entries)


def error_indication(
    amf_ue_ngap_id: int | None, ran_ue_ngap_id: int | None, cause: ngap.Cause
) -> ngap.Pdu:
    """Something was wrong with a message (9.2.6.14)."""
    entries: list[Entry] = []
    if amf_ue_ngap_id is not None:
        entries.append((ie.AMF_UE_NGAP_ID, _IGNORE, amf_ue_ngap_id))
    if ran_ue_ngap_id is not None:
        entries.append((ie.RAN_UE_NGAP_ID, _IGNORE, ran_ue_ngap_id))
    entries.append((ie.CAUSE, _IGNORE, cause))
    return ngap.build(_INITIATING, _CODE.ERROR_INDICATION, entries)


def amf_configuration_update_acknowledge() -> ngap.Pdu:
    """The AMF's new configuration is taken (9.2.6.8)."""
    return ngap.build(_SUCCESSFUL, _CODE.AMF_CONFIGURATION_UPDATE, [])


def ran_cp_relocation_indication(
    ran_ue_ngap_id: int,
    five_g_s_tmsi: ngap.FiveGSTmsi,
    cell: values.EutraCgi,
    area: ngap.TrackingArea,
    proof: UlCpSecurityInformation,
) -> ngap.Pdu:
    """A CIoT UE re-establishes its connection here (9.2.2.16)."""
    return ngap.build(
        _INITIATING,
        _CODE.RAN_CP_RELOCATION_INDICATION,
        [
            (ie.RAN_UE_NGAP_ID, ran_ue_ngap_id),
            (ie.FIVE_G_S_TMSI, five_g_s_tmsi),
            (ie.EUTRA_CGI, _IGNORE, cell),
            (ie.TAI, _IGNORE, area),
            (ie.UL_CP_SECURITY_INFORMATION, proof),
        ],
    )


def ue_context_suspend_request(ids: Ids) -> ngap.Pdu:
    """The UE is to sleep with its context kept (9.2.2.13)."""
    return ngap.build(_INITIATING, _CODE.UE_CONTEXT_SUSPEND, _ids(ids))


def ue_context_resume_request(ids: Ids, cause: ngap.RrcEstablishmentCause) -> ngap.Pdu:
    """It wakes up (9.2.2.10)."""
    return ngap.build(
        _INITIATING,
        _CODE.UE_CONTEXT_RESUME,
        [*_ids(ids), (ie.RRC_RESUME_CAUSE, _IGNORE, cause)],
    )
