"""GTP-U, the tunnels of user data on N3 and N9 (TS 29.281 and TS 38.415, Release 17).

``decode`` reads a message, ``peek`` tells the tunnel of one at little cost, ``build`` makes one;
``ie`` holds the typed keys of the elements of signalling messages.
"""

from __future__ import annotations

from makmal.protocol.gtpu import ie
from makmal.protocol.gtpu.extension_header import (
    ExtensionHeaderType,
    decode_extension_header,
    encode_extension_header,
    extension_header_name,
)
from makmal.protocol.gtpu.ie import PrivateExtension, TunnelStatus
from makmal.protocol.gtpu.message import Message, build, decode, peek
from makmal.protocol.gtpu.message_type import MessageType, message_name
from makmal.protocol.gtpu.pdu_session import (
    DlPduSessionInformation,
    PduSessionInformation,
    UlPduSessionInformation,
    decode_pdu_session_container,
    encode_pdu_session_container,
)

# The port of requests and G-PDUs (TS 29.281, 4.4.2).
PORT = 2152

__all__ = [
    "PORT",
    "DlPduSessionInformation",
    "ExtensionHeaderType",
    "Message",
    "MessageType",
    "PduSessionInformation",
    "PrivateExtension",
    "TunnelStatus",
    "UlPduSessionInformation",
    "build",
    "decode",
    "decode_extension_header",
    "decode_pdu_session_container",
    "encode_extension_header",
    "encode_pdu_session_container",
    "extension_header_name",
    "ie",
    "message_name",
    "peek",
]
