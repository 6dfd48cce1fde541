"""The AS security of a UE and its gNB: which keys and algorithms protect RRC and user data
(TS 33.501, 6.5 and 6.6; TS 38.323, 5.8 and 5.9).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from makmal.security import keys
from makmal.security.nas_algorithms import Direction, cipher, integrity

# COUNT and octets in; ciphered octets, or a MAC-I, out.
Function = Callable[[int, bytes], bytes]
# TS 38.331, 5.3.7.4 and 5.3.13.3: COUNT, BEARER and DIRECTION are all ones.
_ALL_ONES_COUNT, _ALL_ONES_BEARER = 0xFFFFFFFF, 0x1F


@dataclass(frozen=True)
class AsSecurity:
    """KgNB with the algorithms that were chosen: 128-NEA ``ciphering``, 128-NIA ``integrity``."""

    k_gnb: bytes
    ciphering: int
    integrity: int

    @property
    def k_rrc_enc(self) -> bytes:
        """16 octets (TS 33.501, A.8)."""
        return keys.k_rrc_enc(self.k_gnb, self.ciphering)

    @property
    def k_rrc_int(self) -> bytes:
        """16 octets."""
        return keys.k_rrc_int(self.k_gnb, self.integrity)

    @property
    def k_up_enc(self) -> bytes:
        """16 octets."""
        return keys.k_up_enc(self.k_gnb, self.ciphering)

    @property
    def k_up_int(self) -> bytes:
        """16 octets."""
        return keys.k_up_int(self.k_gnb, self.integrity)

    def signalling_mac(self, identity: int, direction: Direction) -> Function:
        """The MAC-I of PDUs of an SRB: BEARER is its identity less one (TS 38.323, 5.9)."""
        return partial(_mac, self.integrity, self.k_rrc_int, identity - 1, direction)

    def signalling_cipher(self, identity: int, direction: Direction) -> Function | None:
        """Ciphering of an SRB; None for the null algorithm."""
        return self._cipher(self.k_rrc_enc, identity, direction)

    def user_mac(self, identity: int, direction: Direction) -> Function:
        """The MAC-I of PDUs of a DRB."""
        return partial(_mac, self.integrity, self.k_up_int, identity - 1, direction)

    def user_cipher(self, identity: int, direction: Direction) -> Function | None:
        """Ciphering of a DRB; None for the null algorithm."""
        return self._cipher(self.k_up_enc, identity, direction)

    def _cipher(self, key: bytes, identity: int, direction: Direction) -> Function | None:
        if self.ciphering == 0:
            return None
        return partial(_ciphered, self.ciphering, key, identity - 1, direction)

    def short_mac(self, octets: bytes) -> int:
        """The 16 bits of resumeMAC-I or shortMAC-I over a variable of TS 38.331, 7.4."""
        mac = integrity(
            self.integrity,
            self.k_rrc_int,
            _ALL_ONES_COUNT,
            _ALL_ONES_BEARER,
            Direction.DOWNLINK,
            octets,
        )
        return int.from_bytes(mac[2:], "big")


def _mac(
    algorithm: int, key: bytes, bearer: int, direction: Direction, count: int, octets: bytes
) -> bytes:
    return integrity(algorithm, key, count, bearer, direction, octets)


def _ciphered(
    algorithm: int, key: bytes, bearer: int, direction: Direction, count: int, octets: bytes
) -> bytes:
    return cipher(algorithm, key, count, bearer, direction, octets)
