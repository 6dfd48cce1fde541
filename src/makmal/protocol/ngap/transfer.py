"""Transfer containers: what the SMF and the gNB tell each other through the AMF (9.3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.enumerations import (
    MaximumIntegrityProtectedDataRate,
    PduSessionType,
    ProtectionIndication,
    ProtectionResult,
    enumeration,
)
from makmal.protocol.ngap.types import (
    Aper,
    ProtocolElement,
    UnknownChoice,
    enumerated,
    integer,
    read_elements,
    sequence,
    sequence_of,
    write_elements,
)
from makmal.protocol.ngap.values import (
    AGGREGATE_MAXIMUM_BIT_RATE,
    BIT_RATE,
    CAUSE,
    CRITICALITY_DIAGNOSTICS,
    UP_TRANSPORT_LAYER_INFORMATION,
    AggregateMaximumBitRate,
    Cause,
    CriticalityDiagnostics,
    Extensions,
    GTPTunnel,
)

QFI = integer(0, 63, extensible=True)


@dataclass(frozen=True, slots=True)
class SecurityIndication:
    """What user plane protection the SMF asks of the gNB (9.3.1.27)."""

    integrity_protection_indication: ProtectionIndication | int
    confidentiality_protection_indication: ProtectionIndication | int
    maximum_integrity_protected_data_rate_ul: MaximumIntegrityProtectedDataRate | int | None = None
    extensions: Extensions = ()


_INDICATION = enumeration(ProtectionIndication)
SECURITY_INDICATION = sequence(
    SecurityIndication,
    ("integrity_protection_indication", _INDICATION),
    ("confidentiality_protection_indication", _INDICATION),
    (
        "maximum_integrity_protected_data_rate_ul",
        enumeration(MaximumIntegrityProtectedDataRate),
        True,
    ),
)


@dataclass(frozen=True, slots=True)
class SecurityResult:
    """What the gNB did of it (9.3.1.59)."""

    integrity_protection_result: ProtectionResult | int
    confidentiality_protection_result: ProtectionResult | int
    extensions: Extensions = ()


_RESULT = enumeration(ProtectionResult)
SECURITY_RESULT = sequence(
    SecurityResult,
    ("integrity_protection_result", _RESULT),
    ("confidentiality_protection_result", _RESULT),
)


@dataclass(frozen=True, slots=True)
class UserPlaneSecurityInformation:
    """Both, as a handover carries them along (9.3.1.60)."""

    security_result: SecurityResult
    security_indication: SecurityIndication
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class NonDynamic5qi:
    """A standardised or pre-configured 5QI (9.3.1.28)."""

    five_qi: int
    priority_level: int | None = None
    averaging_window: int | None = None
    maximum_data_burst_volume: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class PacketErrorRate:
    """``scalar`` times 10 to the power of minus ``exponent`` (9.3.1.81)."""

    scalar: int
    exponent: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class Dynamic5qi:
    """QoS characteristics told in full (9.3.1.18)."""

    priority_level: int
    packet_delay_budget: int
    packet_error_rate: PacketErrorRate
    five_qi: int | None = None
    delay_critical: int | None = None
    averaging_window: int | None = None
    maximum_data_burst_volume: int | None = None
    extensions: Extensions = ()


_FIVE_QI = integer(0, 255, extensible=True)
_PRIORITY = integer(1, 127, extensible=True)
_WINDOW = integer(0, 4095, extensible=True)
_NON_DYNAMIC = sequence(
    NonDynamic5qi,
    ("five_qi", _FIVE_QI),
    ("priority_level", _PRIORITY, True),
    ("averaging_window", _WINDOW, True),
    ("maximum_data_burst_volume", _WINDOW, True),
)
_EXPONENT = integer(0, 9, extensible=True)
_DYNAMIC = sequence(
    Dynamic5qi,
    ("priority_level", _PRIORITY),
    ("packet_delay_budget", integer(0, 1023, extensible=True)),
    (
        "packet_error_rate",
        sequence(PacketErrorRate, ("scalar", _EXPONENT), ("exponent", _EXPONENT)),
    ),
    ("five_qi", _FIVE_QI, True),
    ("delay_critical", enumerated(2), True),
    ("averaging_window", _WINDOW, True),
    ("maximum_data_burst_volume", _WINDOW, True),
)


def _read_characteristics(reader: Reader) -> NonDynamic5qi | Dynamic5qi:
    index = reader.whole_number(0, 2)
    if index == 0:
        return _NON_DYNAMIC.read(reader)
    if index == 1:
        return _DYNAMIC.read(reader)
    raise reader.fail("QoS characteristics of a later version")


def _write_characteristics(writer: Writer, value: NonDynamic5qi | Dynamic5qi) -> None:
    if isinstance(value, NonDynamic5qi):
        writer.whole_number(0, 0, 2)
        _NON_DYNAMIC.write(writer, value)
    else:
        writer.whole_number(1, 0, 2)
        _DYNAMIC.write(writer, value)


@dataclass(frozen=True, slots=True)
class AllocationAndRetentionPriority:
    """Priority 1 to 15; pre-emption capability and vulnerability, 0 no, 1 yes (9.3.1.19)."""

    priority_level: int
    pre_emption_capability: int = 0
    pre_emption_vulnerability: int = 0
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class GbrQosInformation:
    """Bit rates of a guaranteed flow, in bit/s (9.3.1.10)."""

    maximum_flow_bit_rate_dl: int
    maximum_flow_bit_rate_ul: int
    guaranteed_flow_bit_rate_dl: int
    guaranteed_flow_bit_rate_ul: int
    notification_control: int | None = None
    maximum_packet_loss_rate_dl: int | None = None
    maximum_packet_loss_rate_ul: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlowLevelQosParameters:
    """QoS of one flow (9.3.1.12)."""

    qos_characteristics: NonDynamic5qi | Dynamic5qi
    allocation_and_retention_priority: AllocationAndRetentionPriority
    gbr_qos_information: GbrQosInformation | None = None
    reflective_qos_attribute: int | None = None
    additional_qos_flow_information: int | None = None
    extensions: Extensions = ()


_LOSS = integer(0, 1000, extensible=True)
_QOS_PARAMETERS = sequence(
    QosFlowLevelQosParameters,
    ("qos_characteristics", Aper(_read_characteristics, _write_characteristics)),
    (
        "allocation_and_retention_priority",
        sequence(
            AllocationAndRetentionPriority,
            ("priority_level", integer(1, 15)),
            ("pre_emption_capability", enumerated(2)),
            ("pre_emption_vulnerability", enumerated(2)),
        ),
    ),
    (
        "gbr_qos_information",
        sequence(
            GbrQosInformation,
            ("maximum_flow_bit_rate_dl", BIT_RATE),
            ("maximum_flow_bit_rate_ul", BIT_RATE),
            ("guaranteed_flow_bit_rate_dl", BIT_RATE),
            ("guaranteed_flow_bit_rate_ul", BIT_RATE),
            ("notification_control", enumerated(1), True),
            ("maximum_packet_loss_rate_dl", _LOSS, True),
            ("maximum_packet_loss_rate_ul", _LOSS, True),
        ),
        True,
    ),
    ("reflective_qos_attribute", enumerated(1), True),
    ("additional_qos_flow_information", enumerated(1), True),
)
_E_RAB_ID = integer(0, 15, extensible=True)


@dataclass(frozen=True, slots=True)
class QosFlowSetup:
    """A QoS flow to set up, or to add or modify (then the parameters may be absent)."""

    qos_flow_identifier: int
    qos_flow_level_qos_parameters: QosFlowLevelQosParameters | None
    e_rab_id: int | None = None
    extensions: Extensions = ()


_SETUP_FLOWS = sequence_of(
    sequence(
        QosFlowSetup,
        ("qos_flow_identifier", QFI),
        ("qos_flow_level_qos_parameters", _QOS_PARAMETERS),
        ("e_rab_id", _E_RAB_ID, True),
    ),
    64,
)
_MODIFY_FLOWS = sequence_of(
    sequence(
        QosFlowSetup,
        ("qos_flow_identifier", QFI),
        ("qos_flow_level_qos_parameters", _QOS_PARAMETERS, True),
        ("e_rab_id", _E_RAB_ID, True),
    ),
    64,
)


@dataclass(frozen=True, slots=True)
class AssociatedQosFlow:
    """A QoS flow that a tunnel carries (9.3.1.99)."""

    qos_flow_identifier: int
    qos_flow_mapping_indication: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlowPerTnl:
    """A tunnel and the QoS flows in it (9.3.2.8)."""

    up_transport_layer_information: GTPTunnel
    associated_qos_flow_list: tuple[AssociatedQosFlow, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlowPerTnlItem:
    """The same in a list."""

    qos_flow_per_tnl_information: QosFlowPerTnl
    extensions: Extensions = ()


_FLOW_PER_TNL = sequence(
    QosFlowPerTnl,
    ("up_transport_layer_information", UP_TRANSPORT_LAYER_INFORMATION),
    (
        "associated_qos_flow_list",
        sequence_of(
            sequence(
                AssociatedQosFlow,
                ("qos_flow_identifier", QFI),
                ("qos_flow_mapping_indication", enumerated(2), True),
            ),
            64,
        ),
    ),
)
_FLOW_PER_TNL_LIST = sequence_of(
    sequence(QosFlowPerTnlItem, ("qos_flow_per_tnl_information", _FLOW_PER_TNL)), 3
)


@dataclass(frozen=True, slots=True)
class QosFlowWithCause:
    """A QoS flow that failed or was released, and why (9.3.1.13)."""

    qos_flow_identifier: int
    cause: Cause | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlow:
    """A QoS flow in a list."""

    qos_flow_identifier: int
    extensions: Extensions = ()


_FLOWS_WITH_CAUSE = sequence_of(
    sequence(QosFlowWithCause, ("qos_flow_identifier", QFI), ("cause", CAUSE)), 64
)
_FLOWS = sequence_of(sequence(QosFlow, ("qos_flow_identifier", QFI)), 64)


@dataclass(frozen=True, slots=True)
class TunnelPair:
    """Both ends' tunnels (9.3.2.12)."""

    ul_ngu_up_tnl_information: GTPTunnel
    dl_ngu_up_tnl_information: GTPTunnel
    extensions: Extensions = ()


_TUNNEL_PAIRS = sequence_of(
    sequence(
        TunnelPair,
        ("ul_ngu_up_tnl_information", UP_TRANSPORT_LAYER_INFORMATION),
        ("dl_ngu_up_tnl_information", UP_TRANSPORT_LAYER_INFORMATION),
    ),
    3,
)

# Elements of the two request transfers: identifier -> (name, type).
_ELEMENTS: dict[int, tuple[str, Aper[Any]]] = {
    130: ("PDUSessionAggregateMaximumBitRate", AGGREGATE_MAXIMUM_BIT_RATE),
    139: ("UL-NGU-UP-TNLInformation", UP_TRANSPORT_LAYER_INFORMATION),
    140: ("UL-NGU-UP-TNLModifyList", _TUNNEL_PAIRS),
    127: ("DataForwardingNotPossible", enumerated(1)),
    134: ("PDUSessionType", enumeration(PduSessionType)),
    138: ("SecurityIndication", SECURITY_INDICATION),
    129: ("NetworkInstance", integer(1, 256, extensible=True)),
    136: ("QosFlowSetupRequestList", _SETUP_FLOWS),
    135: ("QosFlowAddOrModifyRequestList", _MODIFY_FLOWS),
    137: ("QosFlowToReleaseList", _FLOWS_WITH_CAUSE),
}
AMBR, UL_TUNNEL, SESSION_TYPE, SECURITY, SETUP_LIST = 130, 139, 134, 138, 136


@dataclass(frozen=True, slots=True)
class RequestTransfer:
    """PDU Session Resource Setup (or Modify) Request Transfer (9.3.4.1, 9.3.4.3): IEs by number."""

    elements: tuple[ProtocolElement, ...]

    def _get(self, identifier: int) -> Any:
        for element in self.elements:
            if element.identifier == identifier:
                return _ELEMENTS[identifier][1].decode(element.value)
        return None

    @property
    def ul_ngu_up_tnl_information(self) -> GTPTunnel | None:
        """The UPF's end of the tunnel. Raises DecodeError."""
        tunnel = self._get(UL_TUNNEL)
        return tunnel if isinstance(tunnel, GTPTunnel) else None

    @property
    def security_indication(self) -> SecurityIndication | None:
        """The user plane security policy. Raises DecodeError."""
        indication: SecurityIndication | None = self._get(SECURITY)
        return indication

    @property
    def pdu_session_type(self) -> PduSessionType | int | None:
        """Raises DecodeError."""
        session_type: PduSessionType | int | None = self._get(SESSION_TYPE)
        return session_type

    @property
    def aggregate_maximum_bit_rate(self) -> AggregateMaximumBitRate | None:
        """In bit/s. Raises DecodeError."""
        rate: AggregateMaximumBitRate | None = self._get(AMBR)
        return rate

    @property
    def qos_flow_setup_request_list(self) -> tuple[QosFlowSetup, ...]:
        """The QoS flows. Raises DecodeError."""
        flows: tuple[QosFlowSetup, ...] | None = self._get(SETUP_LIST)
        return flows or ()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Every element; octets where it is malformed or unknown."""
        for element in self.elements:
            name, aper = _ELEMENTS.get(element.identifier, (f"IE {element.identifier}", None))
            value: Any = element.value
            if aper is not None:
                try:
                    value = aper.decode(element.value)
                except DecodeError:
                    value = element.value
            yield name, value


def _read_request(reader: Reader) -> RequestTransfer:
    reader.bits(1)
    return RequestTransfer(read_elements(reader))


def _write_request(writer: Writer, value: RequestTransfer) -> None:
    writer.bits(0, 1)
    write_elements(writer, value.elements)


@dataclass(frozen=True, slots=True)
class SetupResponseTransfer:
    """PDU Session Resource Setup Response Transfer (9.3.4.2)."""

    dl_qos_flow_per_tnl_information: QosFlowPerTnl
    additional_dl_qos_flow_per_tnl_information: tuple[QosFlowPerTnlItem, ...] | None = None
    security_result: SecurityResult | None = None
    qos_flow_failed_to_setup_list: tuple[QosFlowWithCause, ...] | None = None
    extensions: Extensions = ()

    @property
    def dl_ngu_up_tnl_information(self) -> GTPTunnel:
        """The gNB's end of the tunnel."""
        return self.dl_qos_flow_per_tnl_information.up_transport_layer_information


@dataclass(frozen=True, slots=True)
class UnsuccessfulTransfer:
    """Setup or Modify Unsuccessful Transfer (9.3.4.16, 9.3.4.17)."""

    cause: Cause | UnknownChoice
    criticality_diagnostics: CriticalityDiagnostics | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class CauseTransfer:
    """A transfer that holds only a cause: release command, released, path switch failed, ..."""

    cause: Cause | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class EmptyTransfer:
    """A transfer that holds nothing but extensions: release response."""

    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ModifyResponseTransfer:
    """PDU Session Resource Modify Response Transfer (9.3.4.4)."""

    dl_ngu_up_tnl_information: GTPTunnel | None = None
    ul_ngu_up_tnl_information: GTPTunnel | None = None
    qos_flow_add_or_modify_response_list: tuple[QosFlow, ...] | None = None
    additional_dl_qos_flow_per_tnl_information: tuple[QosFlowPerTnlItem, ...] | None = None
    qos_flow_failed_to_add_or_modify_list: tuple[QosFlowWithCause, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class PathSwitchRequestTransfer:
    """Path Switch Request Transfer (9.3.4.8)."""

    dl_ngu_up_tnl_information: GTPTunnel
    dl_ngu_tnl_information_reused: int | None = None
    user_plane_security_information: UserPlaneSecurityInformation | None = None
    qos_flow_accepted_list: tuple[QosFlow, ...] = ()
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class PathSwitchRequestAcknowledgeTransfer:
    """Path Switch Request Acknowledge Transfer (9.3.4.9)."""

    ul_ngu_up_tnl_information: GTPTunnel | None = None
    security_indication: SecurityIndication | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class HandoverRequiredTransfer:
    """Handover Required Transfer (9.3.4.14)."""

    direct_forwarding_path_availability: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class DataForwardingResponseDrb:
    """Forwarding tunnels of a data radio bearer (9.3.1.77)."""

    drb_id: int
    dl_forwarding_up_tnl_information: GTPTunnel | None = None
    ul_forwarding_up_tnl_information: GTPTunnel | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class HandoverCommandTransfer:
    """Handover Command Transfer (9.3.4.10)."""

    dl_forwarding_up_tnl_information: GTPTunnel | None = None
    qos_flow_to_be_forwarded_list: tuple[QosFlow, ...] | None = None
    data_forwarding_response_drb_list: tuple[DataForwardingResponseDrb, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlowWithDataForwarding:
    """A QoS flow that the target accepted (9.3.4.11)."""

    qos_flow_identifier: int
    data_forwarding_accepted: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class HandoverRequestAcknowledgeTransfer:
    """Handover Request Acknowledge Transfer (9.3.4.11)."""

    dl_ngu_up_tnl_information: GTPTunnel
    dl_forwarding_up_tnl_information: GTPTunnel | None = None
    security_result: SecurityResult | None = None
    qos_flow_setup_response_list: tuple[QosFlowWithDataForwarding, ...] = ()
    qos_flow_failed_to_setup_list: tuple[QosFlowWithCause, ...] | None = None
    data_forwarding_response_drb_list: tuple[DataForwardingResponseDrb, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class QosFlowNotify:
    """A guaranteed flow that is fulfilled (0) or not (1) (9.3.4.5)."""

    qos_flow_identifier: int
    notification_cause: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class NotifyTransfer:
    """PDU Session Resource Notify Transfer (9.3.4.5)."""

    qos_flow_notify_list: tuple[QosFlowNotify, ...] | None = None
    qos_flow_released_list: tuple[QosFlowWithCause, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ModifyIndicationTransfer:
    """PDU Session Resource Modify Indication Transfer (9.3.4.6)."""

    dl_qos_flow_per_tnl_information: QosFlowPerTnl
    additional_dl_qos_flow_per_tnl_information: tuple[QosFlowPerTnlItem, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ModifyConfirmTransfer:
    """PDU Session Resource Modify Confirm Transfer (9.3.4.7)."""

    qos_flow_modify_confirm_list: tuple[QosFlow, ...]
    ul_ngu_up_tnl_information: GTPTunnel
    additional_ng_u_up_tnl_information: tuple[TunnelPair, ...] | None = None
    qos_flow_failed_to_modify_list: tuple[QosFlowWithCause, ...] | None = None
    extensions: Extensions = ()


_TNL = UP_TRANSPORT_LAYER_INFORMATION
_FORWARDED_DRBS = sequence_of(
    sequence(
        DataForwardingResponseDrb,
        ("drb_id", integer(1, 32, extensible=True)),
        ("dl_forwarding_up_tnl_information", _TNL, True),
        ("ul_forwarding_up_tnl_information", _TNL, True),
    ),
    32,
)

SETUP_REQUEST: Aper[RequestTransfer] = Aper(_read_request, _write_request)
SETUP_RESPONSE = sequence(
    SetupResponseTransfer,
    ("dl_qos_flow_per_tnl_information", _FLOW_PER_TNL),
    ("additional_dl_qos_flow_per_tnl_information", _FLOW_PER_TNL_LIST, True),
    ("security_result", SECURITY_RESULT, True),
    ("qos_flow_failed_to_setup_list", _FLOWS_WITH_CAUSE, True),
)
UNSUCCESSFUL = sequence(
    UnsuccessfulTransfer,
    ("cause", CAUSE),
    ("criticality_diagnostics", CRITICALITY_DIAGNOSTICS, True),
)
CAUSE_ONLY = sequence(CauseTransfer, ("cause", CAUSE))
EMPTY = sequence(EmptyTransfer)
MODIFY_RESPONSE = sequence(
    ModifyResponseTransfer,
    ("dl_ngu_up_tnl_information", _TNL, True),
    ("ul_ngu_up_tnl_information", _TNL, True),
    ("qos_flow_add_or_modify_response_list", _FLOWS, True),
    ("additional_dl_qos_flow_per_tnl_information", _FLOW_PER_TNL_LIST, True),
    ("qos_flow_failed_to_add_or_modify_list", _FLOWS_WITH_CAUSE, True),
)
PATH_SWITCH_REQUEST = sequence(
    PathSwitchRequestTransfer,
    ("dl_ngu_up_tnl_information", _TNL),
    ("dl_ngu_tnl_information_reused", enumerated(1), True),
    (
        "user_plane_security_information",
        sequence(
            UserPlaneSecurityInformation,
            ("security_result", SECURITY_RESULT),
            ("security_indication", SECURITY_INDICATION),
        ),
        True,
    ),
    ("qos_flow_accepted_list", _FLOWS),
)
PATH_SWITCH_REQUEST_ACKNOWLEDGE = sequence(
    PathSwitchRequestAcknowledgeTransfer,
    ("ul_ngu_up_tnl_information", _TNL, True),
    ("security_indication", SECURITY_INDICATION, True),
)
HANDOVER_REQUIRED = sequence(
    HandoverRequiredTransfer, ("direct_forwarding_path_availability", enumerated(1), True)
)
HANDOVER_COMMAND = sequence(
    HandoverCommandTransfer,
    ("dl_forwarding_up_tnl_information", _TNL, True),
    ("qos_flow_to_be_forwarded_list", _FLOWS, True),
    ("data_forwarding_response_drb_list", _FORWARDED_DRBS, True),
)
HANDOVER_REQUEST_ACKNOWLEDGE = sequence(
    HandoverRequestAcknowledgeTransfer,
    ("dl_ngu_up_tnl_information", _TNL),
    ("dl_forwarding_up_tnl_information", _TNL, True),
    ("security_result", SECURITY_RESULT, True),
    (
        "qos_flow_setup_response_list",
        sequence_of(
            sequence(
                QosFlowWithDataForwarding,
                ("qos_flow_identifier", QFI),
                ("data_forwarding_accepted", enumerated(1), True),
            ),
            64,
        ),
    ),
    ("qos_flow_failed_to_setup_list", _FLOWS_WITH_CAUSE, True),
    ("data_forwarding_response_drb_list", _FORWARDED_DRBS, True),
)
NOTIFY = sequence(
    NotifyTransfer,
    (
        "qos_flow_notify_list",
        sequence_of(
            sequence(
                QosFlowNotify,
                ("qos_flow_identifier", QFI),
                ("notification_cause", enumerated(2)),
            ),
            64,
        ),
        True,
    ),
    ("qos_flow_released_list", _FLOWS_WITH_CAUSE, True),
)
MODIFY_INDICATION = sequence(
    ModifyIndicationTransfer,
    ("dl_qos_flow_per_tnl_information", _FLOW_PER_TNL),
    ("additional_dl_qos_flow_per_tnl_information", _FLOW_PER_TNL_LIST, True),
)
MODIFY_CONFIRM = sequence(
    ModifyConfirmTransfer,
    ("qos_flow_modify_confirm_list", _FLOWS),
    ("ul_ngu_up_tnl_information", _TNL),
    ("additional_ng_u_up_tnl_information", _TUNNEL_PAIRS, True),
    ("qos_flow_failed_to_modify_list", _FLOWS_WITH_CAUSE, True),
)


def decode_setup_request(data: bytes) -> RequestTransfer:
    """A PDU Session Resource Setup Request Transfer. Raises DecodeError."""
    return SETUP_REQUEST.decode(data)


def decode_setup_response(data: bytes) -> SetupResponseTransfer:
    """A PDU Session Resource Setup Response Transfer. Raises DecodeError."""
    return SETUP_RESPONSE.decode(data)


def decode_path_switch_request(data: bytes) -> PathSwitchRequestTransfer:
    """A Path Switch Request Transfer. Raises DecodeError."""
    return PATH_SWITCH_REQUEST.decode(data)


def encode_setup_request(*elements: tuple[int, Any]) -> bytes:
    """A setup request transfer from (identifier, value) pairs, each value decoded or octets."""
    made = [
        ProtocolElement(
            identifier,
            0,
            value if isinstance(value, bytes) else _ELEMENTS[identifier][1].encode(value),
        )
        for identifier, value in elements
    ]
    return SETUP_REQUEST.encode(RequestTransfer(tuple(made)))
