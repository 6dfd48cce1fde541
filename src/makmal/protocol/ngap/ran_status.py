"""The COUNTs of data radio bearers that move in a handover (TS 38.413, 9.3.1.108)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.ngap.types import (
    UnknownChoice,
    bit_string,
    choice,
    integer,
    sequence,
    sequence_of,
)
from makmal.protocol.ngap.values import Extensions


@dataclass(frozen=True, slots=True)
class CountValue12:
    """A COUNT with 12 bits of PDCP sequence number (9.3.1.108)."""

    pdcp_sn12: int
    hfn_pdcp_sn12: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class CountValue18:
    """A COUNT with 18 bits of PDCP sequence number (9.3.1.108)."""

    pdcp_sn18: int
    hfn_pdcp_sn18: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class UplinkDrbStatus12:
    """Uplink status; the received SDUs as (bits, how many)."""

    ul_count_value: CountValue12
    receive_status_of_ul_pdcp_sdus: tuple[int, int] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class UplinkDrbStatus18:
    """The same with 18 bits of sequence number."""

    ul_count_value: CountValue18
    receive_status_of_ul_pdcp_sdus: tuple[int, int] | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class DownlinkDrbStatus12:
    """Downlink status."""

    dl_count_value: CountValue12
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class DownlinkDrbStatus18:
    """The same with 18 bits of sequence number."""

    dl_count_value: CountValue18
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class DrbSubjectToStatusTransfer:
    """A data radio bearer whose COUNTs move to the target."""

    drb_id: int
    drb_status_ul: UplinkDrbStatus12 | UplinkDrbStatus18 | UnknownChoice
    drb_status_dl: DownlinkDrbStatus12 | DownlinkDrbStatus18 | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class RanStatusTransfer:
    """RAN status transfer transparent container (9.3.1.108)."""

    drbs_subject_to_status_transfer_list: tuple[DrbSubjectToStatusTransfer, ...]
    extensions: Extensions = ()


_COUNT12 = sequence(
    CountValue12, ("pdcp_sn12", integer(0, 4095)), ("hfn_pdcp_sn12", integer(0, 1_048_575))
)
_COUNT18 = sequence(
    CountValue18, ("pdcp_sn18", integer(0, 262_143)), ("hfn_pdcp_sn18", integer(0, 16_383))
)
RAN_STATUS_TRANSFER = sequence(
    RanStatusTransfer,
    (
        "drbs_subject_to_status_transfer_list",
        sequence_of(
            sequence(
                DrbSubjectToStatusTransfer,
                ("drb_id", integer(1, 32, extensible=True)),
                (
                    "drb_status_ul",
                    choice(
                        (
                            UplinkDrbStatus12,
                            sequence(
                                UplinkDrbStatus12,
                                ("ul_count_value", _COUNT12),
                                ("receive_status_of_ul_pdcp_sdus", bit_string(1, 2048), True),
                            ),
                        ),
                        (
                            UplinkDrbStatus18,
                            sequence(
                                UplinkDrbStatus18,
                                ("ul_count_value", _COUNT18),
                                ("receive_status_of_ul_pdcp_sdus", bit_string(1, 131_072), True),
                            ),
                        ),
                    ),
                ),
                (
                    "drb_status_dl",
                    choice(
                        (
                            DownlinkDrbStatus12,
                            sequence(DownlinkDrbStatus12, ("dl_count_value", _COUNT12)),
                        ),
                        (
                            DownlinkDrbStatus18,
                            sequence(DownlinkDrbStatus18, ("dl_count_value", _COUNT18)),
                        ),
                    ),
                ),
            ),
            32,
        ),
    ),
)
