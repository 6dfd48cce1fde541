"""Whom a producer allows: the allowed lists of a profile (TS 29.510, 6.1.6.2.2 and 6.1.6.2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from makmal.network import slices
from makmal.network.nrf.policy import NrfPolicy
from makmal.network.slices import Slice

_LISTS = ("allowedPlmns", "allowedSnpns", "allowedNfTypes", "allowedNfDomains", "allowedNssais")
# Only for the NRF, too: what consumers may do is not theirs to read.
_HIDDEN = frozenset((*_LISTS, "allowedOperationsPerNfType", "allowedOperationsPerNfInstance"))
_ARRAYS = (*_LISTS, "plmnList", "sNssais", "nsiList", "nfServices", "nfSetIdList")


@dataclass(frozen=True, slots=True)
class Requester:
    """What is known of a consumer. Where a list is empty, nothing is known of it."""

    nf_type: str | None = None
    fqdn: str | None = None
    plmns: tuple[tuple[str, str], ...] = ()
    s_nssais: tuple[Slice, ...] = ()


def malformed(profile: dict[str, Any]) -> str | None:
    """What of a profile is not of its type; None when all that is read here is."""
    for name in _ARRAYS:
        if name in profile and not isinstance(profile[name], list):
            return f"{name} is no array"
    for entry in profile.get("nfServices") or ():
        if not isinstance(entry, dict) or not isinstance(entry.get("serviceName"), str):
            return "nfServices holds what is no NF service"
    by_identity = profile.get("nfServiceList")
    if by_identity is not None and not (
        isinstance(by_identity, dict)
        and all(
            isinstance(entry, dict) and isinstance(entry.get("serviceName"), str)
            for entry in by_identity.values()
        )
    ):
        return "nfServiceList holds what is no NF service"
    return None


def plmns_of(value: Any) -> tuple[tuple[str, str], ...]:
    """The networks of a list of PlmnId, or of one."""
    entries = value if isinstance(value, list) else [value]
    return tuple(
        (str(each.get("mcc")), str(each.get("mnc"))) for each in entries if isinstance(each, dict)
    )


def requester_of_profile(profile: dict[str, Any]) -> Requester:
    """What a registered consumer said of itself."""
    return Requester(
        profile.get("nfType"),
        profile.get("fqdn"),
        plmns_of(profile.get("plmnList") or []),
        slices.list_from_json(profile.get("sNssais")),
    )


def requester_of_subscription(document: dict[str, Any]) -> Requester:
    """What a subscriber said of itself (SubscriptionData, 6.1.6.2.16)."""
    return Requester(
        document.get("reqNfType"),
        document.get("reqNfFqdn"),
        plmns_of(document.get("reqPlmnList") or []),
        slices.list_from_json(document.get("reqSnssais")),
    )


def is_allowed(holder: dict[str, Any], requester: Requester, policy: NrfPolicy) -> bool:
    """Whether a profile, or a service in one, is open to a consumer.

    Each list that is there must hold the consumer. What a consumer does not tell of itself, it
    cannot be allowed by: only its network is taken for ours, as TS 29.510 has it.
    """
    types = holder.get("allowedNfTypes")
    if policy.enforces_allowed_nf_types and types and requester.nf_type not in types:
        return False
    s_nssais = holder.get("allowedNssais")
    if (
        policy.enforces_allowed_nssais
        and s_nssais
        and not set(slices.list_from_json(s_nssais)) & set(requester.s_nssais)
    ):
        return False
    plmns = holder.get("allowedPlmns")
    if (
        policy.enforces_allowed_plmns
        and plmns
        and requester.plmns
        and not set(plmns_of(plmns)) & set(requester.plmns)
    ):
        return False
    domains = holder.get("allowedNfDomains")
    if policy.enforces_allowed_nf_domains and domains:
        return any(_is_of_domain(requester.fqdn, each) for each in domains)
    return True


def _is_of_domain(fqdn: str | None, pattern: Any) -> bool:
    """Whether a name matches a pattern (ECMA-262 expressions; 6.1.6.2.2)."""
    if fqdn is None or not isinstance(pattern, str):
        return False
    try:
        return re.search(pattern, fqdn) is not None
    except re.error:
        return False


def without_allowed_lists(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile as consumers see it (6.2.6.2.3)."""
    shown = {name: each for name, each in profile.items() if name not in _HIDDEN}
    if "nfServices" in shown:
        shown["nfServices"] = [_shown_service(each) for each in shown["nfServices"]]
    if "nfServiceList" in shown:
        shown["nfServiceList"] = {
            name: _shown_service(each) for name, each in shown["nfServiceList"].items()
        }
    return shown


def _shown_service(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in entry.items() if name not in _HIDDEN}
