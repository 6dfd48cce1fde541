"""A 5G NAS security context as its two ends hold it (TS 33.501, 6.4; TS 24.501, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest

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
_COUNTS = 1 << 24


@dataclass(frozen=True, slots=True)
class Unprotected:
    """A protected message as its receiver sees it.

    ``octets`` are deciphered; ``count`` is the NAS COUNT that the receiver used; ``replayed`` that
    a message with this COUNT or a later one was accepted before (TS 33.501, 6.4.3.2).
    """

    octets: bytes
    count: int
    mac_ok: bool
    replayed: bool


@dataclass(slots=True)
class NasSecurity:
    """KAMF, the algorithms, and the next NAS COUNT of each direction.

    Of the direction that an end receives, the count is the next that it will accept.
    """

    k_amf: bytes
    algorithms: nas.SecurityAlgorithms
    counts: dict[Direction, int] = field(
        default_factory=lambda: {Direction.UPLINK: 0, Direction.DOWNLINK: 0}
    )
    _k_nas_enc: bytes = b""
    _k_nas_int: bytes = b""

    def __post_init__(self) -> None:
        self._k_nas_enc = keys.k_nas_enc(self.k_amf, self.algorithms.ciphering)
        self._k_nas_int = keys.k_nas_int(self.k_amf, self.algorithms.integrity)

    def with_algorithms(self, algorithms: nas.SecurityAlgorithms) -> NasSecurity:
        """The same KAMF and COUNTs with other algorithms (TS 33.501, 6.7.1.2)."""
        return NasSecurity(self.k_amf, algorithms, dict(self.counts))

    def protect(
        self,
        message: nas.Message | bytes,
        direction: Direction,
        header_type: nas.SecurityHeaderType = (
            nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
        ),
        *,
        count: int | None = None,
        mac: bytes | None = None,
    ) -> bytes:
        """The protected message, first ciphered, then given its MAC.

        It takes the next COUNT and the right MAC unless others are given; a given COUNT leaves the
        next one as it was.
        """
        if count is None:
            count = self.counts[direction]
            self.counts[direction] = count + 1
        payload = message if isinstance(message, bytes) else message.encode()
        if header_type in _CIPHERED:
            payload = self._cipher(payload, count, direction)
        if mac is None:
            mac = self._mac(bytes((count & 0xFF,)) + payload, count, direction)
        return nas.protected(header_type, mac, count & 0xFF, payload).encode()

    def unprotect(self, outer: nas.SecurityProtected, direction: Direction) -> Unprotected:
        """Check and decipher a message that came in this direction (TS 24.501, 4.4.3 and 4.4.4).

        The next acceptable COUNT moves on only with a right MAC and a COUNT not used before.
        """
        expected = self.counts[direction]
        count = estimated_count(expected, outer.sequence_number)
        right = self._mac(outer.protected_part, count, direction)
        mac_ok = compare_digest(right, outer.message_authentication_code)
        replayed = False
        if not mac_ok and count > expected:
            # A number below the next one is taken for the next round; it may be an old message.
            earlier = count - 0x100
            if earlier >= 0:
                old = self._mac(outer.protected_part, earlier, direction)
                if compare_digest(old, outer.message_authentication_code):
                    count, mac_ok, replayed = earlier, True, True
        payload = outer.payload
        if outer.security_header_type in _CIPHERED:
            payload = self._cipher(payload, count, direction)
        if mac_ok and not replayed:
            self.counts[direction] = count + 1
        return Unprotected(payload, count, mac_ok, replayed)

    def cipher_container(self, octets: bytes, direction: Direction, count: int) -> bytes:
        """Cipher or decipher the NAS message container of an initial message (24.501, 4.4.6)."""
        return self._cipher(octets, count, direction)

    def decipher_container(self, octets: bytes, direction: Direction) -> bytes:
        """Decipher the container of the message that was accepted last."""
        return self._cipher(octets, max(self.counts[direction] - 1, 0), direction)

    def _cipher(self, octets: bytes, count: int, direction: Direction) -> bytes:
        algorithm = self.algorithms.ciphering
        if algorithm == 0:
            return octets
        return cipher(algorithm, self._k_nas_enc, count, _BEARER_3GPP_ACCESS, direction, octets)

    def _mac(self, octets: bytes, count: int, direction: Direction) -> bytes:
        return integrity(
            self.algorithms.integrity,
            self._k_nas_int,
            count,
            _BEARER_3GPP_ACCESS,
            direction,
            octets,
        )


def estimated_count(expected: int, sequence_number: int) -> int:
    """The COUNT with this sequence number, at or after the one expected next (24.501, 4.4.3.1)."""
    count = (expected & ~0xFF) | sequence_number
    return (count if count >= expected else count + 0x100) % _COUNTS
