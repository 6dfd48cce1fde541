"""Messages that were built or decoded lately, by their octets.

In a simulated world one message is built, decoded at the other end of its link, and decoded again
for the judge: always the same octets, and so the same message. A message is never changed, and it
keeps what was decoded of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

M = TypeVar("M")


class Recent(Generic[M]):
    """A decoder that gives the same object for the same octets, of which it remembers the latest.

    Errors are not remembered.
    """

    def __init__(self, decode: Callable[[bytes], M], most: int = 2048) -> None:
        self._decode, self._most = decode, most
        self._by_octets: dict[bytes, M] = {}

    def __call__(self, octets: bytes) -> M:
        """The message of these octets. Raises what the decoder raises."""
        message = self._by_octets.get(octets)
        return self.remember(octets, self._decode(octets)) if message is None else message

    def remember(self, octets: bytes, message: M) -> M:
        """Remember a message that was built; the one of these octets that is there already wins."""
        known = self._by_octets.setdefault(octets, message)
        if len(self._by_octets) > self._most:
            del self._by_octets[next(iter(self._by_octets))]
        return known
