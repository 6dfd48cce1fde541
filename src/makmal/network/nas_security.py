"""A 5G NAS security context as its two ends hold it (TS 33.501, 6.4; TS 24.501, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.protocol import nas
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, cipher, integrity

# TS 33.501, 6.4.2.2: BEARER is 1 for NAS over 3GPP access.
_BEARER_3GPP_ACCESS = 1
_CIPHERED = frozenset(
    {
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED,
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
    }
)


@dataclass(slots=True)
class NasSecurity:
    """KAMF, the algorithms, and the next NAS COUNT of each direction."""

    k_amf: bytes
    algorithms: nas.SecurityAlgorithms
    counts: dict[Direction, int] = field(
        default_factory=lambda: {Direction.UPLINK: 0, Direction.DOWNLINK: 0}
    )

    def protect(
        self,
        message: nas.Message,
        direction: Direction,
        header_type: nas.SecurityHeaderType = (
            nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
        ),
    ) -> bytes:
        """The protected message with the next COUNT, first ciphered, then given its MAC."""
        count = self.counts[direction]
        self.counts[direction] = count + 1
        payload = message.encode()
        if header_type in _CIPHERED:
            key = keys.k_nas_enc(self.k_amf, self.algorithms.ciphering)
            payload = cipher(
                self.algorithms.ciphering, key, count, _BEARER_3GPP_ACCESS, direction, payload
            )
        covered = bytes((count & 0xFF,)) + payload
        mac = integrity(
            self.algorithms.integrity,
            keys.k_nas_int(self.k_amf, self.algorithms.integrity),
            count,
            _BEARER_3GPP_ACCESS,
            direction,
            covered,
        )
        return nas.protected(header_type, mac, count & 0xFF, payload).encode()
