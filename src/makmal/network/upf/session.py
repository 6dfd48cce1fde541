"""A session as the UPF has it: its rules, its ends, what waits for it (TS 29.244, 5.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from makmal.network.upf.flow_filter import FlowFilter
from makmal.protocol import pfcp
from makmal.trace.frame import Endpoint


@dataclass(slots=True)
class DetectionRule:
    """A PDR: which packets (5.2.1). ``from_access``: they come from the UE's side.

    ``teid`` is our end of the tunnel that they come in, None for those from the data network.
    """

    identifier: int
    precedence: int
    from_access: bool
    far_id: int | None = None
    qer_ids: tuple[int, ...] = ()
    urr_ids: tuple[int, ...] = ()
    teid: int | None = None
    qfis: tuple[int, ...] = ()
    filters: tuple[FlowFilter, ...] = ()
    # The rules that it names, found once instead of for each packet.
    far: ForwardingRule | None = None
    enforced: tuple[EnforcementRule, ...] = ()
    used: tuple[UsageRule, ...] = ()
    marked_qfi: int = 1

    def takes(self, packet: bytes, qfi: int | None, *, checks_qfi: bool) -> bool:
        """Whether a packet is of this rule."""
        if checks_qfi and self.qfis and qfi is not None and qfi not in self.qfis:
            return False
        if not self.filters:
            return True
        return any(each.matches(packet, uplink=self.from_access) for each in self.filters)


@dataclass(slots=True)
class ForwardingRule:
    """A FAR: what becomes of them (5.2.1). ``peer`` and ``teid`` are the tunnel's other end."""

    identifier: int
    # As plain numbers: flags of an enumeration cost a microsecond each time that they are asked.
    forwards: bool = False
    holds: bool = False
    notifies: bool = False
    interface: int | None = None
    peer: Endpoint | None = None
    teid: int | None = None

    def act(self, action: pfcp.ApplyAction) -> None:
        """Do this from now on (8.2.26)."""
        self.forwards = bool(action & pfcp.ApplyAction.FORW)
        self.holds = bool(action & pfcp.ApplyAction.BUFF)
        self.notifies = bool(action & pfcp.ApplyAction.NOCP)


@dataclass(slots=True)
class Bucket:
    """What may still pass of a rate, in octets (TS 23.501, 5.7.1.8); ``rate`` in octets a second.

    The clock is asked only when the bucket is empty, so that a packet costs no more than a
    subtraction.
    """

    rate: float
    left: float = 0.0
    filled_ns: int = 0

    def passes(self, octets: int, clock: Callable[[], int]) -> bool:
        """Whether a packet of so many octets may pass; if so, it is taken."""
        if self.left < octets:
            now = clock()
            # One second of the rate at once, at most.
            gained = self.rate * min((now - self.filled_ns) / 1e9, 1.0)
            self.left, self.filled_ns = min(self.left + gained, self.rate), now
            if self.left < octets:
                return False
        self.left -= octets
        return True


@dataclass(slots=True)
class EnforcementRule:
    """A QER: gate, QFI, and the rates in kbit/s (5.4)."""

    identifier: int
    uplink_open: bool = True
    downlink_open: bool = True
    qfi: int | None = None
    guaranteed: pfcp.BitRates | None = None
    uplink: Bucket | None = None
    downlink: Bucket | None = None

    def limit(self, maximum: pfcp.BitRates) -> None:
        """Let no more than this pass."""
        self.uplink = Bucket(maximum.uplink * 125.0)
        self.downlink = Bucket(maximum.downlink * 125.0)


@dataclass(slots=True)
class Volume:
    """What passed in one direction."""

    packets: int = 0
    octets: int = 0


@dataclass(slots=True)
class UsageRule:
    """A URR: what passed since the last report; ``threshold`` in octets (5.2.2)."""

    identifier: int
    triggers: pfcp.ReportingTriggers | None = None
    threshold: int | None = None
    uplink: Volume = field(default_factory=Volume)
    downlink: Volume = field(default_factory=Volume)
    reports: int = 0


@dataclass(slots=True, eq=False)
class UpSession:
    """A PFCP session. ``smf`` is who established it, ``smf_seid`` what that one calls it."""

    seid: int
    smf_seid: int
    smf: Endpoint
    detection: dict[int, DetectionRule] = field(default_factory=dict)
    forwarding: dict[int, ForwardingRule] = field(default_factory=dict)
    enforcement: dict[int, EnforcementRule] = field(default_factory=dict)
    usage: dict[int, UsageRule] = field(default_factory=dict)
    # Of the UE: an IPv4 address in four octets, an IPv6 prefix in eight.
    ipv4: bytes | None = None
    ipv6_prefix: bytes | None = None
    teids: set[int] = field(default_factory=set)
    rules_of_teid: dict[int, tuple[DetectionRule, ...]] = field(default_factory=dict)
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
        for rule in ordered:
            self._find(rule)
        self.rules_of_teid = {
            teid: tuple(each for each in ordered if each.teid == teid) for teid in self.teids
        }
        self.downlink_rules = tuple(
            each for each in ordered if not each.from_access and each.teid is None
        )

    def _find(self, rule: DetectionRule) -> None:
        rule.far = self.forwarding.get(rule.far_id or 0)
        enforced = [self.enforcement.get(each) for each in rule.qer_ids]
        rule.enforced = tuple(each for each in enforced if each is not None)
        used = [self.usage.get(each) for each in rule.urr_ids]
        rule.used = tuple(each for each in used if each is not None)
        rule.marked_qfi = next((each.qfi for each in rule.enforced if each.qfi), 1)

    def is_of_ue(self, address: bytes) -> bool:
        """Whether an address of a packet is the UE's. Where the rules name no address of the UE
        (a UPF between others, on N9), any is.
        """
        if self.ipv4 is None and self.ipv6_prefix is None:
            return True
        return address == self.ipv4 if len(address) == 4 else address[:8] == self.ipv6_prefix
