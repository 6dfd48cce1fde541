"""From frames to what applications and devices say: connections, TLS, HTTP, MQTT, plain octets.

TLS is opened with the secrets that the trace carries; what was in it is marked as protected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from makmal.protocol import mqtt, sbi, tls
from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import decode as decode_mqtt
from makmal.protocol.sbi import http1, http2
from makmal.trace.frame import Endpoint, Frame, TcpChunk
from makmal.trace.knowledge import Knowledge
from makmal.trace.link import ip_offset
from makmal.trace.message import (
    ApplicationMessage,
    ConnectionAttempt,
    ConnectionEnd,
    Message,
    MqttMessage,
    OpenOctets,
    Step,
    TlsConnection,
)
from makmal.trace.tls_reading import Alert, ApplicationData, Event, TlsReading
from makmal.trace.tls_secrets import TlsSecrets
from makmal.trace.transport import Reassembler

_TCP, _SYN, _RST, _ACK = 6, 0x02, 0x04, 0x10
_OPEN, _REFUSED, _SILENT = "open", "refused", "no answer"


@dataclass(slots=True)
class _Conversation:
    """One connection. ``kind`` is what is spoken on it (in TLS, if it is opened), as soon as that
    can be told.
    """

    client: Endpoint
    kind: str = ""
    octets: dict[bool, bytearray] = field(default_factory=dict)
    observer: sbi.Observer | None = None
    unanswered: dict[int, ApplicationMessage] = field(default_factory=dict)
    tls: TlsReading | None = None
    handshake: TlsConnection | None = None
    told: bool = False
    ended: bool = False


class ApplicationDissector:
    """Feed it the frames of a trace in order; it gives their messages. ``secrets`` are those of the
    file, which may come while it is read.
    """

    def __init__(
        self, knowledge: Knowledge | None = None, secrets: Sequence[tuple[int, bytes]] = ()
    ) -> None:
        self._secrets = TlsSecrets("" if knowledge is None else knowledge.tls_key_log, secrets)
        self._reassembler = Reassembler()
        self._conversations: dict[int, _Conversation] = {}
        # Who opened the connection between two ends.
        self._clients: dict[frozenset[Endpoint], Endpoint] = {}
        self._attempts: dict[tuple[Endpoint, Endpoint], ConnectionAttempt] = {}

    def feed(self, frame: Frame) -> list[Message]:
        """The messages that this frame completes, after the step that it begins."""
        found: list[Message] = []
        if frame.comment:
            found += self._silent()
            found.append(Step(frame.number, frame.time_ns, frame.comment))
        self._handshake(frame, found)
        for each in self._reassembler.feed(frame):
            if isinstance(each, TcpChunk):
                self._chunk(each, found)
        return found

    def finish(self) -> list[Message]:
        """What was still held back when the trace ended."""
        found: list[Message] = []
        for each in self._reassembler.flush():
            if isinstance(each, TcpChunk):
                self._chunk(each, found)
        for conversation in self._conversations.values():
            _tell(conversation, found)
        return found + self._silent()

    # Connections.

    def _handshake(self, frame: Frame, found: list[Message]) -> None:
        segment = _tcp_segment(frame)
        if segment is None:
            return
        source, destination, flags = segment
        if flags & _SYN and not flags & _ACK:
            self._attempts[source, destination] = ConnectionAttempt(
                (frame.number,), frame.time_ns, source, destination, _SILENT
            )
        elif flags & (_SYN | _RST):
            attempt = self._attempts.pop((destination, source), None)
            if attempt is not None:
                attempt.frames += (frame.number,)
                attempt.outcome = _REFUSED if flags & _RST else _OPEN
                self._clients[frozenset((source, destination))] = destination
                found.append(attempt)

    def _silent(self) -> list[Message]:
        found: list[Message] = list(self._attempts.values())
        self._attempts.clear()
        return found

    # What is spoken.

    def _chunk(self, chunk: TcpChunk, found: list[Message]) -> None:
        conversation = self._conversations.get(chunk.connection)
        ends = chunk.source, chunk.destination
        if conversation is None:
            if not chunk.payload and not chunk.ended:
                return
            client = ends[1] if self._clients.get(frozenset(ends)) == ends[1] else ends[0]
            conversation = self._conversations[chunk.connection] = _Conversation(client)
            if tls.looks_like_tls(chunk.payload) and chunk.source == client:
                conversation.tls = TlsReading(self._secrets)
        from_client = chunk.source == conversation.client
        if conversation.tls is not None:
            self._tls(chunk, conversation, conversation.tls, from_client, found)
        elif chunk.payload or chunk.ended:
            self._spoken(chunk, chunk.payload, conversation, from_client, found)
        if chunk.ended and not conversation.ended:
            conversation.ended = True
            _tell(conversation, found)
            protected = conversation.tls is not None
            found.append(
                ConnectionEnd(
                    (chunk.frame,), chunk.time_ns, *ends, chunk.connection, protected, from_client
                )
            )

    def _spoken(
        self,
        chunk: TcpChunk,
        octets: bytes,
        conversation: _Conversation,
        from_client: bool,
        found: list[Message],
    ) -> None:
        """What was said in clear, or in TLS that could be opened."""
        if not conversation.kind and octets:
            conversation.kind = _kind(octets)
            if conversation.kind == "http":
                conversation.observer = sbi.Observer()
        if conversation.kind == "http":
            _http(chunk, octets, conversation, found)
        elif conversation.kind == "mqtt":
            conversation.octets.setdefault(from_client, bytearray()).extend(octets)
            _mqtt(chunk, conversation, from_client, found)
        elif octets and conversation.tls is None:
            ends = chunk.source, chunk.destination
            found.append(
                OpenOctets(
                    (chunk.frame,), chunk.time_ns, *ends, octets, chunk.connection, from_client
                )
            )

    def _tls(
        self,
        chunk: TcpChunk,
        conversation: _Conversation,
        reading: TlsReading,
        from_client: bool,
        found: list[Message],
    ) -> None:
        try:
            events: list[Event] = reading.feed(chunk.source, chunk.payload, chunk.lost)
        except DecodeError:
            events = []
            if conversation.handshake is not None and not conversation.told:
                conversation.handshake.is_tls = False
                conversation.handshake.frames += (chunk.frame,)
                _tell(conversation, found)
        for event in events:
            if isinstance(event, ApplicationData):
                _tell(conversation, found)
                self._spoken(chunk, event.octets, conversation, from_client, found)
            else:
                _shake(chunk, event, conversation, from_client, found)
        if chunk.ended and conversation.observer is not None:
            self._spoken(chunk, b"", conversation, from_client, found)


def _shake(
    chunk: TcpChunk,
    event: tls.ClientHello | tls.ServerHello | tls.HandshakeMessage | Alert,
    conversation: _Conversation,
    from_client: bool,
    found: list[Message],
) -> None:
    """One event of a handshake."""
    if isinstance(event, tls.ClientHello):
        if conversation.handshake is None:
            ends = chunk.source, chunk.destination
            conversation.handshake = TlsConnection(
                (chunk.frame,), chunk.time_ns, *ends, event, None, (), None, True, chunk.connection
            )
        return
    handshake = conversation.handshake
    if handshake is None or conversation.told:
        return
    if chunk.frame not in handshake.frames:
        handshake.frames += (chunk.frame,)
    if isinstance(event, tls.ServerHello):
        if not event.is_retry_request:
            handshake.server_hello = event
    elif isinstance(event, Alert):
        handshake.alert = event
        _tell(conversation, found)
    elif event.kind == tls.HandshakeType.CERTIFICATE and not from_client:
        hello = handshake.server_hello
        version = 0 if hello is None else hello.negotiated_version
        try:
            handshake.certificates = tls.certificates_of(event.body, version)
        except DecodeError:
            handshake.certificates = ()
        # On a connection whose secrets nobody has, this is all that can be read.
        if conversation.tls is not None and not conversation.tls.has_secrets:
            _tell(conversation, found)


def _tell(conversation: _Conversation, found: list[Message]) -> None:
    if conversation.handshake is not None and not conversation.told:
        conversation.told = True
        found.append(conversation.handshake)


def _http(
    chunk: TcpChunk, octets: bytes, conversation: _Conversation, found: list[Message]
) -> None:
    if conversation.observer is None:
        return
    for http in conversation.observer.feed(
        chunk.source, octets, lost=chunk.lost, position=chunk.frame, ended=chunk.ended
    ):
        frames = tuple(dict.fromkeys(http.positions)) or (chunk.frame,)
        ends = chunk.source, chunk.destination
        protected = conversation.tls is not None
        message = ApplicationMessage(
            frames, chunk.time_ns, *ends, http, chunk.connection, protected
        )
        if http.is_request:
            conversation.unanswered[id(http)] = message
        elif http.request is not None:
            message.request = conversation.unanswered.pop(id(http.request), None)
        found.append(message)


def _mqtt(
    chunk: TcpChunk, conversation: _Conversation, from_client: bool, found: list[Message]
) -> None:
    buffer = conversation.octets[from_client]
    while buffer:
        try:
            decoded = decode_mqtt(buffer)
        except DecodeError:
            buffer.clear()
            return
        if decoded is None:
            return
        packet, length = decoded
        del buffer[:length]
        ends, protected = (chunk.source, chunk.destination), conversation.tls is not None
        found.append(
            MqttMessage(
                (chunk.frame,),
                chunk.time_ns,
                *ends,
                packet,
                chunk.connection,
                protected,
                from_client,
            )
        )


def _kind(octets: bytes) -> str:
    if mqtt.looks_like_mqtt(octets):
        return "mqtt"
    is_http = http1.looks_like_http1(octets[:4096]) or octets.startswith(http2.PREFACE[:16])
    return "http" if is_http else "other"


def _tcp_segment(frame: Frame) -> tuple[Endpoint, Endpoint, int] | None:
    """The ends and flags of a TCP segment."""
    data, offset = frame.data, ip_offset(frame.link_type, frame.data)
    if offset < 0 or len(data) < offset + 40:
        return None
    if data[offset] >> 4 == 4:
        protocol, start = data[offset + 9], offset + (data[offset] & 0x0F) * 4
        addresses = data[offset + 12 : offset + 16], data[offset + 16 : offset + 20]
    else:
        protocol, start = data[offset + 6], offset + 40
        addresses = data[offset + 8 : offset + 24], data[offset + 24 : offset + 40]
    if protocol != _TCP or len(data) < start + 14:
        return None
    if not data[start + 13] & (_SYN | _RST):
        return None
    ports = (
        int.from_bytes(data[start : start + 2], "big"),
        int.from_bytes(data[start + 2 : start + 4], "big"),
    )
    source, destination = (
        Endpoint(str(ip_address(address)), port)
        for address, port in zip(addresses, ports, strict=True)
    )
    return source, destination, data[start + 13]
