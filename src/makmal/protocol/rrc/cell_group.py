"""The radio side of a configuration (CellGroupConfig): as little as a UE needs to be told.

There is no physical layer: RLC bearers say which bearers there are, and a reconfiguration with sync
names the target cell; the rest holds values that any cell could have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Bands and carriers of the simulated cells: n78, 30 kHz, 20 MHz.
_BAND, _POINT_A, _SPACING, _BLOCKS = 78, 630_048, "kHz30", 51
# Logical channels: SRBs have the numbers that they are born with (9.2.1), DRBs follow.
_FIRST_DRB_CHANNEL = 3
_LAST_CHANNEL = 32


@dataclass(frozen=True, slots=True)
class Cell:
    """What KNG-RAN* is derived with (TS 33.501, A.11): physical cell id and ARFCN of the SSB."""

    pci: int
    ssb_arfcn: int


@dataclass(frozen=True, slots=True)
class Sync:
    """Reconfiguration with sync: the target cell, and the UE's C-RNTI there."""

    cell: Cell
    c_rnti: int


def with_bearers(
    *,
    srbs: Iterable[int] = (),
    drbs: Iterable[int] = (),
    released: Iterable[int] = (),
    sync: Sync | None = None,
) -> dict[str, Any]:
    """A CellGroupConfig with RLC bearers for these SRBs and DRBs."""
    bearers = [_bearer(each, ("srb-Identity", each)) for each in srbs]
    bearers += [_bearer(_channel(each), ("drb-Identity", each)) for each in drbs]
    config: dict[str, Any] = {"cellGroupId": 0}
    if bearers:
        config["rlc-BearerToAddModList"] = bearers
    gone = [_channel(each) for each in released]
    if gone:
        config["rlc-BearerToReleaseList"] = gone
    if sync is not None:
        config["spCellConfig"] = {"reconfigurationWithSync": _sync(sync)}
    return config


def _channel(drb: int) -> int:
    # 29 DRBs at most exist at a time; identities go up to 32, channels too.
    channel = drb + _FIRST_DRB_CHANNEL
    return channel if channel <= _LAST_CHANNEL else channel - _LAST_CHANNEL + _FIRST_DRB_CHANNEL


def _bearer(channel: int, served: tuple[str, int]) -> dict[str, Any]:
    size = "size12" if served[0] == "srb-Identity" else "size18"
    return {
        "logicalChannelIdentity": channel,
        "servedRadioBearer": served,
        "rlc-Config": (
            "am",
            {
                "ul-AM-RLC": {
                    "sn-FieldLength": size,
                    "t-PollRetransmit": "ms45",
                    "pollPDU": "infinity",
                    "pollByte": "infinity",
                    "maxRetxThreshold": "t8",
                },
                "dl-AM-RLC": {
                    "sn-FieldLength": size,
                    "t-Reassembly": "ms35",
                    "t-StatusProhibit": "ms0",
                },
            },
        ),
    }


def _sync(sync: Sync) -> dict[str, Any]:
    carrier = {"offsetToCarrier": 0, "subcarrierSpacing": _SPACING, "carrierBandwidth": _BLOCKS}
    return {
        "spCellConfigCommon": {
            "physCellId": sync.cell.pci,
            "downlinkConfigCommon": {
                "frequencyInfoDL": {
                    "absoluteFrequencySSB": sync.cell.ssb_arfcn,
                    "frequencyBandList": [_BAND],
                    "absoluteFrequencyPointA": _POINT_A,
                    "scs-SpecificCarrierList": [carrier],
                }
            },
            "dmrs-TypeA-Position": "pos2",
            "ss-PBCH-BlockPower": 0,
        },
        "newUE-Identity": sync.c_rnti,
        "t304": "ms1000",
    }


def sync_of(config: dict[str, Any]) -> Sync | None:
    """The reconfiguration with sync of a CellGroupConfig."""
    value = (config.get("spCellConfig") or {}).get("reconfigurationWithSync")
    if value is None:
        return None
    common = value.get("spCellConfigCommon") or {}
    downlink = common.get("downlinkConfigCommon") or {}
    arfcn = (downlink.get("frequencyInfoDL") or {}).get("absoluteFrequencySSB")
    return Sync(Cell(common.get("physCellId") or 0, arfcn or 0), value["newUE-Identity"])
