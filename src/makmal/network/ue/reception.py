"""NAS messages that come to the UE: opened, and which may be processed (TS 24.501, 4.4.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.ue import security_mode
from makmal.network.ue.state import Exchanged
from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M, H = nas.MessageType, nas.SecurityHeaderType
_SUCI = 1
# 4.4.4.2: what the UE processes without integrity protection before the secure exchange. An
# identity request only for the SUCI; a reject not with causes that would close the network to it.
_BEFORE_SECURITY = frozenset(
    {
        M.AUTHENTICATION_REQUEST,
        M.AUTHENTICATION_RESULT,
        M.AUTHENTICATION_REJECT,
        M.REGISTRATION_REJECT,
        M.DEREGISTRATION_ACCEPT_UE_ORIGINATING,
        M.SERVICE_REJECT,
    }
)
_ONLY_PROTECTED_CAUSES = frozenset({76, 78, 81, 82})


def opened(ue: Ue, octets: bytes) -> Exchanged:
    """A downlink message, and whether it may be processed."""
    try:
        outer = nas.decode_recent(octets)
        if isinstance(outer, nas.Message):
            message = outer
            acceptable = not ue.secured and _is_processed_unprotected(message)
        else:
            message, acceptable = _open(ue, outer)
        inner = _session_message(message)
    except DecodeError:
        return Exchanged(octets, None, acceptable=False)
    return Exchanged(octets, message, inner, acceptable)


def _is_processed_unprotected(message: nas.Message) -> bool:
    kind = message.message_type
    if kind == M.IDENTITY_REQUEST:
        return message.get(ie.IDENTITY_TYPE) == _SUCI
    if kind == M.REGISTRATION_REJECT:
        cause = message.get(ie.FIVE_GMM_CAUSE)
        return cause is None or cause not in _ONLY_PROTECTED_CAUSES
    return kind in _BEFORE_SECURITY


def _open(ue: Ue, outer: nas.SecurityProtected) -> tuple[nas.Message, bool]:
    if outer.security_header_type is H.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT:
        message = outer.plain()
        return message, security_mode.verified(ue, outer, message)
    security = ue.security
    if security is None:
        return outer.plain(), False
    result = security.unprotect(outer, Direction.DOWNLINK)
    message_or_other = nas.decode_recent(result.octets)
    if not isinstance(message_or_other, nas.Message):
        raise DecodeError("NAS", 7, "a protected message inside a protected message")
    if result.acceptable:
        ue.secured = True
    return message_or_other, result.acceptable


def _session_message(message: nas.Message) -> nas.Message | None:
    if message.message_type != M.DL_NAS_TRANSPORT:
        return None
    content = message.get(ie.PAYLOAD_CONTAINER)
    try:
        inner = nas.decode_recent(content or b"")
    except DecodeError:
        return None
    return inner if isinstance(inner, nas.Message) and inner.is_session_management else None
