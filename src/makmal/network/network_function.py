"""What every function of the service-based architecture does: serve, register, discover, ask.

TS 23.501, 7.1; TS 29.500; TS 29.510. A function subclasses this, names its routes, and calls others
by the path of their services.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.network import service
from makmal.network.nf_profiles import endpoint_of
from makmal.network.plan import NetworkPlan
from makmal.network.service import Body, ServiceError, ServiceRequest
from makmal.network.transport.tls import ServerTls
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.network.transport_security import FunctionTls
from makmal.network.world import SERVICE_TIMEOUT, Listening, TlsTo, UnreachableError, World
from makmal.protocol.sbi import HttpMessage, service_of
from makmal.security import tokens
from makmal.security.tokens import AccessToken, TokenError
from makmal.trace.frame import Endpoint

Handler = Callable[[ServiceRequest], Coroutine[Any, Any, HttpMessage]]


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """How a producer treats requests (TS 33.501, 13.4.1). The default is the sound one."""

    demands_token: bool = True
    verifies_signature: bool = True
    verifies_audience: bool = True
    verifies_scope: bool = True
    verifies_expiry: bool = True


_TOKEN_SECONDS = 3600
# For neighbours of a product that does not use OAuth 2.0.
WITHOUT_TOKENS = ServicePolicy(demands_token=False)


class _Route(NamedTuple):
    """The segments of a template that stand fast, and those that are parameters, by index."""

    fixed: tuple[tuple[int, str], ...]
    parameters: tuple[tuple[int, str], ...]
    handler: Handler


class _Shown(NamedTuple):
    """What a token that a consumer shows says, and whether the NRF signed it."""

    token: AccessToken
    signed: bool
    audience: frozenset[str]
    scope: frozenset[str]
    expires: int | None


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
        self.service_policy = service_policy or (ServicePolicy() if plan.oauth else WITHOUT_TOKENS)
        self.instance = plan.instance(self.name)
        self.endpoint = plan.service(self.name)
        # To be set before it starts.
        self.tls_policy = TlsPolicy()
        self._routes: dict[tuple[str, int], list[_Route]] = {}
        self._listening: Listening | None = None
        self._discovered: dict[str, Endpoint] = {}
        self._holds_tokens = False
        self._tokens: dict[str, tuple[str, int]] = {}

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
        size, fixed, parameters = _template(template)
        self._routes.setdefault((method, size), []).append(_Route(fixed, parameters, handler))

    async def start(self) -> None:
        """Serve, and register at the NRF. Raises OSError, UnreachableError."""
        self._listening = await self.world.serve(self.endpoint, self.handle, self._server_tls)
        if self.nf_type != "NRF":
            await self.register()

    async def start_warm(self, producers: Mapping[str, Endpoint]) -> None:
        """Serve as one that has run for a while: registered, with its producers found (by name,
        its own left out) and its tokens granted before the trace begins. Raises OSError.
        """
        self._listening = await self.world.serve(self.endpoint, self.handle, self._server_tls)
        self._discovered.update(producers)
        self._discovered.pop(self.name, None)
        self._holds_tokens = True

    async def stop(self) -> None:
        """Stop serving."""
        if self._listening is not None:
            self._listening.close()

    async def handle(self, http: HttpMessage) -> HttpMessage:
        """Serve one request: what no route takes is 404, what a handler refuses its problem."""
        path = (http.path or "").partition("?")[0].strip("/")
        segments = path.split("/")
        try:
            for route in self._routes.get((http.method or "", len(segments)), ()):
                fixed, parameters, handler = route
                for index, expected in fixed:
                    if segments[index] != expected:
                        break
                else:
                    given = {name: segments[index] for index, name in parameters}
                    return await handler(ServiceRequest(http, given, self._authorize(http)))
        except ServiceError as error:
            return service.problem(error.status, error.cause, error.detail)
        return service.problem(404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")

    def _authorize(self, http: HttpMessage) -> AccessToken | None:
        """TS 33.501, 13.4.1.1.2: verify the token; TS 29.500, 6.7.3, gives the answers."""
        policy = self.service_policy
        operation = service_of(http.path or "")
        text = http.bearer_token
        if text is None:
            if (
                policy.demands_token
                and operation is not None
                and self._is_guarded(operation.service)
            ):
                raise ServiceError(401, "UNAUTHORIZED", "no access token")
            return None
        try:
            shown = _read_token(text, self.plan.nrf_key)
        except TokenError as error:
            raise ServiceError(401, "INVALID_TOKEN", str(error)) from None
        if policy.verifies_signature and not shown.signed:
            raise ServiceError(401, "INVALID_TOKEN", "the signature is not of the NRF")
        if policy.verifies_expiry and (
            shown.expires is None or shown.expires <= self.world.now_ns // 1_000_000_000
        ):
            raise ServiceError(401, "INVALID_TOKEN", "the token has expired")
        named = shown.audience
        if policy.verifies_audience and self.nf_type not in named and self.instance not in named:
            raise ServiceError(403, "ACCESS_TOKEN_DENIED", "the token is for another audience")
        if (
            policy.verifies_scope
            and operation is not None
            and self._is_guarded(operation.service)
            and operation.service not in shown.scope
        ):
            raise ServiceError(403, "INSUFFICIENT_SCOPE", operation.service)
        return shown.token

    def _is_guarded(self, name: str) -> bool:
        """Whether a service needs a token: ours do, callbacks and the NRF's own do not."""
        return name in self.services and self.nf_type != "NRF"

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
            "ipv4Addresses": [address],
            "priority": 0,
            "capacity": 100,
            "load": 0,
            "nfServices": [
                {
                    "serviceInstanceId": f"{self.instance}-{index}",
                    "serviceName": name,
                    "versions": [
                        {
                            "apiVersionInUri": "v2" if name == "nudm-sdm" else "v1",
                            "apiFullVersion": "2.0.0" if name == "nudm-sdm" else "1.0.0",
                        }
                    ],
                    "scheme": self.plan.scheme,
                    "nfServiceStatus": "REGISTERED",
                    "ipEndPoints": [
                        {"ipv4Address": address, "transport": "TCP", "port": self.endpoint.port}
                    ],
                }
                for index, name in enumerate(self.services)
            ],
        }

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
        """One request to a known address, over TLS where the plan has it and it is to be."""
        message = service.request(
            method,
            path,
            body,
            authority=f"{to.address}:{to.port}",
            token=token,
            agent=f"{self.nf_type}-{self.instance}",
        )
        if self.tls is None or not secured:
            return await self.world.request(self.endpoint, to, message, seconds)
        message.scheme = "https"
        tls = TlsTo(self.tls.client, self.plan.server_name(to.address))
        return await self.world.request(self.endpoint, to, message, seconds, tls)

    async def discover(
        self, nf_type: str, service_name: str | None = None, instance_id: str | None = None
    ) -> Endpoint:
        """Nnrf_NFDiscovery (TS 29.510, 5.3.2.2): where a function of this type serves this, or
        the one of an NF instance id. The NRF itself is known by configuration.
        """
        if nf_type == "NRF":
            return self.plan.service("NRF")
        known = None if instance_id is not None else self._discovered.get(nf_type)
        key = f"{nf_type} {instance_id} {service_name}"
        found = known or self._discovered.get(key)
        if found is not None:
            return found
        query = f"target-nf-type={nf_type}&requester-nf-type={self.nf_type}"
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


@lru_cache(maxsize=4096)
def _read_token(text: str, nrf_key: ec.EllipticCurvePrivateKey) -> _Shown:
    """A consumer shows the same token many times. Raises TokenError."""
    token = tokens.parse(text)
    audience = token.audience or ()
    return _Shown(
        token,
        tokens.verify(token, nrf_key.public_key()),
        frozenset((audience,) if isinstance(audience, str) else audience),
        token.scope,
        token.expires,
    )


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
def _template(
    text: str,
) -> tuple[int, tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
    """Of the template of a path: how many segments, those that stand fast, the parameters."""
    segments = text.strip("/").split("/")
    numbered = list(enumerate(segments))
    return (
        len(segments),
        tuple((index, each) for index, each in numbered if not each.startswith("{")),
        tuple((index, each[1:-1]) for index, each in numbered if each.startswith("{")),
    )
