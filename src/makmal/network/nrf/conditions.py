"""Which functions a subscription is about (SubscrCond of TS 29.510, 6.1.6.2.35)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from makmal.network import slices
from makmal.network.nf_profiles import services_of


def matches(condition: Any, profile: dict[str, Any]) -> bool:
    """Whether a profile meets a condition; without one, every profile does."""
    if not isinstance(condition, dict):
        return True
    tests = [
        test(value, profile) for name, test in _TESTS.items() if (value := condition.get(name))
    ]
    # A condition that is not known here is met by nothing: better untold than told wrongly.
    return bool(tests) and all(tests)


def _has_service(names: Any, profile: dict[str, Any]) -> bool:
    wanted = set(names if isinstance(names, list) else [names])
    return any(each.get("serviceName") in wanted for each in services_of(profile))


def _serves_guami(guamis: Any, profile: dict[str, Any]) -> bool:
    info = profile.get("amfInfo")
    served = info.get("guamiList") if isinstance(info, dict) else None
    return isinstance(guamis, list) and any(each in (served or ()) for each in guamis)


def _serves_slice(wanted: Any, profile: dict[str, Any]) -> bool:
    served = slices.list_from_json(profile.get("sNssais"))
    return not served or bool(set(served) & set(slices.list_from_json(wanted)))


def _of_amf(name: str, value: Any, profile: dict[str, Any]) -> bool:
    info = profile.get("amfInfo")
    return isinstance(info, dict) and info.get(name) == value


_TESTS: dict[str, Callable[[Any, dict[str, Any]], bool]] = {
    "nfInstanceId": lambda value, profile: profile["nfInstanceId"] == value,
    "nfInstanceIdList": lambda value, profile: profile["nfInstanceId"] in value,
    "nfType": lambda value, profile: profile["nfType"] == value,
    "serviceName": _has_service,
    "serviceNameList": _has_service,
    "amfSetId": lambda value, profile: _of_amf("amfSetId", value, profile),
    "amfRegionId": lambda value, profile: _of_amf("amfRegionId", value, profile),
    "guamiList": _serves_guami,
    "snssaiList": _serves_slice,
    "nfSetId": lambda value, profile: value in (profile.get("nfSetIdList") or ()),
    "nfGroupId": lambda value, profile: any(
        each.get("groupId") == value for each in profile.values() if isinstance(each, dict)
    ),
}
