"""What is wrong with a server's certificate (RFC 5280; RFC 9325, 4.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

_LEAST_RSA_BITS, _LEAST_EC_BITS = 2048, 224
_OLD_HASHES = frozenset({"md5", "sha1"})


def certificate_problems(der: bytes, host: str, time_ns: int) -> list[str]:
    """One predicate for each thing that is wrong for this host at this time."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        key = certificate.public_key()
        hash_algorithm = certificate.signature_hash_algorithm
    except (ValueError, x509.UnsupportedGeneralNameType) as error:
        return [f"cannot be read: {error}"]
    found = []
    now = datetime.fromtimestamp(time_ns / 1_000_000_000, UTC)
    if now < certificate.not_valid_before_utc:
        found.append("is not valid yet")
    if now > certificate.not_valid_after_utc:
        found.append("has expired")
    if not any(_matches(name, host) for name in names):
        found.append(f"does not name {host} (it names {', '.join(names) or 'nobody'})")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        found.append(f"has an RSA key of {key.key_size} bits")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < _LEAST_EC_BITS:
        found.append(f"has a key on a curve of {key.curve.key_size} bits")
    if hash_algorithm is not None and hash_algorithm.name in _OLD_HASHES:
        found.append(f"is signed with {hash_algorithm.name.upper()}")
    return found


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in extension.value]


def _matches(name: str, host: str) -> bool:
    try:
        return ip_address(name) == ip_address(host)
    except ValueError:
        pass
    if name.startswith("*."):
        return host.partition(".")[2].lower() == name[2:].lower()
    return name.lower() == host.lower()
