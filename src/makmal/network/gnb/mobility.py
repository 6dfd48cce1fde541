"""Handover by Xn and by N2, CIoT relocation, suspend and resume (TS 38.413, 8.4, 8.3.9 to 8.3.11).

Between two gNBs of the laboratory there is no Xn interface: what they hand over is passed from one
object to the other. What goes by way of the core goes by NGAP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.cp_relocation import count_bits, relocation_macs
from makmal.network.gnb import causes, n2, sessions
from makmal.network.gnb.context import AmfAssociation, SessionResources, UeContext
from makmal.network.nas_security import NasSecurity
from makmal.network.ue.access import Terminal
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie, qos_flows, transfer, values
from makmal.protocol.ngap.procedure_values import TargetRanNode, UlCpSecurityInformation
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.gnb.gnb import Gnb

_CODE = ngap.ProcedureCode
_SUCCESSFUL, _UNSUCCESSFUL = ngap.Kind.SUCCESSFUL_OUTCOME, ngap.Kind.UNSUCCESSFUL_OUTCOME
# 28 bits: the cell of an ng-eNB.
_EUTRA_CELL_MASK = 0x0FFF_FFFF


async def path_switch(
    target: Gnb,
    terminal: Terminal,
    source: Gnb,
    capabilities: nas.UESecurityCapability | None,
    security: ngap.SecurityIndication | None = None,
) -> ngap.Pdu | None:
    """PATH SWITCH REQUEST after an Xn handover (8.4.4); the AMF's answer, None for none."""
    old = source.context(terminal)
    amf = target.select_amf(old.guami)
    context = target.new_context(amf, None)
    context.amf_ue_ngap_id, context.guami = old.amf_ue_ngap_id, old.guami
    context.allowed_nssai = old.allowed_nssai
    told = old.security_capabilities
    if capabilities is not None:
        told = _in_bits(capabilities)
    context.security_capabilities = told
    if not target.policy.tells_capabilities_at_path_switch:
        # The fault: the one algorithm of each kind that the target likes best.
        told = ngap.UESecurityCapabilities(
            1 << 16 - max(target.policy.ciphering_priority[0], 1),
            1 << 16 - max(target.policy.integrity_priority[0], 1),
            0,
            0,
        )
    await target.open_user_plane()
    items = []
    for resources in old.sessions.values():
        moved = SessionResources(
            resources.identity,
            resources.uplink,
            target.next_teid(),
            resources.s_nssai,
            resources.flows,
            resources.security,
        )
        context.sessions[moved.identity] = moved
        target.tunnels[moved.downlink_teid] = (context, moved.identity)
        octets = switch_transfer(target, moved, security)
        items.append(ngap.SessionTransfer(moved.identity, octets))
    if not await target.access.move(source, old, target, context, None):
        target.remove_context(context)
        return None
    request = n2.path_switch_request(
        context.ran_ue_ngap_id,
        old.amf_ue_ngap_id or 0,
        target.location,
        told or ngap.UESecurityCapabilities(0, 0, 0, 0),
        items,
    )
    target.send(request, amf)
    answer = await target.expect(
        _CODE.PATH_SWITCH_REQUEST, _SUCCESSFUL, target.policy.patience, _UNSUCCESSFUL
    )
    if answer is None or answer.kind is _UNSUCCESSFUL:
        target.remove_context(context)
        return answer
    context.amf_ue_ngap_id = answer.get(ie.AMF_UE_NGAP_ID)
    fresh = answer.get(ie.SECURITY_CONTEXT)
    if fresh is not None:
        context.next_hop = fresh.next_hop_nh
        context.next_hop_chaining_count = fresh.next_hop_chaining_count
    corrected = answer.get(ie.UE_SECURITY_CAPABILITIES)
    context.security_capabilities = corrected or context.security_capabilities
    for item in answer.get(ie.PDU_SESSION_RESOURCE_SWITCHED_LIST) or ():
        _take_uplink(context, item)
    source.remove_context(old)
    return answer


def _in_bits(capability: nas.UESecurityCapability) -> ngap.UESecurityCapabilities:
    """NAS octets to NGAP bit strings: the bits begin with algorithm 1 (9.3.1.86)."""
    return ngap.UESecurityCapabilities(
        (capability.encryption & 0x7F) << 9,
        (capability.integrity & 0x7F) << 9,
        ((capability.eps_encryption or 0) & 0x7F) << 9,
        ((capability.eps_integrity or 0) & 0x7F) << 9,
    )


def switch_transfer(
    gnb: Gnb, resources: SessionResources, told: ngap.SecurityIndication | None = None
) -> bytes:
    """Path Switch Request Transfer (9.3.4.8), with a user plane policy if one is told."""
    security = None
    if told is not None:
        done = transfer.SecurityResult(
            told.integrity_protection_indication % 2, told.confidentiality_protection_indication % 2
        )
        security = transfer.UserPlaneSecurityInformation(done, told)
    flows = tuple(qos_flows.QosFlow(flow) for flow in resources.flows)
    return transfer.PATH_SWITCH_REQUEST.encode(
        transfer.PathSwitchRequestTransfer(
            gnb.tunnel(resources),
            user_plane_security_information=security,
            qos_flow_accepted_list=flows,
        )
    )


def _take_uplink(context: UeContext, item: ngap.SessionTransfer) -> None:
    """The core may have moved its end of the tunnel (9.3.4.9)."""
    resources = context.sessions.get(item.pdu_session_id)
    if resources is None:
        return
    answer = transfer.PATH_SWITCH_REQUEST_ACKNOWLEDGE.decode(item.transfer)
    tunnel = answer.ul_ngu_up_tnl_information
    if tunnel is not None:
        resources.uplink = tunnel


async def hand_over(source: Gnb, terminal: Terminal, target: Gnb) -> bool:
    """N2 handover (8.4.1): HANDOVER REQUIRED, and what follows it at both gNBs."""
    context = source.context(terminal)
    token = source.access.prepare(source, context, target)
    target.arriving[token] = context
    empty = transfer.HANDOVER_REQUIRED.encode(transfer.HandoverRequiredTransfer())
    items = [ngap.SessionTransfer(identity, empty) for identity in context.sessions]
    node = TargetRanNode(target.node_id, target.area)
    source.send(
        n2.handover_required(context.ids, node, causes.HANDOVER_DESIRABLE, items, token),
        context.amf,
    )
    answer = await source.expect(
        _CODE.HANDOVER_PREPARATION, _SUCCESSFUL, source.policy.patience, _UNSUCCESSFUL
    )
    target.arriving.pop(token, None)
    if answer is None or answer.kind is _UNSUCCESSFUL:
        return False
    arrived = next((each for each in target.contexts.values() if each.first_message == token), None)
    if arrived is None:
        source.send(n2.handover_cancel(context.ids, causes.HANDOVER_CANCELLED), context.amf)
        return False
    arrived.first_message = b""
    container = answer.get(ie.TARGET_TO_SOURCE_TRANSPARENT_CONTAINER)
    # The source's context goes with the release command that follows.
    if not await source.access.move(source, context, target, arrived, container or b""):
        source.send(n2.handover_cancel(context.ids, causes.HANDOVER_CANCELLED), context.amf)
        return False
    target.send(n2.handover_notify(arrived.ids, target.location), arrived.amf)
    return True


def requested(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """HANDOVER REQUEST at the target (8.4.2)."""
    amf_id = pdu.get(ie.AMF_UE_NGAP_ID)
    container = pdu.get(ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER) or b""
    if amf_id is None:
        return
    if gnb.policy.refuses_handovers is not None or container not in gnb.arriving:
        cause = gnb.policy.refuses_handovers or causes.HANDOVER_FAILED
        gnb.send(n2.handover_failure(amf_id, cause), amf)
        return

    items = pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_HO_REQ) or ()

    def answer() -> None:
        context = gnb.new_context(amf, None)
        context.amf_ue_ngap_id, context.first_message = amf_id, container
        context.guami = pdu.get(ie.GUAMI)
        context.allowed_nssai = pdu.get(ie.ALLOWED_NSSAI) or ()
        context.security_capabilities = pdu.get(ie.UE_SECURITY_CAPABILITIES)
        context.nas_container = pdu.get(ie.NASC)
        security = pdu.get(ie.SECURITY_CONTEXT)
        if security is not None:
            context.next_hop = security.next_hop_nh
            context.next_hop_chaining_count = security.next_hop_chaining_count
        context.established = True
        admitted, failed = [], []
        for item in items:
            resources = sessions.prepare(gnb, item.pdu_session_id, item.s_nssai, item.transfer)
            if isinstance(resources, ngap.Cause):
                octets = transfer.UNSUCCESSFUL.encode(transfer.UnsuccessfulTransfer(resources))
                failed.append(ngap.SessionTransfer(item.pdu_session_id, octets))
                continue
            context.sessions[resources.identity] = resources
            gnb.tunnels[resources.downlink_teid] = (context, resources.identity)
            octets = _acknowledge_transfer(gnb, resources)
            admitted.append(ngap.SessionTransfer(item.pdu_session_id, octets))
        answered = gnb.access.admit(gnb, context, gnb.arriving[container], container)
        gnb.send(n2.handover_request_acknowledge(context.ids, admitted, failed, answered), amf)

    gnb.with_user_plane(bool(items), answer)


def _acknowledge_transfer(gnb: Gnb, resources: SessionResources) -> bytes:
    """Handover Request Acknowledge Transfer (9.3.4.11)."""
    flows = tuple(transfer.QosFlowWithDataForwarding(flow) for flow in resources.flows)
    return transfer.HANDOVER_REQUEST_ACKNOWLEDGE.encode(
        transfer.HandoverRequestAcknowledgeTransfer(
            gnb.tunnel(resources),
            qos_flow_setup_response_list=flows,
            security_result=sessions.security_result(gnb, resources),
        )
    )


# CIoT.


async def relocate(
    gnb: Gnb,
    identity: nas.FiveGSTmsi,
    security: NasSecurity,
    *,
    altered_mac: bool = False,
) -> ngap.Pdu | None:
    """RAN CP RELOCATION INDICATION for a UE that re-establishes here (8.3.9); the answer.

    The NAS MAC is what the UE would compute; ``altered_mac`` spoils it.
    """
    amf = gnb.select_amf(None)
    context = gnb.new_context(amf, None)
    cell = gnb.cell.nr_cell_identity & _EUTRA_CELL_MASK
    count = security.counts[Direction.UPLINK]
    uplink_mac, _ = relocation_macs(security, count, cell)
    if not altered_mac:
        security.counts[Direction.UPLINK] = count + 1
    proof = UlCpSecurityInformation(uplink_mac ^ (0x5555 if altered_mac else 0), count_bits(count))
    temporary = ngap.FiveGSTmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi)
    indication = n2.ran_cp_relocation_indication(
        context.ran_ue_ngap_id,
        temporary,
        values.EutraCgi(gnb.plmn, cell),
        gnb.area,
        proof,
    )
    gnb.send(indication, amf)
    return await gnb.expect(_CODE.CONNECTION_ESTABLISHMENT_INDICATION, seconds=gnb.policy.patience)


def established_elsewhere(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """CONNECTION ESTABLISHMENT INDICATION (8.3.7)."""
    gnb.context_of(amf, pdu)


async def suspend(gnb: Gnb, terminal: Terminal) -> bool:
    """UE CONTEXT SUSPEND REQUEST (8.3.11)."""
    context = gnb.context(terminal)
    gnb.send(n2.ue_context_suspend_request(context.ids), context.amf)
    answer = await gnb.expect(
        _CODE.UE_CONTEXT_SUSPEND, _SUCCESSFUL, gnb.policy.patience, _UNSUCCESSFUL
    )
    if answer is None or answer.kind is _UNSUCCESSFUL:
        return False
    context.suspended = True
    if context.terminal is not None:
        context.terminal.connection_released(suspended=True)
    return True


async def resume(gnb: Gnb, context: UeContext) -> bool:
    """UE CONTEXT RESUME REQUEST (8.3.10); whether the AMF agreed."""
    cause = ngap.RrcEstablishmentCause.MT_ACCESS
    gnb.send(n2.ue_context_resume_request(context.ids, cause), context.amf)
    answer = await gnb.expect(
        _CODE.UE_CONTEXT_RESUME, _SUCCESSFUL, gnb.policy.patience, _UNSUCCESSFUL
    )
    if answer is None or answer.kind is _UNSUCCESSFUL:
        return False
    context.suspended = False
    return True
