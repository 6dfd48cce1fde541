"""The NAS security of a UE that was handed over to another AMF (TS 33.501, 6.9.2.3.3)."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from makmal.network.nas_security import NasSecurity, estimated_count
from makmal.protocol import nas
from makmal.security import keys
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

# TS 24.501, 9.11.2.6: MAC, algorithms, KACF with ngKSI, sequence number.
_CONTAINER_OCTETS = 7
_KAMF_CHANGED = 0x10
# TS 33.501, 6.9.2.3.3: the COUNT that no NAS message ever has.
_CONTAINER_COUNT = 0xFFFF_FFFF
_HANDOVER = 1


def take_into_use(ue: Ue, container: bytes) -> bool:
    """Take the algorithms and KAMF' of a NAS container into use; False if it proves nothing."""
    current = ue.security
    if current is None or len(container) < _CONTAINER_OCTETS:
        return False
    mac, content = container[:4], container[4:_CONTAINER_OCTETS]
    algorithms = nas.SecurityAlgorithms(content[0] >> 4, content[0] & 0x0F)
    count = estimated_count(current.counts[Direction.DOWNLINK], content[2])
    if content[1] & _KAMF_CHANGED:
        k_amf = keys.k_amf_prime(current.k_amf, _HANDOVER, count)
        renewed = NasSecurity(k_amf, algorithms)
    else:
        renewed = current.with_algorithms(algorithms)
    right = renewed.authentication_code(content, _CONTAINER_COUNT, Direction.DOWNLINK)
    if not compare_digest(right, mac):
        return False
    current.counts[Direction.DOWNLINK] = count + 1
    if not content[1] & _KAMF_CHANGED:
        renewed.counts[Direction.DOWNLINK] = count + 1
    ue.security = renewed
    ue.key_set_identifier = content[1] & 0x07
    ue.k_gnb_count = _CONTAINER_COUNT
    return True
