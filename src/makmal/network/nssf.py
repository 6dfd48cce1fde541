"""The NSSF: which slices a UE may have, and where they are served (TS 29.531, 5.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from makmal.network import service, slices
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage

_INFORMATION = "/nnssf-nsselection/v2/network-slice-information"


@dataclass(frozen=True, slots=True)
class NssfPolicy:
    """``allows_unsubscribed`` is the fault of allowing slices that are not in the subscription."""

    allows_unsubscribed: bool = False


class Nssf(NetworkFunction):
    """Answers for registrations and for PDU sessions."""

    nf_type = "NSSF"
    services = ("nnssf-nsselection",)

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
        self.route("GET", _INFORMATION, self._select)

    async def _select(self, request: ServiceRequest) -> HttpMessage:
        query = request.query
        if "nf-type" not in query or "nf-id" not in query:
            raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", "nf-type, nf-id")
        nrf = self.plan.service("NRF")
        discovery = f"{self.plan.scheme}://{nrf.address}:{nrf.port}/nnrf-disc/v1/nf-instances"
        if "slice-info-request-for-pdu-session" in query:
            wanted = slices.from_json(_json(query["slice-info-request-for-pdu-session"], "sNssai"))
            if wanted is not None and wanted not in self.plan.slices:
                raise ServiceError(403, "SNSSAI_NOT_SUPPORTED")
            document: dict[str, Any] = {"nsiInformation": {"nrfId": discovery, "nsiId": "1"}}
            return service.response(200, service.json_body(document))
        if "slice-info-request-for-registration" in query:
            text = query["slice-info-request-for-registration"]
            requested = slices.list_from_json(_json(text, "requestedNssai"))
            entries = _json(text, "subscribedNssai")
            subscribed = slices.list_from_json(
                [each.get("subscribedSnssai") for each in entries if isinstance(each, dict)]
                if isinstance(entries, list)
                else []
            )
            allowed = [
                each
                for each in requested or subscribed
                if each in self.plan.slices
                and (each in subscribed or self.policy.allows_unsubscribed)
            ]
            if not allowed:
                raise ServiceError(403, "SNSSAI_NOT_SUPPORTED")
            listed = [{"allowedSnssai": slices.to_json(each)} for each in allowed]
            document = {
                "allowedNssaiList": [{"allowedSnssaiList": listed, "accessType": "3GPP_ACCESS"}]
            }
            return service.response(200, service.json_body(document))
        raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", "slice-info-request-...")


def _json(text: str, member: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise ServiceError(400, "INVALID_QUERY_PARAM", "a parameter that is no JSON") from None
    return value.get(member) if isinstance(value, dict) else None
