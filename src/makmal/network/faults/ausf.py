"""Faults and variations of the AUSF."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation

_WITHHOLDS, _NETWORK = "MAKMAL_AUSF_CHALLENGE_WITHHOLDS", "MAKMAL_AUSF_SERVING_NETWORK"
_SYNCHRONISATION, _RES = "MAKMAL_AUSF_RESYNCHRONISATION", "MAKMAL_AUSF_RES_STAR"
_EAP, _RESULT = "MAKMAL_AUSF_EAP_AKA_PRIME", "MAKMAL_AUSF_RESULT_CONFIRMATION"


def _ausf(**choices: Any) -> Change:
    def change(policy: NetworkPolicy) -> NetworkPolicy:
        return replace(policy, ausf=replace(policy.ausf, **choices))

    return change


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "AUSF", description, _ausf(**choices), caught_by)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "key-in-challenge", "gives KSEAF with the challenge", _WITHHOLDS, withholds_k_seaf=False
    ),
    _fault(
        "supi-in-challenge", "gives the SUPI with the challenge", _WITHHOLDS, withholds_supi=False
    ),
    _fault(
        "any-serving-network",
        "makes challenges for any serving network",
        _NETWORK,
        authorizes_serving_network=False,
    ),
    _fault(
        "synchronisation-failure-kept",
        "does not tell the UDM of a synchronisation failure",
        _SYNCHRONISATION,
        passes_resynchronisation_on=False,
    ),
    _fault("any-res-star", "believes any RES*", _RES, _RESULT, compares_res_star=False),
    _fault("res-star-reused", "believes a RES* twice", _RES, vector_serves_once=False),
    _fault("any-eap-res", "believes any RES of EAP-AKA'", _EAP, compares_eap_res=False),
    _fault("any-eap-mac", "believes any MAC of EAP-AKA'", _EAP, verifies_eap_mac=False),
    _fault("result-kept", "tells the UDM of no result", _RESULT, informs_udm=False),
    _fault(
        "result-flattered",
        "tells the UDM of a success whatever the result",
        _RESULT,
        informs_udm_of_true_result=False,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    Variation("short-lived-vectors", "AUSF", "its vectors hold for ten seconds",
              _ausf(vector_seconds=10.0)),
    Variation("vectors-never-expire", "AUSF", "it believes answers however late they come",
              _ausf(heeds_expiry=False)),
    Variation("roaming-partner", "AUSF", "it has a roaming partner",
              _ausf(roaming_networks=("5G:mnc002.mcc001.3gppnetwork.org",))),
)  # fmt: skip
