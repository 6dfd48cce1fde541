"""Network slice-specific authentication and authorisation (TS 23.502, 4.2.9; TS 33.501, 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network import service, slices
from makmal.network.amf import configuration_update, deregistration, downlink
from makmal.network.amf.context import UeContext
from makmal.network.service import ServiceRequest
from makmal.network.slices import Slice
from makmal.network.world import UnreachableError
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
_PATH = "/nnssaaf-nssaa/v1/slice-authentications"
_MOST_ROUNDS = 10
# EAP-Request/Identity (RFC 3748, 5.1), which begins every slice authentication.
_IDENTITY_REQUEST = bytes((1, 0, 0, 5, 1))
_EAP_FAILURE = bytes((4, 0, 0, 4))
_SUCCESS = "EAP_SUCCESS"
# 5GMM cause 62: no network slices available.
_NO_SLICES = 62


def serve(amf: Amf) -> None:
    """Take the NSSAAF's notifications."""

    async def revoke(request: ServiceRequest) -> HttpMessage:
        return _revoke(amf, request)

    async def authenticate_again(request: ServiceRequest) -> HttpMessage:
        return _again(amf, request)

    amf.route("POST", "/namf-callback/v1/{supi}/slice-revocation", revoke)
    amf.route("POST", "/namf-callback/v1/{supi}/slice-reauthentication", authenticate_again)


async def authenticate_slices(amf: Amf, context: UeContext) -> None:
    """Authenticate every pending slice, then tell the UE which it may use."""
    for s_nssai in context.pending_slices:
        try:
            passed = await _authenticate(amf, context, s_nssai)
        except UnreachableError as error:
            amf.log.append(f"slice authentication without NSSAAF: {error}")
            passed = False
        context.pending_slices = tuple(each for each in context.pending_slices if each != s_nssai)
        if passed or not amf.policy.heeds_slice_result:
            context.allowed_slices = (*context.allowed_slices, s_nssai)
            context.slices_authenticated = (*context.slices_authenticated, s_nssai)
        else:
            context.failed_slices = (*context.failed_slices, s_nssai)
    if context.connection is None:
        return
    if context.allowed_slices:
        await configuration_update.update_slices(amf, context)
    else:
        await _nothing_left(amf, context)


async def _nothing_left(amf: Amf, context: UeContext) -> None:
    """No slice is left: TS 23.502, 4.2.9.2, the UE is deregistered, with the reasons."""
    fallback = tuple(
        each
        for each in context.default_slices
        if each not in context.failed_slices and each not in context.slices_to_authenticate
    )
    if fallback:
        context.allowed_slices = fallback
        await configuration_update.update_slices(amf, context)
        return
    failed = context.failed_slices if amf.policy.names_revoked_slice else ()
    await deregistration.by_network(amf, context, failed=failed, cause=_NO_SLICES)


async def _authenticate(amf: Amf, context: UeContext, s_nssai: Slice) -> bool:
    """EAP between the UE and the slice's AAA server, through the NSSAAF."""
    message, link = _IDENTITY_REQUEST, ""
    wanted = slices.to_nas((s_nssai,))[0]
    for _ in range(_MOST_ROUNDS):
        answer = await _ask_ue(amf, context, wanted, message)
        payload = None if answer is None else answer.raw(ie.EAP_MESSAGE)
        if payload is None:
            return False
        document = {
            "gpsi": f"msisdn-{(context.supi or '')[-10:]}",
            "snssai": slices.to_json(s_nssai),
        }
        if link:
            response = await amf.call(
                "PUT",
                link,
                service.json_body({**document, "eapMessage": service.base64_text(payload)}),
            )
        else:
            base = f"/namf-callback/v1/{context.supi}"
            response = await amf.call(
                "POST",
                _PATH,
                service.json_body(
                    {
                        **document,
                        "eapIdRsp": service.base64_text(payload),
                        "amfInstanceId": amf.instance,
                        "reauthNotifUri": amf.uri(f"{base}/slice-reauthentication"),
                        "revocNotifUri": amf.uri(f"{base}/slice-revocation"),
                    }
                ),
            )
            link = response.header("location") or ""
        body = service.json_of(response) if response.body else None
        if not isinstance(body, dict) or (response.status or 0) >= 400:
            _result(amf, context, wanted, _EAP_FAILURE)
            return False
        message = service.octets_of_base64(body.get("eapMessage") or "")
        result = body.get("authResult")
        if result is not None:
            _result(amf, context, wanted, message)
            return bool(result == _SUCCESS)
    return False


async def _ask_ue(
    amf: Amf, context: UeContext, s_nssai: nas.SNssai, message: bytes
) -> nas.Message | None:
    command = nas.build(
        M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMMAND,
        {ie.S_NSSAI: s_nssai, ie.EAP_MESSAGE: message},
    )
    return await downlink.ask(
        amf,
        context,
        lambda: downlink.send(amf, context, command),
        (M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE,),
        amf.policy.timers.t3575,
    )


def _result(amf: Amf, context: UeContext, s_nssai: nas.SNssai, message: bytes) -> None:
    if context.connection is not None:
        result = nas.build(
            M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT,
            {ie.S_NSSAI: s_nssai, ie.EAP_MESSAGE: message},
        )
        downlink.send(amf, context, result)


def _revoke(amf: Amf, request: ServiceRequest) -> HttpMessage:
    """The AAA server takes a slice away from the UE (TS 29.526, 5.2.2.5; TS 23.502, 4.2.9.4)."""
    context = amf.by_supi.get(request.parameters["supi"])
    s_nssai = slices.from_json(request.object.get("snssai"))
    if context is not None and s_nssai is not None and amf.policy.obeys_slice_revocation:
        context.allowed_slices = tuple(each for each in context.allowed_slices if each != s_nssai)
        context.slices_authenticated = tuple(
            each for each in context.slices_authenticated if each != s_nssai
        )
        context.failed_slices = (*context.failed_slices, s_nssai)
        amf.world.spawn(_withdraw(amf, context))
    return service.response(204)


async def _withdraw(amf: Amf, context: UeContext) -> None:
    if context.connection is None:
        return
    if context.allowed_slices:
        await configuration_update.update_slices(amf, context)
    else:
        await _nothing_left(amf, context)


def _again(amf: Amf, request: ServiceRequest) -> HttpMessage:
    """The AAA server wants the UE to authenticate again (TS 23.502, 4.2.9.3)."""
    context = amf.by_supi.get(request.parameters["supi"])
    s_nssai = slices.from_json(request.object.get("snssai"))
    if context is not None and s_nssai is not None:
        context.allowed_slices = tuple(each for each in context.allowed_slices if each != s_nssai)
        context.pending_slices = (s_nssai,)
        amf.world.spawn(authenticate_slices(amf, context))
    return service.response(204)
