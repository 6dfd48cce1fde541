"""The keys of the NAS information elements, by the names of TS 24.501, 8.2 and 8.3.

An element that occurs under several names in different messages has a key for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import EncodeError
from makmal.protocol.nas import (
    access_groups,
    areas,
    capabilities,
    configuration_options,
    eap,
    emergency_numbers,
    eps,
    identity,
    network_names,
    qos,
    values,
)
from makmal.protocol.nas.octets import need

T = TypeVar("T")
F = TypeVar("F", bound=capabilities.Features)


def _key(
    name: str, decode: Callable[[bytes], T], encode: Callable[[T], bytes]
) -> InformationElement[T]:
    def checked(value: T) -> bytes:
        try:
            return encode(value)
        except EncodeError:
            raise
        except (TypeError, AttributeError, OverflowError, ValueError) as error:
            raise EncodeError("NAS", name, str(error)) from None

    return InformationElement(0, name, decode, checked)


def _octets(name: str) -> InformationElement[bytes]:
    return _key(name, bytes, bytes)


def _first_octet(data: bytes) -> int:
    need(data, 1, "the element")
    return data[0]


def _one_octet(value: int) -> bytes:
    return bytes((value & 0xFF,))


def _number(name: str) -> InformationElement[int]:
    return _key(name, _first_octet, _one_octet)


def _uint16(name: str) -> InformationElement[int]:
    def decode(data: bytes) -> int:
        need(data, 2, name)
        return int.from_bytes(data[:2], "big")

    return _key(name, decode, lambda value: value.to_bytes(2, "big"))


def _identity(name: str) -> InformationElement[identity.MobileIdentity]:
    return _key(name, identity.decode_mobile_identity, identity.encode_mobile_identity)


def _capability(name: str) -> InformationElement[values.UESecurityCapability]:
    return _key(name, values.decode_ue_security_capability, lambda value: value.octets)


def _nssai(name: str) -> InformationElement[tuple[values.SNssai, ...]]:
    return _key(name, values.decode_nssai, values.encode_nssai)


def _rejected(name: str) -> InformationElement[tuple[values.RejectedSNssai, ...]]:
    def encode(value: tuple[values.RejectedSNssai, ...]) -> bytes:
        encoded = b""
        for entry in value:
            octets = bytes((entry.sst,))
            octets += b"" if entry.sd is None else entry.sd.to_bytes(3, "big")
            encoded += bytes((len(octets) << 4 | entry.cause,)) + octets
        return encoded

    return _key(name, values.decode_rejected_nssai, encode)


def _tai_list(name: str) -> InformationElement[tuple[values.TrackingArea, ...]]:
    return _key(name, values.decode_tai_list, values.encode_tai_list)


def _timer(name: str) -> InformationElement[values.GprsTimer3]:
    return _key(name, values.decode_gprs_timer3, lambda value: bytes((value.octet,)))


def _status(name: str) -> InformationElement[tuple[int, ...]]:
    return _key(name, values.decode_pdu_session_status, values.encode_pdu_session_status)


def _key_set(name: str) -> InformationElement[values.KeySetIdentifier]:
    return _key(name, values.decode_key_set_identifier, values.encode_key_set_identifier)


def _s_nssai(name: str) -> InformationElement[values.SNssai]:
    return _key(name, values.decode_s_nssai, values.encode_s_nssai)


def _features(name: str, kind: type[F]) -> InformationElement[capabilities.FeatureSet[F]]:
    return _key(name, capabilities.feature_set_decoder(kind), lambda value: value.encode())


def _network_name(name: str) -> InformationElement[network_names.NetworkName]:
    return _key(name, network_names.decode_network_name, network_names.encode_network_name)


def _rules(name: str) -> InformationElement[tuple[qos.QosRule, ...]]:
    return _key(name, qos.decode_qos_rules, qos.encode_qos_rules)


def _flows(name: str) -> InformationElement[tuple[qos.QosFlowDescription, ...]]:
    return _key(name, qos.decode_qos_flow_descriptions, qos.encode_qos_flow_descriptions)


SPARE_HALF_OCTET = _number("Spare half octet")

# Mobility management: identities and security.
FIVE_GS_REGISTRATION_TYPE = _key(
    "5GS registration type", values.decode_registration_type, values.encode_registration_type
)
NAS_KEY_SET_IDENTIFIER = _key_set("ngKSI")
NON_CURRENT_NATIVE_NAS_KEY_SET_IDENTIFIER = _key_set("Non-current native NAS key set identifier")
FIVE_GS_MOBILE_IDENTITY = _identity("5GS mobile identity")
MOBILE_IDENTITY = _identity("Mobile identity")
FIVE_G_S_TMSI = _identity("5G-S-TMSI")
FIVE_G_GUTI = _identity("5G-GUTI")
ADDITIONAL_GUTI = _identity("Additional GUTI")
IMEISV = _identity("IMEISV")
NON_IMEISV_PEI = _identity("Non-IMEISV PEI")
UE_SECURITY_CAPABILITY = _capability("UE security capability")
REPLAYED_UE_SECURITY_CAPABILITIES = _capability("Replayed UE security capabilities")
REPLAYED_S1_UE_SECURITY_CAPABILITIES = _octets("Replayed S1 UE security capabilities")
SELECTED_NAS_SECURITY_ALGORITHMS = _key(
    "Selected NAS security algorithms",
    values.decode_security_algorithms,
    values.encode_security_algorithms,
)
SELECTED_EPS_NAS_SECURITY_ALGORITHMS = _key(
    "Selected EPS NAS security algorithms",
    values.decode_security_algorithms,
    values.encode_security_algorithms,
)
IMEISV_REQUEST = _number("IMEISV request")
ADDITIONAL_5G_SECURITY_INFORMATION = _number("Additional 5G security information")
ABBA = _octets("ABBA")
AUTHENTICATION_PARAMETER_RAND = _octets(
    "Authentication parameter RAND (5G authentication challenge)"
)
AUTHENTICATION_PARAMETER_AUTN = _octets(
    "Authentication parameter AUTN (5G authentication challenge)"
)
AUTHENTICATION_RESPONSE_PARAMETER = _octets("Authentication response parameter")
AUTHENTICATION_FAILURE_PARAMETER = _octets("Authentication failure parameter")
EAP_MESSAGE = _key("EAP message", eap.decode_eap, eap.encode_eap)
IDENTITY_TYPE = _number("Identity type")
FIVE_GMM_CAUSE = _number("5GMM cause")
NAS_MESSAGE_CONTAINER = _octets("NAS message container")

# Mobility management: registration, service, configuration.
FIVE_GS_REGISTRATION_RESULT = _number("5GS registration result")
DEREGISTRATION_TYPE = _key(
    "De-registration type", values.decode_deregistration_type, values.encode_deregistration_type
)
SERVICE_TYPE = _number("Service type")
CONTROL_PLANE_SERVICE_TYPE = _number("Control plane service type")
FIVE_GMM_CAPABILITY = _features("5GMM capability", capabilities.FiveGmmFeature)
REQUESTED_NSSAI = _nssai("Requested NSSAI")
ALLOWED_NSSAI = _nssai("Allowed NSSAI")
CONFIGURED_NSSAI = _nssai("Configured NSSAI")
REJECTED_NSSAI = _rejected("Rejected NSSAI")
EXTENDED_REJECTED_NSSAI = _key(
    "Extended rejected NSSAI",
    areas.decode_extended_rejected_nssai,
    areas.encode_extended_rejected_nssai,
)
PENDING_NSSAI = _nssai("Pending NSSAI")
REQUESTED_MAPPED_NSSAI = _octets("Requested mapped NSSAI")
LAST_VISITED_REGISTERED_TAI = _key(
    "Last visited registered TAI", values.decode_tai, values.encode_tai
)
TAI_LIST = _tai_list("TAI list")
FORBIDDEN_TAI_LIST_ROAMING = _tai_list(
    "Forbidden TAI(s) for the list of 5GS forbidden TAs for roaming"
)
FORBIDDEN_TAI_LIST_REGIONAL = _tai_list(
    "Forbidden TAI(s) for the list of 5GS forbidden TAs for regional provision of service"
)
SERVICE_AREA_LIST = _key(
    "Service area list", areas.decode_service_area_list, areas.encode_service_area_list
)
EQUIVALENT_PLMNS = _key("Equivalent PLMNs", areas.decode_plmn_list, areas.encode_plmn_list)
S1_UE_NETWORK_CAPABILITY = _key(
    "S1 UE network capability", eps.decode_s1_ue_network_capability, lambda value: value.octets
)
UPLINK_DATA_STATUS = _status("Uplink data status")
PDU_SESSION_STATUS = _status("PDU session status")
ALLOWED_PDU_SESSION_STATUS = _status("Allowed PDU session status")
PDU_SESSION_REACTIVATION_RESULT = _status("PDU session reactivation result")
PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE = _key(
    "PDU session reactivation result error cause",
    areas.decode_session_causes,
    areas.encode_session_causes,
)
MICO_INDICATION = _number("MICO indication")
UE_STATUS = _number("UE status")
UE_USAGE_SETTING = _number("UE's usage setting")
REQUESTED_DRX_PARAMETERS = _number("Requested DRX parameters")
NEGOTIATED_DRX_PARAMETERS = _number("Negotiated DRX parameters")
EPS_NAS_MESSAGE_CONTAINER = _octets("EPS NAS message container")
LADN_INDICATION = _key(
    "LADN indication", access_groups.decode_ladn_indication, access_groups.encode_ladn_indication
)
LADN_INFORMATION = _key(
    "LADN information",
    access_groups.decode_ladn_information,
    access_groups.encode_ladn_information,
)
NETWORK_SLICING_INDICATION = _number("Network slicing indication")
FIVE_GS_UPDATE_TYPE = _number("5GS update type")
MOBILE_STATION_CLASSMARK_2 = _octets("Mobile station classmark 2")
SUPPORTED_CODECS = _octets("Supported codecs")
EPS_BEARER_CONTEXT_STATUS = _status("EPS bearer context status")
EXTENDED_DRX_PARAMETERS = _octets("Extended DRX parameters")
T3324_VALUE = _timer("T3324 value")
T3346_VALUE = _number("T3346 value")
T3447_VALUE = _timer("T3447 value")
T3448_VALUE = _number("T3448 value")
T3502_VALUE = _number("T3502 value")
T3512_VALUE = _timer("T3512 value")
REQUESTED_T3512_VALUE = _timer("Requested T3512 value")
NON_3GPP_DEREGISTRATION_TIMER = _number("Non-3GPP de-registration timer value")
UE_RADIO_CAPABILITY_ID = _octets("UE radio capability ID")
UE_RADIO_CAPABILITY_ID_DELETION_INDICATION = _number("UE radio capability ID deletion indication")
ADDITIONAL_INFORMATION_REQUESTED = _number("Additional information requested")
WUS_ASSISTANCE_INFORMATION = _octets("WUS assistance information")
N5GC_INDICATION = _octets("N5GC indication")
NB_N1_MODE_DRX_PARAMETERS = _octets("NB-N1 mode DRX parameters")
UE_REQUEST_TYPE = _number("UE request type")
PAGING_RESTRICTION = _octets("Paging restriction")
SERVICE_LEVEL_AA_CONTAINER = _octets("Service-level-AA container")
NID = _octets("NID")
MS_DETERMINED_PLMN_WITH_DISASTER_CONDITION = _octets("MS determined PLMN with disaster condition")
PEIPS_ASSISTANCE_INFORMATION = _octets("PEIPS assistance information")
FIVE_GS_NETWORK_FEATURE_SUPPORT = _key(
    "5GS network feature support",
    capabilities.decode_network_feature_support,
    capabilities.encode_network_feature_support,
)
EMERGENCY_NUMBER_LIST = _key(
    "Emergency number list",
    emergency_numbers.decode_emergency_numbers,
    emergency_numbers.encode_emergency_numbers,
)
EXTENDED_EMERGENCY_NUMBER_LIST = _key(
    "Extended emergency number list",
    emergency_numbers.decode_extended_emergency_numbers,
    emergency_numbers.encode_extended_emergency_numbers,
)
SOR_TRANSPARENT_CONTAINER = _octets("SOR transparent container")
NSSAI_INCLUSION_MODE = _number("NSSAI inclusion mode")
OPERATOR_DEFINED_ACCESS_CATEGORY_DEFINITIONS = _octets(
    "Operator-defined access category definitions"
)
NON_3GPP_NW_POLICIES = _number("Non-3GPP NW policies")
CIPHERING_KEY_DATA = _octets("Ciphering key data")
CAG_INFORMATION_LIST = _key(
    "CAG information list",
    access_groups.decode_cag_information,
    access_groups.encode_cag_information,
)
EXTENDED_CAG_INFORMATION_LIST = _octets("Extended CAG information list")
TRUNCATED_5G_S_TMSI_CONFIGURATION = _octets("Truncated 5G-S-TMSI configuration")
FIVE_GS_ADDITIONAL_REQUEST_RESULT = _number("5GS additional request result")
NSSRG_INFORMATION = _octets("NSSRG information")
DISASTER_ROAMING_WAIT_RANGE = _octets("Disaster roaming wait range")
DISASTER_RETURN_WAIT_RANGE = _octets("Disaster return wait range")
LIST_OF_PLMNS_FOR_DISASTER_CONDITION = _octets("List of PLMNs to be used in disaster condition")
NSAG_INFORMATION = _octets("NSAG information")
LOWER_BOUND_TIMER_VALUE = _timer("Lower bound timer value")
CONFIGURATION_UPDATE_INDICATION = _number("Configuration update indication")
FULL_NAME_FOR_NETWORK = _network_name("Full name for network")
SHORT_NAME_FOR_NETWORK = _network_name("Short name for network")
LOCAL_TIME_ZONE = _key(
    "Local time zone", network_names.decode_time_zone, network_names.encode_time_zone
)
UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE = _key(
    "Universal time and local time zone",
    network_names.decode_universal_time,
    network_names.encode_universal_time,
)
NETWORK_DAYLIGHT_SAVING_TIME = _number("Network daylight saving time")
SMS_INDICATION = _number("SMS indication")
ADDITIONAL_CONFIGURATION_INDICATION = _number("Additional configuration indication")
PRIORITY_INDICATOR = _number("Priority indicator")
ACCESS_TYPE = _number("Access type")
RELEASE_ASSISTANCE_INDICATION = _number("Release assistance indication")
CIOT_SMALL_DATA_CONTAINER = _octets("CIoT small data container")

# NAS transport.
PAYLOAD_CONTAINER_TYPE = _number("Payload container type")
PAYLOAD_CONTAINER = _octets("Payload container")
PDU_SESSION_ID = _number("PDU session ID")
OLD_PDU_SESSION_ID = _number("Old PDU session ID")
REQUEST_TYPE = _number("Request type")
S_NSSAI = _s_nssai("S-NSSAI")
DNN = _key("DNN", values.decode_dnn, values.encode_dnn)
ADDITIONAL_INFORMATION = _octets("Additional information")
MA_PDU_SESSION_INFORMATION = _number("MA PDU session information")
BACK_OFF_TIMER_VALUE = _timer("Back-off timer value")
PRTI = _number("PRTI")
RELAY_KEY_REQUEST_PARAMETERS = _octets("Relay key request parameters")
RELAY_KEY_RESPONSE_PARAMETERS = _octets("Relay key response parameters")

# Session management.
FIVE_GSM_CAUSE = _number("5GSM cause")
INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE = _uint16("Integrity protection maximum data rate")
PDU_SESSION_TYPE = _number("PDU session type")
SELECTED_PDU_SESSION_TYPE = _number("Selected PDU session type")
SSC_MODE = _number("SSC mode")
SELECTED_SSC_MODE = _number("Selected SSC mode")
ALLOWED_SSC_MODE = _number("Allowed SSC mode")
FIVE_GSM_CAPABILITY = _key(
    "5GSM capability",
    capabilities.decode_five_gsm_capability,
    capabilities.encode_five_gsm_capability,
)
MAXIMUM_NUMBER_OF_SUPPORTED_PACKET_FILTERS = _uint16("Maximum number of supported packet filters")
ALWAYS_ON_PDU_SESSION_REQUESTED = _number("Always-on PDU session requested")
ALWAYS_ON_PDU_SESSION_INDICATION = _number("Always-on PDU session indication")
SM_PDU_DN_REQUEST_CONTAINER = _octets("SM PDU DN request container")
EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS = _key(
    "Extended protocol configuration options",
    configuration_options.decode_configuration_options,
    configuration_options.encode_configuration_options,
)
IP_HEADER_COMPRESSION_CONFIGURATION = _octets("IP header compression configuration")
ETHERNET_HEADER_COMPRESSION_CONFIGURATION = _octets("Ethernet header compression configuration")
DS_TT_ETHERNET_PORT_MAC_ADDRESS = _octets("DS-TT Ethernet port MAC address")
UE_DS_TT_RESIDENCE_TIME = _octets("UE-DS-TT residence time")
PORT_MANAGEMENT_INFORMATION_CONTAINER = _octets("Port management information container")
SUGGESTED_INTERFACE_IDENTIFIER = _octets("Suggested interface identifier")
REQUESTED_MBS_CONTAINER = _octets("Requested MBS container")
RECEIVED_MBS_CONTAINER = _octets("Received MBS container")
PDU_SESSION_PAIR_ID = _number("PDU session pair ID")
RSN = _number("RSN")
AUTHORIZED_QOS_RULES = _rules("Authorized QoS rules")
REQUESTED_QOS_RULES = _rules("Requested QoS rules")
SESSION_AMBR = _key("Session AMBR", values.decode_session_ambr, values.encode_session_ambr)
PDU_ADDRESS = _key("PDU address", values.decode_pdu_address, values.encode_pdu_address)
RQ_TIMER_VALUE = _number("RQ timer value")
MAPPED_EPS_BEARER_CONTEXTS = _key(
    "Mapped EPS bearer contexts", eps.decode_mapped_eps_bearers, eps.encode_mapped_eps_bearers
)
AUTHORIZED_QOS_FLOW_DESCRIPTIONS = _flows("Authorized QoS flow descriptions")
REQUESTED_QOS_FLOW_DESCRIPTIONS = _flows("Requested QoS flow descriptions")
FIVE_GSM_NETWORK_FEATURE_SUPPORT = _features(
    "5GSM network feature support", capabilities.FiveGsmNetworkFeature
)
SERVING_PLMN_RATE_CONTROL = _uint16("Serving PLMN rate control")
ATSSS_CONTAINER = _octets("ATSSS container")
CONTROL_PLANE_ONLY_INDICATION = _number("Control plane only indication")
FIVE_GSM_CONGESTION_RE_ATTEMPT_INDICATOR = _number("5GSM congestion re-attempt indicator")
RE_ATTEMPT_INDICATOR = _number("Re-attempt indicator")
REMOTE_UE_CONTEXT_CONNECTED = _octets("Remote UE context connected")
REMOTE_UE_CONTEXT_DISCONNECTED = _octets("Remote UE context disconnected")
