"""The BSF: which PCF serves the session behind an address (TS 29.521, 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.network import json_patch, service, slices
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage

_BINDINGS = "/nbsf-management/v1/pcfBindings"
# Query parameters that find a session, and the members of a binding that they are compared with.
_KEYS = {"ipv4Addr": "ipv4Addr", "ipv6Prefix": "ipv6Prefix", "macAddr48": "macAddr48",
         "supi": "supi", "gpsi": "gpsi", "dnn": "dnn"}  # fmt: skip
_ADDRESSES = ("ipv4Addr", "ipv6Prefix", "macAddr48", "supi", "gpsi")


@dataclass(frozen=True, slots=True)
class BsfPolicy:
    """What the BSF chooses. The default is the sound choice (TS 29.521, 4.2.2.2)."""

    keeps_one_binding_of_a_session: bool = True


class Bsf(NetworkFunction):
    """``bindings`` by their identity."""

    nf_type = "BSF"
    services = ("nbsf-management",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: BsfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or BsfPolicy()
        self.bindings: dict[str, dict[str, Any]] = {}
        self._next = 1
        self.route("POST", _BINDINGS, self._bind)
        self.route("GET", _BINDINGS, self._find)
        self.route("PATCH", f"{_BINDINGS}/{{bindingId}}", self._change)
        self.route("DELETE", f"{_BINDINGS}/{{bindingId}}", self._unbind)

    async def _bind(self, request: ServiceRequest) -> HttpMessage:
        """Nbsf_Management_Register (4.2.2)."""
        document = request.object
        if not any(document.get(name) for name in ("ipv4Addr", "ipv6Prefix", "macAddr48")):
            raise ServiceError(400, "MANDATORY_IE_MISSING", "an address of the UE")
        if not any(document.get(name) for name in ("pcfFqdn", "pcfIpEndPoints")):
            raise ServiceError(400, "MANDATORY_IE_MISSING", "an address of the PCF")
        if self.policy.keeps_one_binding_of_a_session:
            for identity, other in list(self.bindings.items()):
                if other.get("ipv4Addr") == document.get("ipv4Addr") and "ipv4Addr" in document:
                    del self.bindings[identity]
        identity = str(self._next)
        self._next += 1
        self.bindings[identity] = document
        location = self.uri(f"{_BINDINGS}/{identity}")
        return service.response(201, service.json_body(document), location=location)

    async def _find(self, request: ServiceRequest) -> HttpMessage:
        """Nbsf_Management_Discovery (4.2.4)."""
        query = request.query
        if not any(name in query for name in _ADDRESSES):
            raise ServiceError(400, "MANDATORY_QUERY_PARAM_MISSING", "an address of the UE")
        wanted = request.query_json("snssai")
        for binding in self.bindings.values():
            if wanted is not None and slices.from_json(binding["snssai"]) != slices.from_json(
                wanted
            ):
                continue
            if all(binding.get(_KEYS[name]) == query[name] for name in _KEYS if name in query):
                return service.response(200, service.json_body(binding))
        return service.response(204)

    def _binding(self, request: ServiceRequest) -> str:
        identity = request.parameters["bindingId"]
        if identity not in self.bindings:
            raise ServiceError(404, "RESOURCE_NOT_FOUND", identity)
        return identity

    async def _change(self, request: ServiceRequest) -> HttpMessage:
        identity = self._binding(request)
        self.bindings[identity] = json_patch.merge(self.bindings[identity], request.object)
        return service.response(200, service.json_body(self.bindings[identity]))

    async def _unbind(self, request: ServiceRequest) -> HttpMessage:
        del self.bindings[self._binding(request)]
        return service.response(204)
