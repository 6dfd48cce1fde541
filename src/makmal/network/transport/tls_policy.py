"""How a function protects its services: the TLS profile of TS 33.210, 6.2, and faults in it."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.security.certificates import Flaw

# Of TLS 1.2, in the words of OpenSSL: authenticated encryption with ephemeral keys (TS 33.210,
# 6.2.3), for certificates with either kind of key.
SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
TLS_1_2, TLS_1_3 = 0x0303, 0x0304


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """The default is what TS 33.501, 13.1, and TS 33.210, 6.2, demand.

    ``suites`` are those of TLS 1.2, in OpenSSL's words. ``also_chooses`` are suites, and
    ``also_speaks`` versions, that the function chooses beside, when a client offers nothing better
    (by their numbers; no library of today would). ``certificate_flaw`` is what is wrong with its
    own certificate. ``presents_certificate``: as a client that is asked for one.
    ``answers_clear_text``: requests without TLS on the port of TLS.
    """

    versions: tuple[int, ...] = (TLS_1_2, TLS_1_3)
    suites: tuple[str, ...] = SUITES
    also_chooses: frozenset[int] = frozenset()
    also_speaks: frozenset[int] = frozenset()
    rsa_certificate: bool = False
    certificate_flaw: Flaw | None = None
    demands_client_certificate: bool = True
    verifies_client_issuer: bool = True
    verifies_client_validity: bool = True
    verifies_server_issuer: bool = True
    verifies_server_validity: bool = True
    verifies_server_name: bool = True
    presents_certificate: bool = True
    answers_clear_text: bool = False
