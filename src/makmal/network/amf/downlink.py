"""NAS messages to the UE (TS 24.501, 4.4.4 and 5.4; TS 38.413, 8.6.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from makmal.network.amf import n2
from makmal.network.amf.context import UeContext
from makmal.protocol import nas
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
_CIPHERED = nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED


class ConnectionLostError(Exception):
    """The UE is not connected any more: its procedure ends."""


def ids_of(context: UeContext) -> n2.Ids:
    """The NGAP ids of a UE's connection. Raises ConnectionLostError."""
    connection = context.connection
    if connection is None:
        raise ConnectionLostError(f"UE context {context.number} has no connection")
    return connection.amf_ue_ngap_id, connection.ran_ue_ngap_id


def secured(context: UeContext, message: nas.Message) -> bytes:
    """The octets of a message: protected once the secure exchange is established."""
    connection = context.connection
    if context.security is not None and connection is not None and connection.secured:
        return context.security.protect(message, Direction.DOWNLINK, _CIPHERED)
    return message.encode()


def send(amf: Amf, context: UeContext, message: nas.Message) -> None:
    """Send a NAS message to a connected UE. Raises ConnectionLostError."""
    send_octets(amf, context, secured(context, message))


def send_octets(amf: Amf, context: UeContext, octets: bytes) -> None:
    """Send octets that are a NAS message, protected or not. Raises ConnectionLostError."""
    ids = ids_of(context)
    connection = context.connection
    if connection is not None:
        amf.send_n2(connection, n2.downlink_nas_transport(ids, octets))


def status(amf: Amf, context: UeContext, cause: int) -> None:
    """5GMM STATUS (TS 24.501, 8.2.29)."""
    if context.connection is not None:
        send(amf, context, nas.build(M.FIVE_GMM_STATUS, {nas.ie.FIVE_GMM_CAUSE: cause}))


async def ask(
    amf: Amf,
    context: UeContext,
    send_once: Callable[[], None],
    types: tuple[M, ...],
    seconds: float,
) -> nas.Message | None:
    """Send, and send again each time the timer expires, until one of these messages comes.

    None when the UE never answered (TS 24.501, 10.2: the fifth expiry aborts), or its connection
    is gone.
    """
    wanted = frozenset(int(kind) for kind in types)
    for _ in range(amf.policy.timers.attempts):
        if context.connection is None:
            return None
        send_once()
        try:
            return await context.answer(wanted, seconds)
        except TimeoutError:
            continue
        except asyncio.CancelledError:
            if context.connection is None and not _is_cancelled():
                return None
            raise
    return None


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
