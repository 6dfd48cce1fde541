"""What comes from the network about PDU sessions (TS 24.501, 5.4.5.3 and 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from makmal.network import slices
from makmal.network.ue import protection
from makmal.network.ue.session_messages import N1_SM_INFORMATION, session_message, transport
from makmal.network.ue.state import PduSession, SessionState
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
# 5GSM causes (TS 24.501, 9.11.4.2).
_INVALID_SESSION, _TYPE_UNKNOWN = 43, 97


def transported(ue: Ue, message: nas.Message) -> None:
    """DL NAS TRANSPORT: a 5GSM message, or one of ours that was not forwarded."""
    if message.get(ie.PAYLOAD_CONTAINER_TYPE) != N1_SM_INFORMATION:
        return
    content = ue.received[-1].session_message
    if content is None:
        return
    transaction = content.procedure_transaction_identity or 0
    if message.get(ie.FIVE_GMM_CAUSE) is not None:
        # 5.4.5.3.3: the request comes back with the reason.
        _answer(ue, transaction, message)
        return
    ue.inbox.put(content.message_type, content)
    handler = _HANDLERS.get(content.message_type)
    if handler is None:
        _status(ue, content, _TYPE_UNKNOWN)
        return
    session = ue.sessions.get(content.pdu_session_id or 0)
    if session is None:
        # 7.3.2: a message for a session that the UE does not have.
        _status(ue, content, _INVALID_SESSION)
        return
    handler(ue, session, content)
    _answer(ue, transaction, content)


def _answer(ue: Ue, transaction: int, message: nas.Message) -> None:
    future = ue.transactions.get(transaction)
    if future is not None and not future.done():
        ue.inbox.clear()
        future.set_result(message)


def _established(ue: Ue, session: PduSession, message: nas.Message) -> None:
    """PDU SESSION ESTABLISHMENT ACCEPT (6.4.1.3)."""
    del ue
    session.state = SessionState.ACTIVE
    session.accept = message
    session.cause = message.get(ie.FIVE_GSM_CAUSE)
    address = message.get(ie.PDU_ADDRESS)
    session.address = None if address is None else address.ipv4
    session.interface_identifier = None if address is None else address.interface_identifier
    session.dnn = message.get(ie.DNN) or session.dnn
    s_nssai = message.get(ie.S_NSSAI)
    if s_nssai is not None:
        (session.s_nssai,) = slices.from_nas((s_nssai,))


def _refused(ue: Ue, session: PduSession, message: nas.Message) -> None:
    """PDU SESSION ESTABLISHMENT REJECT, and rejects of what else was asked (6.4)."""


def _modified(ue: Ue, session: PduSession, message: nas.Message) -> None:
    """PDU SESSION MODIFICATION COMMAND (6.3.2.3)."""
    _complete(ue, session, message, M.PDU_SESSION_MODIFICATION_COMPLETE)


def _released(ue: Ue, session: PduSession, message: nas.Message) -> None:
    """PDU SESSION RELEASE COMMAND (6.3.3.3)."""
    if not ue.policy.answers_session_commands:
        return
    session.cause = message.get(ie.FIVE_GSM_CAUSE)
    session.state = SessionState.INACTIVE
    session.user_plane = False
    ue.sessions.pop(session.identity, None)
    _complete(ue, session, message, M.PDU_SESSION_RELEASE_COMPLETE)


def _complete(ue: Ue, session: PduSession, message: nas.Message, kind: M) -> None:
    if ue.policy.answers_session_commands:
        transaction = message.procedure_transaction_identity or 0
        content = session_message(kind, session.identity, transaction)
        protection.send(ue, transport(content, session.identity), content)


def _status(ue: Ue, message: nas.Message, cause: int) -> None:
    """5GSM STATUS (6.5.1), but never to a status."""
    if message.message_type == M.FIVE_GSM_STATUS:
        return
    elements: dict[Any, Any] = {ie.FIVE_GSM_CAUSE: cause}
    identity = message.pdu_session_id or 0
    transaction = message.procedure_transaction_identity or 0
    content = session_message(M.FIVE_GSM_STATUS, identity, transaction, elements)
    protection.send(ue, transport(content, identity), content)


_HANDLERS: dict[int, Callable[[Ue, PduSession, nas.Message], None]] = {
    M.PDU_SESSION_ESTABLISHMENT_ACCEPT: _established,
    M.PDU_SESSION_ESTABLISHMENT_REJECT: _refused,
    M.PDU_SESSION_MODIFICATION_REJECT: _refused,
    M.PDU_SESSION_MODIFICATION_COMMAND: _modified,
    M.PDU_SESSION_RELEASE_REJECT: _refused,
    M.PDU_SESSION_RELEASE_COMMAND: _released,
    M.FIVE_GSM_STATUS: _refused,
}
