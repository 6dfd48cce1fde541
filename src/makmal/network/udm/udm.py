"""The UDM: its services, and how it asks the UDR."""

from __future__ import annotations

from typing import Any, ClassVar

from makmal.network import service
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import Body, ServiceError
from makmal.network.udm import authentication, registrations, subscriber_data
from makmal.network.udm.policy import UdmPolicy
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage

UDR_SUBSCRIBER_UNKNOWN = "USER_NOT_FOUND"


class Udm(NetworkFunction):
    """Keeps no subscriber data of its own: it reads the UDR whenever it is asked."""

    nf_type: ClassVar[str] = "UDM"
    services: ClassVar[tuple[str, ...]] = ("nudm-ueau", "nudm-uecm", "nudm-sdm")

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: UdmPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or UdmPolicy()
        self.log: list[str] = []
        # Subscriptions to changes of subscriber data by their id, with the SUPI they are of.
        self.subscribers: dict[str, tuple[str, dict[str, Any]]] = {}
        self.hears_of_changes = False
        authentication.serve(self)
        registrations.serve(self)
        subscriber_data.serve(self)

    @property
    def profile(self) -> dict[str, Any]:
        """The NF profile, with the identities it serves (TS 29.510, 6.1.6.2.7)."""
        start, end = f"{self.plan.plmn}".ljust(15, "0"), f"{self.plan.plmn}".ljust(15, "9")
        return super().profile | {"udmInfo": {"supiRanges": [{"start": start, "end": end}]}}

    async def ask(
        self, method: str, supi: str, resource: str, body: Body | None = None
    ) -> HttpMessage:
        """Ask the UDR about a subscriber. Raises ServiceError 404 when it knows none.

        Raises UnreachableError when there is no UDR.
        """
        answer = await self.call(
            method, f"/nudr-dr/{self.policy.udr_version}/subscription-data/{supi}/{resource}", body
        )
        if answer.status == 404 and _cause(answer) == UDR_SUBSCRIBER_UNKNOWN:
            raise ServiceError(404, "USER_NOT_FOUND", supi)
        return answer

    async def read(self, supi: str, resource: str) -> Any:
        """A document of the UDR; None where there is none."""
        answer = await self.ask("GET", supi, resource)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise ServiceError(500, "SYSTEM_FAILURE", f"the UDR answered {answer.status}")
        return service.json_of(answer)

    async def store(self, supi: str, resource: str, document: Any) -> bool:
        """Put a document into the UDR; whether there was none before."""
        answer = await self.ask("PUT", supi, resource, service.json_body(document))
        if answer.status not in (200, 201, 204):
            raise ServiceError(500, "SYSTEM_FAILURE", f"the UDR answered {answer.status}")
        return answer.status == 201

    async def change(self, supi: str, resource: str, operations: list[dict[str, Any]]) -> None:
        """Change a document of the UDR by a JSON patch."""
        body = service.json_body(operations, service.JSON_PATCH)
        answer = await self.ask("PATCH", supi, resource, body)
        if answer.status not in (200, 204):
            raise ServiceError(500, "SYSTEM_FAILURE", f"the UDR answered {answer.status}")

    async def deregister(self, supi: str, reason: str = "SUBSCRIPTION_WITHDRAWN") -> bool:
        """Have the AMF deregister a UE (TS 23.502, 4.2.2.3.3); whether there was one to ask."""
        return await registrations.deregister(self, supi, reason)


def _cause(answer: HttpMessage) -> str:
    document = service.json_of(answer)
    return str(document.get("cause")) if isinstance(document, dict) else ""
