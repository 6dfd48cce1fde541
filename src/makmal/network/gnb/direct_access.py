"""The radio link left out: a UE's connection that calls its gNB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.gnb import connections, user_plane

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
