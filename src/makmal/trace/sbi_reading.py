"""From TCP octets to service-based messages and TLS handshakes.

What is spoken on a connection is told by its content, not by its port. That a connection belongs
to the service-based architecture is told by a resource path of TS 29.5xx, by an endpoint that has
served one before, by the server name of TS 23.003, 28, or by a port that cores use for nothing
else.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from makmal.protocol import sbi, tls
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint, HttpPayload, TcpChunk
from makmal.trace.knowledge import IpNetwork
from makmal.trace.message import SbiMessage, TlsHandshake, TlsMessage
from makmal.trace.tls_reading import Alert, ApplicationData, TlsReading
from makmal.trace.tls_secrets import TlsSecrets

# Ports that cores use for nothing but the SBI: Open5GS (7777), free5GC (29500 to 29599).
_SBI_PORTS = frozenset({7777, *range(29500, 29600)})
_SERVER_NAME = re.compile(r"\.3gppnetwork\.org$|(^|\.)5gc\.")
_SUPI = re.compile(r"(?:imsi-[0-9]{5,15})|(?:nai-[^/?]+)")
_MOST_CONNECTIONS = 20_000
_MOST_ENDPOINTS = 10_000
# Enough for any hello message.
_MOST_HANDSHAKE_OCTETS = 65_536

# What is held back of a TLS connection that may be of anything.
_MOST_HELD = 64

SbiOrTls = SbiMessage | TlsHandshake | TlsMessage


@dataclass(slots=True)
class _Tls:
    """A TLS connection. What is ``held`` waits until its services are known to be of the core."""

    reading: TlsReading
    observer: sbi.Observer | None = field(default_factory=sbi.Observer)
    frames: list[int] = field(default_factory=list)
    octets: int = 0
    server: Endpoint | None = None
    is_told: bool = False
    held: list[SbiOrTls] = field(default_factory=list)


@dataclass(slots=True)
class _Connection:
    reader: sbi.Observer | _Tls | None = None
    dismissed: bool = False
    client: Endpoint | None = None
    is_sbi: bool = False
    unanswered: OrderedDict[int, SbiMessage] = field(default_factory=OrderedDict)


class SbiReading:
    """Reads the TCP chunks of a trace, in order."""

    def __init__(
        self, secrets: TlsSecrets | None = None, networks: tuple[IpNetwork, ...] = ()
    ) -> None:
        """``networks`` are where services are known to be, whatever their ports."""
        self._secrets = secrets or TlsSecrets()
        self._networks = networks
        self._connections: OrderedDict[int, _Connection] = OrderedDict()
        self._servers: OrderedDict[Endpoint, None] = OrderedDict()

    def read(self, chunk: TcpChunk) -> list[SbiOrTls]:
        """The messages that these octets complete."""
        connection = self._connections.get(chunk.connection)
        if connection is None:
            connection = _Connection()
            self._connections[chunk.connection] = connection
            if len(self._connections) > _MOST_CONNECTIONS:
                self._connections.popitem(last=False)
        if connection.dismissed:
            if chunk.ended and not chunk.payload:
                self._connections.pop(chunk.connection, None)
            return []
        if connection.reader is None:
            if not chunk.payload:
                return []
            connection.reader = (
                _Tls(TlsReading(self._secrets))
                if tls.looks_like_tls(chunk.payload)
                else sbi.Observer()
            )
        if isinstance(connection.reader, _Tls):
            return self._read_tls(chunk, connection, connection.reader)
        observer = connection.reader
        found: list[SbiOrTls] = list(self._read_http(chunk, connection, observer))
        if observer.not_http:
            connection.dismissed, connection.reader = True, None
        return found

    def message(self, payload: HttpPayload) -> SbiMessage:
        """The message of a payload that was never made into TCP octets."""
        http = payload.message
        http.positions = (payload.frame,)
        connection = self._connections.setdefault(-1 - payload.connection, _Connection())
        operation = sbi.service_of(http.path) if http.is_request and http.path else None
        return self._message(http, operation, payload, connection)

    def is_service_connection(self, number: int) -> bool:
        """Whether the TCP connection with this number carries services."""
        connection = self._connections.get(number)
        return connection is not None and connection.is_sbi

    def _read_http(
        self, chunk: TcpChunk, connection: _Connection, observer: sbi.Observer
    ) -> list[SbiMessage]:
        messages = observer.feed(
            chunk.source,
            chunk.payload,
            lost=chunk.lost,
            position=chunk.frame,
            ended=chunk.ended,
        )
        if observer.not_http:
            return []
        found = []
        for http in messages:
            client = chunk.source if http.is_request else chunk.destination
            server = chunk.destination if http.is_request else chunk.source
            connection.client = client
            operation = sbi.service_of(http.path) if http.is_request and http.path else None
            if operation is not None:
                self._remember(server)
                connection.is_sbi = True
            if not (connection.is_sbi or server in self._servers or server.port in _SBI_PORTS):
                continue
            connection.is_sbi = True
            message = self._message(http, operation, chunk, connection)
            message.over_tls = isinstance(connection.reader, _Tls)
            found.append(message)
        return found

    def _message(
        self,
        http: sbi.HttpMessage,
        operation: sbi.SbiOperation | None,
        chunk: TcpChunk | HttpPayload,
        connection: _Connection,
    ) -> SbiMessage:
        frames = http.positions
        if len(frames) > 1:
            frames = tuple(dict.fromkeys(frames))
        message = SbiMessage(
            frames or (chunk.frame,),
            chunk.time_ns,
            chunk.source,
            chunk.destination,
            http,
            operation,
        )
        if http.is_request:
            connection.unanswered[id(http)] = message
            if len(connection.unanswered) > 1000:
                connection.unanswered.popitem(last=False)
        elif http.request is not None:
            message.request = connection.unanswered.pop(id(http.request), None)
            if message.request is not None:
                message.operation = message.request.operation
        message.supi = _supi_named(message)
        return message

    def _remember(self, server: Endpoint) -> None:
        self._servers[server] = None
        if len(self._servers) > _MOST_ENDPOINTS:
            self._servers.popitem(last=False)

    def _read_tls(self, chunk: TcpChunk, connection: _Connection, followed: _Tls) -> list[SbiOrTls]:
        reading = followed.reading
        followed.octets += len(chunk.payload)
        if not followed.is_told and followed.frames[-1:] != [chunk.frame]:
            followed.frames.append(chunk.frame)
        is_tls = True
        try:
            events = reading.feed(chunk.source, chunk.payload, chunk.lost)
        except DecodeError:
            is_tls, events = False, []
        if not is_tls and reading.client_hello is None and reading.server_hello is None:
            # Joined after the handshake: nothing of it can be read any more.
            connection.dismissed, connection.reader = True, None
            return []
        found: list[SbiOrTls] = []
        is_over = chunk.ended or not is_tls or followed.octets > _MOST_HANDSHAKE_OCTETS
        for event in events:
            client = chunk.source if chunk.source == reading.client else chunk.destination
            if isinstance(event, tls.ClientHello):
                followed.server = chunk.destination
            elif isinstance(event, tls.ServerHello):
                followed.server = chunk.source
                if not event.is_retry_request:
                    self._tell(chunk, followed, found)
            elif isinstance(event, ApplicationData):
                if followed.observer is not None:
                    plain = chunk._replace(payload=event.octets, ended=False, lost=False)
                    found += self._read_http(plain, connection, followed.observer)
            else:
                if isinstance(event, Alert):
                    self._tell(chunk, followed, found)
                hello = reading.server_hello
                found.append(
                    TlsMessage(
                        (chunk.frame,),
                        chunk.time_ns,
                        chunk.source,
                        chunk.destination,
                        chunk.source == client,
                        event,
                        None if hello is None else hello.negotiated_version,
                    )
                )
        if chunk.ended and followed.observer is not None:
            last = chunk._replace(payload=b"")
            found += self._read_http(last, connection, followed.observer)
        if followed.observer is not None and followed.observer.not_http:
            followed.observer = None
        if is_over:
            self._tell(chunk, followed, found)
        if followed.is_told and not self._can_go_on(followed):
            connection.dismissed, connection.reader = True, None
        return self._released(found, connection, followed)

    def _tell(self, chunk: TcpChunk, followed: _Tls, found: list[SbiOrTls]) -> None:
        """Say once what the two ends agreed on, or that they did not."""
        reading, server = followed.reading, followed.server
        if followed.is_told or server is None:
            return
        followed.is_told = True
        client = chunk.destination if chunk.source == server else chunk.source
        found.append(
            TlsHandshake(
                tuple(followed.frames),
                chunk.time_ns,
                client,
                server,
                reading.client_hello,
                reading.server_hello,
                reading.server_hello is not None,
            )
        )

    @staticmethod
    def _can_go_on(followed: _Tls) -> bool:
        """Whether more can be read: TLS 1.3 without its secrets is closed after the hellos."""
        hello = followed.reading.server_hello
        if followed.reading.is_done:
            return False
        return hello is None or hello.negotiated_version < 0x0304 or followed.reading.has_secrets

    def _released(
        self, found: list[SbiOrTls], connection: _Connection, followed: _Tls
    ) -> list[SbiOrTls]:
        server = followed.server
        if not connection.is_sbi:
            connection.is_sbi = server is not None and self._is_sbi_server(server, followed)
        if not connection.is_sbi:
            followed.held += found[: _MOST_HELD - len(followed.held)]
            return []
        if followed.held:
            found = followed.held + found
            followed.held = []
        return found

    def _is_sbi_server(self, server: Endpoint, followed: _Tls) -> bool:
        if server.port in _SBI_PORTS or server in self._servers:
            return True
        if self._networks:
            address = ip_address(server.address)
            if any(address in network for network in self._networks):
                return True
        hello = followed.reading.client_hello
        name = None if hello is None else hello.server_name
        return name is not None and _SERVER_NAME.search(name) is not None


def _supi_named(message: SbiMessage) -> str | None:
    """The SUPI that the resource path, the body, or the request of this response names."""
    path = message.http.path
    if path is not None:
        match = _SUPI.search(path)
        if match is not None:
            return match[0]
    # Most bodies name none, and need not be parsed to know that.
    if b"supi" in message.http.body and message.document is not None:
        value: Any = message.document.value
        if isinstance(value, dict):
            for key in ("supi", "supiOrSuci"):
                named = value.get(key)
                if isinstance(named, str) and _SUPI.fullmatch(named):
                    return named
    return None if message.request is None else message.request.supi
