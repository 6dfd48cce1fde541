"""Conversations on the service-based interface: HTTP/2 over TCP, with TLS or without.

The octets are those of ``h2`` and of OpenSSL; only the wire between them is the composer's.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from h2.config import H2Configuration
from h2.connection import H2Connection

from makmal.protocol.sbi import Part, multipart
from makmal.trace.compose import Composer, TcpConnection
from makmal.trace.frame import Endpoint

_BOUNDARY = "makmal-part"


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its media type."""

    content_type: str
    octets: bytes


def json_body(value: Any) -> Body:
    """A JSON body."""
    return Body("application/json", json.dumps(value, separators=(",", ":")).encode())


def multipart_body(value: Any, parts: dict[str, tuple[str, bytes]]) -> Body:
    """JSON with binary parts, each content id with its media type (TS 29.500, 6.1.2.2.2)."""
    json_part = Part(
        (("Content-Type", "application/json"),), json.dumps(value, separators=(",", ":")).encode()
    )
    binary = (
        Part((("Content-Type", media_type), ("Content-Id", name)), octets)
        for name, (media_type, octets) in parts.items()
    )
    return Body(
        f'multipart/related; boundary="{_BOUNDARY}"',
        multipart.encode((json_part, *binary), _BOUNDARY),
    )


class ServiceBus:
    """The connections between consumers and producers, opened when first needed."""

    def __init__(
        self, composer: Composer, addresses: dict[str, Endpoint], tls: ServerTls | None
    ) -> None:
        self._composer = composer
        self._addresses = addresses
        self._tls = tls
        self._connections: dict[tuple[str, str], _Conversation] = {}
        self._next_port = 40_000

    def exchange(
        self,
        consumer: str,
        producer: str,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        status: int = 200,
        answer: Body | None = None,
        token: str | None = None,
    ) -> None:
        """One request and its response."""
        self.request(consumer, producer, method, path, body, token=token)
        self.respond(consumer, producer, status, answer)

    def request(
        self,
        consumer: str,
        producer: str,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        token: str | None = None,
    ) -> None:
        """A request that is answered later."""
        conversation = self._conversation(consumer, producer)
        scheme = "http" if self._tls is None else "https"
        host = self._addresses[producer]
        headers = [
            (":method", method),
            (":scheme", scheme),
            (":authority", f"{host.address}:{host.port}"),
            (":path", path),
            ("user-agent", consumer),
            ("accept", "application/json,application/problem+json"),
        ]
        if token is not None:
            headers.append(("authorization", f"Bearer {token}"))
        conversation.send_request(headers, body)

    def respond(
        self, consumer: str, producer: str, status: int, answer: Body | None = None
    ) -> None:
        """The response to the oldest request that has none."""
        headers = [(":status", str(status)), ("server", producer)]
        self._conversation(consumer, producer).send_response(headers, answer)

    def close(self) -> None:
        """End every connection."""
        for conversation in self._connections.values():
            conversation.tcp.close()
        self._connections.clear()

    def _conversation(self, consumer: str, producer: str) -> _Conversation:
        key = (consumer, producer)
        if key not in self._connections:
            client = Endpoint(self._addresses[consumer].address, self._next_port)
            self._next_port += 1
            tcp = self._composer.connection(client, self._addresses[producer])
            name = f"{producer.lower()}.5gc.mnc070.mcc999.3gppnetwork.org"
            carrier = _Carrier(tcp) if self._tls is None else _TlsCarrier(tcp, self._tls, name)
            self._connections[key] = _Conversation(tcp, carrier)
        return self._connections[key]


class _Carrier:
    """Carries octets in clear."""

    def __init__(self, tcp: TcpConnection) -> None:
        self._tcp = tcp

    def send(self, from_client: bool, octets: bytes) -> bytes:
        """Send some octets; what arrives at the other end."""
        self._tcp.send(from_client, octets)
        return octets


class _TlsCarrier(_Carrier):
    """Carries octets in TLS 1.3."""

    def __init__(self, tcp: TcpConnection, server: ServerTls, server_name: str) -> None:
        super().__init__(tcp)
        client_context = ssl.create_default_context(cadata=server.certificate)
        client_context.set_alpn_protocols(["h2"])
        self._in = {True: ssl.MemoryBIO(), False: ssl.MemoryBIO()}
        self._out = {True: ssl.MemoryBIO(), False: ssl.MemoryBIO()}
        self._ends = {
            True: client_context.wrap_bio(
                self._in[True], self._out[True], server_hostname=server_name
            ),
            False: server.context.wrap_bio(self._in[False], self._out[False], server_side=True),
        }
        finished: set[bool] = set()
        while len(finished) < 2:
            for side in (True, False):
                try:
                    self._ends[side].do_handshake()
                    finished.add(side)
                except ssl.SSLWantReadError:
                    pass
                self._flush(side)

    def send(self, from_client: bool, octets: bytes) -> bytes:
        """Encrypt, send, decrypt."""
        self._ends[from_client].write(octets)
        self._flush(from_client)
        arrived = bytearray()
        while True:
            try:
                piece = self._ends[not from_client].read(1 << 16)
            except ssl.SSLWantReadError:
                return bytes(arrived)
            arrived += piece

    def _flush(self, side: bool) -> None:
        octets = self._out[side].read()
        if octets:
            self._tcp.send(side, octets)
            self._in[not side].write(octets)


class _Conversation:
    """One HTTP/2 connection: both ends of it."""

    def __init__(self, tcp: TcpConnection, carrier: _Carrier) -> None:
        self.tcp = tcp
        self._carrier = carrier
        self._ends = {
            side: H2Connection(H2Configuration(client_side=side, header_encoding="utf-8"))
            for side in (True, False)
        }
        self._unanswered: list[int] = []
        for side in (True, False):
            self._ends[side].initiate_connection()
            self._flush(side)
        self._flush(True)

    def send_request(self, headers: list[tuple[str, str]], body: Body | None) -> None:
        stream_id = self._ends[True].get_next_available_stream_id()
        self._unanswered.append(stream_id)
        self._send(True, stream_id, headers, body)

    def send_response(self, headers: list[tuple[str, str]], body: Body | None) -> None:
        self._send(False, self._unanswered.pop(0), headers, body)

    def _send(
        self, side: bool, stream_id: int, headers: list[tuple[str, str]], body: Body | None
    ) -> None:
        if body is not None:
            headers = [
                *headers,
                ("content-type", body.content_type),
                ("content-length", str(len(body.octets))),
            ]
        self._ends[side].send_headers(stream_id, headers, end_stream=body is None)
        self._flush(side)
        if body is not None:
            self._ends[side].send_data(stream_id, body.octets, end_stream=True)
            self._flush(side)

    def _flush(self, side: bool) -> None:
        octets = self._ends[side].data_to_send()
        if octets:
            self._ends[not side].receive_data(self._carrier.send(side, octets))


class ServerTls:
    """A certificate for the network's servers, and the context that shows it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Makmal reference network")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("*.5gc.mnc070.mcc999.3gppnetwork.org")]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["h2"])
        # The ssl module takes certificates from files only.
        with TemporaryDirectory() as directory:
            path = Path(directory) / "server.pem"
            path.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + self.certificate.encode()
            )
            self.context.load_cert_chain(path)
