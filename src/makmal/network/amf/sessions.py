"""PDU sessions as the AMF sees them: N1 on to the SMF, contexts at the SMF (TS 23.502, 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.amf import downlink
from makmal.network.amf.context import SessionContext, UeConnection, UeContext
from makmal.network.service import N1_CONTENT, N2_CONTENT
from makmal.network.slices import Slice
from makmal.network.user_location import nr_location
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
_N1_SM = 1
_INITIAL_REQUEST, _EXISTING_SESSION = 1, 2
# 5GMM causes (TS 24.501, 9.11.3.2).
_NOT_FORWARDED, _INSUFFICIENT_RESOURCES = 90, 91
_CONTEXTS = "/nsmf-pdusession/v1/sm-contexts"


async def uplink_transport(amf: Amf, context: UeContext, message: nas.Message) -> None:
    """UL NAS TRANSPORT with a session management message (TS 24.501, 5.4.5.2)."""
    if message.get(ie.PAYLOAD_CONTAINER_TYPE) != _N1_SM:
        return
    try:
        await _session_management(amf, context, message)
    except downlink.ConnectionLostError:
        return
    except UnreachableError as error:
        amf.log.append(f"session management without SMF: {error}")
        _return(amf, context, message, _NOT_FORWARDED)


def _return(amf: Amf, context: UeContext, message: nas.Message, cause: int) -> None:
    """What was not forwarded goes back to the UE (5.4.5.2.5 and 5.4.5.3.1)."""
    if not amf.policy.returns_blocked_sessions:
        return
    elements: dict[Any, Any] = {
        ie.PAYLOAD_CONTAINER_TYPE: _N1_SM,
        ie.PAYLOAD_CONTAINER: message.get(ie.PAYLOAD_CONTAINER) or b"",
        ie.FIVE_GMM_CAUSE: cause,
    }
    identity = message.get(ie.PDU_SESSION_ID)
    if identity is not None:
        elements[ie.PDU_SESSION_ID] = identity
    if context.connection is not None:
        downlink.send(amf, context, nas.build(M.DL_NAS_TRANSPORT, elements))


async def _session_management(amf: Amf, context: UeContext, message: nas.Message) -> None:
    identity = message.get(ie.PDU_SESSION_ID) or 0
    content = message.get(ie.PAYLOAD_CONTAINER) or b""
    session = context.sessions.get(identity)
    kind = message.get(ie.REQUEST_TYPE)
    if kind == _INITIAL_REQUEST:
        if session is not None:
            # TS 24.501, 5.4.5.2.5: the UE lost the session that we still have.
            await release_context(amf, context, session)
        await _create(amf, context, message, identity, content)
        return
    if session is None:
        _return(amf, context, message, _NOT_FORWARDED)
        return
    await modify(amf, session, {"n1SmMsg": {"contentId": "n1"}}, {"n1": (N1_CONTENT, content)})


async def _create(
    amf: Amf, context: UeContext, message: nas.Message, identity: int, content: bytes
) -> None:
    requested = message.get(ie.S_NSSAI)
    chosen = _slice(amf, context, requested)
    if chosen is None:
        _return(amf, context, message, _INSUFFICIENT_RESOURCES)
        return
    dnn = message.get(ie.DNN) or amf.plan.dnns[0]
    plan = amf.plan
    document = {
        "supi": context.supi,
        "pei": context.pei,
        "pduSessionId": identity,
        "dnn": dnn,
        "sNssai": slices.to_json(chosen),
        "servingNfId": amf.instance,
        "guami": {
            "plmnId": {"mcc": plan.mcc, "mnc": plan.mnc},
            "amfId": f"{plan.amf_region:02x}{plan.amf_set << 6 | amf.pointer:04x}",
        },
        "servingNetwork": {"mcc": plan.mcc, "mnc": plan.mnc},
        "requestType": "INITIAL_REQUEST",
        "n1SmMsg": {"contentId": "n1"},
        "anType": "3GPP_ACCESS",
        "ratType": "NR",
        "ueLocation": _ue_location(context),
        "smContextStatusUri": amf.uri(
            f"/namf-callback/v1/{context.number}/sm-context-status/{identity}"
        ),
    }
    document = {key: value for key, value in document.items() if value is not None}
    # The SMF may ask for a transfer to this UE before it has answered.
    session = SessionContext(identity, "", chosen, dnn)
    context.sessions[identity] = session
    answer = await amf.call(
        "POST", _CONTEXTS, service.multipart_body(document, {"n1": (N1_CONTENT, content)})
    )
    location = answer.header("location")
    if answer.status != 201 or location is None:
        context.sessions.pop(identity, None)
        refused = _n1_part(answer)
        if refused is None:
            _return(amf, context, message, _NOT_FORWARDED)
        else:
            to_ue(amf, context, identity, refused)
        return
    session.reference = location


def _slice(amf: Amf, context: UeContext, requested: nas.SNssai | None) -> Slice | None:
    """The slice of a session: the one asked for, if allowed (TS 23.501, 5.15.5.3)."""
    allowed = context.allowed_slices
    barred = (*context.pending_slices, *context.failed_slices)
    if barred and not amf.policy.blocks_sessions_of_failed_slices:
        allowed += barred
    if requested is None:
        return allowed[0] if allowed else None
    (wanted,) = slices.from_nas((requested,))
    return wanted if wanted in allowed else None


def _n1_part(answer: Any) -> bytes | None:
    """The N1 message in a response that refuses (TS 29.502, 6.1.6.2.10)."""
    document = service.json_of(answer) if answer.body else None
    reference = document.get("n1SmMsg") if isinstance(document, dict) else None
    if not isinstance(reference, dict):
        return None
    return service.part_of(answer, str(reference.get("contentId")))


def to_ue(amf: Amf, context: UeContext, identity: int, content: bytes) -> None:
    """A session management message to the UE (TS 24.501, 5.4.5.3.1)."""
    downlink.send(amf, context, transport(identity, content))


def transport(identity: int, content: bytes) -> nas.Message:
    """DL NAS TRANSPORT around a session management message."""
    return nas.build(
        M.DL_NAS_TRANSPORT,
        {
            ie.PAYLOAD_CONTAINER_TYPE: _N1_SM,
            ie.PAYLOAD_CONTAINER: content,
            ie.PDU_SESSION_ID: identity,
        },
    )


async def modify(
    amf: Amf,
    session: SessionContext,
    document: dict[str, Any],
    parts: dict[str, tuple[str, bytes]] | None = None,
) -> Any:
    """Nsmf_PDUSession_UpdateSMContext (TS 29.502, 5.2.2.3)."""
    body = service.multipart_body(document, parts) if parts else service.json_body(document)
    return await amf.call("POST", f"{session.reference}/modify", body)


async def release_context(amf: Amf, context: UeContext, session: SessionContext) -> None:
    """Nsmf_PDUSession_ReleaseSMContext (TS 29.502, 5.2.2.4)."""
    context.sessions.pop(session.identity, None)
    if session.reference:
        await amf.call("POST", f"{session.reference}/release", service.json_body({}))


def resources_answered(
    amf: Amf, connection: UeConnection, item: ngap.SessionTransfer, kind: str
) -> None:
    """The gNB answered about a session: the SMF is told (TS 23.502, 4.3.2.2.1, 15)."""
    context = connection.context
    session = None if context is None else context.sessions.get(item.pdu_session_id)
    if session is None or not session.reference:
        return
    session.active = kind in ("PDU_RES_SETUP_RSP", "PDU_RES_MOD_RSP")
    amf.world.spawn(_tell(amf, session, item.transfer, kind))


async def _tell(amf: Amf, session: SessionContext, transfer: bytes, kind: str) -> None:
    try:
        await modify(
            amf,
            session,
            {"n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": kind},
            {"n2": (N2_CONTENT, transfer)},
        )
    except UnreachableError as error:
        amf.log.append(f"an answer of the gNB did not reach the SMF: {error}")


async def activate(
    amf: Amf, context: UeContext, session: SessionContext
) -> ngap.SessionSetup | None:
    """Ask the SMF to bring a session's user plane up (TS 23.502, 4.2.3.2, 4 to 11)."""
    answer = await modify(amf, session, {"upCnxState": "ACTIVATING"})
    document = service.json_of(answer) if answer.body else None
    reference = document.get("n2SmInfo") if isinstance(document, dict) else None
    if not isinstance(reference, dict):
        return None
    transfer = service.part_of(answer, str(reference.get("contentId")))
    if transfer is None:
        return None
    return ngap.SessionSetup(session.identity, None, slices.one_to_ngap(session.s_nssai), transfer)


def deactivate(amf: Amf, context: UeContext) -> None:
    """The UE is idle: its sessions have no user plane (TS 23.502, 4.2.6)."""
    for session in context.sessions.values():
        if session.active and session.reference:
            session.active = False
            amf.world.spawn(_deactivate(amf, session))


async def _deactivate(amf: Amf, session: SessionContext) -> None:
    try:
        await modify(amf, session, {"upCnxState": "DEACTIVATED"})
    except UnreachableError as error:
        amf.log.append(f"the SMF was not told that the UE is idle: {error}")


def _ue_location(context: UeContext) -> dict[str, Any] | None:
    """Where the gNB says that the UE is (TS 29.571, 5.4.4.7); None where it does not."""
    connection = context.connection
    place = None if connection is None else connection.location
    if not isinstance(place, ngap.UserLocationNr):
        return None
    return nr_location(place.tai.plmn_identity, place.tai.tac, place.nr_cgi.nr_cell_identity)
