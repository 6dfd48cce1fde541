"""What the NAS layer of a UE and its radio access ask of each other (TS 24.501, 5.3.1).

The gNB can be called directly through these, or from behind a radio link with RRC and PDCP: then
the link stands in as the cell before the UE, and as the terminal before the gNB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from makmal.protocol import nas, ngap


@dataclass(frozen=True, slots=True)
class ConnectionRequest:
    """What a UE that is idle asks for: the first NAS message, and what the gNB is told with it.

    ``guami`` names the AMF that the UE is registered with (TS 38.331, 5.3.3.4).
    """

    nas_pdu: bytes
    cause: ngap.RrcEstablishmentCause
    five_g_s_tmsi: nas.FiveGSTmsi | None = None
    guami: ngap.Guami | None = None
    control_plane_ciot: bool = False


class RadioConnection(Protocol):
    """An RRC connection, seen from the UE."""

    def send_nas(self, octets: bytes) -> None:
        """An uplink NAS message."""

    def send_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """User data. Raises NoUserPlaneError where the session has no radio resources."""

    def request_release(self) -> None:
        """Nothing is left to do: ask the gNB to end the connection."""

    def lose(self) -> None:
        """The UE has let go of the connection without a word."""


class Cell(Protocol):
    """Where a UE can camp."""

    @property
    def tracking_area(self) -> nas.TrackingArea:
        """What the cell broadcasts (TS 38.331, SIB1)."""

    @property
    def cell_identity(self) -> int:
        """36 bits in NR, 28 in E-UTRA."""

    def camp(self, terminal: Terminal) -> None:
        """The UE listens to this cell's paging from now on."""

    def leave(self, terminal: Terminal) -> None:
        """It no longer does."""

    def connect(self, terminal: Terminal, request: ConnectionRequest) -> RadioConnection:
        """Establish a connection, and bring the first NAS message to the AMF."""

    def resume(self, terminal: Terminal) -> None:
        """Wake a connection that sleeps; the terminal learns when it is there again."""


class Terminal(Protocol):
    """The UE, seen from the radio access."""

    @property
    def radio_capability(self) -> bytes:
        """The UE Radio Access Capability Information container (TS 38.331, 11.2.2)."""

    def receive_nas(self, octets: bytes) -> None:
        """A downlink NAS message."""

    def paged(self, identity: nas.FiveGSTmsi) -> None:
        """Somebody is looked for in the cell."""

    def connection_released(self, suspended: bool = False) -> None:
        """The connection has ended, or sleeps (TS 23.502, 4.8.1)."""

    def connection_resumed(self, connection: RadioConnection) -> None:
        """A connection that slept is there again."""

    def handed_over(
        self, cell: Cell, connection: RadioConnection, nas_container: bytes | None
    ) -> None:
        """The UE is in another cell; the container is of TS 24.501, 9.11.2.6."""

    def user_plane(self, pdu_session_id: int, active: bool) -> None:
        """A session got radio resources, or lost them."""

    def receive_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """User data."""


class NoUserPlaneError(Exception):
    """User data for a session that has no radio resources, or for a UE that is idle."""
