"""The 5GSM messages of the UE, and the transport that brings them (TS 24.501, 8.2.10 and 8.3)."""

from __future__ import annotations

from typing import Any

from makmal.network import slices
from makmal.protocol import nas
from makmal.protocol.nas import ie

M = nas.MessageType
# Payload container type and request type (TS 24.501, 9.11.3.40 and 9.11.3.47).
N1_SM_INFORMATION = 1
INITIAL_REQUEST, EXISTING_SESSION, EMERGENCY_REQUEST, MODIFICATION_REQUEST = 1, 2, 3, 5
# 9.11.4.7: full data rate for user plane integrity protection, both ways.
_FULL_DATA_RATE = 0xFFFF
_SSC_MODE_1 = 1


def session_message(
    message_type: M, identity: int, transaction: int, elements: dict[Any, Any] | None = None
) -> nas.Message:
    """A 5GSM message."""
    return nas.build(
        message_type,
        elements,
        pdu_session_id=identity,
        procedure_transaction_identity=transaction,
    )


def establishment_request(identity: int, transaction: int, session_type: int) -> nas.Message:
    """PDU SESSION ESTABLISHMENT REQUEST (8.3.1)."""
    return session_message(
        M.PDU_SESSION_ESTABLISHMENT_REQUEST,
        identity,
        transaction,
        {
            ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE: _FULL_DATA_RATE,
            ie.PDU_SESSION_TYPE: session_type,
            ie.SSC_MODE: _SSC_MODE_1,
        },
    )


def transport(
    content: nas.Message,
    identity: int,
    request_type: int | None = None,
    dnn: str | None = None,
    s_nssai: slices.Slice | None = None,
) -> nas.Message:
    """UL NAS TRANSPORT around a 5GSM message (5.4.5.2.2)."""
    elements: dict[Any, Any] = {
        ie.PAYLOAD_CONTAINER_TYPE: N1_SM_INFORMATION,
        ie.PAYLOAD_CONTAINER: content.encode(),
        ie.PDU_SESSION_ID: identity,
    }
    if request_type is not None:
        elements[ie.REQUEST_TYPE] = request_type
    if s_nssai is not None:
        elements[ie.S_NSSAI] = slices.to_nas((s_nssai,))[0]
    if dnn is not None:
        elements[ie.DNN] = dnn
    return nas.build(M.UL_NAS_TRANSPORT, elements)
