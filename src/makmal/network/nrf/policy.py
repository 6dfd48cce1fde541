"""The security-relevant choices of the NRF. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class NrfPolicy:
    """What the NRF chooses.

    The first group is an operator's configuration, any of which is sound. In the others each
    default is what the specification demands.
    """

    # Configuration, in seconds: how often functions shall show that they live, and how much later
    # than that one counts as lost; how long subscriptions and tokens hold; how long a consumer may
    # keep what it discovered. Our own functions send no heartbeat unless told to, hence the day.
    heart_beat_timer: int = _DAY
    heart_beat_margin: int = 5
    subscription_seconds: int = _DAY
    token_seconds: int = 3600
    discovery_seconds: int = 3600

    # Discovery (TS 33.501, 5.9.2.1 and 13.3.1; TS 33.518, 4.2.2.2.1; TS 29.510, 5.3.2.2.2).
    enforces_allowed_nf_types: bool = True
    enforces_allowed_nssais: bool = True
    enforces_allowed_plmns: bool = True
    enforces_allowed_nf_domains: bool = True
    lists_only_registered: bool = True
    # TS 29.510, 6.2.6.2.3: whom a producer allows is nobody's business.
    hides_allowed_lists: bool = True

    # Management (TS 29.510, 5.2.2): a profile is changed by nobody but its function.
    checks_instance_of_profile: bool = True
    notifies_only_allowed: bool = True

    # Access tokens (TS 33.501, 13.4.1.1; TS 29.510, 5.4.2.2).
    grants_only_to_registered: bool = True
    checks_requester_type: bool = True
    grants_only_registered_services: bool = True
    grants_only_allowed: bool = True
    signs_tokens: bool = True
    names_audience: bool = True
    limits_scope: bool = True
    sets_expiry: bool = True
