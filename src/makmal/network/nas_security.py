"""A 5G NAS security context as each of its two ends holds it (TS 33.501, 6.4; TS 24.501, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import ClassVar

from makmal.protocol import nas
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, cipher, integrity

_H = nas.SecurityHeaderType
CIPHERED = frozenset(
    {
        _H.INTEGRITY_PROTECTED_AND_CIPHERED,
        _H.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
    }
)
_EPD_5GMM = 0x7E
_SEQUENCE_NUMBERS = 256
_LAST_COUNT = 0xFF_FFFF


@dataclass(frozen=True, slots=True)
class Unprotected:
    """What a protected message held: ``octets`` deciphered with ``count``.

    ``mac_ok`` tells whether the MAC is right for that COUNT, ``replayed`` whether a message with
    this COUNT or a later one was taken before.
    """

    octets: bytes
    count: int
    mac_ok: bool
    replayed: bool

    @property
    def acceptable(self) -> bool:
        """Whether a sound receiver processes it (TS 24.501, 4.4.3.2 and 4.4.4)."""
        return self.mac_ok and not self.replayed


@dataclass(slots=True)
class NasSecurity:
    """KAMF, the algorithms, and the next NAS COUNT of each direction.

    For other algorithms, or another KAMF, a new context is made: the NAS keys are derived once.
    """

    # TS 33.501, 6.4.2.2: BEARER is 1 for NAS over 3GPP access.
    bearer: ClassVar[int] = 1

    k_amf: bytes = field(repr=False)
    algorithms: nas.SecurityAlgorithms
    counts: dict[Direction, int] = field(
        default_factory=lambda: {Direction.UPLINK: 0, Direction.DOWNLINK: 0}
    )
    k_nas_enc: bytes = field(init=False, repr=False, compare=False)
    k_nas_int: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.k_nas_enc = keys.k_nas_enc(self.k_amf, self.algorithms.ciphering)
        self.k_nas_int = keys.k_nas_int(self.k_amf, self.algorithms.integrity)

    def with_algorithms(self, algorithms: nas.SecurityAlgorithms) -> NasSecurity:
        """The same KAMF and COUNTs with other algorithms (TS 33.501, 6.7.1.2)."""
        return NasSecurity(self.k_amf, algorithms, dict(self.counts))

    def protect(
        self,
        message: nas.Message | bytes,
        direction: Direction,
        header_type: nas.SecurityHeaderType = _H.INTEGRITY_PROTECTED_AND_CIPHERED,
        *,
        count: int | None = None,
        mac: bytes | None = None,
    ) -> bytes:
        """The protected message with the next COUNT, first ciphered, then given its MAC.

        For messages that are wrong on purpose ``count`` takes the place of the next COUNT, which
        then stays what it is, and ``mac`` that of the MAC.
        """
        if count is None:
            count = self.counts[direction]
            self.counts[direction] = count + 1
        payload = message if isinstance(message, bytes) else message.encode()
        if header_type in CIPHERED:
            payload = self.encipher(payload, count, direction)
        covered = bytes((count & 0xFF,)) + payload
        if mac is None:
            mac = self.authentication_code(covered, count, direction)
        return bytes((_EPD_5GMM, header_type)) + mac + covered

    def unprotect(
        self, outer: nas.SecurityProtected, direction: Direction, *, count: int | None = None
    ) -> Unprotected:
        """Open a message that came, and remember its COUNT if it is acceptable.

        The COUNT is estimated from the sequence number: the next one that has it (TS 24.501,
        4.4.3.1). Where the MAC is wrong for that one but right for the one before, the message
        is an old one. With the null integrity algorithm nothing tells an old one from a new one,
        and there is no protection against replay (TS 33.501, D.1). ``count`` is for a message
        whose COUNT is known.
        """
        expected = self.counts[direction]
        estimate = count
        if estimate is None:
            estimate = estimated_count(expected, outer.sequence_number)
        covered, mac = outer.protected_part, outer.message_authentication_code
        mac_ok = self._verifies(covered, mac, estimate, direction)
        if not mac_ok and count is None and estimate >= _SEQUENCE_NUMBERS:
            earlier = estimate - _SEQUENCE_NUMBERS
            if self._verifies(covered, mac, earlier, direction):
                estimate, mac_ok = earlier, True
        replayed = estimate < expected
        payload = covered[1:]
        if outer.security_header_type in CIPHERED:
            payload = self.encipher(payload, estimate, direction)
        if mac_ok and not replayed:
            self.counts[direction] = estimate + 1
        return Unprotected(payload, estimate, mac_ok, replayed)

    def cipher_container(self, octets: bytes, direction: Direction, count: int) -> bytes:
        """Cipher or decipher the NAS message container of an initial message (24.501, 4.4.6)."""
        return self.encipher(octets, count, direction)

    def decipher_container(self, octets: bytes, direction: Direction) -> bytes:
        """Decipher the container of the message that was accepted last."""
        return self.encipher(octets, max(self.counts[direction] - 1, 0), direction)

    def encipher(self, payload: bytes, count: int, direction: Direction) -> bytes:
        """Encipher or, what is the same, decipher."""
        algorithm = self.algorithms.ciphering
        if algorithm == 0:
            return payload
        return cipher(algorithm, self.k_nas_enc, count, self.bearer, direction, payload)

    def authentication_code(self, covered: bytes, count: int, direction: Direction) -> bytes:
        """The NAS MAC over sequence number and payload (TS 24.501, 4.4.3.3)."""
        return integrity(
            self.algorithms.integrity, self.k_nas_int, count, self.bearer, direction, covered
        )

    def _verifies(self, covered: bytes, mac: bytes, count: int, direction: Direction) -> bool:
        if count > _LAST_COUNT:
            return False
        return compare_digest(self.authentication_code(covered, count, direction), mac)


def estimated_count(expected: int, sequence_number: int) -> int:
    """The COUNT with this sequence number, at or after the one expected next (24.501, 4.4.3.1)."""
    return expected + (sequence_number - expected) % _SEQUENCE_NUMBERS
