"""An asyncio event loop whose time passes only when there is nothing left to do at the present.

Five retransmissions of a timer of six seconds cost microseconds in it, and a run is the same every
time: nothing in it depends on the machine.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

_RESOLUTION = 1e-9


class DeadlockError(Exception):
    """Everything waits, and no timer is set that could end the waiting: a deadlock."""

    def __init__(self) -> None:
        super().__init__("every task waits and no timer runs: nothing can happen any more")


class _Leap(selectors.BaseSelector):
    """A selector without files: instead of waiting, it lets the loop's time leap."""

    def __init__(self) -> None:
        self._files: dict[int, selectors.SelectorKey] = {}
        self.loop: VirtualClockLoop | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._files[number] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        return self._files.pop(number)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop is not None:
            if timeout is None:
                raise DeadlockError
            if timeout > 0:
                self.loop.seconds += timeout
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._files

    def close(self) -> None:
        self._files.clear()


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """The loop of the simulated world. ``seconds`` is its time, which begins at 0; whoever adds to
    it lets time pass: what a message takes to travel, or the waiting for the next timer.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        leap = _Leap()
        super().__init__(leap)
        leap.loop = self
        # Timers that are due within a nanosecond are due: rounding must not make time stand still.
        self._clock_resolution = _RESOLUTION

    def time(self) -> float:
        """Seconds since the loop began."""
        return self.seconds

    def restart(self) -> None:
        """Set the time back to 0, for a new world in the same loop."""
        self.seconds = 0.0
