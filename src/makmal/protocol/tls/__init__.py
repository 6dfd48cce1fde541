"""TLS as an observer reads it: records, handshake messages, hellos (RFC 8446; RFC 5246)."""

from makmal.protocol.tls.cipher_suites import (
    cipher_suite_name,
    is_suite_allowed,
    version_name,
)
from makmal.protocol.tls.hello import (
    ClientHello,
    ServerHello,
    decode_hello,
    looks_like_tls,
    read_hello,
)
from makmal.protocol.tls.offer import client_hello
from makmal.protocol.tls.record import (
    ContentType,
    HandshakeMessage,
    HandshakeReader,
    HandshakeType,
    Record,
    RecordReader,
    alert_name,
    certificates_of,
)

__all__ = [
    "ClientHello",
    "ContentType",
    "HandshakeMessage",
    "HandshakeReader",
    "HandshakeType",
    "Record",
    "RecordReader",
    "ServerHello",
    "alert_name",
    "certificates_of",
    "cipher_suite_name",
    "client_hello",
    "decode_hello",
    "is_suite_allowed",
    "looks_like_tls",
    "read_hello",
    "version_name",
]
