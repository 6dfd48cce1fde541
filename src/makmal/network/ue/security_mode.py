"""The security mode control procedure, UE side (TS 24.501, 5.4.2; TS 33.501, 6.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network.nas_security import NasSecurity
from makmal.network.ue import authentication, identities, protection
from makmal.network.ue.state import NO_KEY
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.security import keys
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M, H = nas.MessageType, nas.SecurityHeaderType
_CAPABILITIES_MISMATCH, _UNSPECIFIED = 23, 24
# Additional 5G security information (9.11.3.12): HDP a horizontally derived KAMF, RINMR the whole
# initial message is wanted.
_HDP, _RINMR = 1, 2
_K_AMF_OCTETS = 32


def verified(ue: Ue, outer: nas.SecurityProtected, message: nas.Message) -> bool:
    """Whether a Security Mode Command proves that the network has the keys that it speaks of.

    The context that it is about to bring into use is then kept for ``commanded``.
    """
    ue.proposed = None
    if message.message_type != M.SECURITY_MODE_COMMAND:
        return False
    context = _context(ue, message)
    if context is not None and context.unprotect(outer, Direction.DOWNLINK).acceptable:
        ue.proposed = context
        return True
    if ue.policy.answers_security_mode:
        _reject(ue, _UNSPECIFIED)
    return False


def _context(ue: Ue, message: nas.Message) -> NasSecurity | None:
    """The context with the ngKSI and the algorithms of the command (5.4.2.3)."""
    algorithms = message.get(ie.SELECTED_NAS_SECURITY_ALGORITHMS)
    key_set = message.get(ie.NAS_KEY_SET_IDENTIFIER)
    if algorithms is None or key_set is None:
        return None
    eap_message = message.get(ie.EAP_MESSAGE)
    if eap_message is not None:
        authentication.take_eap_result(ue, eap_message, message.get(ie.ABBA))
    if ue.emergency and algorithms.integrity == 0:
        # 5.4.2.3: without authentication the UE makes up a KAMF that nobody uses.
        return NasSecurity(bytes(_K_AMF_OCTETS), algorithms)
    partial = ue.partial
    if partial is not None and partial.key_set_identifier == key_set.value:
        return NasSecurity(partial.k_amf, algorithms)
    current = ue.security
    if current is None or key_set.value != ue.key_set_identifier:
        return None
    information = message.get(ie.ADDITIONAL_5G_SECURITY_INFORMATION) or 0
    if information & _HDP:
        # TS 33.501, 6.9.3: KAMF' from the uplink COUNT of the Registration Request.
        count = max(current.counts[Direction.UPLINK] - 1, 0)
        return NasSecurity(keys.k_amf_prime(current.k_amf, 0, count), algorithms)
    return current.with_algorithms(algorithms)


def commanded(ue: Ue, message: nas.Message) -> None:
    """SECURITY MODE COMMAND, proven to come from the network."""
    policy = ue.policy
    proposed = ue.proposed
    ue.proposed = None
    if proposed is None or not policy.answers_security_mode:
        return
    if policy.rejects_security_mode is not None:
        _reject(ue, policy.rejects_security_mode)
        return
    replayed = message.get(ie.REPLAYED_UE_SECURITY_CAPABILITIES)
    if policy.checks_replayed_capabilities and not _same(
        policy.security_capability, b"" if replayed is None else replayed.octets
    ):
        _reject(ue, _CAPABILITIES_MISMATCH)
        return
    if proposed.algorithms.integrity == 0 and not (ue.emergency or policy.accepts_null_integrity):
        # TS 33.501, D.1: NIA0 is for emergencies only.
        _reject(ue, _CAPABILITIES_MISMATCH)
        return
    key_set = message.get(ie.NAS_KEY_SET_IDENTIFIER)
    ue.security = proposed
    ue.key_set_identifier = NO_KEY if key_set is None else key_set.value
    ue.partial = None
    ue.secured = True
    ue.challenges.forget_answer()
    _complete(ue, message)


def _same(sent: bytes, replayed: bytes) -> bool:
    """The same algorithms, whether or not octets that hold none are written out."""
    return sent.rstrip(b"\0") == replayed.rstrip(b"\0")


def _complete(ue: Ue, command: nas.Message) -> None:
    elements: dict[Any, Any] = {}
    if command.get(ie.IMEISV_REQUEST) == 1:
        elements[ie.IMEISV] = identities.imeisv(ue)
    # 5.4.2.3: always when the first message could hold only cleartext elements, else on request.
    information = command.get(ie.ADDITIONAL_5G_SECURITY_INFORMATION) or 0
    initial = ue.initial_message
    wanted = ue.sent_in_part or information & _RINMR
    if initial is not None and wanted and ue.policy.sends_whole_request:
        elements[ie.NAS_MESSAGE_CONTAINER] = initial.encode()
    ue.sent_in_part = False
    security = ue.security
    if security is None:
        return
    complete = nas.build(M.SECURITY_MODE_COMPLETE, elements)
    ue.k_gnb_count = security.counts[Direction.UPLINK]
    octets = security.protect(
        complete,
        Direction.UPLINK,
        H.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
    )
    ue.send_octets(octets, complete)


def _reject(ue: Ue, cause: int) -> None:
    protection.send(ue, nas.build(M.SECURITY_MODE_REJECT, {ie.FIVE_GMM_CAUSE: cause}))
