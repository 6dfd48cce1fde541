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
from makmal.protocol.ngap.procedure_values import CRITICALITY_DIAGNOSTICS, CriticalityDiagnostics
from makmal.protocol.ngap.qos_flows import (
    FLOW_PER_TNL,
    FLOW_PER_TNL_LIST,
    FLOWS,
    FLOWS_WITH_CAUSE,
    MODIFY_FLOWS,
    QFI,
    SETUP_FLOWS,
    QosFlow,
    QosFlowPerTnl,
    QosFlowPerTnlItem,
    QosFlowSetup,
    QosFlowWithCause,
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
    CAUSE,
    UP_TRANSPORT_LAYER_INFORMATION,
    AggregateMaximumBitRate,
    Cause,
    Extensions,
    GTPTunnel,
)


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
    136: ("QosFlowSetupRequestList", SETUP_FLOWS),
    135: ("QosFlowAddOrModifyRequestList", MODIFY_FLOWS),
    137: ("QosFlowToReleaseList", FLOWS_WITH_CAUSE),
}
AMBR, UL_TUNNEL, SESSION_TYPE, SECURITY, SETUP_LIST = 130, 139, 134, 138, 136
_MODIFY_LIST = 135


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

    @property
    def qos_flow_modify_request_list(self) -> tuple[QosFlowSetup, ...]:
        """The QoS flows to add or to change. Raises DecodeError."""
        flows: tuple[QosFlowSetup, ...] | None = self._get(_MODIFY_LIST)
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
    ("dl_qos_flow_per_tnl_information", FLOW_PER_TNL),
    ("additional_dl_qos_flow_per_tnl_information", FLOW_PER_TNL_LIST, True),
    ("security_result", SECURITY_RESULT, True),
    ("qos_flow_failed_to_setup_list", FLOWS_WITH_CAUSE, True),
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
    ("qos_flow_add_or_modify_response_list", FLOWS, True),
    ("additional_dl_qos_flow_per_tnl_information", FLOW_PER_TNL_LIST, True),
    ("qos_flow_failed_to_add_or_modify_list", FLOWS_WITH_CAUSE, True),
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
    ("qos_flow_accepted_list", FLOWS),
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
    ("qos_flow_to_be_forwarded_list", FLOWS, True),
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
    ("qos_flow_failed_to_setup_list", FLOWS_WITH_CAUSE, True),
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
    ("qos_flow_released_list", FLOWS_WITH_CAUSE, True),
)
MODIFY_INDICATION = sequence(
    ModifyIndicationTransfer,
    ("dl_qos_flow_per_tnl_information", FLOW_PER_TNL),
    ("additional_dl_qos_flow_per_tnl_information", FLOW_PER_TNL_LIST, True),
)
MODIFY_CONFIRM = sequence(
    ModifyConfirmTransfer,
    ("qos_flow_modify_confirm_list", FLOWS),
    ("ul_ngu_up_tnl_information", _TNL),
    ("additional_ng_u_up_tnl_information", _TUNNEL_PAIRS, True),
    ("qos_flow_failed_to_modify_list", FLOWS_WITH_CAUSE, True),
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
