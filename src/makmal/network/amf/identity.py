"""Who is the UE: the identification procedure (TS 24.501, 5.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.amf import downlink
from makmal.network.amf.context import UeContext
from makmal.protocol import nas

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

_SUCI = 1


async def ask_for_suci(amf: Amf, context: UeContext) -> nas.Suci | None:
    """The UE's SUCI; None when it gives none."""
    request = nas.build(nas.MessageType.IDENTITY_REQUEST, {nas.ie.IDENTITY_TYPE: _SUCI})
    answer = await downlink.ask(
        amf,
        context,
        lambda: downlink.send(amf, context, request),
        (nas.MessageType.IDENTITY_RESPONSE,),
        amf.policy.timers.t3570,
    )
    identity = None if answer is None else answer.get(nas.ie.MOBILE_IDENTITY)
    return identity if isinstance(identity, nas.Suci) else None
