"""A time limit that costs nothing where nothing has to be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(
    work: Coroutine[Any, Any, T], seconds: float, loop: asyncio.AbstractEventLoop
) -> T:
    """What the work returns. Raises TimeoutError when it takes longer.

    As ``asyncio.timeout``, but no timer is set unless the work comes to wait for something: in a
    simulated world most requests are answered at once, and a timer costs as much as they do.
    """
    deadline = loop.time() + seconds
    try:
        awaited = work.send(None)
    except StopIteration as finished:
        finished_with: T = finished.value
        return finished_with
    async with asyncio.timeout_at(deadline):
        result: T = await _Rest(work, awaited)
    return result


class _Rest:
    """What is left of a coroutine that has come to wait for something."""

    def __init__(self, work: Coroutine[Any, Any, Any], awaited: Any) -> None:
        self._work, self._awaited = work, awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        work, awaited = self._work, self._awaited
        while True:
            try:
                try:
                    sent = yield awaited
                except BaseException as error:  # the work is told, whatever it is
                    awaited = work.throw(error)
                else:
                    awaited = work.send(sent)
            except StopIteration as finished:
                return finished.value
