"""Faults of the NSSF and the UDR."""

from __future__ import annotations

from dataclasses import replace

from makmal.network.faults.fault import Fault, NetworkPolicy, Variation


def _any_subscription(policy: NetworkPolicy) -> NetworkPolicy:
    return replace(policy, nssf=replace(policy.nssf, allows_only_subscribed=False))


def _any_slice(policy: NetworkPolicy) -> NetworkPolicy:
    return replace(policy, nssf=replace(policy.nssf, serves_only_slices_of_the_network=False))


def _keys_for_all(policy: NetworkPolicy) -> NetworkPolicy:
    return replace(policy, udr=replace(policy.udr, reserves_keys_to_udm=False))


FAULTS: tuple[Fault, ...] = (
    Fault(
        "unsubscribed-slice-allowed",
        "NSSF",
        "allows slices that are not in the subscription",
        _any_subscription,
        ("MAKMAL_NSSF_SUBSCRIBED_SLICES",),
    ),
    Fault(
        "unknown-slice-allowed",
        "NSSF",
        "allows slices that the network has not",
        _any_slice,
        ("MAKMAL_NSSF_SUBSCRIBED_SLICES",),
    ),
    Fault(
        "keys-for-all",
        "UDR",
        "gives long-term keys to any consumer",
        _keys_for_all,
        ("MAKMAL_UDR_KEYS_RESERVED",),
    ),
)
VARIATIONS: tuple[Variation, ...] = ()
