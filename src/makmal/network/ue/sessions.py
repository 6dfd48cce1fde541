"""PDU sessions that the UE asks for, changes and gives back (TS 24.501, 6.4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from makmal.network import slices
from makmal.network.ue import ipv6_prefix, protection
from makmal.network.ue.session_messages import (
    EMERGENCY_REQUEST,
    INITIAL_REQUEST,
    MODIFICATION_REQUEST,
    establishment_request,
    session_message,
    transport,
)
from makmal.network.ue.state import PduSession, SessionState
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
IPV4 = 1
# Procedure transaction identities (TS 24.007, 11.2.3.1a): 0 is none, 255 reserved.
_LAST_TRANSACTION = 254
# 5GSM cause (TS 24.501, 9.11.4.2).
_REGULAR_DEACTIVATION = 36


async def establish(
    ue: Ue,
    identity: int,
    dnn: str | None,
    s_nssai: slices.Slice | None,
    session_type: int,
) -> PduSession:
    """The UE-requested PDU session establishment procedure (6.4.1)."""
    session = PduSession(identity, dnn, s_nssai)
    ue.sessions[identity] = session
    transaction = _transaction(ue)
    content = establishment_request(identity, transaction, session_type)
    kind = EMERGENCY_REQUEST if ue.emergency else INITIAL_REQUEST
    message = transport(content, identity, kind, dnn, s_nssai)
    answer = await _ask(ue, message, content, transaction, ue.policy.timers.t3580)
    _read_establishment(session, answer)
    if not session.established:
        ue.sessions.pop(identity, None)
    elif session.interface_identifier is not None:
        await ipv6_prefix.solicit(ue, session)
    return session


def _read_establishment(session: PduSession, answer: nas.Message | None) -> None:
    if answer is None:
        session.state = SessionState.INACTIVE
        return
    if answer.message_type == M.PDU_SESSION_ESTABLISHMENT_ACCEPT:
        # The command room has taken it already: a retransmitted accept may come as well.
        return
    session.state = SessionState.INACTIVE
    if answer.message_type == M.DL_NAS_TRANSPORT:
        session.not_forwarded = answer.get(ie.FIVE_GMM_CAUSE)
    else:
        session.cause = answer.get(ie.FIVE_GSM_CAUSE)


async def modify(ue: Ue, session: PduSession) -> nas.Message | None:
    """The UE-requested PDU session modification procedure (6.4.2)."""
    transaction = _transaction(ue)
    content = session_message(M.PDU_SESSION_MODIFICATION_REQUEST, session.identity, transaction)
    message = transport(content, session.identity, MODIFICATION_REQUEST)
    return await _ask(ue, message, content, transaction, ue.policy.timers.t3581)


async def release(ue: Ue, session: PduSession) -> bool:
    """The UE-requested PDU session release procedure (6.4.3)."""
    transaction = _transaction(ue)
    content = session_message(
        M.PDU_SESSION_RELEASE_REQUEST,
        session.identity,
        transaction,
        {ie.FIVE_GSM_CAUSE: _REGULAR_DEACTIVATION},
    )
    message = transport(content, session.identity)
    answer = await _ask(ue, message, content, transaction, ue.policy.timers.t3582)
    return answer is not None and answer.message_type == M.PDU_SESSION_RELEASE_COMMAND


def _transaction(ue: Ue) -> int:
    number = ue.next_transaction
    ue.next_transaction = number % _LAST_TRANSACTION + 1
    return number


async def _ask(
    ue: Ue, message: nas.Message, content: nas.Message, transaction: int, seconds: float
) -> nas.Message | None:
    """Send, and send again each time the timer expires (6.4.1.6); None if nothing answers."""
    future: asyncio.Future[nas.Message | None] = asyncio.get_running_loop().create_future()
    ue.transactions[transaction] = future
    ue.inbox.clear()
    try:
        for _ in range(ue.policy.timers.attempts):
            protection.send(ue, message, content)
            try:
                async with asyncio.timeout(seconds):
                    return await asyncio.shield(future)
            except TimeoutError:
                continue
    finally:
        ue.transactions.pop(transaction, None)
    return None
