"""The CHF: charging of sessions (Nchf_ConvergedCharging; TS 32.290, 5.3; TS 32.291, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.network import service
from makmal.network.date_time import date_time
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage

DATA = "/nchf-convergedcharging/v3/chargingdata"


@dataclass(frozen=True, slots=True)
class ChfPolicy:
    """What the CHF chooses. The default is the sound choice: TS 32.290, 6.2, a closed session takes
    no further charging.
    """

    ends_released_sessions: bool = True


class Chf(NetworkFunction):
    """``sessions`` by their reference: the charging data requests of each, in order."""

    nf_type = "CHF"
    services = ("nchf-convergedcharging",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: ChfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or ChfPolicy()
        self.sessions: dict[str, list[dict[str, Any]]] = {}
        self._next = 1
        self.route("POST", DATA, self._create)
        self.route("POST", f"{DATA}/{{reference}}/update", self._update)
        self.route("POST", f"{DATA}/{{reference}}/release", self._release)

    async def _create(self, request: ServiceRequest) -> HttpMessage:
        reference = str(self._next)
        self._next += 1
        self.sessions[reference] = [request.object]
        body = service.json_body(self._answer(request))
        return service.response(201, body, location=self.uri(f"{DATA}/{reference}"))

    def _answer(self, request: ServiceRequest) -> dict[str, Any]:
        """ChargingDataResponse (TS 32.291, 6.1.6.2.1.2)."""
        return {
            "invocationTimeStamp": date_time(self.world.now_ns),
            "invocationSequenceNumber": request.object["invocationSequenceNumber"],
        }

    def _session(self, request: ServiceRequest) -> list[dict[str, Any]]:
        found = self.sessions.get(request.parameters["reference"])
        if found is None:
            raise ServiceError(404, "CHARGING_FAILED", "no such charging session")
        return found

    async def _update(self, request: ServiceRequest) -> HttpMessage:
        self._session(request).append(request.object)
        return service.response(200, service.json_body(self._answer(request)))

    async def _release(self, request: ServiceRequest) -> HttpMessage:
        self._session(request)
        if self.policy.ends_released_sessions:
            del self.sessions[request.parameters["reference"]]
        return service.response(204)
