"""NGAP values for paging, mobility, tracing and handover (TS 38.413, 9.3.1), Release 15."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.ngap.enumerations import PagingDrx
from makmal.protocol.ngap.types import (
    OCTETS,
    PLMN,
    Aper,
    UnknownChoice,
    bits,
    choice,
    enumerated,
    integer,
    number_in_octets,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import (
    EUTRA_CGI,
    GLOBAL_RAN_NODE_ID,
    NR_CGI,
    PAGING_DRX,
    TAC,
    TAI,
    TRANSPORT_LAYER_ADDRESS,
    EutraCgi,
    Extensions,
    GlobalGnbId,
    GlobalN3iwfId,
    GlobalNgEnbId,
    NrCgi,
    TaiItem,
    TrackingArea,
)

Cell = NrCgi | EutraCgi | UnknownChoice
RanNodeId = GlobalGnbId | GlobalNgEnbId | GlobalN3iwfId | UnknownChoice

_CELL = choice((NrCgi, NR_CGI), (EutraCgi, EUTRA_CGI))
_TAI_ITEMS = sequence_of(sequence(TaiItem, ("tai", TAI)), 16)


@dataclass(frozen=True, slots=True)
class VisitedCell:
    """A cell, and how many seconds the UE stayed in it."""

    ngran_cgi: Cell
    time_stayed_in_cell: int | None = None
    extensions: Extensions = ()


_VISITED_CELLS = sequence_of(
    sequence(VisitedCell, ("ngran_cgi", _CELL), ("time_stayed_in_cell", integer(0, 4095), True)),
    16,
)


@dataclass(frozen=True, slots=True)
class RecommendedCells:
    """Recommended cells for paging (9.3.1.71)."""

    recommended_cell_list: tuple[VisitedCell, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AssistanceDataForRecommendedCells:
    """Assistance data for recommended cells (9.3.1.70)."""

    recommended_cells_for_paging: RecommendedCells
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class PagingAttemptInformation:
    """Which attempt a paging is (9.3.1.72); next paging area scope: 0 same, 1 changed."""

    paging_attempt_count: int
    intended_number_of_paging_attempts: int
    next_paging_area_scope: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AssistanceDataForPaging:
    """Assistance data for paging (9.3.1.69)."""

    assistance_data_for_recommended_cells: AssistanceDataForRecommendedCells | None = None
    paging_attempt_information: PagingAttemptInformation | None = None
    extensions: Extensions = ()


_RECOMMENDED_CELLS = sequence(RecommendedCells, ("recommended_cell_list", _VISITED_CELLS))
ASSISTANCE_DATA_FOR_PAGING = sequence(
    AssistanceDataForPaging,
    (
        "assistance_data_for_recommended_cells",
        sequence(
            AssistanceDataForRecommendedCells, ("recommended_cells_for_paging", _RECOMMENDED_CELLS)
        ),
        True,
    ),
    (
        "paging_attempt_information",
        sequence(
            PagingAttemptInformation,
            ("paging_attempt_count", integer(1, 16, extensible=True)),
            ("intended_number_of_paging_attempts", integer(1, 16, extensible=True)),
            ("next_paging_area_scope", enumerated(2), True),
        ),
        True,
    ),
)


@dataclass(frozen=True, slots=True)
class RanNodeTarget:
    """A RAN node to page."""

    global_ran_node_id: RanNodeId


@dataclass(frozen=True, slots=True)
class RecommendedRanNode:
    """A RAN node or a tracking area to page (9.3.1.101)."""

    amf_paging_target: RanNodeTarget | TrackingArea | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class RecommendedRanNodes:
    """Recommended RAN nodes for paging (9.3.1.101)."""

    recommended_ran_node_list: tuple[RecommendedRanNode, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class InfoOnRecommendedCellsAndRanNodesForPaging:
    """What the gNB recommends for the next paging of the UE (9.3.1.100)."""

    recommended_cells_for_paging: RecommendedCells
    recommend_ran_nodes_for_paging: RecommendedRanNodes
    extensions: Extensions = ()


_RAN_NODE_TARGET: Aper[RanNodeTarget] = Aper(
    lambda reader: RanNodeTarget(GLOBAL_RAN_NODE_ID.read(reader)),
    lambda writer, value: GLOBAL_RAN_NODE_ID.write(writer, value.global_ran_node_id),
)
INFO_ON_RECOMMENDED_CELLS_AND_RAN_NODES_FOR_PAGING = sequence(
    InfoOnRecommendedCellsAndRanNodesForPaging,
    ("recommended_cells_for_paging", _RECOMMENDED_CELLS),
    (
        "recommend_ran_nodes_for_paging",
        sequence(
            RecommendedRanNodes,
            (
                "recommended_ran_node_list",
                sequence_of(
                    sequence(
                        RecommendedRanNode,
                        (
                            "amf_paging_target",
                            choice((RanNodeTarget, _RAN_NODE_TARGET), (TrackingArea, TAI)),
                        ),
                    ),
                    16,
                ),
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ExpectedUeActivityBehaviour:
    """Periods in seconds, 181 for longer; source: 0 subscription, 1 statistics (9.3.1.94)."""

    expected_activity_period: int | None = None
    expected_idle_period: int | None = None
    source_of_ue_activity_behaviour_information: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ExpectedUeBehaviour:
    """Expected UE behaviour (9.3.1.93); mobility: 0 stationary, 1 mobile."""

    expected_ue_activity_behaviour: ExpectedUeActivityBehaviour | None = None
    expected_ho_interval: int | None = None
    expected_ue_mobility: int | None = None
    expected_ue_moving_trajectory: tuple[VisitedCell, ...] | None = None
    extensions: Extensions = ()


EXPECTED_UE_BEHAVIOUR = sequence(
    ExpectedUeBehaviour,
    (
        "expected_ue_activity_behaviour",
        sequence(
            ExpectedUeActivityBehaviour,
            ("expected_activity_period", integer(1, 181, extensible=True), True),
            ("expected_idle_period", integer(1, 181, extensible=True), True),
            ("source_of_ue_activity_behaviour_information", enumerated(2), True),
        ),
        True,
    ),
    ("expected_ho_interval", enumerated(7), True),
    ("expected_ue_mobility", enumerated(2), True),
    ("expected_ue_moving_trajectory", _VISITED_CELLS, True),
)


@dataclass(frozen=True, slots=True)
class CnAssistedRanTuning:
    """CN assisted RAN parameters tuning (9.3.1.119)."""

    expected_ue_behaviour: ExpectedUeBehaviour | None = None
    extensions: Extensions = ()


CN_ASSISTED_RAN_TUNING = sequence(
    CnAssistedRanTuning, ("expected_ue_behaviour", EXPECTED_UE_BEHAVIOUR, True)
)


@dataclass(frozen=True, slots=True)
class CoreNetworkAssistanceInformationForInactive:
    """What the gNB needs to page a UE in RRC_INACTIVE (9.3.1.15).

    ``ue_identity_index_value`` is 5G-S-TMSI mod 1024; the timer is coded as T3512 is.
    """

    ue_identity_index_value: int | UnknownChoice
    periodic_registration_update_timer: int
    tai_list_for_inactive: tuple[TaiItem, ...]
    ue_specific_drx: PagingDrx | int | None = None
    mico_mode_indication: int | None = None
    expected_ue_behaviour: ExpectedUeBehaviour | None = None
    extensions: Extensions = ()


CORE_NETWORK_ASSISTANCE_INFORMATION_FOR_INACTIVE = sequence(
    CoreNetworkAssistanceInformationForInactive,
    ("ue_identity_index_value", choice((int, bits(10)))),
    ("ue_specific_drx", PAGING_DRX, True),
    ("periodic_registration_update_timer", bits(8)),
    ("mico_mode_indication", enumerated(1), True),
    ("tai_list_for_inactive", _TAI_ITEMS),
    ("expected_ue_behaviour", EXPECTED_UE_BEHAVIOUR, True),
)


@dataclass(frozen=True, slots=True)
class EmergencyFallbackIndicator:
    """Emergency services fallback (9.3.1.26); target: 0 5GC, 1 EPC."""

    emergency_fallback_request_indicator: int
    emergency_service_target_cn: int | None = None
    extensions: Extensions = ()


EMERGENCY_FALLBACK_INDICATOR = sequence(
    EmergencyFallbackIndicator,
    ("emergency_fallback_request_indicator", enumerated(1)),
    ("emergency_service_target_cn", enumerated(2), True),
)


@dataclass(frozen=True, slots=True)
class AreaCell:
    """A cell of an area of interest."""

    ngran_cgi: Cell
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AreaRanNode:
    """A RAN node of an area of interest."""

    global_ran_node_id: RanNodeId
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AreaOfInterest:
    """Area of interest (9.3.1.66)."""

    area_of_interest_tai_list: tuple[TaiItem, ...] | None = None
    area_of_interest_cell_list: tuple[AreaCell, ...] | None = None
    area_of_interest_ran_node_list: tuple[AreaRanNode, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AreaOfInterestItem:
    """An area with the number that reports of it carry."""

    area_of_interest: AreaOfInterest
    location_reporting_reference_id: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class LocationReportingRequestType:
    """Location reporting request type (9.3.1.65)."""

    event_type: int
    report_area: int
    area_of_interest_list: tuple[AreaOfInterestItem, ...] | None = None
    location_reporting_reference_id_to_be_cancelled: int | None = None
    extensions: Extensions = ()


_REFERENCE_ID = integer(1, 64, extensible=True)
LOCATION_REPORTING_REQUEST_TYPE = sequence(
    LocationReportingRequestType,
    ("event_type", enumerated(6)),
    ("report_area", enumerated(1)),
    (
        "area_of_interest_list",
        sequence_of(
            sequence(
                AreaOfInterestItem,
                (
                    "area_of_interest",
                    sequence(
                        AreaOfInterest,
                        ("area_of_interest_tai_list", _TAI_ITEMS, True),
                        (
                            "area_of_interest_cell_list",
                            sequence_of(sequence(AreaCell, ("ngran_cgi", _CELL)), 256),
                            True,
                        ),
                        (
                            "area_of_interest_ran_node_list",
                            sequence_of(
                                sequence(AreaRanNode, ("global_ran_node_id", GLOBAL_RAN_NODE_ID)),
                                64,
                            ),
                            True,
                        ),
                    ),
                ),
                ("location_reporting_reference_id", _REFERENCE_ID),
            ),
            64,
        ),
        True,
    ),
    ("location_reporting_reference_id_to_be_cancelled", _REFERENCE_ID, True),
)


@dataclass(frozen=True, slots=True)
class RatRestrictions:
    """Radio access that the UE may not use in a PLMN: bit 1 E-UTRA, bit 2 NR, ..."""

    plmn_identity: str
    rat_restriction_information: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ForbiddenArea:
    """Tracking areas that the UE may not use in a PLMN."""

    plmn_identity: str
    forbidden_tacs: tuple[int, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """Tracking areas where the UE may, or may not, have service."""

    plmn_identity: str
    allowed_tacs: tuple[int, ...] | None = None
    not_allowed_tacs: tuple[int, ...] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class MobilityRestrictionList:
    """Mobility restriction list (9.3.1.85)."""

    serving_plmn: str
    equivalent_plmns: tuple[str, ...] | None = None
    rat_restrictions: tuple[RatRestrictions, ...] | None = None
    forbidden_area_information: tuple[ForbiddenArea, ...] | None = None
    service_area_information: tuple[ServiceArea, ...] | None = None
    extensions: Extensions = ()


_TACS = sequence_of(TAC, 16)
MOBILITY_RESTRICTION_LIST = sequence(
    MobilityRestrictionList,
    ("serving_plmn", PLMN),
    ("equivalent_plmns", sequence_of(PLMN, 15), True),
    (
        "rat_restrictions",
        sequence_of(
            sequence(
                RatRestrictions,
                ("plmn_identity", PLMN),
                ("rat_restriction_information", bits(8, extensible=True)),
            ),
            16,
        ),
        True,
    ),
    (
        "forbidden_area_information",
        sequence_of(
            sequence(
                ForbiddenArea,
                ("plmn_identity", PLMN),
                ("forbidden_tacs", sequence_of(TAC, 4096)),
            ),
            16,
        ),
        True,
    ),
    (
        "service_area_information",
        sequence_of(
            sequence(
                ServiceArea,
                ("plmn_identity", PLMN),
                ("allowed_tacs", _TACS, True),
                ("not_allowed_tacs", _TACS, True),
            ),
            16,
        ),
        True,
    ),
)


@dataclass(frozen=True, slots=True)
class TraceActivation:
    """Trace activation (9.3.1.14)."""

    ngran_trace_id: int
    interfaces_to_trace: int
    trace_depth: int
    trace_collection_entity_ip_address: str
    extensions: Extensions = ()


TRACE_ACTIVATION = sequence(
    TraceActivation,
    ("ngran_trace_id", number_in_octets(8)),
    ("interfaces_to_trace", bits(8)),
    ("trace_depth", enumerated(6)),
    ("trace_collection_entity_ip_address", TRANSPORT_LAYER_ADDRESS),
)


@dataclass(frozen=True, slots=True)
class UeRadioCapabilityForPaging:
    """UE radio capability for paging (9.3.1.68): RRC containers, still encoded."""

    ue_radio_capability_for_paging_of_nr: bytes | None = None
    ue_radio_capability_for_paging_of_eutra: bytes | None = None
    extensions: Extensions = ()


UE_RADIO_CAPABILITY_FOR_PAGING = sequence(
    UeRadioCapabilityForPaging,
    ("ue_radio_capability_for_paging_of_nr", OCTETS, True),
    ("ue_radio_capability_for_paging_of_eutra", OCTETS, True),
)
