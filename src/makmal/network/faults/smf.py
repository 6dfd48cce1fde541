"""Faults and variations of the SMF."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation

_PRECEDENCE, _SWITCH = "TC_UP_POLICY_PRECEDENCE_SMF", "TC_UP_SECURITY_POLICY_SMF"
_CHARGING = "TC_CHARGING_ID_UNIQUENESS_SMF"


def _smf(**choices: Any) -> Change:
    def change(policy: NetworkPolicy) -> NetworkPolicy:
        return replace(policy, smf=replace(policy.smf, **choices))

    return change


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "SMF", description, _smf(**choices), caught_by)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "local-policy-first",
        "prefers its local user plane security policy to the UDM's",
        _PRECEDENCE,
        udm_policy_first=False,
    ),
    _fault(
        "local-policy-first-and-strict",
        "prefers its local policy, which requires protection, to the UDM's",
        _PRECEDENCE,
        udm_policy_first=False,
        local_up_integrity="REQUIRED",
        local_up_confidentiality="REQUIRED",
    ),
    _fault(
        "foreign-policy-kept",
        "lets a gNB keep another user plane security policy after a path switch",
        _SWITCH,
        corrects_up_policy=False,
    ),
    _fault(
        "foreign-policy-adopted",
        "adopts the user plane security policy that a gNB comes with",
        _SWITCH,
        echoes_told_up_policy=True,
    ),
    _fault(
        "one-charging-id",
        "gives every session the same charging id",
        _CHARGING,
        unique_charging_ids=False,
    ),
    _fault(
        "charging-id-is-session-id",
        "takes the PDU session identity, which only a UE's own sessions differ in, for charging",
        _CHARGING,
        charging_ids_from_session_ids=True,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "no-policy-control", "SMF", "it asks no PCF for a session's policy", _smf(asks_pcf=False)
    ),
    Variation(
        "sessions-not-registered",
        "SMF",
        "it tells the UDM of no session",
        _smf(registers_sessions=False),
    ),
    Variation(
        "strict-local-policy",
        "SMF",
        "its local policy, for want of the UDM's, requires protection",
        _smf(local_up_integrity="REQUIRED", local_up_confidentiality="REQUIRED"),
    ),
)
