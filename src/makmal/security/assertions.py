"""Client credentials assertions: a consumer proves who it is to the producer behind a proxy.

TS 33.501, 13.3.8: a JSON web token that the consumer signs with the key of its certificate, which
is in the header (x5c of RFC 7515, 4.1.6). Claims: ``sub`` the NF instance id of the consumer,
``iat``, ``exp``, and ``aud``, the NF types of those who may believe it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from makmal.security import tokens
from makmal.security.tokens import AccessToken, TokenError

_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
_URN = "urn:uuid:"


class AssertionProblemError(Exception):
    """A text that is no assertion, and why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key, and the certificate of it (DER)."""

    key: ec.EllipticCurvePrivateKey
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion as it is, not yet believed."""

    token: AccessToken
    certificate: x509.Certificate

    def problem_of_signature(self, authority: bytes, now: int) -> str | None:
        """What is wrong with the signature, the certificate, or whose certificate it is."""
        issuer = x509.load_der_x509_certificate(authority)
        try:
            self.certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            return "the certificate is not of a known authority"
        moment = datetime.fromtimestamp(now, UTC)
        if not (
            self.certificate.not_valid_before_utc <= moment <= self.certificate.not_valid_after_utc
        ):
            return "the certificate is not valid now"
        key = self.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not tokens.verify(self.token, key):
            return "the signature is not of the certificate's key"
        if self.token.subject not in _instances(self.certificate):
            return "the certificate is of another NF instance"
        return None

    def problem_of_time(self, now: int) -> str | None:
        """What is wrong with the time that it holds for."""
        if self.token.expires is None or self.token.expires <= now:
            return "the assertion has expired"
        return None

    def problem_of_audience(self, nf_type: str) -> str | None:
        """What is wrong with those whom it is for."""
        audience = self.token.audience
        named = (audience,) if isinstance(audience, str) else audience or ()
        return None if nf_type in named else "the assertion is for others"


def parse(text: str) -> Assertion:
    """Read an assertion. Raises AssertionProblemError."""
    try:
        token = tokens.parse(text)
    except TokenError as error:
        raise AssertionProblemError(str(error)) from None
    chain = token.header.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise AssertionProblemError("no certificate (x5c) in the header")
    try:
        return Assertion(token, _certificate(chain[0]))
    except (BinasciiError, ValueError):
        raise AssertionProblemError("x5c holds no certificate") from None


@lru_cache(maxsize=1024)
def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode(text, validate=True))


def _instances(certificate: x509.Certificate) -> list[str]:
    """The NF instance ids that a certificate names (TS 33.310, 6.1.3c)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    found = names.get_values_for_type(x509.UniformResourceIdentifier)
    return [each.removeprefix(_URN) for each in found if each.startswith(_URN)]


def sign(
    credentials: Credentials, claims: dict[str, Any], key: ec.EllipticCurvePrivateKey | None = None
) -> str:
    """An assertion of these claims; signed with another key than the certificate's if given."""
    chain = [b64encode(credentials.certificate).decode()]
    return tokens.sign(claims, key or credentials.key, "ES256", {"x5c": chain})


@cache
def authority() -> Credentials:
    """The authority of the laboratory whose assertions its functions believe.

    Its key is fixed and secret to nobody, so that a simulated run is the same each time.
    """
    key = ec.derive_private_key(int.from_bytes(bytes(range(0x41, 0x61)), "big"), ec.SECP256R1())
    name = _name("Makmal assertion authority")
    certificate = _builder(name, name, key.public_key(), 1).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return Credentials(key, _der(certificate, key))


@lru_cache(maxsize=256)
def issue(instance: str, by: Credentials | None = None) -> Credentials:
    """A key and a certificate for an NF instance, the same in every run."""
    issuer = by or authority()
    number = int(instance.replace("-", ""), 16)
    key = ec.derive_private_key(number + 1, ec.SECP256R1())
    builder = _builder(
        _name(instance),
        _name("Makmal assertion authority"),
        key.public_key(),
        number % (1 << 120) + 2,
    ).add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"{_URN}{instance}")]),
        critical=False,
    )
    return Credentials(key, _der(builder, issuer.key))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, number: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(number)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
    )


def _der(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(serialization.Encoding.DER)
