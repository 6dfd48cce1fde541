"""What an SMF tells PCF, CHF and UDM of a session (TS 23.502, 4.3.2.2.1, steps 7, 9 and 16c).

A neighbour that is not there, or refuses, keeps no session from being established: it is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.chf import DATA
from makmal.network.date_time import date_time
from makmal.network.smf.session import SmSession
from makmal.network.world import UnreachableError
from makmal.protocol.sbi import HttpMessage

if TYPE_CHECKING:
    from makmal.network.smf.smf import Smf

_POLICIES = "/npcf-smpolicycontrol/v1/sm-policies"


async def begin(smf: Smf, session: SmSession) -> None:
    """A session begins."""
    if smf.policy.asks_pcf:
        answer = await _ask(smf, "POST", _POLICIES, _policy_context(smf, session))
        session.sm_policy = _location(answer)
    if smf.policy.charges:
        session.charging_id = _charging_id(smf, session)
        answer = await _ask(smf, "POST", DATA, _charging_data(smf, session, 0))
        session.charging = _location(answer)
    if smf.policy.registers_sessions:
        plmn = {"mcc": smf.plan.mcc, "mnc": smf.plan.mnc}
        document = {
            "smfInstanceId": smf.instance,
            "pduSessionId": session.identity,
            "singleNssai": slices.to_json(session.s_nssai),
            "dnn": session.dnn,
            "plmnId": plmn,
        }
        await _ask(smf, "PUT", _registration(session), document)


async def end(smf: Smf, session: SmSession) -> None:
    """A session has ended."""
    if session.sm_policy:
        await _ask(smf, "POST", f"{session.sm_policy}/delete", {})
    if session.charging:
        await _ask(smf, "POST", f"{session.charging}/release", _charging_data(smf, session, 1))
    if smf.policy.registers_sessions:
        await _ask(smf, "DELETE", _registration(session), None)


def _registration(session: SmSession) -> str:
    base = f"/nudm-uecm/v1/{session.supi}/registrations/smf-registrations"
    return f"{base}/{session.identity}"


async def _ask(smf: Smf, method: str, path: str, document: Any) -> HttpMessage | None:
    body = None if document is None else service.json_body(document)
    try:
        return await smf.call(method, path, body)
    except UnreachableError as error:
        smf.log.append(f"{method} {path} had no answer: {error}")
        return None


def _location(answer: HttpMessage | None) -> str:
    if answer is None or answer.status != 201:
        return ""
    return answer.header("location") or ""


def _charging_id(smf: Smf, session: SmSession) -> int:
    """TS 32.255, 5.1.2: unique among the sessions of the SMF."""
    if smf.policy.charging_ids_from_session_ids:
        return session.identity
    return smf.charging_ids.allocate() if smf.policy.unique_charging_ids else 1


def _policy_context(smf: Smf, session: SmSession) -> dict[str, Any]:
    """SmPolicyContextData (TS 29.512, 5.6.2.3)."""
    return {
        "supi": session.supi,
        "pduSessionId": session.identity,
        "pduSessionType": "IPV4",
        "dnn": session.dnn,
        "sliceInfo": slices.to_json(session.s_nssai),
        "ipv4Address": session.address,
        "notificationUri": smf.uri(f"/nsmf-callback/v1/sm-policy-notify/{session.reference}"),
        "servingNetwork": {"mcc": smf.plan.mcc, "mnc": smf.plan.mnc},
        "accessType": "3GPP_ACCESS",
        "ratType": "NR",
    }


def _charging_data(smf: Smf, session: SmSession, number: int) -> dict[str, Any]:
    """ChargingDataRequest (TS 32.291, 6.1.6.2.1.1) with that of a PDU session (TS 32.255)."""
    return {
        "subscriberIdentifier": session.supi,
        "chargingId": session.charging_id,
        "nfConsumerIdentification": {
            "nFName": smf.instance,
            "nFIPv4Address": smf.endpoint.address,
            "nFPLMNID": {"mcc": smf.plan.mcc, "mnc": smf.plan.mnc},
            "nodeFunctionality": "SMF",
        },
        "invocationTimeStamp": date_time(smf.world.now_ns),
        "invocationSequenceNumber": number,
        "notifyUri": smf.uri(f"/nsmf-callback/v1/charging-notify/{session.reference}"),
        "pDUSessionChargingInformation": {
            "chargingId": session.charging_id,
            "pduSessionInformation": {
                "pduSessionID": session.identity,
                "dnnId": session.dnn,
                "networkSlicingInfo": {"sNSSAI": slices.to_json(session.s_nssai)},
                "pduType": "IPV4",
            },
        },
    }
