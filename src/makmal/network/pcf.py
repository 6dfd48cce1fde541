"""The PCF: policy associations of UEs and of sessions (TS 29.507, TS 29.512)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.network import service
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage

_ACCESS, _SESSION = "/npcf-am-policy-control/v1/policies", "/npcf-smpolicycontrol/v1/sm-policies"


@dataclass(frozen=True, slots=True)
class PcfPolicy:
    """``rfsp`` is the index that an AMF is given for its UEs (TS 29.507, 5.6.2.2); None gives
    none.
    """

    rfsp: int | None = None


class Pcf(NetworkFunction):
    """``associations`` by the path of their resource."""

    nf_type = "PCF"
    services = ("npcf-am-policy-control", "npcf-smpolicycontrol")

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: PcfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or PcfPolicy()
        self.associations: dict[str, dict[str, Any]] = {}
        self._next = 1
        self.route("POST", _ACCESS, self._create_access)
        self.route("POST", _SESSION, self._create_session)
        self.route("GET", f"{_ACCESS}/{{identity}}", self._read)
        self.route("GET", f"{_SESSION}/{{identity}}", self._read)
        self.route("DELETE", f"{_ACCESS}/{{identity}}", self._delete)
        self.route("POST", f"{_ACCESS}/{{identity}}/update", self._update)
        self.route("POST", f"{_SESSION}/{{identity}}/update", self._update)
        self.route("POST", f"{_SESSION}/{{identity}}/delete", self._delete)

    def _keep(self, path: str, document: dict[str, Any]) -> str:
        name = f"{path}/{self._next}"
        self._next += 1
        self.associations[name] = document
        return name

    async def _create_access(self, request: ServiceRequest) -> HttpMessage:
        """Npcf_AMPolicyControl_Create (TS 29.507, 4.2.2)."""
        for name in ("notificationUri", "supi", "suppFeat"):
            request.required(name, str)
        document: dict[str, Any] = {"suppFeat": "0"}
        if self.policy.rfsp is not None:
            document["rfsp"] = self.policy.rfsp
        name = self._keep(_ACCESS, {"request": request.object, **document})
        return service.response(201, service.json_body(document), location=self.uri(name))

    async def _create_session(self, request: ServiceRequest) -> HttpMessage:
        """Npcf_SMPolicyControl_Create (TS 29.512, 4.2.2)."""
        request.required("supi", str)
        request.required("pduSessionId", int)
        document: dict[str, Any] = {"sessRules": {}, "pccRules": {}}
        name = self._keep(_SESSION, {"context": request.object, "policy": document})
        return service.response(201, service.json_body(document), location=self.uri(name))

    def _name(self, request: ServiceRequest) -> str:
        path = (request.http.path or "").partition("?")[0]
        name = path.removesuffix("/update").removesuffix("/delete")
        if name not in self.associations:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        return name

    async def _read(self, request: ServiceRequest) -> HttpMessage:
        return service.response(200, service.json_body(self.associations[self._name(request)]))

    async def _update(self, request: ServiceRequest) -> HttpMessage:
        """What changed at the consumer changes no policy of ours."""
        self._name(request)
        return service.response(200, service.json_body({}))

    async def _delete(self, request: ServiceRequest) -> HttpMessage:
        del self.associations[self._name(request)]
        return service.response(204)
