"""What a UE may do and how it is paged, as Release 16 and 17 add it.

The types are those of TS 38.413, 9.4.5, by the names there.
"""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.ngap.types import (
    OCTETS,
    PLMN,
    Aper,
    UnknownChoice,
    bits,
    choice,
    enumerated,
    fixed_octets,
    integer,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import (
    BIT_RATE,
    EUTRA_CGI,
    S_NSSAI,
    EutraCgi,
    Extensions,
    SliceItem,
    SNssai,
)


@dataclass(frozen=True, slots=True)
class V2xServicesAuthorized:
    """LTEV2XServicesAuthorized and NRV2XServicesAuthorized: 0 authorized, 1 not."""

    vehicle_ue: int | None = None
    pedestrian_ue: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SidelinkAggregateMaximumBitRate:
    """LTE- and NRUESidelinkAggregateMaximumBitrate, in bit/s."""

    ue_sidelink_aggregate_maximum_bit_rate: int
    extensions: Extensions = ()


_AUTHORIZED = enumerated(2)
V2X_SERVICES_AUTHORIZED = sequence(
    V2xServicesAuthorized, ("vehicle_ue", _AUTHORIZED, True), ("pedestrian_ue", _AUTHORIZED, True)
)
SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE = sequence(
    SidelinkAggregateMaximumBitRate, ("ue_sidelink_aggregate_maximum_bit_rate", BIT_RATE)
)


@dataclass(frozen=True, slots=True)
class ProseAuthorized:
    """5G ProSe services: 0 authorized, 1 not."""

    five_g_prose_direct_discovery: int | None = None
    five_g_prose_direct_communication: int | None = None
    five_g_prose_layer2_ue_to_network_relay: int | None = None
    five_g_prose_layer3_ue_to_network_relay: int | None = None
    five_g_prose_layer2_remote_ue: int | None = None
    extensions: Extensions = ()


FIVE_G_PROSE_AUTHORIZED = sequence(
    ProseAuthorized,
    ("five_g_prose_direct_discovery", _AUTHORIZED, True),
    ("five_g_prose_direct_communication", _AUTHORIZED, True),
    ("five_g_prose_layer2_ue_to_network_relay", _AUTHORIZED, True),
    ("five_g_prose_layer3_ue_to_network_relay", _AUTHORIZED, True),
    ("five_g_prose_layer2_remote_ue", _AUTHORIZED, True),
)


@dataclass(frozen=True, slots=True)
class PagingEdrx:
    """Extended DRX of paging in NB-IoT, E-UTRA and NR: numbers of their enumerations."""

    edrx_cycle: int
    time_window: int | None = None
    extensions: Extensions = ()


def _edrx(cycles: int) -> Aper[PagingEdrx]:
    return sequence(
        PagingEdrx, ("edrx_cycle", enumerated(cycles)), ("time_window", enumerated(16), True)
    )


NB_IOT_PAGING_EDRX_INFO = _edrx(14)
EUTRA_PAGING_EDRX_INFORMATION = _edrx(14)
NR_PAGING_EDRX_INFORMATION = _edrx(13)


@dataclass(frozen=True, slots=True)
class PagingAssistanceForCoverageEnhancement:
    """Paging assistance data for UEs with coverage enhancement."""

    eutra_cgi: EutraCgi
    coverage_enhancement_level: bytes
    extensions: Extensions = ()


PAGING_ASSISTANCE_FOR_COVERAGE_ENHANCEMENT = sequence(
    PagingAssistanceForCoverageEnhancement,
    ("eutra_cgi", EUTRA_CGI),
    ("coverage_enhancement_level", OCTETS),
)


@dataclass(frozen=True, slots=True)
class WusAssistanceInformation:
    """Paging probability in steps of 5 percent."""

    paging_probability_information: int
    extensions: Extensions = ()


WUS_ASSISTANCE_INFORMATION = sequence(
    WusAssistanceInformation, ("paging_probability_information", enumerated(21))
)


@dataclass(frozen=True, slots=True)
class PeipsAssistanceInformation:
    """The subgroup of paging early indication."""

    cn_subgroup_id: int
    extensions: Extensions = ()


PEIPS_ASSISTANCE_INFORMATION = sequence(
    PeipsAssistanceInformation, ("cn_subgroup_id", integer(0, 7, extensible=True))
)


@dataclass(frozen=True, slots=True)
class ScheduledCommunicationTime:
    """Days, the first bit Monday, and seconds of the day."""

    day_of_week: int | None = None
    time_of_day_start: int | None = None
    time_of_day_end: int | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class UeDifferentiationInformation:
    """UE differentiation information, enumerations as numbers."""

    periodic_communication_indicator: int | None = None
    periodic_time: int | None = None
    scheduled_communication_time: ScheduledCommunicationTime | None = None
    stationary_indication: int | None = None
    traffic_profile: int | None = None
    battery_indication: int | None = None
    extensions: Extensions = ()


_SECONDS = integer(0, 86_399, extensible=True)
UE_DIFFERENTIATION_INFORMATION = sequence(
    UeDifferentiationInformation,
    ("periodic_communication_indicator", enumerated(2), True),
    ("periodic_time", integer(1, 3600, extensible=True), True),
    (
        "scheduled_communication_time",
        sequence(
            ScheduledCommunicationTime,
            ("day_of_week", bits(7), True),
            ("time_of_day_start", _SECONDS, True),
            ("time_of_day_end", _SECONDS, True),
        ),
        True,
    ),
    ("stationary_indication", enumerated(2), True),
    ("traffic_profile", enumerated(3), True),
    ("battery_indication", enumerated(3), True),
)


@dataclass(frozen=True, slots=True)
class AmfInformationReroute:
    """Slices that one AMF tells the next, coded as in TS 29.531."""

    configured_nssai: bytes | None = None
    rejected_nssai_in_plmn: bytes | None = None
    rejected_nssai_in_ta: bytes | None = None
    extensions: Extensions = ()


SOURCE_TO_TARGET_AMF_INFORMATION_REROUTE = sequence(
    AmfInformationReroute,
    ("configured_nssai", fixed_octets(128), True),
    ("rejected_nssai_in_plmn", fixed_octets(32), True),
    ("rejected_nssai_in_ta", fixed_octets(32), True),
)


@dataclass(frozen=True, slots=True)
class CellCagList:
    """The closed access groups of a cell: the access information of a public NPN."""

    cag_identifiers: tuple[int, ...]


_CAG_IDS = sequence_of(bits(32), 64)
NPN_ACCESS_INFORMATION: Aper[CellCagList | UnknownChoice] = choice(
    (
        CellCagList,
        Aper(
            lambda reader: CellCagList(_CAG_IDS.read(reader)),
            lambda writer, value: _CAG_IDS.write(writer, value.cag_identifiers),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class TargetNssai:
    """Target NSSAI and the priority that goes with it."""

    target_nssai: tuple[SliceItem, ...]
    index_to_rfsp: int
    extensions: Extensions = ()


TARGET_NSSAI_INFORMATION = sequence(
    TargetNssai,
    ("target_nssai", sequence_of(sequence(SliceItem, ("s_nssai", S_NSSAI)), 8)),
    ("index_to_rfsp", integer(1, 256, extensible=True)),
)


@dataclass(frozen=True, slots=True)
class UeSliceMaximumBitRate:
    """Maximum bit rates of a UE in a slice, in bit/s."""

    s_nssai: SNssai
    ue_slice_maximum_bit_rate_dl: int
    ue_slice_maximum_bit_rate_ul: int
    extensions: Extensions = ()


UE_SLICE_MAXIMUM_BIT_RATE_LIST = sequence_of(
    sequence(
        UeSliceMaximumBitRate,
        ("s_nssai", S_NSSAI),
        ("ue_slice_maximum_bit_rate_dl", BIT_RATE),
        ("ue_slice_maximum_bit_rate_ul", BIT_RATE),
    ),
    8,
)


@dataclass(frozen=True, slots=True)
class TimeSyncAssistanceInformation:
    """Time distribution, 0 enabled or 1 disabled, and the error budget in ns."""

    time_distribution_indication: int
    uu_time_sync_error_budget: int | None = None
    extensions: Extensions = ()


TIME_SYNC_ASSISTANCE_INFORMATION = sequence(
    TimeSyncAssistanceInformation,
    ("time_distribution_indication", enumerated(2)),
    ("uu_time_sync_error_budget", integer(1, 1_000_000, extensible=True), True),
)

MDT_PLMN_LIST = sequence_of(PLMN, 16)
NID = bits(44)
