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
    # Whether sessions are charged, have their policy from a PCF, and are told to the UDM.
    charges: bool = True
    asks_pcf: bool = True
    registers_sessions: bool = True

    # TS 33.515, 4.2.2.1.1.
    udm_policy_first: bool = True

    # TS 33.501, 6.6.1; TS 33.515, 4.2.2.1.3: where the gNB has another policy, it gets ours.
    corrects_up_policy: bool = True
    echoes_told_up_policy: bool = False

    # TS 32.255, 5.1.2; TS 33.515, 4.2.2.1.4: no two sessions have one charging id.
    unique_charging_ids: bool = True
    charging_ids_from_session_ids: bool = False
