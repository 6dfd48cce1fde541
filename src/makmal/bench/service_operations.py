"""A service operation of each product class that any product of it should offer, with a request
that it should serve: what the test cases of TS 33.117 change one thing of.

For each class, the first operation that the product serves is used.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

from makmal.bench.service_call import Call
from makmal.network import provisioned_data, slices
from makmal.network.date_time import date_time
from makmal.network.service import N1_CONTENT, base64_text
from makmal.network.subscription import Subscription, suci_of, suci_text
from makmal.network.user_location import nr_location
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.bench.service_bench import ServiceBench

M = nas.MessageType
_CAUSE_MESSAGE_NOT_COMPATIBLE = 101
_IPV4 = 1
# The cell that a UE of the tester is said to be in.
_CELL = 0x1001


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is the standard's; ``consumer`` the NF type that asks for it. ``make`` prepares what
    the operation needs and gives a request that no other request has used up.
    """

    name: str
    reference: str
    service: str
    consumer: str
    make: Callable[[ServiceBench], Awaitable[Call]]


def _plmn(bench: ServiceBench) -> dict[str, str]:
    return {"mcc": bench.plan.mcc, "mnc": bench.plan.mnc}


def _guami(bench: ServiceBench) -> dict[str, object]:
    plan = bench.plan
    identifier = f"{plan.amf_region:02x}{plan.amf_set << 6 | plan.amf_pointer:04x}"
    return {"plmnId": _plmn(bench), "amfId": identifier}


def _tai(bench: ServiceBench) -> dict[str, object]:
    return {"plmnId": _plmn(bench), "tac": f"{bench.plan.tac:06x}"}


def _slice(bench: ServiceBench) -> dict[str, object]:
    return slices.to_json(bench.plan.slices[0])


def fresh_uuid(bench: ServiceBench) -> str:
    """A UUID that nobody has used."""
    return str(uuid5(NAMESPACE_DNS, bench.world.random_octets(16).hex()))


async def register_nf(bench: ServiceBench) -> Call:
    """NFRegister of an AF that the NRF does not know."""
    identity = fresh_uuid(bench)
    address = bench.consumer("AMF").endpoint.address
    document = {
        "nfInstanceId": identity,
        "nfType": "AF",
        "nfStatus": "REGISTERED",
        "plmnList": [_plmn(bench)],
        "sNssais": [_slice(bench)],
        "ipv4Addresses": [address],
        "priority": 1,
        "capacity": 100,
        "load": 0,
    }
    return Call("PUT", f"/nnrf-nfm/v1/nf-instances/{identity}", document)


async def _subscribe_nf_status(bench: ServiceBench) -> Call:
    document = {
        "nfStatusNotificationUri": bench.callback("AMF", "nf-status-notify"),
        "reqNfType": "AMF",
        "reqNfInstanceId": bench.consumer("AMF").instance,
        "subscrCond": {"nfType": "AF"},
        "reqNotifEvents": ["NF_DEREGISTERED"],
    }
    return Call("POST", "/nnrf-nfm/v1/subscriptions", document)


def _suci(bench: ServiceBench, subscription: Subscription) -> str:
    ephemeral = bench.world.random_octets(32)
    return suci_text(suci_of(subscription, None, bench.plan.home_network_keys, ephemeral))


async def _get_vector(bench: ServiceBench) -> Call:
    subscription = bench.subscription()
    identity = _suci(bench, subscription)
    return Call(
        "POST",
        f"/nudm-ueau/v1/{identity}/security-information/generate-auth-data",
        {
            "servingNetworkName": bench.plan.serving_network_name,
            "ausfInstanceId": bench.consumer("AUSF").instance,
        },
    )


async def _register_amf(bench: ServiceBench) -> Call:
    supi = bench.subscription().supi
    document = {
        "amfInstanceId": bench.consumer("AMF").instance,
        "deregCallbackUri": bench.callback("AMF", "dereg-notify"),
        "guami": _guami(bench),
        "ratType": "NR",
        "initialRegistrationInd": True,
    }
    return Call("PUT", f"/nudm-uecm/v1/{supi}/registrations/amf-3gpp-access", document)


async def _subscribe_sdm(bench: ServiceBench) -> Call:
    supi = bench.subscription().supi
    document = {
        "nfInstanceId": bench.consumer("AMF").instance,
        "callbackReference": bench.callback("AMF", "sdm-notify"),
        "monitoredResourceUris": [f"/nudm-sdm/v2/{supi}/am-data"],
    }
    return Call("POST", f"/nudm-sdm/v2/{supi}/sdm-subscriptions", document)


async def _subscribe_udr(bench: ServiceBench) -> Call:
    supi = bench.subscription().supi
    base = "/nudr-dr/v2/subscription-data"
    document = {
        "ueId": supi,
        "callbackReference": bench.callback("UDM", "data-change-notification"),
        "monitoredResourceUris": [f"{base}/{supi}/{bench.plan.plmn}/provisioned-data/am-data"],
    }
    return Call("POST", f"{base}/subs-to-notify", document)


async def _store_registration(bench: ServiceBench) -> Call:
    supi = bench.subscription().supi
    document = (await _register_amf(bench)).document
    return Call(
        "PUT", f"/nudr-dr/v1/subscription-data/{supi}/context-data/amf-3gpp-access", document
    )


async def _authenticate(bench: ServiceBench) -> Call:
    subscription = bench.subscription()
    identity = _suci(bench, subscription)
    document = {
        "supiOrSuci": identity,
        "servingNetworkName": bench.plan.serving_network_name,
        "supportedFeatures": "0",
    }
    return Call("POST", "/nausf-auth/v1/ue-authentications", document)


async def create_sm_context(bench: ServiceBench) -> Call:
    """CreateSMContext for a UE that no other session is of."""
    supi = bench.subscription().supi
    identity = bench.next_session()
    message = nas.build(
        M.PDU_SESSION_ESTABLISHMENT_REQUEST,
        {ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE: 0xFFFF, ie.PDU_SESSION_TYPE: _IPV4},
        pdu_session_id=identity,
        procedure_transaction_identity=1,
    )
    document = {
        "supi": supi,
        "pduSessionId": identity,
        "dnn": bench.plan.dnns[0],
        "sNssai": _slice(bench),
        "servingNfId": bench.consumer("AMF").instance,
        "guami": _guami(bench),
        "servingNetwork": _plmn(bench),
        "requestType": "INITIAL_REQUEST",
        "n1SmMsg": {"contentId": "n1"},
        "anType": "3GPP_ACCESS",
        "ratType": "NR",
        "ueLocation": nr_location(bench.plan.plmn, bench.plan.tac, _CELL),
        "smContextStatusUri": bench.callback("AMF", "sm-context-status"),
    }
    parts = {"n1": (N1_CONTENT, message.encode())}
    return Call("POST", "/nsmf-pdusession/v1/sm-contexts", document, parts=parts)


async def _create_am_policy(bench: ServiceBench) -> Call:
    document = {
        "supi": bench.subscription().supi,
        "notificationUri": bench.callback("AMF", "am-policy-notify"),
        "accessType": "3GPP_ACCESS",
        "ratType": "NR",
        "guami": _guami(bench),
        "suppFeat": "1",
    }
    return Call("POST", "/npcf-am-policy-control/v1/policies", document)


async def _create_sm_policy(bench: ServiceBench) -> Call:
    session = bench.next_session()
    document = {
        "supi": bench.subscription().supi,
        "pduSessionId": session,
        "pduSessionType": "IPV4",
        "dnn": bench.plan.dnns[0],
        # An SMF that has given the UE its address says which (TS 29.512, 4.2.2.2).
        "ipv4Address": f"10.61.1.{session}",
        "servingNetwork": _plmn(bench),
        "sliceInfo": _slice(bench),
        "notificationUri": bench.callback("SMF", "sm-policy-notify"),
    }
    return Call("POST", "/npcf-smpolicycontrol/v1/sm-policies", document)


async def _report_slices(bench: ServiceBench) -> Call:
    identity = bench.consumer("AMF").instance
    document = {
        "supportedNssaiAvailabilityData": [
            {"tai": _tai(bench), "supportedSnssaiList": [_slice(bench)]}
        ]
    }
    return Call("PUT", f"/nnssf-nssaiavailability/v1/nssai-availability/{identity}", document)


async def _select_slice(bench: ServiceBench) -> Call:
    query = {
        "nf-type": "AMF",
        "nf-id": bench.consumer("AMF").instance,
        "slice-info-request-for-pdu-session": {
            "sNssai": _slice(bench),
            "roamingIndication": "NON_ROAMING",
        },
    }
    return Call("GET", "/nnssf-nsselection/v2/network-slice-information", query=query)


async def _authenticate_slice(bench: ServiceBench) -> Call:
    # EAP-Response/Identity (RFC 3748, 5.1), as the UE of a slice gives it.
    supi = bench.subscription().supi
    identity = f"{supi.removeprefix('imsi-')}@slice.example".encode()
    packet = bytes((2, 1)) + (5 + len(identity)).to_bytes(2, "big") + b"\1" + identity
    document = {
        "gpsi": provisioned_data.gpsi(supi),
        "snssai": slices.to_json(bench.authenticated_slice),
        "eapIdRsp": base64_text(packet),
        "amfInstanceId": bench.consumer("AMF").instance,
        "revocNotifUri": bench.callback("AMF", "slice-revocation"),
    }
    return Call("POST", "/nnssaaf-nssaa/v1/slice-authentications", document)


async def _bind(bench: ServiceBench) -> Call:
    pcf = bench.consumer("PCF").endpoint
    document = {
        "supi": bench.subscription().supi,
        "ipv4Addr": f"10.61.0.{bench.next_session()}",
        "dnn": bench.plan.dnns[0],
        "snssai": _slice(bench),
        "pcfIpEndPoints": [{"ipv4Address": pcf.address, "port": pcf.port}],
        "pcfId": bench.consumer("PCF").instance,
    }
    return Call("POST", "/nbsf-management/v1/pcfBindings", document)


async def _charge(bench: ServiceBench) -> Call:
    session = bench.next_session()
    document = {
        "subscriberIdentifier": bench.subscription().supi,
        "chargingId": session,
        "nfConsumerIdentification": {
            "nFName": bench.consumer("SMF").instance,
            "nFPLMNID": _plmn(bench),
            "nodeFunctionality": "SMF",
        },
        "invocationTimeStamp": date_time(bench.world.now_ns),
        "invocationSequenceNumber": 0,
        "notifyUri": bench.callback("SMF", "charging-notify"),
        "pDUSessionChargingInformation": {
            "chargingId": session,
            "pduSessionInformation": {"pduSessionID": session, "dnnId": bench.plan.dnns[0]},
        },
    }
    return Call("POST", "/nchf-convergedcharging/v3/chargingdata", document)


async def _subscribe_amf_status(bench: ServiceBench) -> Call:
    document = {
        "amfStatusUri": bench.callback("SMF", "amf-status-notify"),
        "guamiList": [_guami(bench)],
    }
    return Call("POST", "/namf-comm/v1/subscriptions", document)


async def _transfer_n1(bench: ServiceBench) -> Call:
    """A 5GSM STATUS for a session that there is: what changes nothing."""
    ue = await bench.ue_with_session()
    identity = min(ue.sessions)
    message = nas.build(
        M.FIVE_GSM_STATUS,
        {ie.FIVE_GSM_CAUSE: _CAUSE_MESSAGE_NOT_COMPATIBLE},
        pdu_session_id=identity,
        procedure_transaction_identity=0,
    )
    document = {
        "pduSessionId": identity,
        "n1MessageContainer": {
            "n1MessageClass": "SM",
            "n1MessageContent": {"contentId": "n1"},
        },
    }
    path = f"/namf-comm/v1/ue-contexts/{ue.subscription.supi}/n1-n2-messages"
    return Call("POST", path, document, parts={"n1": (N1_CONTENT, message.encode())})


OPERATIONS: Mapping[str, tuple[Operation, ...]] = {
    "AMF": (
        Operation(
            "Namf_Communication_AMFStatusChangeSubscribe",
            "TS 29.518, 5.2.2.5.1",
            "namf-comm",
            "SMF",
            _subscribe_amf_status,
        ),
        Operation(
            "Namf_Communication_N1N2MessageTransfer",
            "TS 29.518, 5.2.2.3.1",
            "namf-comm",
            "SMF",
            _transfer_n1,
        ),
    ),
    "SMF": (
        Operation(
            "Nsmf_PDUSession_CreateSMContext",
            "TS 29.502, 5.2.2.2",
            "nsmf-pdusession",
            "AMF",
            create_sm_context,
        ),
    ),
    "AUSF": (
        Operation(
            "Nausf_UEAuthentication_Authenticate",
            "TS 29.509, 5.2.2.2",
            "nausf-auth",
            "AMF",
            _authenticate,
        ),
    ),
    "UDM": (
        Operation(
            "Nudm_UEAuthentication_Get", "TS 29.503, 5.4.2.2", "nudm-ueau", "AUSF", _get_vector
        ),
        Operation("Nudm_SDM_Subscribe", "TS 29.503, 5.2.2.3", "nudm-sdm", "AMF", _subscribe_sdm),
        Operation(
            "Nudm_UECM_Registration", "TS 29.503, 5.3.2.2", "nudm-uecm", "AMF", _register_amf
        ),
    ),
    "UDR": (
        Operation("Nudr_DM_Subscribe", "TS 29.504, 5.2.2.7", "nudr-dr", "UDM", _subscribe_udr),
        Operation("Nudr_DM_Create", "TS 29.504, 5.2.2.3", "nudr-dr", "UDM", _store_registration),
    ),
    "NRF": (
        Operation(
            "Nnrf_NFManagement_NFRegister", "TS 29.510, 5.2.2.2", "nnrf-nfm", "AMF", register_nf
        ),
        Operation(
            "Nnrf_NFManagement_NFStatusSubscribe",
            "TS 29.510, 5.2.2.5",
            "nnrf-nfm",
            "AMF",
            _subscribe_nf_status,
        ),
    ),
    "PCF": (
        Operation(
            "Npcf_AMPolicyControl_Create",
            "TS 29.507, 4.2.2",
            "npcf-am-policy-control",
            "AMF",
            _create_am_policy,
        ),
        Operation(
            "Npcf_SMPolicyControl_Create",
            "TS 29.512, 4.2.2",
            "npcf-smpolicycontrol",
            "SMF",
            _create_sm_policy,
        ),
    ),
    "NSSF": (
        Operation(
            "Nnssf_NSSAIAvailability_Update",
            "TS 29.531, 5.3.2.2",
            "nnssf-nssaiavailability",
            "AMF",
            _report_slices,
        ),
        Operation(
            "Nnssf_NSSelection_Get",
            "TS 29.531, 5.2.2.2",
            "nnssf-nsselection",
            "AMF",
            _select_slice,
        ),
    ),
    "NSSAAF": (
        Operation(
            "Nnssaaf_NSSAA_Authenticate",
            "TS 29.526, 5.2.2.2",
            "nnssaaf-nssaa",
            "AMF",
            _authenticate_slice,
        ),
    ),
    "BSF": (
        Operation("Nbsf_Management_Register", "TS 29.521, 4.2.2", "nbsf-management", "PCF", _bind),
    ),
    "CHF": (
        Operation(
            "Nchf_ConvergedCharging_Create",
            "TS 32.290, 5.3.2.2",
            "nchf-convergedcharging",
            "SMF",
            _charge,
        ),
    ),
}
