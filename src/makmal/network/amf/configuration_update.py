"""Generic UE configuration update (TS 24.501, 5.4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import slices
from makmal.network.amf import downlink
from makmal.network.amf.context import UeContext
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
# Configuration update indication (9.11.3.18): ACK asks for CONFIGURATION UPDATE COMPLETE.
_ACKNOWLEDGE = 1


def _command(amf: Amf, context: UeContext, elements: dict[Any, Any], legible: bool) -> None:
    message = nas.build(M.CONFIGURATION_UPDATE_COMMAND, elements)
    if legible:
        octets = context.protection.protect(
            message, Direction.DOWNLINK, nas.SecurityHeaderType.INTEGRITY_PROTECTED
        )
        downlink.send_octets(amf, context, octets)
    else:
        downlink.send(amf, context, message)


async def give_new_guti(amf: Amf, context: UeContext) -> None:
    """Give a new 5G-GUTI; the old one stays until the UE has confirmed (TS 33.501, 6.12.3)."""
    guti = amf.assign_guti(context)
    elements = {ie.CONFIGURATION_UPDATE_INDICATION: _ACKNOWLEDGE, ie.FIVE_G_GUTI: guti}
    answer = await downlink.ask(
        amf,
        context,
        lambda: _command(amf, context, elements, not amf.policy.guti_is_protected),
        (M.CONFIGURATION_UPDATE_COMPLETE,),
        amf.policy.timers.t3555,
    )
    old = context.old_guti
    if answer is not None and old is not None:
        if amf.by_tmsi.get(old.tmsi) is context:
            del amf.by_tmsi[old.tmsi]
        context.old_guti = None


async def update_slices(amf: Amf, context: UeContext) -> None:
    """Tell the UE what became of its slices (TS 23.502, 4.2.9.2)."""
    elements: dict[Any, Any] = {
        ie.CONFIGURATION_UPDATE_INDICATION: _ACKNOWLEDGE,
        ie.ALLOWED_NSSAI: slices.to_nas(context.allowed_slices),
    }
    if context.failed_slices:
        elements[ie.REJECTED_NSSAI] = rejected(context.failed_slices)
    await downlink.ask(
        amf,
        context,
        lambda: _command(amf, context, elements, False),
        (M.CONFIGURATION_UPDATE_COMPLETE,),
        amf.policy.timers.t3555,
    )


def rejected(failed: tuple[slices.Slice, ...]) -> tuple[nas.RejectedSNssai, ...]:
    """Slices that failed authentication: cause 2 (TS 24.501, 9.11.3.46)."""
    return tuple(
        nas.RejectedSNssai(2, sst, None if sd is None else int(sd, 16)) for sst, sd in failed
    )


def send_names(amf: Amf, context: UeContext) -> None:
    """The network's name, which nobody has to acknowledge."""
    name = nas.network_names.NetworkName("Makmal")
    _command(amf, context, {ie.FULL_NAME_FOR_NETWORK: name}, False)
