"""The 5GMM messages: the tables of TS 24.501, 8.2, as data."""

from __future__ import annotations

from makmal.protocol.nas import ie
from makmal.protocol.nas.element_layout import (
    Layout,
    fixed_value,
    half,
    length_1,
    length_2,
    options_of,
)
from makmal.protocol.nas.message_type import MessageType as M

_SPARE = ie.SPARE_HALF_OCTET

# Half octets come in pairs: the first of a pair is the lower half of its octet.
_KSI_SPARE = (half(ie.NAS_KEY_SET_IDENTIFIER), half(_SPARE))

_FORBIDDEN_AREAS = {
    0x1D: ie.FORBIDDEN_TAI_LIST_ROAMING,
    0x1E: ie.FORBIDDEN_TAI_LIST_REGIONAL,
}

MOBILITY_LAYOUTS: dict[int, Layout] = {
    M.REGISTRATION_REQUEST: Layout(
        (
            half(ie.FIVE_GS_REGISTRATION_TYPE),
            half(ie.NAS_KEY_SET_IDENTIFIER),
            length_2(ie.FIVE_GS_MOBILE_IDENTITY),
        ),
        options_of(
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
        (length_1(ie.FIVE_GS_REGISTRATION_RESULT),),
        options_of(
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
    M.REGISTRATION_COMPLETE: Layout((), options_of({0x73: ie.SOR_TRANSPARENT_CONTAINER})),
    M.REGISTRATION_REJECT: Layout(
        (fixed_value(ie.FIVE_GMM_CAUSE),),
        options_of(
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
            half(ie.DEREGISTRATION_TYPE),
            half(ie.NAS_KEY_SET_IDENTIFIER),
            length_2(ie.FIVE_GS_MOBILE_IDENTITY),
        ),
        {},
    ),
    M.DEREGISTRATION_ACCEPT_UE_ORIGINATING: Layout((), {}),
    M.DEREGISTRATION_REQUEST_UE_TERMINATED: Layout(
        (half(ie.DEREGISTRATION_TYPE), half(_SPARE)),
        options_of(
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
            half(ie.NAS_KEY_SET_IDENTIFIER),
            half(ie.SERVICE_TYPE),
            length_2(ie.FIVE_G_S_TMSI),
        ),
        options_of(
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
        (fixed_value(ie.FIVE_GMM_CAUSE),),
        options_of(
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
        options_of(
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
        (half(ie.CONTROL_PLANE_SERVICE_TYPE), half(ie.NAS_KEY_SET_IDENTIFIER)),
        options_of(
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
        (length_1(ie.S_NSSAI), length_2(ie.EAP_MESSAGE)), {}
    ),
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE: Layout(
        (length_1(ie.S_NSSAI), length_2(ie.EAP_MESSAGE)), {}
    ),
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT: Layout(
        (length_1(ie.S_NSSAI), length_2(ie.EAP_MESSAGE)), {}
    ),
    M.CONFIGURATION_UPDATE_COMMAND: Layout(
        (),
        options_of(
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
        (*_KSI_SPARE, length_1(ie.ABBA)),
        options_of(
            {
                0x21: ie.AUTHENTICATION_PARAMETER_RAND,
                0x20: ie.AUTHENTICATION_PARAMETER_AUTN,
                0x78: ie.EAP_MESSAGE,
            },
            {0x21: 16},
        ),
    ),
    M.AUTHENTICATION_RESPONSE: Layout(
        (), options_of({0x2D: ie.AUTHENTICATION_RESPONSE_PARAMETER, 0x78: ie.EAP_MESSAGE})
    ),
    M.AUTHENTICATION_REJECT: Layout((), options_of({0x78: ie.EAP_MESSAGE})),
    M.AUTHENTICATION_FAILURE: Layout(
        (fixed_value(ie.FIVE_GMM_CAUSE),), options_of({0x30: ie.AUTHENTICATION_FAILURE_PARAMETER})
    ),
    M.AUTHENTICATION_RESULT: Layout(
        (*_KSI_SPARE, length_2(ie.EAP_MESSAGE)), options_of({0x38: ie.ABBA})
    ),
    M.IDENTITY_REQUEST: Layout((half(ie.IDENTITY_TYPE), half(_SPARE)), {}),
    M.IDENTITY_RESPONSE: Layout((length_2(ie.MOBILE_IDENTITY),), {}),
    M.SECURITY_MODE_COMMAND: Layout(
        (
            fixed_value(ie.SELECTED_NAS_SECURITY_ALGORITHMS),
            *_KSI_SPARE,
            length_1(ie.REPLAYED_UE_SECURITY_CAPABILITIES),
        ),
        options_of(
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
        options_of({0x77: ie.IMEISV, 0x71: ie.NAS_MESSAGE_CONTAINER, 0x78: ie.NON_IMEISV_PEI}),
    ),
    M.SECURITY_MODE_REJECT: Layout((fixed_value(ie.FIVE_GMM_CAUSE),), {}),
    M.FIVE_GMM_STATUS: Layout((fixed_value(ie.FIVE_GMM_CAUSE),), {}),
    M.NOTIFICATION: Layout((half(ie.ACCESS_TYPE), half(_SPARE)), {}),
    M.NOTIFICATION_RESPONSE: Layout((), options_of({0x50: ie.PDU_SESSION_STATUS})),
    M.UL_NAS_TRANSPORT: Layout(
        (half(ie.PAYLOAD_CONTAINER_TYPE), half(_SPARE), length_2(ie.PAYLOAD_CONTAINER)),
        options_of(
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
        (half(ie.PAYLOAD_CONTAINER_TYPE), half(_SPARE), length_2(ie.PAYLOAD_CONTAINER)),
        options_of(
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
    M.RELAY_KEY_REQUEST: Layout(
        (fixed_value(ie.PRTI), length_2(ie.RELAY_KEY_REQUEST_PARAMETERS)), {}
    ),
    M.RELAY_KEY_ACCEPT: Layout(
        (fixed_value(ie.PRTI), length_2(ie.RELAY_KEY_RESPONSE_PARAMETERS)),
        options_of({0x78: ie.EAP_MESSAGE}),
    ),
    M.RELAY_KEY_REJECT: Layout((fixed_value(ie.PRTI),), options_of({0x78: ie.EAP_MESSAGE})),
    M.RELAY_AUTHENTICATION_REQUEST: Layout((fixed_value(ie.PRTI), length_2(ie.EAP_MESSAGE)), {}),
    M.RELAY_AUTHENTICATION_RESPONSE: Layout((fixed_value(ie.PRTI), length_2(ie.EAP_MESSAGE)), {}),
}
