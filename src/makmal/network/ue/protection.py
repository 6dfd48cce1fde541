"""NAS messages that the UE sends, protected as its state demands (TS 24.501, 4.4.4 to 4.4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.protocol import nas, ngap
from makmal.protocol.nas import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M, H = nas.MessageType, nas.SecurityHeaderType
# 5GMM causes (TS 24.501, 9.11.3.2).
MESSAGE_TYPE_UNKNOWN, NOT_COMPATIBLE = 97, 98
# 4.4.4.1: messages that begin an exchange on a new connection, legible for the AMF's sake.
_INITIAL = frozenset(
    {
        M.REGISTRATION_REQUEST,
        M.SERVICE_REQUEST,
        M.CONTROL_PLANE_SERVICE_REQUEST,
        M.DEREGISTRATION_REQUEST_UE_ORIGINATING,
    }
)


def send(
    ue: Ue,
    message: nas.Message,
    session_message: nas.Message | None = None,
    cause: ngap.RrcEstablishmentCause = ngap.RrcEstablishmentCause.MO_SIGNALLING,
) -> bytes:
    """Send a message as the state demands it to be protected; the octets that were sent."""
    security = ue.security
    if security is not None and ue.secured:
        octets = security.protect(message, Direction.UPLINK)
    elif security is not None and message.message_type in _INITIAL:
        if ue.connection is None:
            ue.k_gnb_count = security.counts[Direction.UPLINK]
        octets = security.protect(message, Direction.UPLINK, H.INTEGRITY_PROTECTED)
    else:
        octets = message.encode()
    ue.send_octets(octets, message, session_message, cause)
    return octets


def send_protected(
    ue: Ue,
    message: nas.Message | bytes,
    header_type: nas.SecurityHeaderType,
    count: int | None,
    mac: bytes | None,
) -> bytes:
    """Send a message protected in just this way. Raises RuntimeError without a context."""
    if ue.security is None:
        raise RuntimeError("the UE has no NAS security context to protect a message with")
    octets = ue.security.protect(message, Direction.UPLINK, header_type, count=count, mac=mac)
    plain = message if isinstance(message, nas.Message) else None
    ue.send_octets(octets, plain)
    return octets


def ciphered_container(ue: Ue, message: nas.Message) -> bytes:
    """The NAS message container of an initial message that is sent next (TS 24.501, 4.4.6)."""
    security = ue.security
    if security is None:
        raise RuntimeError("the UE has no NAS security context to cipher a container with")
    count = security.counts[Direction.UPLINK]
    return security.cipher_container(message.encode(), Direction.UPLINK, count)


def status(ue: Ue, cause: int) -> None:
    """5GMM STATUS (TS 24.501, 7)."""
    send(ue, nas.build(M.FIVE_GMM_STATUS, {ie.FIVE_GMM_CAUSE: cause}))


def status_received(ue: Ue, message: nas.Message) -> None:
    """Nothing is answered to a status (TS 24.501, 5.4.6.3)."""
