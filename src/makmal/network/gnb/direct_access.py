"""The radio link left out: a UE's connection that calls its gNB, and a gNB that calls its UE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from makmal.network.gnb import connections, handover_containers, mobility, user_plane
from makmal.network.gnb.access import RadioChange
from makmal.network.ue.access import ConnectionRequest, RadioConnection, Terminal
from makmal.protocol import nas

if TYPE_CHECKING:
    from makmal.network.gnb.context import UeContext
    from makmal.network.gnb.gnb import Gnb


class DirectConnection:
    """An RRC connection without RRC (see ue/access.py)."""

    __slots__ = ("context", "gnb")

    def __init__(self, gnb: Gnb, context: UeContext) -> None:
        self.gnb, self.context = gnb, context

    def send_nas(self, octets: bytes) -> None:
        """An uplink NAS message."""
        connections.uplink(self.gnb, self.context, octets)

    def send_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """User data. Raises NoUserPlaneError."""
        user_plane.uplink(self.gnb, self.context, pdu_session_id, packet)

    def request_release(self) -> None:
        """The UE is inactive."""
        connections.ask_for_release(self.gnb, self.context)

    def lose(self) -> None:
        """The UE is gone."""
        connections.lost(self.gnb, self.context)


class DirectAccess:
    """Access without Uu (see access.py)."""

    def is_of(self, terminal: Terminal | None, ue: Terminal) -> bool:
        """The terminal is the UE itself."""
        return terminal is ue

    def connect(self, gnb: Gnb, ue: Terminal, request: ConnectionRequest) -> RadioConnection:
        """Connected at once."""
        return DirectConnection(gnb, connections.establish(gnb, ue, request))

    def resume(self, gnb: Gnb, ue: Terminal) -> None:
        """The AMF is asked; then the UE is connected again."""
        context = gnb.context(ue)

        async def wake() -> None:
            if await mobility.resume(gnb, context):
                ue.connection_resumed(DirectConnection(gnb, context))
            else:
                gnb.log.append("the AMF did not resume a connection")

        gnb.world.spawn(wake())

    def page(self, gnb: Gnb, ues: Sequence[Terminal], identity: nas.FiveGSTmsi) -> None:
        """Everybody who listens hears it."""
        del gnb
        for ue in ues:
            ue.paged(identity)

    def secure(self, gnb: Gnb, context: UeContext, then: Callable[[bool], None]) -> None:
        """There is nothing to protect."""
        del gnb, context
        then(True)

    def configure(
        self, gnb: Gnb, context: UeContext, change: RadioChange, then: Callable[[], None]
    ) -> None:
        """The UE learns which sessions have a user plane, the AMF is answered, then NAS follows."""
        del gnb
        terminal = context.terminal
        if terminal is not None:
            for resources in change.added:
                terminal.user_plane(resources.identity, True)
            for identity in change.released:
                terminal.user_plane(identity, False)
        then()
        if terminal is not None:
            for octets in change.nas:
                terminal.receive_nas(octets)

    def prepare(self, source: Gnb, context: UeContext, target: Gnb) -> bytes:
        """By what it holds, of which the shortMAC-I is the UE's, the target knows who comes."""
        mac = int.from_bytes(source.world.random_octets(2), "big")
        preparation = handover_containers.handover_preparation(mac)
        return handover_containers.source_to_target(context, source.cell, target.cell, preparation)

    def admit(
        self, target: Gnb, context: UeContext, source_context: UeContext, container: bytes
    ) -> bytes:
        """A command that changes nothing."""
        del target, context, source_context, container
        return handover_containers.target_to_source()

    async def move(
        self,
        source: Gnb,
        context: UeContext,
        target: Gnb,
        arrived: UeContext,
        container: bytes | None,
    ) -> bool:
        """The UE is in the other cell."""
        del source, container
        ue = context.terminal
        if ue is None:
            return False
        arrived.terminal, context.terminal = ue, None
        ue.handed_over(target, DirectConnection(target, arrived), arrived.nas_container)
        for identity in arrived.sessions:
            ue.user_plane(identity, True)
        return True


DIRECT = DirectAccess()
