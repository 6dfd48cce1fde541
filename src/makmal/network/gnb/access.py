"""How a gNB reaches UEs: what its procedures ask of the radio side (TS 38.401, 8).

Directly (direct_access.py) the UE is called like a part of the gNB. Through RRC and PDCP
(network/radio) each of these takes messages on Uu; ``then`` is called when they have done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from makmal.network.ue.access import ConnectionRequest, RadioConnection, Terminal
from makmal.protocol import nas

if TYPE_CHECKING:
    from makmal.network.gnb.context import SessionResources, UeContext
    from makmal.network.gnb.gnb import Gnb


@dataclass(frozen=True, slots=True)
class RadioChange:
    """What is to change for a UE: sessions that get radio resources or lose them, and the NAS
    messages that go to the UE with it.
    """

    added: tuple[SessionResources, ...] = ()
    released: tuple[int, ...] = ()
    nas: tuple[bytes, ...] = ()


class Access(Protocol):
    """The radio side of gNBs."""

    def is_of(self, terminal: Terminal | None, ue: Terminal) -> bool:
        """Whether what a context has as its terminal is this UE."""

    def connect(self, gnb: Gnb, ue: Terminal, request: ConnectionRequest) -> RadioConnection:
        """A UE that is idle wants a connection."""

    def resume(self, gnb: Gnb, ue: Terminal) -> None:
        """A UE whose connection sleeps wakes up."""

    def page(self, gnb: Gnb, ues: Sequence[Terminal], identity: nas.FiveGSTmsi) -> None:
        """Call a UE in the cell; these listen."""

    def secure(self, gnb: Gnb, context: UeContext, then: Callable[[bool], None]) -> None:
        """Set up AS security with the key and capabilities of the context; whether that went."""

    def configure(
        self, gnb: Gnb, context: UeContext, change: RadioChange, then: Callable[[], None]
    ) -> None:
        """Bring a change to the UE; ``then`` the AMF is to be answered."""

    def prepare(self, source: Gnb, context: UeContext, target: Gnb) -> bytes:
        """Source to Target Transparent Container of a handover."""

    def admit(
        self, target: Gnb, context: UeContext, source_context: UeContext, container: bytes
    ) -> bytes:
        """Target to Source Transparent Container for a UE that is to come."""

    async def move(
        self,
        source: Gnb,
        context: UeContext,
        target: Gnb,
        arrived: UeContext,
        container: bytes | None,
    ) -> bool:
        """Have the UE go to the target cell; whether it arrived there. ``container`` is the Target
        to Source one, None for a handover by Xn.
        """
