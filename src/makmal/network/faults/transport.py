"""Faults of every function with a service-based interface: how it protects its services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation
from makmal.network.transport.tls_policy import SUITES, TLS_1_2, TLS_1_3, TlsPolicy
from makmal.security.certificates import Flaw

_TRANSPORT = "TC_PROTECT_TRANSPORT_LAYER"
FUNCTIONS = ("AMF", "SMF", "AUSF", "UDM", "UDR", "NRF", "NSSF", "PCF", "NSSAAF", "BSF", "CHF")

# By the end of the fault's name: what it does, and the choices of TlsPolicy that it turns.
_CHOICES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "tls-old": ("speaks TLS 1.1 with who offers nothing better", {"also_speaks": {0x0302}}),
    "tls-without-1-3": ("does not speak TLS 1.3", {"versions": (TLS_1_2,)}),
    "tls-without-1-2": ("does not speak TLS 1.2", {"versions": (TLS_1_3,)}),
    "tls-null": ("protects without encrypting", {"also_chooses": {0x003B}}),
    "tls-rc4": ("encrypts with RC4", {"also_chooses": {0x0005}}),
    "tls-3des": ("encrypts with Triple DES", {"also_chooses": {0xC008}}),
    "tls-export": ("encrypts as exported software once had to", {"also_chooses": {0x0003}}),
    "tls-anonymous": ("speaks with who knows nobody", {"also_chooses": {0x00A6}}),
    "tls-static": ("agrees on keys without forward secrecy", {"also_chooses": {0x009C}}),
    "tls-cbc": (
        "encrypts without authenticated encryption",
        {"suites": (*SUITES, "ECDHE-ECDSA-AES128-SHA")},
    ),
    "tls-lets-anyone": ("asks no client for a certificate", {"demands_client_certificate": False}),
    "tls-foreign-client": (
        "serves who has a certificate of a foreign authority",
        {"verifies_client_issuer": False},
    ),
    "tls-expired-client": (
        "serves who has a certificate that expired",
        {"verifies_client_validity": False},
    ),
    "tls-clear-text": ("serves HTTP in clear on the port of TLS", {"answers_clear_text": True}),
    "tls-own-expired": ("shows a certificate that expired", {"certificate_flaw": Flaw.EXPIRED}),
    "tls-own-name": (
        "shows the certificate of another function",
        {"certificate_flaw": Flaw.WRONG_NAME},
    ),
    "tls-shows-none": ("shows no certificate as a client", {"presents_certificate": False}),
    "tls-any-server": (
        "calls servers whoever issued their certificates",
        {"verifies_server_issuer": False},
    ),
    "tls-expired-server": (
        "calls servers whose certificates expired",
        {"verifies_server_validity": False},
    ),
    "tls-other-server": (
        "calls servers whose certificates are another's",
        {"verifies_server_name": False},
    ),
}


def _change(function: str, choices: Mapping[str, Any]) -> Change:
    made: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, set) else value
        for name, value in choices.items()
    }

    def apply(policy: NetworkPolicy) -> NetworkPolicy:
        before = policy.transport.get(function, TlsPolicy())
        return replace(policy, transport={**policy.transport, function: replace(before, **made)})

    return apply


def _faults() -> Iterator[Fault]:
    for function in FUNCTIONS:
        for name, (description, choices) in _CHOICES.items():
            yield Fault(
                f"{function.lower()}-{name}",
                function,
                description,
                _change(function, choices),
                (_TRANSPORT,),
            )


def _variations() -> Iterator[Variation]:
    for function in FUNCTIONS:
        yield Variation(
            f"{function.lower()}-tls-rsa",
            function,
            "its certificate has an RSA key",
            _change(function, {"rsa_certificate": True}),
        )
        yield Variation(
            f"{function.lower()}-tls-few-suites",
            function,
            "it speaks the mandated suites only",
            _change(function, {"suites": tuple(each for each in SUITES if "128" in each)}),
        )


FAULTS: tuple[Fault, ...] = tuple(_faults())
VARIATIONS: tuple[Variation, ...] = tuple(_variations())
