"""The NRF: what it knows of each function, and its services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from makmal.network import service
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.nrf import access_tokens, discovery, management
from makmal.network.nrf.policy import NrfPolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceRequest
from makmal.network.world import World
from makmal.protocol.sbi import HttpMessage


@dataclass(slots=True)
class Instance:
    """A function that registered. ``revision`` counts the changes of its profile."""

    profile: dict[str, Any]
    heard_ns: int
    revision: int = 1

    @property
    def entity_tag(self) -> str:
        """A strong validator (RFC 9110, 8.8.3)."""
        return f'"{self.revision}"'


@dataclass(slots=True)
class Subscription:
    """Who wants to know of which functions (SubscriptionData of TS 29.510, 6.1.6.2.16)."""

    document: dict[str, Any]
    expires_ns: int


# A time of last contact that never lies in the past.
_ALWAYS = 1 << 62


class Nrf(NetworkFunction):
    """Forgets functions that fall silent and subscriptions that end when it is next asked."""

    nf_type: ClassVar[str] = "NRF"
    services: ClassVar[tuple[str, ...]] = ("nnrf-nfm", "nnrf-disc")

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: NrfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or NrfPolicy()
        self.log: list[str] = []
        self.instances: dict[str, Instance] = {}
        self.subscriptions: dict[str, Subscription] = {}
        # The earliest time at which something may have to be forgotten.
        self.next_expiry_ns = 0
        management.serve(self)
        discovery.serve(self)
        access_tokens.serve(self)
        self.route("GET", "/bootstrapping", self._bootstrap)

    async def handle(self, http: HttpMessage) -> HttpMessage:
        """Forget what has expired, then serve."""
        if self.world.now_ns >= self.next_expiry_ns:
            management.expire(self)
        return await super().handle(http)

    def admit(self, profile: dict[str, Any], heard_ns: int = _ALWAYS) -> None:
        """Have a function registered that registered before the trace begins. It was last heard
        of at a time, in nanoseconds; one of our own is heard of all the time.
        """
        self.instances[profile["nfInstanceId"]] = Instance(profile, heard_ns, 1)

    async def _bootstrap(self, request: ServiceRequest) -> HttpMessage:
        """Nnrf_Bootstrapping (TS 29.510, 5.5): where the services of this NRF are."""
        del request
        links = {
            "self": "/bootstrapping",
            "manage": "/nnrf-nfm/v1/nf-instances",
            "subscribe": "/nnrf-nfm/v1/subscriptions",
            "discover": "/nnrf-disc/v1/nf-instances",
            "authorize": "/oauth2/token",
        }
        document = {
            "status": "OPERATIVE",
            "_links": {name: {"href": self.uri(path)} for name, path in links.items()},
            "oauth2Required": {"nnrf-nfm": False, "nnrf-disc": False},
            "nrfInstanceId": self.instance,
        }
        return service.response(200, service.json_body(document, service.HAL))
