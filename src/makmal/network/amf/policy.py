"""The security-relevant choices of the AMF. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """5GMM timers of the network side in seconds, and how often they may expire (24.501, 10.2)."""

    t3513: float = 2.0
    t3522: float = 6.0
    t3550: float = 6.0
    t3555: float = 6.0
    t3560: float = 6.0
    t3570: float = 6.0
    t3575: float = 15.0
    attempts: int = 5
    # How long the AMF waits for a response on the service-based interface.
    service: float = 5.0


@dataclass(frozen=True, slots=True)
class AmfPolicy:
    """What the AMF chooses.

    The first group is an operator's configuration, any of which is sound. In the others each
    default is what the specification demands.
    """

    # Configuration.
    name: str = "makmal-amf"
    integrity_priority: tuple[int, ...] = (2, 1, 3)
    ciphering_priority: tuple[int, ...] = (2, 1, 3, 0)
    emergency_enabled: bool = True
    emergency_authenticated: bool = True
    redirects_to_eps: bool = False
    requests_imeisv: bool = True
    asks_for_whole_request: bool = True
    authenticates_every_registration: bool = False
    updates_names_after_registration: bool = False
    answers_unforeseen_with_status: bool = False
    timers: Timers = Timers()

    # Authentication (TS 33.501, 6.1.3; TS 33.512, 4.2.2.1).
    waits_for_ausf_after_synchronisation_failure: bool = True
    forwards_auts: bool = True
    compares_hres_star: bool = True
    passes_failed_res_star_to_ausf: bool = False
    heeds_ausf_result: bool = True
    proceeds_without_ausf: bool = False
    asks_for_suci_after_failure: bool = True
    ignores_unsolicited_failures: bool = True
    redirects_before_security: bool = False
    protects_redirection: bool = True

    # NAS security (TS 33.501, 6.4 and 6.7; TS 24.501, 4.4).
    drops_bad_mac: bool = True
    drops_unprotected: bool = True
    drops_replays: bool = True
    drops_last_again: bool = True
    answers_replays_with_status: bool = False
    null_integrity: bool = False
    null_integrity_for_emergency: bool = False
    weakest_first: bool = False
    ignores_priority_change: bool = False
    protects_security_mode_command: bool = True

    # Capabilities (TS 33.512, 4.2.2.6 and 4.2.2.4.1).
    rejects_no_encryption: bool = True
    rejects_no_integrity: bool = True
    rejects_missing_encryption: bool = True
    rejects_missing_integrity: bool = True
    gives_gnb_true_capabilities: bool = True
    confuses_capabilities_to_gnb: bool = False
    corrects_capabilities_at_path_switch: bool = True
    echoes_capabilities_at_path_switch: bool = False
    logs_capability_mismatch: bool = True

    # Mobility between AMFs (TS 33.501, 6.7.1.2).
    selects_algorithms_at_handover: bool = True
    selects_algorithms_at_registration: bool = True

    # Temporary identities (TS 33.501, 6.12.3).
    new_guti_at_registration: bool = True
    new_guti_at_mobility: bool = True
    new_guti_after_paging: bool = True
    new_guti_after_resume: bool = True
    guti_is_random: bool = True
    guti_is_protected: bool = True

    # CIoT (TS 33.501, 6.16.1.1) and slices (TS 33.501, 16).
    verifies_relocation_mac: bool = True
    proves_itself_at_relocation: bool = True
    authenticates_slices: bool = True
    heeds_slice_result: bool = True
    blocks_sessions_of_failed_slices: bool = True
    returns_blocked_sessions: bool = True
    obeys_slice_revocation: bool = True
    names_revoked_slice: bool = True
