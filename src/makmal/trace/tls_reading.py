"""Following one TLS connection from both directions' octets: hellos, handshake, alerts, content.

Without the secrets it reads what an eavesdropper can: the hellos and, before TLS 1.3, the rest of
the handshake. With them it opens the records of TLS 1.2 and TLS 1.3.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from makmal.protocol.errors import DecodeError
from makmal.protocol.tls import (
    ClientHello,
    ContentType,
    HandshakeMessage,
    HandshakeReader,
    HandshakeType,
    Record,
    RecordReader,
    ServerHello,
    decode_hello,
)
from makmal.security.tls_protection import (
    MASTER_OCTETS,
    ProtectionError,
    RecordProtection,
    next_traffic_secret,
    protection_1_3,
    protections_1_2,
)
from makmal.trace.tls_secrets import MASTER_SECRET, TlsSecrets

_TLS_1_2, _TLS_1_3 = 0x0303, 0x0304
_HELLOS = (HandshakeType.CLIENT_HELLO, HandshakeType.SERVER_HELLO)
# Records of early data that a server refused, before its client gives up (RFC 8446, 4.2.10).
_MOST_UNOPENED = 64


class Alert(NamedTuple):
    """An alert (RFC 8446, 6); ``description`` is None for one that could not be opened."""

    level: int | None
    description: int | None


class ApplicationData(NamedTuple):
    """What a record carried, opened."""

    octets: bytes


Event = ClientHello | ServerHello | HandshakeMessage | Alert | ApplicationData


class _Direction:
    def __init__(self) -> None:
        self.records = RecordReader()
        self.handshake = HandshakeReader()
        self.protection: RecordProtection | None = None
        # Under keys that we do not have.
        self.closed = False
        self.secret = b""
        self.unopened = 0
        # Octets are missing, or are no TLS: nothing further can be read.
        self.blind = False


class TlsReading:
    """Feed it the octets of a connection, from its first on."""

    def __init__(self, secrets: TlsSecrets) -> None:
        self._secrets = secrets
        self._directions: dict[Hashable, _Direction] = {}
        self.client: Hashable | None = None
        self.client_hello: ClientHello | None = None
        self.server_hello: ServerHello | None = None

    @property
    def has_secrets(self) -> bool:
        """Whether the secrets of this connection are known."""
        return self.client_hello is not None and bool(self._secrets.of(self.client_hello.random))

    @property
    def is_done(self) -> bool:
        """Whether nothing can be read any more in either direction."""
        return len(self._directions) > 1 and all(each.blind for each in self._directions.values())

    def feed(self, source: Hashable, octets: bytes, lost: bool = False) -> list[Event]:
        """What the next octets of one direction tell. Raises DecodeError when they are no TLS;
        then nothing of that direction is read any more.
        """
        direction = self._directions.get(source)
        if direction is None:
            direction = self._directions[source] = _Direction()
        elif lost:
            direction.blind = True
        if direction.blind:
            return []
        found: list[Event] = []
        try:
            for record in direction.records.feed(octets):
                self._record(record, source, direction, found)
        except DecodeError:
            direction.blind = True
            if not found:
                raise
        return found

    def _record(
        self, record: Record, source: Hashable, direction: _Direction, found: list[Event]
    ) -> None:
        kind, _, fragment = record
        if kind == ContentType.CHANGE_CIPHER_SPEC:
            # In TLS 1.3 it means nothing (RFC 8446, 5), and may come before the ServerHello.
            if self.server_hello is not None and not self._is_1_3:
                self._change_cipher(source, direction)
            return
        if direction.protection is not None and (
            not self._is_1_3 or kind == ContentType.APPLICATION_DATA
        ):
            try:
                kind, fragment = direction.protection.open(kind, fragment)
            except ProtectionError:
                direction.unopened += 1
                if not self._is_1_3 or direction.unopened > _MOST_UNOPENED:
                    direction.blind = True
                return
        elif kind == ContentType.APPLICATION_DATA or (direction.closed and not self._is_1_3):
            if kind == ContentType.ALERT:
                found.append(Alert(None, None))
            return
        if kind == ContentType.HANDSHAKE:
            for message in direction.handshake.feed(fragment):
                self._message(message, source, direction, found)
        elif kind == ContentType.ALERT and len(fragment) == 2:
            found.append(Alert(fragment[0], fragment[1]))
        elif kind == ContentType.APPLICATION_DATA:
            found.append(ApplicationData(fragment))

    def _message(
        self,
        message: HandshakeMessage,
        source: Hashable,
        direction: _Direction,
        found: list[Event],
    ) -> None:
        if message.kind in _HELLOS:
            header = bytes((message.kind,)) + len(message.body).to_bytes(3, "big")
            hello = decode_hello(header + message.body)
            found.append(hello)
            if isinstance(hello, ClientHello):
                self.client, self.client_hello = source, hello
            elif not hello.is_retry_request:
                self.server_hello = hello
                if hello.negotiated_version == _TLS_1_3:
                    self._use_handshake_secrets(source)
            return
        found.append(message)
        if self._is_1_3 and direction.protection is not None:
            if message.kind == HandshakeType.FINISHED:
                self._use(direction, self._label(source, "TRAFFIC_SECRET_0"))
            elif message.kind == HandshakeType.KEY_UPDATE and self.server_hello is not None:
                suite = self.server_hello.cipher_suite
                direction.secret = next_traffic_secret(suite, direction.secret)
                direction.protection = protection_1_3(suite, direction.secret)

    @property
    def _is_1_3(self) -> bool:
        hello = self.server_hello
        return hello is not None and hello.negotiated_version == _TLS_1_3

    @property
    def _known(self) -> Mapping[str, bytes]:
        return {} if self.client_hello is None else self._secrets.of(self.client_hello.random)

    def _label(self, source: Hashable, name: str) -> str:
        return f"{'CLIENT' if source == self.client else 'SERVER'}_{name}"

    def _use_handshake_secrets(self, server: Hashable) -> None:
        self._use(self._directions[server], "SERVER_HANDSHAKE_TRAFFIC_SECRET")
        if self.client in self._directions:
            self._use(self._directions[self.client], "CLIENT_HANDSHAKE_TRAFFIC_SECRET")

    def _use(self, direction: _Direction, label: str) -> None:
        hello, secret = self.server_hello, self._known.get(label)
        direction.protection, direction.closed = None, True
        if hello is not None and secret is not None:
            direction.secret = secret
            direction.protection = protection_1_3(hello.cipher_suite, secret)
            direction.closed = direction.protection is None

    def _change_cipher(self, source: Hashable, direction: _Direction) -> None:
        """TLS 1.2: what follows in this direction is protected (RFC 5246, 7.1)."""
        client, server = self.client_hello, self.server_hello
        master = self._known.get(MASTER_SECRET, b"")
        direction.protection, direction.closed = None, True
        if client is None or server is None or len(master) != MASTER_OCTETS:
            return
        if server.negotiated_version != _TLS_1_2:
            return
        both = protections_1_2(
            server.cipher_suite, master, client.random, server.random, server.encrypts_then_macs
        )
        if both is not None:
            direction.protection = both[0 if source == self.client else 1]
            direction.closed = False
