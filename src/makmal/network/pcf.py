"""The PCF: policy associations of UEs and of sessions (TS 29.507, TS 29.512)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.network import service
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError, World
from makmal.protocol.sbi import HttpMessage

_BINDINGS = "/nbsf-management/v1/pcfBindings"
# One rule for every session (TS 29.512, 5.6.2.7).
_SESSION_RULES = {"default": {"sessRuleId": "default"}}
_ACCESS, _SESSION = "/npcf-am-policy-control/v1/policies", "/npcf-smpolicycontrol/v1/sm-policies"


@dataclass(frozen=True, slots=True)
class PcfPolicy:
    """``rfsp`` is the index that an AMF is given for its UEs (TS 29.507, 5.6.2.2); None gives
    none. ``registers_bindings``: a BSF learns which sessions it serves (TS 29.512, 4.2.2.2).
    """

    rfsp: int | None = None
    registers_bindings: bool = True


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
        self.log: list[str] = []
        self.associations: dict[str, dict[str, Any]] = {}
        # The resources at the BSF, by those of the associations.
        self._bindings: dict[str, str] = {}
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
        document: dict[str, Any] = {"suppFeat": "0"}
        if self.policy.rfsp is not None:
            document["rfsp"] = self.policy.rfsp
        name = self._keep(_ACCESS, {"request": request.object, **document})
        return service.response(201, service.json_body(document), location=self.uri(name))

    async def _create_session(self, request: ServiceRequest) -> HttpMessage:
        """Npcf_SMPolicyControl_Create (TS 29.512, 4.2.2)."""
        document: dict[str, Any] = {"sessRules": _SESSION_RULES}
        name = self._keep(_SESSION, {"context": request.object, "policy": document})
        if self.policy.registers_bindings and "ipv4Address" in request.object:
            self.world.spawn(self._bind(name, request.object))
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
        name = self._name(request)
        del self.associations[name]
        binding = self._bindings.pop(name, None)
        if binding is not None:
            self.world.spawn(self._unbind(binding))
        return service.response(204)

    async def _bind(self, name: str, context: dict[str, Any]) -> None:
        """Nbsf_Management_Register (TS 29.521, 4.2.2)."""
        document = {
            "supi": context["supi"],
            "ipv4Addr": context["ipv4Address"],
            "dnn": context["dnn"],
            "snssai": context["sliceInfo"],
            "pcfIpEndPoints": [{"ipv4Address": self.endpoint.address, "port": self.endpoint.port}],
            "pcfId": self.instance,
        }
        answer = await self._tell_bsf("POST", _BINDINGS, document)
        location = None if answer is None else answer.header("location")
        if location is not None:
            self._bindings[name] = location

    async def _unbind(self, binding: str) -> None:
        """Nbsf_Management_Deregister."""
        await self._tell_bsf("DELETE", binding, None)

    async def _tell_bsf(self, method: str, path: str, document: Any) -> HttpMessage | None:
        body = None if document is None else service.json_body(document)
        try:
            return await self.call(method, path, body)
        except UnreachableError as error:
            self.log.append(f"the BSF was not told of a session: {error}")
            return None
