"""NG and UE connections: set-up, reset, context set-up and release (TS 38.413, 8.3 and 8.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.amf import n2, sessions
from makmal.network.amf.context import GnbAssociation, UeConnection, UeContext
from makmal.protocol import ngap
from makmal.protocol.ngap import ie

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

# Causes (TS 38.413, 9.3.1.2), in the order of the enumerations.
_MISCELLANEOUS, _UNKNOWN_PLMN = ngap.CauseGroup.MISC, 4
_RADIO, _UNKNOWN_LOCAL_ID = ngap.CauseGroup.RADIO_NETWORK, 14
_NAS = ngap.CauseGroup.NAS
NORMAL_RELEASE = ngap.Cause(_NAS, 0)
AUTHENTICATION_FAILURE = ngap.Cause(_NAS, 1)
DEREGISTER = ngap.Cause(_NAS, 2)
SUPERSEDED = NORMAL_RELEASE


def ng_setup(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """A gNB introduces itself (8.7.1): taken if it broadcasts a PLMN and slice of ours."""
    node_id = pdu.get(ie.GLOBAL_RAN_NODE_ID)
    areas = pdu.get(ie.SUPPORTED_TA_LIST) or ()
    plmns = {plmn.plmn_identity for area in areas for plmn in area.broadcast_plmn_list}
    if amf.plan.plmn not in plmns:
        cause = ngap.Cause(_MISCELLANEOUS, _UNKNOWN_PLMN)
        gnb.link.send(n2.ng_setup_failure(cause).encode())
        return
    gnb.node_id = node_id if isinstance(node_id, ngap.GlobalGnbId) else None
    gnb.tracking_areas = tuple(area.tac for area in areas)
    answer = n2.ng_setup_response(amf.policy.name, amf.guami, amf.plan.plmn, amf.plan.slices)
    gnb.link.send(answer.encode())


def ng_reset(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB forgot its UEs, or some (8.7.4)."""
    kind = pdu.get(ie.RESET_TYPE)
    part = None if kind is None else kind.part_of_ng_interface
    if part is None:
        for connection in list(gnb.connections.values()):
            amf.forget_connection(connection)
    else:
        for each in part:
            found = _named(amf, gnb, each)
            if found is not None:
                amf.forget_connection(found)
    gnb.link.send(n2.ng_reset_acknowledge(part).encode())


def _named(amf: Amf, gnb: GnbAssociation, logical: ngap.LogicalConnection) -> UeConnection | None:
    if logical.amf_ue_ngap_id is not None:
        return amf.connections.get(logical.amf_ue_ngap_id)
    return gnb.connections.get(logical.ran_ue_ngap_id or 0)


def ran_configuration_update(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB changed (8.7.2)."""
    del amf, pdu
    gnb.link.send(n2.ran_configuration_update_acknowledge().encode())


def error_indication(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB could not use a message of ours: noted (8.7.5)."""
    del gnb
    cause = pdu.get(ie.CAUSE)
    amf.log.append(f"error indication: {cause.name if isinstance(cause, ngap.Cause) else cause}")


def connection_of(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> UeConnection | None:
    """The connection that a message is about; an unknown one is answered (TS 38.413, 10.6)."""
    amf_ue_ngap_id, ran_ue_ngap_id = pdu.get(ie.AMF_UE_NGAP_ID), pdu.get(ie.RAN_UE_NGAP_ID)
    connection = amf.connections.get(-1 if amf_ue_ngap_id is None else amf_ue_ngap_id)
    if connection is None or connection.gnb is not gnb:
        cause = ngap.Cause(_RADIO, _UNKNOWN_LOCAL_ID)
        gnb.link.send(n2.error_indication((amf_ue_ngap_id, ran_ue_ngap_id), cause).encode())
        return None
    return connection


def initial_context_setup_response(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB has the context (8.3.1), and what it could set up of the sessions."""
    connection = connection_of(amf, gnb, pdu)
    if connection is None:
        return
    connection.context_at_gnb = True
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_SETUP_RSP")
    for item in pdu.get(ie.PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_RES) or ():
        sessions.resources_answered(amf, connection, item, "PDU_RES_SETUP_FAIL")


def initial_context_setup_failure(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB cannot take the UE."""
    connection = connection_of(amf, gnb, pdu)
    if connection is not None:
        release(amf, connection, NORMAL_RELEASE)


def release_request(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB wants to let the UE go (8.3.2)."""
    connection = connection_of(amf, gnb, pdu)
    if connection is None:
        return
    cause = pdu.get(ie.CAUSE)
    release(amf, connection, cause if isinstance(cause, ngap.Cause) else NORMAL_RELEASE)


def release(amf: Amf, connection: UeConnection, cause: ngap.Cause = NORMAL_RELEASE) -> None:
    """End a connection (8.3.3); the UE is idle afterwards, its sessions without resources."""
    if connection.released:
        return
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    amf.send_n2(connection, n2.ue_context_release_command(ids, cause))
    context = connection.context
    amf.forget_connection(connection)
    if context is not None:
        sessions.deactivate(amf, context)


def release_complete(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The gNB has let it go."""
    del amf, gnb, pdu


def suspend_request(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """A CIoT UE goes to sleep and keeps its context (8.3.11)."""
    connection = connection_of(amf, gnb, pdu)
    if connection is None:
        return
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    if connection.context is not None:
        connection.context.suspended = True
    amf.send_n2(connection, n2.ue_context_suspend_response(ids))


def resume_request(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """It wakes (8.3.10): TS 33.501, 6.12.3, wants a new 5G-GUTI then."""
    connection = connection_of(amf, gnb, pdu)
    if connection is None or connection.context is None:
        return
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    context = connection.context
    amf.send_n2(connection, n2.ue_context_resume_response(ids))
    if context.suspended and context.registered:
        context.suspended = context.paged = False
        amf.world.spawn(_resumed(amf, context))


async def _resumed(amf: Amf, context: UeContext) -> None:
    from makmal.network.amf.configuration_update import give_new_guti

    held, context.held_downlink = context.held_downlink, []
    for deliver in held:
        await deliver()
    if amf.policy.new_guti_after_resume:
        await give_new_guti(amf, context)
