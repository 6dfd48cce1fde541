"""What a gNB tells another at a handover by the core; without radio: real, with little in them.

TS 38.413, 9.3.1.29 and 9.3.1.30; TS 38.331, 11.2.2.
"""

from __future__ import annotations

from makmal.network.gnb.context import UeContext
from makmal.protocol import ngap
from makmal.protocol.ngap import handover_containers as containers

# HandoverPreparationInformation: its version (3 bits), the presence of as-Context alone (4), no UE
# capability (4), in as-Context only reestablishmentInfo (3), without a list of more cells (1), the
# source's physical cell identity 0 (10); then the shortMAC-I (16), and 7 bits of padding.
_PREPARATION = 0b000_0010_0000_010_0_0000000000
_SHORT_MAC_BITS, _PADDING = 16, 7
_PREPARATION_OCTETS = 6
# HandoverCommand with an RRCReconfiguration that changes nothing.
_COMMAND = bytes((0x00, 0x10, 0x00))


def handover_preparation(short_mac: int) -> bytes:
    """HandoverPreparationInformation with the shortMAC-I by which the target knows the UE."""
    value = (_PREPARATION << _SHORT_MAC_BITS | short_mac) << _PADDING
    return value.to_bytes(_PREPARATION_OCTETS, "big")


def source_to_target(
    context: UeContext, cell: ngap.NrCgi, target: ngap.NrCgi, preparation: bytes
) -> bytes:
    """What the source sends: the sessions of the UE, the cell that it leaves and the one it goes
    to, and the HandoverPreparationInformation.
    """
    visited = containers.LastVisitedCell(cell, containers.CellType(containers.MEDIUM), 0)
    sessions = tuple(
        containers.SessionInformation(
            each.identity, tuple(containers.QosFlowInformation(flow) for flow in each.flows)
        )
        for each in context.sessions.values()
    )
    return containers.SOURCE_TO_TARGET.encode(
        containers.SourceToTarget(
            preparation,
            target,
            (containers.VisitedCell(visited),),
            sessions or None,
        )
    )


def target_to_source(command: bytes = _COMMAND) -> bytes:
    """What the target answers: a HandoverCommand."""
    return containers.TARGET_TO_SOURCE.encode(containers.TargetToSource(command))
