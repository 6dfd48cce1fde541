"""The NSSF: which slices a UE may have, and where they are served (TS 29.531, 5.2 and 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.network import json_patch, service, slices
from makmal.network.json_patch import PatchError
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.slices import Slice
from makmal.network.world import UnreachableError, World
from makmal.protocol.sbi import HttpMessage

_INFORMATION = "/nnssf-nsselection/v2/network-slice-information"
_AVAILABILITY = "/nnssf-nssaiavailability/v1/nssai-availability"
_REGISTRATION = "slice-info-request-for-registration"
_SESSION = "slice-info-request-for-pdu-session"


@dataclass(frozen=True, slots=True)
class NssfPolicy:
    """What the NSSF chooses. Each default is the sound choice (TS 23.501, 5.15.5.2.1)."""

    allows_only_subscribed: bool = True
    serves_only_slices_of_the_network: bool = True


class Nssf(NetworkFunction):
    """Answers for registrations and for PDU sessions; ``availability`` is what each AMF told it."""

    nf_type = "NSSF"
    services = ("nnssf-nsselection", "nnssf-nssaiavailability")

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: NssfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or NssfPolicy()
        self.log: list[str] = []
        self.availability: dict[str, dict[str, Any]] = {}
        self.subscribers: dict[str, dict[str, Any]] = {}
        self.route("GET", _INFORMATION, self._select)
        self.route("PUT", f"{_AVAILABILITY}/{{nfId}}", self._report)
        self.route("PATCH", f"{_AVAILABILITY}/{{nfId}}", self._change)
        self.route("DELETE", f"{_AVAILABILITY}/{{nfId}}", self._withdraw)
        self.route("POST", f"{_AVAILABILITY}/subscriptions", self._subscribe)
        self.route("DELETE", f"{_AVAILABILITY}/subscriptions/{{identity}}", self._unsubscribe)

    # Nnssf_NSSelection.

    async def _select(self, request: ServiceRequest) -> HttpMessage:
        query = request.query
        for name in ("nf-type", "nf-id"):
            if name not in query:
                raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", name)
        if _SESSION in query:
            return self._for_session(request.query_json(_SESSION))
        if _REGISTRATION in query:
            return self._for_registration(request.query_json(_REGISTRATION))
        raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", "slice-info-request-...")

    def _for_session(self, information: Any) -> HttpMessage:
        wanted = slices.from_json(information.get("sNssai"))
        if wanted is not None and not self._is_served(wanted):
            raise ServiceError(403, "SNSSAI_NOT_SUPPORTED")
        nrf = self.plan.service("NRF")
        discovery = f"{self.plan.scheme}://{nrf.address}:{nrf.port}/nnrf-disc/v1/nf-instances"
        document = {"nsiInformation": {"nrfId": discovery, "nsiId": "1"}}
        return service.response(200, service.json_body(document))

    def _for_registration(self, information: Any) -> HttpMessage:
        requested = slices.list_from_json(information.get("requestedNssai"))
        subscribed = slices.list_from_json(
            [each.get("subscribedSnssai") for each in information.get("subscribedNssai") or ()]
        )
        allowed = [
            each
            for each in requested or subscribed
            if self._is_served(each)
            and (each in subscribed or not self.policy.allows_only_subscribed)
        ]
        if not allowed:
            raise ServiceError(403, "SNSSAI_NOT_SUPPORTED")
        listed = [{"allowedSnssai": slices.to_json(each)} for each in allowed]
        document = {
            "allowedNssaiList": [{"allowedSnssaiList": listed, "accessType": "3GPP_ACCESS"}]
        }
        return service.response(200, service.json_body(document))

    def _is_served(self, one: Slice) -> bool:
        return one in self.plan.slices or not self.policy.serves_only_slices_of_the_network

    # Nnssf_NSSAIAvailability.

    async def _report(self, request: ServiceRequest) -> HttpMessage:
        """Update: an AMF tells which slices it has in which areas (5.3.2.2)."""
        self.availability[request.parameters["nfId"]] = request.object
        return self._authorized(request.object)

    async def _change(self, request: ServiceRequest) -> HttpMessage:
        identity = request.parameters["nfId"]
        if identity not in self.availability:
            raise ServiceError(404, "RESOURCE_NOT_FOUND", identity)
        try:
            changed = json_patch.apply(self.availability[identity], request.json)
        except PatchError as error:
            raise ServiceError(400, "INVALID_MSG_FORMAT", str(error)) from None
        if not isinstance(changed, dict):
            raise ServiceError(400, "INVALID_MSG_FORMAT", "the whole document is no object")
        self.availability[identity] = changed
        return self._authorized(changed)

    def _authorized(self, document: dict[str, Any]) -> HttpMessage:
        """AuthorizedNssaiAvailabilityInfo: those of the slices that the network has, and tell."""
        entries = [
            {"tai": each["tai"], "supportedSnssaiList": served}
            for each in document.get("supportedNssaiAvailabilityData") or ()
            if (
                served := [
                    one
                    for one in each["supportedSnssaiList"]
                    if (found := slices.from_json(one)) is not None and self._is_served(found)
                ]
            )
        ]
        if not entries:
            raise ServiceError(403, "SNSSAI_NOT_SUPPORTED")
        body = {"authorizedNssaiAvailabilityData": entries}
        for subscriber in list(self.subscribers.values()):
            self.world.spawn(self._notify(subscriber, entries))
        return service.response(200, service.json_body(body))

    async def _notify(self, subscriber: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        body = {
            "subscriptionId": subscriber["subscriptionId"],
            "authorizedNssaiAvailabilityData": entries,
        }
        try:
            await self.call("POST", subscriber["nfNssaiAvailabilityUri"], service.json_body(body))
        except UnreachableError as error:
            self.log.append(f"an AMF was not told of slices: {error}")

    async def _withdraw(self, request: ServiceRequest) -> HttpMessage:
        if self.availability.pop(request.parameters["nfId"], None) is None:
            raise ServiceError(404, "RESOURCE_NOT_FOUND", request.parameters["nfId"])
        return service.response(204)

    async def _subscribe(self, request: ServiceRequest) -> HttpMessage:
        identity = self.world.random_octets(8).hex()
        document = {"subscriptionId": identity}
        self.subscribers[identity] = {**request.object, **document}
        location = self.uri(f"{_AVAILABILITY}/subscriptions/{identity}")
        return service.response(201, service.json_body(document), location=location)

    async def _unsubscribe(self, request: ServiceRequest) -> HttpMessage:
        if self.subscribers.pop(request.parameters["identity"], None) is None:
            raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND")
        return service.response(204)
