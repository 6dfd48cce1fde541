"""Nudm_SubscriberDataManagement: what is subscribed, and its changes (TS 29.503, 5.2 and 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from makmal.network import json_patch, service
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.udm.udm import Udm

_PATH = "/nudm-sdm/v2"
_CALLBACK = "/nudm-callback/v1/data-change-notification"
# The resources of the UDM and those of the UDR that they are read from.
_RESOURCES = {
    "am-data": "am-data",
    "smf-select-data": "smf-selection-subscription-data",
    "sm-data": "sm-data",
}
# DataSetName (TS 29.503, 6.1.6.3.3): the member of the answer, and the resource.
_DATA_SETS = {
    "AM": ("amData", "am-data"),
    "SMF_SEL": ("smfSelData", "smf-select-data"),
    "SM": ("smData", "sm-data"),
    "UEC_SMF": ("uecSmfData", "ue-context-in-smf-data"),
    "UEC_AMF": ("uecAmfData", "ue-context-in-amf-data"),
}
_NOT_NEEDED = {"upIntegr": "NOT_NEEDED", "upConfid": "NOT_NEEDED"}


def serve(udm: Udm) -> None:
    """Take the requests of AMF and SMF, and the UDR's notifications."""

    async def read_sets(request: ServiceRequest) -> HttpMessage:
        return await _read_sets(udm, request)

    async def read(request: ServiceRequest) -> HttpMessage:
        return await _read(udm, request)

    async def subscribe(request: ServiceRequest) -> HttpMessage:
        return await _subscribe(udm, request)

    async def change_subscription(request: ServiceRequest) -> HttpMessage:
        return _change_subscription(udm, request)

    async def unsubscribe(request: ServiceRequest) -> HttpMessage:
        return _unsubscribe(udm, request)

    async def changed(request: ServiceRequest) -> HttpMessage:
        return await _changed(udm, request)

    udm.route("GET", f"{_PATH}/{{supi}}", read_sets)
    udm.route("GET", f"{_PATH}/{{supi}}/{{resource}}", read)
    udm.route("POST", f"{_PATH}/{{ueId}}/sdm-subscriptions", subscribe)
    udm.route("PATCH", f"{_PATH}/{{ueId}}/sdm-subscriptions/{{id}}", change_subscription)
    udm.route("DELETE", f"{_PATH}/{{ueId}}/sdm-subscriptions/{{id}}", unsubscribe)
    udm.route("POST", _CALLBACK, changed)


async def _read(udm: Udm, request: ServiceRequest) -> HttpMessage:
    document = await _document(udm, request, request.parameters["resource"])
    if document is None:
        raise ServiceError(404, "DATA_NOT_FOUND", request.parameters["resource"])
    return service.response(200, service.json_body(document))


async def _read_sets(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """Several data sets at once (TS 29.503, 5.2.2.2.10)."""
    names = request.query.get("dataset-names")
    if not names:
        raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", "dataset-names")
    answer = {}
    for name in names.split(","):
        if name in _DATA_SETS:
            member, resource = _DATA_SETS[name]
            document = await _document(udm, request, resource)
            if document is not None:
                answer[member] = document
    if not answer:
        raise ServiceError(404, "DATA_NOT_FOUND", names)
    return service.response(200, service.json_body(answer))


async def _document(udm: Udm, request: ServiceRequest, resource: str) -> Any:
    """What a resource holds; None where there is nothing."""
    supi = request.parameters["supi"]
    if resource == "ue-context-in-smf-data":
        return await _sessions(udm, supi)
    if resource == "ue-context-in-amf-data":
        return await _serving_amf(udm, supi)
    if resource == "nssai":
        data = await udm.read(supi, _provisioned(udm, request, "am-data"))
        return data.get("nssai") if isinstance(data, dict) else None
    name = _RESOURCES.get(resource)
    if name is None:
        raise ServiceError(404, "RESOURCE_URI_STRUCTURE_NOT_FOUND", resource)
    path = _provisioned(udm, request, name)
    if name == "sm-data":
        asked = [
            f"{each}={quote(request.query[each])}"
            for each in ("single-nssai", "dnn")
            if each in request.query
        ]
        data = await udm.read(supi, path + ("?" + "&".join(asked) if asked else ""))
        divides = not udm.policy.gives_groups_one_policy and supi[-1:] in "02468"
        if divides or not udm.policy.gives_up_security_as_subscribed:
            return _without_security(data)
        return data
    return await udm.read(supi, path)


def _provisioned(udm: Udm, request: ServiceRequest, name: str) -> str:
    """The UDR's resource, for the serving network that was named, else our own."""
    plmn = request.query_json("plmn-id") if "plmn-id" in (request.http.path or "") else None
    identity = udm.plan.plmn
    if isinstance(plmn, dict):
        identity = f"{plmn.get('mcc')}{plmn.get('mnc')}"
    return f"{identity}/provisioned-data/{name}"


def _without_security(data: Any) -> Any:
    """Session data with another UP security policy than the subscribed one."""
    return [
        {
            **each,
            "dnnConfigurations": {
                dnn: {**configuration, "upSecurity": _NOT_NEEDED}
                for dnn, configuration in each.get("dnnConfigurations", {}).items()
            },
        }
        for each in data or ()
    ]


async def _sessions(udm: Udm, supi: str) -> dict[str, Any]:
    """UeContextInSmfData (TS 29.503, 6.1.6.2.13), from what the SMFs registered."""
    registered = await udm.read(supi, "context-data/smf-registrations")
    sessions = {}
    for each in registered or ():
        session = {
            name: each[name]
            for name in ("dnn", "smfInstanceId", "plmnId", "singleNssai")
            if name in each
        }
        if "dnn" in session:
            sessions[str(each.get("pduSessionId"))] = session
    return {"pduSessions": sessions} if sessions else {}


async def _serving_amf(udm: Udm, supi: str) -> dict[str, Any]:
    """UeContextInAmfData (TS 29.503, 6.1.6.2.41)."""
    amf = await udm.read(supi, "context-data/amf-3gpp-access")
    if not isinstance(amf, dict) or amf.get("purgeFlag"):
        return {}
    return {
        "amfInfo": [
            {
                "amfInstanceId": amf.get("amfInstanceId"),
                "guami": amf.get("guami"),
                "accessType": "3GPP_ACCESS",
            }
        ]
    }


# Changes (TS 29.503, 5.2.2.3 to 5.2.2.5).


async def _subscribe(udm: Udm, request: ServiceRequest) -> HttpMessage:
    for name in ("nfInstanceId", "callbackReference"):
        request.required(name, str)
    request.required("monitoredResourceUris", list)
    supi = request.parameters["ueId"]
    await _hear_of_changes(udm)
    identity = udm.world.random_octets(8).hex()
    document = {**request.object, "subscriptionId": identity}
    udm.subscribers[identity] = (supi, document)
    return service.response(
        201,
        service.json_body(document),
        location=udm.uri(f"{_PATH}/{supi}/sdm-subscriptions/{identity}"),
    )


async def _hear_of_changes(udm: Udm) -> None:
    """Subscribe at the UDR, once for all subscribers (TS 29.504, 5.2.2.7)."""
    if udm.hears_of_changes or not udm.policy.notifies_of_changes:
        return
    udm.hears_of_changes = True
    base = f"/nudr-dr/{udm.policy.udr_version}/subscription-data"
    body = {"callbackReference": udm.uri(_CALLBACK), "monitoredResourceUris": [base]}
    try:
        answer = await udm.call("POST", f"{base}/subs-to-notify", service.json_body(body))
        if answer.status != 201:
            udm.log.append(f"the UDR will not tell of changes: status {answer.status}")
    except UnreachableError as error:
        udm.hears_of_changes = False
        udm.log.append(f"the UDR will not tell of changes: {error}")


def _subscription(udm: Udm, request: ServiceRequest) -> dict[str, Any]:
    supi, document = udm.subscribers.get(request.parameters["id"], ("", {}))
    if supi != request.parameters["ueId"]:
        raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND")
    return document


def _change_subscription(udm: Udm, request: ServiceRequest) -> HttpMessage:
    document = json_patch.merge(_subscription(udm, request), request.object)
    udm.subscribers[request.parameters["id"]] = (request.parameters["ueId"], document)
    return service.response(200, service.json_body(document))


def _unsubscribe(udm: Udm, request: ServiceRequest) -> HttpMessage:
    _subscription(udm, request)
    del udm.subscribers[request.parameters["id"]]
    return service.response(204)


async def _changed(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """The UDR tells of a change: the consumers that asked are told in turn."""
    supi = str(request.object.get("ueId"))
    for item in request.object.get("notifyItems") or ():
        udr_name = str(item.get("resourceId")).rpartition("/")[2]
        for resource, name in _RESOURCES.items():
            if name != udr_name:
                continue
            changes = item.get("changes") or []
            udm.world.spawn(_notify(udm, supi, resource, changes))
            if resource == "am-data":
                udm.world.spawn(_notify(udm, supi, "nssai", _of_nssai(changes)))
    return service.response(204)


def _of_nssai(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**each, "newValue": each["newValue"].get("nssai")}
        for each in changes
        if isinstance(each.get("newValue"), dict)
    ]


async def _notify(udm: Udm, supi: str, resource: str, changes: list[dict[str, Any]]) -> None:
    path = f"{_PATH}/{supi}/{resource}"
    item = {"resourceId": udm.uri(path), "changes": changes}
    body = service.json_body({"notifyItems": [item]})
    for whose, document in list(udm.subscribers.values()):
        if whose != supi or not udm.policy.notifies_of_changes:
            continue
        monitored = (str(each) for each in document["monitoredResourceUris"])
        if not any(each.partition("?")[0].endswith(path) for each in monitored):
            continue
        try:
            await udm.call("POST", str(document["callbackReference"]), body)
        except UnreachableError as error:
            udm.log.append(f"a consumer was not told of a change: {error}")
