"""In front of an NRF: functions of ours of any type, with any profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from makmal.bench.not_done import NotDoneError
from makmal.bench.service_call import Call
from makmal.bench.service_operations import fresh_uuid
from makmal.network import service
from makmal.network.service import Body
from makmal.protocol.sbi import HttpMessage
from makmal.testcases.reading import TESTER

if TYPE_CHECKING:
    from makmal.bench.service_bench import ServiceBench

_INSTANCES = "/nnrf-nfm/v1/nf-instances"


class NrfBench:
    """Its methods raise UnreachableError, and NotDoneError where the NRF does not go along."""

    # Slices of no other use.
    SLICE_A: ClassVar[dict[str, Any]] = {"sst": 201, "sd": "00000a"}
    SLICE_B: ClassVar[dict[str, Any]] = {"sst": 202, "sd": "00000b"}
    # A service that only the producers of a test offer.
    SERVICE = "naf-eventexposure"

    def __init__(self, services: ServiceBench) -> None:
        self.services = services

    @property
    def plmn(self) -> dict[str, str]:
        """The network."""
        return {"mcc": self.services.plan.mcc, "mnc": self.services.plan.mnc}

    def unknown(self) -> str:
        """The identity of a function that registers nowhere."""
        return fresh_uuid(self.services)

    async def register(self, nf_type: str, *, at: str | None = None, **members: Any) -> str:
        """Register a function with these members of its profile; under the identity of another if
        one is given. Its identity.
        """
        identity = fresh_uuid(self.services)
        profile = {
            "nfInstanceId": identity,
            "nfType": nf_type,
            "nfStatus": "REGISTERED",
            "plmnList": [self.plmn],
            "ipv4Addresses": [self.services.consumer("AMF").endpoint.address],
            **members,
        }
        answer = await self._send(Call("PUT", f"{_INSTANCES}/{at or identity}", profile))
        if at is None and answer.status not in (200, 201):
            raise NotDoneError(f"the NRF refused to register our {nf_type}: {answer.status}")
        return identity

    async def register_producer(self, allowed: list[str]) -> str:
        """A producer that these NF types may use."""
        address = self.services.consumer("AMF").endpoint.address
        offered = {
            "serviceInstanceId": "1",
            "serviceName": self.SERVICE,
            "versions": [{"apiVersionInUri": "v1", "apiFullVersion": "1.0.0"}],
            "scheme": self.services.plan.scheme,
            "nfServiceStatus": "REGISTERED",
            "ipEndPoints": [{"ipv4Address": address, "port": 8088}],
        }
        return await self.register("AF", allowedNfTypes=allowed, nfServices=[offered])

    async def change(self, identity: str, path: str, value: Any) -> HttpMessage:
        """NFUpdate of one attribute (TS 29.510, 5.2.2.3)."""
        operations = [{"op": "replace", "path": path, "value": value}]
        call = Call(
            "PATCH", f"{_INSTANCES}/{identity}", operations, content_type=service.JSON_PATCH
        )
        return await self._send(call)

    async def discover(
        self,
        producer: str,
        requester: str | None,
        *,
        requester_nf_type: str = "SMF",
        **parameters: Any,
    ) -> HttpMessage:
        """NFDiscover of one producer (5.3.2.2), with these query parameters."""
        query: dict[str, Any] = {
            "target-nf-type": "AF",
            "requester-nf-type": requester_nf_type,
            "target-nf-instance-id": producer,
        }
        if requester is not None:
            query["requester-nf-instance-id"] = requester
        query |= {name.replace("_", "-"): value for name, value in parameters.items()}
        return await self._send(
            Call("GET", "/nnrf-disc/v1/nf-instances", query=query), requester_nf_type
        )

    async def subscribe(self, name: str, nf_type: str) -> HttpMessage:
        """NFStatusSubscribe of a consumer to functions of type AF (5.2.2.5)."""
        document = {
            "nfStatusNotificationUri": self.services.callback("AMF", name),
            "reqNfType": nf_type,
            "subscrCond": {"nfType": "AF"},
            "reqNotifEvents": ["NF_REGISTERED"],
        }
        # An NRF may tell the type of a consumer by its user agent (TS 29.500, 5.2.2.2).
        return await self._send(Call("POST", "/nnrf-nfm/v1/subscriptions", document), nf_type)

    async def ask_token(
        self, requester: str, nf_type: str, scope: str, producer: str
    ) -> HttpMessage:
        """AccessTokenGet (5.4.2.2)."""
        form = (
            f"grant_type=client_credentials&nfInstanceId={requester}&nfType={nf_type}"
            f"&targetNfType=AF&targetNfInstanceId={producer}&scope={quote(scope)}"
        )
        function, to = self.services.consumer("AMF"), self.services.endpoint
        message = service.request(
            "POST",
            "/oauth2/token",
            Body("application/x-www-form-urlencoded", form.encode()),
            authority=f"{to.address}:{to.port}",
            agent=f"{nf_type}-{TESTER}",
        )
        return await function.deliver(to, message, self.services.bench.settings.answer)

    async def _send(self, call: Call, nf_type: str = "AMF") -> HttpMessage:
        return await self.services.send(call, nf_type)
