"""RRC of the gNB with one UE (TS 38.331, 5): what the gNB's procedures see as the terminal.

What changes a UE's configuration is done one after the other, in the order in which the gNB asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from makmal.network.gnb import connections, user_plane
from makmal.network.radio import gnb_keys
from makmal.network.radio.bearers import RadioBearer
from makmal.network.radio.gnb_bearers import GnbBearers
from makmal.network.ue.access import Cell, ConnectionRequest, NoUserPlaneError, RadioConnection
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap, rrc, sdap
from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import establishment, security
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.radio.cell import RadioCell


class GnbRrc(GnbBearers):
    """``cause`` and ``part1`` are what the UE said in RRCSetupRequest; ``arrival`` is set when a UE
    that was handed over has come.
    """

    def __init__(self, cell: RadioCell, endpoint: Endpoint, c_rnti: int) -> None:
        super().__init__(cell, endpoint, c_rnti)
        self.cause = ""
        self.part1: int | None = None
        # Of a UE that is inactive: its DRBs, and whether their security is known still.
        self.kept: dict[int, rrc.Drb] | None = None
        self.user_security_known = True
        self.i_rnti = 0
        self.arrival: asyncio.Future[bool] | None = None

    def rename(self, c_rnti: int) -> None:
        """Go on under this C-RNTI."""
        self.cell.rename(self, c_rnti)

    # What the UE says.

    def _packet(self, bearer: RadioBearer, packet: bytes) -> None:
        drb, context = bearer.drb, self.context
        if drb is None or context is None:
            return
        try:
            if drb.uplink_header:
                flow, packet = sdap.read_uplink(packet)
                if flow is None:
                    return
            user_plane.uplink(self.gnb, context, drb.pdu_session_id, packet)
        except (DecodeError, NoUserPlaneError) as error:
            self._noted(str(error))

    def _signalled(self, identity: int, octets: bytes, pdu: bytes, count: int) -> None:
        del pdu, count
        try:
            message = rrc.decode(rrc.Channel.UL_DCCH, octets)
        except DecodeError as error:
            self._noted(f"an undecodable RRC message on SRB{identity}: {error}")
            return
        if message.kind == "rrcSetupComplete":
            self._established(message)
        elif message.kind == "ulInformationTransfer":
            self._uplink_nas(message)
        elif message.kind == "securityModeComplete" and self.security is not None:
            # Whatever follows it is ciphered (5.3.4.3).
            self.protect(1)
        if message.transaction is not None:
            waiting = self.waiting.get(message.transaction)
            if waiting is not None and message.kind in waiting[0] and not waiting[1].done():
                waiting[1].set_result(message)
        if message.kind in ("rrcReconfigurationComplete", "rrcReestablishmentComplete"):
            arrival, self.arrival = self.arrival, None
            if arrival is not None and not arrival.done():
                arrival.set_result(True)

    def _established(self, message: rrc.Message) -> None:
        """RRCSetupComplete: the first NAS message goes to the AMF."""
        if self.context is not None:
            return
        try:
            said = establishment.read_setup_complete(message, self.part1)
        except DecodeError as error:
            self._noted(str(error))
            return
        s_tmsi, amf = said.s_tmsi, said.amf
        request = ConnectionRequest(
            said.nas,
            self.cell.access.ngap_cause(self.cause),
            None
            if s_tmsi is None
            else nas.FiveGSTmsi(s_tmsi.amf_set_id, s_tmsi.amf_pointer, s_tmsi.tmsi),
            None if amf is None else ngap.Guami(amf.plmn, amf.region_id, amf.set_id, amf.pointer),
        )
        try:
            self.context = connections.establish(self.gnb, self, request)
        except UnreachableError as error:
            self._noted(str(error))
            self.connection_released()

    def _uplink_nas(self, message: rrc.Message) -> None:
        if self.context is None:
            return
        for octets in rrc.nas_of(message):
            connections.uplink(self.gnb, self.context, octets)

    # The UE, as the gNB's procedures see it: Terminal.

    @property
    def radio_capability(self) -> bytes:
        """The UE Radio Access Capability Information container (TS 38.331, 11.2.2)."""
        return security.radio_access_capability(self.capability or security.nr_capability())

    def receive_nas(self, octets: bytes) -> None:
        """A downlink NAS message."""
        if self.kept is not None:
            self.cell.page_inactive(self)
        if self.worker is None and self.kept is None:
            self.send_nas(octets)
            return

        async def later() -> None:
            self.send_nas(octets)

        if self.kept is None:
            self.enqueue(later)
        else:
            self.work.append(later)

    def paged(self, identity: nas.FiveGSTmsi) -> None:
        """Paging goes by the cell."""

    def connection_released(self, suspended: bool = False) -> None:
        """RRCRelease; what is waited for does not come any more."""
        if not suspended:
            self.leaving = True
            for _, future in self.waiting.values():
                if not future.done():
                    future.set_result(None)

        async def leave() -> None:
            self.release(suspended)

        if self.worker is None:
            self.release(suspended)
        else:
            self.enqueue(leave)

    def release(self, suspended: bool) -> None:
        """RRCRelease, to idle or to inactive (5.3.8)."""
        config = gnb_keys.suspend_config(self) if suspended else None
        message = establishment.release(self.next_transaction(), config)
        self.send_message(message)
        if suspended:
            self.kept = self.bearers.pause()
            self.cell.suspend(self)
        else:
            self.cell.forget(self)

    def connection_resumed(self, connection: RadioConnection) -> None:
        """The UE says so itself."""

    def handed_over(
        self, cell: Cell, connection: RadioConnection, nas_container: bytes | None
    ) -> None:
        """The UE says so itself."""

    def user_plane(self, pdu_session_id: int, active: bool) -> None:
        """The UE learns it from its configuration."""

    def receive_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """Downlink user data."""
        bearer = self.bearers.drb_of_session(pdu_session_id)
        if bearer is not None:
            self.send_user_data(bearer, packet)
        elif self.kept is not None:
            self.cell.page_inactive(self)
