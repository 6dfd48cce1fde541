"""QoS flows in the transfers between SMF and gNB (TS 38.413, 9.3.1.12 and after)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.types import (
    Aper,
    UnknownChoice,
    enumerated,
    integer,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import (
    BIT_RATE,
    CAUSE,
    UP_TRANSPORT_LAYER_INFORMATION,
    Cause,
    Extensions,
    GTPTunnel,
)

QFI = integer(0, 63, extensible=True)


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


SETUP_FLOWS = sequence_of(
    sequence(
        QosFlowSetup,
        ("qos_flow_identifier", QFI),
        ("qos_flow_level_qos_parameters", _QOS_PARAMETERS),
        ("e_rab_id", _E_RAB_ID, True),
    ),
    64,
)
MODIFY_FLOWS = sequence_of(
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


FLOW_PER_TNL = sequence(
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
FLOW_PER_TNL_LIST = sequence_of(
    sequence(QosFlowPerTnlItem, ("qos_flow_per_tnl_information", FLOW_PER_TNL)), 3
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


FLOWS_WITH_CAUSE = sequence_of(
    sequence(QosFlowWithCause, ("qos_flow_identifier", QFI), ("cause", CAUSE)), 64
)
FLOWS = sequence_of(sequence(QosFlow, ("qos_flow_identifier", QFI)), 64)
