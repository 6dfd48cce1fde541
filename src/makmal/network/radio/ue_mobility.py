"""The UE's keys and what needs new ones: handover, resume, re-establishment (TS 38.331, 5.3.5.5,
5.3.7 and 5.3.13; TS 33.501, 6.9.2 and 6.8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from makmal.network.radio.state import State
from makmal.protocol import pdcp, rrc
from makmal.protocol.rrc import mobility, reconfiguration
from makmal.security import keys
from makmal.security.as_security import AsSecurity
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.radio.ue_rrc import UeRrc

_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Suspended:
    """What an inactive UE keeps (5.3.8.3): its last C-RNTI and cell, its DRBs, and what it was
    told to resume with.
    """

    config: rrc.SuspendConfig
    c_rnti: int
    pci: int
    drbs: dict[int, rrc.Drb]
    srb2: bool


def next_key(end: UeRrc, chaining_count: int, cell: rrc.Cell) -> bytes:
    """KNG-RAN* for a cell: from the present key, or from the NH of this NCC (33.501, 6.9.2.1.1)."""
    if end.security is None:
        raise RuntimeError("the UE has no AS security to derive a key from")
    base = end.security.k_gnb
    if chaining_count != end.chaining_count:
        while end.chaining_count != chaining_count:
            end.next_hop = keys.nh(end.ue.k_amf, end.next_hop or end.initial_key)
            end.chaining_count = (end.chaining_count + 1) % _CHAIN
        base = end.next_hop
    return keys.k_ng_ran_star(base, cell.pci, cell.ssb_arfcn)


def synchronise(
    end: UeRrc, wanted: rrc.Reconfiguration, sync: rrc.Sync, update: rrc.KeyUpdate
) -> bool:
    """Reconfiguration with sync: to the target cell, with new keys; False if there is no such."""
    cell = end.access.cell_of(sync.cell)
    if cell is None or end.security is None:
        return False
    ue = end.ue
    if cell is not end.cell:
        end.cell = cell
        ue.handed_over(cell.gnb, end, update.nas_container)
    algorithms = wanted.algorithms or rrc.Algorithms(end.security.ciphering, end.security.integrity)
    if update.key_set_changed:
        # 33.501, 6.9.2.3.3: a new KAMF, whose chain begins with KgNB of it.
        end.initial_key, end.next_hop = ue.k_gnb, b""
        end.chaining_count = update.chaining_count
        key = keys.k_ng_ran_star(end.initial_key, sync.cell.pci, sync.cell.ssb_arfcn)
    else:
        key = next_key(end, update.chaining_count, sync.cell)
    end.security = AsSecurity(key, algorithms.ciphering, algorithms.integrity)
    lost = {each.pdu_session_id for each in end.bearers.pause().values()}
    end.bearers.move(sync.c_rnti)
    end.configure(wanted, end.security)
    for session in lost - {each.pdu_session_id for each in wanted.drbs}:
        ue.user_plane(session, False)
    return True


def suspend(end: UeRrc, config: rrc.SuspendConfig, security: AsSecurity) -> None:
    """RRCRelease with suspendConfig: to inactive, the keys kept."""
    if end.cell is None:
        return
    srb2 = end.bearers.srb(2) is not None
    drbs = end.bearers.pause()
    end.suspended = Suspended(config, end.bearers.ue_id, end.cell.identity.pci, drbs, srb2)
    end.security = security
    end.state = State.INACTIVE
    end.ue.connection_released(suspended=True)


def resume(end: UeRrc, cause: str) -> None:
    """RRCResumeRequest, proven with the old key; SRB1 has the new one at once (5.3.13.3)."""
    kept, cell, security = end.suspended, end.cell, end.security
    if kept is None or cell is None or security is None or end.state is not State.INACTIVE:
        return
    octets = mobility.resume_mac_input(kept.pci, kept.c_rnti, cell.gnb.cell_identity)
    mac = security.short_mac(octets)
    end.state = State.RESUMING
    request = rrc.ResumeRequest(kept.config.short_i_rnti, mac, str(cause))
    c_rnti = end.send_common(mobility.resume_request(request))
    key = next_key(end, kept.config.chaining_count, cell.identity)
    end.security = AsSecurity(key, security.ciphering, security.integrity)
    end.bearers.move(c_rnti)
    end.bearers.add_srb(1, end.security)


def resumed(end: UeRrc, message: rrc.Message) -> None:
    """RRCResume (5.3.13.4): bearers as they were, with the new keys."""
    kept, security = end.suspended, end.security
    if end.state is not State.RESUMING or kept is None or security is None:
        return
    wanted = reconfiguration.read(message)
    end.suspended = None
    end.configure(wanted, security)
    known = {each.identity for each in wanted.drbs}
    for drb in kept.drbs.values():
        if drb.identity not in known and drb.identity not in wanted.released_drbs:
            end.bearers.add_drb(drb, security)
            end.ue.user_plane(drb.pdu_session_id, True)
    first = end.take_held()
    end.send_message(mobility.resume_complete(message.transaction or 0, first))
    end.ue.connection_resumed(end)
    end.connected()


def lose_radio(end: UeRrc) -> None:
    """A radio link failure: RRCReestablishmentRequest, proven with the old key (5.3.7.4)."""
    cell, security = end.cell, end.security
    if cell is None or security is None:
        return
    c_rnti = end.bearers.ue_id
    octets = mobility.short_mac_input(cell.identity.pci, c_rnti, cell.gnb.cell_identity)
    request = rrc.ReestablishmentRequest(c_rnti, cell.identity.pci, security.short_mac(octets))
    for session in {each.pdu_session_id for each in end.bearers.pause().values()}:
        end.ue.user_plane(session, False)
    end.state = State.REESTABLISHING
    # The command comes on SRB1, with a MAC-I and not ciphered.
    c_rnti = end.send_common(mobility.reestablishment_request(request))
    end.bearers.move(c_rnti)
    end.bearers.add_srb(1)


def reestablished(end: UeRrc, message: rrc.Message, pdu: bytes, count: int) -> None:
    """RRCReestablishment (5.3.7.5): a new key, which proves the message itself, and protects
    everything from here on.
    """
    cell, old = end.cell, end.security
    chaining_count = message.content.get("nextHopChainingCount")
    if message.kind != "rrcReestablishment" or not isinstance(chaining_count, int):
        return
    if cell is None or old is None:
        return
    key = next_key(end, chaining_count, cell.identity)
    renewed = AsSecurity(key, old.ciphering, old.integrity)
    right = renewed.signalling_mac(1, Direction.DOWNLINK)(count, pdu[: -pdcp.MAC_OCTETS])
    if not compare_digest(right, pdu[-pdcp.MAC_OCTETS :]):
        end.log.append("an RRCReestablishment with a wrong MAC-I")
        return
    end.security = renewed
    end.bearers.protect_srb(1, renewed)
    end.send_message(mobility.reestablishment_complete(message.transaction or 0))
    end.connected()
