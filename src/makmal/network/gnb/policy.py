"""What a gNB does, and what a test can make it do wrong. The default is a sound gNB."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol import ngap


@dataclass(frozen=True, slots=True)
class GnbPolicy:
    """A cause in one of the fields makes the gNB refuse that procedure with it.

    ``slices`` None are those of the plan. ``integrity`` and ``confidentiality`` tell whether it
    can protect user data (TS 33.501, 6.6.1).
    """

    name: str = "makmal-gnb"
    plmn: str | None = None
    tac: int | None = None
    slices: tuple[tuple[int, str | None], ...] | None = None
    refuses_contexts: ngap.Cause | None = None
    refuses_sessions: ngap.Cause | None = None
    refuses_handovers: ngap.Cause | None = None
    answers_context_release: bool = True
    sends_radio_capability: bool = True
    reports_errors: bool = True
    integrity: bool = True
    confidentiality: bool = True
    # How long the gNB waits for the AMF's answer, or a UE's, in seconds.
    patience: float = 5.0

    # What follows is of the radio access with RRC and PDCP (network/radio); without it nothing
    # on Uu is protected, and nobody sees Uu. First the configuration of an operator.
    integrity_priority: tuple[int, ...] = (2, 1, 3)
    ciphering_priority: tuple[int, ...] = (2, 1, 3, 0)
    # Whether user data is protected where that is preferred (TS 33.501, 6.6.1).
    protects_if_preferred: bool = True

    # The choice of algorithms (TS 33.501, 5.11.2, 6.7.3.0 and D.1).
    weakest_first: bool = False
    null_integrity: bool = False
    null_ciphering: bool = False
    selects_algorithms_at_handover: bool = True

    # RRC (TS 33.501, 6.5; TS 38.323, 5.9).
    protects_rrc_integrity: bool = True
    ciphers_rrc: bool = True
    drops_bad_rrc_mac: bool = True
    drops_missing_rrc_mac: bool = True
    drops_rrc_replays: bool = True

    # User data (TS 33.501, 6.6): what the SMF's policy demands, and what is done of it.
    obeys_required_integrity: bool = True
    obeys_required_ciphering: bool = True
    obeys_unneeded_integrity: bool = True
    obeys_unneeded_ciphering: bool = True
    protects_user_data_as_signalled: bool = True
    ciphers_user_data_as_signalled: bool = True
    drops_bad_user_mac: bool = True
    drops_missing_user_mac: bool = True
    drops_user_replays: bool = True

    # Keys (TS 33.501, 6.9.4): a new one before a bearer identity comes again under the same.
    refreshes_key_before_drb_reuse: bool = True
    # Mobility (TS 33.501, 6.7.3.1), and what becomes of a UE whose UP security is not known any
    # more when it resumes (TS 33.501, 6.6.2).
    tells_capabilities_at_path_switch: bool = True
    verifies_resume_mac: bool = True
    falls_back_without_up_security: bool = True
