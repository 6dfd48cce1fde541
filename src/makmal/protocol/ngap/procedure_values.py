"""NGAP values that speak of procedures and nodes: reset, diagnostics, targets (9.3.1, 9.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.types import (
    PLMN,
    Aper,
    UnknownChoice,
    bit_string,
    bits,
    choice,
    enumerated,
    integer,
    number_in_octets,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import (
    AMF_UE_NGAP_ID,
    GLOBAL_RAN_NODE_ID,
    GUAMI,
    NAME,
    RAN_UE_NGAP_ID,
    TAI,
    Extensions,
    GlobalGnbId,
    GlobalN3iwfId,
    GlobalNgEnbId,
    Guami,
    TrackingArea,
    bits_choice,
)


@dataclass(frozen=True, slots=True)
class UeNgapIds:
    """UE NGAP ids (9.3.3.1): the pair, or only that of the AMF."""

    amf_ue_ngap_id: int
    ran_ue_ngap_id: int | None = None
    extensions: Extensions = ()


_UE_NGAP_ID_PAIR = sequence(
    UeNgapIds, ("amf_ue_ngap_id", AMF_UE_NGAP_ID), ("ran_ue_ngap_id", RAN_UE_NGAP_ID)
)


def _read_ue_ngap_ids(reader: Reader) -> UeNgapIds:
    index = reader.whole_number(0, 2)
    if index == 0:
        return _UE_NGAP_ID_PAIR.read(reader)
    if index == 1:
        return UeNgapIds(AMF_UE_NGAP_ID.read(reader))
    raise reader.fail("UE NGAP ids of a later version")


def _write_ue_ngap_ids(writer: Writer, value: UeNgapIds) -> None:
    if value.ran_ue_ngap_id is not None:
        writer.whole_number(0, 0, 2)
        _UE_NGAP_ID_PAIR.write(writer, value)
    else:
        writer.whole_number(1, 0, 2)
        AMF_UE_NGAP_ID.write(writer, value.amf_ue_ngap_id)


UE_NGAP_IDS: Aper[UeNgapIds] = Aper(_read_ue_ngap_ids, _write_ue_ngap_ids)


@dataclass(frozen=True, slots=True)
class LogicalConnection:
    """A UE-associated logical NG connection (9.3.3.25)."""

    amf_ue_ngap_id: int | None = None
    ran_ue_ngap_id: int | None = None
    extensions: Extensions = ()


LOGICAL_CONNECTION_LIST = sequence_of(
    sequence(
        LogicalConnection,
        ("amf_ue_ngap_id", AMF_UE_NGAP_ID, True),
        ("ran_ue_ngap_id", RAN_UE_NGAP_ID, True),
    ),
    65_536,
)


@dataclass(frozen=True, slots=True)
class ResetType:
    """What an NG Reset resets (9.2.6.11): these connections, or with None the whole interface."""

    part_of_ng_interface: tuple[LogicalConnection, ...] | None = None


def _read_reset_type(reader: Reader) -> ResetType:
    index = reader.whole_number(0, 2)
    if index == 0:
        enumerated(1).read(reader)
        return ResetType()
    if index == 1:
        return ResetType(LOGICAL_CONNECTION_LIST.read(reader))
    raise reader.fail("a reset type of a later version")


def _write_reset_type(writer: Writer, value: ResetType) -> None:
    if value.part_of_ng_interface is None:
        writer.whole_number(0, 0, 2)
        enumerated(1).write(writer, 0)
    else:
        writer.whole_number(1, 0, 2)
        LOGICAL_CONNECTION_LIST.write(writer, value.part_of_ng_interface)


RESET_TYPE: Aper[ResetType] = Aper(_read_reset_type, _write_reset_type)


@dataclass(frozen=True, slots=True)
class ElementDiagnostics:
    """What was wrong with one IE (9.3.1.3): type of error 0 not understood, 1 missing."""

    ie_criticality: int
    ie_id: int
    type_of_error: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class CriticalityDiagnostics:
    """Criticality diagnostics (9.3.1.3)."""

    procedure_code: int | None = None
    triggering_message: int | None = None
    procedure_criticality: int | None = None
    elements: tuple[ElementDiagnostics, ...] | None = None
    extensions: Extensions = ()


_CRITICALITY: Aper[int] = Aper(lambda r: r.bits(2), lambda w, value: w.bits(value, 2))
CRITICALITY_DIAGNOSTICS = sequence(
    CriticalityDiagnostics,
    ("procedure_code", integer(0, 255), True),
    ("triggering_message", _CRITICALITY, True),
    ("procedure_criticality", _CRITICALITY, True),
    (
        "elements",
        sequence_of(
            sequence(
                ElementDiagnostics,
                ("ie_criticality", _CRITICALITY),
                ("ie_id", integer(0, 65_535)),
                ("type_of_error", enumerated(2)),
            ),
            256,
        ),
        True,
    ),
)


@dataclass(frozen=True, slots=True)
class TargetRanNode:
    """The NG-RAN node that a handover goes to (9.3.1.25)."""

    global_ran_node_id: GlobalGnbId | GlobalNgEnbId | GlobalN3iwfId | UnknownChoice
    selected_tai: TrackingArea
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class EpsTai:
    """An E-UTRA tracking area (9.3.3.17)."""

    plmn_identity: str
    eps_tac: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class TargetEnb:
    """The eNB that a handover to EPS goes to (9.3.1.25)."""

    global_enb_id: GlobalNgEnbId
    selected_eps_tai: EpsTai
    extensions: Extensions = ()


TARGET_ID = choice(
    (
        TargetRanNode,
        sequence(TargetRanNode, ("global_ran_node_id", GLOBAL_RAN_NODE_ID), ("selected_tai", TAI)),
    ),
    (
        TargetEnb,
        sequence(
            TargetEnb,
            (
                "global_enb_id",
                sequence(
                    GlobalNgEnbId,
                    ("plmn_identity", PLMN),
                    ("ng_enb_id", bits_choice(bit_string(20), bit_string(18), bit_string(21))),
                ),
            ),
            (
                "selected_eps_tai",
                sequence(EpsTai, ("plmn_identity", PLMN), ("eps_tac", number_in_octets(2))),
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class UlCpSecurityInformation:
    """Uplink NAS MAC and COUNT bits of a CIoT re-establishment (9.3.3.49)."""

    ul_nas_mac: int
    ul_nas_count: int
    extensions: Extensions = ()


UL_CP_SECURITY_INFORMATION = sequence(
    UlCpSecurityInformation, ("ul_nas_mac", bits(16)), ("ul_nas_count", bits(5))
)


@dataclass(frozen=True, slots=True)
class DlCpSecurityInformation:
    """Downlink NAS MAC bits of a CIoT re-establishment (9.3.3.50)."""

    dl_nas_mac: int
    extensions: Extensions = ()


DL_CP_SECURITY_INFORMATION = sequence(DlCpSecurityInformation, ("dl_nas_mac", bits(16)))


@dataclass(frozen=True, slots=True)
class UnavailableGuami:
    """A GUAMI that the AMF will no longer serve (9.2.6.9)."""

    guami: Guami
    timer_approach_for_guami_removal: int | None = None
    backup_amf_name: str | None = None
    extensions: Extensions = ()


UNAVAILABLE_GUAMI_LIST = sequence_of(
    sequence(
        UnavailableGuami,
        ("guami", GUAMI),
        ("timer_approach_for_guami_removal", enumerated(1), True),
        ("backup_amf_name", NAME, True),
    ),
    256,
)
