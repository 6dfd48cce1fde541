"""Where a UE is, as the service-based interface says it."""

from __future__ import annotations

from makmal.network.user_location import nr_location


def test_tracking_area_and_cell_have_their_digits() -> None:
    plmn_id = {"mcc": "001", "mnc": "010"}
    assert nr_location("001010", 1, 0x1001) == {
        "nrLocation": {
            "tai": {"plmnId": plmn_id, "tac": "000001"},
            "ncgi": {"plmnId": plmn_id, "nrCellId": "000001001"},
        }
    }
