"""The keys of PFCP information elements (TS 29.244 Release 17, Table 8.1.2-1), by type number.

A key's value: an enumeration member or number, flags, text, octets, a NamedTuple, or, for the
grouped elements, ``Elements``. Times are seconds since 1970-01-01 UTC; durations are seconds where
nothing else is said.
"""

from __future__ import annotations

from makmal.protocol.element import InformationElement
from makmal.protocol.pfcp import addressing as addr
from makmal.protocol.pfcp import enumerations as enum
from makmal.protocol.pfcp import ethernet as ether
from makmal.protocol.pfcp import flags as flag
from makmal.protocol.pfcp import less_common as less
from makmal.protocol.pfcp import measurement as meas
from makmal.protocol.pfcp import multicast as cast
from makmal.protocol.pfcp import traffic as traf
from makmal.protocol.pfcp.domain_names import decode_network_instance, encode_network_instance
from makmal.protocol.pfcp.element_kinds import (
    enumerated,
    flags,
    group,
    low_bits,
    number,
    octets,
    signed_number,
    structure,
    text,
)
from makmal.protocol.pfcp.message import decode_vendor_specific, encode_vendor_specific
from makmal.protocol.pfcp.subscriber import decode_user_id, encode_user_id


def _time(element_type: int) -> InformationElement[int]:
    return structure(element_type, meas.decode_time, meas.encode_time)


def _volume(element_type: int) -> InformationElement[meas.Volume]:
    return structure(element_type, meas.decode_volume, meas.encode_volume)


def _bit_rates(element_type: int) -> InformationElement[meas.BitRates]:
    return structure(element_type, meas.decode_bit_rates, meas.encode_bit_rates)


def _timer(element_type: int) -> InformationElement[meas.Timer]:
    return structure(element_type, less.decode_timer, less.encode_timer)


def _addresses(element_type: int) -> InformationElement[addr.NodeAddresses]:
    return structure(element_type, addr.decode_node_addresses, addr.encode_node_addresses)


def _address(element_type: int) -> InformationElement[str]:
    return structure(element_type, addr.decode_lone_address, addr.encode_lone_address)


def _seen(element_type: int) -> InformationElement[ether.SeenMacAddresses]:
    return structure(element_type, ether.decode_seen_mac_addresses, ether.encode_seen_mac_addresses)


def _vlan_tag(element_type: int) -> InformationElement[ether.VlanTag]:
    return structure(element_type, ether.decode_vlan_tag, ether.encode_vlan_tag)


def _delays(element_type: int) -> InformationElement[meas.PacketDelays]:
    return structure(element_type, meas.decode_packet_delays, meas.encode_packet_delays)


CREATE_PDR = group(1)
PDI = group(2)
CREATE_FAR = group(3)
FORWARDING_PARAMETERS = group(4)
DUPLICATING_PARAMETERS = group(5)
CREATE_URR = group(6)
CREATE_QER = group(7)
CREATED_PDR = group(8)
UPDATE_PDR = group(9)
UPDATE_FAR = group(10)
UPDATE_FORWARDING_PARAMETERS = group(11)
UPDATE_BAR_SESSION_REPORT_RESPONSE = group(12)
UPDATE_URR = group(13)
UPDATE_QER = group(14)
REMOVE_PDR = group(15)
REMOVE_FAR = group(16)
REMOVE_URR = group(17)
REMOVE_QER = group(18)
CAUSE = enumerated(19, enum.Cause)
SOURCE_INTERFACE = enumerated(20, enum.SourceInterface, bits=4)
F_TEID = structure(21, addr.decode_f_teid, addr.encode_f_teid)
NETWORK_INSTANCE = structure(22, decode_network_instance, encode_network_instance)
SDF_FILTER = structure(23, traf.decode_sdf_filter, traf.encode_sdf_filter)
APPLICATION_ID = text(24)
GATE_STATUS = structure(25, less.decode_gate_status, less.encode_gate_status)
MBR = _bit_rates(26)
GBR = _bit_rates(27)
QER_CORRELATION_ID = number(28, 4)
PRECEDENCE = number(29, 4)
# Value of ToS or traffic class in the high octet, its mask in the low one.
TRANSPORT_LEVEL_MARKING = number(30, 2)
VOLUME_THRESHOLD = _volume(31)
TIME_THRESHOLD = number(32, 4)
MONITORING_TIME = _time(33)
SUBSEQUENT_VOLUME_THRESHOLD = _volume(34)
SUBSEQUENT_TIME_THRESHOLD = number(35, 4)
INACTIVITY_DETECTION_TIME = number(36, 4)
REPORTING_TRIGGERS = flags(37, flag.ReportingTriggers, 3)
REDIRECT_INFORMATION = structure(
    38, traf.decode_redirect_information, traf.encode_redirect_information
)
REPORT_TYPE = flags(39, flag.ReportType)
OFFENDING_IE = number(40, 2)
FORWARDING_POLICY = structure(41, less.decode_forwarding_policy, less.encode_forwarding_policy)
DESTINATION_INTERFACE = enumerated(42, enum.DestinationInterface, bits=4)
UP_FUNCTION_FEATURES = flags(43, flag.UpFunctionFeatures, 2)
APPLY_ACTION = flags(44, flag.ApplyAction, 2)
DOWNLINK_DATA_SERVICE_INFORMATION = structure(
    45,
    traf.decode_downlink_data_service_information,
    traf.encode_downlink_data_service_information,
)
# In units of 50 ms.
DOWNLINK_DATA_NOTIFICATION_DELAY = number(46, 1)
DL_BUFFERING_DURATION = _timer(47)
DL_BUFFERING_SUGGESTED_PACKET_COUNT = structure(
    48, less.decode_packet_count, less.encode_packet_count
)
PFCPSMREQ_FLAGS = flags(49, flag.PfcpSmReqFlags)
PFCPSRRSP_FLAGS = flags(50, flag.PfcpSrRspFlags)
LOAD_CONTROL_INFORMATION = group(51)
SEQUENCE_NUMBER = number(52, 4)
METRIC = number(53, 1)
OVERLOAD_CONTROL_INFORMATION = group(54)
TIMER = _timer(55)
PDR_ID = number(56, 2)
F_SEID = structure(57, addr.decode_f_seid, addr.encode_f_seid)
APPLICATION_IDS_PFDS = group(58)
PFD_CONTEXT = group(59)
NODE_ID = structure(60, addr.decode_node_id, addr.encode_node_id)
PFD_CONTENTS = structure(61, traf.decode_pfd_contents, traf.encode_pfd_contents)
MEASUREMENT_METHOD = flags(62, flag.MeasurementMethod)
USAGE_REPORT_TRIGGER = flags(63, flag.UsageReportTrigger, 3)
MEASUREMENT_PERIOD = number(64, 4)
FQ_CSID = structure(65, addr.decode_fq_csid, addr.encode_fq_csid)
VOLUME_MEASUREMENT = structure(66, meas.decode_volume_measurement, meas.encode_volume_measurement)
DURATION_MEASUREMENT = number(67, 4)
APPLICATION_DETECTION_INFORMATION = group(68)
TIME_OF_FIRST_PACKET = _time(69)
TIME_OF_LAST_PACKET = _time(70)
QUOTA_HOLDING_TIME = number(71, 4)
DROPPED_DL_TRAFFIC_THRESHOLD = structure(
    72, meas.decode_dropped_dl_traffic_threshold, meas.encode_dropped_dl_traffic_threshold
)
VOLUME_QUOTA = _volume(73)
TIME_QUOTA = number(74, 4)
START_TIME = _time(75)
END_TIME = _time(76)
QUERY_URR = group(77)
USAGE_REPORT_SESSION_MODIFICATION_RESPONSE = group(78)
USAGE_REPORT_SESSION_DELETION_RESPONSE = group(79)
USAGE_REPORT = group(80)
URR_ID = number(81, 4)
LINKED_URR_ID = number(82, 4)
DOWNLINK_DATA_REPORT = group(83)
OUTER_HEADER_CREATION = structure(
    84, traf.decode_outer_header_creation, traf.encode_outer_header_creation
)
CREATE_BAR = group(85)
UPDATE_BAR = group(86)
REMOVE_BAR = group(87)
BAR_ID = number(88, 1)
CP_FUNCTION_FEATURES = flags(89, flag.CpFunctionFeatures)
USAGE_INFORMATION = flags(90, flag.UsageInformation)
APPLICATION_INSTANCE_ID = text(91)
FLOW_INFORMATION = structure(92, traf.decode_flow_information, traf.encode_flow_information)
UE_IP_ADDRESS = structure(93, addr.decode_ue_ip_address, addr.encode_ue_ip_address)
PACKET_RATE = structure(94, meas.decode_packet_rate, meas.encode_packet_rate)
OUTER_HEADER_REMOVAL = structure(
    95, less.decode_outer_header_removal, less.encode_outer_header_removal
)
RECOVERY_TIME_STAMP = _time(96)
DL_FLOW_LEVEL_MARKING = structure(
    97, traf.decode_dl_flow_level_marking, traf.encode_dl_flow_level_marking
)
HEADER_ENRICHMENT = structure(98, traf.decode_header_enrichment, traf.encode_header_enrichment)
ERROR_INDICATION_REPORT = group(99)
MEASUREMENT_INFORMATION = flags(100, flag.MeasurementInformation)
NODE_REPORT_TYPE = flags(101, flag.NodeReportType)
USER_PLANE_PATH_FAILURE_REPORT = group(102)
REMOTE_GTP_U_PEER = structure(103, addr.decode_remote_gtpu_peer, addr.encode_remote_gtpu_peer)
UR_SEQN = number(104, 4)
UPDATE_DUPLICATING_PARAMETERS = group(105)
ACTIVATE_PREDEFINED_RULES = text(106)
DEACTIVATE_PREDEFINED_RULES = text(107)
FAR_ID = number(108, 4)
QER_ID = number(109, 4)
OCI_FLAGS = flags(110, flag.OciFlags)
PFCP_ASSOCIATION_RELEASE_REQUEST = flags(111, flag.AssociationReleaseRequest)
GRACEFUL_RELEASE_PERIOD = _timer(112)
PDN_TYPE = enumerated(113, enum.PdnType, bits=3)
FAILED_RULE_ID = structure(114, meas.decode_failed_rule_id, meas.encode_failed_rule_id)
TIME_QUOTA_MECHANISM = structure(
    115, meas.decode_time_quota_mechanism, meas.encode_time_quota_mechanism
)
USER_PLANE_IP_RESOURCE_INFORMATION = structure(
    116, less.decode_user_plane_ip_resource, less.encode_user_plane_ip_resource
)
USER_PLANE_INACTIVITY_TIMER = number(117, 4)
AGGREGATED_URRS = group(118)
MULTIPLIER = structure(119, meas.decode_multiplier, meas.encode_multiplier)
AGGREGATED_URR_ID = number(120, 4)
SUBSEQUENT_VOLUME_QUOTA = _volume(121)
SUBSEQUENT_TIME_QUOTA = number(122, 4)
RQI = flags(123, flag.ReflectiveQosIndication)
QFI = low_bits(124, 6)
QUERY_URR_REFERENCE = number(125, 4)
ADDITIONAL_USAGE_REPORTS_INFORMATION = structure(
    126, meas.decode_additional_usage_reports, meas.encode_additional_usage_reports
)
CREATE_TRAFFIC_ENDPOINT = group(127)
CREATED_TRAFFIC_ENDPOINT = group(128)
UPDATE_TRAFFIC_ENDPOINT = group(129)
REMOVE_TRAFFIC_ENDPOINT = group(130)
TRAFFIC_ENDPOINT_ID = number(131, 1)
ETHERNET_PACKET_FILTER = group(132)
MAC_ADDRESS = structure(133, ether.decode_mac_addresses, ether.encode_mac_addresses)
C_TAG = _vlan_tag(134)
S_TAG = _vlan_tag(135)
ETHERTYPE = number(136, 2)
PROXYING = flags(137, flag.Proxying)
ETHERNET_FILTER_ID = number(138, 4)
ETHERNET_FILTER_PROPERTIES = flags(139, flag.EthernetFilterProperties)
SUGGESTED_BUFFERING_PACKETS_COUNT = number(140, 1)
USER_ID = structure(141, decode_user_id, encode_user_id)
ETHERNET_PDU_SESSION_INFORMATION = flags(142, flag.EthernetPduSessionInformation)
ETHERNET_TRAFFIC_INFORMATION = group(143)
MAC_ADDRESSES_DETECTED = _seen(144)
MAC_ADDRESSES_REMOVED = _seen(145)
ETHERNET_INACTIVITY_TIMER = number(146, 4)
ADDITIONAL_MONITORING_TIME = group(147)
EVENT_QUOTA = number(148, 4)
EVENT_THRESHOLD = number(149, 4)
SUBSEQUENT_EVENT_QUOTA = number(150, 4)
SUBSEQUENT_EVENT_THRESHOLD = number(151, 4)
TRACE_INFORMATION = structure(152, less.decode_trace_information, less.encode_trace_information)
FRAMED_ROUTE = text(153)
FRAMED_ROUTING = enumerated(154, enum.FramedRouting, bits=32, octets=4)
FRAMED_IPV6_ROUTE = text(155)
TIME_STAMP = _time(156)
# In milliseconds.
AVERAGING_WINDOW = number(157, 4)
PAGING_POLICY_INDICATOR = low_bits(158, 3)
APN_DNN = structure(159, decode_network_instance, encode_network_instance)
INTERFACE_TYPE = enumerated(160, enum.InterfaceType, bits=6)
PFCPSRREQ_FLAGS = flags(161, flag.PfcpSrReqFlags)
PFCPAUREQ_FLAGS = flags(162, flag.PfcpAuReqFlags)
ACTIVATION_TIME = _time(163)
DEACTIVATION_TIME = _time(164)
CREATE_MAR = group(165)
ACCESS_FORWARDING_ACTION_INFORMATION_1 = group(166)
ACCESS_FORWARDING_ACTION_INFORMATION_2 = group(167)
REMOVE_MAR = group(168)
UPDATE_MAR = group(169)
MAR_ID = number(170, 2)
STEERING_FUNCTIONALITY = enumerated(171, enum.SteeringFunctionality, bits=4)
STEERING_MODE = enumerated(172, enum.SteeringMode, bits=4)
WEIGHT = number(173, 1)
PRIORITY = enumerated(174, enum.AccessPriority, bits=4)
UPDATE_ACCESS_FORWARDING_ACTION_INFORMATION_1 = group(175)
UPDATE_ACCESS_FORWARDING_ACTION_INFORMATION_2 = group(176)
UE_IP_ADDRESS_POOL_IDENTITY = structure(177, addr.decode_pool_identity, addr.encode_pool_identity)
ALTERNATIVE_SMF_IP_ADDRESS = _addresses(178)
PACKET_REPLICATION_AND_DETECTION_CARRY_ON_INFORMATION = flags(
    179, flag.PacketReplicationAndDetectionCarryOn
)
SMF_SET_ID = structure(180, addr.decode_smf_set_id, addr.encode_smf_set_id)
QUOTA_VALIDITY_TIME = number(181, 4)
NUMBER_OF_REPORTS = number(182, 2)
PFCP_SESSION_RETENTION_INFORMATION = group(183)
PFCPASRSP_FLAGS = flags(184, flag.PfcpAsRspFlags)
CP_PFCP_ENTITY_IP_ADDRESS = _addresses(185)
PFCPSEREQ_FLAGS = flags(186, flag.PfcpSeReqFlags)
USER_PLANE_PATH_RECOVERY_REPORT = group(187)
IP_MULTICAST_ADDRESSING_INFO = group(188)
JOIN_IP_MULTICAST_INFORMATION = group(189)
LEAVE_IP_MULTICAST_INFORMATION = group(190)
IP_MULTICAST_ADDRESS = structure(
    191, addr.decode_ip_multicast_address, addr.encode_ip_multicast_address
)
SOURCE_IP_ADDRESS = structure(192, addr.decode_source_ip_address, addr.encode_source_ip_address)
PACKET_RATE_STATUS = structure(193, meas.decode_packet_rate_status, meas.encode_packet_rate_status)
CREATE_BRIDGE_INFO_FOR_TSC = flags(194, flag.CreateBridgeInfoForTsc)
CREATED_BRIDGE_INFO_FOR_TSC = group(195)
DS_TT_PORT_NUMBER = number(196, 4)
NW_TT_PORT_NUMBER = number(197, 4)
FIVE_GS_USER_PLANE_NODE = structure(198, less.decode_user_plane_node, less.encode_user_plane_node)
TSC_MANAGEMENT_INFORMATION_SESSION_MODIFICATION_REQUEST = group(199)
TSC_MANAGEMENT_INFORMATION_SESSION_MODIFICATION_RESPONSE = group(200)
TSC_MANAGEMENT_INFORMATION_SESSION_REPORT_REQUEST = group(201)
PORT_MANAGEMENT_INFORMATION_CONTAINER = octets(202)
CLOCK_DRIFT_CONTROL_INFORMATION = group(203)
REQUESTED_CLOCK_DRIFT_INFORMATION = flags(204, flag.RequestedClockDrift)
CLOCK_DRIFT_REPORT = group(205)
TIME_DOMAIN_NUMBER = number(206, 1)
# In nanoseconds.
TIME_OFFSET_THRESHOLD = signed_number(207, 8)
CUMULATIVE_RATE_RATIO_THRESHOLD = signed_number(208, 4)
TIME_OFFSET_MEASUREMENT = signed_number(209, 8)
CUMULATIVE_RATE_RATIO_MEASUREMENT = signed_number(210, 4)
REMOVE_SRR = group(211)
CREATE_SRR = group(212)
UPDATE_SRR = group(213)
SESSION_REPORT = group(214)
SRR_ID = number(215, 1)
ACCESS_AVAILABILITY_CONTROL_INFORMATION = group(216)
REQUESTED_ACCESS_AVAILABILITY_INFORMATION = flags(217, flag.RequestedAccessAvailability)
ACCESS_AVAILABILITY_REPORT = group(218)
ACCESS_AVAILABILITY_INFORMATION = structure(
    219, less.decode_access_availability, less.encode_access_availability
)
PROVIDE_ATSSS_CONTROL_INFORMATION = group(220)
ATSSS_CONTROL_PARAMETERS = group(221)
MPTCP_CONTROL_INFORMATION = flags(222, flag.MptcpControl)
ATSSS_LL_CONTROL_INFORMATION = flags(223, flag.AtsssLlControl)
PMF_CONTROL_INFORMATION = structure(224, less.decode_pmf_control, less.encode_pmf_control)
MPTCP_PARAMETERS = group(225)
ATSSS_LL_PARAMETERS = group(226)
PMF_PARAMETERS = group(227)
MPTCP_ADDRESS_INFORMATION = structure(228, less.decode_mptcp_address, less.encode_mptcp_address)
UE_LINK_SPECIFIC_IP_ADDRESS = structure(
    229, less.decode_link_specific_addresses, less.encode_link_specific_addresses
)
PMF_ADDRESS_INFORMATION = structure(230, less.decode_pmf_address, less.encode_pmf_address)
ATSSS_LL_INFORMATION = flags(231, flag.AtsssLlInformation)
DATA_NETWORK_ACCESS_IDENTIFIER = text(232)
UE_IP_ADDRESS_POOL_INFORMATION = group(233)
# In milliseconds.
AVERAGE_PACKET_DELAY = number(234, 4)
MINIMUM_PACKET_DELAY = number(235, 4)
MAXIMUM_PACKET_DELAY = number(236, 4)
QOS_REPORT_TRIGGER = flags(237, flag.QosReportTrigger)
GTP_U_PATH_QOS_CONTROL_INFORMATION = group(238)
GTP_U_PATH_QOS_REPORT = group(239)
QOS_INFORMATION_IN_GTP_U_PATH_QOS_REPORT = group(240)
GTP_U_PATH_INTERFACE_TYPE = flags(241, flag.GtpuPathInterfaceType)
QOS_MONITORING_PER_QOS_FLOW_CONTROL_INFORMATION = group(242)
REQUESTED_QOS_MONITORING = flags(243, flag.RequestedQosMonitoring)
REPORTING_FREQUENCY = flags(244, flag.ReportingFrequency)
PACKET_DELAY_THRESHOLDS = _delays(245)
MINIMUM_WAIT_TIME = number(246, 4)
QOS_MONITORING_REPORT = group(247)
QOS_MONITORING_MEASUREMENT = _delays(248)
MT_EDT_CONTROL_INFORMATION = flags(249, flag.MtEdtControl)
# In octets.
DL_DATA_PACKETS_SIZE = number(250, 2)
QER_CONTROL_INDICATIONS = flags(251, flag.QerControlIndications)
PACKET_RATE_STATUS_REPORT = group(252)
NF_INSTANCE_ID = structure(253, less.decode_nf_instance_id, less.encode_nf_instance_id)
ETHERNET_CONTEXT_INFORMATION = group(254)
REDUNDANT_TRANSMISSION_DETECTION_PARAMETERS = group(255)
UPDATED_PDR = group(256)
S_NSSAI = structure(257, addr.decode_s_nssai, addr.encode_s_nssai)
IP_VERSION = flags(258, flag.IpVersion)
PFCPASREQ_FLAGS = flags(259, flag.PfcpAsReqFlags)
DATA_STATUS = flags(260, flag.DataStatus)
PROVIDE_RDS_CONFIGURATION_INFORMATION = group(261)
RDS_CONFIGURATION_INFORMATION = flags(262, flag.RdsConfiguration)
QUERY_PACKET_RATE_STATUS = group(263)
PACKET_RATE_STATUS_REPORT_SESSION_MODIFICATION_RESPONSE = group(264)
MPTCP_APPLICABLE_INDICATION = flags(265, flag.MptcpApplicable)
USER_PLANE_NODE_MANAGEMENT_INFORMATION_CONTAINER = octets(266)
UE_IP_ADDRESS_USAGE_INFORMATION = group(267)
NUMBER_OF_UE_IP_ADDRESSES = structure(
    268, meas.decode_number_of_ue_ip_addresses, meas.encode_number_of_ue_ip_addresses
)
VALIDITY_TIMER = number(269, 2)
REDUNDANT_TRANSMISSION_FORWARDING_PARAMETERS = group(270)
TRANSPORT_DELAY_REPORTING = group(271)
PARTIAL_FAILURE_INFORMATION = group(272)
PARTIAL_FAILURE_INFORMATION_SESSION_MODIFICATION_RESPONSE = group(273)
OFFENDING_IE_INFORMATION = structure(
    274, meas.decode_offending_ie_information, meas.encode_offending_ie_information
)
RAT_TYPE = enumerated(275, enum.RatType)
L2TP_TUNNEL_INFORMATION = group(276)
L2TP_SESSION_INFORMATION = group(277)
L2TP_USER_AUTHENTICATION = structure(
    278, less.decode_l2tp_user_authentication, less.encode_l2tp_user_authentication
)
CREATED_L2TP_SESSION = group(279)
LNS_ADDRESS = _address(280)
TUNNEL_PREFERENCE = number(281, 3)
CALLING_NUMBER = text(282)
CALLED_NUMBER = text(283)
L2TP_SESSION_INDICATIONS = flags(284, flag.L2tpSessionIndications)
DNS_SERVER_ADDRESS = _address(285)
NBNS_SERVER_ADDRESS = _address(286)
MAXIMUM_RECEIVE_UNIT = number(287, 2)
THRESHOLDS = structure(288, less.decode_thresholds, less.encode_thresholds)
STEERING_MODE_INDICATOR = flags(289, flag.SteeringModeIndicator)
PFCP_SESSION_CHANGE_INFO = group(290)
GROUP_ID = text(291)
CP_IP_ADDRESS = _addresses(292)
IP_ADDRESS_AND_PORT_NUMBER_REPLACEMENT = structure(
    293, traf.decode_replacement, traf.encode_replacement
)
DNS_QUERY_FILTER = structure(294, less.decode_dns_query_filter, less.encode_dns_query_filter)
DIRECT_REPORTING_INFORMATION = group(295)
EVENT_NOTIFICATION_URI = text(296)
NOTIFICATION_CORRELATION_ID = octets(297)
REPORTING_FLAGS = flags(298, flag.ReportingFlags)
PREDEFINED_RULES_NAME = text(299)
MBS_SESSION_N4MB_CONTROL_INFORMATION = group(300)
MBS_MULTICAST_PARAMETERS = group(301)
ADD_MBS_UNICAST_PARAMETERS = group(302)
MBS_SESSION_N4MB_INFORMATION = group(303)
REMOVE_MBS_UNICAST_PARAMETERS = group(304)
MBS_SESSION_IDENTIFIER = structure(
    305, cast.decode_mbs_session_identifier, cast.encode_mbs_session_identifier
)
MULTICAST_TRANSPORT_INFORMATION = structure(
    306, cast.decode_multicast_transport_information, cast.encode_multicast_transport_information
)
MBSN4MBREQ_FLAGS = flags(307, flag.MbsN4mbReqFlags)
LOCAL_INGRESS_TUNNEL = structure(
    308, cast.decode_local_ingress_tunnel, cast.encode_local_ingress_tunnel
)
MBS_UNICAST_PARAMETERS_ID = number(309, 2)
MBS_SESSION_N4_CONTROL_INFORMATION = group(310)
MBS_SESSION_N4_INFORMATION = group(311)
MBSN4RESP_FLAGS = flags(312, flag.MbsN4RespFlags)
TUNNEL_PASSWORD = text(313)
AREA_SESSION_ID = number(314, 2)
PEER_UP_RESTART_REPORT = group(315)
DSCP_TO_PPI_CONTROL_INFORMATION = group(316)
DSCP_TO_PPI_MAPPING_INFORMATION = structure(
    317, less.decode_dscp_to_ppi_mapping, less.encode_dscp_to_ppi_mapping
)
PFCPSDRSP_FLAGS = flags(318, flag.PfcpSdRspFlags)
QER_INDICATIONS = flags(319, flag.QerIndications)
VENDOR_SPECIFIC_NODE_REPORT_TYPE = structure(320, decode_vendor_specific, encode_vendor_specific)
