"""What every function of the service-based architecture does: serve, register, discover, ask.

TS 23.501, 7.1; TS 29.500; TS 29.510. A function subclasses this, names its routes, and calls others
by the path of their services.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.network import careless_parser, data_types, request_bodies, service
from makmal.network.consumer_authorization import Producer, authorize
from makmal.network.data_types import Check
from makmal.network.nf_profiles import endpoint_of
from makmal.network.plan import NetworkPlan
from makmal.network.request_bodies import Demands
from makmal.network.service import Body, ServiceError, ServiceRequest
from makmal.network.service_policy import ServicePolicy
from makmal.network.transport.tls import ServerTls
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.network.transport_security import FunctionTls
from makmal.network.world import SERVICE_TIMEOUT, Listening, TlsTo, UnreachableError, World
from makmal.protocol.sbi import HttpMessage, service_of
from makmal.security import assertions, tokens
from makmal.trace.frame import Endpoint

__all__ = ["WITHOUT_TOKENS", "NetworkFunction", "ServicePolicy"]

Handler = Callable[[ServiceRequest], Coroutine[Any, Any, HttpMessage]]


_TOKEN_SECONDS = 3600
# Major versions of services that are not at their first.
_VERSIONS: Mapping[str, tuple[str, ...]] = {
    "nudm-sdm": ("v2",),
    # Release 15 and 16 ask for v1, and the resources that are served here are the same.
    "nudr-dr": ("v1", "v2"),
    "nnssf-nsselection": ("v2",),
    "nchf-convergedcharging": ("v3",),
}
# How far an undeclared port is from the declared one.
_UNDECLARED = 10
# Network slice instances of every function of ours (TS 29.531, 6.1.6.2.8).
SLICE_INSTANCES = ("1",)
# For neighbours of a product that does not use OAuth 2.0.
WITHOUT_TOKENS = ServicePolicy(demands_token=False)


class _Route(NamedTuple):
    """The segments of a template that stand fast, and those that are parameters, by index."""

    fixed: tuple[tuple[int, str], ...]
    parameters: tuple[tuple[int, str], ...]
    handler: Handler
    demands: Demands


# Most functions of most networks have these.
_SOUND, _SOUND_TLS = ServicePolicy(), TlsPolicy()


class NetworkFunction:
    """``nf_type`` is its NFType (TS 29.510, 6.1.6.3.3), ``services`` what it offers."""

    nf_type: ClassVar[str]
    services: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        self.world, self.plan = world, plan
        self.name = name or self.nf_type
        self.service_policy = service_policy or (
            _SOUND if plan.oauth and plan.demands_tokens else WITHOUT_TOKENS
        )
        self.instance = plan.instance(self.name)
        self.endpoint = plan.service(self.name)
        # To be set before it starts.
        self.tls_policy = _SOUND_TLS
        self._routes: dict[tuple[str, int], list[_Route]] = {}
        self._listening: list[Listening] = []
        self._discovered: dict[str, Endpoint] = {}
        self._holds_tokens = False
        self._tokens: dict[str, tuple[str, int]] = {}
        self._is_broken = False
        self._producer = Producer(
            self.nf_type,
            self.instance,
            () if self.nf_type == "NRF" else self.services,
            plan.nrf_key,
            assertions.authority().certificate,
            plan.slices,
            SLICE_INSTANCES,
            (plan.nf_set(self.nf_type),),
            lambda: world.now_ns // 1_000_000_000,
        )

    @cached_property
    def tls(self) -> FunctionTls | None:
        """Both sides of TLS, where the plan has it."""
        plan = self.plan
        if plan.authority is None:
            return None
        return FunctionTls(plan.authority, plan.subject(self.name), self.tls_policy)

    @property
    def _server_tls(self) -> ServerTls | None:
        return None if self.tls is None else self.tls.server

    # Serving.

    def route(self, method: str, template: str, handler: Handler) -> None:
        """Serve a resource: ``/nudm-ueau/v1/{supi}/auth-events``."""
        key, fixed, parameters, demands = _resource(method, template)
        route = _Route(fixed, parameters, handler, demands)
        self._routes.setdefault(key, []).append(route)

    async def start(self) -> None:
        """Serve, and register at the NRF. Raises OSError, UnreachableError."""
        await self._open()
        if self.nf_type != "NRF":
            await self.register()

    async def start_warm(self, producers: Mapping[str, Endpoint]) -> None:
        """Serve as one that has run for a while: registered, with its producers found (by name,
        its own left out) and its tokens granted before the trace begins. Raises OSError.
        """
        await self._open()
        self._discovered.update(producers)
        self._discovered.pop(self.name, None)
        self._holds_tokens = True

    async def _open(self) -> None:
        ends = [self.endpoint]
        if not self.service_policy.opens_only_declared_ports:
            ends.append(Endpoint(self.endpoint.address, self.endpoint.port + _UNDECLARED))
        for end in ends:
            self._listening.append(await self.world.serve(end, self.handle, self._server_tls))

    async def stop(self) -> None:
        """Stop serving."""
        for each in self._listening:
            each.close()

    def discard(self) -> None:
        """Let go of the handlers, which hold the function that holds them: one that has stopped
        for good is gone at once, and leaves no garbage to be looked for.
        """
        self._listening.clear()
        self._routes.clear()

    async def handle(self, http: HttpMessage) -> HttpMessage:
        """Serve one request: what no route takes is 404, what a handler refuses its problem."""
        path = (http.path or "").partition("?")[0].strip("/")
        segments = path.split("/")
        if self._is_broken:
            return service.problem(503, "SYSTEM_FAILURE")
        try:
            for route in self._routes.get((http.method or "", len(segments)), ()):
                for index, expected in route.fixed:
                    if segments[index] != expected:
                        break
                else:
                    given = {name: segments[index] for index, name in route.parameters}
                    return await self._serve(route, http, given)
        except ServiceError as error:
            detail = error.detail if self.service_policy.explains_problems else ""
            return service.problem(error.status, error.cause, detail)
        return service.problem(404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")

    async def _serve(
        self, route: _Route, http: HttpMessage, parameters: dict[str, str]
    ) -> HttpMessage:
        policy = self.service_policy
        token = authorize(self._producer, policy, http, service_of(http.path or ""))
        request = ServiceRequest(http, parameters, token, policy)
        await careless_parser.read(self.world, self.endpoint, policy, http)
        try:
            self._check(route.demands, request)
        except ServiceError:
            self._is_broken = not policy.recovers_from_bad_bodies
            raise
        try:
            return await route.handler(request)
        except (AttributeError, KeyError, LookupError, TypeError, ValueError) as error:
            if policy.verifies_types and policy.verifies_ranges:
                raise
            # What was not verified breaks what trusts it.
            raise ServiceError(500, "SYSTEM_FAILURE", repr(error)) from None

    def _check(self, demands: Demands, request: ServiceRequest) -> None:
        """Whether body and query are what the service demands. Raises ServiceError."""
        request.check_keys()
        if demands.words or demands.query:
            self._check_query(demands, request)
        if demands.body is not None:
            self._check_value(demands.body, request.json, "INVALID_MSG_FORMAT")

    def _check_query(self, demands: Demands, request: ServiceRequest) -> None:
        for name, check in demands.words.items():
            if name in request.query:
                self._check_value(check, request.query[name], "INVALID_QUERY_PARAM", name)
        for name, check in demands.query.items():
            if name in request.query:
                value = request.query_json(name)
                self._check_value(check, value, "INVALID_QUERY_PARAM", name)

    def _check_value(self, check: Check, value: Any, cause: str, name: str = "") -> None:
        if check.fits(value):
            return
        policy = self.service_policy
        for problem in check.problems(value, ""):
            if policy.verifies_types if problem.kind == data_types.TYPE else policy.verifies_ranges:
                status = policy.unusable_body_status
                raise ServiceError(status, cause, f"{name} {problem}".strip())

    # Registering and asking.

    @property
    def profile(self) -> dict[str, Any]:
        """The NF profile (TS 29.510, 6.1.6.2.2)."""
        address = self.endpoint.address
        return {
            "nfInstanceId": self.instance,
            "nfType": self.nf_type,
            "nfStatus": "REGISTERED",
            **({} if self.tls is None else {"fqdn": self.plan.fqdn(self.name)}),
            "heartBeatTimer": 10,
            "plmnList": [{"mcc": self.plan.mcc, "mnc": self.plan.mnc}],
            "nfSetIdList": [self.plan.nf_set(self.nf_type)],
            "ipv4Addresses": [address],
            "priority": 0,
            "capacity": 100,
            "load": 0,
            **({"nfServices": self._offered} if self.services else {}),
        }

    @property
    def _offered(self) -> list[dict[str, Any]]:
        """Its services (NFService of TS 29.510, 6.1.6.2.3)."""
        end = {
            "ipv4Address": self.endpoint.address,
            "transport": "TCP",
            "port": self.endpoint.port,
        }
        return [
            {
                "serviceInstanceId": f"{self.instance}-{index}",
                "serviceName": name,
                "versions": [
                    {"apiVersionInUri": each, "apiFullVersion": f"{each[1:]}.0.0"}
                    for each in _VERSIONS.get(name, ("v1",))
                ],
                "scheme": self.plan.scheme,
                "nfServiceStatus": "REGISTERED",
                "ipEndPoints": [end],
            }
            for index, name in enumerate(self.services)
        ]

    async def register(self) -> None:
        """Nnrf_NFManagement_NFRegister (TS 29.510, 5.2.2.2)."""
        answer = await self.send(
            self.plan.service("NRF"),
            "PUT",
            f"/nnrf-nfm/v1/nf-instances/{self.instance}",
            service.json_body(self.profile),
        )
        if answer.status not in (200, 201):
            raise UnreachableError(
                f"the NRF refused to register {self.name}: status {answer.status}"
            )

    async def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        producer: Endpoint | None = None,
        seconds: float = SERVICE_TIMEOUT,
    ) -> HttpMessage:
        """Ask another function, found by the service that the path (or absolute URI) names.

        Raises UnreachableError when there is none or it is not there, ServiceTimeoutError when it
        does not answer.
        """
        secured = True
        if "://" in path:
            parts = urlsplit(path)
            secured = parts.scheme == "https"
            producer = Endpoint(parts.hostname or "", parts.port or (443 if secured else 80))
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        operation = service_of(path)
        kind = None if operation is None else operation.producer
        if producer is None:
            if kind is None:
                raise UnreachableError(f"no function is known to serve {path}")
            producer = await self.discover(kind, operation.service if operation else None)
        token = None
        if self.plan.oauth and operation is not None and kind not in (None, "NRF"):
            token = await self.token(kind, operation.service)
        return await self.send(
            producer, method, path, body, token=token, seconds=seconds, secured=secured
        )

    async def send(
        self,
        to: Endpoint,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        token: str | None = None,
        seconds: float = SERVICE_TIMEOUT,
        secured: bool = True,
    ) -> HttpMessage:
        """One request to a known address, over TLS where the plan has it and it is to be; through
        the SCP where the plan says so (not to the NRF: TS 29.500, 6.10.2).
        """
        headers: tuple[tuple[str, str], ...] = ()
        hop = to
        if self.plan.through_scp and self.nf_type != "SCP" and to != self.plan.service("NRF"):
            hop = self.plan.service("SCP")
            headers = (("3gpp-sbi-target-apiroot", f"{self.plan.scheme}://{to.address}:{to.port}"),)
        message = service.request(
            method,
            path,
            body,
            authority=f"{hop.address}:{hop.port}",
            token=token,
            headers=headers,
            agent=f"{self.nf_type}-{self.instance}",
        )
        return await self.deliver(hop, message, seconds, secured=secured)

    async def deliver(
        self, to: Endpoint, message: HttpMessage, seconds: float, *, secured: bool = True
    ) -> HttpMessage:
        """A request as it is, over TLS where the plan has it and it is to be. UnreachableError."""
        if self.tls is None or not secured:
            return await self.world.request(self.endpoint, to, message, seconds)
        message.scheme = "https"
        tls = TlsTo(self.tls.client, self.plan.server_name(to.address))
        return await self.world.request(self.endpoint, to, message, seconds, tls)

    async def discover(
        self,
        nf_type: str,
        service_name: str | None = None,
        instance_id: str | None = None,
        query: str = "",
    ) -> Endpoint:
        """Nnrf_NFDiscovery (TS 29.510, 5.3.2.2): where a function of this type serves this, or
        the one of an NF instance id. ``query`` are all parameters, where others are wanted. The NRF
        itself is known by configuration.
        """
        if nf_type == "NRF":
            return self.plan.service("NRF")
        known = None if instance_id is not None else self._discovered.get(nf_type)
        key = f"{nf_type} {instance_id} {service_name}"
        found = known or self._discovered.get(key)
        if found is not None:
            return found
        query = query or f"target-nf-type={nf_type}&requester-nf-type={self.nf_type}"
        if instance_id is not None:
            query += f"&target-nf-instance-id={quote(instance_id)}"
        answer = await self.send(
            self.plan.service("NRF"), "GET", f"/nnrf-disc/v1/nf-instances?{query}"
        )
        document = service.json_of(answer)
        instances = document.get("nfInstances") if isinstance(document, dict) else None
        for instance in instances or ():
            endpoint = endpoint_of(instance, service_name)
            if endpoint is not None:
                self._discovered[key] = endpoint
                return endpoint
        which = "" if instance_id is None else f" with the instance id {instance_id}"
        raise UnreachableError(f"the NRF knows no {nf_type}{which}")

    def forget(self, nf_type: str | None = None) -> None:
        """Forget what was discovered, of one type or all."""
        for key in list(self._discovered):
            if nf_type is None or key.partition(" ")[0] == nf_type:
                del self._discovered[key]

    async def token(self, nf_type: str, scope: str) -> str:
        """An access token from the NRF (TS 29.510, 5.4.2.2), kept while it holds."""
        kept = self._tokens.get(scope)
        now = self.world.now_ns // 1_000_000_000
        if kept is not None and kept[1] > now + 1:
            return kept[0]
        if self._holds_tokens:
            nrf = self.plan.instance("NRF")
            until = now + _TOKEN_SECONDS
            held = _granted(nrf, self.instance, nf_type, scope, until, self.plan.nrf_key)
            self._tokens[scope] = (held, now + _TOKEN_SECONDS)
            return held
        form = Body(
            "application/x-www-form-urlencoded",
            f"grant_type=client_credentials&nfInstanceId={self.instance}&nfType={self.nf_type}"
            f"&targetNfType={nf_type}&scope={quote(scope)}".encode(),
        )
        answer = await self.send(self.plan.service("NRF"), "POST", "/oauth2/token", form)
        document = service.json_of(answer)
        if answer.status != 200 or not isinstance(document, dict):
            raise UnreachableError(
                f"the NRF granted {self.name} no token for {scope}: status {answer.status}"
            )
        text = str(document.get("access_token", ""))
        self._tokens[scope] = (text, now + int(document.get("expires_in") or 0))
        return text

    def uri(self, path: str) -> str:
        """The absolute URI of a resource of ours."""
        return f"{self.plan.scheme}://{self.endpoint.address}:{self.endpoint.port}{path}"


@lru_cache(maxsize=1024)
def _granted(
    issuer: str,
    subject: str,
    audience: str,
    scope: str,
    expires: int,
    nrf_key: ec.EllipticCurvePrivateKey,
) -> str:
    """The token that a function had before the trace began."""
    claims = {"iss": issuer, "sub": subject, "aud": audience, "scope": scope, "exp": expires}
    return tokens.sign(claims, nrf_key, "ES256")


@lru_cache(maxsize=1024)
def _resource(
    method: str, template: str
) -> tuple[tuple[str, int], tuple[tuple[int, str], ...], tuple[tuple[int, str], ...], Demands]:
    """Of a resource: method and number of segments, those that stand fast, the parameters, and
    what it demands of a request.
    """
    segments = template.strip("/").split("/")
    numbered = list(enumerate(segments))
    return (
        (method, len(segments)),
        tuple((index, each) for index, each in numbered if not each.startswith("{")),
        tuple((index, each[1:-1]) for index, each in numbered if each.startswith("{")),
        request_bodies.demands_of(method, template),
    )
