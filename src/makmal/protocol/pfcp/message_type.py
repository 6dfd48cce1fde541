"""The PFCP message types (TS 29.244, 7.3)."""

from __future__ import annotations

from enum import IntEnum


class MessageType(IntEnum):
    """Message types of TS 29.244, Table 7.3-1."""

    HEARTBEAT_REQUEST = 1
    HEARTBEAT_RESPONSE = 2
    PFD_MANAGEMENT_REQUEST = 3
    PFD_MANAGEMENT_RESPONSE = 4
    ASSOCIATION_SETUP_REQUEST = 5
    ASSOCIATION_SETUP_RESPONSE = 6
    ASSOCIATION_UPDATE_REQUEST = 7
    ASSOCIATION_UPDATE_RESPONSE = 8
    ASSOCIATION_RELEASE_REQUEST = 9
    ASSOCIATION_RELEASE_RESPONSE = 10
    VERSION_NOT_SUPPORTED_RESPONSE = 11
    NODE_REPORT_REQUEST = 12
    NODE_REPORT_RESPONSE = 13
    SESSION_SET_DELETION_REQUEST = 14
    SESSION_SET_DELETION_RESPONSE = 15
    SESSION_SET_MODIFICATION_REQUEST = 16
    SESSION_SET_MODIFICATION_RESPONSE = 17
    SESSION_ESTABLISHMENT_REQUEST = 50
    SESSION_ESTABLISHMENT_RESPONSE = 51
    SESSION_MODIFICATION_REQUEST = 52
    SESSION_MODIFICATION_RESPONSE = 53
    SESSION_DELETION_REQUEST = 54
    SESSION_DELETION_RESPONSE = 55
    SESSION_REPORT_REQUEST = 56
    SESSION_REPORT_RESPONSE = 57


MESSAGE_TYPES: dict[int, MessageType] = {member.value: member for member in MessageType}

REQUESTS = frozenset(member for member in MessageType if member.name.endswith("_REQUEST"))


def _spelled(member: MessageType) -> str:
    words = (word if word == "PFD" else word.capitalize() for word in member.name.split("_"))
    return "PFCP " + " ".join(words)


MESSAGE_NAMES: dict[int, str] = {member.value: _spelled(member) for member in MessageType}


def message_name(message_type: int) -> str:
    """The name as TS 29.244 and Wireshark spell it ("PFCP Heartbeat Request")."""
    return MESSAGE_NAMES.get(message_type) or f"PFCP message type {message_type}"
