"""Weaknesses of the cloud application, and variations as sound as ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.cloud.policy import CloudPolicy, TlsPolicy
from makmal.network.faults.fault import Fault, Variation

PRODUCT_CLASS = "application"
_OBJECT, _WHO = "MAKMAL_API1_OBJECT_AUTHORISATION", "MAKMAL_API2_AUTHENTICATION"
_PROPERTY, _MUCH = "MAKMAL_API3_PROPERTY_AUTHORISATION", "MAKMAL_API4_RESOURCE_CONSUMPTION"
_FUNCTION, _FLOW = "MAKMAL_API5_FUNCTION_AUTHORISATION", "MAKMAL_API6_BUSINESS_FLOWS"
_FORGERY, _SETTING = "MAKMAL_API7_SSRF", "MAKMAL_API8_MISCONFIGURATION"
_INVENTORY, _BELIEF = "MAKMAL_API9_INVENTORY", "MAKMAL_API10_UNSAFE_CONSUMPTION"
_TLS, _HEADERS = "MAKMAL_APPLICATION_TLS", "MAKMAL_APPLICATION_HEADERS"
_INPUT = "MAKMAL_APPLICATION_INPUT"
# What old versions can do, with forward secrecy.
_OLD = "ECDHE+AESGCM:ECDHE+AES"


def _change(**choices: Any) -> Callable[[CloudPolicy], CloudPolicy]:
    return lambda policy: replace(policy, **choices)


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, PRODUCT_CLASS, description, _change(**choices), caught_by)


def _tls(**choices: Any) -> TlsPolicy:
    return TlsPolicy(**choices)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "object-owner-not-checked",
        "shows any user's sensors to any user",
        _OBJECT,
        checks_owner_on_reading=False,
    ),
    _fault(
        "object-owner-not-checked-on-change",
        "lets any user change and remove any user's sensors",
        _OBJECT,
        checks_owner_on_change=False,
    ),
    _fault(
        "token-not-needed",
        "serves requests without a token",
        _OBJECT,
        _WHO,
        needs_token=False,
        checks_owner_on_reading=False,
    ),
    _fault(
        "token-signature-not-verified",
        "takes tokens whatever their signature",
        _WHO,
        verifies_token_signature=False,
    ),
    _fault(
        "unsigned-token-accepted",
        "takes tokens that say that they have no signature",
        _WHO,
        refuses_unsigned_tokens=False,
    ),
    _fault(
        "token-lives-after-logout",
        "takes a token after its user has logged out",
        _WHO,
        ends_token_at_logout=False,
    ),
    _fault(
        "login-attempts-unlimited",
        "lets anyone guess passwords without end",
        _WHO,
        most_failed_logins=None,
    ),
    _fault("weak-passwords-accepted", "takes any password", _WHO, least_password=1),
    _fault(
        "account-names-disclosed",
        "tells at the login whether there is an account of a name",
        _WHO,
        same_answer_to_unknown_name=False,
    ),
    _fault(
        "role-can-be-set",
        "takes over any property that a request has, the role too",
        _PROPERTY,
        rejects_unknown_properties=False,
        role_can_be_set=True,
    ),
    _fault(
        "password-hash-shown",
        "shows the password hash of an account",
        _PROPERTY,
        shows_password_hash=True,
    ),
    _fault("body-unlimited", "reads bodies of any size", _MUCH, most_body=None),
    _fault("page-unlimited", "gives pages of any size", _MUCH, longest_page=None),
    _fault("requests-unlimited", "serves any number of requests", _MUCH, most_requests=None),
    _fault("slow-requests-kept", "waits for requests for ever", _MUCH, request_seconds=None),
    _fault(
        "role-not-checked",
        "lets users read what is for administrators",
        _FUNCTION,
        checks_role_on_reading=False,
    ),
    _fault(
        "role-not-checked-on-change",
        "lets users do what is for administrators",
        _FUNCTION,
        checks_role_on_change=False,
    ),
    _fault(
        "accounts-unlimited",
        "lets a machine make accounts without end",
        _FLOW,
        most_new_accounts=None,
    ),
    _fault(
        "fetches-any-host",
        "fetches whatever URL a user names",
        _FORGERY,
        fetches_only_permitted_hosts=False,
    ),
    _fault(
        "fetches-after-redirection",
        "follows redirections to any host",
        _FORGERY,
        follows_redirects_anywhere=True,
    ),
    _fault("fetches-any-size", "takes answers of any size", _BELIEF, most_fetched=None),
    _fault(
        "fetched-not-validated",
        "passes on what another service answers",
        _BELIEF,
        validates_fetched=False,
    ),
    _fault(
        "errors-shown",
        "shows where in the code it broke",
        _SETTING,
        _INPUT,
        shows_errors=True,
        survives_any_type=False,
    ),
    _fault(
        "any-origin-allowed",
        "lets pages of any origin read answers",
        _SETTING,
        allows_any_origin=True,
    ),
    _fault(
        "server-version-shown",
        "names its software and version",
        _SETTING,
        shows_server_version=True,
    ),
    _fault("trace-answered", "answers TRACE", _SETTING, answers_trace=True),
    _fault("clear-text-served", "serves without TLS too", _SETTING, serves_clear_text=True),
    _fault(
        "no-strict-transport-security",
        "does not tell browsers to use TLS only",
        _HEADERS,
        strict_transport_security=False,
    ),
    _fault(
        "no-content-type-options",
        "lets browsers guess types",
        _HEADERS,
        content_type_options=False,
    ),
    _fault("no-frame-options", "lets any page frame it", _HEADERS, frame_options=False),
    _fault("personal-data-cached", "lets caches keep personal data", _HEADERS, no_store=False),
    _fault(
        "old-version-alive",
        "keeps an old version alive that asks for no token",
        _INVENTORY,
        old_version_alive=True,
    ),
    _fault(
        "debugging-path-alive",
        "has left a path for debugging open",
        _INVENTORY,
        debugging_path_alive=True,
    ),
    _fault("tls-1.0", "takes TLS 1.0", _TLS, tls=_tls(lowest=ssl.TLSVersion.TLSv1, suites=_OLD)),
    _fault("tls-1.1", "takes TLS 1.1", _TLS, tls=_tls(lowest=ssl.TLSVersion.TLSv1_1, suites=_OLD)),
    _fault(
        "weak-cipher-suites",
        "takes cipher suites without forward secrecy or encryption",
        _TLS,
        tls=_tls(suites="ALL:eNULL"),
    ),
    _fault("certificate-expired", "has a certificate that has expired", _TLS, tls=_tls(days=-3)),
    _fault(
        "certificate-of-another-host",
        "has the certificate of another host",
        _TLS,
        tls=_tls(names=("elsewhere.example",)),
    ),
    _fault("certificate-key-short", "has an RSA key of 1024 bits", _TLS, tls=_tls(rsa_bits=1024)),
    _fault(
        "bodies-not-validated",
        "takes bodies that do not fit their schema",
        _INPUT,
        validates_bodies=False,
    ),
    _fault(
        "parameters-not-validated",
        "takes parameters that do not fit their schema",
        _MUCH,
        _INPUT,
        validates_parameters=False,
    ),
)


def _variation(name: str, description: str, **choices: Any) -> Variation:
    return Variation(name, PRODUCT_CLASS, description, _change(**choices))


VARIATIONS: tuple[Variation, ...] = (
    _variation("existence-told", "it says 403 where we say 404", hides_existence=False),
    _variation("page-clamped", "it gives at most a page in place of refusing", clamps_pages=True),
    _variation(
        "unknown-properties-ignored",
        "it ignores properties that it does not know",
        ignores_unknown_properties=True,
    ),
    _variation("rsa-certificate", "it has an RSA key of 2048 bits", tls=_tls(rsa_bits=2048)),
    _variation("only-tls-1.2", "it has TLS 1.2 only", tls=_tls(highest=ssl.TLSVersion.TLSv1_2)),
    _variation(
        "tighter-limits",
        "its limits are tighter",
        most_body=16_384,
        most_failed_logins=3,
        most_requests=60,
        request_seconds=5.0,
    ),
)
