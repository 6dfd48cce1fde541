"""The NSSAAF with the AAA server of the slices behind it (TS 29.526; TS 33.501, 16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from makmal.network import service, slice_eap, slices
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.slice_eap import SliceCredential
from makmal.network.slices import Slice
from makmal.network.subscription import Subscription
from makmal.network.world import World
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas.eap import EapMethod, EapPacket, decode_eap
from makmal.protocol.sbi import HttpMessage

_AUTHENTICATIONS = "/nnssaaf-nssaa/v1/slice-authentications"
_CHALLENGE_OCTETS = 16


@dataclass(frozen=True, slots=True)
class NssaafPolicy:
    """``authenticates`` is whether the AAA server lets a UE in that proves its secret."""

    authenticates: bool = True
    verifies_secret: bool = True


@dataclass(slots=True)
class _Authentication:
    gpsi: str
    s_nssai: Slice
    credential: SliceCredential | None
    challenge: bytes
    identifier: int
    revocation: str
    again: str


class Nssaaf(NetworkFunction):
    """``authentications`` by their authCtxId, kept for notifications after they ended."""

    nf_type = "NSSAAF"
    services = ("nnssaaf-nssaa",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: NssaafPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
        subscriptions: Iterable[Subscription] = (),
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or NssaafPolicy()
        self.authentications: dict[str, _Authentication] = {}
        self._supis = tuple(each.supi for each in subscriptions)
        self._next = 1
        self.route("POST", _AUTHENTICATIONS, self._begin)
        self.route("PUT", f"{_AUTHENTICATIONS}/{{authCtxId}}", self._confirm)

    async def _begin(self, request: ServiceRequest) -> HttpMessage:
        """The UE has said who it is to the slice: challenge it (TS 29.526, 5.2.2.2)."""
        gpsi = request.required("gpsi", str)
        s_nssai = slices.from_json(request.required("snssai", dict))
        packet = _packet(request.required("eapIdRsp", str))
        if s_nssai is None:
            raise ServiceError(400, "MANDATORY_IE_INCORRECT", "snssai")
        if packet.method != EapMethod.IDENTITY:
            raise ServiceError(403, "AUTHENTICATION_REJECTED", "no EAP identity")
        identifier = (packet.identifier + 1) & 0xFF
        authentication = _Authentication(
            gpsi,
            s_nssai,
            self._credential(packet.data.decode("utf-8", "replace"), s_nssai),
            self.world.random_octets(_CHALLENGE_OCTETS),
            identifier,
            str(request.object.get("revocNotifUri") or ""),
            str(request.object.get("reauthNotifUri") or ""),
        )
        number = str(self._next)
        self._next += 1
        self.authentications[number] = authentication
        message = slice_eap.challenge(identifier, authentication.challenge)
        document = {
            "gpsi": gpsi,
            "snssai": slices.to_json(s_nssai),
            "authCtxId": number,
            "eapMessage": service.base64_text(message),
        }
        location = self.uri(f"{_AUTHENTICATIONS}/{number}")
        return service.response(201, service.json_body(document), location=location)

    def _credential(self, identity: str, s_nssai: Slice) -> SliceCredential | None:
        for supi in self._supis:
            found = slice_eap.credential_of(supi, s_nssai)
            if found.identity == identity:
                return found
        return None

    async def _confirm(self, request: ServiceRequest) -> HttpMessage:
        """The UE has answered: the AAA server decides (5.2.2.3)."""
        found = self.authentications.get(request.parameters["authCtxId"])
        if found is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        packet = _packet(request.required("eapMessage", str))
        proven = found.credential is not None and slice_eap.proves(
            packet, found.challenge, found.credential.secret
        )
        passed = self.policy.authenticates and (proven or not self.policy.verifies_secret)
        message = slice_eap.result(packet.identifier, passed)
        document: dict[str, Any] = {
            "gpsi": found.gpsi,
            "snssai": slices.to_json(found.s_nssai),
            "eapMessage": service.base64_text(message),
            "authResult": "EAP_SUCCESS" if passed else "EAP_FAILURE",
        }
        return service.response(200, service.json_body(document))

    async def revoke(self, s_nssai: Slice) -> HttpMessage:
        """Take the slice away from the UE that was authenticated for it last (5.2.2.5).

        Raises ValueError when none was, UnreachableError when the AMF is not there.
        """
        for found in reversed(self.authentications.values()):
            if found.s_nssai == s_nssai and found.revocation:
                document = {
                    "notifType": "SLICE_REVOCATION",
                    "gpsi": found.gpsi,
                    "snssai": slices.to_json(s_nssai),
                }
                return await self.call("POST", found.revocation, service.json_body(document))
        raise ValueError("no UE was authenticated for this slice")


def _packet(text: str) -> EapPacket:
    try:
        return decode_eap(service.octets_of_base64(text))
    except DecodeError as error:
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", str(error)) from None
