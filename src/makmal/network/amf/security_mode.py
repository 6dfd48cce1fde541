"""Taking a security context into use: the security mode control procedure (TS 24.501, 5.4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from makmal.network.amf import downlink
from makmal.network.amf.context import UeContext
from makmal.network.amf.policy import AmfPolicy
from makmal.network.nas_security import NasSecurity
from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
_NEW_CONTEXT = nas.SecurityHeaderType.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT
_IMEISV_REQUESTED = 1
# Additional 5G security information (TS 24.501, 9.11.3.12): RINMR asks for the whole initial
# message, HDP announces a horizontally derived KAMF.
_RINMR, _HDP = 2, 1


@dataclass(frozen=True, slots=True)
class Taken:
    """The context is in use. ``initial_message`` is the whole one, where the UE sent it."""

    initial_message: nas.Message | None


def select(
    policy: AmfPolicy, capability: nas.UESecurityCapability, null_integrity: bool
) -> nas.SecurityAlgorithms | None:
    """The first of the AMF's lists that the UE has (TS 33.501, 6.7.1.1); None if there is none.

    ``null_integrity``: an emergency registration that could not be authenticated (10.2.2).
    """
    integrity, ciphering = policy.integrity_priority, policy.ciphering_priority
    if policy.weakest_first:
        integrity, ciphering = integrity[::-1], ciphering[::-1]
    if policy.ignores_priority_change:
        integrity = tuple(sorted(integrity, reverse=True))
    if null_integrity or policy.null_integrity:
        return nas.SecurityAlgorithms(ciphering=0, integrity=0)
    chosen_integrity = next(
        (each for each in integrity if each and capability.supports_integrity(each)), None
    )
    chosen_ciphering = next((each for each in ciphering if capability.supports_encryption(each)), 0)
    if chosen_integrity is None:
        if capability.integrity & 0x7F and policy.rejects_no_integrity:
            return None
        chosen_integrity = 0
    return nas.SecurityAlgorithms(ciphering=chosen_ciphering, integrity=chosen_integrity)


async def command(
    amf: Amf,
    context: UeContext,
    security: NasSecurity,
    *,
    horizontal: bool = False,
    eap_message: bytes | None = None,
    whole_request: bool = True,
) -> Taken | None:
    """Send the Security Mode Command until it is answered; None when the UE refuses or is silent.

    ``horizontal``: KAMF was derived anew in mobility (TS 33.501, 6.9.3).
    """
    policy = amf.policy
    capability = context.capability or nas.UESecurityCapability.of((0,), (0,))
    elements: dict[Any, Any] = {
        ie.SELECTED_NAS_SECURITY_ALGORITHMS: security.algorithms,
        ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(context.key_set_identifier),
        ie.REPLAYED_UE_SECURITY_CAPABILITIES: capability,
    }
    if policy.requests_imeisv:
        elements[ie.IMEISV_REQUEST] = _IMEISV_REQUESTED
    information = (_RINMR if whole_request and policy.asks_for_whole_request else 0) | (
        _HDP if horizontal else 0
    )
    if information:
        elements[ie.ADDITIONAL_5G_SECURITY_INFORMATION] = bytes((information,))
    if eap_message is not None:
        # TS 24.501, 5.4.2.2: EAP-Success travels here, with the ABBA of the KAMF it led to.
        elements[ie.EAP_MESSAGE] = eap_message
        elements[ie.ABBA] = b"\0\0"
    message = nas.build(M.SECURITY_MODE_COMMAND, elements)
    context.pending = security

    def send_once() -> None:
        if policy.protects_security_mode_command:
            octets = security.protect(message, Direction.DOWNLINK, _NEW_CONTEXT)
        else:
            octets = message.encode()
        downlink.send_octets(amf, context, octets)

    answer = await downlink.ask(
        amf,
        context,
        send_once,
        (M.SECURITY_MODE_COMPLETE, M.SECURITY_MODE_REJECT),
        policy.timers.t3560,
    )
    context.pending = None
    if answer is None or answer.message_type == M.SECURITY_MODE_REJECT:
        return None
    context.security = security
    if context.connection is not None:
        context.connection.secured = True
    identity = answer.get(ie.IMEISV)
    if isinstance(identity, nas.Imeisv):
        context.pei = f"imeisv-{identity.digits}"
    return Taken(_whole(answer.get(ie.NAS_MESSAGE_CONTAINER)))


def _whole(octets: bytes | None) -> nas.Message | None:
    if octets is None:
        return None
    try:
        message = nas.decode_recent(octets)
    except DecodeError:
        return None
    return message if isinstance(message, nas.Message) else None
