"""Nudm_UEContextManagement: which AMF and SMF serve a UE (TS 29.503, 5.3 and 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import json_patch, service
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.udm import authentication
from makmal.network.world import UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.security import keys

if TYPE_CHECKING:
    from makmal.network.udm.udm import Udm

_AMF = "context-data/amf-3gpp-access"
_SMF = "context-data/smf-registrations"
_PATH = "/nudm-uecm/v1/{ueId}/registrations"


def serve(udm: Udm) -> None:
    """Take the requests of AMF and SMF."""

    async def register_amf(request: ServiceRequest) -> HttpMessage:
        return await _register_amf(udm, request)

    async def update_amf(request: ServiceRequest) -> HttpMessage:
        return await _update_amf(udm, request)

    async def read_amf(request: ServiceRequest) -> HttpMessage:
        return await _read(udm, request, _AMF)

    async def order_deregistration(request: ServiceRequest) -> HttpMessage:
        return await _order_deregistration(udm, request)

    async def register_smf(request: ServiceRequest) -> HttpMessage:
        return await _register_smf(udm, request)

    async def read_smf(request: ServiceRequest) -> HttpMessage:
        return await _read(udm, request, f"{_SMF}/{request.parameters['pduSessionId']}")

    async def read_all_smf(request: ServiceRequest) -> HttpMessage:
        return await _read_all_smf(udm, request)

    async def deregister_smf(request: ServiceRequest) -> HttpMessage:
        return await _deregister_smf(udm, request)

    udm.route("PUT", f"{_PATH}/amf-3gpp-access", register_amf)
    udm.route("PATCH", f"{_PATH}/amf-3gpp-access", update_amf)
    udm.route("GET", f"{_PATH}/amf-3gpp-access", read_amf)
    udm.route("POST", f"{_PATH}/amf-3gpp-access/dereg-amf", order_deregistration)
    udm.route("GET", f"{_PATH}/smf-registrations", read_all_smf)
    udm.route("PUT", f"{_PATH}/smf-registrations/{{pduSessionId}}", register_smf)
    udm.route("GET", f"{_PATH}/smf-registrations/{{pduSessionId}}", read_smf)
    udm.route("DELETE", f"{_PATH}/smf-registrations/{{pduSessionId}}", deregister_smf)


async def _register_amf(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """TS 29.503, 5.3.2.2.2: the AMF before is told that it serves the UE no more."""
    for name in ("amfInstanceId", "deregCallbackUri", "ratType"):
        request.required(name, str)
    guami = request.required("guami", dict)
    supi, document = request.parameters["ueId"], request.object
    if udm.policy.links_registration_to_authentication and not document.get(
        "emergencyRegistrationInd"
    ):
        await _check_authentication(udm, supi, guami)
    old = await udm.read(supi, _AMF)
    is_new = await udm.store(supi, _AMF, document)
    if (
        isinstance(old, dict)
        and old.get("amfInstanceId") != document["amfInstanceId"]
        and not old.get("purgeFlag")
        and udm.policy.notifies_old_amf
    ):
        reason = (
            "UE_INITIAL_REGISTRATION"
            if document.get("initialRegistrationInd")
            else "UE_REGISTRATION_AREA_CHANGE"
        )
        udm.world.spawn(_notify_amf(udm, old, reason))
    if not is_new:
        return service.response(204)
    return service.response(
        201,
        service.json_body(document),
        location=udm.uri((request.http.path or "").partition("?")[0]),
    )


async def _check_authentication(udm: Udm, supi: str, guami: dict[str, Any]) -> None:
    """TS 33.501, 6.1.4.2: no registration without a proof of presence in the serving network."""
    plmn = guami.get("plmnId")
    mcc, mnc = (str(plmn.get(name)) if isinstance(plmn, dict) else "" for name in ("mcc", "mnc"))
    if not await authentication.was_authenticated(udm, supi, keys.serving_network_name(mcc, mnc)):
        raise ServiceError(403, "REAUTHENTICATION_REQUIRED", "no authentication in that network")


async def _notify_amf(udm: Udm, registration: dict[str, Any], reason: str) -> None:
    """Nudm_UECM_DeregistrationNotification (TS 29.503, 5.3.2.3)."""
    try:
        await udm.call(
            "POST",
            str(registration.get("deregCallbackUri")),
            service.json_body({"deregReason": reason, "accessType": "3GPP_ACCESS"}),
        )
    except UnreachableError as error:
        udm.log.append(f"an AMF was not told of a deregistration: {error}")


async def deregister(udm: Udm, supi: str, reason: str) -> bool:
    """Ask the AMF that serves a UE to deregister it; whether there was one."""
    registration = await udm.read(supi, _AMF)
    if not isinstance(registration, dict) or registration.get("purgeFlag"):
        return False
    await _notify_amf(udm, registration, reason)
    return True


async def _order_deregistration(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """TS 29.503, 5.3.2.8: another core function wants the UE deregistered."""
    reason = request.required("deregReason", str)
    if not await deregister(udm, request.parameters["ueId"], reason):
        raise ServiceError(404, "CONTEXT_NOT_FOUND", "no AMF is registered")
    return service.response(204)


async def _update_amf(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """TS 29.503, 5.3.2.6.2: only the AMF that is registered may change its registration."""
    guami = request.required("guami", dict)
    supi = request.parameters["ueId"]
    old = await udm.read(supi, _AMF)
    if not isinstance(old, dict):
        raise ServiceError(404, "CONTEXT_NOT_FOUND", "no AMF is registered")
    if udm.policy.verifies_guami and not _is_same_guami(old.get("guami"), guami):
        raise ServiceError(403, "INVALID_GUAMI", "another AMF is registered")
    await udm.store(supi, _AMF, json_patch.merge(old, request.object))
    return service.response(204)


def _is_same_guami(one: Any, other: Any) -> bool:
    def identity(guami: Any) -> tuple[Any, ...]:
        plmn = guami.get("plmnId") if isinstance(guami, dict) else None
        plmn = plmn if isinstance(plmn, dict) else {}
        return plmn.get("mcc"), plmn.get("mnc"), str(guami.get("amfId")).lower()

    return isinstance(one, dict) and identity(one) == identity(other)


async def _read(udm: Udm, request: ServiceRequest, resource: str) -> HttpMessage:
    document = await udm.read(request.parameters["ueId"], resource)
    if document is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND")
    return service.response(200, service.json_body(document))


async def _register_smf(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """TS 29.503, 5.3.2.2.4."""
    request.required("smfInstanceId", str)
    request.required("singleNssai", dict)
    request.required("plmnId", dict)
    identity = request.parameters["pduSessionId"]
    if str(request.required("pduSessionId", int)) != identity:
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "pduSessionId is not that of the path")
    is_new = await udm.store(request.parameters["ueId"], f"{_SMF}/{identity}", request.object)
    if not is_new:
        return service.response(204)
    return service.response(
        201,
        service.json_body(request.object),
        location=udm.uri((request.http.path or "").partition("?")[0]),
    )


async def _read_all_smf(udm: Udm, request: ServiceRequest) -> HttpMessage:
    registered = await udm.read(request.parameters["ueId"], _SMF)
    if not registered:
        raise ServiceError(404, "CONTEXT_NOT_FOUND")
    return service.response(200, service.json_body({"smfRegistrationList": registered}))


async def _deregister_smf(udm: Udm, request: ServiceRequest) -> HttpMessage:
    supi = request.parameters["ueId"]
    resource = f"{_SMF}/{request.parameters['pduSessionId']}"
    if await udm.read(supi, resource) is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND")
    await udm.ask("DELETE", supi, resource)
    return service.response(204)
