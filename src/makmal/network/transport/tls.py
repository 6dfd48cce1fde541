"""TLS without sockets: OpenSSL between two buffers, with the secrets of each one at hand."""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache

from makmal.network.transport.tls_policy import TLS_1_2, TLS_1_3, TlsPolicy
from makmal.protocol.errors import DecodeError
from makmal.protocol.tls import ClientHello, build, looks_like_tls, read_hello
from makmal.security.certificates import Credential

APPLICATION_PROTOCOLS = ("h2", "http/1.1")
_READ = 65_536
_MOST_KEY_LOG = 1 << 20
_VERSIONS = {TLS_1_2: ssl.TLSVersion.TLSv1_2, TLS_1_3: ssl.TLSVersion.TLSv1_3}
# X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which the ssl module has no name for.
_NO_CHECK_TIME = 0x200000
_MOST_HELLO = 1 << 16
# Contexts are costly to make, and are the same for the same choices.
_MOST_CONTEXTS = 256
# TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746), which is no suite.
_RENEGOTIATION = 0x00FF


class TlsError(Exception):
    """TLS broke, or the other side was refused: one sentence with OpenSSL's reason."""


class KeyLog:
    """Where OpenSSL writes the secrets of a context's connections: memory, no disk."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._file = os.memfd_create("makmal-key-log", os.MFD_CLOEXEC)
        self._position = 0
        context.keylog_filename = f"/proc/self/fd/{self._file}"

    def take(self) -> bytes:
        """The lines since the last time."""
        octets = os.pread(self._file, _MOST_KEY_LOG, self._position)
        self._position += len(octets)
        if self._position >= _MOST_KEY_LOG:
            # OpenSSL appends: what was taken need not be kept.
            os.ftruncate(self._file, 0)
            self._position = 0
        return octets

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self._file)


class ServerTls:
    """How a server protects what it serves. ``authorities`` (PEM) may issue the certificates of
    clients; ``present`` exchanges the server's own.
    """

    def __init__(self, policy: TlsPolicy, credential: Credential, authorities: bytes) -> None:
        self.policy, self._authorities = policy, authorities
        self.present(credential)

    def present(self, credential: Credential) -> None:
        """Show another certificate on connections from now on."""
        self.credential = credential
        self.context, self.key_log = _server_side(self.policy, credential, self._authorities)

    def session(self) -> TlsSession:
        """The server's side of a new connection."""
        return TlsSession(self.context, self.key_log, self if _is_faulty(self.policy) else None)


class ClientTls:
    """How a client protects its requests."""

    def __init__(
        self,
        policy: TlsPolicy,
        credential: Credential | None,
        authority: bytes,
    ) -> None:
        self.policy = policy
        self.context, self.key_log = _client_side(policy, credential, authority)
        self._names = policy.verifies_server_name and policy.verifies_server_issuer

    def session(self, server_name: str) -> TlsSession:
        """The client's side of a new connection. ``server_name`` is the FQDN or the address that
        the server's certificate must have; with "" none is checked.
        """
        self.context.check_hostname = bool(server_name) and self._names
        return TlsSession(self.context, self.key_log, server_name=server_name)


class TlsSession:
    """One side of a connection: octets of TLS in, what they carry out, and the other way round."""

    def __init__(
        self,
        context: ssl.SSLContext,
        key_log: KeyLog,
        faulty: ServerTls | None = None,
        server_name: str | None = None,
    ) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._in,
            self._out,
            server_side=server_name is None,
            server_hostname=server_name or None,
        )
        self.take_key_log = key_log.take
        # What a faulty server sends without OpenSSL.
        self._faulty, self._first, self._besides = faulty, bytearray(), bytearray()
        self._is_played = False
        self.is_established = False
        # The other side has said goodbye.
        self.is_over = False
        # The other side speaks without TLS, and the policy lets it.
        self.is_clear = False

    def start(self) -> None:
        """Begin the handshake, as a client."""
        with suppress(ssl.SSLWantReadError):
            self._object.do_handshake()

    def received(self, octets: bytes) -> bytes:
        """Take octets of TLS; what they carried. Raises TlsError (an alert may have to be sent)."""
        if self._faulty is not None:
            self._first += octets
            if not self._decided(self._faulty):
                return b""
            self._faulty, octets = None, bytes(self._first)
        if self.is_clear:
            return octets
        if self._is_played:
            return b""
        self._in.write(octets)
        return self._opened()

    def _opened(self) -> bytes:
        plain = bytearray()
        try:
            if not self.is_established:
                self._object.do_handshake()
                self.is_established = True
            while piece := self._object.read(_READ):
                plain += piece
            self.is_over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_over = True
        except (ssl.SSLError, ValueError) as error:
            raise TlsError(_reason(error)) from None
        return bytes(plain)

    def _decided(self, server: ServerTls) -> bool:
        """Whether the first octets tell what a faulty server does with them."""
        octets = bytes(self._first)
        if not looks_like_tls(octets):
            self.is_clear = server.policy.answers_clear_text
            return len(octets) >= 3
        try:
            hello = read_hello(octets)
        except DecodeError:
            return True
        if isinstance(hello, ClientHello):
            chosen = _chosen_by_fault(hello, server.policy)
            if chosen is not None:
                self._is_played = True
                self._besides += build.server_flight(os.urandom(32), *chosen, server.credential.der)
        return hello is not None or len(octets) > _MOST_HELLO

    def protect(self, plain: bytes) -> None:
        """Have octets carried. Raises TlsError."""
        if self.is_clear:
            self._besides += plain
            return
        try:
            self._object.write(plain)
        except ssl.SSLError as error:
            raise TlsError(_reason(error)) from None

    def outgoing(self) -> bytes:
        """The octets that are to be sent."""
        if self._besides:
            octets = bytes(self._besides)
            self._besides.clear()
            return octets
        return self._out.read()

    def close(self) -> None:
        """Say goodbye."""
        if self.is_established:
            with suppress(ssl.SSLError, ValueError):
                self._object.unwrap()

    @property
    def application_protocol(self) -> str | None:
        """What was agreed on (RFC 7301)."""
        return None if self.is_clear else self._object.selected_alpn_protocol()


def _chosen_by_fault(hello: ClientHello, policy: TlsPolicy) -> tuple[int, int] | None:
    """The suite and version that only a faulty server chooses, where a client offers no better."""
    version = max((each for each in hello.versions if each in policy.also_speaks), default=0)
    if version and not set(hello.versions) & set(policy.versions):
        return hello.cipher_suites[0], version
    offered = [each for each in hello.cipher_suites if each != _RENEGOTIATION]
    wrong = [each for each in offered if each in policy.also_chooses]
    if wrong and len(wrong) == len(offered) and TLS_1_2 in hello.versions:
        return wrong[0], TLS_1_2
    return None


def _is_faulty(policy: TlsPolicy) -> bool:
    return bool(policy.also_chooses or policy.also_speaks or policy.answers_clear_text)


@lru_cache(maxsize=_MOST_CONTEXTS)
def _server_side(
    policy: TlsPolicy, credential: Credential, authorities: bytes
) -> tuple[ssl.SSLContext, KeyLog]:
    context = _context(ssl.PROTOCOL_TLS_SERVER, policy, credential)
    if policy.rsa_certificate:
        with _file_of(_group_parameters()) as path:
            context.load_dh_params(path)
    if policy.demands_client_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authorities.decode("ascii"))
        if not policy.verifies_client_validity:
            _ignore_time(context)
    return context, KeyLog(context)


@lru_cache(maxsize=_MOST_CONTEXTS)
def _client_side(
    policy: TlsPolicy, credential: Credential | None, authority: bytes
) -> tuple[ssl.SSLContext, KeyLog]:
    shown = credential if policy.presents_certificate else None
    context = _context(ssl.PROTOCOL_TLS_CLIENT, policy, shown)
    context.check_hostname = False
    if not policy.verifies_server_issuer:
        context.verify_mode = ssl.CERT_NONE
    context.load_verify_locations(cadata=authority.decode("ascii"))
    if not policy.verifies_server_validity:
        _ignore_time(context)
    return context, KeyLog(context)


def _context(
    protocol: ssl._SSLMethod, policy: TlsPolicy, credential: Credential | None
) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = _VERSIONS[min(policy.versions)]
    context.maximum_version = _VERSIONS[max(policy.versions)]
    if policy.suites:
        context.set_ciphers(":".join(policy.suites))
    # TS 33.210, 6.2.3: neither compression nor renegotiation; tickets would hide certificates.
    context.set_alpn_protocols(list(APPLICATION_PROTOCOLS))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    if credential is not None:
        with _file_of(credential.certificate + credential.key) as path:
            context.load_cert_chain(path)
    return context


@cache
def _group_parameters() -> bytes:
    """The group ffdhe2048 (RFC 7919, A.1), whose prime is made of the digits of e."""
    bits = 1918
    # The inverse factorials add up to e; 64 more digits keep what is cut off from mattering.
    digits, term, divisor = 0, 1 << (bits + 64), 1
    while term:
        digits += term
        term //= divisor
        divisor += 1
    prime = (1 << 2048) - (1 << 1984) + (((digits >> 64) + 560316) << 64) - 1
    # PKCS #3, 9: the prime and the generator 2.
    numbers = b"\x02\x82\x01\x01\0" + prime.to_bytes(256, "big") + b"\x02\x01\x02"
    encoded = b64encode(b"\x30\x82" + len(numbers).to_bytes(2, "big") + numbers)
    return b"-----BEGIN DH PARAMETERS-----\n" + encoded + b"\n-----END DH PARAMETERS-----\n"


def _ignore_time(context: ssl.SSLContext) -> None:
    context.verify_flags = ssl.VerifyFlags(int(context.verify_flags) | _NO_CHECK_TIME)


@contextmanager
def _file_of(octets: bytes) -> Iterator[str]:
    """A file in memory: the ssl module takes certificates and keys from files only."""
    file = os.memfd_create("makmal-certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, octets)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the other side's certificate was refused: {error.verify_message}"
    text = getattr(error, "reason", None) or str(error)
    return str(text).lower().replace("_", " ")
