"""Faults of a UPF, and variations of it that are as sound as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.network.esp import EspChoices
from makmal.network.faults.fault import Fault, NetworkPolicy, Variation
from makmal.network.identifiers import Allocation
from makmal.network.pfcp_node import PfcpTimers
from makmal.network.security_gateway import GatewayChoices


def _upf(**choices: Any) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, upf=replace(policy.upf, **choices))


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "UPF", description, _upf(**choices), caught_by)


_UNIQUE, _GUESSED = "TC_TEID_ID_UNIQUENESS_UPF", "MAKMAL_UPF_IDENTIFIER_PREDICTABILITY"
_IPUPS, _MALFORMED = "TC_IPUPS_PACKET_HANDLING", "TC_IPUPS_MALFORED_MESSAGES"
_FILTER, _SPOOFED = "TC_GTP-U_FILTERING", "MAKMAL_UPF_SOURCE_SPOOFING"
_SPOOFED_IPV6 = "MAKMAL_UPF_IPV6_SOURCE_SPOOFING"
_ADVERTISED = "MAKMAL_UPF_ROUTER_ADVERTISEMENT"
_INSIDE, _ENDED = "MAKMAL_UPF_GTP_IN_GTP", "MAKMAL_UPF_ENDED_TUNNEL"
_ERROR, _UNKNOWN = "MAKMAL_UPF_FALSE_ERROR_INDICATION", "MAKMAL_UPF_PFCP_UNKNOWN_PEER"
_DELETED, _APART = "MAKMAL_UPF_SESSION_DELETION", "MAKMAL_UPF_UE_ISOLATION"

_N3_READ, _N3_ALTERED = "TC_UP_DATA_CONF_UPF", "TC_UP_DATA_INT_UPF"
_N3_REPLAYED = "TC_UP_DATA_REPLAY_UPF"
_N9, _N4 = "TC_UP_DATA_CONF_UPF_N9", "TC_CP_DATA_CONF_UPF_N4"


def _ipsec(
    interface: str, name: str, description: str, caught_by: str, choices: GatewayChoices
) -> Fault:
    return _fault(
        f"{interface}-{name}",
        f"{description} on {interface.upper()}",
        caught_by,
        **{f"ipsec_{interface}": choices},
    )


_NULL = GatewayChoices(EspChoices(encrypts=False))
_UNCHECKED = GatewayChoices(EspChoices(checks_integrity=False))
_REPEATABLE = GatewayChoices(EspChoices(checks_replay=False))
_PERMISSIVE, _BARE = GatewayChoices(demands=False), GatewayChoices(sends_protected=False)
_WITHOUT_CIPHER, _CLEAR_TAKEN = "ipsec-without-encryption", "clear-text-taken"
_CLEAR_SENT, _ALTERED_TAKEN = "clear-text-sent", "altered-esp-taken"
_REPEATED_TAKEN = "repeated-esp-taken"

FAULTS: tuple[Fault, ...] = (
    _ipsec("n3", _WITHOUT_CIPHER, "authenticates packets only", _N3_READ, _NULL),
    _ipsec("n3", _CLEAR_TAKEN, "takes packets without IPsec", _N3_READ, _PERMISSIVE),
    _ipsec("n3", _CLEAR_SENT, "sends packets without IPsec", _N3_READ, _BARE),
    _ipsec("n3", _ALTERED_TAKEN, "takes altered ESP packets", _N3_ALTERED, _UNCHECKED),
    _ipsec("n3", _REPEATED_TAKEN, "takes ESP packets twice", _N3_REPLAYED, _REPEATABLE),
    _ipsec("n9", _WITHOUT_CIPHER, "authenticates packets only", _N9, _NULL),
    _ipsec("n9", _CLEAR_TAKEN, "takes packets without IPsec", _N9, _PERMISSIVE),
    _ipsec("n9", _CLEAR_SENT, "sends packets without IPsec", _N9, _BARE),
    _ipsec("n9", _ALTERED_TAKEN, "takes altered ESP packets", _N9, _UNCHECKED),
    _ipsec("n9", _REPEATED_TAKEN, "takes ESP packets twice", _N9, _REPEATABLE),
    _ipsec("n4", _WITHOUT_CIPHER, "authenticates packets only", _N4, _NULL),
    _ipsec("n4", _CLEAR_TAKEN, "takes packets without IPsec", _N4, _PERMISSIVE),
    _ipsec("n4", _CLEAR_SENT, "sends packets without IPsec", _N4, _BARE),
    _ipsec("n4", _ALTERED_TAKEN, "takes altered ESP packets", _N4, _UNCHECKED),
    _ipsec("n4", _REPEATED_TAKEN, "takes ESP packets twice", _N4, _REPEATABLE),
    _fault(
        "teids-given-twice",
        "gives the TEID of a live session out again",
        _UNIQUE,
        _GUESSED,
        teid_allocation=Allocation.REUSED,
    ),
    _fault(
        "teids-counted",
        "gives TEIDs out one after another",
        _GUESSED,
        teid_allocation=Allocation.SEQUENTIAL,
    ),
    _fault(
        "seids-counted",
        "gives SEIDs out one after another",
        _GUESSED,
        seid_allocation=Allocation.SEQUENTIAL,
    ),
    _fault(
        "teids-of-a-weak-generator",
        "gives out TEIDs of a linear congruential generator, whose next number anyone can compute",
        _GUESSED,
        teid_allocation=Allocation.CONGRUENTIAL,
    ),
    _fault(
        "n9-teid-not-checked",
        "forwards packets of N9 by the address inside, whatever their TEID",
        _IPUPS,
        checks_n9_teid=False,
    ),
    _fault(
        "malformed-gtpu-forwarded",
        "takes malformed G-PDUs for good ones",
        _MALFORMED,
        discards_malformed_gtpu=False,
    ),
    _fault(
        "malformed-gtpu-passed-on",
        "passes malformed G-PDUs on as they came, but for their TEID",
        _MALFORMED,
        passes_malformed_gtpu_on=True,
    ),
    _fault(
        "malformed-gtpu-fatal",
        "does nothing any more after a malformed GTP-U message",
        _MALFORMED,
        survives_malformed_gtpu=False,
    ),
    _fault(
        "gtpu-filter-ignored",
        "takes GTP-U from addresses that its filter does not permit",
        _FILTER,
        applies_gtpu_filter=False,
    ),
    _fault(
        "uplink-source-not-checked",
        "forwards packets of a UE with any source address",
        _SPOOFED,
        _SPOOFED_IPV6,
        checks_uplink_source=False,
    ),
    _fault(
        "uplink-ipv6-source-not-checked",
        "checks the source address of IPv4 packets only",
        _SPOOFED_IPV6,
        checks_ipv6_source=False,
    ),
    _fault(
        "ues-on-one-link",
        "passes what a UE sends to all nodes of its link to all other UEs",
        _ADVERTISED,
        keeps_multicast_to_the_link=False,
    ),
    _fault(
        "gtpu-of-ues-processed",
        "takes GTP-U inside the packets of a UE for GTP-U of N3",
        _INSIDE,
        shields_network=False,
    ),
    _fault(
        "tunnels-outlive-sessions",
        "goes on forwarding in the tunnel of a deleted session",
        _ENDED,
        _IPUPS,
        closes_deleted_tunnels=False,
    ),
    _fault(
        "error-indications-of-anyone",
        "closes a tunnel when anybody says that it is unknown",
        _ERROR,
        checks_error_indication_peer=False,
    ),
    _fault(
        "n4-without-association",
        "takes sessions from nodes that it has no association with",
        _UNKNOWN,
        demands_association=False,
    ),
    _fault(
        "n4-association-with-anyone",
        "associates with any node that asks",
        _UNKNOWN,
        associates_with_known_smf_only=False,
    ),
    _fault(
        "n4-sessions-of-anyone",
        "deletes and changes sessions for any node that names their SEID",
        _DELETED,
        guards_sessions_from_other_smfs=False,
    ),
    _fault(
        "ues-not-kept-apart",
        "lets the UEs that it is to keep apart reach one another",
        _APART,
        isolates_ues=False,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "impatient-upf",
        "UPF",
        "repeats its own requests sooner, and gives up sooner",
        _upf(timers=PfcpTimers(t1=1.0, n1=2)),
    ),
    Variation(
        "upf-without-end-markers",
        "UPF",
        "sends no end markers (they help reordering only; TS 23.501, 5.8.2.9)",
        _upf(sends_end_marker=False),
    ),
    Variation(
        "upf-silent-to-unknown-teids",
        "UPF",
        "drops packets for unknown TEIDs without an Error Indication",
        _upf(answers_unknown_teid=False),
    ),
    Variation(
        "upf-with-short-buffers",
        "UPF",
        "holds four packets for an idle UE",
        _upf(buffered_packets=4),
    ),
)
