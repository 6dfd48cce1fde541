"""What an observer can read of TLS: the two hello messages (RFC 8446, 4.1; RFC 5246, 7.4.1)."""

from makmal.protocol.tls.cipher_suites import (
    cipher_suite_name,
    is_suite_allowed,
    version_name,
)
from makmal.protocol.tls.hello import ClientHello, ServerHello, looks_like_tls, read_hello

__all__ = [
    "ClientHello",
    "ServerHello",
    "cipher_suite_name",
    "is_suite_allowed",
    "looks_like_tls",
    "read_hello",
    "version_name",
]
