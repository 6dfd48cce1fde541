"""Numbers that a function gives out, such as TEIDs and SEIDs: none twice at a time, none to guess.

TS 29.281, 5.1, and TS 29.244, 5.5 and 8.2.37, want them unique; TS 33.513, 4.2.2.6, tests it. That
nobody can guess one keeps strangers from sending into a tunnel or deleting a session.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Allocation(Enum):
    """How numbers are chosen. RANDOM is the sound choice; the others are faults."""

    RANDOM = "random"
    SEQUENTIAL = "sequential"
    REUSED = "reused"
    CONGRUENTIAL = "congruential"


class Identifiers:
    """The numbers of so many octets that are in use. Zero is none of them: it has a meaning."""

    def __init__(
        self, random_octets: Callable[[int], bytes], octets: int, allocation: Allocation
    ) -> None:
        self._random_octets, self._octets, self._allocation = random_octets, octets, allocation
        self._used: set[int] = set()
        self._last = 0

    def __len__(self) -> int:
        return len(self._used)

    def allocate(self) -> int:
        """A number that is not in use, unless numbers are reused on purpose."""
        number = self._choose()
        self._used.add(number)
        return number

    def _choose(self) -> int:
        if self._allocation is Allocation.REUSED and self._last:
            return self._last
        if self._allocation is Allocation.RANDOM:
            while True:
                number = int.from_bytes(self._random_octets(self._octets), "big")
                if number and number not in self._used:
                    self._last = number
                    return number
        if self._allocation is Allocation.CONGRUENTIAL:
            # The constants of Numerical Recipes, as in many a library.
            modulus = 1 << 8 * self._octets
            self._last = (self._last * 1_664_525 + 1_013_904_223) % modulus
            return self._last
        self._last += 1
        return self._last

    def take(self, number: int) -> bool:
        """Take a number into use that somebody else chose; whether it was free."""
        if number in self._used:
            return False
        self._used.add(number)
        return True

    def release(self, number: int) -> None:
        """A number is free again."""
        self._used.discard(number)
