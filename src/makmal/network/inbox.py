"""Messages that came, and those who wait for one: for the ends that a test procedure drives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

M = TypeVar("M")

# How many messages nobody asked for are remembered.
_MOST = 1024


class Inbox(Generic[M]):
    """Each message is handed out once, to the first who expects one of its kind."""

    def __init__(self) -> None:
        self._messages: deque[tuple[Hashable, M]] = deque(maxlen=_MOST)
        self._waiting: list[tuple[frozenset[Hashable], asyncio.Future[M]]] = []

    def put(self, kind: Hashable, message: M) -> None:
        """A message has come."""
        for entry in self._waiting:
            if kind in entry[0] and not entry[1].done():
                entry[1].set_result(message)
                self._waiting.remove(entry)
                return
        self._messages.append((kind, message))

    async def expect(self, kinds: frozenset[Hashable], seconds: float) -> M | None:
        """The first message of these kinds that was not handed out yet; None if none comes."""
        for entry in self._messages:
            if entry[0] in kinds:
                self._messages.remove(entry)
                return entry[1]
        future: asyncio.Future[M] = asyncio.get_running_loop().create_future()
        waiting = (kinds, future)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    def clear(self) -> None:
        """Forget what came so far: a procedure that is complete has dealt with it."""
        self._messages.clear()
