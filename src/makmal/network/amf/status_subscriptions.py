"""Namf_Communication_AMFStatusChangeSubscribe and what follows it (TS 29.518, 5.2.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network import service
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

_PATH = "/namf-comm/v1/subscriptions"


def serve(amf: Amf) -> None:
    """Take subscriptions to changes of the AMF's status."""

    async def subscribe(request: ServiceRequest) -> HttpMessage:
        identity = amf.world.random_octets(8).hex()
        amf.status_subscribers[identity] = request.object
        location = amf.uri(f"{_PATH}/{identity}")
        return service.response(201, service.json_body(request.object), location=location)

    async def change(request: ServiceRequest) -> HttpMessage:
        _known(amf, request)
        amf.status_subscribers[request.parameters["subscriptionId"]] = request.object
        return service.response(200, service.json_body(request.object))

    async def unsubscribe(request: ServiceRequest) -> HttpMessage:
        _known(amf, request)
        del amf.status_subscribers[request.parameters["subscriptionId"]]
        return service.response(204)

    amf.route("POST", _PATH, subscribe)
    amf.route("PUT", f"{_PATH}/{{subscriptionId}}", change)
    amf.route("DELETE", f"{_PATH}/{{subscriptionId}}", unsubscribe)


def _known(amf: Amf, request: ServiceRequest) -> None:
    if request.parameters["subscriptionId"] not in amf.status_subscribers:
        raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND")


async def tell(amf: Amf, status: str) -> None:
    """AMFStatusChangeNotify: AMF_AVAILABLE or AMF_UNAVAILABLE for the GUAMI."""
    plan = amf.plan
    guami = {
        "plmnId": {"mcc": plan.mcc, "mnc": plan.mnc},
        "amfId": f"{plan.amf_region:02x}{plan.amf_set << 6 | amf.pointer:04x}",
    }
    body = service.json_body(
        {"amfStatusInfoList": [{"guamiList": [guami], "statusChange": status}]}
    )
    for document in list(amf.status_subscribers.values()):
        try:
            await amf.call("POST", str(document["amfStatusUri"]), body)
        except UnreachableError as error:
            amf.log.append(f"a subscriber was not told of the AMF's status: {error}")
