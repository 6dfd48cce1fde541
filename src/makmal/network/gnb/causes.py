"""The causes that the gNB gives (TS 38.413, 9.3.1.2), and causes in words."""

from __future__ import annotations

from makmal.protocol import ngap
from makmal.protocol.ngap.types import UnknownChoice

_RADIO, _PROTOCOL = ngap.CauseGroup.RADIO_NETWORK, ngap.CauseGroup.PROTOCOL
UNSPECIFIED = ngap.Cause(_RADIO, 0)
HANDOVER_CANCELLED = ngap.Cause(_RADIO, 5)
HANDOVER_FAILED = ngap.Cause(_RADIO, 7)
UNKNOWN_LOCAL_ID = ngap.Cause(_RADIO, 14)
INCONSISTENT_REMOTE_ID = ngap.Cause(_RADIO, 15)
HANDOVER_DESIRABLE = ngap.Cause(_RADIO, 16)
USER_INACTIVITY = ngap.Cause(_RADIO, 20)
SECURITY_MODE_FAILED = ngap.Cause(_RADIO, 13)
CONNECTION_LOST = ngap.Cause(_RADIO, 21)
RESOURCES_NOT_AVAILABLE = ngap.Cause(_RADIO, 22)
UNKNOWN_SESSION = ngap.Cause(_RADIO, 26)
INTEGRITY_NOT_POSSIBLE = ngap.Cause(_RADIO, 37)
CONFIDENTIALITY_NOT_POSSIBLE = ngap.Cause(_RADIO, 38)
TRANSFER_SYNTAX_ERROR = ngap.Cause(_PROTOCOL, 0)
ABSTRACT_SYNTAX_ERROR = ngap.Cause(_PROTOCOL, 1)
FALSELY_CONSTRUCTED = ngap.Cause(_PROTOCOL, 5)
OPERATION = ngap.Cause(ngap.CauseGroup.MISC, 3)


def in_words(cause: ngap.Cause | UnknownChoice | None) -> str:
    """``unknown PLMN or SNPN (misc)``."""
    if not isinstance(cause, ngap.Cause):
        return "no cause that is known"
    group = cause.group.name.lower().replace("_", " ")
    return f"{cause.name.replace('-', ' ')} ({group})"
