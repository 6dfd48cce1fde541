"""The keys of the NGAP information elements, by the names of TS 38.413, 9.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import (
    assistance,
    configuration,
    procedure_values,
    ran_status,
    transfer,
    ue_services,
    values,
)
from makmal.protocol.ngap.element_names import NAMES
from makmal.protocol.ngap.enumerations import HandoverType, RrcEstablishmentCause, enumeration
from makmal.protocol.ngap.types import (
    OCTETS,
    PLMN,
    Aper,
    bits,
    enumerated,
    fixed_octets,
    integer,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import CAUSE as _CAUSE
from makmal.protocol.ngap.values import PDU_SESSION_ID, Extensions, SNssai
from makmal.protocol.ngap.values import S_NSSAI as _S_NSSAI

T = TypeVar("T")

KEYS: dict[int, InformationElement[Any]] = {}


def _ie(identifier: int, aper: Aper[T]) -> InformationElement[T]:
    key = InformationElement(identifier, NAMES[identifier], aper.decode, aper.encode)
    KEYS[identifier] = key
    return key


@dataclass(frozen=True, slots=True)
class SessionTransfer:
    """A PDU session with its transfer container, still encoded."""

    pdu_session_id: int
    transfer: bytes
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SessionSetup:
    """A PDU session to set up: NAS PDU, slice, and the transfer from the SMF, still encoded."""

    pdu_session_id: int
    nas_pdu: bytes | None
    s_nssai: SNssai
    transfer: bytes
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SessionHandover:
    """A PDU session to set up at the target of a handover."""

    pdu_session_id: int
    s_nssai: SNssai
    transfer: bytes
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SessionModify:
    """A PDU session to modify."""

    pdu_session_id: int
    nas_pdu: bytes | None
    transfer: bytes
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A PDU session by its identity alone."""

    pdu_session_id: int
    extensions: Extensions = ()


_SESSION = ("pdu_session_id", PDU_SESSION_ID)
_TRANSFERS = sequence_of(sequence(SessionTransfer, _SESSION, ("transfer", OCTETS)), 256)
_SETUPS = sequence_of(
    sequence(
        SessionSetup,
        _SESSION,
        ("nas_pdu", OCTETS, True),
        ("s_nssai", _S_NSSAI),
        ("transfer", OCTETS),
    ),
    256,
)
_HANDOVERS = sequence_of(
    sequence(SessionHandover, _SESSION, ("s_nssai", _S_NSSAI), ("transfer", OCTETS)), 256
)
_MODIFIES = sequence_of(
    sequence(SessionModify, _SESSION, ("nas_pdu", OCTETS, True), ("transfer", OCTETS)), 256
)
_SESSIONS = sequence_of(sequence(Session, _SESSION), 256)


def _decode_octets(data: bytes) -> bytes:
    """An OCTET STRING that is the whole element: the hot path of NAS-PDU."""
    if data and data[0] < 0x80 and data[0] == len(data) - 1:
        return data[1:]
    return OCTETS.decode(data)


def _decode_number(data: bytes, length_bits: int) -> int:
    """A number whose length in octets, less one, is in the first bits (X.691, 10.5.7.4)."""
    if not data:
        raise DecodeError("NGAP", 0, "an identifier without octets")
    length = (data[0] >> 8 - length_bits) + 1
    if len(data) <= length:
        raise DecodeError("NGAP", len(data), f"an identifier of {length} octets is cut short")
    return int.from_bytes(data[1 : 1 + length], "big")


def _decode_ran_ue_ngap_id(data: bytes) -> int:
    return _decode_number(data, 2)


def _decode_amf_ue_ngap_id(data: bytes) -> int:
    value = _decode_number(data, 3)
    if value >= 2**40:
        raise DecodeError("NGAP", 1, f"AMF UE NGAP id {value} is beyond 2 to the power of 40")
    return value


_AMF_ID: Aper[int] = values.AMF_UE_NGAP_ID
_RAN_ID: Aper[int] = values.RAN_UE_NGAP_ID


def _encode_octets(value: bytes) -> bytes:
    """The reverse of ``_decode_octets``."""
    size = len(value)
    return bytes((size,)) + value if size < 0x80 else OCTETS.encode(value)


def _encode_ran_ue_ngap_id(value: int) -> bytes:
    if not 0 <= value < 2**32:
        return _RAN_ID.encode(value)
    size = (value.bit_length() + 7) // 8 or 1
    return bytes((size - 1 << 6,)) + value.to_bytes(size, "big")


def _encode_amf_ue_ngap_id(value: int) -> bytes:
    if not 0 <= value < 2**40:
        return _AMF_ID.encode(value)
    size = (value.bit_length() + 7) // 8 or 1
    return bytes((size - 1 << 5,)) + value.to_bytes(size, "big")


def _hot(
    identifier: int, decode: Callable[[bytes], T], encode: Callable[[T], bytes]
) -> InformationElement[T]:
    key = InformationElement(identifier, NAMES[identifier], decode, encode)
    KEYS[identifier] = key
    return key


AMF_UE_NGAP_ID = _hot(10, _decode_amf_ue_ngap_id, _encode_amf_ue_ngap_id)
RAN_UE_NGAP_ID = _hot(85, _decode_ran_ue_ngap_id, _encode_ran_ue_ngap_id)
SOURCE_AMF_UE_NGAP_ID = _hot(100, _decode_amf_ue_ngap_id, _encode_amf_ue_ngap_id)
NEW_AMF_UE_NGAP_ID = _hot(40, _decode_amf_ue_ngap_id, _encode_amf_ue_ngap_id)
NAS_PDU = _hot(38, _decode_octets, _encode_octets)
NASC = _hot(37, _decode_octets, _encode_octets)
UE_RADIO_CAPABILITY = _hot(117, _decode_octets, _encode_octets)
SOURCE_TO_TARGET_TRANSPARENT_CONTAINER = _hot(101, _decode_octets, _encode_octets)
TARGET_TO_SOURCE_TRANSPARENT_CONTAINER = _hot(106, _decode_octets, _encode_octets)
NAS_SECURITY_PARAMETERS_FROM_NGRAN = _hot(39, _decode_octets, _encode_octets)
NGAP_MESSAGE = _hot(42, _decode_octets, _encode_octets)
NRPPA_PDU = _hot(46, _decode_octets, _encode_octets)
ROUTING_ID = _hot(89, _decode_octets, _encode_octets)

ALLOWED_NSSAI = _ie(0, values.ALLOWED_NSSAI)
AMF_NAME = _ie(1, values.NAME)
AMF_SET_ID = _ie(3, bits(10))
CAUSE = _ie(15, _CAUSE)
CRITICALITY_DIAGNOSTICS = _ie(19, procedure_values.CRITICALITY_DIAGNOSTICS)
DEFAULT_PAGING_DRX = _ie(21, values.PAGING_DRX)
DIRECT_FORWARDING_PATH_AVAILABILITY = _ie(22, enumerated(1))
EUTRA_CGI = _ie(25, values.EUTRA_CGI)
FIVE_G_S_TMSI = _ie(26, values.FIVE_G_S_TMSI)
GLOBAL_RAN_NODE_ID = _ie(27, values.GLOBAL_RAN_NODE_ID)
GUAMI = _ie(28, values.GUAMI)
HANDOVER_TYPE = _ie(29, enumeration(HandoverType, 3))
IMS_VOICE_SUPPORT_INDICATOR = _ie(30, enumerated(2))
INDEX_TO_RFSP = _ie(31, integer(1, 256, extensible=True))
MASKED_IMEISV = _ie(34, bits(64))
NEW_SECURITY_CONTEXT_IND = _ie(41, enumerated(1))
NR_CGI = _ie(45, values.NR_CGI)
OLD_AMF = _ie(48, values.NAME)
PAGING_DRX = _ie(50, values.PAGING_DRX)
PAGING_ORIGIN = _ie(51, enumerated(1))
PAGING_PRIORITY = _ie(52, enumerated(8))
PDU_SESSION_RESOURCE_ADMITTED_LIST = _ie(53, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_MODIFY_LIST_MOD_RES = _ie(54, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_RES = _ie(55, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_HO_ACK = _ie(56, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_PS_REQ = _ie(57, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_SU_RES = _ie(58, _TRANSFERS)
PDU_SESSION_RESOURCE_HANDOVER_LIST = _ie(59, _TRANSFERS)
PDU_SESSION_RESOURCE_LIST_CXT_REL_CPL = _ie(60, _SESSIONS)
PDU_SESSION_RESOURCE_LIST_HO_RQD = _ie(61, _TRANSFERS)
PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_CFM = _ie(62, _TRANSFERS)
PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_IND = _ie(63, _TRANSFERS)
PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_REQ = _ie(64, _MODIFIES)
PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_RES = _ie(65, _TRANSFERS)
PDU_SESSION_RESOURCE_NOTIFY_LIST = _ie(66, _TRANSFERS)
PDU_SESSION_RESOURCE_RELEASED_LIST_NOT = _ie(67, _TRANSFERS)
PDU_SESSION_RESOURCE_RELEASED_LIST_PS_ACK = _ie(68, _TRANSFERS)
PDU_SESSION_RESOURCE_RELEASED_LIST_PS_FAIL = _ie(69, _TRANSFERS)
PDU_SESSION_RESOURCE_RELEASED_LIST_REL_RES = _ie(70, _TRANSFERS)
PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ = _ie(71, _SETUPS)
PDU_SESSION_RESOURCE_SETUP_LIST_CXT_RES = _ie(72, _TRANSFERS)
PDU_SESSION_RESOURCE_SETUP_LIST_HO_REQ = _ie(73, _HANDOVERS)
PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ = _ie(74, _SETUPS)
PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES = _ie(75, _TRANSFERS)
PDU_SESSION_RESOURCE_TO_BE_SWITCHED_DL_LIST = _ie(76, _TRANSFERS)
PDU_SESSION_RESOURCE_SWITCHED_LIST = _ie(77, _TRANSFERS)
PDU_SESSION_RESOURCE_TO_RELEASE_LIST_HO_CMD = _ie(78, _TRANSFERS)
PDU_SESSION_RESOURCE_TO_RELEASE_LIST_REL_CMD = _ie(79, _TRANSFERS)
PLMN_SUPPORT_LIST = _ie(80, values.PLMN_SUPPORT_LIST)
RAN_NODE_NAME = _ie(82, values.NAME)
RAN_PAGING_PRIORITY = _ie(83, integer(1, 256))
RELATIVE_AMF_CAPACITY = _ie(86, integer(0, 255))
RESET_TYPE = _ie(88, procedure_values.RESET_TYPE)
RRC_ESTABLISHMENT_CAUSE = _ie(90, enumeration(RrcEstablishmentCause, 10))
RRC_INACTIVE_TRANSITION_REPORT_REQUEST = _ie(91, enumerated(3))
RRC_STATE = _ie(92, enumerated(2))
SECURITY_CONTEXT = _ie(93, values.SECURITY_CONTEXT)
SECURITY_KEY = _ie(94, values.SECURITY_KEY)
SERVED_GUAMI_LIST = _ie(96, values.SERVED_GUAMI_LIST)
SLICE_SUPPORT_LIST = _ie(97, values.SLICE_SUPPORT_LIST)
SUPPORTED_TA_LIST = _ie(102, values.SUPPORTED_TA_LIST)
TAI_LIST_FOR_PAGING = _ie(103, values.TAI_LIST_FOR_PAGING)
TARGET_ID = _ie(105, procedure_values.TARGET_ID)
TIME_TO_WAIT = _ie(107, enumerated(6))
UE_AGGREGATE_MAXIMUM_BIT_RATE = _ie(110, values.AGGREGATE_MAXIMUM_BIT_RATE)
UE_ASSOCIATED_LOGICAL_NG_CONNECTION_LIST = _ie(111, procedure_values.LOGICAL_CONNECTION_LIST)
UE_CONTEXT_REQUEST = _ie(112, enumerated(1))
UE_NGAP_IDS = _ie(114, procedure_values.UE_NGAP_IDS)
UE_PAGING_IDENTITY = _ie(115, values.UE_PAGING_IDENTITY)
UE_SECURITY_CAPABILITIES = _ie(119, values.UE_SECURITY_CAPABILITIES)
UNAVAILABLE_GUAMI_LIST = _ie(120, procedure_values.UNAVAILABLE_GUAMI_LIST)
USER_LOCATION_INFORMATION = _ie(121, values.USER_LOCATION_INFORMATION)
PDU_SESSION_AGGREGATE_MAXIMUM_BIT_RATE = _ie(130, values.AGGREGATE_MAXIMUM_BIT_RATE)
PDU_SESSION_RESOURCE_FAILED_TO_MODIFY_LIST_MOD_CFM = _ie(131, _TRANSFERS)
PDU_SESSION_RESOURCE_FAILED_TO_SETUP_LIST_CXT_FAIL = _ie(132, _TRANSFERS)
PDU_SESSION_RESOURCE_LIST_CXT_REL_REQ = _ie(133, _SESSIONS)
SECURITY_INDICATION = _ie(138, transfer.SECURITY_INDICATION)
PDU_SESSION_RESOURCE_SECONDARY_RAT_USAGE_LIST = _ie(142, _TRANSFERS)
REDIRECTION_VOICE_FALLBACK = _ie(146, enumerated(2))
UE_RETENTION_INFORMATION = _ie(147, enumerated(1))
S_NSSAI = _ie(148, _S_NSSAI)
NEW_GUAMI = _ie(162, values.GUAMI)
SELECTED_PLMN_IDENTITY = _ie(174, PLMN)
UL_CP_SECURITY_INFORMATION = _ie(211, procedure_values.UL_CP_SECURITY_INFORMATION)
DL_CP_SECURITY_INFORMATION = _ie(212, procedure_values.DL_CP_SECURITY_INFORMATION)

ASSISTANCE_DATA_FOR_PAGING = _ie(11, assistance.ASSISTANCE_DATA_FOR_PAGING)
CORE_NETWORK_ASSISTANCE_INFORMATION_FOR_INACTIVE = _ie(
    18, assistance.CORE_NETWORK_ASSISTANCE_INFORMATION_FOR_INACTIVE
)
EMERGENCY_FALLBACK_INDICATOR = _ie(24, assistance.EMERGENCY_FALLBACK_INDICATOR)
INFO_ON_RECOMMENDED_CELLS_AND_RAN_NODES_FOR_PAGING = _ie(
    32, assistance.INFO_ON_RECOMMENDED_CELLS_AND_RAN_NODES_FOR_PAGING
)
LOCATION_REPORTING_REQUEST_TYPE = _ie(33, assistance.LOCATION_REPORTING_REQUEST_TYPE)
MOBILITY_RESTRICTION_LIST = _ie(36, assistance.MOBILITY_RESTRICTION_LIST)
RAN_STATUS_TRANSFER_TRANSPARENT_CONTAINER = _ie(84, ran_status.RAN_STATUS_TRANSFER)
TRACE_ACTIVATION = _ie(108, assistance.TRACE_ACTIVATION)
UE_RADIO_CAPABILITY_FOR_PAGING = _ie(118, assistance.UE_RADIO_CAPABILITY_FOR_PAGING)
CN_ASSISTED_RAN_TUNING = _ie(165, assistance.CN_ASSISTED_RAN_TUNING)
SRVCC_OPERATION_POSSIBLE = _ie(177, enumerated(2))
IAB_AUTHORIZED = _ie(199, enumerated(2))
IAB_SUPPORTED = _ie(200, enumerated(1))
IAB_NODE_INDICATION = _ie(201, enumerated(1))
NB_IOT_PAGING_DRX = _ie(202, enumerated(6))
NB_IOT_DEFAULT_PAGING_DRX = _ie(204, enumerated(4))
ENHANCED_COVERAGE_RESTRICTION = _ie(205, enumerated(1))
EXTENDED_CONNECTED_TIME = _ie(206, integer(0, 255))
CE_MODE_B_RESTRICTED = _ie(222, enumerated(2))
CE_MODE_B_SUPPORT_INDICATOR = _ie(224, enumerated(1))
LTE_M_INDICATION = _ie(225, enumerated(1))
END_INDICATION = _ie(226, enumerated(2))
EDT_SESSION = _ie(227, enumerated(1))
UE_CAPABILITY_INFO_REQUEST = _ie(228, enumerated(1))
UE_UP_CIOT_SUPPORT = _ie(234, enumerated(1))
RRC_RESUME_CAUSE = _ie(237, enumeration(RrcEstablishmentCause, 10))
AUTHENTICATED_INDICATION = _ie(245, enumerated(1))
UE_RADIO_CAPABILITY_ID = _ie(264, OCTETS)
UE_RADIO_CAPABILITY_EUTRA_FORMAT = _ie(265, OCTETS)
NOTIFY_SOURCE_NG_RAN_NODE = _ie(269, enumerated(1))
RED_CAP_INDICATION = _ie(333, enumerated(1))
PAGING_CAUSE = _ie(342, enumerated(1))

OVERLOAD_RESPONSE = _ie(2, configuration.OVERLOAD_RESPONSE)
AMF_TNL_ASSOCIATION_FAILED_TO_SETUP_LIST = _ie(4, configuration.TNL_ASSOCIATION_LIST)
AMF_TNL_ASSOCIATION_SETUP_LIST = _ie(5, configuration.AMF_TNL_ASSOCIATION_LIST)
AMF_TNL_ASSOCIATION_TO_ADD_LIST = _ie(6, configuration.AMF_TNL_ASSOCIATION_TO_ADD_LIST)
AMF_TNL_ASSOCIATION_TO_REMOVE_LIST = _ie(7, configuration.AMF_TNL_ASSOCIATION_LIST)
AMF_TNL_ASSOCIATION_TO_UPDATE_LIST = _ie(8, configuration.AMF_TNL_ASSOCIATION_TO_UPDATE_LIST)
AMF_TRAFFIC_LOAD_REDUCTION_INDICATION = _ie(9, configuration.TRAFFIC_LOAD_REDUCTION_INDICATION)
NGRAN_CGI = _ie(43, configuration.NGRAN_CGI)
NGRAN_TRACE_ID = _ie(44, fixed_octets(8))
OVERLOAD_START_NSSAI_LIST = _ie(49, configuration.OVERLOAD_START_NSSAI_LIST)
TAI_LIST_FOR_RESTART = _ie(104, configuration.TAI_LIST_FOR_RESTART)
TRACE_COLLECTION_ENTITY_IP_ADDRESS = _ie(109, values.TRANSPORT_LAYER_ADDRESS)
UE_PRESENCE_IN_AREA_OF_INTEREST_LIST = _ie(116, configuration.UE_PRESENCE_IN_AREA_OF_INTEREST_LIST)
HANDOVER_FLAG = _ie(143, enumerated(1))
NGRAN_TNL_ASSOCIATION_TO_REMOVE_LIST = _ie(167, configuration.NGRAN_TNL_ASSOCIATION_TO_REMOVE_LIST)
EXTENDED_RAN_NODE_NAME = _ie(273, configuration.EXTENDED_NAME)
EXTENDED_AMF_NAME = _ie(274, configuration.EXTENDED_NAME)

SOURCE_TO_TARGET_AMF_INFORMATION_REROUTE = _ie(
    171, ue_services.SOURCE_TO_TARGET_AMF_INFORMATION_REROUTE
)
NB_IOT_PAGING_EDRX_INFO = _ie(203, ue_services.NB_IOT_PAGING_EDRX_INFO)
PAGING_ASSISTANCE_FOR_COVERAGE_ENHANCEMENT = _ie(
    207, ue_services.PAGING_ASSISTANCE_FOR_COVERAGE_ENHANCEMENT
)
WUS_ASSISTANCE_INFORMATION = _ie(208, ue_services.WUS_ASSISTANCE_INFORMATION)
UE_DIFFERENTIATION_INFORMATION = _ie(209, ue_services.UE_DIFFERENTIATION_INFORMATION)
NB_IOT_UE_PRIORITY = _ie(210, integer(0, 255, extensible=True))
TAI = _ie(213, values.TAI)
LTE_V2X_SERVICES_AUTHORIZED = _ie(215, ue_services.V2X_SERVICES_AUTHORIZED)
NR_V2X_SERVICES_AUTHORIZED = _ie(216, ue_services.V2X_SERVICES_AUTHORIZED)
LTE_UE_SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE = _ie(
    217, ue_services.SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE
)
NR_UE_SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE = _ie(
    218, ue_services.SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE
)
EUTRA_PAGING_EDRX_INFORMATION = _ie(223, ue_services.EUTRA_PAGING_EDRX_INFORMATION)
SUSPEND_REQUEST_INDICATION = _ie(235, enumerated(1))
SUSPEND_RESPONSE_INDICATION = _ie(236, enumerated(1))
MDT_PLMN_LIST = _ie(254, ue_services.MDT_PLMN_LIST)
PRIVACY_INDICATOR = _ie(256, enumerated(2))
NPN_ACCESS_INFORMATION = _ie(259, ue_services.NPN_ACCESS_INFORMATION)
TARGET_TO_SOURCE_FAILURE_TRANSPARENT_CONTAINER = _ie(262, OCTETS)
TIME_SYNC_ASSISTANCE_INFORMATION = _ie(326, ue_services.TIME_SYNC_ASSISTANCE_INFORMATION)
NR_PAGING_EDRX_INFORMATION = _ie(332, ue_services.NR_PAGING_EDRX_INFORMATION)
TARGET_NSSAI_INFORMATION = _ie(334, ue_services.TARGET_NSSAI_INFORMATION)
UE_SLICE_MAXIMUM_BIT_RATE_LIST = _ie(335, ue_services.UE_SLICE_MAXIMUM_BIT_RATE_LIST)
PEIPS_ASSISTANCE_INFORMATION = _ie(344, ue_services.PEIPS_ASSISTANCE_INFORMATION)
FIVE_G_PROSE_AUTHORIZED = _ie(345, ue_services.FIVE_G_PROSE_AUTHORIZED)
FIVE_G_PROSE_UE_SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE = _ie(
    346, ue_services.SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE
)
CANCEL_ALL_WARNING_MESSAGES = _ie(14, enumerated(1))
CONCURRENT_WARNING_MESSAGE_INDICATOR = _ie(17, enumerated(1))
DATA_CODING_SCHEME = _ie(20, bits(8))
MESSAGE_IDENTIFIER = _ie(35, bits(16))
NUMBER_OF_BROADCASTS_REQUESTED = _ie(47, integer(0, 65_535))
REPETITION_PERIOD = _ie(87, integer(0, 131_071))
SERIAL_NUMBER = _ie(95, bits(16))
WARNING_TYPE = _ie(125, fixed_octets(2))
W_AGF_IDENTITY_INFORMATION = _ie(239, OCTETS)
TNGF_IDENTITY_INFORMATION = _ie(246, OCTETS)
TWIF_IDENTITY_INFORMATION = _ie(247, OCTETS)
NID = _ie(371, ue_services.NID)
MOBILE_IAB_AUTHORIZED = _ie(400, enumerated(2))
MOBILE_IAB_NODE_INDICATION = _ie(402, enumerated(1))
NO_PDU_SESSION_INDICATION = _ie(403, enumerated(1))
MOBILE_IAB_SUPPORTED = _ie(404, enumerated(1))
E_RED_CAP_INDICATION = _ie(427, enumerated(1))

_TRANSFER_TYPES: dict[int, Aper[Any]] = {
    53: transfer.HANDOVER_REQUEST_ACKNOWLEDGE,
    54: transfer.UNSUCCESSFUL,
    55: transfer.UNSUCCESSFUL,
    56: transfer.UNSUCCESSFUL,
    57: transfer.CAUSE_ONLY,
    58: transfer.UNSUCCESSFUL,
    59: transfer.HANDOVER_COMMAND,
    61: transfer.HANDOVER_REQUIRED,
    62: transfer.MODIFY_CONFIRM,
    63: transfer.MODIFY_INDICATION,
    64: transfer.SETUP_REQUEST,
    65: transfer.MODIFY_RESPONSE,
    66: transfer.NOTIFY,
    67: transfer.CAUSE_ONLY,
    68: transfer.CAUSE_ONLY,
    69: transfer.CAUSE_ONLY,
    70: transfer.EMPTY,
    71: transfer.SETUP_REQUEST,
    72: transfer.SETUP_RESPONSE,
    73: transfer.SETUP_REQUEST,
    74: transfer.SETUP_REQUEST,
    75: transfer.SETUP_RESPONSE,
    76: transfer.PATH_SWITCH_REQUEST,
    77: transfer.PATH_SWITCH_REQUEST_ACKNOWLEDGE,
    78: transfer.CAUSE_ONLY,
    79: transfer.CAUSE_ONLY,
    131: transfer.CAUSE_ONLY,
    132: transfer.UNSUCCESSFUL,
}


def transfer_type(identifier: int) -> Aper[Any] | None:
    """The type of the transfer containers in the list with this identifier."""
    return _TRANSFER_TYPES.get(identifier)
