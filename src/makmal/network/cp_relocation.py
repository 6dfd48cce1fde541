"""The NAS MACs of a CIoT re-establishment over the control plane (TS 33.501, 6.16.1.1).

As for EPS in TS 33.401, 7.2.4.4.3 (reading: the cell identity enters as the 28 bits of the E-UTRA
cell, in four octets, the first bit highest and the last four bits zero).
"""

from __future__ import annotations

from makmal.network.nas_security import NasSecurity
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, integrity

_BEARER_3GPP_ACCESS = 1
# The count bits that travel: the five lowest (TS 38.413, 9.3.3.49).
_COUNT_BITS = 5


def relocation_macs(security: NasSecurity, count: int, cell_identity: int) -> tuple[int, int]:
    """UL_NAS_MAC and DL_NAS_MAC: the first and the last 16 bits of one NAS MAC."""
    mac = integrity(
        security.algorithms.integrity,
        keys.k_nas_int(security.k_amf, security.algorithms.integrity),
        count,
        _BEARER_3GPP_ACCESS,
        Direction.UPLINK,
        (cell_identity << 4).to_bytes(4, "big"),
    )
    return int.from_bytes(mac[:2], "big"), int.from_bytes(mac[2:], "big")


def count_bits(count: int) -> int:
    """The bits of a NAS COUNT that travel."""
    return count & ((1 << _COUNT_BITS) - 1)


def estimate_count(expected: int, bits: int) -> int:
    """The COUNT with these lowest bits, at or after the one that is expected next."""
    step = 1 << _COUNT_BITS
    return expected + (bits - expected) % step
