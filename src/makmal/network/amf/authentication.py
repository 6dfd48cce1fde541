"""Primary authentication as the SEAF does it (TS 33.501, 6.1.2 and 6.1.3; TS 24.501, 5.4.1)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from makmal.network import service
from makmal.network.amf import downlink
from makmal.network.amf.context import UeContext
from makmal.network.world import ServiceTimeoutError, UnreachableError
from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import ie
from makmal.protocol.sbi import HttpMessage
from makmal.security import keys

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
ABBA = b"\0\0"
_PATH = "/nausf-auth/v1/ue-authentications"
# 5GMM causes (TS 24.501, 9.11.3.2).
_MAC_FAILURE, _SYNCH_FAILURE, _NON_5G, _NGKSI_IN_USE = 20, 21, 26, 71
_MOST_CHALLENGES = 3


class Outcome(Enum):
    """How an authentication ended."""

    AUTHENTICATED = auto()
    # The UE proved nothing, or somebody said so.
    FAILED = auto()
    # The AUSF cannot be asked, or does not answer.
    NO_AUSF = auto()
    NO_ANSWER = auto()
    UNKNOWN_SUBSCRIBER = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """With AUTHENTICATED: KAMF, the SUPI, and the EAP-Success that goes to the UE, if any."""

    outcome: Outcome
    k_amf: bytes = b""
    supi: str = ""
    eap_message: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Challenge:
    """What the AUSF gave: a 5G serving environment vector, or an EAP message."""

    link: str
    rand: bytes = b""
    autn: bytes = b""
    hxres_star: bytes = b""
    eap: bytes = b""


async def authenticate(amf: Amf, context: UeContext, supi_or_suci: str) -> Result:
    """Run 5G AKA or EAP-AKA', as the home network chooses."""
    context.key_set_identifier = (context.key_set_identifier + 1) % 7
    try:
        challenge = await _new_challenge(amf, supi_or_suci, None)
        if isinstance(challenge, Outcome):
            return Result(challenge)
        if challenge.eap:
            return await _eap(amf, context, challenge)
        return await _aka(amf, context, supi_or_suci, challenge)
    except UnreachableError as error:
        amf.log.append(f"authentication without AUSF: {error}")
        return Result(Outcome.NO_AUSF)


async def _new_challenge(
    amf: Amf, supi_or_suci: str, resynchronisation: dict[str, str] | None
) -> _Challenge | Outcome:
    wanted: dict[str, Any] = {
        "supiOrSuci": supi_or_suci,
        "servingNetworkName": amf.plan.serving_network_name,
    }
    if resynchronisation is not None:
        wanted["resynchronizationInfo"] = resynchronisation
    answer = await amf.call(
        "POST", _PATH, service.json_body(wanted), seconds=amf.policy.timers.service
    )
    if answer.status == 404:
        return Outcome.UNKNOWN_SUBSCRIBER
    if answer.status != 201:
        return Outcome.FAILED
    return _read_challenge(answer)


def _read_challenge(answer: HttpMessage) -> _Challenge | Outcome:
    document = service.json_of(answer)
    try:
        links = document["_links"]
        data = document["5gAuthData"]
        if isinstance(data, str):
            return _Challenge(_href(links["eap-session"]), eap=b64decode(data))
        return _Challenge(
            _href(links["5g-aka"]),
            bytes.fromhex(data["rand"]),
            bytes.fromhex(data["autn"]),
            bytes.fromhex(data["hxresStar"]),
        )
    except (KeyError, TypeError, ValueError, BinasciiError):
        return Outcome.FAILED


def _href(link: Any) -> str:
    # TS 29.571, 5.2.4.12: a link, or a list of links.
    return str((link[0] if isinstance(link, list) else link)["href"])


async def _aka(amf: Amf, context: UeContext, supi_or_suci: str, challenge: _Challenge) -> Result:
    policy = amf.policy
    for _ in range(_MOST_CHALLENGES):
        answer = await _ask_ue(amf, context, challenge)
        if answer is None:
            return Result(Outcome.NO_ANSWER)
        if answer.message_type == M.AUTHENTICATION_FAILURE:
            cause = answer.get(ie.FIVE_GMM_CAUSE)
            if cause == _NGKSI_IN_USE:
                context.key_set_identifier = (context.key_set_identifier + 1) % 7
                continue
            auts = answer.get(ie.AUTHENTICATION_FAILURE_PARAMETER)
            if cause != _SYNCH_FAILURE or auts is None:
                return Result(Outcome.FAILED)
            fresh = await _resynchronise(amf, context, supi_or_suci, challenge, auts)
            if isinstance(fresh, Outcome):
                return Result(fresh)
            challenge = fresh
            continue
        res_star = answer.get(ie.AUTHENTICATION_RESPONSE_PARAMETER) or b""
        # TS 33.501, 6.1.3.2.0, step 9: the SEAF compares before it asks the AUSF.
        matches = compare_digest(keys.hres_star(challenge.rand, res_star), challenge.hxres_star)
        if not matches and policy.compares_hres_star:
            passed = res_star if policy.passes_failed_res_star_to_ausf else None
            await _confirm(amf, challenge, passed)
            return Result(Outcome.FAILED)
        return await _confirmed(amf, challenge, res_star, supi_or_suci)
    return Result(Outcome.FAILED)


async def _ask_ue(amf: Amf, context: UeContext, challenge: _Challenge) -> nas.Message | None:
    request = _request(context, challenge)
    return await downlink.ask(
        amf,
        context,
        lambda: downlink.send(amf, context, request),
        (M.AUTHENTICATION_RESPONSE, M.AUTHENTICATION_FAILURE),
        amf.policy.timers.t3560,
    )


def _request(context: UeContext, challenge: _Challenge) -> nas.Message:
    elements: dict[Any, Any] = {
        ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(context.key_set_identifier),
        ie.ABBA: ABBA,
    }
    if challenge.eap:
        elements[ie.EAP_MESSAGE] = challenge.eap
    else:
        elements[ie.AUTHENTICATION_PARAMETER_RAND] = challenge.rand
        elements[ie.AUTHENTICATION_PARAMETER_AUTN] = challenge.autn
    return nas.build(M.AUTHENTICATION_REQUEST, elements)


async def _resynchronise(
    amf: Amf, context: UeContext, supi_or_suci: str, challenge: _Challenge, auts: bytes
) -> _Challenge | Outcome:
    """TS 33.501, 6.1.3.3.2: no new challenge before the AUSF has answered."""
    policy = amf.policy
    information = {"rand": challenge.rand.hex(), "auts": auts.hex()}
    if not policy.waits_for_ausf_after_synchronisation_failure:
        downlink.send(amf, context, _request(context, challenge))
    return await _new_challenge(amf, supi_or_suci, information if policy.forwards_auts else None)


async def _confirm(amf: Amf, challenge: _Challenge, res_star: bytes | None) -> HttpMessage | None:
    body = service.json_body({"resStar": None if res_star is None else res_star.hex()})
    try:
        return await amf.call("PUT", challenge.link, body, seconds=amf.policy.timers.service)
    except ServiceTimeoutError as error:
        amf.log.append(str(error))
        return None


async def _confirmed(amf: Amf, challenge: _Challenge, res_star: bytes, supi_or_suci: str) -> Result:
    policy = amf.policy
    answer = await _confirm(amf, challenge, res_star)
    document = {} if answer is None else service.json_of(answer) or {}
    result = document.get("authResult")
    supi = str(document.get("supi") or supi_or_suci)
    k_seaf = bytes.fromhex(document.get("kseaf") or "")
    if answer is None and not policy.proceeds_without_ausf:
        return Result(Outcome.NO_AUSF)
    if result != "AUTHENTICATION_SUCCESS" and answer is not None and policy.heeds_ausf_result:
        return Result(Outcome.FAILED)
    # With a fault: a UE that was not authenticated shares no key; any will be as wrong.
    k_seaf = k_seaf or bytes(32)
    return Result(Outcome.AUTHENTICATED, keys.k_amf(k_seaf, supi, ABBA), supi)


async def _eap(amf: Amf, context: UeContext, challenge: _Challenge) -> Result:
    """TS 33.501, 6.1.3.1: the SEAF passes EAP messages on, and learns the result."""
    message, link = challenge.eap, challenge.link
    for _ in range(_MOST_CHALLENGES):
        answer = await _ask_ue(amf, context, _Challenge(link, eap=message))
        if answer is None:
            return Result(Outcome.NO_ANSWER)
        payload = answer.raw(ie.EAP_MESSAGE)
        if payload is None:
            return Result(Outcome.FAILED)
        body = service.json_body({"eapPayload": b64encode(payload).decode()})
        response = await amf.call("POST", link, body, seconds=amf.policy.timers.service)
        document = service.json_of(response) or {}
        try:
            message = b64decode(document.get("eapPayload") or "")
        except (BinasciiError, DecodeError):
            return Result(Outcome.FAILED)
        result = document.get("authResult")
        if result == "AUTHENTICATION_SUCCESS" or (
            result == "AUTHENTICATION_FAILURE" and not amf.policy.heeds_ausf_result
        ):
            supi = str(document.get("supi") or "")
            k_seaf = bytes.fromhex(document.get("kSeaf") or "") or bytes(32)
            return Result(Outcome.AUTHENTICATED, keys.k_amf(k_seaf, supi, ABBA), supi, message)
        if result == "AUTHENTICATION_FAILURE" or not message:
            return Result(Outcome.FAILED, eap_message=message or None)
        link = _href((document.get("_links") or {}).get("eap-session") or {"href": link})
    return Result(Outcome.FAILED)


def reject(amf: Amf, context: UeContext, eap_message: bytes | None = None) -> None:
    """AUTHENTICATION REJECT (TS 24.501, 5.4.1.3.5)."""
    elements: dict[Any, Any] = {} if eap_message is None else {ie.EAP_MESSAGE: eap_message}
    downlink.send(amf, context, nas.build(M.AUTHENTICATION_REJECT, elements))


async def unsolicited_failure(amf: Amf, context: UeContext, message: nas.Message) -> None:
    """The fault: a failure that answers no challenge is passed on, as if it did."""
    auts = message.get(ie.AUTHENTICATION_FAILURE_PARAMETER) or bytes(14)
    information = {"rand": bytes(16).hex(), "auts": auts.hex()}
    try:
        await _new_challenge(amf, context.supi or "", information)
    except UnreachableError as error:
        amf.log.append(str(error))
