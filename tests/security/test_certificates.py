"""Certificates of network functions as a judge reads them: what is wrong with each, and when."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.tls import certificates_of
from makmal.security.certificates import (
    NF_TYPES_OID,
    CertificateAuthority,
    Flaw,
    Subject,
    certificate_problems,
    has_rsa_key,
    nf_types_octets,
)

DOMAIN = "5gc.mnc070.mcc999.3gppnetwork.org"
AUTHORITY = CertificateAuthority(DOMAIN, last_year=2027)
SUBJECT = Subject(
    f"udm.{DOMAIN}", "12345678-1234-4234-8234-123456789abc", "UDM", ("192.0.2.3", "2001:db8::3")
)
NOW = int(datetime(2026, 11, 26, tzinfo=UTC).timestamp()) * 1_000_000_000
TRUSTED = AUTHORITY.certificate.decode()


def problems(flaw: Flaw | None, name: str = f"UDM.{DOMAIN}", trusted: str = TRUSTED) -> list[str]:
    return certificate_problems([AUTHORITY.issue(SUBJECT, flaw).der], {name}, NOW, trusted)


@pytest.mark.parametrize("name", [f"UDM.{DOMAIN}", "192.0.2.3", "2001:db8::3"])
def test_a_sound_certificate(name: str) -> None:
    assert problems(None, name) == []


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        (Flaw.EXPIRED, "has expired"),
        (Flaw.NOT_YET_VALID, "is not yet valid"),
        (Flaw.WRONG_NAME, f"is not for UDM.{DOMAIN}"),
        (Flaw.FOREIGN_ISSUER, "is of no authority that the laboratory trusts"),
        (Flaw.SELF_SIGNED, "is of no authority that the laboratory trusts"),
    ],
)
def test_what_is_wrong_is_said(flaw: Flaw, said: str) -> None:
    assert problems(flaw) == [said]


def test_without_authorities_nobody_asks_who_issued_it() -> None:
    assert problems(Flaw.SELF_SIGNED, trusted="") == []


def test_profile() -> None:
    certificate = x509.load_pem_x509_certificate(AUTHORITY.issue(SUBJECT).certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [
        f"urn:uuid:{SUBJECT.instance}"
    ]
    types = certificate.extensions.get_extension_for_oid(NF_TYPES_OID)
    assert isinstance(types.value, x509.UnrecognizedExtension)
    assert types.value.value == nf_types_octets(("UDM",)) == b"\x30\x05\x16\x03UDM"
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert not has_rsa_key(certificate.public_bytes(Encoding.DER))
    assert has_rsa_key(AUTHORITY.issue(SUBJECT, with_rsa=True).der)


DER = AUTHORITY.issue(SUBJECT).der


@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(1, 255)), max_size=4))
def test_a_damaged_certificate_is_a_problem_and_no_error(damages: list[tuple[int, int]]) -> None:
    octets = bytearray(DER)
    for position, mask in damages:
        octets[position] ^= mask
    with warnings.catch_warnings():
        # The library warns of some that it reads all the same.
        warnings.simplefilter("ignore")
        found = certificate_problems([bytes(octets)], {SUBJECT.fqdn}, NOW, TRUSTED)
        has_rsa_key(bytes(octets))
    assert bool(found) == (bytes(octets) != DER)


@given(st.binary(max_size=200), st.sampled_from([0x0303, 0x0304]))
def test_any_certificate_message_decodes_or_says_why(body: bytes, version: int) -> None:
    try:
        found = certificates_of(body, version)
    except DecodeError as error:
        assert 0 <= error.offset <= len(body)
    else:
        assert sum(map(len, found)) <= len(body)
