"""Namf_Communication_N1N2MessageTransfer, and what the gNB answers (TS 29.518, 5.2.2.3.1)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.amf import connections, downlink, n2, sessions
from makmal.network.amf.context import GnbAssociation, SessionContext, UeContext
from makmal.network.service import ServiceError, ServiceRequest
from makmal.protocol import ngap
from makmal.protocol.ngap import ie
from makmal.protocol.sbi import HttpMessage
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf


def serve(amf: Amf) -> None:
    """Offer the service."""

    async def handle(request: ServiceRequest) -> HttpMessage:
        return await _transfer(amf, request)

    async def status(request: ServiceRequest) -> HttpMessage:
        return _session_status(amf, request)

    amf.route("POST", "/namf-comm/v1/ue-contexts/{context}/n1-n2-messages", handle)
    amf.route("POST", "/namf-callback/v1/{number}/sm-context-status/{session}", status)


def _session_status(amf: Amf, request: ServiceRequest) -> HttpMessage:
    """The SMF released a session by itself (TS 29.502, 5.2.2.5)."""
    context = amf.contexts.get(_number(request.parameters["number"]))
    if context is not None:
        context.sessions.pop(_number(request.parameters["session"]), None)
    return service.response(204)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


async def _transfer(amf: Amf, request: ServiceRequest) -> HttpMessage:
    context = amf.by_supi.get(request.parameters["context"])
    if context is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND")
    document = request.object
    content = _part(request, document.get("n1MessageContainer"), "n1MessageContent")
    information = document.get("n2InfoContainer")
    session_information = information.get("smInfo") if isinstance(information, dict) else None
    n2_content, kind = None, ""
    if isinstance(session_information, dict):
        info = session_information.get("n2InfoContent")
        if isinstance(info, dict):
            kind = str(info.get("ngapIeType") or "")
            n2_content = _part(request, info, "ngapData")
    identity = document.get("pduSessionId")
    if not isinstance(identity, int):
        raise ServiceError(400, "MANDATORY_IE_MISSING", "pduSessionId")

    async def deliver() -> None:
        _deliver(amf, context, identity, content, kind, n2_content)

    if context.connection is None or context.suspended or not context.registered:
        if document.get("skipInd"):
            return service.response(200, service.json_body({"cause": "N1_MSG_NOT_TRANSFERRED"}))
        context.held_downlink.append(deliver)
        amf.world.spawn(page(amf, context))
        location = amf.uri(f"/namf-comm/v1/ue-contexts/{context.supi}/n1-n2-messages/1")
        body = service.json_body({"cause": "ATTEMPTING_TO_REACH_UE"})
        return service.response(202, body, location=location)
    if kind and not context.connection.context_at_gnb and content is None:
        # The UE is connected for signalling only: its service request brings the session up.
        context.held_downlink.append(deliver)
    else:
        await deliver()
    return service.response(200, service.json_body({"cause": "N1_N2_TRANSFER_INITIATED"}))


async def page(amf: Amf, context: UeContext) -> None:
    """Page until the UE answers or the attempts are used up (T3513)."""
    for _ in range(amf.policy.timers.attempts):
        if context.connection is not None and not context.suspended:
            return
        amf.page(context)
        await asyncio.sleep(amf.policy.timers.t3513)
    if context.connection is None:
        context.paged = False
        context.held_downlink.clear()


def _part(request: ServiceRequest, container: Any, name: str) -> bytes | None:
    reference = container.get(name) if isinstance(container, dict) else None
    if not isinstance(reference, dict):
        return None
    return service.part_of(request.http, str(reference.get("contentId")))


def _deliver(
    amf: Amf,
    context: UeContext,
    identity: int,
    content: bytes | None,
    kind: str,
    transfer: bytes | None,
) -> None:
    connection = context.connection
    if connection is None:
        return
    octets = None
    if content is not None:
        message = sessions.transport(identity, content)
        octets = context.protection.protect(message, Direction.DOWNLINK)
    if transfer is None:
        if octets is not None:
            downlink.send_octets(amf, context, octets)
        return
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    session = context.sessions.get(identity)
    s_nssai = slices.one_to_ngap(_slice_of(amf, session))
    if kind == "PDU_RES_MOD_REQ":
        item = ngap.SessionModify(identity, octets, transfer)
        amf.send_n2(connection, n2.pdu_session_resource_modify_request(ids, item))
    elif kind == "PDU_RES_REL_CMD":
        release = ngap.SessionTransfer(identity, transfer)
        amf.send_n2(connection, n2.pdu_session_resource_release_command(ids, release, octets))
    else:
        setup = ngap.SessionSetup(identity, octets, s_nssai, transfer)
        amf.send_n2(connection, n2.pdu_session_resource_setup_request(ids, setup))


def _slice_of(amf: Amf, session: SessionContext | None) -> slices.Slice:
    return amf.plan.slices[0] if session is None else session.s_nssai


def resources_set_up(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE SETUP RESPONSE."""
    connection = connections.connection_of(amf, gnb, pdu)
    if connection is None:
        return
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_SETUP_RSP")
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_SU_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_SETUP_FAIL")


def resources_modified(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE MODIFY RESPONSE."""
    connection = connections.connection_of(amf, gnb, pdu)
    if connection is None:
        return
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_MOD_RSP")
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_FAILED_TO_MODIFY_LIST_MOD_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_MOD_FAIL")


def resources_released(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE RELEASE RESPONSE."""
    connection = connections.connection_of(amf, gnb, pdu)
    if connection is None:
        return
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_RELEASED_LIST_REL_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_REL_RSP")
