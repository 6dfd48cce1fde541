"""Where a UE is, in the terms of the service-based interface (TS 29.571, 5.4.4.7 to 5.4.4.9)."""

from __future__ import annotations

from typing import Any

_CELL_DIGITS, _TAC_DIGITS = 9, 6


def nr_location(plmn: str, tac: int, cell: int) -> dict[str, Any]:
    """A UserLocation in NR: the tracking area, and the cell identity of 36 bits in the same PLMN,
    whose identity is MCC and MNC together.
    """
    plmn_id = {"mcc": plmn[:3], "mnc": plmn[3:]}
    return {
        "nrLocation": {
            "tai": {"plmnId": plmn_id, "tac": f"{tac:0{_TAC_DIGITS}x}"},
            "ncgi": {"plmnId": plmn_id, "nrCellId": f"{cell:0{_CELL_DIGITS}x}"},
        }
    }
