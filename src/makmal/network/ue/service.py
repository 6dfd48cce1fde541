"""The service request procedure, paging and notification, UE side (TS 24.501, 5.6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from makmal.network.ue import identities, protection
from makmal.network.ue.registration import FORGETTING_CAUSES
from makmal.network.ue.state import Outcome, ProcedureResult, SessionState
from makmal.protocol import nas, ngap
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
PROCEDURE = "service"
# Service type (TS 24.501, 9.11.3.50).
SIGNALLING, DATA, MOBILE_TERMINATED = 0, 1, 2
_CAUSES = {
    SIGNALLING: ngap.RrcEstablishmentCause.MO_SIGNALLING,
    DATA: ngap.RrcEstablishmentCause.MO_DATA,
    MOBILE_TERMINATED: ngap.RrcEstablishmentCause.MT_ACCESS,
}
_NO_ANSWER = ProcedureResult(Outcome.NO_ANSWER)


async def request(ue: Ue, service_type: int, sessions: tuple[int, ...]) -> ProcedureResult:
    """Ask for service, and wait for T3517 at most. Raises RuntimeError without a 5G-GUTI."""
    ended = ue.ends(PROCEDURE)
    ue.inbox.clear()
    send(ue, service_type, sessions)
    try:
        async with asyncio.timeout(ue.policy.timers.t3517):
            return await ended
    except TimeoutError:
        # 5.6.1.7, c: the procedure is aborted, and the connection released locally.
        ue.ending.pop(PROCEDURE, None)
        ue.let_go()
        return _NO_ANSWER


def send(ue: Ue, service_type: int, sessions: tuple[int, ...] = ()) -> None:
    """SERVICE REQUEST (8.2.16); what is not for everybody goes into the container (4.4.6)."""
    if ue.guti is None:
        raise RuntimeError("the UE has no 5G-GUTI to ask for service with: it is to register first")
    clear: dict[Any, Any] = {
        ie.SERVICE_TYPE: service_type,
        ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(ue.key_set_identifier),
        ie.FIVE_G_S_TMSI: identities.five_g_s_tmsi(ue.guti),
    }
    whole = dict(clear)
    if sessions:
        whole[ie.UPLINK_DATA_STATUS] = sessions
    active = tuple(
        each.identity for each in ue.sessions.values() if each.state is SessionState.ACTIVE
    )
    if active:
        whole[ie.PDU_SESSION_STATUS] = active
    message = nas.build(M.SERVICE_REQUEST, whole)
    if len(whole) > len(clear) and ue.security is not None and not ue.secured:
        clear[ie.NAS_MESSAGE_CONTAINER] = protection.ciphered_container(ue, message)
        message = nas.build(M.SERVICE_REQUEST, clear)
    protection.send(ue, message, cause=_CAUSES.get(service_type, _CAUSES[SIGNALLING]))


def answer_paging(ue: Ue) -> None:
    """The UE is looked for: it asks for service for what is to come (5.6.2)."""
    if not ue.policy.answers_paging or ue.connection is not None or not ue.registered:
        return
    active = tuple(
        each.identity for each in ue.sessions.values() if each.state is SessionState.ACTIVE
    )
    send(ue, MOBILE_TERMINATED, active)


def accepted(ue: Ue, message: nas.Message) -> None:
    """SERVICE ACCEPT (5.6.1.4)."""
    status = message.get(ie.PDU_SESSION_STATUS)
    if status is not None:
        for session in ue.sessions.values():
            if session.identity not in status and session.state is SessionState.ACTIVE:
                session.state = SessionState.INACTIVE
    ue.challenges.forget_answer()
    ue.end(PROCEDURE, ProcedureResult(Outcome.ACCEPTED, None, message))


def rejected(ue: Ue, message: nas.Message) -> None:
    """SERVICE REJECT (5.6.1.5)."""
    cause = message.get(ie.FIVE_GMM_CAUSE)
    if cause in FORGETTING_CAUSES:
        ue.forget()
    ue.end(PROCEDURE, ProcedureResult(Outcome.REJECTED, cause, message))


def notified(ue: Ue, message: nas.Message) -> None:
    """NOTIFICATION of the other access: nothing waits there (5.6.3)."""
    del message
    protection.send(ue, nas.build(M.NOTIFICATION_RESPONSE))
