"""Path switch after an Xn handover, and CIoT relocation (TS 38.413, 8.4.4 and 8.3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network import service
from makmal.network.amf import connections, deregistration, n2, sessions
from makmal.network.amf.context import GnbAssociation, UeConnection, UeContext
from makmal.network.cp_relocation import estimate_count, relocation_macs
from makmal.network.service import N2_CONTENT, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie
from makmal.protocol.ngap.procedure_values import DlCpSecurityInformation
from makmal.protocol.sbi import HttpMessage
from makmal.security import keys
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

_CAUSE_UNKNOWN_ID = ngap.Cause(ngap.CauseGroup.RADIO_NETWORK, 14)


def serve(amf: Amf) -> None:
    """Take what the UDM and the PCF notify."""

    async def deregister(request: ServiceRequest) -> HttpMessage:
        context = amf.by_supi.get(request.parameters["supi"])
        if context is not None:
            if context.connection is not None:
                amf.world.spawn(deregistration.by_network(amf, context, re_registration=True))
            else:
                amf.remove_context(context)
        return service.response(204)

    async def taken(request: ServiceRequest) -> HttpMessage:
        del request
        return service.response(204)

    amf.route("POST", "/namf-callback/v1/{supi}/dereg-notify", deregister)
    amf.route("POST", "/namf-callback/v1/{supi}/sdm-notify", taken)
    amf.route("POST", "/namf-callback/v1/{supi}/am-policy-notify", taken)


def path_switch_request(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The UE is at another gNB (TS 23.502, 4.9.1.2)."""
    source_id, ran_id = pdu.get(ie.SOURCE_AMF_UE_NGAP_ID), pdu.get(ie.RAN_UE_NGAP_ID)
    old = amf.connections.get(-1 if source_id is None else source_id)
    context = None if old is None else old.context
    if old is None or context is None or context.security is None or ran_id is None:
        transfers = pdu.get(ie.PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST) or ()
        ids = (source_id or 0, ran_id or 0)
        failure = n2.path_switch_request_failure(ids, transfers)
        gnb.link.send(failure.encode(), 1)
        return
    # The AMF UE NGAP id stays with the UE; the gNB and its id change.
    old.gnb.connections.pop(old.ran_ue_ngap_id, None)
    old.gnb, old.ran_ue_ngap_id = gnb, ran_id
    gnb.connections[ran_id] = old
    told = pdu.get(ie.UE_SECURITY_CAPABILITIES)
    items = pdu.get(ie.PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST) or ()
    amf.world.spawn(_switch(amf, old, context, told, items))


async def _switch(
    amf: Amf,
    connection: UeConnection,
    context: UeContext,
    told: ngap.UESecurityCapabilities | None,
    items: tuple[ngap.SessionTransfer, ...],
) -> None:
    switched = []
    for item in items:
        transfer = await _switch_session(amf, context, item)
        if transfer is not None:
            switched.append(ngap.SessionTransfer(item.pdu_session_id, transfer))
    stored = context.capability or nas.UESecurityCapability.of((0,), (0,))
    corrected: ngap.UESecurityCapabilities | None = None
    if told is not None and not _same(told, n2.security_capabilities(stored)):
        # TS 33.501, 6.7.3.1: the stored ones go back, and the mismatch is logged.
        if amf.policy.logs_capability_mismatch:
            amf.log.append(f"UE security capability mismatch at path switch of {context.supi}")
        if amf.policy.echoes_capabilities_at_path_switch:
            corrected = told
        elif amf.policy.corrects_capabilities_at_path_switch:
            corrected = n2.security_capabilities(stored)
    security = _next_hop(context)
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    amf.send_n2(
        connection,
        n2.path_switch_request_acknowledge(
            ids, security, switched, context.allowed_slices or amf.plan.slices[:1], corrected
        ),
    )


def _same(one: ngap.UESecurityCapabilities, other: ngap.UESecurityCapabilities) -> bool:
    return (
        one.nr_encryption_algorithms,
        one.nr_integrity_protection_algorithms,
        one.eutra_encryption_algorithms,
        one.eutra_integrity_protection_algorithms,
    ) == (
        other.nr_encryption_algorithms,
        other.nr_integrity_protection_algorithms,
        other.eutra_encryption_algorithms,
        other.eutra_integrity_protection_algorithms,
    )


def _next_hop(context: UeContext) -> ngap.SecurityContext:
    """A fresh NH with its chaining count (TS 33.501, 6.9.2.1.1)."""
    context.next_hop = keys.nh(context.protection.k_amf, context.next_hop or context.k_gnb)
    context.chaining_count = (context.chaining_count + 1) % 8
    return ngap.SecurityContext(context.chaining_count, context.next_hop)


async def _switch_session(amf: Amf, context: UeContext, item: ngap.SessionTransfer) -> bytes | None:
    session = context.sessions.get(item.pdu_session_id)
    if session is None:
        return None
    try:
        answer = await sessions.modify(
            amf,
            session,
            {"n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": "PATH_SWITCH_REQ"},
            {"n2": (N2_CONTENT, item.transfer)},
        )
    except UnreachableError as error:
        amf.log.append(f"path switch without SMF: {error}")
        return None
    document = service.json_of(answer) if answer.body else None
    reference = document.get("n2SmInfo") if isinstance(document, dict) else None
    if not isinstance(reference, dict):
        return None
    return service.part_of(answer, str(reference.get("contentId")))


def relocation_indication(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """A CIoT UE re-establishes its connection elsewhere (TS 33.501, 6.16.1.1)."""
    ran_id, identity = pdu.get(ie.RAN_UE_NGAP_ID), pdu.get(ie.FIVE_G_S_TMSI)
    proof, cell = pdu.get(ie.UL_CP_SECURITY_INFORMATION), pdu.get(ie.EUTRA_CGI)
    if ran_id is None or identity is None:
        return
    context = amf.with_tmsi(identity.five_g_tmsi)
    if context is None or context.security is None:
        connection = amf.connect(gnb, ran_id)
        connections.release(amf, connection, _CAUSE_UNKNOWN_ID)
        return
    downlink = None
    if proof is not None and cell is not None:
        expected = context.security.counts[Direction.UPLINK]
        count = estimate_count(expected, proof.ul_nas_count)
        uplink_mac, downlink_mac = relocation_macs(
            context.security, count, cell.eutra_cell_identity
        )
        if uplink_mac == proof.ul_nas_mac or not amf.policy.verifies_relocation_mac:
            context.security.counts[Direction.UPLINK] = count + 1
            downlink = DlCpSecurityInformation(downlink_mac)
        else:
            amf.log.append("a CIoT relocation with a wrong NAS MAC")
    connection = amf.connect(gnb, ran_id)
    ids = connection.amf_ue_ngap_id, ran_id
    if downlink is None:
        # TS 33.512, 4.2.2.7: the indication goes out without proof, and nobody is let in by it.
        amf.send_n2(connection, n2.connection_establishment_indication(ids, None))
        connections.release(amf, connection, connections.AUTHENTICATION_FAILURE)
        return
    amf.attach(connection, context)
    connection.secured = True
    proof_sent = downlink if amf.policy.proves_itself_at_relocation else None
    amf.send_n2(connection, n2.connection_establishment_indication(ids, proof_sent))
