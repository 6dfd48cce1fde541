"""The PDU sessions that N1 and N2 show: DNN, slice, and the tunnels of both ends."""

from __future__ import annotations

from collections.abc import Callable

from makmal.protocol import nas, ngap
from makmal.trace.user_equipment import PduSession, UserEquipment

# The procedures whose messages have the lists that note_resources reads (TS 38.413, 9.2).
_OF_RESOURCES = frozenset(
    {
        ngap.ProcedureCode.PDU_SESSION_RESOURCE_SETUP,
        ngap.ProcedureCode.PDU_SESSION_RESOURCE_RELEASE,
        ngap.ProcedureCode.INITIAL_CONTEXT_SETUP,
        ngap.ProcedureCode.HANDOVER_RESOURCE_ALLOCATION,
        ngap.ProcedureCode.PATH_SWITCH_REQUEST,
    }
)
Tunnel = tuple[str, int]
Linker = Callable[[Tunnel, UserEquipment], None]


def session_of(user_equipment: UserEquipment, identity: int) -> PduSession:
    """The UE's PDU session with this identity, begun if it is new."""
    return user_equipment.sessions.setdefault(identity, PduSession(identity))


def note_uplink_transport(message: nas.Message, user_equipment: UserEquipment) -> None:
    """DNN and S-NSSAI of a session that the UE asks for (TS 24.501, 8.2.10). Raises DecodeError."""
    identity = message.get(nas.ie.PDU_SESSION_ID)
    if identity is None:
        return
    session = session_of(user_equipment, identity)
    dnn = message.get(nas.ie.DNN)
    if dnn is not None:
        session.dnn = dnn


def note_resources(
    pdu: ngap.Pdu, user_equipment: UserEquipment, link: Linker, unlink: Callable[[Tunnel], None]
) -> None:
    """Tunnels that a PDU session resource procedure puts into use or ends. Raises DecodeError."""
    if pdu.procedure_code not in _OF_RESOURCES:
        return
    setups: tuple[ngap.SessionSetup | ngap.SessionHandover, ...] = (
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ) or ()),
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ) or ()),
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_HO_REQ) or ()),
    )
    for setup in setups:
        session = session_of(user_equipment, setup.pdu_session_id)
        session.s_nssai = setup.s_nssai
        request = ngap.transfer.decode_setup_request(setup.transfer)
        tunnel = _tunnel(request.ul_ngu_up_tnl_information)
        if tunnel is not None:
            session.core_tunnel = tunnel
            link(tunnel, user_equipment)
    for made in (
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES) or ()),
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_RES) or ()),
    ):
        response = ngap.transfer.decode_setup_response(made.transfer)
        _access_tunnel(
            user_equipment, made.pdu_session_id, response.dl_ngu_up_tnl_information, link
        )
    for switched in pdu.get(ngap.ie.PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST) or ():
        switch = ngap.transfer.decode_path_switch_request(switched.transfer)
        _access_tunnel(
            user_equipment, switched.pdu_session_id, switch.dl_ngu_up_tnl_information, link
        )
    for released in pdu.get(ngap.ie.PDU_SESSION_RESOURCE_RELEASED_LIST_REL_RES) or ():
        ended = user_equipment.sessions.pop(released.pdu_session_id, None)
        if ended is not None:
            for tunnel in (ended.core_tunnel, ended.access_tunnel):
                if tunnel is not None:
                    unlink(tunnel)


def _access_tunnel(
    user_equipment: UserEquipment, identity: int, end: ngap.GTPTunnel | None, link: Linker
) -> None:
    tunnel = _tunnel(end)
    if tunnel is not None:
        session_of(user_equipment, identity).access_tunnel = tunnel
        link(tunnel, user_equipment)


def _tunnel(end: ngap.GTPTunnel | None) -> Tunnel | None:
    return None if end is None else (end.transport_layer_address, end.gtp_teid)
