"""Nnrf_AccessToken: who may use which service of whom (TS 29.510, 5.4; TS 33.501, 13.4.1.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.network import service, slices
from makmal.network.nf_profiles import services_of
from makmal.network.nrf import authorization
from makmal.network.nrf.authorization import Requester, plmns_of
from makmal.network.service import ServiceRequest
from makmal.protocol.sbi import HttpMessage
from makmal.security import tokens

if TYPE_CHECKING:
    from makmal.network.nrf.nrf import Nrf

_SECOND = 1_000_000_000
_FORM = "application/x-www-form-urlencoded"
# RFC 6749, 5.1: no cache may keep a token.
_NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))
# A century: what a token that does not expire is here.
_FOR_EVER = 100 * 365 * 86_400
_JSON = (
    "requesterPlmn",
    "requesterPlmnList",
    "requesterSnssaiList",
    "targetPlmn",
    "targetSnssaiList",
)


class _RefusedError(Exception):
    """The error and its description (AccessTokenErr of TS 29.510, 6.3.5.2.5)."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """An access token request (AccessTokenReq of TS 29.510, 6.3.5.2.2)."""

    requester: str
    scope: tuple[str, ...]
    form: dict[str, Any]


def serve(nrf: Nrf) -> None:
    """Take the requests of consumers."""

    async def grant(request: ServiceRequest) -> HttpMessage:
        try:
            return _grant(nrf, _read(request))
        except _RefusedError as error:
            name, description = error.args
            document = {"error": name, "error_description": description}
            return service.response(400, service.json_body(document), headers=_NO_STORE)

    nrf.route("POST", "/oauth2/token", grant)


def _read(request: ServiceRequest) -> _Wish:
    if not request.http.content_type.lower().startswith(_FORM):
        raise _RefusedError("invalid_request", f"the body is not {_FORM}")
    try:
        pairs = parse_qsl(request.http.body.decode(), strict_parsing=True)
    except ValueError:
        raise _RefusedError("invalid_request", "the body is no form") from None
    form: dict[str, Any] = {}
    for name, value in pairs:
        # RFC 6749, 3.2: no parameter twice. targetNsiList is an array, which explodes so.
        if name in form and name != "targetNsiList":
            raise _RefusedError("invalid_request", f"{name} comes twice")
        if name == "targetNsiList":
            form[name] = [*form.get(name, []), value]
        else:
            form[name] = _json(name, value) if name in _JSON else value
    if form.get("grant_type") != "client_credentials":
        given = "grant_type" in form
        raise _RefusedError("unsupported_grant_type" if given else "invalid_request", "grant_type")
    for name in ("nfInstanceId", "scope"):
        if not form.get(name):
            raise _RefusedError("invalid_request", f"{name} is missing")
    return _Wish(form["nfInstanceId"], tuple(form["scope"].split()), form)


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise _RefusedError("invalid_request", f"{name} is no JSON") from None


def _grant(nrf: Nrf, wish: _Wish) -> HttpMessage:
    """TS 29.510, 5.4.2.2.1."""
    policy, form = nrf.policy, wish.form
    requester = _requester(nrf, wish)
    target = form.get("targetNfInstanceId")
    audience: Any = [target] if target else form.get("targetNfType")
    if not audience:
        raise _RefusedError("invalid_request", "neither targetNfType nor targetNfInstanceId")
    _check_producer(nrf, wish, requester)
    scope = " ".join(wish.scope)
    if not policy.limits_scope:
        scope = " ".join(sorted({*wish.scope, *_all_services(nrf)}))
    lifetime = policy.token_seconds if policy.sets_expiry else _FOR_EVER
    claims: dict[str, Any] = {
        "iss": nrf.instance,
        "sub": wish.requester,
        "aud": audience if policy.names_audience else _all_types(nrf),
        "scope": scope,
        "exp": nrf.world.now_ns // _SECOND + lifetime,
    }
    # TS 29.510, 6.3.5.2.4: a producer that serves several learns for which a token was granted.
    for asked, claim in (
        ("requesterPlmn", "consumerPlmnId"),
        ("targetPlmn", "producerPlmnId"),
        ("targetSnssaiList", "producerSnssaiList"),
        ("targetNsiList", "producerNsiList"),
        ("targetNfSetId", "producerNfSetId"),
        ("targetNfServiceSetId", "producerNfServiceSetId"),
        ("sourceNfInstanceId", "sourceNfInstanceId"),
    ):
        if asked in form:
            claims[claim] = form[asked]
    text = signed(json.dumps(claims), nrf.plan.nrf_key) if policy.signs_tokens else None
    document = {
        "access_token": text or tokens.unsigned(claims),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": scope,
    }
    return service.response(200, service.json_body(document), headers=_NO_STORE)


@lru_cache(maxsize=1024)
def signed(claims: str, key: ec.EllipticCurvePrivateKey) -> str:
    """The token of claims that are given as JSON.

    A signature of the same claims is as good the second time, and simulated networks, which all
    begin at the same hour, ask for the same ones again and again.
    """
    return tokens.sign(json.loads(claims), key, "ES256")


def _requester(nrf: Nrf, wish: _Wish) -> Requester:
    """Who asks, checked against what it registered."""
    instance = nrf.instances.get(wish.requester)
    said = wish.form.get("nfType")
    if instance is None:
        if nrf.policy.grants_only_to_registered:
            raise _RefusedError("invalid_client", "this NF instance is not registered")
        known = Requester(said)
    else:
        known = authorization.requester_of_profile(instance.profile)
        if nrf.policy.checks_requester_type and said not in (None, known.nf_type):
            raise _RefusedError("invalid_client", f"this NF instance is no {said}")
    plmns = wish.form.get("requesterPlmnList") or wish.form.get("requesterPlmn")
    return Requester(
        said or known.nf_type,
        wish.form.get("requesterFqdn") or known.fqdn,
        plmns_of(plmns) if plmns else known.plmns,
        slices.list_from_json(wish.form.get("requesterSnssaiList")) or known.s_nssais,
    )


def _check_producer(nrf: Nrf, wish: _Wish, requester: Requester) -> None:
    """Some producer of that type, or that instance, offers every service to the requester."""
    policy, form = nrf.policy, wish.form
    if not policy.grants_only_registered_services:
        return
    kind, target = form.get("targetNfType"), form.get("targetNfInstanceId")
    candidates = [
        instance.profile
        for identity, instance in nrf.instances.items()
        if (target is None or identity == target)
        and (kind is None or instance.profile["nfType"] == kind)
    ]
    offered = [each for each in candidates if _offers(each, wish.scope)]
    if not offered:
        raise _RefusedError("invalid_scope", "no registered function offers these services")
    if policy.grants_only_allowed and not any(
        _allows(nrf, each, wish.scope, requester) for each in offered
    ):
        raise _RefusedError("unauthorized_client", "the producer does not allow this consumer")


def _service_name(scope: str) -> str:
    # TS 29.510, 6.3.5.2.4: "service:resource:operation" narrows a service down.
    return scope.partition(":")[0]


def _offers(profile: dict[str, Any], scope: tuple[str, ...]) -> bool:
    offered = {each["serviceName"] for each in services_of(profile)}
    return all(_service_name(each) in offered for each in scope)


def _allows(
    nrf: Nrf, profile: dict[str, Any], scope: tuple[str, ...], requester: Requester
) -> bool:
    if not authorization.is_allowed(profile, requester, nrf.policy):
        return False
    names = {_service_name(each) for each in scope}
    return all(
        authorization.is_allowed(each, requester, nrf.policy)
        for each in services_of(profile)
        if each["serviceName"] in names
    )


def _all_services(nrf: Nrf) -> set[str]:
    return {
        each["serviceName"]
        for instance in nrf.instances.values()
        for each in services_of(instance.profile)
    }


def _all_types(nrf: Nrf) -> list[str]:
    return sorted({str(instance.profile["nfType"]) for instance in nrf.instances.values()})
