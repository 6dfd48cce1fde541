"""TLS towards the product, as a client that it must take or refuse, and as a server likewise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from makmal.bench.not_done import NotDoneError
from makmal.bench.service_operations import register_nf
from makmal.network import service
from makmal.network.http_ends import HttpClient
from makmal.network.network_function import NetworkFunction
from makmal.network.plan import NetworkPlan
from makmal.network.transport.http1 import Http1Client
from makmal.network.transport.http2 import Http2Client
from makmal.network.transport.tls import ClientTls
from makmal.network.transport.tls_policy import SUITES, TLS_1_2, TLS_1_3, TlsPolicy
from makmal.network.world import TlsTo, UnreachableError
from makmal.protocol.tls import build
from makmal.security.certificates import Flaw
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

# Known to every reader as one of a service, and harmless.
_ASKED = "/nnrf-nfm/v1/nf-instances"
_CALLBACK = "/makmal-transport/v1/notified"
# Takes whatever certificate the product shows: what is wrong with it, the judge says.
_TRUSTING = TlsPolicy(
    verifies_server_issuer=False, verifies_server_validity=False, verifies_server_name=False
)


class TransportBench:
    """What a bench does below HTTP. Services have to be offered over TLS: see ``secure``."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.world = bench, bench.world

    async def secure(self) -> None:
        """Have services offered over TLS from now on. Raises NotDoneError where they cannot be."""
        if self.plan.authority is None:
            await self.bench.start_anew_over_tls()

    @property
    def plan(self) -> NetworkPlan:
        """The network's plan."""
        return self.bench.plan

    @property
    def product(self) -> Endpoint:
        """Where the product serves."""
        return self.plan.service(self.bench.settings.product)

    @property
    def neighbour(self) -> NetworkFunction:
        """The function of ours that the product calls: the NRF, or an NRF's own client."""
        names = ("AMF", "SMF") if self.bench.settings.product == "NRF" else ("NRF",)
        for name in names:
            if name in self.bench.network.functions:
                return self.bench.network.functions[name]
        raise NotDoneError("it needs the product's neighbours in our hands: attach it surrounded")

    async def probe(self) -> str | None:
        """None when the product speaks TLS, however badly; else what it does instead."""
        authority = self.plan.authority
        if authority is None:
            raise NotDoneError("the target declares no TLS ([tls])")
        us = self.neighbour
        credential = authority.issue(self.plan.subject(us.name))
        to = TlsTo(ClientTls(_TRUSTING, credential, authority.certificate), "")
        try:
            connection = await self.world.http.connect(us.endpoint.address, self.product, to)
        except UnreachableError as error:
            return None if "TLS: " in str(error) else str(error)
        request = service.request("GET", _ASKED, authority=self.product.address)
        try:
            await connection.request(request, self.bench.settings.answer)
        except UnreachableError as error:
            return str(error)
        finally:
            await connection.finish()
        return None

    # The product as a server.

    async def ask(
        self,
        versions: tuple[int, ...] = (TLS_1_2, TLS_1_3),
        suites: tuple[str, ...] = SUITES,
        *,
        flaw: Flaw | None = None,
        shows_certificate: bool = True,
    ) -> None:
        """One connection and one request over TLS; what comes of it is in the trace."""
        authority = self.plan.authority
        if authority is None:
            raise NotDoneError("the target declares no TLS ([tls])")
        us = self.neighbour
        policy = replace(
            _TRUSTING, versions=versions, suites=suites, presents_certificate=shows_certificate
        )
        credential = authority.issue(self.plan.subject(us.name), flaw)
        tls = ClientTls(policy, credential, authority.certificate)
        to = TlsTo(tls, self.plan.server_name(self.product.address))
        try:
            connection = await self.world.http.connect(us.endpoint.address, self.product, to)
        except UnreachableError:
            await self._settle()
            return
        await self._request(connection)

    async def ask_in_clear(self, version: str) -> None:
        """One request without TLS, in HTTP "2" or "1.1"."""
        channel = self.world.http.channel_to()
        await self.world.connect_tcp(self.neighbour.endpoint.address, self.product, channel)
        connection = Http2Client(channel) if version == "2" else Http1Client(channel)
        # The first octets and the request together: the product hangs up on the first.
        channel.attach(connection)
        await self._request(connection)

    async def _request(self, connection: HttpClient) -> None:
        to = self.product
        request = service.request("GET", _ASKED, authority=f"{to.address}:{to.port}")
        if connection.channel.session is not None:
            request.scheme = "https"
        try:
            await connection.request(request, self.bench.settings.answer)
        except UnreachableError:
            pass
        finally:
            await connection.finish()
            await self._settle()

    async def offer(self, suite: int, version: int) -> None:
        """A ClientHello of our own, which offers one suite in one version, until it is answered."""
        random = self.world.random_octets(32)
        speaker = _Listener()
        channel = self.world.http.channel_to()
        channel.attach(speaker)
        await self.world.connect_tcp(self.neighbour.endpoint.address, self.product, channel)
        name = self.plan.server_name(self.product.address)
        hello = build.client_hello(
            random,
            (suite,),
            version,
            server_name="" if _is_address(name) else name,
            key_shares=_key_shares() if version >= TLS_1_3 else (),
        )
        channel.write(hello)
        try:
            async with asyncio.timeout(self.bench.settings.answer):
                await speaker.heard.wait()
        except TimeoutError:
            pass
        channel.close()
        await self._settle()

    async def _settle(self) -> None:
        """Let what is on its way arrive."""
        await asyncio.sleep(min(self.bench.settings.settle, 0.05))

    # The product as a client.

    @asynccontextmanager
    async def presenting(self, flaw: Flaw | None) -> AsyncIterator[None]:
        """Our neighbour shows a certificate with a flaw, for the time of a block."""
        neighbour = self.neighbour
        if neighbour.tls is None:
            raise NotDoneError("the target declares no TLS ([tls])")
        neighbour.tls.present(flaw)
        self.world.http.hang_up_at(neighbour.endpoint)
        try:
            yield
        finally:
            neighbour.tls.present(None)

    async def have_product_connect(self) -> None:
        """Bring the product to connect to our neighbour anew. Raises NotDoneError."""
        if self.bench.settings.product == "NRF":
            await self._subscribe()
        else:
            await self.bench.restart_product()
        await self.bench.quiet()

    async def _subscribe(self) -> None:
        """An NRF is a client where it notifies (TS 29.510, 5.2.2.6)."""
        us = self.neighbour
        document = {
            "nfStatusNotificationUri": us.uri(_CALLBACK),
            "reqNfType": us.nf_type,
            "subscrCond": {"nfType": "AF"},
            "reqNotifEvents": ["NF_REGISTERED"],
        }
        body = service.json_body(document)
        answer = await us.send(self.product, "POST", "/nnrf-nfm/v1/subscriptions", body)
        if answer.status != 201:
            raise NotDoneError(f"the NRF took no subscription: status {answer.status}")
        document = service.json_of(answer) or {}
        # One that was not there before: of a profile that comes again nobody need be told.
        new = await register_nf(self.bench.services)
        await us.send(self.product, new.method, new.target, service.json_body(new.document))
        await self.bench.quiet()
        identity = document.get("subscriptionId", "")
        await us.send(self.product, "DELETE", f"/nnrf-nfm/v1/subscriptions/{identity}")
        await us.send(self.product, "DELETE", new.target)


class _Listener:
    """Waits for the first octets, or the end."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    def ready(self) -> None:
        """The connection is up."""

    def received(self, octets: bytes) -> None:
        """An answer, whatever it is: the trace has it."""
        self.heard.set()

    def ended(self, reason: str) -> None:
        """The product hung up."""
        self.heard.set()


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


def _key_shares() -> tuple[tuple[int, bytes], ...]:
    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    point = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return (
        (build.X25519, x25519.X25519PrivateKey.generate().public_key().public_bytes(*raw)),
        (
            build.SECP256R1,
            ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*point),
        ),
    )
