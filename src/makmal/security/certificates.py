"""The certificate authority of the bench: certificates of network functions, right or wrong on
purpose (TS 33.310, 6.1.3c; RFC 9310).

Keys, serial numbers and signatures come from the names and a seed, so that an authority issues the
same certificates each time. Without one everyone knows the keys: for the embedded network only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import shake_256
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# RFC 9310, 3: SEQUENCE OF IA5String.
NF_TYPES_OID = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.34")
# Before the simulated world begins, and before anything that runs this.
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# Files of an authority.
AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority.key"

# What reading a damaged certificate raises.
_UNREADABLE = (
    ValueError,
    IndexError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Flaw(StrEnum):
    """What is wrong with a certificate, in the words of verdicts."""

    EXPIRED = "an expired certificate"
    NOT_YET_VALID = "a certificate that is not yet valid"
    WRONG_NAME = "a certificate of another network function"
    FOREIGN_ISSUER = "a certificate of a foreign authority"
    SELF_SIGNED = "a self-signed certificate"
    WRONG_USE = "a certificate that is not meant for this use"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose certificate it is: ``fqdn`` (TS 23.003, 28.3.2), NF instance id, NF type, addresses."""

    fqdn: str
    instance: str
    nf_type: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its key, both PEM."""

    certificate: bytes
    key: bytes

    @property
    def der(self) -> bytes:
        """The certificate in DER, as it travels."""
        return x509.load_pem_x509_certificate(self.certificate).public_bytes(
            serialization.Encoding.DER
        )


class CertificateAuthority:
    """Issues certificates for the network functions of a home domain.

    ``name`` tells authorities of the same domain apart: the one of another name is foreign.
    ``seed`` is a secret that keys are made from.
    """

    def __init__(
        self, domain: str, name: str = "Makmal", seed: str = "", last_year: int | None = None
    ) -> None:
        self.domain, self.name, self._seed = domain, name, seed
        self._issued: dict[tuple[Subject, Flaw | None, bool], Credential] = {}
        self._end = datetime((last_year or datetime.now(UTC).year + 1), 12, 31, tzinfo=UTC)
        self._key = _ec_key(f"{seed} {domain} {name} authority")
        self._subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "MY"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, domain),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{name} certificate authority"),
            ]
        )
        public = self._key.public_key()
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(self._subject)
            .issuer_name(self._subject)
            .public_key(public)
            .serial_number(_serial(domain, name))
            .not_valid_before(_LONG_AGO)
            .not_valid_after(self._end)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256(), ecdsa_deterministic=True)
        )

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        """Its private key, PEM: with it, anyone can issue certificates in its name."""
        return _pem(self._key)

    @cached_property
    def foreign(self) -> CertificateAuthority:
        """Another authority, which nobody who trusts this one trusts."""
        name = f"foreign to {self.name}"
        return CertificateAuthority(self.domain, name, self._seed, self._end.year)

    def issue(
        self, subject: Subject, flaw: Flaw | None = None, *, with_rsa: bool = False
    ) -> Credential:
        """A certificate for a network function; ``flaw`` is what shall be wrong with it."""
        key = (subject, flaw, with_rsa)
        if key not in self._issued:
            self._issued[key] = self._issue(subject, flaw, with_rsa)
        return self._issued[key]

    def _issue(self, subject: Subject, flaw: Flaw | None, with_rsa: bool) -> Credential:
        if flaw is Flaw.FOREIGN_ISSUER:
            return self.foreign.issue(subject, with_rsa=with_rsa)
        if flaw is Flaw.WRONG_NAME:
            subject = Subject(
                f"other.{self.domain}", "00000000-0000-4000-8000-000000000000", subject.nf_type
            )
        label = f"{self._seed} {self.domain} {self.name} {subject.fqdn} {subject.instance}"
        key = _rsa_key(label) if with_rsa else _ec_key(label)
        holder = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "MY"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.domain),
                x509.NameAttribute(NameOID.COMMON_NAME, subject.fqdn[:64]),
            ]
        )
        is_own = flaw is Flaw.SELF_SIGNED
        begin, end = self._validity(flaw)
        signer: PrivateKey = key if is_own else self._key
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(holder)
            .issuer_name(holder if is_own else self._subject)
            .public_key(key.public_key())
            .serial_number(_serial(label, str(flaw), str(with_rsa)))
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(_key_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_uses(flaw)), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(_revocation_list(self.domain), critical=False)
            .add_extension(_alternative_names(subject), critical=True)
            .add_extension(
                x509.UnrecognizedExtension(NF_TYPES_OID, nf_types_octets((subject.nf_type,))),
                critical=False,
            )
        )
        if isinstance(signer, rsa.RSAPrivateKey):
            certificate = builder.sign(signer, hashes.SHA256())
        else:
            certificate = builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True)
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))

    def _validity(self, flaw: Flaw | None) -> tuple[datetime, datetime]:
        if flaw is Flaw.EXPIRED:
            return _LONG_AGO, _BEGIN
        if flaw is Flaw.NOT_YET_VALID:
            # Beyond this authority's own time: whatever the clock says, it is too early.
            return self._end, self._end.replace(year=self._end.year + 1)
        return _BEGIN, self._end

    def write(self, directory: Path, subjects: Iterable[Subject]) -> list[Path]:
        """The authority's certificate and key and those of functions, each in a PEM file of its
        own. Raises OSError.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = {AUTHORITY: self.certificate, AUTHORITY_KEY: self.key}
        for subject in subjects:
            credential = self.issue(subject)
            name = subject.fqdn.partition(".")[0]
            files[f"{name}.pem"], files[f"{name}.key"] = credential.certificate, credential.key
        written = []
        for file, octets in files.items():
            path = directory / file
            path.touch(mode=0o600)
            path.write_bytes(octets)
            written.append(path)
        return written


def load_authority(domain: str, certificate: bytes, key: bytes) -> CertificateAuthority:
    """An authority from what ``write`` wrote, or from any other's PEM. Raises ValueError."""
    authority = CertificateAuthority(domain, seed=token_hex(16))
    try:
        authority._certificate = x509.load_pem_x509_certificate(certificate)
        loaded = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"no certificate with a private key in PEM: {error}") from None
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority's key must be one of an elliptic curve")
    if loaded.public_key() != authority._certificate.public_key():
        raise ValueError("the private key is not that of the certificate")
    authority._key, authority._subject = loaded, authority._certificate.subject
    return authority


def certificate_problems(
    chain: Sequence[bytes], names: Set[str], time_ns: int, authorities: str
) -> list[str]:
    """What is wrong with the certificate (DER) that a network function showed as a server.

    It must be valid at ``time_ns``, for one of ``names`` (FQDNs or addresses), name an NF instance,
    and come from one of ``authorities`` (PEM; with none given, who issued it is not looked at).
    """
    try:
        certificates = [x509.load_der_x509_certificate(each) for each in chain]
        own = certificates[0]
        found = _time_problems(own, time_ns) + _name_problems(own, names)
        trusted = x509.load_pem_x509_certificates(authorities.encode()) if authorities else []
    except _UNREADABLE as error:
        return [f"cannot be read: {error}"]
    if trusted and not any(
        _was_issued_by(certificate, authority)
        for certificate in certificates
        for authority in trusted
    ):
        found.append("is of no authority that the laboratory trusts")
    return found


def has_rsa_key(certificate: bytes) -> bool:
    """Whether a certificate (DER) is for an RSA key."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except _UNREADABLE:
        return False
    return isinstance(key, rsa.RSAPublicKey)


def _time_problems(certificate: x509.Certificate, time_ns: int) -> list[str]:
    now = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    if now < certificate.not_valid_before_utc:
        return ["is not yet valid"]
    return ["has expired"] if now > certificate.not_valid_after_utc else []


def _name_problems(certificate: x509.Certificate, names: Set[str]) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ["has no subjectAltName (TS 33.310, 6.1.3c)"]
    alternative = extension.value
    known = {str(each) for each in alternative.get_values_for_type(x509.IPAddress)}
    known |= {each.lower() for each in alternative.get_values_for_type(x509.DNSName)}
    found = []
    if not known & {each.lower() for each in names}:
        found.append(f"is not for {' or '.join(sorted(names))}")
    instances = alternative.get_values_for_type(x509.UniformResourceIdentifier)
    if not any(each.startswith("urn:uuid:") for each in instances):
        found.append("names no NF instance (TS 33.310, 6.1.3c)")
    return found


def _was_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (*_UNREADABLE, TypeError, InvalidSignature):
        return False
    return True


def stored_authority(directory: Path, domain: str) -> CertificateAuthority:
    """The authority that ``write`` wrote there. Raises ValueError, with what to do."""
    try:
        certificate = (directory / AUTHORITY).read_bytes()
        key = (directory / AUTHORITY_KEY).read_bytes()
    except OSError as error:
        raise ValueError(
            f"{error.filename}: {error.strerror}: makmal certificates {directory} writes it"
        ) from None
    try:
        return load_authority(domain, certificate, key)
    except ValueError as error:
        raise ValueError(f"{directory / AUTHORITY}: {error}") from None


def nf_types_octets(nf_types: Iterable[str]) -> bytes:
    """The extension of RFC 9310 in DER."""
    inside = b"".join(b"\x16" + bytes((len(each),)) + each.encode("ascii") for each in nf_types)
    return b"\x30" + bytes((len(inside),)) + inside


def _uses(flaw: Flaw | None) -> list[x509.ObjectIdentifier]:
    if flaw is Flaw.WRONG_USE:
        return [ExtendedKeyUsageOID.CODE_SIGNING]
    return [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]


def _alternative_names(subject: Subject) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(subject.fqdn)]
    names.append(x509.UniformResourceIdentifier(f"urn:uuid:{subject.instance}"))
    names += [x509.IPAddress(ip_address(each)) for each in subject.addresses]
    return x509.SubjectAlternativeName(names)


def _revocation_list(domain: str) -> x509.CRLDistributionPoints:
    place = x509.UniformResourceIdentifier(f"http://crl.{domain}/makmal.crl")
    return x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)])


def _key_usage(*, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _serial(*names: str) -> int:
    """Positive, and at most 20 octets (RFC 5280, 4.1.2.2)."""
    return int.from_bytes(shake_256("\0".join(names).encode()).digest(16), "big") | 1


@lru_cache(maxsize=256)
def _ec_key(label: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(shake_256(f"makmal key of {label}".encode()).digest(40), "big")
    return ec.derive_private_key(1 + number % (_P256_ORDER - 1), ec.SECP256R1())


@lru_cache(maxsize=64)
def _rsa_key(label: str) -> rsa.RSAPrivateKey:
    # Nothing makes RSA keys from a name; they are kept for as long as the process lives.
    del label
    return rsa.generate_private_key(65537, 2048)


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
