"""What every bench has: the steps of a procedure in the trace, and controls of the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from makmal.bench.not_done import NotDoneError
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.world import UnreachableError, World
from makmal.testcases.reading import PREPARATION
from makmal.trace.trace import NOT_DONE


class Controls(Protocol):
    """What can be done to the product besides sending it messages."""

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Bring settings into effect. Raises NotDoneError where the product has no hook for it."""

    async def restore(self) -> None:
        """Bring the declared configuration back."""

    async def log_lines(self) -> list[str] | None:
        """The product's log since the bench was opened; None where there is no access to it."""

    async def restart(self) -> None:
        """Have the product begin anew, so that it registers at the NRF. Raises NotDoneError."""

    async def over_tls(self) -> ReferenceNetwork:
        """The network anew, with its services over TLS. Raises NotDoneError."""


class Steps:
    """The marks that cut a trace into the variants of a test case."""

    def __init__(self, world: World) -> None:
        self.world = world

    def mark(self, name: str) -> None:
        """A step begins."""
        self.world.recorder.step(self.world.now_ns, name)

    def not_done(self, reason: str) -> None:
        """Put into the trace what could not be done, and why."""
        self.mark(NOT_DONE + reason)

    @contextmanager
    def variant(self, name: str, *, preparing: bool = False) -> Iterator[None]:
        """One variant of the test case. What keeps it from being run goes into the trace.

        ``preparing``: what the standard has as a pre-condition comes first, and is no part of the
        variant; the procedure calls ``mark(name)`` when it begins.
        """
        self.mark(f"{PREPARATION}{name}" if preparing else name)
        try:
            yield
        except (NotDoneError, UnreachableError) as error:
            self.not_done(f"{name}: {error}")
