"""De-registration both ways, UE side (TS 24.501, 5.5.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from makmal.network.ue import identities, protection, registration
from makmal.network.ue.registration import FORGETTING_CAUSES
from makmal.network.ue.state import Outcome, ProcedureResult, SessionState
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
PROCEDURE = "deregistration"
_THREE_GPP = 1
_ACCEPTED = ProcedureResult(Outcome.ACCEPTED)
_NO_ANSWER = ProcedureResult(Outcome.NO_ANSWER)


async def deregister(ue: Ue, switch_off: bool) -> ProcedureResult:
    """DEREGISTRATION REQUEST, again each time T3521 expires (5.5.2.2.6)."""
    identity: nas.MobileIdentity = ue.guti or identities.permanent(ue)
    message = nas.build(
        M.DEREGISTRATION_REQUEST_UE_ORIGINATING,
        {
            ie.DEREGISTRATION_TYPE: nas.DeregistrationType(switch_off, False, _THREE_GPP),
            ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(ue.key_set_identifier),
            ie.FIVE_GS_MOBILE_IDENTITY: identity,
        },
    )
    ue.inbox.clear()
    if switch_off:
        protection.send(ue, message)
        _leave(ue)
        return _ACCEPTED
    for _ in range(ue.policy.timers.attempts):
        ended = ue.ends(PROCEDURE)
        protection.send(ue, message)
        try:
            async with asyncio.timeout(ue.policy.timers.t3521):
                return await ended
        except TimeoutError:
            ue.ending.pop(PROCEDURE, None)
    _leave(ue)
    ue.let_go()
    return _NO_ANSWER


def _leave(ue: Ue) -> None:
    ue.registered = False
    for session in ue.sessions.values():
        session.state = SessionState.INACTIVE
        session.user_plane = False
    ue.sessions.clear()


def accepted(ue: Ue, message: nas.Message) -> None:
    """DEREGISTRATION ACCEPT (5.5.2.2.4)."""
    _leave(ue)
    ue.end(PROCEDURE, ProcedureResult(Outcome.ACCEPTED, None, message))


def demanded(ue: Ue, message: nas.Message) -> None:
    """DEREGISTRATION REQUEST of the network (5.5.2.3.2 and 5.5.2.3.3)."""
    if not ue.policy.accepts_deregistration:
        return
    registration.take_slices(ue, message)
    kept = ue.registration.rejected_nssai
    protection.send(ue, nas.build(M.DEREGISTRATION_ACCEPT_UE_TERMINATED))
    _leave(ue)
    kind, cause = message.get(ie.DEREGISTRATION_TYPE), message.get(ie.FIVE_GMM_CAUSE)
    if cause in FORGETTING_CAUSES and not (kind and kind.re_registration_required):
        ue.forget()
        ue.registration.rejected_nssai = kept
