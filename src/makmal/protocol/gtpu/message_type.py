"""The GTP-U message types (TS 29.281, 6.1)."""

from __future__ import annotations

from enum import IntEnum


class MessageType(IntEnum):
    """Message types of TS 29.281, Table 6.1-1."""

    ECHO_REQUEST = 1
    ECHO_RESPONSE = 2
    ERROR_INDICATION = 26
    SUPPORTED_EXTENSION_HEADERS_NOTIFICATION = 31
    TUNNEL_STATUS = 253
    END_MARKER = 254
    G_PDU = 255


MESSAGE_TYPES: dict[int, MessageType] = {member.value: member for member in MessageType}

_NAMES: dict[int, str] = {
    MessageType.ECHO_REQUEST: "Echo Request",
    MessageType.ECHO_RESPONSE: "Echo Response",
    MessageType.ERROR_INDICATION: "Error Indication",
    MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: (
        "Supported Extension Headers Notification"
    ),
    MessageType.TUNNEL_STATUS: "Tunnel Status",
    MessageType.END_MARKER: "End Marker",
    MessageType.G_PDU: "G-PDU",
}


def message_name(message_type: int) -> str:
    """The name as TS 29.281 spells it ("G-PDU", which Wireshark calls T-PDU)."""
    return _NAMES.get(message_type) or f"GTP-U message type {message_type}"
