"""The gNB's keys in mobility (TS 33.501, 6.9.2): which key comes next, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.protocol import rrc
from makmal.security import keys

if TYPE_CHECKING:
    from makmal.network.radio.gnb_bearers import GnbBearers
    from makmal.network.radio.gnb_rrc import GnbRrc

_GNB_ID_SHIFT = 12
_SHORT_BITS = 24


def fresh_chaining_count(end: GnbBearers) -> int:
    """The NCC of an NH that no key came from yet; else that of the present key."""
    context = end.context
    if context is None or not context.next_hop:
        return end.chaining_count
    return context.next_hop_chaining_count


def next_key(end: GnbBearers, cell: rrc.Cell) -> tuple[bytes, int]:
    """KNG-RAN* for a cell, and its NCC: from an NH that is fresh, else from the present key."""
    if end.security is None:
        raise RuntimeError("the UE has no AS security to derive a key from")
    count = fresh_chaining_count(end)
    base = end.security.k_gnb
    if count != end.chaining_count and end.context is not None:
        base = end.context.next_hop
    return keys.k_ng_ran_star(base, cell.pci, cell.ssb_arfcn), count


def suspend_config(end: GnbRrc) -> rrc.SuspendConfig:
    """What the UE is to resume with: an I-RNTI that names it in this gNB, and an NCC."""
    number = end.gnb.node_id.gnb_id[0]
    short = (number << _GNB_ID_SHIFT | end.bearers.ue_id & 0xFFF) & (1 << _SHORT_BITS) - 1
    end.i_rnti = short
    full = number << 16 | end.bearers.ue_id
    return rrc.SuspendConfig(full, short, fresh_chaining_count(end))
