"""The security-relevant choices of the SMF. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.network.pfcp_node import PfcpTimers


@dataclass(frozen=True, slots=True)
class SmfPolicy:
    """What the SMF chooses. The local user plane security policy is used where the UDM has none
    (TS 33.501, 6.6.1).
    """

    # Configuration.
    pool: str = "10.60.0.0/16"
    local_up_integrity: str = "NOT_NEEDED"
    local_up_confidentiality: str = "NOT_NEEDED"
    timers: PfcpTimers = field(default_factory=PfcpTimers)

    # TS 33.515, 4.2.2.1.1.
    udm_policy_first: bool = True
