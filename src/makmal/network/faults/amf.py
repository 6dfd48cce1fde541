"""Faults of an AMF, and variations of it that are as sound as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.network.amf.policy import Timers
from makmal.network.faults.fault import Fault, NetworkPolicy, Variation


def _amf(**choices: Any) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, amf=replace(policy.amf, **choices))


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "AMF", description, _amf(**choices), caught_by)


_SYNC, _RES = "TC_SYNC_FAIL_SEAF_AMF", "TC_RES_STAR_VERIFICATION_FAILURE"
_REDIRECT, _INTEGRITY = "TC_AMF_REDIRECTION_5GS_EPS", "TC_AMF_NAS_INTEGRITY_FAILURE"
_REPLAY, _NULL = "TC_NAS_REPLAY_AMF", "TC_NAS_NULL_INT_AMF"
_SELECT, _XN = "TC_NAS_INT_SELECTION_USE_AMF", "TC_BIDDING_DOWN_XN_AMF"
_CHANGE, _GUTI = "TC_NAS_ALG_AMF_CHANGE_AMF", "TC_5G_GUTI_ALLOCATION_AMF"
_INVALID, _SETUP = "TC_UE_SEC_CAP_HANDLING_AMF", "TC_UE_SEC_CAPS_AS_CONTEXT_SETUP"
_CIOT, _SLICE = "TC_AMF_REEST_CP_CIOT", "TC_VALIDTATION_SNSSAI_IN_PDU_REQUEST"
_REVOKE = "TC_NSSAA_REVOCATION"

FAULTS: tuple[Fault, ...] = (
    _fault(
        "challenge-before-ausf",
        "sends a new challenge before the AUSF answered a synchronisation failure",
        _SYNC,
        waits_for_ausf_after_synchronisation_failure=False,
    ),
    _fault(
        "auts-not-forwarded",
        "asks the AUSF for a new vector without telling it of the synchronisation failure",
        _SYNC,
        forwards_auts=False,
    ),
    _fault(
        "unsolicited-failure-processed",
        "passes a synchronisation failure on that answers no challenge",
        _SYNC,
        ignores_unsolicited_failures=False,
    ),
    _fault(
        "hres-star-not-compared",
        "sends the AUSF whatever RES* came, and leaves the comparing to it",
        _RES,
        compares_hres_star=False,
    ),
    _fault(
        "failed-res-star-sent",
        "sends the AUSF a RES* that it found to be wrong",
        _RES,
        passes_failed_res_star_to_ausf=True,
    ),
    _fault(
        "ausf-result-ignored",
        "goes on with a UE of which the AUSF reports failure",
        _RES,
        heeds_ausf_result=False,
    ),
    _fault(
        "registers-without-ausf",
        "goes on with a UE when the AUSF does not confirm",
        _RES,
        proceeds_without_ausf=True,
    ),
    _fault(
        "no-identification-after-failure",
        "rejects a UE that failed with its 5G-GUTI without asking for its SUCI",
        _RES,
        asks_for_suci_after_failure=False,
    ),
    _fault(
        "redirects-before-security",
        "sends UEs to EPC before NAS security is established",
        _REDIRECT,
        redirects_before_security=True,
    ),
    _fault(
        "redirects-unprotected",
        "sends UEs to EPC in a message without protection",
        _REDIRECT,
        protects_redirection=False,
    ),
    _fault(
        "accepts-bad-mac",
        "processes NAS messages with a wrong MAC",
        _INTEGRITY,
        drops_bad_mac=False,
    ),
    _fault(
        "accepts-no-mac",
        "processes NAS messages without MAC after security is established",
        _INTEGRITY,
        drops_unprotected=False,
    ),
    _fault(
        "accepts-replayed-nas",
        "processes NAS messages with a COUNT that was used",
        _REPLAY,
        drops_replays=False,
    ),
    _fault(
        "accepts-last-nas-again",
        "processes the NAS message with the latest COUNT once more",
        _REPLAY,
        drops_last_again=False,
    ),
    _fault(
        "answers-replayed-nas",
        "drops replayed NAS messages, and tells the sender so",
        _REPLAY,
        answers_replays_with_status=True,
    ),
    _fault(
        "null-integrity",
        "selects NIA0 for registrations",
        _NULL,
        _SELECT,
        _CHANGE,
        null_integrity=True,
    ),
    _fault(
        "null-integrity-for-emergency",
        "selects NIA0 for an emergency registration that was authenticated",
        _NULL,
        null_integrity_for_emergency=True,
    ),
    _fault(
        "security-mode-command-unprotected",
        "sends the Security Mode Command without integrity protection",
        _NULL,
        protects_security_mode_command=False,
    ),
    _fault(
        "weakest-algorithm-first",
        "works its priority lists from the end",
        _SELECT,
        _CHANGE,
        weakest_first=True,
    ),
    _fault(
        "priority-change-ignored",
        "selects by a list of its own, whatever is configured",
        _SELECT,
        _CHANGE,
        ignores_priority_change=True,
    ),
    _fault(
        "capabilities-not-corrected",
        "does not answer a path switch with the capabilities that it stored",
        _XN,
        corrects_capabilities_at_path_switch=False,
    ),
    _fault(
        "capabilities-echoed",
        "answers a path switch with the capabilities that came in it",
        _XN,
        echoes_capabilities_at_path_switch=True,
    ),
    _fault(
        "mismatch-not-logged",
        "does not log capabilities that differ at a path switch",
        _XN,
        logs_capability_mismatch=False,
    ),
    _fault(
        "algorithms-kept-at-handover",
        "keeps the algorithms of the AMF that a UE comes from at a handover",
        _CHANGE,
        selects_algorithms_at_handover=False,
    ),
    _fault(
        "algorithms-kept-at-registration",
        "keeps the algorithms of the AMF that a UE comes from at a registration",
        _CHANGE,
        selects_algorithms_at_registration=False,
    ),
    _fault(
        "guti-kept-at-registration",
        "assigns at a registration the 5G-GUTI that the UE had",
        _GUTI,
        new_guti_at_registration=False,
    ),
    _fault(
        "guti-kept-at-mobility",
        "assigns at a mobility registration the 5G-GUTI that the UE had",
        _GUTI,
        new_guti_at_mobility=False,
    ),
    _fault(
        "guti-kept-after-paging",
        "assigns no new 5G-GUTI to a UE that answered a paging",
        _GUTI,
        new_guti_after_paging=False,
    ),
    _fault(
        "guti-kept-after-resume",
        "assigns no new 5G-GUTI to a UE that resumed its connection",
        _GUTI,
        new_guti_after_resume=False,
    ),
    _fault("guti-predictable", "counts 5G-TMSIs up by one", _GUTI, guti_is_random=False),
    _fault(
        "guti-legible",
        "sends the new 5G-GUTI without ciphering",
        _GUTI,
        guti_is_protected=False,
    ),
    _fault(
        "accepts-no-encryption",
        "goes on with a UE that offers no encryption algorithm",
        _INVALID,
        rejects_no_encryption=False,
    ),
    _fault(
        "accepts-no-integrity",
        "goes on with a UE that offers no integrity algorithm",
        _INVALID,
        rejects_no_integrity=False,
    ),
    _fault(
        "accepts-missing-encryption",
        "goes on with a UE that lacks mandatory encryption algorithms",
        _INVALID,
        rejects_missing_encryption=False,
    ),
    _fault(
        "accepts-missing-integrity",
        "goes on with a UE that lacks mandatory integrity algorithms",
        _INVALID,
        rejects_missing_integrity=False,
    ),
    _fault(
        "capabilities-altered-to-gnb",
        "gives the gNB fixed capabilities in place of the UE's",
        _SETUP,
        gives_gnb_true_capabilities=False,
    ),
    _fault(
        "capabilities-of-eps-to-gnb",
        "gives the gNB the UE's EPS capabilities as those of 5G",
        _SETUP,
        confuses_capabilities_to_gnb=True,
    ),
    _fault(
        "relocation-mac-not-verified",
        "believes a CIoT re-establishment whatever its NAS MAC",
        _CIOT,
        verifies_relocation_mac=False,
    ),
    _fault(
        "relocation-without-proof",
        "does not prove itself to a CIoT UE that re-establishes",
        _CIOT,
        proves_itself_at_relocation=False,
    ),
    _fault(
        "failed-slice-served",
        "forwards sessions in slices whose authentication failed",
        _SLICE,
        blocks_sessions_of_failed_slices=False,
    ),
    _fault(
        "slice-result-ignored",
        "takes a failed slice authentication for a successful one",
        _SLICE,
        heeds_slice_result=False,
    ),
    _fault(
        "blocked-session-swallowed",
        "blocks a session in a forbidden slice and tells the UE nothing",
        _SLICE,
        returns_blocked_sessions=False,
    ),
    _fault(
        "revocation-ignored",
        "lets a UE keep a slice that was revoked",
        _REVOKE,
        obeys_slice_revocation=False,
    ),
    _fault(
        "revocation-unexplained",
        "deregisters a UE without naming the revoked slice",
        _REVOKE,
        names_revoked_slice=False,
    ),
)


def _variation(name: str, description: str, **choices: Any) -> Variation:
    return Variation(name, "AMF", description, _amf(**choices))


VARIATIONS: tuple[Variation, ...] = (
    _variation(
        "other-timers",
        "its timers run longer",
        timers=Timers(3.0, 8.0, 8.0, 8.0, 8.0, 8.0, 20.0, 4, 4.0),
    ),
    Variation("other-name", "AMF", "it has another name", _amf(name="AMF of another vendor")),
    _variation(
        "aes-last",
        "its integrity list has ZUC first",
        integrity_priority=(3, 1, 2),
        ciphering_priority=(3, 1, 2),
    ),
    _variation(
        "snow-first",
        "its lists have SNOW 3G first",
        integrity_priority=(1, 2, 3),
        ciphering_priority=(1, 2, 3),
    ),
    _variation("no-imeisv", "it does not ask for the IMEISV", requests_imeisv=False),
    _variation(
        "whole-request-not-asked",
        "it does not ask for the whole Registration Request again",
        asks_for_whole_request=False,
    ),
    _variation(
        "authenticates-each-time",
        "it authenticates at every registration",
        authenticates_every_registration=True,
    ),
    _variation(
        "sends-names",
        "it sends the network's name after registrations",
        updates_names_after_registration=True,
    ),
    _variation(
        "answers-unforeseen-with-status",
        "it answers messages that fit no state with 5GMM STATUS",
        answers_unforeseen_with_status=True,
    ),
    _variation("waits-before-paging", "it pages with more patience", timers=Timers(t3513=5.0)),
)
