"""UE connections: NAS both ways, context set-up, change and release (TS 38.413, 8.3 and 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.gnb import causes, n2, sessions
from makmal.network.gnb.access import RadioChange
from makmal.network.gnb.context import AmfAssociation, UeContext
from makmal.network.ue.access import ConnectionRequest, Terminal
from makmal.protocol import ngap
from makmal.protocol.ngap import ie

if TYPE_CHECKING:
    from makmal.network.gnb.gnb import Gnb


def establish(gnb: Gnb, terminal: Terminal, request: ConnectionRequest) -> UeContext:
    """A UE that was idle: INITIAL UE MESSAGE to the AMF that its identity names (8.6.1)."""
    amf = gnb.select_amf(request.guami)
    context = gnb.new_context(amf, terminal)
    context.first_message = request.nas_pdu
    identity = request.five_g_s_tmsi
    temporary = None
    if identity is not None:
        temporary = ngap.FiveGSTmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi)
    pdu = n2.initial_ue_message(
        context.ran_ue_ngap_id, request.nas_pdu, gnb.location, request.cause, temporary
    )
    gnb.send(pdu, amf)
    return context


def uplink(gnb: Gnb, context: UeContext, octets: bytes) -> None:
    """UPLINK NAS TRANSPORT (8.6.3); before the AMF has given its id, it has to wait."""
    if context.amf_ue_ngap_id is None:
        context.held_uplink.append(octets)
        return
    gnb.send(n2.uplink_nas_transport(context.ids, octets, gnb.location), context.amf)


def downlink(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """DOWNLINK NAS TRANSPORT (8.6.2)."""
    context, octets = gnb.context_of(amf, pdu), pdu.get(ie.NAS_PDU)
    if context is None or octets is None:
        return
    allowed = pdu.get(ie.ALLOWED_NSSAI)
    if allowed is not None:
        context.allowed_nssai = allowed
    if context.terminal is not None:
        context.terminal.receive_nas(octets)


def set_up(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """INITIAL CONTEXT SETUP REQUEST (8.3.1)."""
    context = gnb.context_of(amf, pdu)
    if context is None:
        return
    if gnb.policy.refuses_contexts is not None:
        gnb.send(n2.initial_context_setup_failure(context.ids, gnb.policy.refuses_contexts), amf)
        return
    context.guami = pdu.get(ie.GUAMI)
    context.allowed_nssai = pdu.get(ie.ALLOWED_NSSAI) or ()
    context.security_capabilities = pdu.get(ie.UE_SECURITY_CAPABILITIES)
    context.security_key = pdu.get(ie.SECURITY_KEY) or b""
    context.next_hop, context.next_hop_chaining_count = b"", 0
    context.established = True
    items = pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ) or ()
    known = pdu.raw(ie.UE_RADIO_CAPABILITY.identifier) is not None
    octets = pdu.get(ie.NAS_PDU)

    def secured(done: bool) -> None:
        if not done:
            refused = n2.initial_context_setup_failure(context.ids, causes.SECURITY_MODE_FAILED)
            gnb.send(refused, amf)
            return
        outcome = sessions.set_up_all(gnb, context, items)
        first = () if octets is None else (octets,)
        change = RadioChange(outcome.resources, (), first + sessions.nas_of(outcome, items))
        gnb.access.configure(gnb, context, change, lambda: answer(outcome))

    def answer(outcome: sessions.Outcome) -> None:
        response = n2.initial_context_setup_response(context.ids, outcome.done, outcome.failed)
        gnb.send(response, amf)
        if context.terminal is not None and gnb.policy.sends_radio_capability and not known:
            indication = n2.ue_radio_capability_info_indication(
                context.ids, context.terminal.radio_capability
            )
            gnb.send(indication, amf)

    gnb.with_user_plane(bool(items), lambda: gnb.access.secure(gnb, context, secured))


def modify(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """UE CONTEXT MODIFICATION REQUEST (8.3.4)."""
    context = gnb.context_of(amf, pdu)
    if context is None:
        return
    context.security_key = pdu.get(ie.SECURITY_KEY) or context.security_key
    capabilities = pdu.get(ie.UE_SECURITY_CAPABILITIES)
    context.security_capabilities = capabilities or context.security_capabilities
    context.guami = pdu.get(ie.NEW_GUAMI) or context.guami
    changed = pdu.get(ie.NEW_AMF_UE_NGAP_ID)
    answer = n2.ue_context_modification_response(context.ids)
    context.amf_ue_ngap_id = context.amf_ue_ngap_id if changed is None else changed
    gnb.send(answer, amf)


def release(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """UE CONTEXT RELEASE COMMAND (8.3.3)."""
    ids = pdu.get(ie.UE_NGAP_IDS)
    if ids is None:
        return
    context = gnb.find_context(amf, ids.amf_ue_ngap_id, ids.ran_ue_ngap_id)
    if context is None or not gnb.policy.answers_context_release:
        return
    context.amf_ue_ngap_id = ids.amf_ue_ngap_id
    complete = n2.ue_context_release_complete(context.ids, context.sessions, gnb.location)
    gnb.remove_context(context)
    gnb.send(complete, amf)
    if context.terminal is not None:
        context.terminal.connection_released()


def ask_for_release(
    gnb: Gnb, context: UeContext, cause: ngap.Cause = causes.USER_INACTIVITY
) -> None:
    """UE CONTEXT RELEASE REQUEST (8.3.2)."""
    if context.amf_ue_ngap_id is None:
        lost(gnb, context)
        return
    gnb.send(n2.ue_context_release_request(context.ids, context.sessions, cause), context.amf)


def lost(gnb: Gnb, context: UeContext) -> None:
    """The UE is not there any more: the AMF is told, and answers with the release command."""
    context.terminal = None
    if context.amf_ue_ngap_id is None:
        gnb.remove_context(context)
        return
    ask_for_release(gnb, context, causes.CONNECTION_LOST)


def reroute(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """REROUTE NAS REQUEST: the first message goes to another AMF (8.6.5)."""
    ran_id = pdu.get(ie.RAN_UE_NGAP_ID)
    context = gnb.contexts.get(-1 if ran_id is None else ran_id)
    wanted = pdu.get(ie.AMF_SET_ID)
    if context is None or wanted is None:
        return
    other = next(
        (
            each
            for each in gnb.associations
            if each is not amf and any(guami.amf_set_id == wanted for guami in each.guamis)
        ),
        None,
    )
    if other is None:
        gnb.remove_context(context)
        if context.terminal is not None:
            context.terminal.connection_released()
        return
    context.amf, context.amf_ue_ngap_id = other, None
    allowed = pdu.get(ie.ALLOWED_NSSAI) or ()
    again = n2.initial_ue_message(
        context.ran_ue_ngap_id,
        context.first_message,
        gnb.location,
        ngap.RrcEstablishmentCause.MO_SIGNALLING,
        amf_set_id=wanted,
        allowed_nssai=allowed,
    )
    gnb.send(again, other)
