"""Faults and variations of the NRF."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation

_SLICE, _DISCOVERY = "TC_DISC_AUTHORIZATION_SLICE_NRF", "MAKMAL_NRF_DISCOVERY_AUTHORIZATION"
_GRANT, _IDENTITY = "MAKMAL_NRF_TOKEN_GRANT", "MAKMAL_NRF_PROFILE_IDENTITY"
_NOTIFICATION = "MAKMAL_NRF_NOTIFICATION_AUTHORIZATION"


def _nrf(**choices: Any) -> Change:
    def change(policy: NetworkPolicy) -> NetworkPolicy:
        return replace(policy, nrf=replace(policy.nrf, **choices))

    return change


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "NRF", description, _nrf(**choices), caught_by)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "slices-ignored-in-discovery",
        "shows producers to consumers of other slices",
        _SLICE,
        enforces_allowed_nssais=False,
    ),
    _fault(
        "nf-types-ignored",
        "heeds no list of NF types that a producer allows",
        _DISCOVERY,
        _GRANT,
        _NOTIFICATION,
        enforces_allowed_nf_types=False,
    ),
    _fault(
        "plmns-ignored-in-discovery",
        "shows producers to consumers of other networks",
        _DISCOVERY,
        enforces_allowed_plmns=False,
    ),
    _fault(
        "domains-ignored-in-discovery",
        "shows producers to consumers of other domains",
        _DISCOVERY,
        enforces_allowed_nf_domains=False,
    ),
    _fault(
        "suspended-discovered",
        "shows producers that are suspended",
        _DISCOVERY,
        lists_only_registered=False,
    ),
    _fault(
        "allowed-lists-shown",
        "shows consumers whom a producer allows",
        _DISCOVERY,
        hides_allowed_lists=False,
    ),
    _fault(
        "token-for-strangers",
        "grants tokens to who is not registered",
        _GRANT,
        grants_only_to_registered=False,
    ),
    _fault(
        "token-for-any-type",
        "believes the NF type that a consumer says",
        _GRANT,
        checks_requester_type=False,
    ),
    _fault(
        "token-for-any-service",
        "grants tokens for services that nobody offers",
        _GRANT,
        grants_only_registered_services=False,
    ),
    _fault(
        "token-for-forbidden-producer",
        "grants tokens for producers that do not allow the consumer",
        _GRANT,
        grants_only_allowed=False,
    ),
    _fault("token-unsigned", "grants tokens without a signature", _GRANT, signs_tokens=False),
    _fault("token-for-everybody", "grants tokens for every audience", _GRANT, names_audience=False),
    _fault("token-of-every-scope", "grants tokens for every service", _GRANT, limits_scope=False),
    _fault("token-for-ever", "grants tokens that do not expire", _GRANT, sets_expiry=False),
    _fault(
        "profile-overwritten",
        "takes a profile under the identity of another function",
        _IDENTITY,
        checks_instance_of_profile=False,
    ),
    _fault(
        "notifies-anybody",
        "tells consumers of functions that do not allow them",
        _NOTIFICATION,
        notifies_only_allowed=False,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    Variation("short-lived-tokens", "NRF", "its tokens hold for a minute", _nrf(token_seconds=60)),
    Variation(
        "quick-heartbeats", "NRF", "it wants to hear of functions often", _nrf(heart_beat_timer=60)
    ),
)
