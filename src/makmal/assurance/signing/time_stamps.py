"""A time-stamp authority (RFC 3161) that needs nobody else: the default of a laboratory.

An accredited body takes an external one; whoever verifies names the authorities that he relies on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.keys import load_private, write_secret

# The policy under which the embedded authority stamps: its clock is that of its machine. The
# identifier is of the arc 2.25, which a UUID opens to anyone (ITU-T X.667).
POLICY = "2.25.254517226758718117094378162970814221099"
VALIDITY = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """An authority with its key. P-256, since RFC 3161 clients know no Ed25519."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def stamp(self, octets: bytes, now: datetime) -> bytes:
        """A time-stamp response (RFC 3161, 2.4.2) over octets."""
        certificate_octets = self.certificate.public_bytes(serialization.Encoding.DER)
        certificate = asn1_x509.Certificate.load(certificate_octets)
        sha_256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        content = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": {
                    "hash_algorithm": sha_256,
                    "hashed_message": sha256(octets).digest(),
                },
                "serial_number": secrets.randbits(64),
                "gen_time": now.astimezone(UTC).replace(microsecond=0),
                "accuracy": {"seconds": 1},
            }
        ).dump()
        name = asn1_x509.GeneralName("directory_name", certificate.issuer)
        identified = tsp.SigningCertificateV2(
            {
                "certs": [
                    {
                        "hash_algorithm": sha_256,
                        "cert_hash": sha256(certificate_octets).digest(),
                        "issuer_serial": {
                            "issuer": [name],
                            "serial_number": certificate.serial_number,
                        },
                    }
                ]
            }
        )
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [sha256(content).digest()]},
                {"type": "signing_certificate_v2", "values": [identified]},
            ]
        )
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
            ),
            "digest_algorithm": sha_256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha_256],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(content),
                },
                "certificates": [cms.CertificateChoices("certificate", certificate)],
                "signer_infos": [signer],
            }
        )
        token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
        response = tsp.TimeStampResp(
            {"status": {"status": "granted"}, "time_stamp_token": token}
        ).dump()
        assert isinstance(response, bytes)  # noqa: S101 - for the type checker
        return response


def create_authority(path: Path, name: str, passphrase: str, now: datetime) -> TimeStampAuthority:
    """Make one: its key and certificate, both in PATH. Raises AssuranceError."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = dict.fromkeys(
        (
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    octets = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    write_secret(path, octets + certificate.public_bytes(serialization.Encoding.PEM))
    return TimeStampAuthority(key, certificate)


def load_authority(path: Path, passphrase: str) -> TimeStampAuthority:
    """The authority of a file. Raises AssuranceError."""
    key = load_private(path, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AssuranceError(f"{path} holds no key of a time-stamp authority")
    return TimeStampAuthority(key, load_certificate(path))


def load_certificate(path: Path) -> x509.Certificate:
    """The certificate in the file of an authority. Raises AssuranceError."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise AssuranceError(f"{path}: {error.strerror or error}") from None
    except ValueError:
        raise AssuranceError(f"{path} holds no certificate of a time-stamp authority") from None
