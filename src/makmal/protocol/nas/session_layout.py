"""The 5GSM messages: the tables of TS 24.501, 8.3, as data."""

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

_PCO = {0x7B: ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS}
_AA = {0x72: ie.SERVICE_LEVEL_AA_CONTAINER}

SESSION_LAYOUTS: dict[int, Layout] = {
    M.PDU_SESSION_ESTABLISHMENT_REQUEST: Layout(
        (fixed_value(ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE, 2),),
        options_of(
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
            half(ie.SELECTED_PDU_SESSION_TYPE),
            half(ie.SELECTED_SSC_MODE),
            length_2(ie.AUTHORIZED_QOS_RULES),
            length_1(ie.SESSION_AMBR),
        ),
        options_of(
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
        (fixed_value(ie.FIVE_GSM_CAUSE),),
        options_of(
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
    M.PDU_SESSION_AUTHENTICATION_COMMAND: Layout((length_2(ie.EAP_MESSAGE),), options_of(_PCO)),
    M.PDU_SESSION_AUTHENTICATION_COMPLETE: Layout((length_2(ie.EAP_MESSAGE),), options_of(_PCO)),
    M.PDU_SESSION_AUTHENTICATION_RESULT: Layout((), options_of({0x78: ie.EAP_MESSAGE, **_PCO})),
    M.PDU_SESSION_MODIFICATION_REQUEST: Layout(
        (),
        options_of(
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
        (fixed_value(ie.FIVE_GSM_CAUSE),),
        options_of(
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
        options_of(
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
        (), options_of({**_PCO, 0x74: ie.PORT_MANAGEMENT_INFORMATION_CONTAINER})
    ),
    M.PDU_SESSION_MODIFICATION_COMMAND_REJECT: Layout(
        (fixed_value(ie.FIVE_GSM_CAUSE),), options_of(_PCO)
    ),
    M.PDU_SESSION_RELEASE_REQUEST: Layout(
        (), options_of({0x59: ie.FIVE_GSM_CAUSE, **_PCO}, {0x59: 1})
    ),
    M.PDU_SESSION_RELEASE_REJECT: Layout((fixed_value(ie.FIVE_GSM_CAUSE),), options_of(_PCO)),
    M.PDU_SESSION_RELEASE_COMMAND: Layout(
        (fixed_value(ie.FIVE_GSM_CAUSE),),
        options_of(
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
        (), options_of({0x59: ie.FIVE_GSM_CAUSE, **_PCO}, {0x59: 1})
    ),
    M.FIVE_GSM_STATUS: Layout((fixed_value(ie.FIVE_GSM_CAUSE),), {}),
    M.SERVICE_LEVEL_AUTHENTICATION_COMMAND: Layout((length_2(ie.SERVICE_LEVEL_AA_CONTAINER),), {}),
    M.SERVICE_LEVEL_AUTHENTICATION_COMPLETE: Layout((length_2(ie.SERVICE_LEVEL_AA_CONTAINER),), {}),
    M.REMOTE_UE_REPORT: Layout(
        (),
        options_of(
            {
                0x76: ie.REMOTE_UE_CONTEXT_CONNECTED,
                0x70: ie.REMOTE_UE_CONTEXT_DISCONNECTED,
            }
        ),
    ),
    M.REMOTE_UE_REPORT_RESPONSE: Layout((), {}),
}
