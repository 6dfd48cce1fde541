"""What gNBs send each other through the core at a handover (TS 38.413, 9.3.1.29 and 9.3.1.30)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.configuration import NGRAN_CGI
from makmal.protocol.ngap.qos_flows import QFI
from makmal.protocol.ngap.types import (
    OCTETS,
    Aper,
    ProtocolElement,
    UnknownChoice,
    enumerated,
    integer,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import CAUSE, Cause, EutraCgi, Extensions, NrCgi

Cell = NrCgi | EutraCgi | UnknownChoice
# The sizes of cells (9.3.1.98).
VERY_SMALL, SMALL, MEDIUM, LARGE = range(4)
_MOST_SESSIONS, _MOST_FLOWS, _MOST_DRBS, _MOST_CELLS = 256, 64, 32, 16
# Alternatives of Last Visited Cell Item (9.3.1.96).
_NG_RAN, _LATER = 0, 4


@dataclass(frozen=True, slots=True)
class QosFlowInformation:
    """A QoS flow of a session; ``dl_forwarding`` is 0 where its data may be forwarded."""

    qos_flow_identifier: int
    dl_forwarding: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class MappedFlow:
    """A QoS flow on a radio bearer; ``mapping`` is 0 for uplink only, 1 for downlink only."""

    qos_flow_identifier: int
    mapping: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class DrbToQosFlows:
    """A radio bearer and its QoS flows."""

    drb_id: int
    associated_flows: tuple[MappedFlow, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SessionInformation:
    """A PDU session that the UE has at the source."""

    pdu_session_id: int
    qos_flows: tuple[QosFlowInformation, ...]
    drbs: tuple[DrbToQosFlows, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ErabInformation:
    """An E-RAB that the UE has at the source."""

    e_rab_id: int
    dl_forwarding: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class CellType:
    """Cell Type (9.3.1.98)."""

    cell_size: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class LastVisitedCell:
    """Last Visited NG-RAN Cell Information (9.3.1.97): stays in seconds and tenths of them."""

    global_cell_id: Cell
    cell_type: CellType
    time_stayed: int
    time_stayed_in_tenths: int | None = None
    handover_cause: Cause | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class OtherCell:
    """A cell of another radio access: 1 E-UTRAN, 2 UTRAN, 3 GERAN, in its own encoding."""

    access: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class VisitedCell:
    """Last Visited Cell Item (9.3.1.96)."""

    cell: LastVisitedCell | OtherCell | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SourceToTarget:
    """Source NG-RAN Node to Target NG-RAN Node Transparent Container.

    ``rrc_container`` is HandoverPreparationInformation (TS 38.331, 11.2.2).
    """

    rrc_container: bytes
    target_cell_id: Cell
    ue_history: tuple[VisitedCell, ...]
    sessions: tuple[SessionInformation, ...] | None = None
    e_rabs: tuple[ErabInformation, ...] | None = None
    index_to_rfsp: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class TargetToSource:
    """Target NG-RAN Node to Source NG-RAN Node Transparent Container.

    ``rrc_container`` is HandoverCommand (TS 38.331, 11.2.2).
    """

    rrc_container: bytes
    extensions: Extensions = ()


_FORWARDING = enumerated(1)
_SESSIONS = sequence_of(
    sequence(
        SessionInformation,
        ("pdu_session_id", integer(0, 255)),
        (
            "qos_flows",
            sequence_of(
                sequence(
                    QosFlowInformation,
                    ("qos_flow_identifier", QFI),
                    ("dl_forwarding", _FORWARDING, True),
                ),
                _MOST_FLOWS,
            ),
        ),
        (
            "drbs",
            sequence_of(
                sequence(
                    DrbToQosFlows,
                    ("drb_id", integer(1, 32, extensible=True)),
                    (
                        "associated_flows",
                        sequence_of(
                            sequence(
                                MappedFlow,
                                ("qos_flow_identifier", QFI),
                                ("mapping", enumerated(2), True),
                            ),
                            _MOST_FLOWS,
                        ),
                    ),
                ),
                _MOST_DRBS,
            ),
            True,
        ),
    ),
    _MOST_SESSIONS,
)
_E_RABS = sequence_of(
    sequence(
        ErabInformation,
        ("e_rab_id", integer(0, 15, extensible=True)),
        ("dl_forwarding", _FORWARDING, True),
    ),
    _MOST_SESSIONS,
)
_NG_RAN_CELL = sequence(
    LastVisitedCell,
    ("global_cell_id", NGRAN_CGI),
    ("cell_type", sequence(CellType, ("cell_size", enumerated(4)))),
    ("time_stayed", integer(0, 4095)),
    ("time_stayed_in_tenths", integer(0, 40_950), True),
    ("handover_cause", CAUSE, True),
)


def _read_cell(reader: Reader) -> LastVisitedCell | OtherCell | UnknownChoice:
    index = reader.whole_number(_NG_RAN, _LATER)
    if index == _NG_RAN:
        return _NG_RAN_CELL.read(reader)
    if index < _LATER:
        return OtherCell(index, reader.open_type())
    identifier = reader.whole_number(0, 65_535)
    criticality = reader.bits(2)
    return UnknownChoice(ProtocolElement(identifier, criticality, reader.open_type()))


def _write_cell(writer: Writer, value: LastVisitedCell | OtherCell | UnknownChoice) -> None:
    if isinstance(value, LastVisitedCell):
        writer.whole_number(_NG_RAN, _NG_RAN, _LATER)
        _NG_RAN_CELL.write(writer, value)
    elif isinstance(value, OtherCell):
        writer.whole_number(value.access, _NG_RAN, _LATER)
        writer.open_type(value.octets)
    else:
        writer.whole_number(_LATER, _NG_RAN, _LATER)
        writer.whole_number(value.element.identifier, 0, 65_535)
        writer.bits(value.element.criticality, 2)
        writer.open_type(value.element.value)


# Raise DecodeError, with the offset, for octets that are no such container.
SOURCE_TO_TARGET = sequence(
    SourceToTarget,
    ("rrc_container", OCTETS),
    ("sessions", _SESSIONS, True),
    ("e_rabs", _E_RABS, True),
    ("target_cell_id", NGRAN_CGI),
    ("index_to_rfsp", integer(1, 256, extensible=True), True),
    (
        "ue_history",
        sequence_of(sequence(VisitedCell, ("cell", Aper(_read_cell, _write_cell))), _MOST_CELLS),
    ),
)
TARGET_TO_SOURCE = sequence(TargetToSource, ("rrc_container", OCTETS))


def as_element(container: bytes) -> bytes:
    """A container as an element of N2 information (TS 29.518, 6.1.6.4.3): an OCTET STRING."""
    return OCTETS.encode(container)


def of_element(element: bytes) -> bytes:
    """The container in such an element. Cores differ: octets that are no OCTET STRING are taken as
    the container itself.
    """
    reader = Reader(element)
    try:
        container = reader.open_type()
    except DecodeError:
        return element
    return container if reader.octet == len(element) else element
