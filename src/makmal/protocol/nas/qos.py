"""QoS rules (TS 24.501, 9.11.4.13) and QoS flow descriptions (9.11.4.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import need
from makmal.protocol.nas.packet_filters import (
    PacketFilter,
    decode_filter_identifier,
    decode_packet_filter,
    encode_filter_identifier,
    encode_packet_filter,
)
from makmal.protocol.nas.values import rate_unit_kbps


class QosRuleOperation(IntEnum):
    """Rule operation code."""

    RESERVED = 0
    CREATE = 1
    DELETE = 2
    MODIFY_AND_ADD_PACKET_FILTERS = 3
    MODIFY_AND_REPLACE_ALL_PACKET_FILTERS = 4
    MODIFY_AND_DELETE_PACKET_FILTERS = 5
    MODIFY_WITHOUT_PACKET_FILTERS = 6
    RESERVED_7 = 7


@dataclass(frozen=True, slots=True)
class QosRule:
    """A QoS rule. ``precedence`` and ``qos_flow_identifier`` are None where a deletion has none.

    ``spare`` is the spare bit beside the QoS flow identifier, None as long as it is zero;
    ``trailing`` what follows in the rule that the specification does not have.
    """

    identifier: int
    operation: QosRuleOperation
    is_default: bool = False
    packet_filters: tuple[PacketFilter, ...] = ()
    precedence: int | None = None
    qos_flow_identifier: int | None = None
    segregation: bool = False
    spare: int | None = None
    trailing: bytes = b""


def decode_qos_rules(data: bytes) -> tuple[QosRule, ...]:
    """A row of QoS rules. Raises DecodeError."""
    rules = []
    position = 0
    while position < len(data):
        need(data, position + 3, "a QoS rule")
        end = position + 3 + int.from_bytes(data[position + 1 : position + 3], "big")
        need(data, end, "a QoS rule")
        try:
            rules.append(_decode_rule(data[position], data[position + 3 : end]))
        except DecodeError as error:
            raise error.shifted(position + 3) from None
        position = end
    return tuple(rules)


def _decode_rule(identifier: int, contents: bytes) -> QosRule:
    need(contents, 1, "the contents of a QoS rule")
    operation = QosRuleOperation(contents[0] >> 5)
    position = 1
    filters = []
    for _ in range(contents[0] & 0x0F):
        if operation is QosRuleOperation.MODIFY_AND_DELETE_PACKET_FILTERS:
            need(contents, position + 1, "a packet filter identifier")
            filters.append(decode_filter_identifier(contents[position]))
            position += 1
        else:
            made, position = decode_packet_filter(contents, position)
            filters.append(made)
    precedence = contents[position] if position < len(contents) else None
    flow = contents[position + 1] if position + 1 < len(contents) else None
    return QosRule(
        identifier,
        operation,
        bool(contents[0] & 0x10),
        tuple(filters),
        precedence,
        None if flow is None else flow & 0x3F,
        bool((flow or 0) & 0x40),
        (flow or 0) >> 7 or None,
        contents[position + 2 :],
    )


def encode_qos_rules(value: tuple[QosRule, ...]) -> bytes:
    """The octets of QoS rules. Raises EncodeError."""
    octets = b""
    for rule in value:
        contents = _encode_rule(rule)
        octets += bytes((rule.identifier,)) + len(contents).to_bytes(2, "big") + contents
    return octets


def _encode_rule(rule: QosRule) -> bytes:
    if len(rule.packet_filters) > 15:
        raise EncodeError("NAS", "QoS rule", "has more than 15 packet filters")
    only_identifiers = rule.operation is QosRuleOperation.MODIFY_AND_DELETE_PACKET_FILTERS
    encode = encode_filter_identifier if only_identifiers else encode_packet_filter
    first = rule.operation << 5 | rule.is_default << 4 | len(rule.packet_filters)
    octets = bytes((first,)) + b"".join(encode(made) for made in rule.packet_filters)
    if rule.precedence is None:
        if rule.qos_flow_identifier is not None:
            raise EncodeError("NAS", "QoS rule", "a QoS flow identifier needs a precedence")
        return octets
    octets += bytes((rule.precedence,))
    if rule.qos_flow_identifier is not None:
        flow = (rule.spare or 0) << 7 | rule.segregation << 6 | rule.qos_flow_identifier & 0x3F
        octets += bytes((flow,))
    return octets + rule.trailing


class QosFlowOperation(IntEnum):
    """Operation code of a QoS flow description."""

    RESERVED = 0
    CREATE = 1
    DELETE = 2
    MODIFY = 3
    RESERVED_4 = 4
    RESERVED_5 = 5
    RESERVED_6 = 6
    RESERVED_7 = 7


class QosFlowParameterType(IntEnum):
    """Parameter identifiers (table 9.11.4.12.1)."""

    FIVE_QI = 1
    GUARANTEED_BIT_RATE_UPLINK = 2
    GUARANTEED_BIT_RATE_DOWNLINK = 3
    MAXIMUM_BIT_RATE_UPLINK = 4
    MAXIMUM_BIT_RATE_DOWNLINK = 5
    AVERAGING_WINDOW = 6
    EPS_BEARER_IDENTITY = 7


@dataclass(frozen=True, slots=True)
class FlowBitRate:
    """A bit rate as it travels: the unit, and how many of it."""

    unit: int
    value: int

    @property
    def kbps(self) -> int:
        """In kbit/s."""
        return self.value * rate_unit_kbps(self.unit)


@dataclass(frozen=True, slots=True)
class QosFlowParameter:
    """A parameter: the 5QI, the window in milliseconds or the bearer as a number, or a bit rate.

    Octets where the identifier is unknown, or the contents are not of the form they should be.
    """

    type: QosFlowParameterType | int
    value: int | FlowBitRate | bytes


@dataclass(frozen=True, slots=True)
class QosFlowDescription:
    """A QoS flow description. ``extension`` is the E bit, whose meaning hangs on the operation.

    ``spare`` are the spare bits of its three octets, the first the highest, None if all are zero.
    """

    qos_flow_identifier: int
    operation: QosFlowOperation
    parameters: tuple[QosFlowParameter, ...] = ()
    extension: bool = False
    spare: tuple[int, int, int] | None = None


def _decode_parameter(number: int, octets: bytes) -> QosFlowParameter:
    if number == QosFlowParameterType.FIVE_QI and len(octets) == 1:
        return QosFlowParameter(QosFlowParameterType.FIVE_QI, octets[0])
    if number == QosFlowParameterType.AVERAGING_WINDOW and len(octets) == 2:
        return QosFlowParameter(
            QosFlowParameterType.AVERAGING_WINDOW, int.from_bytes(octets, "big")
        )
    if number == QosFlowParameterType.EPS_BEARER_IDENTITY and len(octets) == 1:
        if not octets[0] & 0x0F:
            return QosFlowParameter(QosFlowParameterType.EPS_BEARER_IDENTITY, octets[0] >> 4)
    elif 2 <= number <= 5 and len(octets) == 3:
        rate = FlowBitRate(octets[0], int.from_bytes(octets[1:], "big"))
        return QosFlowParameter(QosFlowParameterType(number), rate)
    return QosFlowParameter(number, octets)


def _encode_parameter(parameter: QosFlowParameter) -> bytes:
    value = parameter.value
    if isinstance(value, bytes):
        octets = value
    elif isinstance(value, FlowBitRate):
        octets = bytes((value.unit,)) + value.value.to_bytes(2, "big")
    elif parameter.type == QosFlowParameterType.AVERAGING_WINDOW:
        octets = value.to_bytes(2, "big")
    elif parameter.type == QosFlowParameterType.EPS_BEARER_IDENTITY:
        octets = bytes((value << 4,))
    else:
        octets = bytes((value,))
    return bytes((parameter.type, len(octets))) + octets


def decode_qos_flow_descriptions(data: bytes) -> tuple[QosFlowDescription, ...]:
    """A row of QoS flow descriptions. Raises DecodeError."""
    flows = []
    position = 0
    while position < len(data):
        need(data, position + 3, "a QoS flow description")
        first, second, third = data[position : position + 3]
        position += 3
        parameters = []
        for _ in range(third & 0x3F):
            need(data, position + 2, "a QoS flow parameter")
            end = position + 2 + data[position + 1]
            need(data, end, "a QoS flow parameter")
            parameters.append(_decode_parameter(data[position], data[position + 2 : end]))
            position = end
        spare = (first >> 6, second & 0x1F, third >> 7)
        flows.append(
            QosFlowDescription(
                first & 0x3F,
                QosFlowOperation(second >> 5),
                tuple(parameters),
                bool(third & 0x40),
                spare if any(spare) else None,
            )
        )
    return tuple(flows)


def encode_qos_flow_descriptions(value: tuple[QosFlowDescription, ...]) -> bytes:
    """The octets of QoS flow descriptions. Raises EncodeError."""
    octets = b""
    for flow in value:
        if len(flow.parameters) > 63:
            raise EncodeError("NAS", "QoS flow description", "has more than 63 parameters")
        first, second, third = flow.spare or (0, 0, 0)
        octets += bytes(
            (
                first << 6 | flow.qos_flow_identifier & 0x3F,
                flow.operation << 5 | second,
                third << 7 | flow.extension << 6 | len(flow.parameters),
            )
        )
        octets += b"".join(_encode_parameter(parameter) for parameter in flow.parameters)
    return octets
