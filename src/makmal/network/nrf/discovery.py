"""Nnrf_NFDiscovery: functions that match a query and are open to who asks (TS 29.510, 5.3, 6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.nf_profiles import services_of
from makmal.network.nrf import authorization
from makmal.network.nrf.authorization import Requester, plmns_of
from makmal.network.service import ServiceError, ServiceRequest
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.nrf.nrf import Nrf

_DIGITS = re.compile(r"[0-9]+")
# Query parameters whose value is JSON (6.2.3.2.3.1).
_JSON = ("snssais", "tai", "guami", "target-plmn-list", "requester-plmn-list", "requester-snssais")
# The members of a profile that tell which identities a function serves.
_INFOS = {"UDM": "udmInfo", "UDR": "udrInfo", "AUSF": "ausfInfo", "PCF": "pcfInfo"}


def serve(nrf: Nrf) -> None:
    """Take the queries of consumers."""

    async def search(request: ServiceRequest) -> HttpMessage:
        return _search(nrf, request)

    nrf.route("GET", "/nnrf-disc/v1/nf-instances", search)


def _search(nrf: Nrf, request: ServiceRequest) -> HttpMessage:
    query = _query(request)
    requester = _requester(nrf, query)
    policy = nrf.policy
    found, refused = [], False
    for instance in nrf.instances.values():
        profile = instance.profile
        if policy.lists_only_registered and profile["nfStatus"] != "REGISTERED":
            continue
        if not _matches(profile, query, nrf):
            continue
        if not authorization.is_allowed(profile, requester, policy):
            refused = True
            continue
        shown = _with_services(profile, query.get("service-names"), requester, nrf)
        if shown is None:
            refused = True
            continue
        found.append(
            authorization.without_allowed_lists(shown) if policy.hides_allowed_lists else shown
        )
    if refused and not found:
        # 5.3.2.2.2, 2b: who may not discover what there is learns that, and nothing else.
        raise ServiceError(403, "FORBIDDEN", "what matches is not open to this consumer")
    found.sort(key=lambda profile: _order(profile, query))
    limit = query.get("limit")
    document = {
        "validityPeriod": policy.discovery_seconds,
        "nfInstances": found[: int(limit)] if limit else found,
    }
    headers = (("cache-control", f"max-age={policy.discovery_seconds}"),)
    return service.response(200, service.json_body(document), headers=headers)


def _query(request: ServiceRequest) -> dict[str, Any]:
    """The query with its JSON read. Raises ServiceError 400."""
    query: dict[str, Any] = dict(request.query)
    for name in ("target-nf-type", "requester-nf-type"):
        if not query.get(name):
            raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", name)
    for name in _JSON:
        if name in query:
            query[name] = request.query_json(name)
    if "service-names" in query:
        query["service-names"] = tuple(filter(None, query["service-names"].split(",")))
    limit = query.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
        raise ServiceError(400, "OPTIONAL_QUERY_PARAM_INCORRECT", "limit")
    return query


def _requester(nrf: Nrf, query: Mapping[str, Any]) -> Requester:
    """What the consumer says of itself; where it says nothing, what it registered."""
    registered = nrf.instances.get(query.get("requester-nf-instance-id") or "")
    known = (
        Requester()
        if registered is None
        else authorization.requester_of_profile(registered.profile)
    )
    return Requester(
        query["requester-nf-type"],
        query.get("requester-nf-instance-fqdn") or known.fqdn,
        plmns_of(query.get("requester-plmn-list") or []) or known.plmns,
        slices.list_from_json(query.get("requester-snssais")) or known.s_nssais,
    )


def _matches(profile: dict[str, Any], query: Mapping[str, Any], nrf: Nrf) -> bool:
    if profile["nfType"] != query["target-nf-type"]:
        return False
    own = ((nrf.plan.mcc, nrf.plan.mnc),)
    for name, value in query.items():
        if name == "target-plmn-list":
            served = plmns_of(profile.get("plmnList") or []) or own
            if not set(plmns_of(value)) & set(served):
                return False
        else:
            test = _TESTS.get(name)
            if test is not None and not test(value, profile):
                return False
    return True


def _with_services(
    profile: dict[str, Any], names: tuple[str, ...] | None, requester: Requester, nrf: Nrf
) -> dict[str, Any] | None:
    """The profile with the services that were asked for and are open; None where none is left."""

    def wanted(entry: dict[str, Any]) -> bool:
        return (not names or entry["serviceName"] in names) and authorization.is_allowed(
            entry, requester, nrf.policy
        )

    before = services_of(profile)
    if not before or all(map(wanted, before)):
        return profile
    shown = dict(profile)
    if "nfServices" in shown:
        shown["nfServices"] = [each for each in shown["nfServices"] if wanted(each)]
        if not shown["nfServices"]:
            del shown["nfServices"]
    if "nfServiceList" in shown:
        shown["nfServiceList"] = {
            name: each for name, each in shown["nfServiceList"].items() if wanted(each)
        }
        if not shown["nfServiceList"]:
            del shown["nfServiceList"]
    return shown if services_of(shown) else None


def _order(profile: dict[str, Any], query: Mapping[str, Any]) -> tuple[bool, int]:
    """The preferred locality first, then by priority, of which the lower comes first."""
    locality = query.get("preferred-locality")
    priority = profile.get("priority")
    return (
        locality is not None and profile.get("locality") != locality,
        priority if isinstance(priority, int) else 65_535,
    )


# One test for each query parameter of 6.2.3.2.3.1 that narrows the result.


def _offers_service(names: tuple[str, ...], profile: dict[str, Any]) -> bool:
    return not names or any(each["serviceName"] in names for each in services_of(profile))


def _serves_slice(value: Any, profile: dict[str, Any]) -> bool:
    wanted = set(slices.list_from_json(value))
    served = slices.list_from_json(profile.get("sNssais"))
    for entry in _smf_slices(profile):
        served = (*served, *slices.list_from_json([entry.get("sNssai")]))
    return not served or bool(wanted & set(served))


def _smf_slices(profile: dict[str, Any]) -> list[dict[str, Any]]:
    info = profile.get("smfInfo")
    entries = info.get("sNssaiSmfInfoList") if isinstance(info, dict) else None
    return [each for each in entries or () if isinstance(each, dict)]


def _serves_dnn(value: str, profile: dict[str, Any]) -> bool:
    entries = [dnn for each in _smf_slices(profile) for dnn in each.get("dnnSmfInfoList") or ()]
    return not entries or any(
        isinstance(each, dict) and each.get("dnn") in (value, "*") for each in entries
    )


def _info(profile: dict[str, Any], name: str) -> dict[str, Any]:
    info = profile.get(name)
    return info if isinstance(info, dict) else {}


def _serves_tai(value: Any, profile: dict[str, Any]) -> bool:
    info = _info(profile, "amfInfo") or _info(profile, "smfInfo")
    served = info.get("taiList")
    return not served or value in served


def _serves_guami(value: Any, profile: dict[str, Any]) -> bool:
    return value in (_info(profile, "amfInfo").get("guamiList") or ())


def _serves_supi(value: str, profile: dict[str, Any]) -> bool:
    return _in_ranges(value, "supiRanges", profile)


def _serves_gpsi(value: str, profile: dict[str, Any]) -> bool:
    return _in_ranges(value, "gpsiRanges", profile)


def _in_ranges(value: str, name: str, profile: dict[str, Any]) -> bool:
    """Whether an identity is in one of the ranges; where there are none, all are served."""
    ranges = _info(profile, _INFOS.get(profile["nfType"], "")).get(name)
    if not isinstance(ranges, list) or not ranges:
        return True
    digits = value.partition("-")[2]
    for each in ranges:
        start, end = (str(each.get(bound) or "") for bound in ("start", "end"))
        if _DIGITS.fullmatch(digits) and len(start) == len(digits) and start <= digits <= end:
            return True
        pattern = each.get("pattern")
        if isinstance(pattern, str) and _fits(pattern, value):
            return True
    return False


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return False


def _has_routing_indicator(value: str, profile: dict[str, Any]) -> bool:
    served = _info(profile, _INFOS.get(profile["nfType"], "")).get("routingIndicators")
    return not served or value in served


def _holds_data_set(value: str, profile: dict[str, Any]) -> bool:
    sets = _info(profile, "udrInfo").get("supportedDataSets")
    return not sets or value in sets


def _in_group(value: str, profile: dict[str, Any]) -> bool:
    group = _info(profile, _INFOS.get(profile["nfType"], "")).get("groupId")
    return group is None or group in value.split(",")


_TESTS: dict[str, Callable[[Any, dict[str, Any]], bool]] = {
    "target-nf-instance-id": lambda value, profile: profile["nfInstanceId"] == value,
    "target-nf-fqdn": lambda value, profile: profile.get("fqdn") == value,
    "target-nf-set-id": lambda value, profile: value in (profile.get("nfSetIdList") or ()),
    "service-names": _offers_service,
    "snssais": _serves_slice,
    "dnn": _serves_dnn,
    "tai": _serves_tai,
    "guami": _serves_guami,
    "amf-region-id": lambda value, profile: _info(profile, "amfInfo").get("amfRegionId") == value,
    "amf-set-id": lambda value, profile: _info(profile, "amfInfo").get("amfSetId") == value,
    "supi": _serves_supi,
    "gpsi": _serves_gpsi,
    "routing-indicator": _has_routing_indicator,
    "data-set": _holds_data_set,
    "group-id-list": _in_group,
    "nsi-list": lambda value, profile: (
        not profile.get("nsiList") or bool(set(value.split(",")) & set(profile["nsiList"]))
    ),
}
