"""The NG interface itself: set-up, reset, configuration, overload, paging (TS 38.413, 8.5, 8.7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from makmal.network.gnb import causes, n2
from makmal.network.gnb.context import AmfAssociation, UeContext
from makmal.network.slices import to_ngap
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap
from makmal.protocol.ngap import ie
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.gnb import Gnb

_CODE = ngap.ProcedureCode
_SUCCESSFUL, _UNSUCCESSFUL = ngap.Kind.SUCCESSFUL_OUTCOME, ngap.Kind.UNSUCCESSFUL_OUTCOME


class NgSetupError(UnreachableError):
    """An AMF took the association and did not set up NG: one sentence that says why."""


async def set_up(gnb: Gnb, remote: Endpoint, seconds: float) -> AmfAssociation:
    """SCTP and NG SETUP (8.7.1). Raises UnreachableError, NgSetupError."""
    local = Endpoint(gnb.plan.address(gnb.name), 0)
    link = await gnb.world.connect_n2(local, remote)
    association = AmfAssociation(link)
    gnb.associations.append(association)
    link.on_message = partial(gnb.received_pdu, association)
    link.on_close = partial(_closed, gnb, association)
    policy = gnb.policy
    request = n2.ng_setup_request(
        gnb.node_id,
        policy.name,
        gnb.area.tac,
        gnb.plmn,
        to_ngap(gnb.plan.slices if policy.slices is None else policy.slices),
    )
    gnb.send(request, association)
    answer = await gnb.expect(_CODE.NG_SETUP, _SUCCESSFUL, seconds, _UNSUCCESSFUL)
    where = f"{remote.address}:{remote.port}"
    if answer is None:
        gnb.associations.remove(association)
        reason = association.closed
        link.close()
        if reason is not None:
            raise NgSetupError(f"{where} ended the association after NG Setup Request: {reason}")
        raise NgSetupError(
            f"{where} took the association and did not answer NG Setup within {seconds:g} s: "
            "is it an AMF?"
        )
    if answer.kind is _UNSUCCESSFUL:
        gnb.associations.remove(association)
        link.close()
        raise NgSetupError(
            f"{where} refused NG Setup: {causes.in_words(answer.get(ie.CAUSE))}; it was offered "
            f"PLMN {gnb.plmn}, TAC {gnb.area.tac}"
        )
    association.name = answer.get(ie.AMF_NAME) or ""
    served = answer.get(ie.SERVED_GUAMI_LIST) or ()
    association.guamis = tuple(each.guami for each in served)
    association.plmns = answer.get(ie.PLMN_SUPPORT_LIST) or ()
    association.capacity = answer.get(ie.RELATIVE_AMF_CAPACITY) or 0
    return association


def _closed(gnb: Gnb, association: AmfAssociation, reason: str) -> None:
    """The association has ended, and with it every connection over it."""
    association.closed = reason
    gnb.log.append(f"the association with {association.name or 'an AMF'} ended: {reason}")
    for context in list(gnb.contexts.values()):
        if context.amf is association:
            _let_go(gnb, context)


def _let_go(gnb: Gnb, context: UeContext) -> None:
    gnb.remove_context(context)
    if context.terminal is not None:
        context.terminal.connection_released()


async def reset(gnb: Gnb, contexts: list[UeContext] | None) -> ngap.Pdu | None:
    """NG RESET by the gNB (8.7.4.2); the acknowledge."""
    listed = None
    if contexts is not None:
        listed = [
            ngap.LogicalConnection(each.amf_ue_ngap_id, each.ran_ue_ngap_id) for each in contexts
        ]
    gnb.send(n2.ng_reset(causes.OPERATION, listed))
    for context in list(gnb.contexts.values()) if contexts is None else contexts:
        _let_go(gnb, context)
    return await gnb.expect(_CODE.NG_RESET, _SUCCESSFUL)


def reset_by_amf(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """NG RESET by the AMF (8.7.4.1)."""
    kind = pdu.get(ie.RESET_TYPE)
    part = None if kind is None else kind.part_of_ng_interface
    if part is None:
        for context in list(gnb.contexts.values()):
            if context.amf is amf:
                _let_go(gnb, context)
    else:
        for each in part:
            found = gnb.find_context(amf, each.amf_ue_ngap_id, each.ran_ue_ngap_id)
            if found is not None:
                _let_go(gnb, found)
    gnb.send(n2.ng_reset_acknowledge(part), amf)


def paging(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """PAGING (8.5.1)."""
    del amf
    identity = pdu.get(ie.UE_PAGING_IDENTITY)
    if isinstance(identity, ngap.FiveGSTmsi):
        gnb.page(nas.FiveGSTmsi(identity.amf_set_id, identity.amf_pointer, identity.five_g_tmsi))


def amf_configuration_update(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """AMF CONFIGURATION UPDATE (8.7.3)."""
    amf.name = pdu.get(ie.AMF_NAME) or amf.name
    served = pdu.get(ie.SERVED_GUAMI_LIST)
    if served is not None:
        amf.guamis = tuple(each.guami for each in served)
    gnb.send(n2.amf_configuration_update_acknowledge(), amf)


def overload_start(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """OVERLOAD START (8.7.6)."""
    del pdu
    amf.overloaded = True
    gnb.log.append(f"{amf.name} is overloaded")


def overload_stop(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """OVERLOAD STOP (8.7.7)."""
    del gnb, pdu
    amf.overloaded = False


def error_indication(gnb: Gnb, amf: AmfAssociation, pdu: ngap.Pdu) -> None:
    """ERROR INDICATION (8.7.5)."""
    del amf
    gnb.log.append(f"error indication: {causes.in_words(pdu.get(ie.CAUSE))}")
