"""The NGAP messages that the AMF sends (TS 38.413, 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from makmal.network.slices import Slice, to_ngap
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie
from makmal.protocol.ngap.pdu import Entry
from makmal.protocol.ngap.procedure_values import DlCpSecurityInformation, UeNgapIds
from makmal.protocol.ngap.values import PlmnSupport, ServedGuami, TaiItem

_INITIATING = ngap.Kind.INITIATING_MESSAGE
_SUCCESSFUL = ngap.Kind.SUCCESSFUL_OUTCOME
_UNSUCCESSFUL = ngap.Kind.UNSUCCESSFUL_OUTCOME
_IGNORE = ngap.Criticality.IGNORE
_BIT_RATE = ngap.AggregateMaximumBitRate(1_000_000_000, 500_000_000)
_CODE = ngap.ProcedureCode

Ids = tuple[int, int]


def _ids(ids: Ids) -> list[Entry]:
    return [(ie.AMF_UE_NGAP_ID, ids[0]), (ie.RAN_UE_NGAP_ID, ids[1])]


def _ignored_ids(ids: Ids) -> list[Entry]:
    return [(ie.AMF_UE_NGAP_ID, _IGNORE, ids[0]), (ie.RAN_UE_NGAP_ID, _IGNORE, ids[1])]


def ng_setup_response(
    name: str, guami: ngap.Guami, plmn: str, slices: Iterable[Slice], capacity: int = 255
) -> ngap.Pdu:
    """The AMF takes the gNB (9.2.6.2)."""
    return ngap.build(
        _SUCCESSFUL,
        _CODE.NG_SETUP,
        [
            (ie.AMF_NAME, name),
            (ie.SERVED_GUAMI_LIST, (ServedGuami(guami),)),
            (ie.RELATIVE_AMF_CAPACITY, _IGNORE, capacity),
            (ie.PLMN_SUPPORT_LIST, (PlmnSupport(plmn, to_ngap(slices)),)),
        ],
    )


def ng_setup_failure(cause: ngap.Cause) -> ngap.Pdu:
    """The AMF refuses it (9.2.6.3)."""
    return ngap.build(_UNSUCCESSFUL, _CODE.NG_SETUP, [(ie.CAUSE, _IGNORE, cause)])


def downlink_nas_transport(ids: Ids, nas_pdu: bytes) -> ngap.Pdu:
    """A NAS message to the UE (9.2.5.2)."""
    return ngap.build(
        _INITIATING, _CODE.DOWNLINK_NAS_TRANSPORT, [*_ids(ids), (ie.NAS_PDU, nas_pdu)]
    )


def security_capabilities(capability: nas.UESecurityCapability) -> ngap.UESecurityCapabilities:
    """NAS octets to NGAP bit strings: the bits begin with algorithm 1 (9.3.1.86)."""
    return ngap.UESecurityCapabilities(
        (capability.encryption & 0x7F) << 9,
        (capability.integrity & 0x7F) << 9,
        ((capability.eps_encryption or 0) & 0x7F) << 9,
        ((capability.eps_integrity or 0) & 0x7F) << 9,
    )


def initial_context_setup_request(
    ids: Ids,
    guami: ngap.Guami,
    slices: Iterable[Slice],
    capability: nas.UESecurityCapability,
    k_gnb: bytes,
    nas_pdu: bytes | None,
    sessions: Sequence[ngap.SessionSetup] = (),
) -> ngap.Pdu:
    """The gNB learns the UE's capabilities and KgNB (9.2.2.1)."""
    entries = _ids(ids)
    if sessions:
        entries.append((ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, _BIT_RATE))
    entries.append((ie.GUAMI, guami))
    if sessions:
        entries.append((ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ, tuple(sessions)))
    entries += [
        (ie.ALLOWED_NSSAI, to_ngap(slices)),
        (ie.UE_SECURITY_CAPABILITIES, security_capabilities(capability)),
        (ie.SECURITY_KEY, k_gnb),
    ]
    if nas_pdu is not None:
        entries.append((ie.NAS_PDU, _IGNORE, nas_pdu))
    return ngap.build(_INITIATING, _CODE.INITIAL_CONTEXT_SETUP, entries)


def ue_context_release_command(ids: Ids, cause: ngap.Cause) -> ngap.Pdu:
    """The AMF ends the connection (9.2.2.5)."""
    return ngap.build(
        _INITIATING,
        _CODE.UE_CONTEXT_RELEASE,
        [(ie.UE_NGAP_IDS, UeNgapIds(*ids)), (ie.CAUSE, _IGNORE, cause)],
    )


def pdu_session_resource_setup_request(ids: Ids, item: ngap.SessionSetup) -> ngap.Pdu:
    """The gNB is asked to carry a session (9.2.1.1)."""
    return ngap.build(
        _INITIATING,
        _CODE.PDU_SESSION_RESOURCE_SETUP,
        [
            *_ids(ids),
            (ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ, (item,)),
            (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, _IGNORE, _BIT_RATE),
        ],
    )


def pdu_session_resource_modify_request(ids: Ids, item: ngap.SessionModify) -> ngap.Pdu:
    """The gNB is asked to carry it otherwise (9.2.1.5)."""
    return ngap.build(
        _INITIATING,
        _CODE.PDU_SESSION_RESOURCE_MODIFY,
        [*_ids(ids), (ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_REQ, (item,))],
    )


def pdu_session_resource_release_command(
    ids: Ids, item: ngap.SessionTransfer, nas_pdu: bytes | None
) -> ngap.Pdu:
    """The gNB is asked to carry it no longer (9.2.1.3)."""
    entries = _ids(ids)
    if nas_pdu is not None:
        entries.append((ie.NAS_PDU, _IGNORE, nas_pdu))
    entries.append((ie.PDU_SESSION_RESOURCE_TO_RELEASE_LIST_REL_CMD, (item,)))
    return ngap.build(_INITIATING, _CODE.PDU_SESSION_RESOURCE_RELEASE, entries)


def paging(identity: ngap.FiveGSTmsi, areas: Iterable[ngap.TrackingArea]) -> ngap.Pdu:
    """Where is the UE (9.2.4.1)."""
    return ngap.build(
        _INITIATING,
        _CODE.PAGING,
        [
            (ie.UE_PAGING_IDENTITY, _IGNORE, identity),
            (ie.TAI_LIST_FOR_PAGING, _IGNORE, tuple(TaiItem(area) for area in areas)),
        ],
    )


def path_switch_request_acknowledge(
    ids: Ids,
    security: ngap.SecurityContext,
    sessions: Iterable[ngap.SessionTransfer],
    slices: Iterable[Slice],
    capability: ngap.UESecurityCapabilities | None,
) -> ngap.Pdu:
    """The path is switched (9.2.3.9). ``capability`` where the AMF's differ (33.501, 6.7.3.1)."""
    entries = _ignored_ids(ids)
    if capability is not None:
        entries.append((ie.UE_SECURITY_CAPABILITIES, capability))
    entries += [
        (ie.SECURITY_CONTEXT, security),
        (ie.PDU_SESSION_RESOURCE_SWITCHED_LIST, _IGNORE, tuple(sessions)),
        (ie.ALLOWED_NSSAI, to_ngap(slices)),
    ]
    return ngap.build(_SUCCESSFUL, _CODE.PATH_SWITCH_REQUEST, entries)


def path_switch_request_failure(ids: Ids, sessions: Iterable[ngap.SessionTransfer]) -> ngap.Pdu:
    """The path is not switched (9.2.3.10)."""
    return ngap.build(
        _UNSUCCESSFUL,
        _CODE.PATH_SWITCH_REQUEST,
        [
            *_ignored_ids(ids),
            (ie.PDU_SESSION_RESOURCE_RELEASED_LIST_PS_FAIL, _IGNORE, tuple(sessions)),
        ],
    )


def handover_request(
    amf_ue_ngap_id: int,
    guami: ngap.Guami,
    slices: Iterable[Slice],
    capability: nas.UESecurityCapability,
    security: ngap.SecurityContext,
    nasc: bytes | None,
    sessions: Iterable[ngap.SessionHandover],
    container: bytes,
    cause: ngap.Cause,
) -> ngap.Pdu:
    """The target gNB is asked to take a UE (9.2.3.4)."""
    entries: list[Entry] = [
        (ie.AMF_UE_NGAP_ID, amf_ue_ngap_id),
        (ie.HANDOVER_TYPE, ngap.HandoverType.INTRA_5GS),
        (ie.CAUSE, _IGNORE, cause),
        (ie.UE_AGGREGATE_MAXIMUM_BIT_RATE, _BIT_RATE),
        (ie.UE_SECURITY_CAPABILITIES, security_capabilities(capability)),
        (ie.SECURITY_CONTEXT, security),
    ]
    if nasc is not None:
        entries.append((ie.NASC, nasc))
    entries += [
        (ie.PDU_SESSION_RESOURCE_SETUP_LIST_HO_REQ, tuple(sessions)),
        (ie.ALLOWED_NSSAI, to_ngap(slices)),
        (ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER, container),
        (ie.GUAMI, guami),
    ]
    return ngap.build(_INITIATING, _CODE.HANDOVER_RESOURCE_ALLOCATION, entries)


def handover_command(
    ids: Ids,
    sessions: Iterable[ngap.SessionTransfer],
    container: bytes,
    nasc: bytes | None = None,
) -> ngap.Pdu:
    """The source gNB may send the UE over (9.2.3.2)."""
    entries = _ids(ids)
    entries.append((ie.HANDOVER_TYPE, ngap.HandoverType.INTRA_5GS))
    if nasc is not None:
        entries.append((ie.NAS_SECURITY_PARAMETERS_FROM_NGRAN, nasc))
    transfers = tuple(sessions)
    if transfers:
        entries.append((ie.PDU_SESSION_RESOURCE_HANDOVER_LIST, _IGNORE, transfers))
    entries.append((ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER, container))
    return ngap.build(_SUCCESSFUL, _CODE.HANDOVER_PREPARATION, entries)


def handover_preparation_failure(ids: Ids, cause: ngap.Cause) -> ngap.Pdu:
    """No target takes the UE (9.2.3.3)."""
    return ngap.build(
        _UNSUCCESSFUL, _CODE.HANDOVER_PREPARATION, [*_ignored_ids(ids), (ie.CAUSE, _IGNORE, cause)]
    )


def handover_cancel_acknowledge(ids: Ids) -> ngap.Pdu:
    """The handover is called off (9.2.3.12)."""
    return ngap.build(_SUCCESSFUL, _CODE.HANDOVER_CANCEL, _ignored_ids(ids))


def ng_reset_acknowledge(
    connections: Sequence[ngap.LogicalConnection] | None,
) -> ngap.Pdu:
    """What was reset (9.2.6.12)."""
    entries: list[Entry] = []
    if connections:
        entries.append((ie.UE_ASSOCIATED_LOGICAL_NG_CONNECTION_LIST, _IGNORE, tuple(connections)))
    return ngap.build(_SUCCESSFUL, _CODE.NG_RESET, entries)


def error_indication(ids: tuple[int | None, int | None], cause: ngap.Cause) -> ngap.Pdu:
    """Something was wrong with a message (9.2.6.14)."""
    entries: list[Entry] = []
    if ids[0] is not None:
        entries.append((ie.AMF_UE_NGAP_ID, _IGNORE, ids[0]))
    if ids[1] is not None:
        entries.append((ie.RAN_UE_NGAP_ID, _IGNORE, ids[1]))
    entries.append((ie.CAUSE, _IGNORE, cause))
    return ngap.build(_INITIATING, _CODE.ERROR_INDICATION, entries)


def ran_configuration_update_acknowledge() -> ngap.Pdu:
    """The gNB's new configuration is taken (9.2.6.5)."""
    return ngap.build(_SUCCESSFUL, _CODE.RAN_CONFIGURATION_UPDATE, [])


def connection_establishment_indication(
    ids: Ids, downlink: DlCpSecurityInformation | None
) -> ngap.Pdu:
    """A CIoT UE's connection stands (9.2.2.17), with the AMF's proof if the UE's was right."""
    entries = _ids(ids)
    if downlink is not None:
        entries.append((ie.DL_CP_SECURITY_INFORMATION, _IGNORE, downlink))
    return ngap.build(_INITIATING, _CODE.CONNECTION_ESTABLISHMENT_INDICATION, entries)


def ue_context_suspend_response(ids: Ids) -> ngap.Pdu:
    """The context is kept while the UE sleeps (9.2.2.14)."""
    return ngap.build(_SUCCESSFUL, _CODE.UE_CONTEXT_SUSPEND, _ignored_ids(ids))


def ue_context_resume_response(ids: Ids) -> ngap.Pdu:
    """The UE is awake again (9.2.2.11)."""
    return ngap.build(_SUCCESSFUL, _CODE.UE_CONTEXT_RESUME, _ignored_ids(ids))
