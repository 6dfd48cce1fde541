"""UEs that come to a cell with a past: handover, resume, re-establishment (TS 38.331, 5.3.5.5,
5.3.7 and 5.3.13; TS 33.501, 6.8.2 and 6.9.2).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from makmal.network.gnb import connections, mobility
from makmal.network.radio import algorithms, gnb_keys
from makmal.protocol import rrc
from makmal.protocol.rrc import mobility as rrc_mobility
from makmal.protocol.rrc import reconfiguration
from makmal.security import keys
from makmal.security.as_security import AsSecurity
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import UeContext
    from makmal.network.radio.cell import RadioCell
    from makmal.network.radio.gnb_rrc import GnbRrc

# TS 24.501, 9.11.2.6: in the NAS container of a handover, whether KAMF is a new one.
_KAMF_OCTET, _KAMF_CHANGED = 5, 0x10


def admit(
    cell: RadioCell, endpoint: Endpoint, context: UeContext, source: GnbRrc, *, by_core: bool
) -> rrc.Message:
    """Take a UE in that is to come; the RRCReconfiguration that it is to get at the source.

    ``by_core``: with the NH that the AMF gave the target; else with what the source gave it by Xn.
    """
    from makmal.network.radio.gnb_rrc import GnbRrc

    old = source.security
    if old is None:
        raise RuntimeError("a UE without AS security cannot be handed over")
    container = context.nas_container
    changed = container is not None and bool(container[_KAMF_OCTET] & _KAMF_CHANGED)
    if by_core:
        chaining_count = context.next_hop_chaining_count
        place = cell.identity
        key = keys.k_ng_ran_star(context.next_hop, place.pci, place.ssb_arfcn)
    else:
        key, chaining_count = gnb_keys.next_key(source, cell.identity)
    chosen = rrc.Algorithms(old.ciphering, old.integrity)
    if cell.gnb.policy.selects_algorithms_at_handover:
        chosen = algorithms.select(cell.gnb.policy, context.security_capabilities)
    made = GnbRrc(cell, endpoint, cell.random_access())
    made.context, made.capability = context, source.capability
    made.chaining_count = chaining_count
    drbs: list[rrc.Drb] = []
    for resources in context.sessions.values():
        before = source.bearers.drb_of_session(resources.identity)
        identity = before.bearer.identity if before is not None else len(drbs) + 1
        drbs.append(replace(made.signalled_drb(identity, resources), reestablished=True))
    kept = {each.identity for each in drbs}
    srbs = (1, 2) if source.bearers.srb(2) is not None else (1,)
    wanted = rrc.Reconfiguration(
        reestablished_srbs=srbs,
        drbs=tuple(drbs),
        released_drbs=tuple(each for each in source.bearers.drbs if each not in kept),
        algorithms=chosen,
        key_update=rrc.KeyUpdate(chaining_count, changed, container),
        sync=rrc.Sync(cell.identity, made.bearers.ue_id),
    )
    made.take_key(AsSecurity(key, chosen.ciphering, chosen.integrity), wanted, srbs)
    made.arrival = asyncio.get_running_loop().create_future()
    context.terminal = made
    return reconfiguration.reconfiguration(made.next_transaction(), wanted)


# Resume.


def resume_requested(cell: RadioCell, source: Endpoint, c_rnti: int, message: rrc.Message) -> None:
    """RRCResumeRequest: resume a UE that proves itself; set up anew one that is not known."""
    request = rrc_mobility.read_resume_request(message)
    found = _suspended(cell, request)
    if found is None or found.security is None or found.kept is None:
        cell.set_up(source, c_rnti, message)
        return
    if not _is_proven(cell, found, request) and cell.gnb.policy.verifies_resume_mac:
        cell.gnb.log.append("a resume request with a wrong resumeMAC-I")
        cell.set_up(source, c_rnti, message)
        return
    if not found.user_security_known and cell.gnb.policy.falls_back_without_up_security:
        # TS 33.501, 6.8.2.1.3: without the UP security policy the UE is set up anew.
        cell.gnb.log.append("the UP security of an inactive UE is not known any more")
        _give_up(cell, found)
        cell.set_up(source, c_rnti, message)
        return
    key, chaining_count = gnb_keys.next_key(found, cell.identity)
    security = AsSecurity(key, found.security.ciphering, found.security.integrity)
    del cell.suspended[found.i_rnti]
    kept, found.kept = found.kept, None
    found.endpoint, found.chaining_count = source, chaining_count
    found.take_key(security, rrc.Reconfiguration(sync=rrc.Sync(cell.identity, c_rnti)), (1,))

    async def work() -> None:
        await _resume(cell, found, kept)

    found.enqueue_first(work)


def _suspended(cell: RadioCell, request: rrc.ResumeRequest) -> GnbRrc | None:
    if not request.full:
        return cell.suspended.get(request.identity)
    for each in cell.suspended.values():
        if each.bearers.ue_id == request.identity & 0xFFFF:
            return each
    return None


def _is_proven(cell: RadioCell, found: GnbRrc, request: rrc.ResumeRequest) -> bool:
    if found.security is None:
        return False
    octets = rrc_mobility.resume_mac_input(
        cell.identity.pci, found.bearers.ue_id, cell.gnb.cell_identity
    )
    return found.security.short_mac(octets) == request.mac


def _give_up(cell: RadioCell, found: GnbRrc) -> None:
    """A UE's old context is of no use any more: the AMF is asked to release it."""
    cell.forget(found)
    if found.context is not None:
        connections.lost(cell.gnb, found.context)


async def _resume(cell: RadioCell, found: GnbRrc, kept: dict[int, rrc.Drb]) -> None:
    context = found.context
    if context is not None and context.suspended and not await mobility.resume(cell.gnb, context):
        cell.gnb.log.append("the AMF did not resume a connection")
        found.release(suspended=False)
        return
    drbs = tuple(replace(each, reestablished=True) for each in kept.values())
    if not found.user_security_known:
        # The fault: what is not known is taken for "not needed".
        drbs = tuple(replace(each, integrity=False, ciphering=False) for each in drbs)
    wanted = rrc.Reconfiguration(reestablished_srbs=(2,), drbs=drbs)

    def sent() -> None:
        found.add_srb(2)
        for drb in drbs:
            found.add_drb(drb)
            found.used_drbs.add(drb.identity)

    answer = await found.ask(
        lambda transaction: reconfiguration.resume(transaction, wanted),
        "rrcResumeComplete",
        sent=sent,
    )
    if answer is None:
        cell.gnb.log.append("a UE did not complete its resumption")
        return
    if context is not None:
        for octets in rrc.nas_of(answer):
            connections.uplink(cell.gnb, context, octets)


# Re-establishment.


def reestablishment_requested(
    cell: RadioCell, source: Endpoint, c_rnti: int, message: rrc.Message
) -> None:
    """RRCReestablishmentRequest: of a UE that proves itself; any other is set up anew."""
    request = rrc_mobility.read_reestablishment_request(message)
    found = cell.connections.get(request.c_rnti)
    if found is None or found.security is None or request.pci != cell.identity.pci:
        cell.set_up(source, c_rnti, message)
        return
    old = found.security
    octets = rrc_mobility.short_mac_input(cell.identity.pci, request.c_rnti, cell.gnb.cell_identity)
    if old.short_mac(octets) != request.mac:
        cell.gnb.log.append("a re-establishment request with a wrong shortMAC-I")
        cell.set_up(source, c_rnti, message)
        return
    key, chaining_count = gnb_keys.next_key(found, cell.identity)
    drbs = tuple(
        replace(each.drb, reestablished=True)
        for each in found.bearers.drbs.values()
        if each.drb is not None
    )
    found.chaining_count, found.endpoint = chaining_count, source
    security = AsSecurity(key, old.ciphering, old.integrity)
    found.take_key(security, rrc.Reconfiguration(sync=rrc.Sync(cell.identity, c_rnti)), (1,))
    # The command has a MAC-I and is not ciphered (5.3.7.4); what follows it is.
    found.bearers.protect_srb(1, security, ciphers_sent=False)
    found.send_message(rrc_mobility.reestablishment(found.next_transaction(), chaining_count))
    found.bearers.protect_srb(1, security)

    async def work() -> None:
        wanted = rrc.Reconfiguration(reestablished_srbs=(2,), drbs=drbs)

        def sent() -> None:
            found.add_srb(2)
            for drb in drbs:
                found.add_drb(drb)
                found.used_drbs.add(drb.identity)

        await found.ask(
            lambda transaction: reconfiguration.reconfiguration(transaction, wanted),
            "rrcReconfigurationComplete",
            sent=sent,
        )

    found.enqueue(work)


def deactivate(end: GnbRrc) -> None:
    """Make a UE inactive (TS 38.300, 9.2.2.4): the AMF takes it for connected."""
    end.connection_released(suspended=True)
