"""What becomes of an uplink NAS message: security checks, then the procedure that it is for.

TS 24.501, 4.4.4: before the secure exchange is established only some messages are processed;
afterwards none that was not integrity checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.amf import (
    authentication,
    connections,
    deregistration,
    downlink,
    registration,
    service_request,
    sessions,
)
from makmal.network.amf.context import GnbAssociation, UeConnection, UeContext
from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
# TS 24.501, 4.4.4.3: processed without integrity protection while there is no secure exchange.
_BEFORE_SECURITY = frozenset(
    {
        M.REGISTRATION_REQUEST,
        M.IDENTITY_RESPONSE,
        M.AUTHENTICATION_RESPONSE,
        M.AUTHENTICATION_FAILURE,
        M.SECURITY_MODE_REJECT,
        M.DEREGISTRATION_REQUEST_UE_ORIGINATING,
        M.DEREGISTRATION_ACCEPT_UE_TERMINATED,
        M.SERVICE_REQUEST,
        M.CONTROL_PLANE_SERVICE_REQUEST,
    }
)
_SEMANTICALLY_INCORRECT, _NOT_COMPATIBLE = 95, 98
_UNIDENTIFIED = 9


def initial_ue_message(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """The first message of a connection (TS 38.413, 8.6.1)."""
    ran_ue_ngap_id, octets = pdu.get(ie.RAN_UE_NGAP_ID), pdu.get(ie.NAS_PDU)
    if ran_ue_ngap_id is None or octets is None:
        return
    old = gnb.connections.get(ran_ue_ngap_id)
    if old is not None:
        amf.forget_connection(old)
    connection = amf.connect(gnb, ran_ue_ngap_id)
    connection.location = pdu.get(ie.USER_LOCATION_INFORMATION)
    _first_message(amf, connection, octets)


def uplink_nas_transport(amf: Amf, gnb: GnbAssociation, pdu: ngap.Pdu) -> None:
    """A further message (8.6.3)."""
    connection = connections.connection_of(amf, gnb, pdu)
    octets = pdu.get(ie.NAS_PDU)
    if connection is None or octets is None:
        return
    if connection.context is None:
        _first_message(amf, connection, octets)
        return
    _message(amf, connection, connection.context, octets)


def _first_message(amf: Amf, connection: UeConnection, octets: bytes) -> None:
    try:
        outer = nas.decode_recent(octets)
        inner = outer if isinstance(outer, nas.Message) else _legible(outer)
    except DecodeError as error:
        amf.log.append(f"undecodable initial NAS message: {error}")
        connections.release(amf, connection)
        return
    context = None if inner is None else _known(amf, inner)
    verified = False
    if (
        context is not None
        and context.security is not None
        and isinstance(outer, nas.SecurityProtected)
    ):
        opened = context.security.unprotect(outer, Direction.UPLINK)
        verified = opened.mac_ok and not opened.replayed
        if verified:
            inner = _plain(opened.octets)
    if inner is None:
        connections.release(amf, connection)
        return
    kind = inner.message_type
    if not verified and kind in (M.SERVICE_REQUEST, M.CONTROL_PLANE_SERVICE_REQUEST):
        # TS 24.501, 5.6.1.5: the UE's context cannot be used: it is to register anew.
        stranger = amf.new_context()
        amf.attach(connection, stranger)
        service_request.reject(amf, stranger, _UNIDENTIFIED)
        amf.remove_context(stranger)
        return
    if context is None or not verified:
        # Nobody takes over a UE by showing its 5G-GUTI: until authenticated, it is a stranger.
        context = amf.new_context()
    context.initial_octets = octets
    amf.attach(connection, context)
    connection.secured = verified
    _start(amf, connection, context, inner)


def _known(amf: Amf, message: nas.Message) -> UeContext | None:
    """The context that the identity in an initial message points to."""
    identity: nas.MobileIdentity | None = None
    if message.message_type == M.SERVICE_REQUEST:
        identity = message.get(nas.ie.FIVE_G_S_TMSI)
    elif message.message_type in (
        M.REGISTRATION_REQUEST,
        M.DEREGISTRATION_REQUEST_UE_ORIGINATING,
    ):
        identity = message.get(nas.ie.FIVE_GS_MOBILE_IDENTITY)
    if isinstance(identity, nas.FiveGGuti | nas.FiveGSTmsi):
        if identity.amf_set_id != amf.guami.amf_set_id or identity.amf_pointer != amf.pointer:
            return None
        return amf.with_tmsi(identity.tmsi)
    return None


def _legible(outer: nas.SecurityProtected) -> nas.Message | None:
    """An initial message is not ciphered (TS 24.501, 4.4.6)."""
    return _plain(outer.payload)


def _plain(octets: bytes) -> nas.Message | None:
    try:
        message = nas.decode_recent(octets)
    except DecodeError:
        return None
    return message if isinstance(message, nas.Message) else None


def _message(amf: Amf, connection: UeConnection, context: UeContext, octets: bytes) -> None:
    policy = amf.policy
    try:
        outer = nas.decode_recent(octets)
    except DecodeError as error:
        amf.log.append(f"undecodable NAS message: {error}")
        return
    if isinstance(outer, nas.Message):
        if connection.secured and policy.drops_unprotected:
            if outer.message_type == M.REGISTRATION_REQUEST:
                connection.secured = False
                _start(amf, connection, context, outer)
            else:
                amf.log.append(f"{outer.name} without protection discarded")
            return
        if not connection.secured and outer.message_type not in _BEFORE_SECURITY:
            amf.log.append(f"{outer.name} before security discarded")
            return
        _start(amf, connection, context, outer)
        return
    security = context.pending if _is_of_new_context(outer) else context.security
    if security is None:
        security = context.security or context.pending
    if security is None:
        message = _legible(outer)
        if message is not None and message.message_type in _BEFORE_SECURITY:
            _start(amf, connection, context, message)
        return
    opened = security.unprotect(outer, Direction.UPLINK)
    if not opened.mac_ok and policy.drops_bad_mac:
        amf.log.append("a NAS message with a wrong MAC discarded")
        return
    if opened.replayed:
        if policy.answers_replays_with_status:
            downlink.status(amf, context, _NOT_COMPATIBLE)
        is_last = opened.count == security.counts[Direction.UPLINK] - 1
        if policy.drops_replays and (policy.drops_last_again or not is_last):
            amf.log.append("a replayed NAS message discarded")
            return
    message = _plain(opened.octets)
    if message is None:
        downlink.status(amf, context, _SEMANTICALLY_INCORRECT)
        return
    if not connection.secured and message.message_type not in _BEFORE_SECURITY | {
        M.SECURITY_MODE_COMPLETE
    }:
        amf.log.append(f"{message.name} before security discarded")
        return
    _start(amf, connection, context, message)


def _is_of_new_context(outer: nas.SecurityProtected) -> bool:
    return outer.security_header_type in (
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
    )


def _start(amf: Amf, connection: UeConnection, context: UeContext, message: nas.Message) -> None:
    """Give the message to who waits for it, or begin the procedure that it asks for."""
    if context.take(message):
        return
    kind = message.message_type
    if kind == M.REGISTRATION_REQUEST:
        # TS 24.501, 5.5.1.2.8: a new registration ends the one that is under way.
        if context.procedure is not None and not context.procedure.done():
            context.procedure.cancel()
        work = registration.register(amf, connection, context, message)
        context.procedure = amf.world.spawn(work)
    elif kind == M.SERVICE_REQUEST:
        context.procedure = amf.world.spawn(service_request.serve(amf, context, message))
    elif kind == M.DEREGISTRATION_REQUEST_UE_ORIGINATING:
        amf.world.spawn(deregistration.by_ue(amf, context, message, connection.secured))
    elif kind == M.UL_NAS_TRANSPORT:
        amf.world.spawn(sessions.uplink_transport(amf, context, message))
    elif kind == M.FIVE_GMM_STATUS:
        amf.log.append("5GMM STATUS received")
    elif kind == M.SECURITY_MODE_COMPLETE and connection.secured:
        # One that nobody waits for: a replayed one, with the fault that lets it through.
        amf.log.append("an unexpected Security Mode Complete")
        downlink.status(amf, context, _NOT_COMPATIBLE)
    elif kind == M.AUTHENTICATION_FAILURE and not amf.policy.ignores_unsolicited_failures:
        amf.world.spawn(authentication.unsolicited_failure(amf, context, message))
    elif connection.secured and amf.policy.answers_unforeseen_with_status:
        downlink.status(amf, context, _NOT_COMPATIBLE)
