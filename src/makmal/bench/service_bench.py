"""The service-based side of the bench: consumer of any type, and holder of the NRF's token key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.bench import elements
from makmal.bench.authentication_bench import AuthenticationBench
from makmal.bench.elements import WrongElements
from makmal.bench.not_done import NotDoneError
from makmal.bench.nrf_bench import NrfBench
from makmal.bench.service_call import Call
from makmal.bench.service_operations import OPERATIONS, Operation, create_sm_context
from makmal.network import service, slices
from makmal.network.amf.amf import Amf
from makmal.network.consumer_authorization import public_key_text
from makmal.network.gnb import mobility
from makmal.network.network_function import NetworkFunction
from makmal.network.plan import NetworkPlan
from makmal.network.service import N2_CONTENT
from makmal.network.slices import Slice
from makmal.network.subscription import Subscription
from makmal.network.world import UnreachableError, World
from makmal.protocol import ngap
from makmal.protocol.sbi import HttpMessage
from makmal.security import assertions, tokens
from makmal.testcases.reading import PREPARATION, TESTER
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.bench.bench import Bench
    from makmal.bench.tester_ue import TesterUe

_TOKEN_SECONDS = 600
_MOST_SESSIONS = 255
_LISTENER_PORT = 8087
# Keys that no product trusts: of an NRF and of an authority that are not the laboratory's.
_STRANGER = ec.derive_private_key(int.from_bytes(bytes(range(0x61, 0x81)), "big"), ec.SECP256R1())


class ServiceBench:
    """What a bench does on the service-based interface of the product."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.world: World = bench.world
        self.plan: NetworkPlan = bench.plan
        self.product = bench.settings.product
        self._subscription: Subscription | None = None
        self._ue: TesterUe | None = None
        self._sessions = 0
        self._operations: tuple[ServedOperation, ...] | None = None

    # Who we are.

    @property
    def endpoint(self) -> Endpoint:
        """Where the product serves."""
        return self.plan.service(self.product)

    def consumer(self, nf_type: str) -> NetworkFunction:
        """Our function of a type; where the product is of it, another one of ours.

        Raises NotDoneError where none is ours.
        """
        functions = self.bench.network.functions
        if nf_type not in functions or nf_type == self.product:
            ours = [each for each in ("AMF", "SMF", "NRF") if each in functions]
            if not ours:
                raise NotDoneError(
                    "it needs functions of ours beside the product: attach it surrounded"
                )
            nf_type = ours[0]
        return functions[nf_type]

    def callback(self, nf_type: str, name: str) -> str:
        """A URI of a consumer of ours for notifications."""
        return self.consumer(nf_type).uri(f"/makmal-callback/{name}")

    @property
    def authenticated_slice(self) -> Slice:
        """The slice that needs authentication of its own."""
        return self.bench.settings.authenticated_slice

    def subscription(self) -> Subscription:
        """The subscriber of this bench. Raises NotDoneError when there is none."""
        if self._subscription is None:
            self._subscription = self.bench.new_subscription()
        return self._subscription

    def next_session(self) -> int:
        """A PDU session identity that was not used before, as long as there are any."""
        self._sessions = self._sessions % _MOST_SESSIONS + 1
        return self._sessions

    async def ue_with_session(self) -> TesterUe:
        """A UE that is registered and has a session, the same each time."""
        if self._ue is None:
            self._ue = await self.bench.registered_ue(session=True)
        return self._ue

    # Operations.

    async def operations(self) -> tuple[ServedOperation, ...]:
        """The operations that the product serves. Raises NotDoneError when it serves none."""
        if self._operations is None:
            found, refused = [], []
            for each in OPERATIONS.get(self.product, ()):
                served = ServedOperation(self, each)
                self.bench.mark(f"{PREPARATION}the operations: {each.name}")
                try:
                    status = (await served.send()).status or 0
                except (UnreachableError, NotDoneError) as error:
                    refused.append(f"{each.name}: {error}")
                    continue
                if 200 <= status < 300:
                    found.append(served)
                else:
                    refused.append(f"{each.name}: status {status}")
            if not found:
                raise NotDoneError(
                    f"the product served none of the operations ({'; '.join(refused)})"
                )
            self._operations = tuple(found)
        return self._operations

    async def operation(self) -> ServedOperation:
        """The first of them."""
        return (await self.operations())[0]

    # Tokens and assertions.

    def claims(self, consumer: str, scope: str) -> dict[str, Any]:
        """The claims of a good token of a consumer for a service of the product."""
        return {
            "iss": self.plan.instance("NRF"),
            "sub": self.consumer(consumer).instance,
            "aud": self.product,
            "scope": scope,
            "exp": self.world.now_ns // 1_000_000_000 + _TOKEN_SECONDS,
        }

    def signed(self, claims: Mapping[str, Any]) -> str:
        """A token that the NRF signed."""
        return tokens.sign(dict(claims), self.plan.nrf_key, "ES256")

    def signed_by_stranger(self, claims: Mapping[str, Any], *, names_key: bool = False) -> str:
        """A token that another NRF signed; it may name its key in the header."""
        header = tokens.key_in_header(_STRANGER.public_key()) if names_key else {}
        return tokens.sign(dict(claims), _STRANGER, "ES256", header)

    def unsigned(self, claims: Mapping[str, Any]) -> str:
        """A token of the algorithm none."""
        return tokens.unsigned(dict(claims))

    def signed_with_public_key(self, claims: Mapping[str, Any]) -> str:
        """A token whose HMAC is made with the NRF's public key, which everybody has."""
        secret = public_key_text(self.plan.nrf_key.public_key())
        return tokens.sign(dict(claims), secret, "HS256")

    def assertion(self, consumer: str, *, forged: bool = False, **changes: Any) -> str:
        """A client credentials assertion of a consumer; ``forged``: signed with another's key."""
        instance = self.consumer(consumer).instance
        now = self.world.now_ns // 1_000_000_000
        claims = {
            "sub": instance,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "aud": [self.product],
        } | changes
        return assertions.sign(assertions.issue(instance), claims, _STRANGER if forged else None)

    async def send(
        self,
        call: Call,
        consumer: str,
        *,
        token: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpMessage:
        """One request to the product. Raises UnreachableError."""
        function, to = self.consumer(consumer), self.endpoint
        message = service.request(
            call.method,
            call.target,
            call.body,
            authority=f"{to.address}:{to.port}",
            token=token,
            headers=headers,
            agent=f"{consumer}-{TESTER}",
        )
        return await function.deliver(to, message, self.bench.settings.answer)

    @cached_property
    def nrf(self) -> NrfBench:
        """Functions of ours with any profile, in front of an NRF."""
        return NrfBench(self)

    @cached_property
    def authentication(self) -> AuthenticationBench:
        """What a USIM answers, in front of AUSF and UDM."""
        return AuthenticationBench(self)

    async def sessions(
        self, count: int
    ) -> AsyncIterator[tuple[int, Callable[[], Awaitable[HttpMessage]]]]:
        """So many sessions of an SMF, of two UEs in turn with the same session identities: their
        numbers, and what asks for each.
        """
        pair = (self.bench.new_subscription(), self.bench.new_subscription())
        for number in range(1, count + 1):
            self._subscription = pair[number % 2]
            self._sessions = (number - 1) // 2
            call = await create_sm_context(self)

            async def send(call: Call = call) -> HttpMessage:
                return await self.ask(call, "AMF", "nsmf-pdusession")

            yield number, send

    async def update_sm_context(
        self, ue: TesterUe, security: ngap.SecurityIndication
    ) -> HttpMessage:
        """UpdateSMContext for a path switch, with this policy (TS 29.502, 5.2.2.3.4). NotDoneError
        where the session of the UE is not known.
        """
        amf = self.bench.network.functions.get("AMF")
        context = amf.by_supi.get(ue.subscription.supi) if isinstance(amf, Amf) else None
        session = next(iter(context.sessions.values()), None) if context is not None else None
        if session is None or not session.reference:
            raise NotDoneError("our AMF has no session of this UE")
        gnb = await self.bench.gnb()
        resources = next(iter(gnb.context(ue).sessions.values()), None)
        if resources is None:
            raise NotDoneError("the gNB has no resources of this UE")
        told = mobility.switch_transfer(gnb, resources, security)
        call = Call(
            "POST",
            f"{urlsplit(session.reference).path}/modify",
            {"n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": "PATH_SWITCH_REQ"},
            parts={"n2": (N2_CONTENT, told)},
        )
        return await self.ask(call, "AMF", "nsmf-pdusession")

    def slice(self, index: int) -> dict[str, Any]:
        """A slice of the network. Raises NotDoneError where it has fewer."""
        if index >= len(self.plan.slices):
            raise NotDoneError(f"the target names fewer than {index + 1} slices ([network])")
        return slices.to_json(self.plan.slices[index])

    async def select_slices(
        self, requested: list[dict[str, Any]], subscribed: list[dict[str, Any]]
    ) -> HttpMessage:
        """Nnssf_NSSelection_Get for a registration (TS 29.531, 5.2.2.2.2)."""
        information = {
            "requestedNssai": requested,
            "subscribedNssai": [{"subscribedSnssai": each} for each in subscribed],
        }
        query = {
            "nf-type": "AMF",
            "nf-id": self.consumer("AMF").instance,
            "slice-info-request-for-registration": information,
        }
        call = Call("GET", "/nnssf-nsselection/v2/network-slice-information", query=query)
        return await self.ask(call, "AMF", "nnssf-nsselection")

    async def read_authentication_subscription(self, consumer: str) -> HttpMessage:
        """Nudr_DM_Query of the subscriber's keys (TS 29.505, 5.2.2), by a consumer of a type."""
        supi = self.subscription().supi
        path = f"/nudr-dr/v2/subscription-data/{supi}/authentication-data"
        call = Call("GET", f"{path}/authentication-subscription")
        return await self.ask(call, consumer, "nudr-dr")

    async def session_data(self, subscription: Subscription) -> HttpMessage:
        """Nudm_SDM_Get of the session data of the first slice and DNN (TS 29.503, 5.2.2.2.5)."""
        query = {"single-nssai": slices.to_json(self.plan.slices[0]), "dnn": self.plan.dnns[0]}
        call = Call("GET", f"/nudm-sdm/v2/{subscription.supi}/sm-data", query=query)
        return await self.ask(call, "SMF", "nudm-sdm")

    async def ask(self, call: Call, consumer: str, scope: str) -> HttpMessage:
        """One request with a good token, where the product demands tokens. UnreachableError."""
        token = None
        if self.plan.oauth and self.product != "NRF":
            token = self.signed(self.claims(consumer, scope))
        return await self.send(call, consumer, token=token)

    @asynccontextmanager
    async def listener(self, mark: str) -> AsyncIterator[str]:
        """A port of ours that nobody has a reason to connect to; the URL of it. Whatever comes
        there becomes a step of this name. Raises NotDoneError.
        """
        address = self.consumer("AMF").endpoint.address
        local = Endpoint(address, _LISTENER_PORT)

        def heard(who: str, octets: bytes) -> None:
            first = octets.decode("latin-1").partition("\r\n")[0].strip()[:200]
            self.bench.mark(f"{mark}{first!r} from {who}")

        try:
            listening = await self.world.listen_for_anything(local, heard)
        except OSError as error:
            raise NotDoneError(f"no listener at {address}:{_LISTENER_PORT}: {error}") from None
        try:
            yield f"http://{address}:{_LISTENER_PORT}/makmal"
        finally:
            listening.close()

    def wrong_elements(self, operation: ServedOperation, call: Call) -> WrongElements:
        """The elements of an operation with values that must be refused, ``call`` being valid."""
        return elements.wrong_elements(operation.name, call, self.bench.settings.openapi)

    async def probe(self) -> str | None:
        """None when the product answers a request, whatever it answers. What is wrong with its TLS
        is for the test case on it to say.
        """
        if self.plan.authority is not None:
            return await self.bench.transport.probe()
        try:
            await self.send(Call("GET", "/"), "AMF")
        except UnreachableError as error:
            return str(error)
        return None


@dataclass(frozen=True, slots=True)
class ServedOperation:
    """An operation in the hands of a procedure."""

    services: ServiceBench
    operation: Operation

    @property
    def name(self) -> str:
        """The standard's name."""
        return self.operation.name

    @property
    def claims(self) -> dict[str, Any]:
        """Those of a good token."""
        return self.services.claims(self.operation.consumer, self.operation.service)

    @property
    def token(self) -> str | None:
        """A good token, where consumers use tokens at all."""
        if not self.services.plan.oauth or self.services.product == "NRF":
            return None
        return self.services.signed(self.claims)

    async def call(self) -> Call:
        """A request that the product should serve."""
        return await self.operation.make(self.services)

    async def send(
        self,
        call: Call | None = None,
        *,
        token: str | None = "good",  # noqa: S107 - a word for the good token
        assertion: str | None = None,
    ) -> HttpMessage:
        """Send it, or another request, with a good token unless another or none is given.

        Raises UnreachableError, NotDoneError.
        """
        headers = (("3gpp-sbi-client-credentials", assertion),) if assertion is not None else ()
        return await self.services.send(
            call or await self.call(),
            self.operation.consumer,
            token=self.token if token == "good" else token,  # noqa: S105 - likewise
            headers=headers,
        )
