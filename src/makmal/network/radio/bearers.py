"""The radio bearers of one UE, at one end: their PDCP entities, and what protects them."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol import pdcp, rrc
from makmal.protocol.pdcp import Plane, Protection, Receiver, Transmitter
from makmal.security.as_security import AsSecurity
from makmal.security.nas_algorithms import Direction

_SRB_BITS = 12
_SDAP_OCTETS = 1


@dataclass(frozen=True, slots=True)
class Reception:
    """What an end does with PDUs that it should discard. The default is a sound end."""

    discards_failures: bool = True
    discards_replays: bool = True
    accepts_missing_mac: bool = False


SOUND_RECEPTION = Reception()


@dataclass(slots=True)
class RadioBearer:
    """A bearer. ``drb`` is the configuration of a DRB, None for an SRB."""

    bearer: pdcp.Bearer
    transmitter: Transmitter
    receiver: Receiver
    drb: rrc.Drb | None = None


class Bearers:
    """At the UE's end it sends uplink; at the gNB's, downlink."""

    def __init__(
        self,
        ue_id: int,
        *,
        at_ue: bool,
        signalling: Reception = SOUND_RECEPTION,
        user: Reception = SOUND_RECEPTION,
    ) -> None:
        self.ue_id = ue_id
        self._sending = Direction.UPLINK if at_ue else Direction.DOWNLINK
        self._receiving = Direction.DOWNLINK if at_ue else Direction.UPLINK
        self._at_ue = at_ue
        self._reception = {Plane.SIGNALLING: signalling, Plane.USER: user}
        self._bearers: dict[tuple[Plane, int], RadioBearer] = {}

    @property
    def drbs(self) -> dict[int, RadioBearer]:
        """The DRBs, by identity."""
        return {
            identity: each
            for (plane, identity), each in self._bearers.items()
            if plane is Plane.USER
        }

    def srb(self, identity: int) -> RadioBearer | None:
        """An SRB, if it is there."""
        return self._bearers.get((Plane.SIGNALLING, identity))

    def find(self, plane: Plane, identity: int) -> RadioBearer | None:
        """A bearer, if it is there."""
        return self._bearers.get((plane, identity))

    def drb_of_session(self, pdu_session_id: int) -> RadioBearer | None:
        """The DRB of a PDU session."""
        for each in self._bearers.values():
            if each.drb is not None and each.drb.pdu_session_id == pdu_session_id:
                return each
        return None

    def add_srb(self, identity: int, security: AsSecurity | None = None) -> RadioBearer:
        """An SRB, anew; with security it is protected from the first PDU on."""
        bearer = pdcp.Bearer(Plane.SIGNALLING, identity, self.ue_id)
        made = self._make(bearer, None)
        if security is not None:
            self.protect_srb(identity, security)
        return made

    def protect_srb(
        self,
        identity: int,
        security: AsSecurity,
        *,
        ciphers_sent: bool = True,
        deciphers_received: bool = True,
        protects_sent: bool = True,
    ) -> None:
        """Activate security on an SRB, as far as it is to be."""
        found = self._bearers[Plane.SIGNALLING, identity]
        sending, receiving = self._sending, self._receiving
        found.transmitter.protection = Protection(
            security.signalling_mac(identity, sending) if protects_sent else None,
            security.signalling_cipher(identity, sending) if ciphers_sent else None,
        )
        found.receiver.protection = Protection(
            security.signalling_mac(identity, receiving),
            security.signalling_cipher(identity, receiving) if deciphers_received else None,
        )

    def add_drb(self, drb: rrc.Drb, security: AsSecurity) -> RadioBearer:
        """A DRB, anew, protected as its configuration says."""
        bearer = pdcp.Bearer(
            Plane.USER, drb.identity, self.ue_id, drb.sequence_bits, drb.integrity,
            drb.uplink_header,
        )  # fmt: skip
        made = self._make(bearer, drb)
        identity, sending, receiving = drb.identity, self._sending, self._receiving
        made.transmitter.protection = Protection(
            security.user_mac(identity, sending) if drb.integrity else None,
            security.user_cipher(identity, sending) if drb.ciphering else None,
        )
        made.receiver.protection = Protection(
            security.user_mac(identity, receiving) if drb.integrity else None,
            security.user_cipher(identity, receiving) if drb.ciphering else None,
        )
        return made

    def _make(self, bearer: pdcp.Bearer, drb: rrc.Drb | None) -> RadioBearer:
        reception = self._reception[bearer.plane]
        header = _SDAP_OCTETS if bearer.sdap_header else 0
        made = RadioBearer(
            bearer,
            Transmitter(
                bearer.plane, bearer.sequence_bits, clear_octets=header if self._at_ue else 0
            ),
            Receiver(
                bearer.plane,
                bearer.sequence_bits,
                clear_octets=0 if self._at_ue else header,
                discards_failures=reception.discards_failures,
                discards_replays=reception.discards_replays,
                accepts_missing_mac=reception.accepts_missing_mac,
            ),
            drb,
        )
        self._bearers[bearer.plane, bearer.identity] = made
        return made

    def remove_drb(self, identity: int) -> RadioBearer | None:
        """A DRB is gone."""
        return self._bearers.pop((Plane.USER, identity), None)

    def remove_srb(self, identity: int) -> None:
        """An SRB is gone."""
        self._bearers.pop((Plane.SIGNALLING, identity), None)

    def pause(self) -> dict[int, rrc.Drb]:
        """Nothing is sent any more; the DRBs that there were, to be restored at a resume."""
        kept = {identity: each.drb for identity, each in self.drbs.items() if each.drb is not None}
        self._bearers.clear()
        return kept

    def move(self, ue_id: int) -> None:
        """The UE has another C-RNTI: every bearer begins anew under it."""
        self.ue_id = ue_id
        self._bearers.clear()


def signalling_bearer(bearers: Bearers) -> int:
    """The SRB that NAS messages travel on: SRB2 where it is there (TS 38.331, 4.2.2)."""
    return 2 if bearers.srb(2) is not None else 1
