"""Records of TLS, and the handshake messages and alerts in them (RFC 8446, 5.1; RFC 5246, 6.2)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from makmal.protocol.errors import DecodeError

HEADER_OCTETS = 5
LARGEST_FRAGMENT = (1 << 14) + 2048
_LARGEST_HANDSHAKE = 1 << 18


class ContentType(IntEnum):
    """What a record carries (RFC 8446, B.1)."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23
    HEARTBEAT = 24


class HandshakeType(IntEnum):
    """Handshake messages (RFC 8446, B.3; RFC 5246, 7.4)."""

    HELLO_REQUEST = 0
    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    NEW_SESSION_TICKET = 4
    END_OF_EARLY_DATA = 5
    ENCRYPTED_EXTENSIONS = 8
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14
    CERTIFICATE_VERIFY = 15
    CLIENT_KEY_EXCHANGE = 16
    FINISHED = 20
    CERTIFICATE_STATUS = 22
    KEY_UPDATE = 24


_ALERTS = {
    0: "close notify", 10: "unexpected message", 20: "bad record MAC", 21: "decryption failed",
    22: "record overflow", 30: "decompression failure", 40: "handshake failure",
    41: "no certificate", 42: "bad certificate", 43: "unsupported certificate",
    44: "certificate revoked", 45: "certificate expired", 46: "certificate unknown",
    47: "illegal parameter", 48: "unknown CA", 49: "access denied", 50: "decode error",
    51: "decrypt error", 60: "export restriction", 70: "protocol version",
    71: "insufficient security", 80: "internal error", 86: "inappropriate fallback",
    90: "user canceled", 100: "no renegotiation", 109: "missing extension",
    110: "unsupported extension", 112: "unrecognized name",
    113: "bad certificate status response", 115: "unknown PSK identity",
    116: "certificate required", 120: "no application protocol",
}  # fmt: skip


class Record(NamedTuple):
    """One record: what its header says, and the fragment, protected or not."""

    content_type: int
    version: int
    fragment: bytes


class HandshakeMessage(NamedTuple):
    """One handshake message. ``body`` is without the four octets of its header."""

    kind: int
    body: bytes

    @property
    def name(self) -> str:
        """``Certificate request``."""
        try:
            return HandshakeType(self.kind).name.replace("_", " ").capitalize()
        except ValueError:
            return f"Handshake message {self.kind}"


class RecordReader:
    """Feed it the octets of one direction; it gives the whole records."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Octets of a record that is not whole yet."""
        return len(self._buffer)

    def feed(self, octets: bytes) -> list[Record]:
        """The records that these octets complete. Raises DecodeError for what are none."""
        buffer = self._buffer
        buffer += octets
        found = []
        position = 0
        while len(buffer) - position >= HEADER_OCTETS:
            kind, version = buffer[position], int.from_bytes(buffer[position + 1 : position + 3])
            length = int.from_bytes(buffer[position + 3 : position + 5])
            if not 20 <= kind <= 24 or version >> 8 != 3 or length > LARGEST_FRAGMENT:
                raise DecodeError("TLS", position, "no record")
            end = position + HEADER_OCTETS + length
            if end > len(buffer):
                break
            found.append(Record(kind, version, bytes(buffer[position + HEADER_OCTETS : end])))
            position = end
        del buffer[:position]
        return found


class HandshakeReader:
    """Feed it the handshake fragments of one direction; it gives the whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, fragment: bytes) -> list[HandshakeMessage]:
        """The messages that this fragment completes. Raises DecodeError for what are none."""
        buffer = self._buffer
        buffer += fragment
        found = []
        while len(buffer) >= 4:
            length = int.from_bytes(buffer[1:4])
            if length > _LARGEST_HANDSHAKE:
                raise DecodeError("TLS", 1, f"a handshake message of {length} octets")
            if len(buffer) < 4 + length:
                break
            found.append(HandshakeMessage(buffer[0], bytes(buffer[4 : 4 + length])))
            del buffer[: 4 + length]
        return found


def certificates_of(body: bytes, version: int) -> tuple[bytes, ...]:
    """The certificates (DER) of a Certificate message, the sender's own first (RFC 8446, 4.4.2;
    RFC 5246, 7.4.2). Raises DecodeError.
    """
    is_1_3 = version >= 0x0304
    position = 0
    if is_1_3:
        position = 1 + _number(body, 0, 1)
    end = position + 3 + _number(body, position, 3)
    position += 3
    if end > len(body):
        raise DecodeError("TLS", min(position, len(body)), "the certificates are cut off")
    found = []
    while position < end:
        length = _number(body, position, 3)
        position += 3
        if position + length > end:
            raise DecodeError("TLS", min(position, len(body)), "a certificate is cut off")
        found.append(body[position : position + length])
        position += length
        if is_1_3:
            position += 2 + _number(body, position, 2)
    return tuple(found)


def alert_name(description: int) -> str:
    """``handshake failure`` for 40 (RFC 8446, 6)."""
    return _ALERTS.get(description, f"alert {description}")


def _number(octets: bytes, position: int, size: int) -> int:
    if position + size > len(octets):
        raise DecodeError("TLS", min(position, len(octets)), f"{size} octets are cut off")
    return int.from_bytes(octets[position : position + size])
