"""Which AS algorithms a gNB chooses (TS 33.501, 5.11.2 and 6.7.3)."""

from __future__ import annotations

from makmal.network.gnb.policy import GnbPolicy
from makmal.protocol import ngap, rrc

# TS 38.413, 9.3.1.86: the first of 16 bits stands for algorithm 1; algorithm 0 has none.
_BITS = 16


def offered(bits: int) -> frozenset[int]:
    """The algorithms that a bit string of UE Security Capabilities names."""
    return frozenset(number for number in range(1, _BITS + 1) if bits >> _BITS - number & 1)


def select(policy: GnbPolicy, capabilities: ngap.UESecurityCapabilities | None) -> rrc.Algorithms:
    """The best of the configured lists that the UE has, too; without any, the null algorithms."""
    ciphering = integrity = frozenset[int]()
    if capabilities is not None:
        ciphering = offered(capabilities.nr_encryption_algorithms)
        integrity = offered(capabilities.nr_integrity_protection_algorithms)
    return rrc.Algorithms(
        0
        if policy.null_ciphering
        else _best(policy.ciphering_priority, ciphering | {0}, policy.weakest_first),
        0
        if policy.null_integrity
        else _best(policy.integrity_priority, integrity, policy.weakest_first),
    )


def _best(priority: tuple[int, ...], common: frozenset[int], reversed_order: bool) -> int:
    order = priority[::-1] if reversed_order else priority
    return next((each for each in order if each in common), 0)
