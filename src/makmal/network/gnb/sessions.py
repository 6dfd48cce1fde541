"""PDU session resources: set up, changed and released by the core (TS 38.413, 8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makmal.network.gnb import causes, n2
from makmal.network.gnb.access import RadioChange
from makmal.network.gnb.context import AmfAssociation, SessionResources, UeContext
from makmal.protocol import ngap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import ie, qos_flows, transfer
from makmal.protocol.ngap.enumerations import ProtectionIndication, ProtectionResult

if TYPE_CHECKING:
    from makmal.network.gnb.gnb import Gnb

_Transfers = list[ngap.SessionTransfer]
_REQUIRED, _PREFERRED = ProtectionIndication.REQUIRED, ProtectionIndication.PREFERRED
_NOT_NEEDED = ProtectionIndication.NOT_NEEDED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sessions: their resources, the transfers of those that have them, and of
    those that failed.
    """

    resources: tuple[SessionResources, ...]
    done: tuple[ngap.SessionTransfer, ...]
    failed: tuple[ngap.SessionTransfer, ...]


def set_up_all(gnb: Gnb, context: UeContext, items: Sequence[ngap.SessionSetup]) -> Outcome:
    """Give sessions resources."""
    given, done, failed = [], [], []
    for item in items:
        resources = prepare(gnb, item.pdu_session_id, item.s_nssai, item.transfer)
        if isinstance(resources, ngap.Cause):
            refused = transfer.UNSUCCESSFUL.encode(transfer.UnsuccessfulTransfer(resources))
            failed.append(ngap.SessionTransfer(item.pdu_session_id, refused))
            continue
        context.sessions[resources.identity] = resources
        gnb.tunnels[resources.downlink_teid] = (context, resources.identity)
        given.append(resources)
        response = _response(gnb, resources)
        done.append(ngap.SessionTransfer(item.pdu_session_id, response))
    return Outcome(tuple(given), tuple(done), tuple(failed))


def prepare(
    gnb: Gnb, identity: int, s_nssai: ngap.SNssai | None, octets: bytes
) -> SessionResources | ngap.Cause:
    """Resources as a setup request transfer asks for them, or why there are none."""
    policy = gnb.policy
    if policy.refuses_sessions is not None:
        return policy.refuses_sessions
    try:
        request = transfer.decode_setup_request(octets)
        tunnel, security = request.ul_ngu_up_tnl_information, request.security_indication
        flows = tuple(each.qos_flow_identifier for each in request.qos_flow_setup_request_list)
    except DecodeError:
        return causes.TRANSFER_SYNTAX_ERROR
    if tunnel is None:
        return causes.ABSTRACT_SYNTAX_ERROR
    # TS 33.501, 6.6.1: protection that is required but not possible ends the session.
    if security is not None:
        if security.integrity_protection_indication == _REQUIRED and not policy.integrity:
            return causes.INTEGRITY_NOT_POSSIBLE
        if (
            security.confidentiality_protection_indication == _REQUIRED
            and not policy.confidentiality
        ):
            return causes.CONFIDENTIALITY_NOT_POSSIBLE
    return SessionResources(identity, tunnel, gnb.next_teid(), s_nssai, flows or (1,), security)


def security_result(gnb: Gnb, resources: SessionResources) -> transfer.SecurityResult | None:
    """What is done of the protection that was preferred (TS 38.413, 9.3.1.59)."""
    security = resources.security
    if security is None:
        return None
    wishes = (
        (security.integrity_protection_indication, gnb.policy.integrity),
        (security.confidentiality_protection_indication, gnb.policy.confidentiality),
    )
    if all(wish != _PREFERRED for wish, _ in wishes):
        return None
    results = [
        ProtectionResult.PERFORMED
        if possible and wish != _NOT_NEEDED
        else ProtectionResult.NOT_PERFORMED
        for wish, possible in wishes
    ]
    integrity, confidentiality = results
    return transfer.SecurityResult(integrity, confidentiality)


def _response(gnb: Gnb, resources: SessionResources) -> bytes:
    flows = tuple(qos_flows.AssociatedQosFlow(flow) for flow in resources.flows)
    per_tunnel = qos_flows.QosFlowPerTnl(gnb.tunnel(resources), flows)
    result = security_result(gnb, resources)
    return transfer.SETUP_RESPONSE.encode(
        transfer.SetupResponseTransfer(per_tunnel, security_result=result)
    )


def nas_of(outcome: Outcome, items: Sequence[ngap.SessionSetup]) -> tuple[bytes, ...]:
    """The NAS messages of the sessions that were set up."""
    given = {each.identity for each in outcome.resources}
    return tuple(
        item.nas_pdu for item in items if item.nas_pdu is not None and item.pdu_session_id in given
    )


def set_up(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE SETUP REQUEST (8.2.1)."""
    context = gnb.context_of(amf, pdu)
    items = pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ) or ()
    if context is None:
        return
    found = context

    def start() -> None:
        outcome = set_up_all(gnb, found, items)
        octets = pdu.get(ie.NAS_PDU)
        first = () if octets is None else (octets,)
        change = RadioChange(outcome.resources, (), first + nas_of(outcome, items))

        def answer() -> None:
            response = n2.pdu_session_resource_setup_response(
                found.ids, outcome.done, outcome.failed
            )
            gnb.send(response, amf)

        gnb.access.configure(gnb, found, change, answer)

    gnb.with_user_plane(bool(items), start)


def modify(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE MODIFY REQUEST (8.2.3)."""
    context = gnb.context_of(amf, pdu)
    if context is None:
        return
    done: _Transfers = []
    failed: _Transfers = []
    delivered = []
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_REQ) or ():
        resources = context.sessions.get(item.pdu_session_id)
        if resources is None:
            refused = transfer.UnsuccessfulTransfer(causes.UNKNOWN_SESSION)
            octets = transfer.UNSUCCESSFUL.encode(refused)
            failed.append(ngap.SessionTransfer(item.pdu_session_id, octets))
            continue
        response = _modified(resources, item.transfer)
        done.append(ngap.SessionTransfer(item.pdu_session_id, response))
        if item.nas_pdu is not None:
            delivered.append(item.nas_pdu)
    answer = n2.pdu_session_resource_modify_response(context.ids, done, failed)
    change = RadioChange(nas=tuple(delivered))
    gnb.access.configure(gnb, context, change, lambda: gnb.send(answer, amf))


def _modified(resources: SessionResources, octets: bytes) -> bytes:
    """What a modification asks for is done: the flows that it names are there."""
    try:
        request = transfer.decode_setup_request(octets)
        flows = tuple(each.qos_flow_identifier for each in request.qos_flow_modify_request_list)
    except DecodeError:
        flows = ()
    resources.flows = tuple(dict.fromkeys((*resources.flows, *flows)))
    listed = tuple(qos_flows.QosFlow(flow) for flow in flows) or None
    return transfer.MODIFY_RESPONSE.encode(
        transfer.ModifyResponseTransfer(qos_flow_add_or_modify_response_list=listed)
    )


def release(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """PDU SESSION RESOURCE RELEASE COMMAND (8.2.2)."""
    context = gnb.context_of(amf, pdu)
    if context is None:
        return
    done, released = [], []
    empty = transfer.EMPTY.encode(transfer.EmptyTransfer())
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_TO_RELEASE_LIST_REL_CMD) or ():
        resources = context.sessions.pop(item.pdu_session_id, None)
        if resources is not None:
            gnb.tunnels.pop(resources.downlink_teid, None)
        released.append(item.pdu_session_id)
        done.append(ngap.SessionTransfer(item.pdu_session_id, empty))
    answer = n2.pdu_session_resource_release_response(context.ids, done, gnb.location)
    octets = pdu.get(ie.NAS_PDU)
    change = RadioChange((), tuple(released), () if octets is None else (octets,))
    gnb.access.configure(gnb, context, change, lambda: gnb.send(answer, amf))
