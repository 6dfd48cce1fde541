"""The security-relevant choices of the UPF. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.network.identifiers import Allocation
from makmal.network.pfcp_node import PfcpTimers
from makmal.network.security_gateway import GatewayChoices


@dataclass(frozen=True, slots=True)
class UpfPolicy:
    """What the UPF chooses.

    The first group is an operator's configuration, any of which is sound. In the others each
    default is what the specification demands, or where it is silent, what keeps users apart.
    """

    # Configuration.
    timers: PfcpTimers = field(default_factory=PfcpTimers)
    answers_icmp_echo: bool = True
    buffered_packets: int = 64
    most_sessions: int = 1_000_000
    answers_heartbeats: bool = True
    # Addresses that GTP-U is taken from (TS 33.117, 4.2.6.2.4); None where no rule is set.
    permitted_gtpu_sources: tuple[str, ...] | None = None

    # Interfaces ("n3", "n4", "n9") whose peers are reached by IPsec only.
    ipsec_interfaces: frozenset[str] = frozenset()

    # IPsec (TS 33.501, 9.3 and 9.9; TS 33.210, 5.3), where it is configured.
    ipsec_n3: GatewayChoices = field(default_factory=GatewayChoices)
    ipsec_n4: GatewayChoices = field(default_factory=GatewayChoices)
    ipsec_n9: GatewayChoices = field(default_factory=GatewayChoices)

    # Identifiers (TS 29.244, 5.5; TS 33.513, 4.2.2.6).
    teid_allocation: Allocation = Allocation.RANDOM
    seid_allocation: Allocation = Allocation.RANDOM

    # N4 (TS 29.244, 6.2.6, 6.4 and 7.5).
    associates_with_known_smf_only: bool = True
    demands_association: bool = True
    guards_sessions_from_other_smfs: bool = True
    recognises_repeated_requests: bool = True
    refuses_addresses_in_use: bool = True
    forgets_sessions_of_restarted_smf: bool = True

    # N3 (TS 29.281, 7.3.1; TS 23.501, 5.8.2; GSMA FS.20).
    checks_uplink_source: bool = True
    checks_ipv6_source: bool = True
    # What a UE sends to all nodes of its link is for the router alone (RFC 4861; TS 23.501,
    # 5.8.2.2.3: each UE has a link of its own).
    keeps_multicast_to_the_link: bool = True
    checks_qfi: bool = True
    answers_unknown_teid: bool = True
    closes_deleted_tunnels: bool = True
    sends_end_marker: bool = True
    # Error indications count only from the gNB of the tunnel (TS 23.527, 5.3.3).
    checks_error_indication_peer: bool = True
    applies_gtpu_filter: bool = True
    # Messages that are not as TS 29.281 has them are dropped, and harm nothing.
    discards_malformed_gtpu: bool = True
    survives_malformed_gtpu: bool = True
    passes_malformed_gtpu_on: bool = False
    # A UE reaches neither the functions of the network nor other UEs through its session.
    shields_network: bool = True
    isolates_ues: bool = True

    # N9 (TS 33.501, 5.9.3.4: inter-PLMN user plane security).
    checks_n9_teid: bool = True

    def ipsec(self, interface: str) -> GatewayChoices:
        """How IPsec is done on an interface."""
        return {"n3": self.ipsec_n3, "n4": self.ipsec_n4, "n9": self.ipsec_n9}[interface]
