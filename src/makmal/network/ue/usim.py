"""The USIM: it checks challenges and keeps the sequence numbers (TS 33.102, 6.3 and annex C)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.network.subscription import Subscription
from makmal.security import milenage, tuak
from makmal.security.authentication import AUTN_OCTETS, xor

# TS 33.102, C.3.2: five bits of index, and how far SQN may leap.
_INDEX_BITS = 5
_INDICES = 1 << _INDEX_BITS
_LARGEST_LEAP = 1 << 28
# How far ahead of the network a USIM is that forces a resynchronisation.
_AHEAD = 0x80
_SEPARATION_BIT = 0x80


@dataclass(frozen=True, slots=True)
class Answered:
    """The challenge is the home network's, and fresh. ``separation_bit`` is that of 5G."""

    res: bytes
    ck: bytes
    ik: bytes
    sqn_xor_ak: bytes
    separation_bit: bool


@dataclass(frozen=True, slots=True)
class MacFailed:
    """The challenge is not the home network's."""


@dataclass(frozen=True, slots=True)
class SynchronisationFailed:
    """The challenge is an old one; AUTS tells the home network where the USIM is."""

    auts: bytes


class Usim:
    """``highest`` is SEQ_MS for each index of the array (C.2.2)."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.highest = [0] * _INDICES

    def challenge(
        self, rand: bytes, autn: bytes, *, out_of_synchronisation: bool = False
    ) -> Answered | MacFailed | SynchronisationFailed:
        """Check a challenge and answer it.

        ``out_of_synchronisation``: make the sequence number one that was used already.
        """
        key, opc = self.subscription.key, self.subscription.opc
        functions = tuak if self.subscription.algorithm_set == "tuak" else milenage
        if len(autn) != AUTN_OCTETS:
            return MacFailed()
        result = functions.f2_to_f5(key, opc, rand)
        sqn, field = xor(autn[:6], result.ak), autn[6:8]
        if functions.f1(key, opc, rand, sqn, field) != autn[8:]:
            return MacFailed()
        number = int.from_bytes(sqn, "big")
        sequence, index = number >> _INDEX_BITS, number & (_INDICES - 1)
        if out_of_synchronisation:
            self.highest[index] = max(self.highest) + _AHEAD
        if not self._is_fresh(sequence, index):
            return SynchronisationFailed(functions.auts(key, opc, rand, self.sqn_ms))
        self.highest[index] = sequence
        separation_bit = bool(field[0] & _SEPARATION_BIT)
        return Answered(result.res, result.ck, result.ik, autn[:6], separation_bit)

    @property
    def sqn_ms(self) -> bytes:
        """The highest sequence number that was accepted (C.2.1)."""
        highest = max(self.highest)
        number = highest << _INDEX_BITS | self.highest.index(highest)
        return number.to_bytes(6, "big")

    def _is_fresh(self, sequence: int, index: int) -> bool:
        return self.highest[index] < sequence <= max(self.highest) + _LARGEST_LEAP
