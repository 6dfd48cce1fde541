"""Registration of all kinds, UE side (TS 24.501, 5.5.1; TS 23.502, 4.2.2.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from makmal.network import slices
from makmal.network.ue import identities, protection
from makmal.network.ue.state import NO_KEY, Outcome, Registered, RegistrationResult, SessionState
from makmal.protocol import nas, ngap
from makmal.protocol.nas import capabilities, ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
PROCEDURE = "registration"
RELEASED = RegistrationResult(Outcome.RELEASED)
# 5GS registration type (TS 24.501, 9.11.3.7).
INITIAL, MOBILITY, PERIODIC, EMERGENCY = 1, 2, 3, 4
_NO_ANSWER = RegistrationResult(Outcome.NO_ANSWER)
# 4.4.6: the elements that may be sent in clear; the rest waits for security.
_CLEARTEXT = frozenset(
    {
        ie.FIVE_GS_REGISTRATION_TYPE,
        ie.NAS_KEY_SET_IDENTIFIER,
        ie.FIVE_GS_MOBILE_IDENTITY,
        ie.UE_SECURITY_CAPABILITY,
        ie.ADDITIONAL_GUTI,
        ie.UE_STATUS,
        ie.EPS_NAS_MESSAGE_CONTAINER,
    }
)
# Causes after which the UE forgets 5G-GUTI, TAI list and ngKSI (5.5.1.2.5 and 5.5.1.3.5).
FORGETTING_CAUSES = frozenset({3, 5, 6, 7, 9, 10, 11, 12, 13, 15, 27, 73, 74, 75})
_NO_SLICES = 62


async def register(
    ue: Ue, kind: int, identity: nas.MobileIdentity | None, seconds: float | None
) -> RegistrationResult:
    """Register until it succeeds or fails; each attempt takes ``seconds``, or T3510, at most."""
    timers = ue.policy.timers
    result = _NO_ANSWER
    for attempt in range(max(ue.policy.registration_attempts, 1)):
        if attempt:
            # 5.5.1.2.7, c: an attempt that was aborted is made again when T3511 expires.
            await asyncio.sleep(timers.t3511)
        result = await _attempt(ue, kind, identity, timers.t3510 if seconds is None else seconds)
        if result.outcome not in (Outcome.NO_ANSWER, Outcome.RELEASED):
            break
    return result


async def _attempt(
    ue: Ue, kind: int, identity: nas.MobileIdentity | None, seconds: float
) -> RegistrationResult:
    ended = ue.ends(PROCEDURE)
    ue.emergency = kind == EMERGENCY
    shown = _identity(ue, kind, identity)
    whole = _whole_request(ue, kind, shown)
    ue.initial_message = _message(whole)
    # Nothing of an earlier exchange is what the next messages answer.
    ue.inbox.clear()
    cause = ngap.RrcEstablishmentCause.MO_SIGNALLING
    if kind == EMERGENCY:
        cause = ngap.RrcEstablishmentCause.EMERGENCY
    protection.send(ue, _first_message(ue, whole), cause=cause)
    try:
        async with asyncio.timeout(seconds):
            result = await ended
    except TimeoutError:
        ue.ending.pop(PROCEDURE, None)
        ue.let_go()
        return _NO_ANSWER
    if isinstance(result, RegistrationResult):
        return result
    return RegistrationResult(result.outcome, result.cause, result.message)


def _identity(ue: Ue, kind: int, given: nas.MobileIdentity | None) -> nas.MobileIdentity:
    """What the UE shows (5.5.1.2.2). Without the context of its 5G-GUTI it has no key."""
    policy = ue.policy
    chosen = given or policy.guti
    if chosen is None and not policy.registers_with_suci:
        chosen = ue.guti
    if chosen is None or chosen != ue.guti or policy.forgets_security_context:
        ue.security = None
        ue.key_set_identifier = NO_KEY
        ue.secured = False
    if chosen is not None:
        return chosen
    del kind
    return identities.permanent(ue)


def _whole_request(ue: Ue, kind: int, shown: nas.MobileIdentity) -> dict[Any, Any]:
    """All elements of the Registration Request (8.2.6)."""
    policy = ue.policy
    elements: dict[Any, Any] = {
        ie.FIVE_GS_REGISTRATION_TYPE: nas.RegistrationType(
            kind, follow_on_request=policy.follow_on_request
        ),
        ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(ue.key_set_identifier),
        ie.FIVE_GS_MOBILE_IDENTITY: shown,
        ie.UE_SECURITY_CAPABILITY: policy.security_capability,
    }
    if kind != PERIODIC:
        features = policy.mm_capability
        length = max(1, (features.value.bit_length() + 7) // 8)
        elements[ie.FIVE_GMM_CAPABILITY] = capabilities.FeatureSet(features, length)
        requested = policy.requested_nssai
        if requested is None:
            requested = ue.registration.allowed_nssai or ue.registration.configured_nssai
        if requested and kind != EMERGENCY:
            elements[ie.REQUESTED_NSSAI] = slices.to_nas(requested)
    if kind in (MOBILITY, PERIODIC):
        active = tuple(
            each.identity for each in ue.sessions.values() if each.state is SessionState.ACTIVE
        )
        elements[ie.PDU_SESSION_STATUS] = active
        if kind == MOBILITY and ue.registration.tai_list:
            elements[ie.LAST_VISITED_REGISTERED_TAI] = ue.registration.tai_list[0]
    elements.update(policy.registration_elements)
    return elements


def _message(elements: dict[Any, Any]) -> nas.Message:
    return nas.build(M.REGISTRATION_REQUEST, elements)


def _first_message(ue: Ue, whole: dict[Any, Any]) -> nas.Message:
    """What is sent at first: without security, or to an AMF that has none yet, less (4.4.6)."""
    clear = {key: value for key, value in whole.items() if key in _CLEARTEXT}
    ue.sent_in_part = False
    message = ue.initial_message or _message(whole)
    if ue.secured or len(clear) == len(whole):
        return message
    if ue.security is not None:
        # In an unciphered message the rest travels ciphered in a container.
        clear[ie.NAS_MESSAGE_CONTAINER] = protection.ciphered_container(ue, message)
        return _message(clear)
    ue.sent_in_part = True
    return _message(clear)


def accepted(ue: Ue, message: nas.Message) -> None:
    """REGISTRATION ACCEPT (5.5.1.2.4 and 5.5.1.3.4)."""
    registered = Registered() if not ue.registered else ue.registration
    ue.registered = True
    ue.registration = registered
    guti = message.get(ie.FIVE_G_GUTI)
    if isinstance(guti, nas.FiveGGuti):
        ue.guti = guti
    take_slices(ue, message)
    registered.tai_list = message.get(ie.TAI_LIST) or registered.tai_list
    timer = message.get(ie.T3512_VALUE)
    registered.t3512 = registered.t3512 if timer is None else timer.seconds
    status = message.get(ie.PDU_SESSION_STATUS)
    if status is not None:
        for session in ue.sessions.values():
            if session.identity not in status and session.state is SessionState.ACTIVE:
                session.state = SessionState.INACTIVE
    ue.end(PROCEDURE, RegistrationResult(Outcome.ACCEPTED, None, message))
    ue.challenges.forget_answer()
    if ue.policy.completes_registration and _wants_completion(message):
        protection.send(ue, nas.build(M.REGISTRATION_COMPLETE))


def take_slices(ue: Ue, message: nas.Message) -> None:
    """What a message says of slices (4.6.2.2)."""
    registered = ue.registration
    if message.raw(ie.ALLOWED_NSSAI) is not None:
        registered.allowed_nssai = slices.from_nas(message.get(ie.ALLOWED_NSSAI))
    if message.raw(ie.CONFIGURED_NSSAI) is not None:
        registered.configured_nssai = slices.from_nas(message.get(ie.CONFIGURED_NSSAI))
    rejected_nssai = message.get(ie.REJECTED_NSSAI)
    if rejected_nssai is not None:
        registered.rejected_nssai = rejected_nssai


def _wants_completion(message: nas.Message) -> bool:
    """5.5.1.2.4: these elements are acknowledged."""
    return any(
        message.raw(key) is not None
        for key in (
            ie.FIVE_G_GUTI,
            ie.CONFIGURED_NSSAI,
            ie.NETWORK_SLICING_INDICATION,
            ie.SOR_TRANSPARENT_CONTAINER,
            ie.OPERATOR_DEFINED_ACCESS_CATEGORY_DEFINITIONS,
            ie.CAG_INFORMATION_LIST,
        )
    )


def rejected(ue: Ue, message: nas.Message) -> None:
    """REGISTRATION REJECT (5.5.1.2.5 and 5.5.1.3.5)."""
    cause = message.get(ie.FIVE_GMM_CAUSE)
    result = RegistrationResult(Outcome.REJECTED, cause, message)
    if cause in FORGETTING_CAUSES:
        ue.forget()
    elif cause == _NO_SLICES:
        take_slices(ue, message)
    ue.registered = False
    ue.end(PROCEDURE, result)
