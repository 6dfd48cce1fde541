"""A gNB's cell on the air: the common channels, and which UE a PDU is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.gnb import connections
from makmal.network.radio import gnb_mobility
from makmal.network.radio.air import CommonFrame, RadioFrame
from makmal.network.radio.gnb_rrc import GnbRrc
from makmal.protocol import rrc
from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import establishment
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.gnb import Gnb
    from makmal.network.radio.access import RadioAccess

# A port for frames of Uu in captures: they are no datagrams of anybody.
RADIO_PORT = 38_323
_FIRST_PCI, _PCIS = 100, 1008
_SSB_ARFCN = 632_256
_RNTIS, _RNTI_STEP = 0xFFF, 0x1000
_BROADCAST = Endpoint("255.255.255.255", RADIO_PORT)


def cell_identity(number: int) -> rrc.Cell:
    """The numbers of the cell of a gNB of ours; ``number`` is the gNB's in its network."""
    return rrc.Cell((_FIRST_PCI + number) % _PCIS, _SSB_ARFCN)


class RadioCell:
    """``connections`` are the UEs by C-RNTI, ``suspended`` the inactive ones by short I-RNTI."""

    def __init__(self, access: RadioAccess, gnb: Gnb) -> None:
        self.access, self.gnb = access, gnb
        self.endpoint = Endpoint(gnb.plan.address(gnb.name), RADIO_PORT)
        number = gnb.node_id.gnb_id[0]
        self.identity = cell_identity(number)
        self.connections: dict[int, GnbRrc] = {}
        self.suspended: dict[int, GnbRrc] = {}
        self._first_rnti = (number & 0xF) * _RNTI_STEP
        self._next = 1

    def random_access(self) -> int:
        """A C-RNTI for a UE that knocks (TS 38.321, 5.1)."""
        while True:
            c_rnti = self._first_rnti + self._next
            self._next = self._next % _RNTIS + 1
            if c_rnti not in self.connections:
                return c_rnti

    def transmit(self, to: Endpoint, frame: RadioFrame) -> None:
        """Send a frame down to a UE."""
        receiver = self.access.ue_at(to)
        if receiver is not None:
            self.access.air.send(self.endpoint, to, frame, receiver.received)

    def broadcast(self, message: rrc.Message) -> None:
        """A message on PCCH, for everybody who listens here."""
        frame = CommonFrame(message.channel, message.octets)
        self.access.air.send(self.endpoint, _BROADCAST, frame, self._heard)

    def _heard(self, frame: RadioFrame) -> None:
        if not isinstance(frame, CommonFrame):
            return
        try:
            message = rrc.decode(frame.channel, frame.octets)
        except DecodeError as error:
            self.gnb.log.append(f"an undecodable paging: {error}")
            return
        for identity in establishment.paged(message):
            self.access.called(self, identity)

    def received(self, source: Endpoint, frame: RadioFrame) -> None:
        """A frame came up."""
        if not isinstance(frame, CommonFrame):
            found = self.connections.get(frame.bearer.ue_id)
            if found is not None:
                found.received_pdu(frame)
            else:
                self.gnb.log.append(f"a PDU of C-RNTI {frame.bearer.ue_id:#06x}, which is nobody's")
            return
        try:
            message = rrc.decode(frame.channel, frame.octets)
            if message.kind == "rrcSetupRequest":
                self.set_up(source, frame.c_rnti, message)
            elif message.kind in ("rrcResumeRequest", "rrcResumeRequest1"):
                gnb_mobility.resume_requested(self, source, frame.c_rnti, message)
            elif message.kind == "rrcReestablishmentRequest":
                gnb_mobility.reestablishment_requested(self, source, frame.c_rnti, message)
        except DecodeError as error:
            self.gnb.log.append(f"an undecodable RRC message on CCCH: {error}")

    def set_up(self, source: Endpoint, c_rnti: int, request: rrc.Message) -> GnbRrc:
        """RRCSetup: also in place of what was asked for, when the UE is not known (5.3.3)."""
        made = self.connections[c_rnti] = GnbRrc(self, source, c_rnti)
        made.cause = establishment.cause_of(request)
        made.part1 = establishment.part1_of(request)
        made.bearers.add_srb(1)
        made.common(establishment.setup(made.next_transaction()))
        return made

    # What becomes of UEs.

    def rename(self, end: GnbRrc, c_rnti: int) -> None:
        """A UE goes on under another C-RNTI."""
        self.connections.pop(end.bearers.ue_id, None)
        end.bearers.move(c_rnti)
        self.connections[c_rnti] = end

    def suspend(self, end: GnbRrc) -> None:
        """A UE is inactive."""
        self.connections.pop(end.bearers.ue_id, None)
        self.suspended[end.i_rnti] = end

    def forget(self, end: GnbRrc) -> None:
        """A UE is gone."""
        if self.connections.get(end.bearers.ue_id) is end:
            del self.connections[end.bearers.ue_id]
        if self.suspended.get(end.i_rnti) is end:
            del self.suspended[end.i_rnti]

    def inactive(self, c_rnti: int) -> None:
        """The inactivity timer of a UE has expired."""
        found = self.connections.get(c_rnti)
        if found is not None and found.context is not None:
            connections.ask_for_release(self.gnb, found.context)

    def lost(self, c_rnti: int) -> None:
        """A UE is not heard any more."""
        found = self.connections.get(c_rnti)
        if found is not None:
            self.forget(found)
            if found.context is not None:
                connections.lost(self.gnb, found.context)

    def page_inactive(self, end: GnbRrc) -> None:
        """Call an inactive UE (RAN paging, 5.3.2)."""
        number = self.gnb.node_id.gnb_id[0]
        self.broadcast(establishment.paging((), [number << 16 | end.bearers.ue_id]))
