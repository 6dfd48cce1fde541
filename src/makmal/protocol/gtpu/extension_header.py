"""The extension headers of GTP-U (TS 29.281, 5.2) and what their contents say."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.gtpu.pdu_session import (
    DlPduSessionInformation,
    UlPduSessionInformation,
    decode_pdu_session_container,
    encode_pdu_session_container,
)


class ExtensionHeaderType(IntEnum):
    """Extension header types of TS 29.281, Figure 5.2.1-3.

    A Long PDCP PDU Number has two types: 3 may be ignored by a receiver, 130 may not.
    """

    LONG_PDCP_PDU_NUMBER = 0x03
    SERVICE_CLASS_INDICATOR = 0x20
    UDP_PORT = 0x40
    RAN_CONTAINER = 0x81
    LONG_PDCP_PDU_NUMBER_REQUIRED = 0x82
    XW_RAN_CONTAINER = 0x83
    NR_RAN_CONTAINER = 0x84
    PDU_SESSION_CONTAINER = 0x85
    PDCP_PDU_NUMBER = 0xC0


EXTENSION_HEADER_TYPES: dict[int, ExtensionHeaderType] = {
    member.value: member for member in ExtensionHeaderType
}

_NAMES: dict[int, str] = {
    ExtensionHeaderType.LONG_PDCP_PDU_NUMBER: "Long PDCP PDU Number",
    ExtensionHeaderType.SERVICE_CLASS_INDICATOR: "Service Class Indicator",
    ExtensionHeaderType.UDP_PORT: "UDP Port",
    ExtensionHeaderType.RAN_CONTAINER: "RAN Container",
    ExtensionHeaderType.LONG_PDCP_PDU_NUMBER_REQUIRED: "Long PDCP PDU Number",
    ExtensionHeaderType.XW_RAN_CONTAINER: "Xw RAN Container",
    ExtensionHeaderType.NR_RAN_CONTAINER: "NR RAN Container",
    ExtensionHeaderType.PDU_SESSION_CONTAINER: "PDU Session Container",
    ExtensionHeaderType.PDCP_PDU_NUMBER: "PDCP PDU Number",
}


def extension_header_name(header_type: int) -> str:
    """The extension header's name in TS 29.281, 5.2.1."""
    return _NAMES.get(header_type) or f"Extension header {header_type}"


def decode_extension_header(header_type: int, content: bytes) -> Any:
    """What an extension header says: a number, PDU session information, else its octets.

    Raises DecodeError for a content that is shorter than its type needs.
    """
    if header_type == ExtensionHeaderType.PDU_SESSION_CONTAINER:
        return decode_pdu_session_container(content)
    if header_type in (
        ExtensionHeaderType.LONG_PDCP_PDU_NUMBER,
        ExtensionHeaderType.LONG_PDCP_PDU_NUMBER_REQUIRED,
    ):
        return _number(content, 3, header_type) & 0x3FFFF
    if header_type == ExtensionHeaderType.SERVICE_CLASS_INDICATOR:
        return _number(content, 1, header_type)
    if header_type in (ExtensionHeaderType.UDP_PORT, ExtensionHeaderType.PDCP_PDU_NUMBER):
        return _number(content, 2, header_type)
    return content


def _number(content: bytes, octets: int, header_type: int) -> int:
    if len(content) < octets:
        reason = f"{extension_header_name(header_type)} of {len(content)} octets"
        raise DecodeError("GTP-U", 0, reason)
    return int.from_bytes(content[:octets], "big")


def encode_extension_header(header_type: int, value: Any) -> bytes:
    """The content of an extension header from what ``decode_extension_header`` gives.

    Octets are taken as they are. Raises EncodeError, also for a content that does not fill its
    units of four octets together with length and next type (5.2.1).
    """
    name = extension_header_name(header_type)
    if isinstance(value, DlPduSessionInformation | UlPduSessionInformation):
        content = encode_pdu_session_container(value)
    elif isinstance(value, bytes):
        content = value
    elif isinstance(value, int):
        content = _number_octets(header_type, value, name)
    else:
        raise EncodeError("GTP-U", name, f"{type(value).__name__} has no form here")
    if (len(content) + 2) % 4 or not 2 <= len(content) <= 255 * 4 - 2:
        raise EncodeError("GTP-U", name, f"{len(content)} octets are not 2, 6, ... or 1018")
    return content


def _number_octets(header_type: int, value: int, name: str) -> bytes:
    try:
        if header_type in (
            ExtensionHeaderType.LONG_PDCP_PDU_NUMBER,
            ExtensionHeaderType.LONG_PDCP_PDU_NUMBER_REQUIRED,
        ):
            if value >> 18:
                raise OverflowError
            return value.to_bytes(3, "big") + bytes(3)
        if header_type == ExtensionHeaderType.SERVICE_CLASS_INDICATOR:
            return value.to_bytes(1, "big") + b"\0"
        return value.to_bytes(2, "big")
    except OverflowError:
        raise EncodeError("GTP-U", name, f"{value} does not fit") from None
