"""Authentication at the bench: what a USIM answers, without a UE, to AUSF and UDM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from makmal.bench.not_done import NotDoneError
from makmal.bench.service_call import Call
from makmal.network import service
from makmal.network.date_time import date_time
from makmal.network.service import ServiceError
from makmal.network.subscription import Subscription, suci_of, suci_text
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import eap
from makmal.protocol.sbi import HttpMessage
from makmal.security import eap_aka_prime, keys, milenage, tuak
from makmal.security.authentication import xor

if TYPE_CHECKING:
    from makmal.bench.service_bench import ServiceBench

_SQN_OCTETS = 6
# How far ahead of the home network a USIM is that lost step (TS 33.102, C.2.1).
_AHEAD = 1 << 20
_AUTHENTICATIONS = "/nausf-auth/v1/ue-authentications"
_MAC_OCTETS = 16
A = eap.EapAttributeType


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the AUSF sent for a UE: the resource to answer at, and RAND and AUTN."""

    resource: str
    rand: bytes
    autn: bytes
    packet: bytes = b""


class AuthenticationBench:
    """In front of a UDM as AUSF, in front of an AUSF as AMF. Its methods raise UnreachableError,
    and NotDoneError where an answer does not let it go on.
    """

    def __init__(self, services: ServiceBench) -> None:
        self.services = services

    def suci(self, subscription: Subscription, scheme: int) -> str:
        """A concealed identity by a protection scheme."""
        try:
            made = suci_of(
                subscription,
                scheme,
                self.services.plan.home_network_keys,
                self.services.world.random_octets(32),
            )
        except ValueError as error:
            raise NotDoneError(f"{error}: the target names none") from None
        return suci_text(made)

    # Towards the UDM.

    async def get_vector(self, identity: str, resynchronisation: Any = None) -> HttpMessage:
        """Nudm_UEAuthentication_Get (TS 29.503, 5.4.2.2)."""
        document = {
            "servingNetworkName": self.services.plan.serving_network_name,
            "ausfInstanceId": self.services.consumer("AUSF").instance,
        }
        if resynchronisation is not None:
            document["resynchronizationInfo"] = resynchronisation
        path = f"/nudm-ueau/v1/{identity}/security-information/generate-auth-data"
        return await self.services.ask(Call("POST", path, document), "AUSF", "nudm-ueau")

    async def confirm_result(self, supi: str, *, success: bool) -> HttpMessage:
        """Nudm_UEAuthentication_ResultConfirmation (5.4.2.3)."""
        services = self.services
        document = {
            "nfInstanceId": services.consumer("AUSF").instance,
            "success": success,
            "timeStamp": date_time(services.world.now_ns),
            "authType": "5G_AKA",
            "servingNetworkName": services.plan.serving_network_name,
        }
        call = Call("POST", f"/nudm-ueau/v1/{supi}/auth-events", document)
        return await services.ask(call, "AUSF", "nudm-ueau")

    def resynchronisation(
        self, subscription: Subscription, answer: HttpMessage, *, forged: bool = False
    ) -> dict[str, str]:
        """RAND and AUTS of a USIM that is ahead; ``forged``: with a wrong MAC-S."""
        vector = _member(answer, "authenticationVector")
        try:
            rand, autn = bytes.fromhex(vector["rand"]), bytes.fromhex(vector["autn"])
        except (KeyError, TypeError, ValueError) as error:
            raise NotDoneError(f"the vector cannot be read: {error!r}") from None
        return _resynchronisation(subscription, rand, autn, forged)

    def synchronisation_failure(
        self, subscription: Subscription, challenge: Challenge
    ) -> dict[str, str]:
        """The same of a challenge."""
        return _resynchronisation(subscription, challenge.rand, challenge.autn, forged=False)

    # Towards the AUSF.

    async def begin(
        self,
        identity: str,
        network: str | None = None,
        resynchronisation: dict[str, str] | None = None,
    ) -> HttpMessage:
        """Nausf_UEAuthentication_Authenticate (TS 29.509, 5.2.2.2)."""
        document: dict[str, Any] = {
            "supiOrSuci": identity,
            "servingNetworkName": network or self.services.plan.serving_network_name,
        }
        if resynchronisation is not None:
            document["resynchronizationInfo"] = resynchronisation
        return await self.services.ask(
            Call("POST", _AUTHENTICATIONS, document), "AMF", "nausf-auth"
        )

    def challenge(self, answer: HttpMessage) -> Challenge:
        """The challenge that an answer holds."""
        data = _member(answer, "5gAuthData")
        links = _member(answer, "_links")
        try:
            link = links.get("5g-aka") or links["eap-session"]
            path = _path(link["href"] if isinstance(link, dict) else link[0]["href"])
            if isinstance(data, dict):
                rand, autn = bytes.fromhex(data["rand"]), bytes.fromhex(data["autn"])
                return Challenge(path, rand, autn)
            octets = service.octets_of_base64(data)
            packet = eap.decode_eap(octets)
            rand = (packet.attribute(A.AT_RAND) or b"")[2:]
            autn = (packet.attribute(A.AT_AUTN) or b"")[2:]
            return Challenge(path, rand, autn, octets)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise NotDoneError(f"the AUSF's challenge cannot be read: {error!r}") from None
        except (DecodeError, ServiceError) as error:
            raise NotDoneError(f"the AUSF's challenge cannot be read: {error}") from None

    def res_star(self, subscription: Subscription, challenge: Challenge) -> bytes:
        """The right answer of 5G AKA."""
        functions = tuak if subscription.algorithm_set == "tuak" else milenage
        result = functions.f2_to_f5(subscription.key, subscription.opc, challenge.rand)
        name = self.services.plan.serving_network_name
        return keys.res_star(result.ck, result.ik, name, challenge.rand, result.res)

    async def confirm(self, challenge: Challenge, res_star: bytes | None) -> HttpMessage:
        """Pass RES* on, or that there was none (TS 29.509, 5.2.2.2.2)."""
        document = {"resStar": None if res_star is None else res_star.hex()}
        return await self.services.ask(
            Call("PUT", challenge.resource, document), "AMF", "nausf-auth"
        )

    def eap_response(
        self,
        subscription: Subscription,
        challenge: Challenge,
        *,
        wrong_res: bool = False,
        wrong_mac: bool = False,
    ) -> bytes:
        """EAP-Response/AKA'-Challenge (RFC 9048, 3; RFC 4187, 9.4)."""
        functions = tuak if subscription.algorithm_set == "tuak" else milenage
        result = functions.f2_to_f5(subscription.key, subscription.opc, challenge.rand)
        plan = self.services.plan
        ck_prime, ik_prime = keys.ck_ik_prime(
            result.ck, result.ik, plan.serving_network_name, challenge.autn[:_SQN_OCTETS]
        )
        identity = eap_aka_prime.peer_identity(subscription.supi)
        derived = eap_aka_prime.derive_keys(ik_prime, ck_prime, identity)
        res = result.res[:-1] + bytes((result.res[-1] ^ 0xFF,)) if wrong_res else result.res
        value = (len(res) * 8).to_bytes(2, "big") + res
        value += bytes(-(len(value) + 2) % 4)
        request = eap.decode_eap(challenge.packet)
        octets = eap.encode_eap(
            eap.EapPacket(
                eap.EapCode.RESPONSE,
                request.identifier,
                eap.EapMethod.AKA_PRIME,
                eap.EapSubtype.CHALLENGE,
                (
                    eap.EapAttribute(A.AT_RES, value),
                    eap.EapAttribute(A.AT_MAC, bytes(2 + _MAC_OCTETS)),
                ),
            )
        )
        mac = eap_aka_prime.at_mac(derived.k_aut, octets)
        if wrong_mac:
            mac = mac[:-1] + bytes((mac[-1] ^ 0xFF,))
        return octets[:-_MAC_OCTETS] + mac

    async def answer_eap(self, challenge: Challenge, response: bytes) -> HttpMessage:
        """Pass an EAP message on (TS 29.509, 5.2.2.2.3)."""
        document = {"eapPayload": service.base64_text(response)}
        return await self.services.ask(
            Call("POST", challenge.resource, document), "AMF", "nausf-auth"
        )

    def eap_subscription(self) -> Subscription:
        """A subscriber who is authenticated by EAP-AKA'."""
        subscription = replace(self.services.bench.new_subscription(), method="EAP_AKA_PRIME")
        self.services.bench.subscribe(subscription)
        return subscription


def _member(answer: HttpMessage, name: str) -> Any:
    try:
        document = service.json_of(answer)
    except ServiceError as error:
        raise NotDoneError(f"the answer cannot be read: {error}") from None
    value = document.get(name) if isinstance(document, dict) else None
    if value is None:
        raise NotDoneError(f"the answer with status {answer.status} holds no {name}")
    return value


def _path(uri: str) -> str:
    return "/" + uri.split("/", 3)[3] if "://" in uri else uri


def _resynchronisation(
    subscription: Subscription, rand: bytes, autn: bytes, forged: bool
) -> dict[str, str]:
    """What a USIM that is ahead answers to a challenge (TS 33.102, 6.3.3)."""
    functions = tuak if subscription.algorithm_set == "tuak" else milenage
    key, opc = subscription.key, subscription.opc
    sqn = int.from_bytes(xor(autn[:_SQN_OCTETS], functions.f5(key, opc, rand)), "big")
    sqn_ms = ((sqn + _AHEAD) % (1 << 48)).to_bytes(_SQN_OCTETS, "big")
    auts = functions.auts(key, opc, rand, sqn_ms)
    if forged:
        auts = auts[:-1] + bytes((auts[-1] ^ 0xFF,))
    return {"rand": rand.hex(), "auts": auts.hex()}
