"""NF profiles as consumers read them: services, addresses (TS 29.510, 6.1.6.2.2 and 6.1.6.2.3)."""

from __future__ import annotations

from typing import Any

from makmal.trace.frame import Endpoint

_HTTP_PORT = 80
_ADDRESSES = ("ipv4Address", "ipv6Address")


def services_of(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """The services of a profile, in whichever of its two forms they are: the array nfServices, or
    the map nfServiceList that has taken its place.
    """
    return [*(profile.get("nfServices") or ()), *(profile.get("nfServiceList") or {}).values()]


def endpoint_of(profile: Any, service_name: str | None = None) -> Endpoint | None:
    """Where the function serves: the service of this name, or any when it is None or the profile
    lists none of this name. None where no IP address is told.
    """
    if not isinstance(profile, dict):
        return None
    addresses = [*(profile.get("ipv4Addresses") or ()), *(profile.get("ipv6Addresses") or ())]
    services = services_of(profile)
    named = [each for each in services if each.get("serviceName") == service_name]
    for entry in named or services:
        ends: list[dict[str, Any]] = entry.get("ipEndPoints") or [{}]
        for end in ends:
            address = next((end[name] for name in _ADDRESSES if end.get(name)), None)
            address = address or next(iter(addresses), None)
            if address:
                return Endpoint(str(address), int(end.get("port") or _HTTP_PORT))
    return Endpoint(str(addresses[0]), _HTTP_PORT) if addresses else None


def addresses_of(profile: dict[str, Any]) -> set[str]:
    """All IP addresses that a profile names."""
    found = {
        str(each) for name in ("ipv4Addresses", "ipv6Addresses") for each in profile.get(name) or ()
    }
    for entry in services_of(profile):
        for end in entry.get("ipEndPoints") or ():
            found |= {str(end[name]) for name in _ADDRESSES if end.get(name)}
    return found
