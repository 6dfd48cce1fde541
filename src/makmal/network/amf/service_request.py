"""The service request, after paging or for data (TS 23.502, 4.2.3.2; TS 24.501, 5.6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network.amf import connections, downlink, registration, sessions
from makmal.network.amf.configuration_update import give_new_guti
from makmal.network.amf.context import UeContext
from makmal.network.world import UnreachableError
from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType


def reject(amf: Amf, context: UeContext, cause: int) -> None:
    """SERVICE REJECT, and the connection ends."""
    downlink.send(amf, context, nas.build(M.SERVICE_REJECT, {ie.FIVE_GMM_CAUSE: cause}))
    if context.connection is not None:
        connections.release(amf, context.connection)


async def serve(amf: Amf, context: UeContext, request: nas.Message) -> None:
    """Connect the UE, bring up its sessions, deliver what waited for it."""
    try:
        await _serve(amf, context, request)
    except (downlink.ConnectionLostError, UnreachableError) as error:
        amf.log.append(f"service request ended: {error}")


async def _serve(amf: Amf, context: UeContext, request: nas.Message) -> None:
    whole = _whole(context, request)
    waiting = whole.get(ie.UPLINK_DATA_STATUS) or ()
    wanted = set(waiting)
    paged, context.paged = context.paged, False
    elements: dict[Any, Any] = {}
    status = whole.get(ie.PDU_SESSION_STATUS)
    if status is not None:
        elements[ie.PDU_SESSION_STATUS] = tuple(sorted(set(status) & set(context.sessions)))
    if wanted:
        elements[ie.PDU_SESSION_REACTIVATION_RESULT] = tuple(sorted(wanted - set(context.sessions)))
    accept = nas.build(M.SERVICE_ACCEPT, elements)
    items = []
    for identity in sorted(wanted & set(context.sessions)):
        item = await sessions.activate(amf, context, context.sessions[identity])
        if item is not None:
            items.append(item)
    octets = context.protection.protect(accept, Direction.DOWNLINK)
    registration.set_up_context(amf, context, octets, tuple(items))
    held, context.held_downlink = context.held_downlink, []
    for deliver in held:
        await deliver()
    if paged and amf.policy.new_guti_after_paging:
        # TS 33.501, 6.12.3: a 5G-GUTI that was paged with in clear is used no more.
        await give_new_guti(amf, context)


def _whole(context: UeContext, request: nas.Message) -> nas.Message:
    """The whole request is ciphered inside (TS 24.501, 4.4.6)."""
    container = request.get(ie.NAS_MESSAGE_CONTAINER)
    if container is None:
        return request
    octets = context.protection.decipher_container(container, Direction.UPLINK)
    try:
        inner = nas.decode_recent(octets)
    except DecodeError:
        return request
    return inner if isinstance(inner, nas.Message) else request
