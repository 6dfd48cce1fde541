"""RRC connections as a trace of Uu shows them: a UE under its C-RNTI, its bearers and its keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.protocol import rrc
from makmal.protocol.pdcp import Plane
from makmal.security import keys
from makmal.security.as_security import AsSecurity
from makmal.trace.frame import Endpoint
from makmal.trace.user_equipment import UserEquipment

_CHAIN = 8
# The COUNT that KgNB of a new KAMF is derived with (TS 33.501, 6.9.2.3.3).
_HANDOVER_COUNT = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class AsKey:
    """A key that may be in use: its NCC, and KgNB with which its chain of next hops began."""

    security: AsSecurity
    chaining_count: int = 0
    initial: bytes = b""


@dataclass(slots=True, eq=False)
class RadioConnection:
    """A UE at a gNB.

    ``from_setup``: the trace shows it from its RRCSetup on, so that until security is activated
    everything is in clear. ``keys`` are those that may be in use; once a MAC-I verified, the one
    that is.

    ``algorithms`` are those of the last command, None before security is activated. ``drbs`` are
    configured as RRC said, where that could be read. ``counts`` are the highest COUNT per bearer
    and direction.
    """

    gnb: Endpoint
    ue: Endpoint
    ue_id: int
    user_equipment: UserEquipment | None = None
    from_setup: bool = False
    algorithms: rrc.Algorithms | None = None
    keys: list[AsKey] = field(default_factory=list)
    drbs: dict[int, rrc.Drb] = field(default_factory=dict)
    counts: dict[tuple[Plane, int, bool], int] = field(default_factory=dict)

    @property
    def is_secured(self) -> bool:
        """Whether AS security was activated."""
        return self.algorithms is not None

    @property
    def wireshark_keys(self) -> str | None:
        """A line of Wireshark's table ``pdcp_nr_ue_keys``; None without a key that verified."""
        if len(self.keys) != 1:
            return None
        security = self.keys[0].security
        values = (
            str(self.ue_id),
            security.k_rrc_enc.hex(),
            security.k_up_enc.hex(),
            security.k_rrc_int.hex(),
            security.k_up_int.hex(),
        )
        return ",".join(f'"{each}"' for each in values)

    def estimate(self, plane: Plane, identity: int, uplink: bool, number: int, bits: int) -> int:
        """The COUNT with this sequence number that is the nearest to the highest one so far."""
        highest = self.counts.get((plane, identity, uplink), -1)
        window, whole = 1 << bits - 1, 1 << bits
        count = max(highest, 0) & -whole | number
        if count > highest + window and count >= whole:
            return count - whole
        if count < highest - window:
            return count + whole
        return count

    def note_count(self, plane: Plane, identity: int, uplink: bool, count: int) -> None:
        """A PDU with this COUNT was in order."""
        key = (plane, identity, uplink)
        self.counts[key] = max(self.counts.get(key, -1), count)

    def successors(
        self, cell: rrc.Cell, chaining_count: int, algorithms: rrc.Algorithms, key_set_changed: bool
    ) -> list[AsKey]:
        """The keys that can follow in a cell (TS 33.501, 6.9.2.1.1)."""
        found: dict[bytes, AsKey] = {}
        for base, initial in self._bases(chaining_count, key_set_changed):
            key = keys.k_ng_ran_star(base, cell.pci, cell.ssb_arfcn)
            security = AsSecurity(key, algorithms.ciphering, algorithms.integrity)
            found.setdefault(key, AsKey(security, chaining_count, initial))
        return list(found.values())

    def _bases(self, chaining_count: int, key_set_changed: bool) -> list[tuple[bytes, bytes]]:
        ue = self.user_equipment
        k_amf = None if ue is None or ue.current is None else ue.current.k_amf
        bases: list[tuple[bytes, bytes]] = []
        if key_set_changed:
            if k_amf is not None:
                for candidate in (k_amf, *_changed(ue)):
                    initial = keys.k_gnb(candidate, _HANDOVER_COUNT)
                    bases.append((initial, initial))
        else:
            for each in self.keys:
                if each.chaining_count == chaining_count:
                    bases.append((each.security.k_gnb, each.initial))
                elif k_amf is not None and each.initial:
                    next_hop, at = each.initial, 0
                    while at != chaining_count:
                        next_hop, at = keys.nh(k_amf, next_hop), (at + 1) % _CHAIN
                    bases.append((next_hop, each.initial))
        given = None if ue is None else ue.next_hops.get(chaining_count)
        if given is not None:
            bases.append((given, given if key_set_changed else b""))
        return bases


def _changed(user_equipment: UserEquipment | None) -> list[bytes]:
    """KAMF' of a handover to another AMF, from the downlink COUNTs that it may have used."""
    context = None if user_equipment is None else user_equipment.current
    if context is None or context.k_amf is None:
        return []
    latest = context.downlink_count
    return [
        keys.k_amf_prime(context.k_amf, 1, count) for count in range(max(latest, 0), latest + 3)
    ]
