"""Message types of 5GS mobility and session management (TS 24.501, 9.7)."""

from __future__ import annotations

from enum import IntEnum

# Extended protocol discriminators, TS 24.007, 11.2.3.1.1A.
EPD_5GMM = 0x7E
EPD_5GSM = 0x2E


class MessageType(IntEnum):
    """5GMM (0x41 to 0x6d) and 5GSM (0xc1 to 0xdb); the two ranges do not meet."""

    REGISTRATION_REQUEST = 0x41
    REGISTRATION_ACCEPT = 0x42
    REGISTRATION_COMPLETE = 0x43
    REGISTRATION_REJECT = 0x44
    DEREGISTRATION_REQUEST_UE_ORIGINATING = 0x45
    DEREGISTRATION_ACCEPT_UE_ORIGINATING = 0x46
    DEREGISTRATION_REQUEST_UE_TERMINATED = 0x47
    DEREGISTRATION_ACCEPT_UE_TERMINATED = 0x48
    SERVICE_REQUEST = 0x4C
    SERVICE_REJECT = 0x4D
    SERVICE_ACCEPT = 0x4E
    CONTROL_PLANE_SERVICE_REQUEST = 0x4F
    NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMMAND = 0x50
    NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE = 0x51
    NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT = 0x52
    CONFIGURATION_UPDATE_COMMAND = 0x54
    CONFIGURATION_UPDATE_COMPLETE = 0x55
    AUTHENTICATION_REQUEST = 0x56
    AUTHENTICATION_RESPONSE = 0x57
    AUTHENTICATION_REJECT = 0x58
    AUTHENTICATION_FAILURE = 0x59
    AUTHENTICATION_RESULT = 0x5A
    IDENTITY_REQUEST = 0x5B
    IDENTITY_RESPONSE = 0x5C
    SECURITY_MODE_COMMAND = 0x5D
    SECURITY_MODE_COMPLETE = 0x5E
    SECURITY_MODE_REJECT = 0x5F
    FIVE_GMM_STATUS = 0x64
    NOTIFICATION = 0x65
    NOTIFICATION_RESPONSE = 0x66
    UL_NAS_TRANSPORT = 0x67
    DL_NAS_TRANSPORT = 0x68
    RELAY_KEY_REQUEST = 0x69
    RELAY_KEY_ACCEPT = 0x6A
    RELAY_KEY_REJECT = 0x6B
    RELAY_AUTHENTICATION_REQUEST = 0x6C
    RELAY_AUTHENTICATION_RESPONSE = 0x6D
    PDU_SESSION_ESTABLISHMENT_REQUEST = 0xC1
    PDU_SESSION_ESTABLISHMENT_ACCEPT = 0xC2
    PDU_SESSION_ESTABLISHMENT_REJECT = 0xC3
    PDU_SESSION_AUTHENTICATION_COMMAND = 0xC5
    PDU_SESSION_AUTHENTICATION_COMPLETE = 0xC6
    PDU_SESSION_AUTHENTICATION_RESULT = 0xC7
    PDU_SESSION_MODIFICATION_REQUEST = 0xC9
    PDU_SESSION_MODIFICATION_REJECT = 0xCA
    PDU_SESSION_MODIFICATION_COMMAND = 0xCB
    PDU_SESSION_MODIFICATION_COMPLETE = 0xCC
    PDU_SESSION_MODIFICATION_COMMAND_REJECT = 0xCD
    PDU_SESSION_RELEASE_REQUEST = 0xD1
    PDU_SESSION_RELEASE_REJECT = 0xD2
    PDU_SESSION_RELEASE_COMMAND = 0xD3
    PDU_SESSION_RELEASE_COMPLETE = 0xD4
    FIVE_GSM_STATUS = 0xD6
    SERVICE_LEVEL_AUTHENTICATION_COMMAND = 0xD8
    SERVICE_LEVEL_AUTHENTICATION_COMPLETE = 0xD9
    REMOTE_UE_REPORT = 0xDA
    REMOTE_UE_REPORT_RESPONSE = 0xDB

    @property
    def is_session_management(self) -> bool:
        """Whether this is a 5GSM message."""
        return self >= 0xC0


class SecurityHeaderType(IntEnum):
    """Security header type of a 5GMM message (TS 24.501, 9.3)."""

    PLAIN = 0
    INTEGRITY_PROTECTED = 1
    INTEGRITY_PROTECTED_AND_CIPHERED = 2
    INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT = 3
    INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT = 4


_SPECIAL_NAMES = {
    MessageType.DEREGISTRATION_REQUEST_UE_ORIGINATING: "Deregistration request (UE originating)",
    MessageType.DEREGISTRATION_ACCEPT_UE_ORIGINATING: "Deregistration accept (UE originating)",
    MessageType.DEREGISTRATION_REQUEST_UE_TERMINATED: "Deregistration request (UE terminated)",
    MessageType.DEREGISTRATION_ACCEPT_UE_TERMINATED: "Deregistration accept (UE terminated)",
    MessageType.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMMAND: (
        "Network slice-specific authentication command"
    ),
    MessageType.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE: (
        "Network slice-specific authentication complete"
    ),
    MessageType.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT: (
        "Network slice-specific authentication result"
    ),
    MessageType.FIVE_GMM_STATUS: "5GMM status",
    MessageType.FIVE_GSM_STATUS: "5GSM status",
    MessageType.UL_NAS_TRANSPORT: "UL NAS transport",
    MessageType.DL_NAS_TRANSPORT: "DL NAS transport",
    MessageType.REMOTE_UE_REPORT: "Remote UE report",
    MessageType.REMOTE_UE_REPORT_RESPONSE: "Remote UE report response",
    MessageType.SERVICE_LEVEL_AUTHENTICATION_COMMAND: "Service-level authentication command",
    MessageType.SERVICE_LEVEL_AUTHENTICATION_COMPLETE: "Service-level authentication complete",
}


def _name(message_type: MessageType) -> str:
    special = _SPECIAL_NAMES.get(message_type)
    if special is not None:
        return special
    words = message_type.name.lower().replace("_", " ").replace("pdu ", "PDU ")
    return words if words.startswith("PDU") else words.capitalize()


NAMES: dict[int, str] = {int(message_type): _name(message_type) for message_type in MessageType}
