"""Deregistration, by the UE and by the network (TS 23.502, 4.2.2.3; TS 24.501, 5.5.2)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from makmal.network import service
from makmal.network.amf import connections, downlink, sessions
from makmal.network.amf.configuration_update import rejected
from makmal.network.amf.context import UeContext
from makmal.network.slices import Slice
from makmal.network.world import UnreachableError
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
_THREE_GPP = 1


async def by_ue(amf: Amf, context: UeContext, request: nas.Message, verified: bool) -> None:
    """The UE leaves."""
    kind = request.get(ie.DEREGISTRATION_TYPE)
    if not verified and context.registered:
        # TS 24.501, 4.4.4.3: one that nobody signed must not put a UE out.
        amf.log.append("a deregistration without valid protection discarded")
        return
    if kind is None or not kind.switch_off:
        with suppress(downlink.ConnectionLostError):
            downlink.send(amf, context, nas.build(M.DEREGISTRATION_ACCEPT_UE_ORIGINATING))
    await _leave(amf, context)


async def by_network(
    amf: Amf,
    context: UeContext,
    *,
    failed: tuple[Slice, ...] = (),
    cause: int | None = None,
    re_registration: bool = False,
) -> None:
    """The network puts the UE out, for the slices that it may not use or another cause."""
    elements: dict[Any, Any] = {
        ie.DEREGISTRATION_TYPE: nas.DeregistrationType(False, re_registration, _THREE_GPP)
    }
    if cause is not None:
        elements[ie.FIVE_GMM_CAUSE] = cause
    if failed:
        elements[ie.REJECTED_NSSAI] = rejected(failed)
    message = nas.build(M.DEREGISTRATION_REQUEST_UE_TERMINATED, elements)
    await downlink.ask(
        amf,
        context,
        lambda: downlink.send(amf, context, message),
        (M.DEREGISTRATION_ACCEPT_UE_TERMINATED,),
        amf.policy.timers.t3522,
    )
    await _leave(amf, context)


async def _leave(amf: Amf, context: UeContext) -> None:
    context.registered = False
    if context.connection is not None:
        connections.release(amf, context.connection, connections.DEREGISTER)
    try:
        for session in list(context.sessions.values()):
            await sessions.release_context(amf, context, session)
        if context.supi is not None:
            await amf.call(
                "PATCH",
                f"/nudm-uecm/v1/{context.supi}/registrations/amf-3gpp-access",
                service.json_body(
                    {
                        "guami": {
                            "plmnId": {"mcc": amf.plan.mcc, "mnc": amf.plan.mnc},
                            "amfId": f"{amf.plan.amf_region:02x}"
                            f"{amf.plan.amf_set << 6 | amf.pointer:04x}",
                        },
                        "purgeFlag": True,
                    },
                    "application/merge-patch+json",
                ),
            )
        if context.amf_policy:
            await amf.call("DELETE", context.amf_policy)
    except UnreachableError as error:
        amf.log.append(f"deregistration without a core function: {error}")
    amf.remove_context(context)
