"""N2 handover, within an AMF and between two (TS 23.502, 4.9.1.3; TS 33.501, 6.9.2.3.3)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.amf import connections, n2, peer_amf, security_mode, sessions
from makmal.network.amf.context import GnbAssociation, UeConnection, UeContext
from makmal.network.nas_security import NasSecurity
from makmal.network.service import N2_CONTENT, ServiceError, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import handover_containers as containers
from makmal.protocol.ngap import ie
from makmal.protocol.ngap.procedure_values import TargetRanNode
from makmal.protocol.sbi import HttpMessage
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, integrity

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

_SUCCESSFUL_HANDOVER = ngap.Cause(ngap.CauseGroup.RADIO_NETWORK, 2)
_HANDOVER_DESIRABLE = ngap.Cause(ngap.CauseGroup.RADIO_NETWORK, 16)
_NO_TARGET = ngap.Cause(ngap.CauseGroup.RADIO_NETWORK, 7)
_TARGET_NOT_ALLOWED = ngap.Cause(ngap.CauseGroup.RADIO_NETWORK, 8)
_ALLOCATION_SECONDS = 5.0
_BEARER_3GPP_ACCESS = 1
# TS 33.501, 6.9.2.3.3: the COUNT that no NAS message ever has.
_NASC_COUNT = 0xFFFFFFFF
_KAMF_CHANGED = 0x10


@dataclass(eq=False, slots=True)
class Handover:
    """One handover at the target AMF. ``answer`` is what the target gNB says."""

    context: UeContext
    source: UeConnection | None
    answer: asyncio.Future[ngap.Pdu] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(frozen=True, slots=True)
class _Allocated:
    container: bytes
    sessions: tuple[ngap.SessionTransfer, ...]
    nasc: bytes | None


def required(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER REQUIRED from the source gNB."""
    connection = connections.connection_of(amf, gnb, pdu)
    if connection is not None and connection.context is not None:
        amf.world.spawn(_prepare(amf, connection, connection.context, pdu))


async def _prepare(amf: Amf, connection: UeConnection, context: UeContext, pdu: ngap.Pdu) -> None:
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    target = pdu.get(ie.TARGET_ID)
    container = pdu.get(ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER) or b""
    items = pdu.get(ie.PDU_SESSION_RESOURCE_LIST_HO_RQD) or ()
    node = target.global_ran_node_id if isinstance(target, TargetRanNode) else None
    try:
        gnb = amf.other_gnb(node) if isinstance(node, ngap.GlobalGnbId) else None
        if gnb is not None:
            allocated = await _allocate(amf, context, gnb, connection, container, items, None)
        elif isinstance(node, ngap.GlobalGnbId):
            allocated = await _ask_other_amf(amf, context, node, container, items)
        else:
            allocated = None
    except UnreachableError as error:
        amf.log.append(f"handover without a core function: {error}")
        allocated = None
    if allocated is None:
        amf.send_n2(connection, n2.handover_preparation_failure(ids, _NO_TARGET))
        return
    amf.send_n2(
        connection,
        n2.handover_command(ids, allocated.sessions, allocated.container, allocated.nasc),
    )


async def _allocate(
    amf: Amf,
    context: UeContext,
    gnb: GnbAssociation,
    source: UeConnection | None,
    container: bytes,
    items: tuple[ngap.SessionTransfer, ...],
    nasc: bytes | None,
) -> _Allocated | None:
    """HANDOVER REQUEST to the target gNB, and its answer."""
    wanted = []
    for item in items:
        transfer = await _session(amf, context, item, "HANDOVER_REQUIRED", {"hoState": "PREPARING"})
        session = context.sessions.get(item.pdu_session_id)
        if transfer is not None and session is not None:
            s_nssai = slices.one_to_ngap(session.s_nssai)
            wanted.append(ngap.SessionHandover(item.pdu_session_id, s_nssai, transfer))
    security = context.protection
    if nasc is not None:
        # A new KAMF: its chain of next hops begins anew (TS 33.501, 6.9.2.3.3).
        next_hop = ngap.SecurityContext(0, keys.k_gnb(security.k_amf, 0xFFFFFFFF))
        context.k_gnb, context.next_hop, context.chaining_count = next_hop.next_hop_nh, b"", 0
    else:
        context.next_hop = keys.nh(security.k_amf, context.next_hop or context.k_gnb)
        context.chaining_count = (context.chaining_count + 1) % 8
        next_hop = ngap.SecurityContext(context.chaining_count, context.next_hop)
    connection = amf.connect(gnb, -1)
    connection.context = context
    handover = Handover(context, source)
    amf.handovers[connection.amf_ue_ngap_id] = handover
    capability = context.capability or nas.UESecurityCapability.of((0,), (0,))
    amf.send_n2(
        connection,
        n2.handover_request(
            connection.amf_ue_ngap_id,
            amf.guami,
            context.allowed_slices or amf.plan.slices[:1],
            capability,
            next_hop,
            nasc,
            wanted,
            container,
            _HANDOVER_DESIRABLE,
        ),
    )
    try:
        async with asyncio.timeout(_ALLOCATION_SECONDS):
            answer = await handover.answer
    except TimeoutError:
        answer = None
    if answer is None or answer.kind is not ngap.Kind.SUCCESSFUL_OUTCOME:
        amf.handovers.pop(connection.amf_ue_ngap_id, None)
        amf.forget_connection(connection)
        return None
    transfers = []
    for item in answer.get(ie.PDU_SESSION_RESOURCE_ADMITTED_LIST) or ():
        transfer = await _session(amf, context, item, "HANDOVER_REQ_ACK", {"hoState": "PREPARED"})
        if transfer is not None:
            transfers.append(ngap.SessionTransfer(item.pdu_session_id, transfer))
    target_container = answer.get(ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER) or b""
    return _Allocated(target_container, tuple(transfers), nasc)


async def _session(
    amf: Amf,
    context: UeContext,
    item: ngap.SessionTransfer,
    kind: str,
    document: dict[str, Any],
) -> bytes | None:
    session = context.sessions.get(item.pdu_session_id)
    if session is None:
        return None
    answer = await sessions.modify(
        amf,
        session,
        {**document, "n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": kind},
        {"n2": (N2_CONTENT, item.transfer)},
    )
    body = service.json_of(answer) if answer.body else None
    reference = body.get("n2SmInfo") if isinstance(body, dict) else None
    if not isinstance(reference, dict):
        return None
    return service.part_of(answer, str(reference.get("contentId")))


def acknowledged(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER REQUEST ACKNOWLEDGE: the target gNB has room, and its own id for the UE."""
    handover = amf.handovers.get(pdu.get(ie.AMF_UE_NGAP_ID) or -1)
    ran_id = pdu.get(ie.RAN_UE_NGAP_ID)
    if handover is None or ran_id is None or handover.answer.done():
        return
    connection = amf.connections[pdu.get(ie.AMF_UE_NGAP_ID) or -1]
    gnb.connections.pop(connection.ran_ue_ngap_id, None)
    connection.ran_ue_ngap_id = ran_id
    gnb.connections[ran_id] = connection
    handover.answer.set_result(pdu)


def failed(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER FAILURE."""
    del gnb
    handover = amf.handovers.get(pdu.get(ie.AMF_UE_NGAP_ID) or -1)
    if handover is not None and not handover.answer.done():
        handover.answer.set_result(pdu)


def notified(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER NOTIFY: the UE has come."""
    connection = connections.connection_of(amf, gnb, pdu)
    handover = amf.handovers.pop(pdu.get(ie.AMF_UE_NGAP_ID) or -1, None)
    if connection is None or handover is None:
        return
    context = handover.context
    source, context.connection = context.connection, connection
    connection.secured = connection.context_at_gnb = True
    context.registered = True
    if source is not None and not source.released and source is not connection:
        ids = source.amf_ue_ngap_id, source.ran_ue_ngap_id
        amf.send_n2(source, n2.ue_context_release_command(ids, _SUCCESSFUL_HANDOVER))
        amf.forget_connection(source)
        context.connection = connection
    amf.world.spawn(_complete(amf, context))


async def _complete(amf: Amf, context: UeContext) -> None:
    for session in list(context.sessions.values()):
        try:
            await sessions.modify(
                amf, session, {"hoState": "COMPLETED", "servingNfId": amf.instance}
            )
        except UnreachableError as error:
            amf.log.append(f"the SMF was not told of a handover: {error}")
    notify, context.handover_notify = context.handover_notify, ""
    if notify:
        # TS 29.518, 6.1.6.2.20: who gave no subscription is known by the URI that it gave.
        number = notify.rstrip("/").split("/")[-2]
        completed = {"n2NotifySubscriptionId": number, "notifyReason": "HANDOVER_COMPLETED"}
        try:
            await amf.call("POST", notify, service.json_body(completed))
        except UnreachableError as error:
            amf.log.append(f"the source AMF was not told of a handover: {error}")


def cancelled(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER CANCEL from the source gNB."""
    connection = connections.connection_of(amf, gnb, pdu)
    if connection is None:
        return
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    for number, handover in list(amf.handovers.items()):
        if handover.context is connection.context:
            del amf.handovers[number]
            target = amf.connections.get(number)
            if target is not None:
                cause = _TARGET_NOT_ALLOWED
                if target.ran_ue_ngap_id >= 0:
                    target_ids = target.amf_ue_ngap_id, target.ran_ue_ngap_id
                    amf.send_n2(target, n2.ue_context_release_command(target_ids, cause))
                amf.forget_connection(target)
    if connection.context is not None:
        connection.context.connection = connection
    amf.send_n2(connection, n2.handover_cancel_acknowledge(ids))


# Between two AMFs.


async def _ask_other_amf(
    amf: Amf,
    context: UeContext,
    node: ngap.GlobalGnbId,
    container: bytes,
    items: tuple[ngap.SessionTransfer, ...],
) -> _Allocated | None:
    """Namf_Communication_CreateUEContext (TS 29.518, 5.2.2.2.3)."""
    pointer = amf.plan.amf_pointer + (0 if amf.pointer != amf.plan.amf_pointer else 1)
    producer = await peer_amf.find(amf, amf.plan.amf_set, pointer)
    if producer is None:
        return None
    value, length = node.gnb_id
    plan = amf.plan
    plmn = {"mcc": plan.mcc, "mnc": plan.mnc}
    parts = {"container": (N2_CONTENT, containers.as_element(container))}
    listed = []
    for item in items:
        name = f"session-{item.pdu_session_id}"
        parts[name] = (N2_CONTENT, item.transfer)
        listed.append(
            {
                "pduSessionId": item.pdu_session_id,
                "n2InfoContent": {
                    "ngapIeType": "HANDOVER_REQUIRED",
                    "ngapData": {"contentId": name},
                },
            }
        )
    # TS 33.501, 6.9.2.3.3: KAMF' for the target AMF, from the downlink COUNT.
    security = context.protection
    count = security.counts[Direction.DOWNLINK]
    ue_context = peer_amf.as_json(context)
    ue_context["seafData"]["keyAmf"]["keyVal"] = keys.k_amf_prime(security.k_amf, 1, count).hex()
    ue_context["seafData"]["keyAmfChangeInd"] = True
    ue_context["mmContextList"][0]["nasDownlinkCount"] = count
    security.counts[Direction.DOWNLINK] = count + 1
    document = {
        "ueContext": ue_context,
        "targetId": {
            "ranNodeId": {
                "plmnId": plmn,
                "gNbId": {"bitLength": length, "gNBValue": f"{value:0{(length + 3) // 4}x}"},
            },
            "tai": {"plmnId": plmn, "tac": f"{plan.tac:06x}"},
        },
        "sourceToTargetData": {
            "ngapIeType": "SRC_TO_TAR_CONTAINER",
            "ngapData": {"contentId": "container"},
        },
        "pduSessionList": listed,
        "n2NotifyUri": amf.uri(f"/namf-callback/v1/{context.number}/n2-info-notify"),
    }
    answer = await amf.call(
        "PUT",
        f"/namf-comm/v1/ue-contexts/{context.supi}",
        service.multipart_body(document, parts),
        producer=producer,
        seconds=2 * _ALLOCATION_SECONDS,
    )
    if answer.status != 201:
        return None
    return _created(answer)


def _created(answer: HttpMessage) -> _Allocated | None:
    document = service.json_of(answer)
    try:
        name = document["targetToSourceData"]["ngapData"]["contentId"]
        container = service.part_of(answer, name)
        transfers = []
        for item in document.get("pduSessionList") or ():
            content = service.part_of(answer, item["n2InfoContent"]["ngapData"]["contentId"])
            if content is not None:
                transfers.append(ngap.SessionTransfer(int(item["pduSessionId"]), content))
    except (KeyError, TypeError, ValueError):
        return None
    if container is None:
        return None
    return _Allocated(
        containers.of_element(container), tuple(transfers), service.part_of(answer, "nasc")
    )


def serve(amf: Amf) -> None:
    """Offer CreateUEContext, and take the notification that a handover is complete."""

    async def create(request: ServiceRequest) -> HttpMessage:
        return await _create(amf, request)

    async def notify(request: ServiceRequest) -> HttpMessage:
        number = request.parameters["number"]
        context = amf.contexts.get(int(number) if number.isdigit() else -1)
        if context is not None:
            source = context.connection
            if source is not None:
                ids = source.amf_ue_ngap_id, source.ran_ue_ngap_id
                amf.send_n2(source, n2.ue_context_release_command(ids, _SUCCESSFUL_HANDOVER))
                amf.forget_connection(source)
            amf.remove_context(context)
        return service.response(204)

    amf.route("PUT", "/namf-comm/v1/ue-contexts/{context}", create)
    amf.route("POST", "/namf-callback/v1/{number}/n2-info-notify", notify)


async def _create(amf: Amf, request: ServiceRequest) -> HttpMessage:
    """The target AMF takes a UE over: with the algorithms that it would choose itself."""
    document = request.object
    node = _node(document)
    gnb = None if node is None else amf.other_gnb(node)
    if gnb is None:
        raise ServiceError(403, "HANDOVER_FAILURE", "the target gNB is not connected here")
    context = amf.new_context()
    if not peer_amf.take(amf, context, document.get("ueContext")):
        amf.remove_context(context)
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "ueContext")
    context.handover_notify = str(document.get("n2NotifyUri") or "")
    nasc = _take_into_use(amf, context)
    reference = (document.get("sourceToTargetData") or {}).get("ngapData") or {}
    element = service.part_of(request.http, str(reference.get("contentId"))) or b""
    container = containers.of_element(element)
    items = []
    for item in document.get("pduSessionList") or ():
        info = (item.get("n2InfoContent") or {}).get("ngapData") or {}
        content = service.part_of(request.http, str(info.get("contentId")))
        if content is not None:
            items.append(ngap.SessionTransfer(int(item["pduSessionId"]), content))
    allocated = await _allocate(amf, context, gnb, None, container, tuple(items), nasc)
    if allocated is None:
        amf.remove_context(context)
        raise ServiceError(403, "HANDOVER_FAILURE", "the target gNB has no room")
    return _created_response(amf, context, allocated)


def _node(document: dict[str, Any]) -> ngap.GlobalGnbId | None:
    try:
        identifier = document["targetId"]["ranNodeId"]
        plmn = identifier["plmnId"]["mcc"] + identifier["plmnId"]["mnc"]
        value, length = identifier["gNbId"]["gNBValue"], identifier["gNbId"]["bitLength"]
        return ngap.GlobalGnbId(plmn, (int(value, 16), int(length)))
    except (KeyError, TypeError, ValueError):
        return None


def _take_into_use(amf: Amf, context: UeContext) -> bytes:
    """Choose the algorithms anew, and tell the UE in the NAS container (TS 24.501, 9.11.2.6)."""
    security = context.protection
    capability = context.capability or nas.UESecurityCapability.of((0,), (0,))
    chosen = security_mode.select(amf.policy, capability, null_integrity=False)
    if chosen is None or not amf.policy.selects_algorithms_at_handover:
        chosen = security.algorithms
    renewed = NasSecurity(security.k_amf, chosen)
    content = bytes(
        (
            chosen.ciphering << 4 | chosen.integrity,
            _KAMF_CHANGED | context.key_set_identifier,
            security.counts[Direction.DOWNLINK] & 0xFF,
        )
    )
    mac = integrity(
        chosen.integrity,
        keys.k_nas_int(renewed.k_amf, chosen.integrity),
        _NASC_COUNT,
        _BEARER_3GPP_ACCESS,
        Direction.DOWNLINK,
        content,
    )
    context.security = renewed
    return mac + content


def _created_response(amf: Amf, context: UeContext, allocated: _Allocated) -> HttpMessage:
    parts = {"container": (N2_CONTENT, containers.as_element(allocated.container))}
    listed = []
    for item in allocated.sessions:
        name = f"session-{item.pdu_session_id}"
        parts[name] = (N2_CONTENT, item.transfer)
        listed.append(
            {
                "pduSessionId": item.pdu_session_id,
                "n2InfoContent": {
                    "ngapIeType": "HANDOVER_CMD",
                    "ngapData": {"contentId": name},
                },
            }
        )
    document = {
        "ueContext": {"supi": context.supi},
        "targetToSourceData": {
            "ngapIeType": "TAR_TO_SRC_CONTAINER",
            "ngapData": {"contentId": "container"},
        },
        "pduSessionList": listed,
    }
    body = service.multipart_body(document, parts)
    location = amf.uri(f"/namf-comm/v1/ue-contexts/{context.supi}")
    return service.response(201, body, location=location)
