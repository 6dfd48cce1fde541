"""One end of a UE's connection on Uu, common to UE and gNB: PDUs in and out of its bearers."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from makmal.network.radio.air import RadioFrame
from makmal.network.radio.bearers import Bearers, RadioBearer
from makmal.protocol import pdcp, rrc
from makmal.protocol.errors import DecodeError
from makmal.protocol.pdcp import Delivery, FramedPdu, IntegrityFailure, Plane

# t-Reordering in seconds, as DRBs are configured with (TS 38.331, 6.3.2, PDCP-Config).
_REORDERING = 0.05
_REMEMBERED = 64


class RadioEnd(ABC):
    """``sent`` holds the last PDUs that left, in order; ``integrity_failures`` counts those that
    came with a wrong MAC-I, ``replays`` those that had come before.
    """

    def __init__(self, bearers: Bearers, *, at_ue: bool) -> None:
        self.bearers = bearers
        self._at_ue = at_ue
        self.sent: list[FramedPdu] = []
        self.integrity_failures = 0
        self.replays = 0
        self._reordering: set[int] = set()

    @abstractmethod
    def _transmit(self, frame: RadioFrame) -> None:
        """Give a frame to the air."""

    @abstractmethod
    def _signalled(self, identity: int, octets: bytes, pdu: bytes, count: int) -> None:
        """An RRC message came on an SRB, in this PDU."""

    @abstractmethod
    def _packet(self, bearer: RadioBearer, packet: bytes) -> None:
        """User data came on a DRB."""

    @abstractmethod
    def _noted(self, text: str) -> None:
        """Something came that a sound end does not process."""

    def send_message(
        self,
        message: rrc.Message | bytes,
        srb: int = 1,
        *,
        mac: bytes | None = None,
        count: int | None = None,
    ) -> FramedPdu | None:
        """Send an RRC message; for one that is wrong on purpose, with this MAC-I or COUNT. None if
        the SRB is not there.
        """
        found = self.bearers.srb(srb)
        if found is None:
            return None
        octets = message if isinstance(message, bytes) else message.octets
        return self._send(found, octets, mac, count)

    def send_user_data(
        self,
        bearer: RadioBearer,
        sdu: bytes,
        *,
        mac: bytes | None = None,
        count: int | None = None,
    ) -> FramedPdu:
        """Send user data; ``mac`` and ``count`` as above, and b"" for no MAC-I at all."""
        return self._send(bearer, sdu, mac, count)

    def _send(
        self, found: RadioBearer, octets: bytes, mac: bytes | None, count: int | None
    ) -> FramedPdu:
        transmitter = found.transmitter
        if mac is None and count is None:
            pdu = transmitter.send(octets)
        else:
            used = transmitter.next_count if count is None else count
            # What nobody may accept takes no COUNT: the next good PDU has it.
            pdu = transmitter.protect(octets, used, mac)
        framed = FramedPdu(found.bearer, self._at_ue, pdu)
        self.send_again(framed)
        return framed

    def send_again(self, framed: FramedPdu) -> None:
        """Send a PDU as it is."""
        self.sent.append(framed)
        del self.sent[:-_REMEMBERED]
        self._transmit(framed)

    def received_pdu(self, framed: FramedPdu) -> None:
        """A PDU came."""
        bearer = framed.bearer
        found = self.bearers.find(bearer.plane, bearer.identity)
        if found is None:
            self._noted(f"a PDU of {_name(bearer)}, which is not set up")
            return
        try:
            if bearer.plane is Plane.USER and isinstance(
                pdcp.decode(framed.pdu, bearer.plane, found.bearer.sequence_bits), pdcp.ControlPdu
            ):
                return
            events = found.receiver.receive(framed.pdu)
        except DecodeError as error:
            self._noted(f"an undecodable PDU of {_name(bearer)}: {error}")
            return
        self._handle(found, events, framed.pdu)
        self._watch(found)

    def _handle(self, found: RadioBearer, events: list[pdcp.entity.Event], pdu: bytes) -> None:
        for event in events:
            if isinstance(event, Delivery):
                if found.drb is None:
                    self._signalled(found.bearer.identity, event.sdu, pdu, event.count)
                else:
                    self._packet(found, event.sdu)
            elif isinstance(event, IntegrityFailure):
                self.integrity_failures += 1
                self._noted(f"a PDU of {_name(found.bearer)} with a wrong MAC-I, discarded")
            else:
                self.replays += 1
                self._noted(f"a PDU of {_name(found.bearer)} that had come before, discarded")

    def _watch(self, found: RadioBearer) -> None:
        """Let t-Reordering run where something is missing."""
        receiver = found.receiver
        # On an SRB it never expires (TS 38.331, 9.2.1): RLC loses nothing.
        if found.drb is None or not receiver.is_reordering or id(receiver) in self._reordering:
            return
        self._reordering.add(id(receiver))

        def expired() -> None:
            self._reordering.discard(id(receiver))
            self._handle(found, receiver.reordering_expired(), b"")
            self._watch(found)

        asyncio.get_running_loop().call_later(_REORDERING, expired)


def _name(bearer: pdcp.Bearer) -> str:
    return f"{'SRB' if bearer.plane is Plane.SIGNALLING else 'DRB'}{bearer.identity}"
