"""SCTP packets and chunks (RFC 9260), decoded and built octet by octet."""

from makmal.protocol.sctp.chunk import (
    Chunk,
    ChunkType,
    CookieEcho,
    Data,
    Init,
    Parameter,
    Sack,
    Tlvs,
    Unread,
)
from makmal.protocol.sctp.packet import Packet, checksum, decode, encode

__all__ = [
    "Chunk",
    "ChunkType",
    "CookieEcho",
    "Data",
    "Init",
    "Packet",
    "Parameter",
    "Sack",
    "Tlvs",
    "Unread",
    "checksum",
    "decode",
    "encode",
]
