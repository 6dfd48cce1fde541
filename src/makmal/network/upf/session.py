"""A session as the UPF has it: its rules, its ends, what waits for it (TS 29.244, 5.2)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from makmal.network.upf.flow_filter import FlowFilter
from makmal.protocol import pfcp
from makmal.trace.frame import Endpoint


@dataclass(slots=True)
class DetectionRule:
    """A PDR: which packets (5.2.1)."""

    identifier: int
    precedence: int
    source_interface: int
    far_id: int | None
    qer_ids: tuple[int, ...]
    teid: int | None = None
    qfis: tuple[int, ...] = ()
    filters: tuple[FlowFilter, ...] = ()


@dataclass(slots=True)
class ForwardingRule:
    """A FAR: what becomes of them (5.2.1). ``peer`` and ``teid`` are the tunnel's other end."""

    identifier: int
    action: pfcp.ApplyAction
    interface: int | None = None
    peer: Endpoint | None = None
    teid: int | None = None


@dataclass(slots=True)
class EnforcementRule:
    """A QER: gate, QFI, and the rates in kbit/s (5.4)."""

    identifier: int
    uplink_open: bool = True
    downlink_open: bool = True
    qfi: int | None = None
    maximum: pfcp.BitRates | None = None
    guaranteed: pfcp.BitRates | None = None


@dataclass(slots=True)
class Volume:
    """What passed in one direction."""

    packets: int = 0
    octets: int = 0

    def count(self, packet: bytes) -> None:
        """One packet more."""
        self.packets += 1
        self.octets += len(packet)


@dataclass(slots=True, eq=False)
class UpSession:
    """A PFCP session. ``smf`` is who established it, ``smf_seid`` what that one calls it."""

    seid: int
    smf_seid: int
    smf: Endpoint
    detection: dict[int, DetectionRule] = field(default_factory=dict)
    forwarding: dict[int, ForwardingRule] = field(default_factory=dict)
    enforcement: dict[int, EnforcementRule] = field(default_factory=dict)
    usage_reporting: set[int] = field(default_factory=set)
    # Of the UE: an IPv4 address in four octets, an IPv6 prefix in eight.
    ipv4: bytes | None = None
    ipv6_prefix: bytes | None = None
    teids: set[int] = field(default_factory=set)
    uplink_rules: tuple[DetectionRule, ...] = ()
    downlink_rules: tuple[DetectionRule, ...] = ()
    buffered: deque[bytes] = field(default_factory=deque)
    has_reported: bool = False
    uplink: Volume = field(default_factory=Volume)
    downlink: Volume = field(default_factory=Volume)

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """What the UE is reached at."""
        return tuple(each for each in (self.ipv4, self.ipv6_prefix) if each is not None)

    def order(self) -> None:
        """Put the rules in the order in which they are tried: lowest precedence value first."""
        ordered = sorted(self.detection.values(), key=lambda rule: rule.precedence)
        access = pfcp.SourceInterface.ACCESS
        self.uplink_rules = tuple(each for each in ordered if each.source_interface == access)
        self.downlink_rules = tuple(each for each in ordered if each.source_interface != access)

    def is_of_ue(self, address: bytes) -> bool:
        """Whether an address of a packet is the UE's."""
        if len(address) == 4:
            return address == self.ipv4
        return self.ipv6_prefix is not None and address[:8] == self.ipv6_prefix
