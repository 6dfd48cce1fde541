"""Faults of a gNB on Uu, and variations of it that are as sound as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Fault, NetworkPolicy, Variation


def _gnb(**choices: Any) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, gnb=replace(policy.gnb, **choices))


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "gNB", description, _gnb(**choices), caught_by)


_RRC_INT, _UP_INT = "TC_CP_DATA_INT_RRC-SIGN_gNB", "TC-UP-DATA-INT_gNB"
_RRC_CHECK = "TC-CP-DATA-RRC-INT-CHECK_gNB"
_UP_CHECK = "MAKMAL_GNB_UP_INTEGRITY_CHECK_FAILURE"
_RRC_CIP, _UP_CIP = "TC-CP-DATA-CIP-RRC-SIGN_gNB", "TC-UP-DATA-CIP_gNB"
_UP_REPLAY, _RRC_REPLAY = "TC-UP-DATA-REPLAY_gNB", "TC-UP-DATA-RRC-REPLAY_gNB"
_SMF_CIP, _SMF_INT = "TC-UP-DATA-CIP-SMF", "TC-UP-DATA-INT-SMF"
_SELECT, _REFRESH = "TC-AS-alg-select_gNB", "TC_GNB_KEY_REFRESH_DRB_ID"
_XN, _CHANGE = "TC-Xn-handover_bid_down_gNB", "Alg_select_change_gNB"
_INACTIVE = "TC_GNB_INACTIVE_TO_ACTIVE"

FAULTS: tuple[Fault, ...] = (
    _fault(
        "rrc-not-integrity-protected",
        "sends RRC messages without MAC-I after the Security Mode Command",
        _RRC_INT,
        protects_rrc_integrity=False,
    ),
    _fault(
        "as-null-integrity",
        "selects NIA0 for AS security",
        _RRC_INT,
        _UP_INT,
        _SMF_INT,
        _SELECT,
        _CHANGE,
        null_integrity=True,
    ),
    _fault(
        "rrc-not-ciphered",
        "sends RRC messages unciphered after the Security Mode Command",
        _RRC_CIP,
        ciphers_rrc=False,
    ),
    _fault(
        "as-null-ciphering",
        "selects NEA0 for AS security",
        _RRC_CIP,
        _UP_CIP,
        _SMF_CIP,
        _SELECT,
        _CHANGE,
        null_ciphering=True,
    ),
    _fault(
        "accepts-bad-rrc-mac",
        "processes RRC messages with a wrong MAC-I",
        _RRC_CHECK,
        drops_bad_rrc_mac=False,
    ),
    _fault(
        "accepts-missing-rrc-mac",
        "processes RRC messages whose MAC-I is zeros",
        _RRC_CHECK,
        drops_missing_rrc_mac=False,
    ),
    _fault(
        "accepts-bad-user-mac",
        "forwards user data with a wrong MAC-I",
        _UP_CHECK,
        drops_bad_user_mac=False,
    ),
    _fault(
        "accepts-missing-user-mac",
        "forwards user data without the MAC-I that there should be",
        _UP_CHECK,
        drops_missing_user_mac=False,
    ),
    _fault(
        "accepts-replayed-rrc",
        "processes RRC messages with a COUNT that was used",
        _RRC_REPLAY,
        drops_rrc_replays=False,
    ),
    _fault(
        "accepts-replayed-user-data",
        "forwards user data with a COUNT that was used",
        _UP_REPLAY,
        drops_user_replays=False,
    ),
    _fault(
        "user-integrity-only-signalled",
        "tells the UE that user data is integrity protected, and sends it without MAC-I",
        _UP_INT,
        _SMF_INT,
        protects_user_data_as_signalled=False,
    ),
    _fault(
        "user-ciphering-only-signalled",
        "tells the UE that user data is ciphered, and sends it in clear",
        _UP_CIP,
        _SMF_CIP,
        ciphers_user_data_as_signalled=False,
    ),
    _fault(
        "required-integrity-ignored",
        "does not activate the integrity protection that the SMF requires",
        _UP_INT,
        _SMF_INT,
        _UP_CHECK,
        obeys_required_integrity=False,
    ),
    _fault(
        "required-ciphering-ignored",
        "does not activate the ciphering that the SMF requires",
        _UP_CIP,
        _SMF_CIP,
        obeys_required_ciphering=False,
    ),
    _fault(
        "unneeded-integrity-activated",
        "activates integrity protection that the SMF says is not needed",
        _SMF_INT,
        obeys_unneeded_integrity=False,
    ),
    _fault(
        "unneeded-ciphering-activated",
        "activates ciphering that the SMF says is not needed",
        _SMF_CIP,
        obeys_unneeded_ciphering=False,
    ),
    _fault(
        "as-weakest-algorithm-first",
        "works its priority lists from the end, where the null algorithm is",
        _SELECT,
        _CHANGE,
        _RRC_CIP,
        _UP_CIP,
        _SMF_CIP,
        weakest_first=True,
    ),
    _fault(
        "bearer-identity-reused",
        "gives a radio bearer an identity that was used with the same key",
        _REFRESH,
        refreshes_key_before_drb_reuse=False,
    ),
    _fault(
        "capabilities-not-passed-on",
        "tells the AMF its own algorithms as the UE's capabilities at a path switch",
        _XN,
        tells_capabilities_at_path_switch=False,
    ),
    _fault(
        "as-algorithms-kept-at-handover",
        "keeps the algorithms of the gNB that a UE comes from",
        _CHANGE,
        selects_algorithms_at_handover=False,
    ),
    _fault(
        "resumes-without-up-security",
        "resumes a UE whose user plane security it lost, without any",
        _INACTIVE,
        falls_back_without_up_security=False,
    ),
)


def _variation(name: str, description: str, **choices: Any) -> Variation:
    return Variation(name, "gNB", description, _gnb(**choices))


VARIATIONS: tuple[Variation, ...] = (
    Variation("gnb-other-name", "gNB", "it has another name", _gnb(name="gNB of another vendor")),
    _variation(
        "gnb-zuc-first",
        "its lists have ZUC first",
        integrity_priority=(3, 1, 2),
        ciphering_priority=(3, 1, 2),
    ),
    _variation(
        "gnb-snow-first",
        "its lists have SNOW 3G first",
        integrity_priority=(1, 2, 3),
        ciphering_priority=(1, 2, 3),
    ),
    _variation(
        "gnb-asks-no-capability",
        "it does not ask for the UE's radio capabilities",
        sends_radio_capability=False,
    ),
    _variation("gnb-patient", "it waits longer for answers", patience=8.0),
)
