"""Nudm_UEAuthentication: vectors, resynchronisation, and the result (TS 29.503, 5.4 and 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from makmal.network import service
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.udm.concealed_identity import deconcealed
from makmal.protocol.sbi import HttpMessage
from makmal.security import keys, milenage, tuak
from makmal.security.authentication import xor

if TYPE_CHECKING:
    from makmal.network.udm.udm import Udm

_SUBSCRIPTION = "authentication-data/authentication-subscription"
_STATUS = "authentication-data/authentication-status"
_RAND_OCTETS = 16
_SQN_OCTETS = 6
_SQN_MODULUS = 1 << (8 * _SQN_OCTETS)
# TS 33.102, C.3.2: the last five bits are an index, which the UDM leaves as it is.
_SQN_STEP = 1 << 5
_SEPARATION_BIT = 0x80
_ANY_NETWORK = "5G:mnc000.mcc000.3gppnetwork.org"


@dataclass(frozen=True, slots=True)
class _Credentials:
    """What the UDR holds of a subscriber; ``functions`` are those of Milenage or TUAK."""

    key: bytes
    opc: bytes
    functions: Any
    management_field: bytes
    sqn: int
    method: str


def serve(udm: Udm) -> None:
    """Take the requests of the AUSF."""

    async def generate(request: ServiceRequest) -> HttpMessage:
        return await _generate(udm, request)

    async def confirm(request: ServiceRequest) -> HttpMessage:
        return await _confirm(udm, request)

    async def remove(request: ServiceRequest) -> HttpMessage:
        return await _remove(udm, request)

    base = "/nudm-ueau/v1"
    udm.route("POST", f"{base}/{{supiOrSuci}}/security-information/generate-auth-data", generate)
    udm.route("POST", f"{base}/{{supi}}/auth-events", confirm)
    udm.route("PUT", f"{base}/{{supi}}/auth-events/{{authEventId}}", remove)


async def _generate(udm: Udm, request: ServiceRequest) -> HttpMessage:
    policy = udm.policy
    serving_network = request.required("servingNetworkName", str)
    request.required("ausfInstanceId", str)
    supi = deconcealed(udm.plan, policy, request.parameters["supiOrSuci"])
    document = await udm.read(supi, _SUBSCRIPTION)
    credentials = _credentials(document)
    sqn = credentials.sqn
    information = request.object.get("resynchronizationInfo")
    if information is not None and policy.resynchronises:
        sqn = _resynchronised(udm, credentials, information)
    if policy.fresh_sequence_number and (
        information is None or policy.makes_new_vector_after_resynchronisation
    ):
        sqn = (sqn + _SQN_STEP) % _SQN_MODULUS
    if sqn != credentials.sqn:
        value = {**document["sequenceNumber"], "sqn": f"{sqn:012x}"}
        await udm.change(
            supi, _SUBSCRIPTION, [{"op": "replace", "path": "/sequenceNumber", "value": value}]
        )
    rand = udm.world.random_octets(_RAND_OCTETS) if policy.fresh_rand else bytes(_RAND_OCTETS)
    network = serving_network if policy.binds_vector_to_serving_network else _ANY_NETWORK
    answer = {
        "authType": credentials.method,
        "authenticationVector": _vector(udm, credentials, rand, sqn, network),
        "supi": supi if policy.names_deconcealed_supi else _neighbour(supi),
    }
    return service.response(200, service.json_body(answer))


def _credentials(document: Any) -> _Credentials:
    """Raises ServiceError 403 for a subscriber who cannot be authenticated."""
    if document is None:
        raise ServiceError(403, "AUTHENTICATION_REJECTED", "the subscriber has no credentials")
    try:
        is_tuak = document.get("algorithmId") == "tuak"
        return _Credentials(
            bytes.fromhex(document["encPermanentKey"]),
            bytes.fromhex(document["encTopcKey" if is_tuak else "encOpcKey"]),
            tuak if is_tuak else milenage,
            bytes.fromhex(document.get("authenticationManagementField") or "8000"),
            int(document["sequenceNumber"]["sqn"], 16),
            document["authenticationMethod"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServiceError(
            403, "AUTHENTICATION_REJECTED", f"the credentials cannot be read: {error!r}"
        ) from None


def _resynchronised(udm: Udm, credentials: _Credentials, information: Any) -> int:
    """SQN_HE after a synchronisation failure (TS 33.102, 6.3.5)."""
    try:
        rand, auts = bytes.fromhex(information["rand"]), bytes.fromhex(information["auts"])
        sqn = credentials.functions.sqn_of_auts(credentials.key, credentials.opc, rand, auts)
        if sqn is None and not udm.policy.verifies_auts:
            hidden = credentials.functions.f5_star(credentials.key, credentials.opc, rand)
            sqn = xor(auts[:_SQN_OCTETS], hidden)
    except (KeyError, TypeError, ValueError):
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "resynchronizationInfo") from None
    if sqn is None:
        raise ServiceError(403, "AUTHENTICATION_REJECTED", "the AUTS is not this subscriber's")
    # Where the next number would be accepted anyway, SQN_HE stays (6.3.5, c).
    return max(int.from_bytes(sqn, "big"), credentials.sqn)


def _vector(
    udm: Udm, credentials: _Credentials, rand: bytes, sqn: int, network: str
) -> dict[str, str]:
    """A 5G HE AV or an EAP-AKA' AV (TS 33.501, 6.1.3.2.0, step 1, and 6.1.3.1, step 1)."""
    functions, key, opc = credentials.functions, credentials.key, credentials.opc
    field = credentials.management_field
    if udm.policy.sets_separation_bit:
        field = bytes((field[0] | _SEPARATION_BIT,)) + field[1:]
    else:
        field = bytes((field[0] & ~_SEPARATION_BIT,)) + field[1:]
    number = sqn.to_bytes(_SQN_OCTETS, "big")
    result = functions.f2_to_f5(key, opc, rand)
    hidden = xor(number, result.ak)
    autn = hidden + field + functions.f1(key, opc, rand, number, field)
    vector = {"rand": rand.hex(), "autn": autn.hex()}
    if credentials.method == "EAP_AKA_PRIME":
        ck_prime, ik_prime = keys.ck_ik_prime(result.ck, result.ik, network, hidden)
        return vector | {
            "avType": "EAP_AKA_PRIME",
            "xres": result.res.hex(),
            "ckPrime": ck_prime.hex(),
            "ikPrime": ik_prime.hex(),
        }
    if credentials.method != "5G_AKA":
        raise ServiceError(501, "UNSUPPORTED_AUTHENTICATION_METHOD", credentials.method)
    return vector | {
        "avType": "5G_HE_AKA",
        "xresStar": keys.res_star(result.ck, result.ik, network, rand, result.res).hex(),
        "kausf": keys.k_ausf(result.ck, result.ik, network, hidden).hex(),
    }


def _neighbour(supi: str) -> str:
    """Another subscriber: what a UDM that gets the concealed identity wrong would say."""
    return supi[:-1] + ("0" if supi[-1:] != "0" else "1")


async def _confirm(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """Nudm_UEAuthentication_ResultConfirmation (TS 33.501, 6.1.4.1a)."""
    event = _event(request)
    supi = request.parameters["supi"]
    if udm.policy.stores_authentication_status:
        stored = event if udm.policy.stores_result_as_reported else {**event, "success": True}
        await udm.store(supi, f"{_STATUS}/{event['servingNetworkName']}", stored)
    identity = _event_id(event)
    return service.response(
        201,
        service.json_body(event),
        location=udm.uri(f"/nudm-ueau/v1/{supi}/auth-events/{identity}"),
    )


async def _remove(udm: Udm, request: ServiceRequest) -> HttpMessage:
    """The AUSF withdraws a result (TS 29.503, 5.4.2.4)."""
    event = _event(request)
    if not event.get("authRemovalInd") or request.parameters["authEventId"] != _event_id(event):
        raise ServiceError(404, "DATA_NOT_FOUND", "no such result to remove")
    await udm.ask("DELETE", request.parameters["supi"], f"{_STATUS}/{event['servingNetworkName']}")
    return service.response(204)


def _event(request: ServiceRequest) -> dict[str, Any]:
    """The mandatory members of AuthEvent (TS 29.503, 6.3.6.2.7)."""
    for name in ("nfInstanceId", "timeStamp", "authType", "servingNetworkName"):
        request.required(name, str)
    request.required("success", bool)
    return request.object


def _event_id(event: dict[str, Any]) -> str:
    # One result is kept for each serving network, so the network's name makes the id.
    return sha256(event["servingNetworkName"].encode()).hexdigest()[:16]


async def was_authenticated(udm: Udm, supi: str, serving_network: str) -> bool:
    """Whether the last result from a serving network is a success."""
    status = await udm.read(supi, f"{_STATUS}/{serving_network}")
    return isinstance(status, dict) and status.get("success") is True
