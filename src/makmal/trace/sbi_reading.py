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
from typing import Any

from makmal.protocol import sbi, tls
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint, HttpPayload, TcpChunk
from makmal.trace.message import SbiMessage, TlsHandshake

# Ports that cores use for nothing but the SBI: Open5GS (7777), free5GC (29500 to 29599).
_SBI_PORTS = frozenset({7777, *range(29500, 29600)})
_SERVER_NAME = re.compile(r"\.3gppnetwork\.org$|(^|\.)5gc\.")
_SUPI = re.compile(r"(?:imsi-[0-9]{5,15})|(?:nai-[^/?]+)")
_MOST_CONNECTIONS = 20_000
_MOST_ENDPOINTS = 10_000
# Enough for any hello message; a TLS connection is not followed further.
_MOST_HANDSHAKE_OCTETS = 65_536

SbiOrTls = SbiMessage | TlsHandshake


@dataclass(slots=True)
class _Handshake:
    """The first octets of both directions of a TLS connection."""

    octets: dict[Endpoint, bytearray] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    client: Endpoint | None = None
    server: Endpoint | None = None
    client_hello: tls.ClientHello | None = None
    server_hello: tls.ServerHello | None = None


@dataclass(slots=True)
class _Connection:
    reader: sbi.Observer | _Handshake | None = None
    dismissed: bool = False
    client: Endpoint | None = None
    is_sbi: bool = False
    unanswered: OrderedDict[int, SbiMessage] = field(default_factory=OrderedDict)


class SbiReading:
    """Reads the TCP chunks of a trace, in order."""

    def __init__(self) -> None:
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
                _Handshake() if tls.looks_like_tls(chunk.payload) else sbi.Observer()
            )
        if isinstance(connection.reader, _Handshake):
            found: list[SbiOrTls] = self._read_tls(chunk, connection, connection.reader)
        else:
            found = list(self._read_http(chunk, connection, connection.reader))
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
            connection.dismissed, connection.reader = True, None
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
            found.append(self._message(http, operation, chunk, connection))
        return found

    def _message(
        self,
        http: sbi.HttpMessage,
        operation: sbi.SbiOperation | None,
        chunk: TcpChunk | HttpPayload,
        connection: _Connection,
    ) -> SbiMessage:
        frames = tuple(dict.fromkeys(int(position) for position in http.positions))
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

    def _read_tls(
        self, chunk: TcpChunk, connection: _Connection, handshake: _Handshake
    ) -> list[SbiOrTls]:
        octets = handshake.octets.setdefault(chunk.source, bytearray())
        octets += chunk.payload
        if not handshake.frames or handshake.frames[-1] != chunk.frame:
            handshake.frames.append(chunk.frame)
        try:
            hello = tls.read_hello(bytes(octets))
        except DecodeError:
            # Joined after the handshake: nothing of it can be read any more.
            connection.dismissed, connection.reader = True, None
            return []
        if isinstance(hello, tls.ClientHello):
            handshake.client_hello = hello
            handshake.client, handshake.server = chunk.source, chunk.destination
        elif isinstance(hello, tls.ServerHello):
            handshake.server_hello = hello
            handshake.client, handshake.server = chunk.destination, chunk.source
        finished = (
            handshake.server_hello is not None
            or chunk.ended
            or len(octets) > _MOST_HANDSHAKE_OCTETS
        )
        if not finished:
            return []
        connection.dismissed, connection.reader = True, None
        client, server = handshake.client, handshake.server
        if client is None or server is None or not self._is_sbi_server(server, handshake):
            return []
        return [
            TlsHandshake(
                tuple(handshake.frames),
                chunk.time_ns,
                client,
                server,
                handshake.client_hello,
                handshake.server_hello,
                handshake.server_hello is not None,
            )
        ]

    def _is_sbi_server(self, server: Endpoint, handshake: _Handshake) -> bool:
        if server.port in _SBI_PORTS or server in self._servers:
            return True
        hello = handshake.client_hello
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
