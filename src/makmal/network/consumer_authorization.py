"""Whether a consumer may use a service: its token and its assertion (TS 33.501, 13.3.8, 13.4.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from makmal.network import slices
from makmal.network.service import ServiceError
from makmal.network.service_policy import ServicePolicy
from makmal.network.slices import Slice
from makmal.protocol.sbi import HttpMessage, SbiOperation
from makmal.security import assertions, tokens
from makmal.security.assertions import AssertionProblemError
from makmal.security.tokens import AccessToken, TokenError

# What a token may be narrowed down to beside resources (TS 29.510, 6.3.5.2.4).
_NARROWING = ("producerSnssaiList", "producerNsiList", "producerNfSetId")
_TOKEN_HEADER = "authorization"  # noqa: S105 - the name of a header
ASSERTION_HEADER = "3gpp-sbi-client-credentials"


@dataclass(frozen=True, slots=True)
class Producer:
    """What a producer is, as far as tokens speak of it. ``guarded`` are the services that a token
    is demanded for; ``nrf_key`` is the key pair of the NRF that it trusts, ``authority`` the
    certificate (DER) of the authority whose assertions it believes.
    """

    nf_type: str
    instance: str
    guarded: tuple[str, ...]
    nrf_key: ec.EllipticCurvePrivateKey
    authority: bytes
    slices: tuple[Slice, ...] = ()
    slice_instances: tuple[str, ...] = ()
    nf_sets: tuple[str, ...] = ()
    now: Callable[[], int] = field(default=lambda: 0)


def authorize(
    producer: Producer, policy: ServicePolicy, http: HttpMessage, operation: SbiOperation | None
) -> AccessToken | None:
    """The token of a request. Raises ServiceError (TS 29.500, 6.7.3)."""
    _check_assertion(producer, policy, http)
    name = None if operation is None else operation.service
    guarded = name in producer.guarded
    text = http.bearer_token
    if text is None:
        if guarded and policy.demands_token:
            raise ServiceError(401, "UNAUTHORIZED", "no access token")
        return None
    try:
        token = _read(text)
    except TokenError as error:
        raise ServiceError(401, "INVALID_TOKEN", str(error)) from None
    if not _is_signed(producer, policy, token, text):
        raise ServiceError(401, "INVALID_TOKEN", "the signature is not of the NRF")
    expires = token.expires
    if (expires is None or expires <= producer.now()) and policy.verifies_expiry:
        raise ServiceError(401, "INVALID_TOKEN", "the token has expired")
    shown = _shown(text)
    if (
        producer.nf_type not in shown.audience
        and producer.instance not in shown.audience
        and policy.verifies_audience
    ):
        raise ServiceError(403, "ACCESS_TOKEN_DENIED", "the token is for another audience")
    if guarded and name is not None and operation is not None:
        if name not in shown.scope and policy.verifies_scope:
            raise ServiceError(403, "INSUFFICIENT_SCOPE", name)
        if (
            shown.is_narrowed
            and not _covers(shown.scope, name, operation.resource)
            and policy.verifies_additional_scope
        ):
            raise ServiceError(403, "INSUFFICIENT_SCOPE", "of other resources of the service")
    if shown.is_narrowed:
        _check_narrowing(producer, policy, token)
    return token


def _is_signed(producer: Producer, policy: ServicePolicy, token: AccessToken, text: str) -> bool:
    if _verified(text, producer.nrf_key) or not policy.verifies_signature:
        return True
    if token.algorithm is not None and token.algorithm.lower() == "none":
        return not policy.refuses_unsigned
    if token.algorithm == "HS256" and not policy.keeps_key_to_its_algorithm:
        return tokens.verify(token, public_key_text(producer.nrf_key.public_key()))
    if not policy.trusts_only_known_keys:
        key = tokens.key_of_header(token)
        return key is not None and tokens.verify(token, key)
    return False


def public_key_text(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as files hold it: what a confused producer takes for a shared secret."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@lru_cache(maxsize=4096)
def _read(text: str) -> AccessToken:
    """Read a token: a consumer shows the same one many times."""
    return tokens.parse(text)


@lru_cache(maxsize=4096)
def _verified(text: str, key: ec.EllipticCurvePrivateKey) -> bool:
    return tokens.verify(_read(text), key.public_key())


class _Shown(NamedTuple):
    """Whom a token is for, and what for; whether for less than a service of a producer."""

    audience: frozenset[str]
    scope: frozenset[str]
    is_narrowed: bool


@lru_cache(maxsize=4096)
def _shown(text: str) -> _Shown:
    token = _read(text)
    audience = token.audience or ()
    named = frozenset((audience,) if isinstance(audience, str) else audience)
    narrows = any(token.claims.get(name) is not None for name in _NARROWING)
    return _Shown(named, token.scope, narrows or any(":" in each for each in token.scope))


def _covers(scope: frozenset[str], name: str, resource: str) -> bool:
    """Whether a token that is narrowed down to resources of a service is for this one."""
    narrowed = [each for each in scope if each.startswith(f"{name}:")]
    if not narrowed:
        return True
    segments = set(resource.split("/"))
    return any(each.split(":")[1] in segments for each in narrowed)


def _check_narrowing(producer: Producer, policy: ServicePolicy, token: AccessToken) -> None:
    claims = token.claims
    wanted = claims.get("producerSnssaiList")
    if (
        wanted
        and not set(slices.list_from_json(wanted)) & set(producer.slices)
        and policy.verifies_slices
    ):
        raise ServiceError(403, "ACCESS_TOKEN_DENIED", "the token is for other slices")
    if (
        not _meets(claims.get("producerNsiList"), producer.slice_instances)
        and policy.verifies_slice_instances
    ):
        raise ServiceError(403, "ACCESS_TOKEN_DENIED", "the token is for other slice instances")
    nf_set = claims.get("producerNfSetId")
    if nf_set is not None and nf_set not in producer.nf_sets and policy.verifies_nf_set:
        raise ServiceError(403, "ACCESS_TOKEN_DENIED", "the token is for another NF set")


def _meets(wanted: Any, own: tuple[str, ...]) -> bool:
    return not isinstance(wanted, list) or not wanted or any(each in own for each in wanted)


def _check_assertion(producer: Producer, policy: ServicePolicy, http: HttpMessage) -> None:
    """TS 33.501, 13.3.8.2: an assertion that came must be right."""
    text = http.header(ASSERTION_HEADER)
    if text is None:
        return
    try:
        assertion = assertions.parse(text)
    except AssertionProblemError as error:
        raise ServiceError(401, "CCA_VERIFICATION_FAILURE", str(error)) from None
    now = producer.now()
    problem = None
    if policy.verifies_assertion_signature:
        problem = assertion.problem_of_signature(producer.authority, now)
    if problem is None and policy.verifies_assertion_expiry:
        problem = assertion.problem_of_time(now)
    if problem is None and policy.verifies_assertion_audience:
        problem = assertion.problem_of_audience(producer.nf_type)
    if problem is not None:
        raise ServiceError(401, "CCA_VERIFICATION_FAILURE", problem)
