"""The AUSF: vectors in, challenges out, and the result to SEAF and UDM (TS 33.501, 6.1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, ClassVar

from makmal.network import service
from makmal.network.ausf import eap
from makmal.network.ausf.policy import AusfPolicy
from makmal.network.date_time import date_time
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError, World
from makmal.protocol.sbi import HttpMessage
from makmal.security import eap_aka_prime, keys

_PATH = "/nausf-auth/v1/ue-authentications"
_SECOND = 1_000_000_000
_SUCCESS, _FAILURE = "AUTHENTICATION_SUCCESS", "AUTHENTICATION_FAILURE"
# Refusals of the UDM that the SEAF learns as they are (TS 29.509, table 6.1.7.3-1).
_PASSED_ON = (403, 404, 501)


@dataclass(slots=True)
class _Context:
    """One authentication. ``method`` is "5G_AKA" or "EAP_AKA_PRIME"."""

    asked_for: str
    serving_network: str
    method: str
    supi: str
    expires_ns: int
    # 5G AKA.
    rand: bytes = b""
    autn: bytes = b""
    xres_star: bytes = b""
    k_ausf: bytes = b""
    # EAP-AKA'.
    challenge: eap.Challenge | None = None
    identifier: int = 0
    result: str | None = None
    event: str | None = None


class Ausf(NetworkFunction):
    """Keeps one context for each running authentication, and KAUSF of each UE that passed."""

    nf_type: ClassVar[str] = "AUSF"
    services: ClassVar[tuple[str, ...]] = ("nausf-auth",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: AusfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or AusfPolicy()
        self.log: list[str] = []
        # KAUSF by SUPI, for the protection of later messages (TS 33.501, 6.1.1.4.2).
        self.k_ausf: dict[str, bytes] = {}
        self._contexts: dict[str, _Context] = {}
        self.route("POST", _PATH, self._authenticate)
        self.route("POST", f"{_PATH}/deregister", self._deregister)
        self.route("PUT", f"{_PATH}/{{authCtxId}}/5g-aka-confirmation", self._confirm)
        self.route("POST", f"{_PATH}/{{authCtxId}}/eap-session", self._continue_eap)
        for part in ("5g-aka-confirmation", "eap-session"):
            self.route("DELETE", f"{_PATH}/{{authCtxId}}/{part}", self._delete)

    @property
    def profile(self) -> dict[str, Any]:
        """The NF profile, with the identities it serves (TS 29.510, 6.1.6.2.8)."""
        start, end = self.plan.plmn.ljust(15, "0"), self.plan.plmn.ljust(15, "9")
        return super().profile | {"ausfInfo": {"supiRanges": [{"start": start, "end": end}]}}

    async def _authenticate(self, request: ServiceRequest) -> HttpMessage:
        """Nausf_UEAuthentication_Authenticate (TS 29.509, 5.2.2.2)."""
        asked_for = request.required("supiOrSuci", str)
        serving_network = request.required("servingNetworkName", str)
        self._authorize_network(serving_network)
        information = request.object.get("resynchronizationInfo")
        if not self.policy.passes_resynchronisation_on:
            information = None
        context = await self._new_context(asked_for, serving_network, information)
        identity = self.world.random_octets(16).hex()
        self._forget_expired()
        self._contexts[identity] = context
        resource = self.uri(f"{_PATH}/{identity}")
        document: dict[str, Any] = {
            "authType": context.method,
            "servingNetworkName": serving_network,
        }
        if context.challenge is not None:
            document["5gAuthData"] = service.base64_text(context.challenge.packet)
            document["_links"] = {"eap-session": {"href": f"{resource}/eap-session"}}
        else:
            document["5gAuthData"] = self._vector_of_seaf(context)
            document["_links"] = {"5g-aka": {"href": f"{resource}/5g-aka-confirmation"}}
        return service.response(201, service.json_body(document, service.HAL), location=resource)

    def _authorize_network(self, name: str) -> None:
        expected = (self.plan.serving_network_name, *self.policy.roaming_networks)
        if self.policy.authorizes_serving_network and name not in expected:
            raise ServiceError(403, "SERVING_NETWORK_NOT_AUTHORIZED", name)

    async def _new_context(
        self, asked_for: str, serving_network: str, information: Any
    ) -> _Context:
        """Ask the UDM for a vector. Raises ServiceError with what the SEAF is told."""
        wanted: dict[str, Any] = {
            "servingNetworkName": serving_network,
            "ausfInstanceId": self.instance,
        }
        if information is not None:
            wanted["resynchronizationInfo"] = information
        try:
            answer = await self.call(
                "POST",
                f"/nudm-ueau/v1/{asked_for}/security-information/generate-auth-data",
                service.json_body(wanted),
            )
            document = service.json_of(answer)
        except UnreachableError as error:
            raise ServiceError(504, "NETWORK_FAILURE", str(error)) from None
        document = document if isinstance(document, dict) else {}
        if answer.status != 200:
            if answer.status in _PASSED_ON:
                raise ServiceError(answer.status, str(document.get("cause") or "UNSPECIFIED"))
            raise ServiceError(504, "UPSTREAM_SERVER_ERROR", f"the UDM answered {answer.status}")
        try:
            return self._context(document, asked_for, serving_network)
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceError(
                500, "AV_GENERATION_PROBLEM", f"the UDM's vector cannot be read: {error!r}"
            ) from None

    def _context(self, document: dict[str, Any], asked_for: str, serving_network: str) -> _Context:
        """Raises KeyError, TypeError, ValueError for what is no vector."""
        vector = document["authenticationVector"]
        context = _Context(
            asked_for,
            serving_network,
            document["authType"],
            str(document.get("supi") or asked_for),
            self.world.now_ns + round(self.policy.vector_seconds * _SECOND),
        )
        rand, autn = bytes.fromhex(vector["rand"]), bytes.fromhex(vector["autn"])
        if context.method == "EAP_AKA_PRIME":
            context.identifier = self.world.random_octets(1)[0]
            derived = eap_aka_prime.derive_keys(
                bytes.fromhex(vector["ikPrime"]),
                bytes.fromhex(vector["ckPrime"]),
                eap_aka_prime.peer_identity(context.supi),
            )
            context.challenge = eap.challenge(
                context.identifier,
                rand,
                autn,
                serving_network,
                derived,
                bytes.fromhex(vector["xres"]),
            )
            context.k_ausf = keys.k_ausf_from_emsk(derived.emsk)
        else:
            context.rand, context.autn = rand, autn
            context.xres_star = bytes.fromhex(vector["xresStar"])
            context.k_ausf = bytes.fromhex(vector["kausf"])
        return context

    def _vector_of_seaf(self, context: _Context) -> dict[str, str]:
        """The 5G SE AV: HXRES* in place of XRES*, and no key (TS 33.501, 6.1.3.2.0, 3 to 5)."""
        vector = {
            "rand": context.rand.hex(),
            "autn": context.autn.hex(),
            "hxresStar": keys.hres_star(context.rand, context.xres_star).hex(),
        }
        if not self.policy.withholds_k_seaf:
            vector["kseaf"] = self._k_seaf(context).hex()
        if not self.policy.withholds_supi:
            vector["supi"] = context.supi
        return vector

    def _k_seaf(self, context: _Context) -> bytes:
        return keys.k_seaf(context.k_ausf, context.serving_network)

    def _forget_expired(self) -> None:
        """Contexts that nobody will answer any more; they are in the order of their expiry."""
        while self._contexts:
            identity, context = next(iter(self._contexts.items()))
            # The result of an authentication can be withdrawn for as long again.
            if context.expires_ns + 60 * _SECOND > self.world.now_ns:
                return
            del self._contexts[identity]

    def _find(self, request: ServiceRequest, method: str) -> _Context:
        context = self._contexts.get(request.parameters["authCtxId"])
        if context is None or context.method != method:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        if context.result is not None and self.policy.vector_serves_once:
            raise ServiceError(404, "CONTEXT_NOT_FOUND", "this authentication has ended")
        return context

    def _is_late(self, context: _Context) -> bool:
        return self.policy.heeds_expiry and self.world.now_ns > context.expires_ns

    # 5G AKA.

    async def _confirm(self, request: ServiceRequest) -> HttpMessage:
        """The SEAF passes RES* on (TS 33.501, 6.1.3.2.0, steps 10 to 12)."""
        context = self._find(request, "5G_AKA")
        if "resStar" not in request.object:
            raise ServiceError(400, "MANDATORY_IE_MISSING", "resStar")
        given = request.object["resStar"]
        try:
            # TS 29.509, 6.1.6.3.2: null where the SEAF got no RES*, or a wrong one.
            res_star = b"" if given is None else bytes.fromhex(given)
        except (TypeError, ValueError):
            raise ServiceError(400, "MANDATORY_IE_INCORRECT", "resStar") from None
        matches = compare_digest(res_star, context.xres_star) and not self._is_late(context)
        passed = matches or not self.policy.compares_res_star
        await self._finish(context, passed)
        answer: dict[str, Any] = {"authResult": context.result}
        if passed:
            answer |= {"supi": context.supi, "kseaf": self._k_seaf(context).hex()}
        return service.response(200, service.json_body(answer))

    async def _finish(self, context: _Context, passed: bool) -> None:
        """Remember the result, and tell the UDM (TS 33.501, 6.1.4.1a)."""
        context.result = _SUCCESS if passed else _FAILURE
        if passed:
            self.k_ausf[context.supi] = context.k_ausf
        if not self.policy.informs_udm:
            return
        success = passed if self.policy.informs_udm_of_true_result else True
        try:
            answer = await self.call(
                "POST",
                f"/nudm-ueau/v1/{context.supi}/auth-events",
                service.json_body(self._event(context, success)),
            )
            context.event = answer.header("location")
        except UnreachableError as error:
            # The UE has proved itself all the same.
            self.log.append(f"the UDM was not told of a result: {error}")

    def _event(self, context: _Context, success: bool) -> dict[str, Any]:
        """AuthEvent (TS 29.503, 6.3.6.2.7)."""
        return {
            "nfInstanceId": self.instance,
            "success": success,
            "timeStamp": date_time(self.world.now_ns),
            "authType": context.method,
            "servingNetworkName": context.serving_network,
        }

    # EAP-AKA'.

    async def _continue_eap(self, request: ServiceRequest) -> HttpMessage:
        """TS 29.509, 5.2.2.2.3: one EAP message from the UE, one back."""
        context = self._find(request, "EAP_AKA_PRIME")
        if "eapPayload" not in request.object:
            raise ServiceError(400, "MANDATORY_IE_MISSING", "eapPayload")
        payload = request.object["eapPayload"]
        if not isinstance(payload, str):
            raise ServiceError(400, "MANDATORY_IE_INCORRECT", "eapPayload")
        if context.challenge is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        reading = eap.read_response(
            service.octets_of_base64(payload),
            context.challenge,
            verifies_mac=self.policy.verifies_eap_mac,
            compares_res=self.policy.compares_eap_res,
        )
        if reading.auts is not None and self.policy.passes_resynchronisation_on:
            return await self._challenge_again(request, context, reading.auts)
        passed = reading.passed and not self._is_late(context)
        await self._finish(context, passed)
        answer: dict[str, Any] = {
            "eapPayload": service.base64_text(eap.result(reading.identifier, passed)),
            "authResult": context.result,
        }
        if passed:
            answer |= {"supi": context.supi, "kSeaf": self._k_seaf(context).hex()}
        return service.response(200, service.json_body(answer))

    async def _challenge_again(
        self, request: ServiceRequest, context: _Context, auts: bytes
    ) -> HttpMessage:
        """TS 33.501, 6.1.3.3.1: a new vector after a synchronisation failure."""
        identity = request.parameters["authCtxId"]
        rand = b"" if context.challenge is None else context.challenge.rand
        fresh = await self._new_context(
            context.asked_for,
            context.serving_network,
            {"rand": rand.hex(), "auts": auts.hex()},
        )
        if fresh.challenge is None:
            raise ServiceError(500, "AV_GENERATION_PROBLEM", "the UDM changed the method")
        # At its end, so that contexts stay in the order of their expiry.
        del self._contexts[identity]
        self._contexts[identity] = fresh
        document = {
            "eapPayload": service.base64_text(fresh.challenge.packet),
            "_links": {"eap-session": {"href": self.uri(f"{_PATH}/{identity}/eap-session")}},
        }
        return service.response(200, service.json_body(document, service.HAL))

    # Removal.

    async def _delete(self, request: ServiceRequest) -> HttpMessage:
        """TS 29.509, 5.2.2.2.5: the SEAF has no use for the result, the UDM forgets it too."""
        context = self._contexts.pop(request.parameters["authCtxId"], None)
        if context is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        if self.policy.deletes_k_ausf:
            self.k_ausf.pop(context.supi, None)
        if context.event is not None:
            success = context.result == _SUCCESS
            body = service.json_body(self._event(context, success) | {"authRemovalInd": True})
            try:
                await self.call("PUT", context.event, body)
            except UnreachableError as error:
                self.log.append(f"the UDM keeps a result: {error}")
        return service.response(204)

    async def _deregister(self, request: ServiceRequest) -> HttpMessage:
        """Nausf_UEAuthentication_Deregister (TS 29.509, 5.2.2.4): the security context goes."""
        supi = request.required("supi", str)
        if supi not in self.k_ausf:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        if self.policy.deletes_k_ausf:
            del self.k_ausf[supi]
        return service.response(204)
