"""The hello messages of a TLS handshake, in the octets of one direction of a connection."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError
from makmal.protocol.tls.cipher_suites import cipher_suite_name, is_suite_allowed, version_name

_HANDSHAKE_RECORD = 22
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_SERVER_NAME, _ALPN, _ENCRYPT_THEN_MAC, _SUPPORTED_VERSIONS = 0, 16, 22, 43
_RETRY_REQUEST = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_LARGEST_RECORD = (1 << 14) + 2048


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offers. ``extensions`` are (type, content), unread ones too."""

    legacy_version: int
    cipher_suites: tuple[int, ...]
    extensions: tuple[tuple[int, bytes], ...]
    random: bytes = b""

    @property
    def server_name(self) -> str | None:
        """The host name that the client asks for (RFC 6066, 3)."""
        content = _extension(self.extensions, _SERVER_NAME)
        if content is None or len(content) < 5 or content[2] != 0:
            return None
        length = int.from_bytes(content[3:5], "big")
        return content[5 : 5 + length].decode("ascii", "replace")

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions offered (RFC 8446, 4.2.1), the client's order."""
        content = _extension(self.extensions, _SUPPORTED_VERSIONS)
        if content is None:
            return (self.legacy_version,)
        return tuple(
            int.from_bytes(content[at : at + 2], "big") for at in range(1, len(content) - 1, 2)
        )

    @property
    def application_protocols(self) -> tuple[str, ...]:
        """The protocols offered (RFC 7301)."""
        content = _extension(self.extensions, _ALPN)
        return () if content is None else _protocols(content)


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    legacy_version: int
    cipher_suite: int
    extensions: tuple[tuple[int, bytes], ...]
    random: bytes = b""

    @property
    def negotiated_version(self) -> int:
        """The version of the connection (RFC 8446, 4.2.1): 0x0303 is TLS 1.2, 0x0304 TLS 1.3."""
        content = _extension(self.extensions, _SUPPORTED_VERSIONS)
        if content is None or len(content) != 2:
            return self.legacy_version
        return int.from_bytes(content, "big")

    @property
    def is_retry_request(self) -> bool:
        """Whether it only asks for another ClientHello (RFC 8446, 4.1.4)."""
        return self.random == _RETRY_REQUEST

    @property
    def encrypts_then_macs(self) -> bool:
        """Whether MACs are over the ciphertext (RFC 7366)."""
        return _extension(self.extensions, _ENCRYPT_THEN_MAC) is not None

    @property
    def version_name(self) -> str:
        """``TLS 1.3``."""
        return version_name(self.negotiated_version)

    @property
    def cipher_suite_name(self) -> str:
        """The IANA name of the suite."""
        return cipher_suite_name(self.cipher_suite)

    @property
    def is_suite_allowed(self) -> bool:
        """Whether TS 33.210, 6.2.3 allows the suite."""
        return is_suite_allowed(self.cipher_suite)


def looks_like_tls(octets: bytes) -> bool:
    """Whether octets begin a handshake record of TLS 1.0 to 1.3 or SSL 3.0."""
    return (
        len(octets) >= 3
        and octets[0] == _HANDSHAKE_RECORD
        and octets[1] == 3
        and octets[2] <= 4
        and (len(octets) < 6 or octets[5] in (_CLIENT_HELLO, _SERVER_HELLO))
    )


def read_hello(octets: bytes) -> ClientHello | ServerHello | None:
    """The hello message that the octets of one direction begin with; None when more are needed.

    Raises DecodeError when they begin with anything else.
    """
    handshake = bytearray()
    position = 0
    while True:
        if len(handshake) >= 4:
            end = 4 + int.from_bytes(handshake[1:4], "big")
            if handshake[0] not in (_CLIENT_HELLO, _SERVER_HELLO):
                raise DecodeError("TLS", position, f"handshake message {handshake[0]}, no hello")
            if len(handshake) >= end:
                return decode_hello(bytes(handshake[:end]))
        if len(octets) - position < 5:
            return None
        if octets[position] != _HANDSHAKE_RECORD or octets[position + 1] != 3:
            raise DecodeError("TLS", position, "no handshake record")
        length = int.from_bytes(octets[position + 3 : position + 5], "big")
        if not 0 < length <= _LARGEST_RECORD:
            raise DecodeError("TLS", position + 3, f"a record of {length} octets")
        if len(octets) < position + 5 + length:
            # The version and kind can be told, but not yet the whole.
            return None
        handshake += octets[position + 5 : position + 5 + length]
        position += 5 + length


class _Cursor:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.position = octets, 4

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.octets):
            raise DecodeError("TLS", self.position, f"{count} octets are cut off")
        taken = self.octets[self.position : end]
        self.position = end
        return taken

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets), "big")

    def vector(self, length_octets: int) -> bytes:
        return self.take(self.number(length_octets))


def decode_hello(handshake: bytes) -> ClientHello | ServerHello:
    """A hello message, with the header of its handshake message. Raises DecodeError."""
    cursor = _Cursor(handshake)
    version = cursor.number(2)
    random = cursor.take(32)
    cursor.vector(1)
    if handshake[0] == _CLIENT_HELLO:
        suites = cursor.vector(2)
        cursor.vector(1)
        return ClientHello(
            version,
            tuple(
                int.from_bytes(suites[at : at + 2], "big") for at in range(0, len(suites) - 1, 2)
            ),
            _extensions(cursor),
            random,
        )
    suite = cursor.number(2)
    cursor.take(1)
    extensions = _extensions(cursor)
    return ServerHello(version, suite, extensions, random)


def _extensions(cursor: _Cursor) -> tuple[tuple[int, bytes], ...]:
    if cursor.position == len(cursor.octets):
        return ()
    end = cursor.number(2) + cursor.position
    if end > len(cursor.octets):
        raise DecodeError("TLS", cursor.position, "the extensions are cut off")
    found = []
    while cursor.position < end:
        kind = cursor.number(2)
        found.append((kind, cursor.vector(2)))
    return tuple(found)


def _extension(extensions: tuple[tuple[int, bytes], ...], wanted: int) -> bytes | None:
    for kind, content in extensions:
        if kind == wanted:
            return content
    return None


def _protocols(content: bytes) -> tuple[str, ...]:
    found = []
    position = 2
    while position < len(content):
        length = content[position]
        found.append(content[position + 1 : position + 1 + length].decode("ascii", "replace"))
        position += 1 + length
    return tuple(found)
