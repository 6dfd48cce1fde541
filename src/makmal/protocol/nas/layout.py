"""How the elements of each message are laid out: the tables of TS 24.501, 8.2 and 8.3, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from makmal.protocol.element import InformationElement
from makmal.protocol.nas import ie
from makmal.protocol.nas.message_type import MessageType as M

Key = InformationElement[Any]


class Format(Enum):
    """How an element's length is told (TS 24.007, 11.2.1.1)."""

    HALF = "half octet"
    FIXED = "fixed length"
    LENGTH = "one octet of length"
    LENGTH_2 = "two octets of length"
    TAG_ONLY = "no value"


@dataclass(frozen=True, slots=True)
class Field:
    """One element in a message: its key, its format, and its length where that is fixed."""

    key: Key
    format: Format
    length: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The mandatory fields in their order, and the optional ones by their identifier."""

    mandatory: tuple[Field, ...]
    optional: dict[int, Field]


def _half(key: Key) -> Field:
    return Field(key, Format.HALF)


def _v(key: Key, length: int = 1) -> Field:
    return Field(key, Format.FIXED, length)


def _lv(key: Key) -> Field:
    return Field(key, Format.LENGTH)


def _lve(key: Key) -> Field:
    return Field(key, Format.LENGTH_2)


# An identifier that has the highest bit set is half an octet (type 1), unless it has no value; one
# of 0x70 to 0x7f has two octets of length (TS 24.007, 11.2.4). Only fixed lengths need to be said.
def _options(
    options: dict[int, Key],
    fixed: dict[int, int] | None = None,
    tag_only: frozenset[int] = frozenset(),
) -> dict[int, Field]:
    fields = {}
    for identifier, key in options.items():
        if identifier in tag_only:
            fields[identifier] = Field(key, Format.TAG_ONLY)
        elif identifier & 0x80:
            fields[identifier] = Field(key, Format.HALF)
        elif fixed and identifier in fixed:
            fields[identifier] = Field(key, Format.FIXED, fixed[identifier])
        elif identifier & 0xF0 == 0x70:
            fields[identifier] = Field(key, Format.LENGTH_2)
        else:
            fields[identifier] = Field(key, Format.LENGTH)
    return fields


_SPARE = ie.SPARE_HALF_OCTET

# Half octets come in pairs: the first of a pair is the lower half of its octet.
_KSI_SPARE = (_half(ie.NAS_KEY_SET_IDENTIFIER), _half(_SPARE))

_FORBIDDEN_AREAS = {
    0x1D: ie.FORBIDDEN_TAI_LIST_ROAMING,
    0x1E: ie.FORBIDDEN_TAI_LIST_REGIONAL,
}

LAYOUTS: dict[int, Layout] = {
    M.REGISTRATION_REQUEST: Layout(
        (
            _half(ie.FIVE_GS_REGISTRATION_TYPE),
            _half(ie.NAS_KEY_SET_IDENTIFIER),
            _lve(ie.FIVE_GS_MOBILE_IDENTITY),
        ),
        _options(
            {
                0xC0: ie.NON_CURRENT_NATIVE_NAS_KEY_SET_IDENTIFIER,
                0x10: ie.FIVE_GMM_CAPABILITY,
                0x2E: ie.UE_SECURITY_CAPABILITY,
                0x2F: ie.REQUESTED_NSSAI,
                0x52: ie.LAST_VISITED_REGISTERED_TAI,
                0x17: ie.S1_UE_NETWORK_CAPABILITY,
                0x40: ie.UPLINK_DATA_STATUS,
                0x50: ie.PDU_SESSION_STATUS,
                0xB0: ie.MICO_INDICATION,
                0x2B: ie.UE_STATUS,
                0x77: ie.ADDITIONAL_GUTI,
                0x25: ie.ALLOWED_PDU_SESSION_STATUS,
                0x18: ie.UE_USAGE_SETTING,
                0x51: ie.REQUESTED_DRX_PARAMETERS,
                0x70: ie.EPS_NAS_MESSAGE_CONTAINER,
                0x74: ie.LADN_INDICATION,
                0x80: ie.PAYLOAD_CONTAINER_TYPE,
                0x7B: ie.PAYLOAD_CONTAINER,
                0x90: ie.NETWORK_SLICING_INDICATION,
                0x53: ie.FIVE_GS_UPDATE_TYPE,
                0x41: ie.MOBILE_STATION_CLASSMARK_2,
                0x42: ie.SUPPORTED_CODECS,
                0x71: ie.NAS_MESSAGE_CONTAINER,
                0x60: ie.EPS_BEARER_CONTEXT_STATUS,
                0x6E: ie.EXTENDED_DRX_PARAMETERS,
                0x6A: ie.T3324_VALUE,
                0x67: ie.UE_RADIO_CAPABILITY_ID,
                0x35: ie.REQUESTED_MAPPED_NSSAI,
                0x48: ie.ADDITIONAL_INFORMATION_REQUESTED,
                0x1A: ie.WUS_ASSISTANCE_INFORMATION,
                0xA0: ie.N5GC_INDICATION,
                0x30: ie.NB_N1_MODE_DRX_PARAMETERS,
                0x29: ie.UE_REQUEST_TYPE,
                0x28: ie.PAGING_RESTRICTION,
                0x72: ie.SERVICE_LEVEL_AA_CONTAINER,
                0x32: ie.NID,
                0x16: ie.MS_DETERMINED_PLMN_WITH_DISASTER_CONDITION,
                0x2A: ie.PEIPS_ASSISTANCE_INFORMATION,
                0x3B: ie.REQUESTED_T3512_VALUE,
            },
            {0x52: 6},
        ),
    ),
    M.REGISTRATION_ACCEPT: Layout(
        (_lv(ie.FIVE_GS_REGISTRATION_RESULT),),
        _options(
            {
                0x77: ie.FIVE_G_GUTI,
                0x4A: ie.EQUIVALENT_PLMNS,
                0x54: ie.TAI_LIST,
                0x15: ie.ALLOWED_NSSAI,
                0x11: ie.REJECTED_NSSAI,
                0x31: ie.CONFIGURED_NSSAI,
                0x21: ie.FIVE_GS_NETWORK_FEATURE_SUPPORT,
                0x50: ie.PDU_SESSION_STATUS,
                0x26: ie.PDU_SESSION_REACTIVATION_RESULT,
                0x72: ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE,
                0x79: ie.LADN_INFORMATION,
                0xB0: ie.MICO_INDICATION,
                0x90: ie.NETWORK_SLICING_INDICATION,
                0x27: ie.SERVICE_AREA_LIST,
                0x5E: ie.T3512_VALUE,
                0x5D: ie.NON_3GPP_DEREGISTRATION_TIMER,
                0x16: ie.T3502_VALUE,
                0x34: ie.EMERGENCY_NUMBER_LIST,
                0x7A: ie.EXTENDED_EMERGENCY_NUMBER_LIST,
                0x73: ie.SOR_TRANSPARENT_CONTAINER,
                0x78: ie.EAP_MESSAGE,
                0xA0: ie.NSSAI_INCLUSION_MODE,
                0x76: ie.OPERATOR_DEFINED_ACCESS_CATEGORY_DEFINITIONS,
                0x51: ie.NEGOTIATED_DRX_PARAMETERS,
                0xD0: ie.NON_3GPP_NW_POLICIES,
                0x60: ie.EPS_BEARER_CONTEXT_STATUS,
                0x6E: ie.EXTENDED_DRX_PARAMETERS,
                0x6C: ie.T3447_VALUE,
                0x6B: ie.T3448_VALUE,
                0x6A: ie.T3324_VALUE,
                0x67: ie.UE_RADIO_CAPABILITY_ID,
                0xE0: ie.UE_RADIO_CAPABILITY_ID_DELETION_INDICATION,
                0x39: ie.PENDING_NSSAI,
                0x74: ie.CIPHERING_KEY_DATA,
                0x75: ie.CAG_INFORMATION_LIST,
                0x1B: ie.TRUNCATED_5G_S_TMSI_CONFIGURATION,
                0x1A: ie.WUS_ASSISTANCE_INFORMATION,
                0x29: ie.NB_N1_MODE_DRX_PARAMETERS,
                0x68: ie.EXTENDED_REJECTED_NSSAI,
                0x7B: ie.SERVICE_LEVEL_AA_CONTAINER,
                0x33: ie.PEIPS_ASSISTANCE_INFORMATION,
                0x35: ie.FIVE_GS_ADDITIONAL_REQUEST_RESULT,
                0x70: ie.NSSRG_INFORMATION,
                0x14: ie.DISASTER_ROAMING_WAIT_RANGE,
                0x2C: ie.DISASTER_RETURN_WAIT_RANGE,
                0x13: ie.LIST_OF_PLMNS_FOR_DISASTER_CONDITION,
                **_FORBIDDEN_AREAS,
                0x71: ie.EXTENDED_CAG_INFORMATION_LIST,
                0x7C: ie.NSAG_INFORMATION,
            }
        ),
    ),
    M.REGISTRATION_COMPLETE: Layout((), _options({0x73: ie.SOR_TRANSPARENT_CONTAINER})),
    M.REGISTRATION_REJECT: Layout(
        (_v(ie.FIVE_GMM_CAUSE),),
        _options(
            {
                0x5F: ie.T3346_VALUE,
                0x16: ie.T3502_VALUE,
                0x78: ie.EAP_MESSAGE,
                0x69: ie.REJECTED_NSSAI,
                0x75: ie.CAG_INFORMATION_LIST,
                0x68: ie.EXTENDED_REJECTED_NSSAI,
                0x2C: ie.DISASTER_RETURN_WAIT_RANGE,
                0x71: ie.EXTENDED_CAG_INFORMATION_LIST,
                0x3A: ie.LOWER_BOUND_TIMER_VALUE,
                **_FORBIDDEN_AREAS,
            }
        ),
    ),
    M.DEREGISTRATION_REQUEST_UE_ORIGINATING: Layout(
        (
            _half(ie.DEREGISTRATION_TYPE),
            _half(ie.NAS_KEY_SET_IDENTIFIER),
            _lve(ie.FIVE_GS_MOBILE_IDENTITY),
        ),
        {},
    ),
    M.DEREGISTRATION_ACCEPT_UE_ORIGINATING: Layout((), {}),
    M.DEREGISTRATION_REQUEST_UE_TERMINATED: Layout(
        (_half(ie.DEREGISTRATION_TYPE), _half(_SPARE)),
        _options(
            {
                0x58: ie.FIVE_GMM_CAUSE,
                0x5F: ie.T3346_VALUE,
                0x6D: ie.REJECTED_NSSAI,
                0x75: ie.CAG_INFORMATION_LIST,
                0x68: ie.EXTENDED_REJECTED_NSSAI,
                0x2C: ie.DISASTER_RETURN_WAIT_RANGE,
                0x71: ie.EXTENDED_CAG_INFORMATION_LIST,
                0x3A: ie.LOWER_BOUND_TIMER_VALUE,
                **_FORBIDDEN_AREAS,
            },
            {0x58: 1},
        ),
    ),
    M.DEREGISTRATION_ACCEPT_UE_TERMINATED: Layout((), {}),
    M.SERVICE_REQUEST: Layout(
        (
            _half(ie.NAS_KEY_SET_IDENTIFIER),
            _half(ie.SERVICE_TYPE),
            _lve(ie.FIVE_G_S_TMSI),
        ),
        _options(
            {
                0x40: ie.UPLINK_DATA_STATUS,
                0x50: ie.PDU_SESSION_STATUS,
                0x25: ie.ALLOWED_PDU_SESSION_STATUS,
                0x71: ie.NAS_MESSAGE_CONTAINER,
                0x29: ie.UE_REQUEST_TYPE,
                0x28: ie.PAGING_RESTRICTION,
            }
        ),
    ),
    M.SERVICE_REJECT: Layout(
        (_v(ie.FIVE_GMM_CAUSE),),
        _options(
            {
                0x50: ie.PDU_SESSION_STATUS,
                0x5F: ie.T3346_VALUE,
                0x78: ie.EAP_MESSAGE,
                0x6B: ie.T3448_VALUE,
                0x75: ie.CAG_INFORMATION_LIST,
                0x2C: ie.DISASTER_RETURN_WAIT_RANGE,
                0x71: ie.EXTENDED_CAG_INFORMATION_LIST,
                0x3A: ie.LOWER_BOUND_TIMER_VALUE,
                **_FORBIDDEN_AREAS,
            }
        ),
    ),
    M.SERVICE_ACCEPT: Layout(
        (),
        _options(
            {
                0x50: ie.PDU_SESSION_STATUS,
                0x26: ie.PDU_SESSION_REACTIVATION_RESULT,
                0x72: ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE,
                0x78: ie.EAP_MESSAGE,
                0x6B: ie.T3448_VALUE,
                0x34: ie.FIVE_GS_ADDITIONAL_REQUEST_RESULT,
                **_FORBIDDEN_AREAS,
            }
        ),
    ),
    M.CONTROL_PLANE_SERVICE_REQUEST: Layout(
        (_half(ie.CONTROL_PLANE_SERVICE_TYPE), _half(ie.NAS_KEY_SET_IDENTIFIER)),
        _options(
            {
                0x6F: ie.CIOT_SMALL_DATA_CONTAINER,
                0x80: ie.PAYLOAD_CONTAINER_TYPE,
                0x7B: ie.PAYLOAD_CONTAINER,
                0x12: ie.PDU_SESSION_ID,
                0x50: ie.PDU_SESSION_STATUS,
                0xF0: ie.RELEASE_ASSISTANCE_INDICATION,
                0x40: ie.UPLINK_DATA_STATUS,
                0x71: ie.NAS_MESSAGE_CONTAINER,
                0x24: ie.ADDITIONAL_INFORMATION,
                0x25: ie.ALLOWED_PDU_SESSION_STATUS,
                0x29: ie.UE_REQUEST_TYPE,
                0x28: ie.PAGING_RESTRICTION,
            },
            {0x12: 1},
        ),
    ),
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMMAND: Layout(
        (_lv(ie.S_NSSAI), _lve(ie.EAP_MESSAGE)), {}
    ),
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE: Layout(
        (_lv(ie.S_NSSAI), _lve(ie.EAP_MESSAGE)), {}
    ),
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT: Layout(
        (_lv(ie.S_NSSAI), _lve(ie.EAP_MESSAGE)), {}
    ),
    M.CONFIGURATION_UPDATE_COMMAND: Layout(
        (),
        _options(
            {
                0xD0: ie.CONFIGURATION_UPDATE_INDICATION,
                0x77: ie.FIVE_G_GUTI,
                0x54: ie.TAI_LIST,
                0x15: ie.ALLOWED_NSSAI,
                0x27: ie.SERVICE_AREA_LIST,
                0x43: ie.FULL_NAME_FOR_NETWORK,
                0x45: ie.SHORT_NAME_FOR_NETWORK,
                0x46: ie.LOCAL_TIME_ZONE,
                0x47: ie.UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE,
                0x49: ie.NETWORK_DAYLIGHT_SAVING_TIME,
                0x79: ie.LADN_INFORMATION,
                0xB0: ie.MICO_INDICATION,
                0x90: ie.NETWORK_SLICING_INDICATION,
                0x31: ie.CONFIGURED_NSSAI,
                0x11: ie.REJECTED_NSSAI,
                0x76: ie.OPERATOR_DEFINED_ACCESS_CATEGORY_DEFINITIONS,
                0xF0: ie.SMS_INDICATION,
                0x6C: ie.T3447_VALUE,
                0x75: ie.CAG_INFORMATION_LIST,
                0x67: ie.UE_RADIO_CAPABILITY_ID,
                0xA0: ie.UE_RADIO_CAPABILITY_ID_DELETION_INDICATION,
                0x44: ie.FIVE_GS_REGISTRATION_RESULT,
                0x1B: ie.TRUNCATED_5G_S_TMSI_CONFIGURATION,
                0xC0: ie.ADDITIONAL_CONFIGURATION_INDICATION,
                0x68: ie.EXTENDED_REJECTED_NSSAI,
                0x72: ie.SERVICE_LEVEL_AA_CONTAINER,
                0x70: ie.NSSRG_INFORMATION,
                0x14: ie.DISASTER_ROAMING_WAIT_RANGE,
                0x2C: ie.DISASTER_RETURN_WAIT_RANGE,
                0x13: ie.LIST_OF_PLMNS_FOR_DISASTER_CONDITION,
                0x71: ie.EXTENDED_CAG_INFORMATION_LIST,
                0x1F: ie.PEIPS_ASSISTANCE_INFORMATION,
                0x73: ie.NSAG_INFORMATION,
                0xE0: ie.PRIORITY_INDICATOR,
            },
            {0x46: 1, 0x47: 7},
        ),
    ),
    M.CONFIGURATION_UPDATE_COMPLETE: Layout((), {}),
    M.AUTHENTICATION_REQUEST: Layout(
        (*_KSI_SPARE, _lv(ie.ABBA)),
        _options(
            {
                0x21: ie.AUTHENTICATION_PARAMETER_RAND,
                0x20: ie.AUTHENTICATION_PARAMETER_AUTN,
                0x78: ie.EAP_MESSAGE,
            },
            {0x21: 16},
        ),
    ),
    M.AUTHENTICATION_RESPONSE: Layout(
        (), _options({0x2D: ie.AUTHENTICATION_RESPONSE_PARAMETER, 0x78: ie.EAP_MESSAGE})
    ),
    M.AUTHENTICATION_REJECT: Layout((), _options({0x78: ie.EAP_MESSAGE})),
    M.AUTHENTICATION_FAILURE: Layout(
        (_v(ie.FIVE_GMM_CAUSE),), _options({0x30: ie.AUTHENTICATION_FAILURE_PARAMETER})
    ),
    M.AUTHENTICATION_RESULT: Layout((*_KSI_SPARE, _lve(ie.EAP_MESSAGE)), _options({0x38: ie.ABBA})),
    M.IDENTITY_REQUEST: Layout((_half(ie.IDENTITY_TYPE), _half(_SPARE)), {}),
    M.IDENTITY_RESPONSE: Layout((_lve(ie.MOBILE_IDENTITY),), {}),
    M.SECURITY_MODE_COMMAND: Layout(
        (
            _v(ie.SELECTED_NAS_SECURITY_ALGORITHMS),
            *_KSI_SPARE,
            _lv(ie.REPLAYED_UE_SECURITY_CAPABILITIES),
        ),
        _options(
            {
                0xE0: ie.IMEISV_REQUEST,
                0x57: ie.SELECTED_EPS_NAS_SECURITY_ALGORITHMS,
                0x36: ie.ADDITIONAL_5G_SECURITY_INFORMATION,
                0x78: ie.EAP_MESSAGE,
                0x38: ie.ABBA,
                0x19: ie.REPLAYED_S1_UE_SECURITY_CAPABILITIES,
            },
            {0x57: 1},
        ),
    ),
    M.SECURITY_MODE_COMPLETE: Layout(
        (),
        _options({0x77: ie.IMEISV, 0x71: ie.NAS_MESSAGE_CONTAINER, 0x78: ie.NON_IMEISV_PEI}),
    ),
    M.SECURITY_MODE_REJECT: Layout((_v(ie.FIVE_GMM_CAUSE),), {}),
    M.FIVE_GMM_STATUS: Layout((_v(ie.FIVE_GMM_CAUSE),), {}),
    M.NOTIFICATION: Layout((_half(ie.ACCESS_TYPE), _half(_SPARE)), {}),
    M.NOTIFICATION_RESPONSE: Layout((), _options({0x50: ie.PDU_SESSION_STATUS})),
    M.UL_NAS_TRANSPORT: Layout(
        (_half(ie.PAYLOAD_CONTAINER_TYPE), _half(_SPARE), _lve(ie.PAYLOAD_CONTAINER)),
        _options(
            {
                0x12: ie.PDU_SESSION_ID,
                0x59: ie.OLD_PDU_SESSION_ID,
                0x80: ie.REQUEST_TYPE,
                0x22: ie.S_NSSAI,
                0x25: ie.DNN,
                0x24: ie.ADDITIONAL_INFORMATION,
                0xA0: ie.MA_PDU_SESSION_INFORMATION,
                0xF0: ie.RELEASE_ASSISTANCE_INDICATION,
            },
            {0x12: 1, 0x59: 1},
        ),
    ),
    M.DL_NAS_TRANSPORT: Layout(
        (_half(ie.PAYLOAD_CONTAINER_TYPE), _half(_SPARE), _lve(ie.PAYLOAD_CONTAINER)),
        _options(
            {
                0x12: ie.PDU_SESSION_ID,
                0x24: ie.ADDITIONAL_INFORMATION,
                0x58: ie.FIVE_GMM_CAUSE,
                0x37: ie.BACK_OFF_TIMER_VALUE,
                0x3A: ie.LOWER_BOUND_TIMER_VALUE,
            },
            {0x12: 1, 0x58: 1},
        ),
    ),
    M.RELAY_KEY_REQUEST: Layout((_v(ie.PRTI), _lve(ie.RELAY_KEY_REQUEST_PARAMETERS)), {}),
    M.RELAY_KEY_ACCEPT: Layout(
        (_v(ie.PRTI), _lve(ie.RELAY_KEY_RESPONSE_PARAMETERS)), _options({0x78: ie.EAP_MESSAGE})
    ),
    M.RELAY_KEY_REJECT: Layout((_v(ie.PRTI),), _options({0x78: ie.EAP_MESSAGE})),
    M.RELAY_AUTHENTICATION_REQUEST: Layout((_v(ie.PRTI), _lve(ie.EAP_MESSAGE)), {}),
    M.RELAY_AUTHENTICATION_RESPONSE: Layout((_v(ie.PRTI), _lve(ie.EAP_MESSAGE)), {}),
}

_PCO = {0x7B: ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS}
_AA = {0x72: ie.SERVICE_LEVEL_AA_CONTAINER}

LAYOUTS.update(
    {
        M.PDU_SESSION_ESTABLISHMENT_REQUEST: Layout(
            (_v(ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE, 2),),
            _options(
                {
                    0x90: ie.PDU_SESSION_TYPE,
                    0xA0: ie.SSC_MODE,
                    0x28: ie.FIVE_GSM_CAPABILITY,
                    0x55: ie.MAXIMUM_NUMBER_OF_SUPPORTED_PACKET_FILTERS,
                    0xB0: ie.ALWAYS_ON_PDU_SESSION_REQUESTED,
                    0x39: ie.SM_PDU_DN_REQUEST_CONTAINER,
                    **_PCO,
                    0x66: ie.IP_HEADER_COMPRESSION_CONFIGURATION,
                    0x6E: ie.DS_TT_ETHERNET_PORT_MAC_ADDRESS,
                    0x6F: ie.UE_DS_TT_RESIDENCE_TIME,
                    0x74: ie.PORT_MANAGEMENT_INFORMATION_CONTAINER,
                    0x1F: ie.ETHERNET_HEADER_COMPRESSION_CONFIGURATION,
                    0x29: ie.SUGGESTED_INTERFACE_IDENTIFIER,
                    **_AA,
                    0x70: ie.REQUESTED_MBS_CONTAINER,
                    0x34: ie.PDU_SESSION_PAIR_ID,
                    0x35: ie.RSN,
                },
                {0x55: 2},
            ),
        ),
        M.PDU_SESSION_ESTABLISHMENT_ACCEPT: Layout(
            (
                _half(ie.SELECTED_PDU_SESSION_TYPE),
                _half(ie.SELECTED_SSC_MODE),
                _lve(ie.AUTHORIZED_QOS_RULES),
                _lv(ie.SESSION_AMBR),
            ),
            _options(
                {
                    0x59: ie.FIVE_GSM_CAUSE,
                    0x29: ie.PDU_ADDRESS,
                    0x56: ie.RQ_TIMER_VALUE,
                    0x22: ie.S_NSSAI,
                    0x80: ie.ALWAYS_ON_PDU_SESSION_INDICATION,
                    0x75: ie.MAPPED_EPS_BEARER_CONTEXTS,
                    0x78: ie.EAP_MESSAGE,
                    0x79: ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS,
                    **_PCO,
                    0x25: ie.DNN,
                    0x17: ie.FIVE_GSM_NETWORK_FEATURE_SUPPORT,
                    0x18: ie.SERVING_PLMN_RATE_CONTROL,
                    0x77: ie.ATSSS_CONTAINER,
                    0xC0: ie.CONTROL_PLANE_ONLY_INDICATION,
                    0x66: ie.IP_HEADER_COMPRESSION_CONFIGURATION,
                    0x1F: ie.ETHERNET_HEADER_COMPRESSION_CONFIGURATION,
                    **_AA,
                    0x71: ie.RECEIVED_MBS_CONTAINER,
                },
                {0x59: 1, 0x56: 1},
            ),
        ),
        M.PDU_SESSION_ESTABLISHMENT_REJECT: Layout(
            (_v(ie.FIVE_GSM_CAUSE),),
            _options(
                {
                    0x37: ie.BACK_OFF_TIMER_VALUE,
                    0xF0: ie.ALLOWED_SSC_MODE,
                    0x78: ie.EAP_MESSAGE,
                    0x61: ie.FIVE_GSM_CONGESTION_RE_ATTEMPT_INDICATOR,
                    **_PCO,
                    0x1D: ie.RE_ATTEMPT_INDICATOR,
                    **_AA,
                }
            ),
        ),
        M.PDU_SESSION_AUTHENTICATION_COMMAND: Layout((_lve(ie.EAP_MESSAGE),), _options(_PCO)),
        M.PDU_SESSION_AUTHENTICATION_COMPLETE: Layout((_lve(ie.EAP_MESSAGE),), _options(_PCO)),
        M.PDU_SESSION_AUTHENTICATION_RESULT: Layout((), _options({0x78: ie.EAP_MESSAGE, **_PCO})),
        M.PDU_SESSION_MODIFICATION_REQUEST: Layout(
            (),
            _options(
                {
                    0x28: ie.FIVE_GSM_CAPABILITY,
                    0x59: ie.FIVE_GSM_CAUSE,
                    0x55: ie.MAXIMUM_NUMBER_OF_SUPPORTED_PACKET_FILTERS,
                    0xB0: ie.ALWAYS_ON_PDU_SESSION_REQUESTED,
                    0x13: ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE,
                    0x7A: ie.REQUESTED_QOS_RULES,
                    0x79: ie.REQUESTED_QOS_FLOW_DESCRIPTIONS,
                    0x75: ie.MAPPED_EPS_BEARER_CONTEXTS,
                    **_PCO,
                    0x74: ie.PORT_MANAGEMENT_INFORMATION_CONTAINER,
                    0x66: ie.IP_HEADER_COMPRESSION_CONFIGURATION,
                    0x1F: ie.ETHERNET_HEADER_COMPRESSION_CONFIGURATION,
                    0x70: ie.REQUESTED_MBS_CONTAINER,
                    **_AA,
                },
                {0x59: 1, 0x55: 2, 0x13: 2},
            ),
        ),
        M.PDU_SESSION_MODIFICATION_REJECT: Layout(
            (_v(ie.FIVE_GSM_CAUSE),),
            _options(
                {
                    0x37: ie.BACK_OFF_TIMER_VALUE,
                    0x61: ie.FIVE_GSM_CONGESTION_RE_ATTEMPT_INDICATOR,
                    **_PCO,
                    0x1D: ie.RE_ATTEMPT_INDICATOR,
                }
            ),
        ),
        M.PDU_SESSION_MODIFICATION_COMMAND: Layout(
            (),
            _options(
                {
                    0x59: ie.FIVE_GSM_CAUSE,
                    0x2A: ie.SESSION_AMBR,
                    0x56: ie.RQ_TIMER_VALUE,
                    0x80: ie.ALWAYS_ON_PDU_SESSION_INDICATION,
                    0x7A: ie.AUTHORIZED_QOS_RULES,
                    0x75: ie.MAPPED_EPS_BEARER_CONTEXTS,
                    0x79: ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS,
                    **_PCO,
                    0x77: ie.ATSSS_CONTAINER,
                    0x66: ie.IP_HEADER_COMPRESSION_CONFIGURATION,
                    0x74: ie.PORT_MANAGEMENT_INFORMATION_CONTAINER,
                    0x1E: ie.SERVING_PLMN_RATE_CONTROL,
                    0x1F: ie.ETHERNET_HEADER_COMPRESSION_CONFIGURATION,
                    0x71: ie.RECEIVED_MBS_CONTAINER,
                    **_AA,
                },
                {0x59: 1, 0x56: 1},
            ),
        ),
        M.PDU_SESSION_MODIFICATION_COMPLETE: Layout(
            (), _options({**_PCO, 0x74: ie.PORT_MANAGEMENT_INFORMATION_CONTAINER})
        ),
        M.PDU_SESSION_MODIFICATION_COMMAND_REJECT: Layout((_v(ie.FIVE_GSM_CAUSE),), _options(_PCO)),
        M.PDU_SESSION_RELEASE_REQUEST: Layout(
            (), _options({0x59: ie.FIVE_GSM_CAUSE, **_PCO}, {0x59: 1})
        ),
        M.PDU_SESSION_RELEASE_REJECT: Layout((_v(ie.FIVE_GSM_CAUSE),), _options(_PCO)),
        M.PDU_SESSION_RELEASE_COMMAND: Layout(
            (_v(ie.FIVE_GSM_CAUSE),),
            _options(
                {
                    0x37: ie.BACK_OFF_TIMER_VALUE,
                    0x78: ie.EAP_MESSAGE,
                    0x61: ie.FIVE_GSM_CONGESTION_RE_ATTEMPT_INDICATOR,
                    **_PCO,
                    0xD0: ie.ACCESS_TYPE,
                    **_AA,
                }
            ),
        ),
        M.PDU_SESSION_RELEASE_COMPLETE: Layout(
            (), _options({0x59: ie.FIVE_GSM_CAUSE, **_PCO}, {0x59: 1})
        ),
        M.FIVE_GSM_STATUS: Layout((_v(ie.FIVE_GSM_CAUSE),), {}),
        M.SERVICE_LEVEL_AUTHENTICATION_COMMAND: Layout((_lve(ie.SERVICE_LEVEL_AA_CONTAINER),), {}),
        M.SERVICE_LEVEL_AUTHENTICATION_COMPLETE: Layout((_lve(ie.SERVICE_LEVEL_AA_CONTAINER),), {}),
        M.REMOTE_UE_REPORT: Layout(
            (),
            _options(
                {
                    0x76: ie.REMOTE_UE_CONTEXT_CONNECTED,
                    0x70: ie.REMOTE_UE_CONTEXT_DISCONNECTED,
                }
            ),
        ),
        M.REMOTE_UE_REPORT_RESPONSE: Layout((), {}),
    }
)
