"""Registration with 5G AKA, as the AMF's policy has it (TS 23.502, 4.2.2.2; TS 33.501, 6.1.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.network import n2_messages
from makmal.network.nas_security import NasSecurity
from makmal.network.subscription import MCC, MNC, suci_of, suci_text
from makmal.played.device import Device
from makmal.played.network import Network, number_octets
from makmal.played.services import json_body
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.protocol.ngap import values
from makmal.security import keys, milenage
from makmal.security.nas_algorithms import Direction

_ABBA = b"\0\0"
_AMF_FIELD = b"\x80\x00"
_SERVING_NETWORK = keys.serving_network_name(MCC, MNC)
_INITIAL, _MOBILITY = 1, 2
_NO_KEY = nas.KeySetIdentifier(7)
_KEY = nas.KeySetIdentifier(0)
# 5GMM causes (TS 24.501, 9.11.3.2) and NAS causes of NGAP (TS 38.413, 9.3.1.2).
_SYNCH_FAILURE, _CAPABILITIES_MISMATCH = 21, 23
_NORMAL_RELEASE, _DEREGISTER = 0, 2
_NEW_CONTEXT = nas.SecurityHeaderType.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT
_NEW_CONTEXT_CIPHERED = (
    nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT
)


@dataclass(frozen=True, slots=True)
class _Vector:
    """A 5G home environment authentication vector (TS 33.501, 6.1.3.2.0)."""

    rand: bytes
    autn: bytes
    res_star: bytes
    k_ausf: bytes


def uplink(network: Network, device: Device, octets: bytes) -> None:
    """A NAS message of a UE that is connected."""
    network.to_amf(
        n2_messages.uplink_nas_transport(device.amf_ue_ngap_id, device.ran_ue_ngap_id, octets)
    )


def downlink(network: Network, device: Device, octets: bytes) -> None:
    """A NAS message to it."""
    network.to_gnb(
        n2_messages.downlink_nas_transport(device.amf_ue_ngap_id, device.ran_ue_ngap_id, octets)
    )


def connect(network: Network, device: Device, octets: bytes) -> None:
    """The first message on a new connection."""
    device.ran_ue_ngap_id = network.next("RAN UE NGAP id")
    temporary = None
    if device.guti is not None:
        guti = device.guti
        temporary = values.FiveGSTmsi(guti.amf_set_id, guti.amf_pointer, guti.tmsi)
    network.to_amf(n2_messages.initial_ue_message(device.ran_ue_ngap_id, octets, temporary))
    device.amf_ue_ngap_id = network.next("AMF UE NGAP id", first=100)


def release(network: Network, device: Device, cause: int = _NORMAL_RELEASE) -> None:
    """The AMF ends the connection."""
    ids = device.amf_ue_ngap_id, device.ran_ue_ngap_id
    network.to_gnb(n2_messages.ue_context_release_command(*ids, cause))
    network.to_amf(n2_messages.ue_context_release_complete(*ids))


def register(network: Network, device: Device, resynchronise: bool = False) -> None:
    """Initial registration with a SUCI. ``resynchronise``: the USIM finds SQN out of range."""
    identity = suci_of(device.subscription, network.policy.ue.suci_scheme)
    request = nas.build(
        nas.MessageType.REGISTRATION_REQUEST,
        {
            ie.FIVE_GS_REGISTRATION_TYPE: nas.RegistrationType(_INITIAL, follow_on_request=True),
            ie.NAS_KEY_SET_IDENTIFIER: _NO_KEY,
            ie.FIVE_GS_MOBILE_IDENTITY: identity,
            ie.UE_SECURITY_CAPABILITY: device.capability,
        },
    )
    connect(network, device, request.encode())
    invalid = device.capability.integrity == 0
    if invalid and not network.policy.amf.accepts_invalid_capabilities:
        reject = nas.build(
            nas.MessageType.REGISTRATION_REJECT, {ie.FIVE_GMM_CAUSE: _CAPABILITIES_MISMATCH}
        )
        downlink(network, device, reject.encode())
        release(network, device)
        return
    vector = _authenticate(network, device, suci_text(identity), resynchronise)
    k_seaf = keys.k_seaf(vector.k_ausf, _SERVING_NETWORK)
    _confirm(network, device, vector, k_seaf)
    k_amf = keys.k_amf(k_seaf, device.subscription.supi, _ABBA)
    _security_mode(network, device, k_amf, request)
    _accept(network, device)


def _authenticate(network: Network, device: Device, suci: str, resynchronise: bool) -> _Vector:
    vector = _vector(network, device)
    _ask_ausf(network, device, suci, vector)
    _answer_ausf(network, vector)
    downlink(network, device, _authentication_request(vector).encode())
    if not resynchronise:
        return vector
    device.sequence_number += 0x1000
    subscription = device.subscription
    auts = milenage.auts(
        subscription.key, subscription.opc, vector.rand, device.sequence_number.to_bytes(6, "big")
    )
    failure = nas.build(
        nas.MessageType.AUTHENTICATION_FAILURE,
        {ie.FIVE_GMM_CAUSE: _SYNCH_FAILURE, ie.AUTHENTICATION_FAILURE_PARAMETER: auts},
    )
    uplink(network, device, failure.encode())
    if network.policy.amf.challenges_before_ausf_answers:
        downlink(network, device, _authentication_request(vector).encode())
    fresh = _vector(network, device)
    _ask_ausf(network, device, suci, fresh, {"rand": vector.rand.hex(), "auts": auts.hex()})
    network.composer.wait(0.02)
    _answer_ausf(network, fresh)
    downlink(network, device, _authentication_request(fresh).encode())
    return fresh


def _vector(network: Network, device: Device) -> _Vector:
    """What the UDM computes (TS 33.501, A.2 and A.4)."""
    subscription = device.subscription
    device.sequence_number += 0x20
    rand = number_octets(f"rand {network.next('challenge')}", 16)
    sqn = device.sequence_number.to_bytes(6, "big")
    autn = milenage.generate_autn(subscription.key, subscription.opc, rand, sqn, _AMF_FIELD)
    ck, ik = milenage.ck_ik(subscription.key, subscription.opc, rand)
    res = milenage.f2(subscription.key, subscription.opc, rand)
    return _Vector(
        rand,
        autn,
        keys.res_star(ck, ik, _SERVING_NETWORK, rand, res),
        keys.k_ausf(ck, ik, _SERVING_NETWORK, autn[:6]),
    )


def _ask_ausf(
    network: Network,
    device: Device,
    suci: str,
    vector: _Vector,
    resynchronisation: dict[str, str] | None = None,
) -> None:
    """AMF to AUSF, and AUSF to UDM and back (TS 29.509, 5.2.2.2; TS 29.503, 5.4.2.2)."""
    services = network.services
    wanted: dict[str, object] = {"servingNetworkName": _SERVING_NETWORK}
    if resynchronisation is not None:
        wanted["resynchronizationInfo"] = resynchronisation
    services.request(
        "AMF",
        "AUSF",
        "POST",
        "/nausf-auth/v1/ue-authentications",
        json_body({"supiOrSuci": suci, **wanted}),
        token=network.token("AMF", "AUSF", "nausf-auth"),
    )
    services.exchange(
        "AUSF",
        "UDM",
        "POST",
        f"/nudm-ueau/v1/{suci}/security-information/generate-auth-data",
        json_body({"ausfInstanceId": "00000000-0000-4000-8000-000000000050", **wanted}),
        answer=json_body(
            {
                "authType": "5G_AKA",
                "supi": device.subscription.supi,
                "authenticationVector": {
                    "avType": "5G_HE_AKA",
                    "rand": vector.rand.hex(),
                    "autn": vector.autn.hex(),
                    "xresStar": vector.res_star.hex(),
                    "kausf": vector.k_ausf.hex(),
                },
            }
        ),
        token=network.token("AUSF", "UDM", "nudm-ueau"),
    )


def _answer_ausf(network: Network, vector: _Vector) -> None:
    data = {
        "rand": vector.rand.hex(),
        "autn": vector.autn.hex(),
        "hxresStar": keys.hres_star(vector.rand, vector.res_star).hex(),
    }
    link = {"href": "/nausf-auth/v1/ue-authentications/1/5g-aka-confirmation"}
    network.services.respond(
        "AMF",
        "AUSF",
        201,
        json_body({"authType": "5G_AKA", "5gAuthData": data, "_links": {"5g-aka": link}}),
    )


def _authentication_request(vector: _Vector) -> nas.Message:
    return nas.build(
        nas.MessageType.AUTHENTICATION_REQUEST,
        {
            ie.NAS_KEY_SET_IDENTIFIER: _KEY,
            ie.ABBA: _ABBA,
            ie.AUTHENTICATION_PARAMETER_RAND: vector.rand,
            ie.AUTHENTICATION_PARAMETER_AUTN: vector.autn,
        },
    )


def _confirm(network: Network, device: Device, vector: _Vector, k_seaf: bytes) -> None:
    response = nas.build(
        nas.MessageType.AUTHENTICATION_RESPONSE,
        {ie.AUTHENTICATION_RESPONSE_PARAMETER: vector.res_star},
    )
    uplink(network, device, response.encode())
    network.services.exchange(
        "AMF",
        "AUSF",
        "PUT",
        "/nausf-auth/v1/ue-authentications/1/5g-aka-confirmation",
        json_body({"resStar": vector.res_star.hex()}),
        answer=json_body(
            {
                "authResult": "AUTHENTICATION_SUCCESS",
                "supi": device.subscription.supi,
                "kseaf": k_seaf.hex(),
            }
        ),
        token=network.token("AMF", "AUSF", "nausf-auth"),
    )


def _security_mode(network: Network, device: Device, k_amf: bytes, request: nas.Message) -> None:
    policy = network.policy.amf
    capability = device.capability
    integrity_list, ciphering_list = policy.integrity_algorithms, policy.ciphering_algorithms
    if policy.weakest_first:
        integrity_list, ciphering_list = integrity_list[::-1], ciphering_list[::-1]
    algorithms = nas.SecurityAlgorithms(
        ciphering=0
        if policy.null_ciphering
        else next(a for a in ciphering_list if capability.supports_encryption(a)),
        integrity=0
        if policy.null_integrity
        # An AMF that takes a UE without integrity algorithms takes its own first one.
        else next(
            (a for a in integrity_list if capability.supports_integrity(a)), integrity_list[0]
        ),
    )
    device.security = NasSecurity(k_amf, algorithms)
    replayed = capability
    if policy.alters_replayed_capabilities:
        replayed = nas.UESecurityCapability.of((0, 1), (0, 1))
    command = nas.build(
        nas.MessageType.SECURITY_MODE_COMMAND,
        {
            ie.SELECTED_NAS_SECURITY_ALGORITHMS: algorithms,
            ie.NAS_KEY_SET_IDENTIFIER: _KEY,
            ie.REPLAYED_UE_SECURITY_CAPABILITIES: replayed,
            ie.ADDITIONAL_5G_SECURITY_INFORMATION: b"\x02",
        },
    )
    security = device.security
    downlink(network, device, security.protect(command, Direction.DOWNLINK, _NEW_CONTEXT))
    complete = nas.build(
        nas.MessageType.SECURITY_MODE_COMPLETE, {ie.NAS_MESSAGE_CONTAINER: request.encode()}
    )
    uplink(network, device, security.protect(complete, Direction.UPLINK, _NEW_CONTEXT_CIPHERED))


def _accept(network: Network, device: Device) -> None:
    supi = device.subscription.supi
    network.services.exchange(
        "AMF",
        "UDM",
        "PUT",
        f"/nudm-uecm/v1/{supi}/registrations/amf-3gpp-access",
        json_body({"amfInstanceId": "00000000-0000-4000-8000-000000000020", "ratType": "NR"}),
        status=204,
        token=network.token("AMF", "UDM", "nudm-uecm"),
    )
    security = device.context
    accept = _registration_accept(network, device)
    k_gnb = keys.k_gnb(security.k_amf, security.counts[Direction.UPLINK] - 1)
    capability = device.capability
    if network.policy.amf.alters_capabilities_to_gnb:
        capability = nas.UESecurityCapability.of((0, 1), (0, 1))
    ids = device.amf_ue_ngap_id, device.ran_ue_ngap_id
    network.to_gnb(
        n2_messages.initial_context_setup_request(
            *ids, capability, k_gnb, security.protect(accept, Direction.DOWNLINK)
        )
    )
    network.to_amf(n2_messages.initial_context_setup_response(*ids))
    _complete(network, device)


def _registration_accept(network: Network, device: Device) -> nas.Message:
    if device.guti is None or not network.policy.amf.keeps_guti:
        # TS 33.501, 6.12.3: a 5G-TMSI that cannot be foreseen.
        tmsi = int.from_bytes(number_octets(f"tmsi {network.next('5G-TMSI')}", 4), "big")
        device.guti = nas.FiveGGuti(MCC, MNC, 2, 1, 0, tmsi)
    return nas.build(
        nas.MessageType.REGISTRATION_ACCEPT,
        {
            ie.FIVE_GS_REGISTRATION_RESULT: 1,
            ie.FIVE_G_GUTI: device.guti,
            ie.TAI_LIST: (nas.TrackingArea(MCC + MNC, n2_messages.TAC),),
            ie.ALLOWED_NSSAI: (nas.SNssai(1),),
        },
    )


def _complete(network: Network, device: Device) -> None:
    complete = nas.build(nas.MessageType.REGISTRATION_COMPLETE)
    uplink(network, device, device.context.protect(complete, Direction.UPLINK))


def update_registration(network: Network, device: Device) -> None:
    """Mobility registration update from idle, in the security context that the UE has."""
    request = nas.build(
        nas.MessageType.REGISTRATION_REQUEST,
        {
            ie.FIVE_GS_REGISTRATION_TYPE: nas.RegistrationType(_MOBILITY),
            ie.NAS_KEY_SET_IDENTIFIER: _KEY,
            ie.FIVE_GS_MOBILE_IDENTITY: device.guti,
            ie.UE_SECURITY_CAPABILITY: device.capability,
        },
    )
    security = device.context
    # TS 24.501, 4.4.6: the first message of a connection is not ciphered.
    header_type = nas.SecurityHeaderType.INTEGRITY_PROTECTED
    connect(network, device, security.protect(request, Direction.UPLINK, header_type))
    accept = _registration_accept(network, device)
    downlink(network, device, security.protect(accept, Direction.DOWNLINK))
    _complete(network, device)


def deregister(network: Network, device: Device) -> None:
    """The UE leaves (TS 24.501, 5.5.2.2)."""
    request = nas.build(
        nas.MessageType.DEREGISTRATION_REQUEST_UE_ORIGINATING,
        {
            ie.DEREGISTRATION_TYPE: nas.DeregistrationType(False, False, 1),
            ie.NAS_KEY_SET_IDENTIFIER: _KEY,
            ie.FIVE_GS_MOBILE_IDENTITY: device.guti,
        },
    )
    security = device.context
    uplink(network, device, security.protect(request, Direction.UPLINK))
    accept = nas.build(nas.MessageType.DEREGISTRATION_ACCEPT_UE_ORIGINATING)
    downlink(network, device, security.protect(accept, Direction.DOWNLINK))
    release(network, device, _DEREGISTER)
    device.security = device.guti = None
