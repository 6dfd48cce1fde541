"""Faults of every function with a service-based interface: whom it serves, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation
from makmal.network.service_policy import ServicePolicy

_TOKEN = "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN"  # noqa: S105 - the name of a test case
_ASSERTION = "TC_CLIENT_CREDENTIALS_ASSERTION_VALIDATION"
_PARSER, _KEYS = "TC_JSON_PARSER_CODE_EXEC_INCL", "MAKMAL_SBI_UNIQUE_KEYS"
_FORMATS, _PORTS = "MAKMAL_SBI_FORMAT_AND_RANGE", "TC_BVT_PORT_SCANNING"
FUNCTIONS = ("AMF", "SMF", "AUSF", "UDM", "UDR", "NRF", "NSSF", "PCF", "NSSAAF", "BSF", "CHF")

# By the end of the fault's name: what it does, the choice of ServicePolicy that it turns, and the
# test cases that catch it.
_CHOICES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "without-token": ("serves who shows no token", "demands_token", (_TOKEN,)),
    "token-signature": (
        "believes a token whoever signed it",
        "verifies_signature",
        (_TOKEN,),
    ),
    "token-audience": ("believes a token for others", "verifies_audience", (_TOKEN,)),
    "token-scope": ("serves what a token is not for", "verifies_scope", (_TOKEN,)),
    "token-expiry": ("believes a token for ever", "verifies_expiry", (_TOKEN,)),
    "token-none": ("believes a token of the algorithm none", "refuses_unsigned", (_TOKEN,)),
    "token-confused": (
        "takes the NRF's public key for the secret of an HMAC",
        "keeps_key_to_its_algorithm",
        (_TOKEN,),
    ),
    "token-own-key": (
        "verifies a token with the key that it names itself",
        "trusts_only_known_keys",
        (_TOKEN,),
    ),
    "token-slices": ("serves a token for another slice", "verifies_slices", (_TOKEN,)),
    "token-nsi": (
        "serves a token for another slice instance",
        "verifies_slice_instances",
        (_TOKEN,),
    ),
    "token-nf-set": ("serves a token for another NF set", "verifies_nf_set", (_TOKEN,)),
    "token-resource": (
        "serves a token for another resource",
        "verifies_additional_scope",
        (_TOKEN,),
    ),
    "assertion-signature": (
        "believes an assertion whoever signed it",
        "verifies_assertion_signature",
        (_ASSERTION,),
    ),
    "assertion-audience": (
        "believes an assertion for others",
        "verifies_assertion_audience",
        (_ASSERTION,),
    ),
    "assertion-expiry": (
        "believes an assertion for ever",
        "verifies_assertion_expiry",
        (_ASSERTION,),
    ),
    "repeated-keys": ("takes JSON that names a key twice", "refuses_repeated_keys", (_KEYS,)),
    "broken-by-body": (
        "serves nobody any more after a bad body",
        "recovers_from_bad_bodies",
        (_KEYS, _FORMATS),
    ),
    "types-unchecked": ("takes elements of any JSON type", "verifies_types", (_FORMATS,)),
    "ranges-unchecked": ("takes elements out of their range", "verifies_ranges", (_FORMATS,)),
    "fetches": ("fetches what a body refers to", "keeps_from_fetching", (_PARSER,)),
    "includes-files": (
        "includes the files that a body refers to",
        "keeps_from_reading_files",
        (_PARSER,),
    ),
    "runs-code": ("runs what looks like code in a body", "keeps_from_running", (_PARSER,)),
    "undeclared-port": (
        "serves at a port that nobody declared",
        "opens_only_declared_ports",
        (_PORTS,),
    ),
}


def service_change(function: str, **choices: Any) -> Change:
    """From a network to one in which a function treats requests otherwise."""

    def change(policy: NetworkPolicy) -> NetworkPolicy:
        before = policy.services.get(function, ServicePolicy())
        return replace(policy, services={**policy.services, function: replace(before, **choices)})

    return change


def _faults() -> Iterator[Fault]:
    for function in FUNCTIONS:
        for name, (description, choice, caught_by) in _CHOICES.items():
            # The services of the NRF are open to who has no token yet (TS 33.501, 13.4.1).
            if function == "NRF" and _TOKEN in caught_by:
                continue
            yield Fault(
                f"{function.lower()}-{name}",
                function,
                description,
                service_change(function, **{choice: False}),
                caught_by,
            )


def _variations() -> Iterator[Variation]:
    for function in FUNCTIONS:
        yield Variation(
            f"{function.lower()}-terse",
            function,
            "it gives no details of a problem",
            service_change(function, explains_problems=False),
        )
        yield Variation(
            f"{function.lower()}-unprocessable",
            function,
            "it refuses what it can read and not use with 422",
            service_change(function, unusable_body_status=422),
        )


FAULTS: tuple[Fault, ...] = tuple(_faults())
VARIATIONS: tuple[Variation, ...] = tuple(_variations())
