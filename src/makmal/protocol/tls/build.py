"""Building the first messages of a handshake, those too that no library of today would send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from makmal.protocol.tls.cipher_suites import TLS_1_2, TLS_1_3
from makmal.protocol.tls.record import ContentType, HandshakeType

Extension = tuple[int, bytes]

_TLS_1_0 = 0x0301
_RANDOM_OCTETS = 32
# Named groups (RFC 8446, 4.2.7): secp256r1, secp384r1, secp521r1, x25519, ffdhe2048.
SECP256R1, X25519 = 23, 29
GROUPS = (SECP256R1, 24, 25, X25519, 256)
# ECDSA, RSA-PSS and RSA with SHA-256 and stronger; with SHA-1 last, for what is old.
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601)
_OLD_SIGNATURES = (0x0203, 0x0201)


def record(content_type: int, fragment: bytes, version: int = TLS_1_2) -> bytes:
    """A record in clear."""
    return bytes((content_type,)) + _two(version) + _vector(fragment, 2)


def handshake(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes((kind,)) + _vector(body, 3)


def client_hello(
    random: bytes,
    cipher_suites: Sequence[int],
    version: int = TLS_1_2,
    *,
    server_name: str = "",
    key_shares: Iterable[tuple[int, bytes]] = (),
    application_protocols: Sequence[str] = ("h2", "http/1.1"),
    session: bytes = b"",
) -> bytes:
    """A ClientHello in its record, which offers these suites in this one version.

    ``version`` may be any from SSL 3.0 on; ``key_shares`` are (group, public key), for TLS 1.3.
    """
    extensions: list[Extension] = []
    if server_name:
        name = server_name.encode("ascii")
        extensions.append((0, _vector(b"\0" + _vector(name, 2), 2)))
    extensions += [
        (10, _vector(b"".join(map(_two, GROUPS)), 2)),
        (11, _vector(b"\0", 1)),
        (23, b""),
        (0xFF01, b"\0"),
    ]
    if version >= TLS_1_2:
        signatures = _SIGNATURES if version == TLS_1_3 else _SIGNATURES + _OLD_SIGNATURES
        extensions.append((13, _vector(b"".join(map(_two, signatures)), 2)))
    if application_protocols:
        names = b"".join(_vector(each.encode("ascii"), 1) for each in application_protocols)
        extensions.append((16, _vector(names, 2)))
    if version >= TLS_1_3:
        shares = b"".join(_two(group) + _vector(key, 2) for group, key in key_shares)
        extensions += [(43, _vector(_two(version), 1)), (51, _vector(shares, 2)), (45, b"\x01\x01")]
        session = session or random
    suites = b"".join(map(_two, cipher_suites))
    body = _two(min(version, TLS_1_2)) + random[:_RANDOM_OCTETS] + _vector(session, 1)
    body += _vector(suites, 2) + b"\x01\0"
    if version >= _TLS_1_0:
        body += _extensions(extensions)
    message = handshake(HandshakeType.CLIENT_HELLO, body)
    return record(ContentType.HANDSHAKE, message, min(version, _TLS_1_0))


def server_flight(random: bytes, suite: int, version: int, certificate: bytes) -> bytes:
    """ServerHello, Certificate and ServerHelloDone of TLS 1.2 or before, which choose a suite."""
    hello = _two(version) + random[:_RANDOM_OCTETS] + b"\0" + _two(suite) + b"\0"
    chain = _vector(_vector(certificate, 3), 3)
    messages = (
        handshake(HandshakeType.SERVER_HELLO, hello),
        handshake(HandshakeType.CERTIFICATE, chain),
        handshake(HandshakeType.SERVER_HELLO_DONE, b""),
    )
    return b"".join(record(ContentType.HANDSHAKE, each, version) for each in messages)


def _extensions(extensions: Iterable[Extension]) -> bytes:
    return _vector(b"".join(_two(kind) + _vector(content, 2) for kind, content in extensions), 2)


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _vector(content: bytes, length_octets: int) -> bytes:
    return len(content).to_bytes(length_octets, "big") + content
