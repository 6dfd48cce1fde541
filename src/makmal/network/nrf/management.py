"""Nnrf_NFManagement: profiles, heartbeats, subscriptions, notifications (TS 29.510, 5.2, 6.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from makmal.network import json_patch, service
from makmal.network.date_time import date_time, nanoseconds
from makmal.network.json_patch import PatchError
from makmal.network.nrf import authorization, conditions
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.nrf.nrf import Nrf

_INSTANCES = "/nnrf-nfm/v1/nf-instances"
_SUBSCRIPTIONS = "/nnrf-nfm/v1/subscriptions"
_SECOND = 1_000_000_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STATUSES = ("REGISTERED", "SUSPENDED", "UNDISCOVERABLE", "CANARY_RELEASE")
# What a patch may replace and still be no more than a heartbeat (5.2.2.3.2).
_HEARTBEAT_PATHS = {"/nfStatus", "/load", "/loadTimeStamp"}
# Attributes of a request that no answer repeats (6.1.6.2.2, 6.1.6.2.16).
_WRITE_ONLY = ("nfProfileChangesSupportInd",)
# Later than anything that could expire.
_NEVER = 1 << 63


def serve(nrf: Nrf) -> None:
    """Take the requests of all functions."""

    async def register(request: ServiceRequest) -> HttpMessage:
        return _register(nrf, request)

    async def update(request: ServiceRequest) -> HttpMessage:
        return _update(nrf, request)

    async def deregister(request: ServiceRequest) -> HttpMessage:
        return _deregister(nrf, request)

    async def read(request: ServiceRequest) -> HttpMessage:
        return _read(nrf, request)

    async def read_all(request: ServiceRequest) -> HttpMessage:
        return _read_all(nrf, request)

    async def options(request: ServiceRequest) -> HttpMessage:
        del request
        return service.response(204)

    async def subscribe(request: ServiceRequest) -> HttpMessage:
        return _subscribe(nrf, request)

    async def change_subscription(request: ServiceRequest) -> HttpMessage:
        return _change_subscription(nrf, request)

    async def unsubscribe(request: ServiceRequest) -> HttpMessage:
        return _unsubscribe(nrf, request)

    nrf.route("GET", _INSTANCES, read_all)
    nrf.route("OPTIONS", _INSTANCES, options)
    nrf.route("GET", f"{_INSTANCES}/{{nfInstanceId}}", read)
    nrf.route("PUT", f"{_INSTANCES}/{{nfInstanceId}}", register)
    nrf.route("PATCH", f"{_INSTANCES}/{{nfInstanceId}}", update)
    nrf.route("DELETE", f"{_INSTANCES}/{{nfInstanceId}}", deregister)
    nrf.route("POST", _SUBSCRIPTIONS, subscribe)
    nrf.route("PATCH", f"{_SUBSCRIPTIONS}/{{subscriptionId}}", change_subscription)
    nrf.route("DELETE", f"{_SUBSCRIPTIONS}/{{subscriptionId}}", unsubscribe)


# Profiles.


def _register(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """NFRegister and the complete replacement of NFUpdate (5.2.2.2 and 5.2.2.3.1)."""
    identity = request.parameters["nfInstanceId"]
    _check_profile(nrf, request, identity)
    profile = {name: each for name, each in request.object.items() if name not in _WRITE_ONLY}
    profile["heartBeatTimer"] = nrf.policy.heart_beat_timer
    old = nrf.instances.get(identity)
    instance = _keep(nrf, identity, profile)
    tag = (("etag", instance.entity_tag),)
    if old is not None:
        _tell(nrf, "NF_PROFILE_CHANGED", identity, profile)
        return service.response(200, service.json_body(profile), headers=tag)
    _tell(nrf, "NF_REGISTERED", identity, profile)
    return service.response(
        201, service.json_body(profile), location=nrf.uri(f"{_INSTANCES}/{identity}"), headers=tag
    )


def _check_profile(nrf: Nrf, request: ServiceRequest, identity: str) -> None:
    """The mandatory members of NFProfile (6.1.6.2.2). Raises ServiceError 400."""
    if nrf.policy.checks_instance_of_profile:
        if _UUID.fullmatch(identity) is None:
            raise ServiceError(400, "MANDATORY_IE_INCORRECT", "the NF instance id is no UUID")
        if str(request.required("nfInstanceId", str)).lower() != identity.lower():
            raise ServiceError(
                400, "MANDATORY_IE_INCORRECT", "nfInstanceId is not that of the path"
            )
    request.required("nfType", str)
    if request.required("nfStatus", str) not in _STATUSES:
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "nfStatus")
    profile = request.object
    if not any(profile.get(name) for name in ("fqdn", "ipv4Addresses", "ipv6Addresses")):
        raise ServiceError(400, "MANDATORY_IE_MISSING", "an FQDN or an IP address")
    problem = authorization.malformed(profile)
    if problem is not None:
        raise ServiceError(400, "OPTIONAL_IE_INCORRECT", problem)


def _keep(nrf: Nrf, identity: str, profile: dict[str, Any]) -> Any:
    from makmal.network.nrf.nrf import Instance

    now = nrf.world.now_ns
    old = nrf.instances.get(identity)
    instance = Instance(profile, now, 1 if old is None else old.revision + 1)
    nrf.instances[identity] = instance
    nrf.next_expiry_ns = min(nrf.next_expiry_ns, now + _patience_ns(nrf))
    return instance


def _update(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """Heartbeat, or a partial update (5.2.2.3)."""
    identity = request.parameters["nfInstanceId"]
    instance = nrf.instances.get(identity)
    if instance is None:
        # 5.2.2.3.2: so a function learns that it has to register again.
        raise ServiceError(404, "CONTEXT_NOT_FOUND", identity)
    expected = request.http.header("if-match")
    if expected not in (None, "*", instance.entity_tag):
        raise ServiceError(412, "PRECONDITION_FAILED", "the profile has changed meanwhile")
    try:
        profile = json_patch.apply(instance.profile, request.json)
    except PatchError as error:
        raise ServiceError(400, "INVALID_MSG_FORMAT", str(error)) from None
    if (
        not isinstance(profile, dict)
        or profile.get("nfInstanceId") != instance.profile["nfInstanceId"]
        or profile.get("nfStatus") not in _STATUSES
    ):
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "nfInstanceId or nfStatus")
    problem = authorization.malformed(profile)
    if problem is not None:
        raise ServiceError(400, "OPTIONAL_IE_INCORRECT", problem)
    is_heartbeat = _HEARTBEAT_PATHS.issuperset(json_patch.paths(request.json))
    changed_status = profile["nfStatus"] != instance.profile["nfStatus"]
    if is_heartbeat and not changed_status:
        instance.profile, instance.heard_ns = profile, nrf.world.now_ns
        return service.response(204)
    kept = _keep(nrf, identity, profile)
    _tell(nrf, "NF_PROFILE_CHANGED", identity, profile)
    if is_heartbeat:
        return service.response(204)
    return service.response(200, service.json_body(profile), headers=(("etag", kept.entity_tag),))


def _deregister(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """NFDeregister (5.2.2.4)."""
    identity = request.parameters["nfInstanceId"]
    instance = nrf.instances.pop(identity, None)
    if instance is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND", identity)
    _tell(nrf, "NF_DEREGISTERED", identity, instance.profile)
    return service.response(204)


def _read(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """NFProfileRetrieval (5.2.2.9)."""
    instance = nrf.instances.get(request.parameters["nfInstanceId"])
    if instance is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND", request.parameters["nfInstanceId"])
    return service.response(
        200, service.json_body(instance.profile), headers=(("etag", instance.entity_tag),)
    )


def _read_all(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """NFListRetrieval (5.2.2.8)."""
    wanted = request.query.get("nf-type")
    found = [
        {"href": nrf.uri(f"{_INSTANCES}/{identity}")}
        for identity, instance in nrf.instances.items()
        if wanted is None or instance.profile["nfType"] == wanted
    ]
    limit = request.query.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
        raise ServiceError(400, "OPTIONAL_QUERY_PARAM_INCORRECT", "limit")
    links: dict[str, Any] = {"self": {"href": nrf.uri(request.http.path or _INSTANCES)}}
    if found:
        links["item"] = found if limit is None else found[: int(limit)]
    document = {"_links": links, "totalItemCount": len(found)}
    return service.response(200, service.json_body(document, service.HAL))


# What expires.


def _patience_ns(nrf: Nrf) -> int:
    return (nrf.policy.heart_beat_timer + nrf.policy.heart_beat_margin) * _SECOND


def expire(nrf: Nrf) -> None:
    """Suspend functions that fell silent (5.2.2.3.2), forget subscriptions that ended."""
    now, patience = nrf.world.now_ns, _patience_ns(nrf)
    earliest = _NEVER
    for identity, instance in list(nrf.instances.items()):
        if instance.profile["nfStatus"] == "SUSPENDED":
            continue
        if instance.heard_ns + patience <= now:
            profile = {**instance.profile, "nfStatus": "SUSPENDED"}
            instance.profile, instance.revision = profile, instance.revision + 1
            _tell(nrf, "NF_PROFILE_CHANGED", identity, profile)
        else:
            earliest = min(earliest, instance.heard_ns + patience)
    for identity, subscription in list(nrf.subscriptions.items()):
        if subscription.expires_ns <= now:
            del nrf.subscriptions[identity]
        else:
            earliest = min(earliest, subscription.expires_ns)
    nrf.next_expiry_ns = earliest


# Subscriptions (5.2.2.5 to 5.2.2.7).


def _subscribe(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    from makmal.network.nrf.nrf import Subscription

    request.required("nfStatusNotificationUri", str)
    condition = request.object.get("subscrCond")
    if condition is not None and not isinstance(condition, dict):
        raise ServiceError(400, "OPTIONAL_IE_INCORRECT", "subscrCond")
    # 6.1.6.2.16: no hyphen in the identity, which would set off a network's.
    identity = nrf.world.random_octets(8).hex()
    expires = _validity(nrf, request.object.get("validityTime"))
    document = {name: each for name, each in request.object.items() if name != "requesterFeatures"}
    document |= {"subscriptionId": identity, "validityTime": date_time(expires)}
    nrf.subscriptions[identity] = Subscription(document, expires)
    nrf.next_expiry_ns = min(nrf.next_expiry_ns, expires)
    return service.response(
        201, service.json_body(document), location=nrf.uri(f"{_SUBSCRIPTIONS}/{identity}")
    )


def _validity(nrf: Nrf, asked: Any) -> int:
    """When a subscription ends: when the subscriber says, or earlier."""
    latest = nrf.world.now_ns + nrf.policy.subscription_seconds * _SECOND
    if asked is None:
        return latest
    wanted = nanoseconds(asked)
    if wanted is None:
        raise ServiceError(400, "OPTIONAL_IE_INCORRECT", "validityTime")
    return min(wanted, latest)


def _change_subscription(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    """A subscription is extended (5.2.2.5.6)."""
    subscription = nrf.subscriptions.get(request.parameters["subscriptionId"])
    if subscription is None:
        raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND", request.parameters["subscriptionId"])
    try:
        document = json_patch.apply(subscription.document, request.json)
    except PatchError as error:
        raise ServiceError(400, "INVALID_MSG_FORMAT", str(error)) from None
    identity = request.parameters["subscriptionId"]
    if not isinstance(document, dict) or document.get("subscriptionId") != identity:
        raise ServiceError(400, "INVALID_MSG_FORMAT", "a subscription keeps its identity")
    subscription.expires_ns = _validity(nrf, document.get("validityTime"))
    nrf.next_expiry_ns = min(nrf.next_expiry_ns, subscription.expires_ns)
    subscription.document = {**document, "validityTime": date_time(subscription.expires_ns)}
    return service.response(200, service.json_body(subscription.document))


def _unsubscribe(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    if nrf.subscriptions.pop(request.parameters["subscriptionId"], None) is None:
        raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND", request.parameters["subscriptionId"])
    return service.response(204)


def _tell(nrf: Nrf, event: str, identity: str, profile: dict[str, Any]) -> None:
    """NFStatusNotify, beside (5.2.2.6)."""
    if nrf.subscriptions:
        nrf.world.spawn(_notify(nrf, event, identity, profile))


async def _notify(nrf: Nrf, event: str, identity: str, profile: dict[str, Any]) -> None:
    data: dict[str, Any] = {
        "event": event,
        "nfInstanceUri": nrf.uri(f"{_INSTANCES}/{identity}"),
    }
    if event != "NF_DEREGISTERED":
        hides = nrf.policy.hides_allowed_lists
        data["nfProfile"] = authorization.without_allowed_lists(profile) if hides else profile
    body = service.json_body(data)
    for subscription in list(nrf.subscriptions.values()):
        document = subscription.document
        wanted = document.get("reqNotifEvents")
        if isinstance(wanted, list) and event not in wanted:
            continue
        if not conditions.matches(document.get("subscrCond"), profile):
            continue
        requester = authorization.requester_of_subscription(document)
        if nrf.policy.notifies_only_allowed and not authorization.is_allowed(
            profile, requester, nrf.policy
        ):
            continue
        try:
            await nrf.call("POST", str(document["nfStatusNotificationUri"]), body)
        except UnreachableError as error:
            nrf.log.append(f"a subscriber was not told of a change: {error}")
