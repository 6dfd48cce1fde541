"""RRC of the UE (TS 38.331, 5): between its NAS layer (ue/access.py) and the air."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import TYPE_CHECKING

from makmal.network.radio import ue_mobility
from makmal.network.radio.air import CommonFrame, RadioFrame
from makmal.network.radio.bearers import Bearers, RadioBearer, signalling_bearer
from makmal.network.radio.end import RadioEnd
from makmal.network.radio.state import State
from makmal.network.ue.access import ConnectionRequest, NoUserPlaneError
from makmal.protocol import pdcp, rrc, sdap
from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import establishment, reconfiguration, security
from makmal.security.as_security import AsSecurity
from makmal.security.nas_algorithms import Direction
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.radio.access import RadioAccess
    from makmal.network.radio.cell import RadioCell
    from makmal.network.ue.ue import Ue

_RANDOM_BITS = 39
_MAC_OCTETS = pdcp.MAC_OCTETS


class UeRrc(RadioEnd):
    """One for each UE, as long as there is the UE.

    ``chaining_count`` is the NCC that the present key belongs to, ``next_hop`` the NH of it;
    ``initial_key`` KgNB of the AMF, with which the chain began (TS 33.501, 6.9.2.1).
    """

    def __init__(self, access: RadioAccess, ue: Ue, endpoint: Endpoint) -> None:
        super().__init__(Bearers(0, at_ue=True), at_ue=True)
        self.access, self.ue, self.endpoint = access, ue, endpoint
        self.state = State.IDLE
        self.cell: RadioCell | None = None
        self.security: AsSecurity | None = None
        self.chaining_count = 0
        self.next_hop = self.initial_key = b""
        self.request: ConnectionRequest | None = None
        self.suspended: ue_mobility.Suspended | None = None
        self.log: list[str] = []
        self._held: list[bytes] = []
        self._setup_transaction = 0

    # What NAS asks for: RadioConnection.

    def establish(self, cell: RadioCell, request: ConnectionRequest) -> None:
        """A connection for a first NAS message (5.3.3)."""
        self.request = request
        if self.state is State.FALLING_BACK:
            self._complete_setup()
            return
        self.cell = cell
        if self.state is State.INACTIVE and self.suspended is not None:
            self._held.append(request.nas_pdu)
            ue_mobility.resume(self, establishment.Cause.MO_SIGNALLING)
            return
        self.state = State.SETTING_UP
        identity = request.five_g_s_tmsi
        s_tmsi = None
        if identity is not None:
            s_tmsi = rrc.STmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi)
        random = int.from_bytes(self.ue.world.random_octets(5), "big") >> (40 - _RANDOM_BITS)
        cause = self.access.rrc_cause(request.cause)
        self.send_common(establishment.setup_request(cause, s_tmsi, random))

    def send_nas(self, octets: bytes) -> None:
        """An uplink NAS message (5.7.2); one that is early waits."""
        if self.state is not State.CONNECTED:
            self._held.append(octets)
            return
        self.send_message(establishment.uplink_nas(octets), signalling_bearer(self.bearers))

    def send_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """User data. Raises NoUserPlaneError."""
        bearer = self.bearers.drb_of_session(pdu_session_id)
        if bearer is None or bearer.drb is None:
            raise NoUserPlaneError(f"PDU session {pdu_session_id} has no radio bearer")
        self.send_user_data(bearer, self.sdu(bearer.drb, packet))

    @staticmethod
    def sdu(drb: rrc.Drb, packet: bytes) -> bytes:
        """A packet with its SDAP header, where the DRB has them."""
        if not drb.uplink_header:
            return packet
        return sdap.uplink_header(drb.flows[0] if drb.flows else 0) + packet

    def request_release(self) -> None:
        """The UE has nothing to send any more, which the gNB finds out by its inactivity timer."""
        if self.cell is not None:
            self.cell.inactive(self.bearers.ue_id)

    def lose(self) -> None:
        """The UE is gone; so does the gNB find out."""
        cell, c_rnti = self.cell, self.bearers.ue_id
        self.forget()
        if cell is not None:
            cell.lost(c_rnti)

    # States.

    def forget(self) -> None:
        """Go to idle (5.3.11)."""
        self.state = State.IDLE
        self.security = self.suspended = self.request = None
        self.chaining_count = 0
        self.next_hop = self.initial_key = b""
        self._held.clear()
        self.bearers.move(0)

    def connected(self) -> None:
        """What waited is sent now."""
        self.state = State.CONNECTED
        held, self._held = self._held, []
        for octets in held:
            self.send_nas(octets)

    def take_held(self) -> bytes | None:
        """The first NAS message that waits."""
        return self._held.pop(0) if self._held else None

    # Frames.

    def send_common(self, message: rrc.Message) -> int:
        """A message on CCCH, after a random access; the C-RNTI that this gave."""
        if self.cell is None:
            return 0
        c_rnti = self.cell.random_access()
        self._transmit(CommonFrame(message.channel, message.octets, c_rnti))
        return c_rnti

    def _transmit(self, frame: RadioFrame) -> None:
        if self.cell is not None:
            cell = self.cell
            self.access.air.send(
                self.endpoint,
                cell.endpoint,
                frame,
                lambda arrived: cell.received(self.endpoint, arrived),
            )

    def _noted(self, text: str) -> None:
        self.log.append(text)

    def received(self, frame: RadioFrame) -> None:
        """A frame came down."""
        if not isinstance(frame, CommonFrame):
            if frame.bearer.ue_id == self.bearers.ue_id:
                self.received_pdu(frame)
            return
        try:
            message = rrc.decode(frame.channel, frame.octets)
        except DecodeError as error:
            self._noted(f"an undecodable RRC message: {error}")
            return
        if message.kind == "rrcSetup":
            self._set_up(message, frame.c_rnti)
        elif message.kind == "rrcReject":
            self.forget()
            self.ue.connection_released()

    def _set_up(self, message: rrc.Message, c_rnti: int) -> None:
        """RRCSetup (5.3.3.4)."""
        if self.state not in (State.SETTING_UP, State.RESUMING, State.REESTABLISHING):
            return
        falls_back = self.state is not State.SETTING_UP
        self._setup_transaction = message.transaction or 0
        if falls_back:
            self.forget()
        self.bearers.move(c_rnti)
        self.bearers.add_srb(1)
        if falls_back:
            self.state = State.FALLING_BACK
            self.ue.connection_fell_back()
        else:
            self._complete_setup()

    def _complete_setup(self) -> None:
        request = self.request
        if request is None:
            return
        identity, guami = request.five_g_s_tmsi, request.guami
        said = rrc.SetupComplete(
            request.nas_pdu,
            None
            if identity is None
            else rrc.STmsi(identity.amf_set_id, identity.amf_pointer, identity.tmsi),
            None
            if guami is None
            else rrc.RegisteredAmf(
                guami.plmn_identity, guami.amf_region_id, guami.amf_set_id, guami.amf_pointer
            ),
        )
        self.send_message(establishment.setup_complete(self._setup_transaction, said))
        self.connected()

    def _packet(self, bearer: RadioBearer, packet: bytes) -> None:
        if bearer.drb is not None:
            self.ue.receive_packet(bearer.drb.pdu_session_id, packet)

    def _signalled(self, identity: int, octets: bytes, pdu: bytes, count: int) -> None:
        try:
            message = rrc.decode(rrc.Channel.DL_DCCH, octets)
            handler = _HANDLERS.get(message.kind)
            if message.kind == "securityModeCommand":
                self._security_mode(message, pdu, count)
            elif self.state is State.REESTABLISHING:
                ue_mobility.reestablished(self, message, pdu, count)
            elif handler is not None and self._may_be_processed(message):
                handler(self, message)
        except DecodeError as error:
            self._noted(f"an undecodable RRC message on SRB{identity}: {error}")

    def _may_be_processed(self, message: rrc.Message) -> bool:
        """Annex B: before AS security only these are processed unprotected."""
        return self.security is not None or message.kind in (
            "dlInformationTransfer",
            "rrcRelease",
            "ueCapabilityEnquiry",
        )

    # Messages.

    def _security_mode(self, message: rrc.Message, pdu: bytes, count: int) -> None:
        """SecurityModeCommand (5.3.4.3): the algorithms that it names prove the command itself."""
        transaction = message.transaction or 0
        algorithms = security.commanded_algorithms(message)
        if algorithms is None or self.security is not None:
            return
        k_gnb = self.ue.k_gnb
        proposed = AsSecurity(k_gnb, algorithms.ciphering, algorithms.integrity)
        right = proposed.signalling_mac(1, Direction.DOWNLINK)(count, pdu[:-_MAC_OCTETS])
        if not compare_digest(right, pdu[-_MAC_OCTETS:]):
            self._noted("a SecurityModeCommand with a wrong MAC-I")
            self.send_message(security.security_mode_failure(transaction))
            return
        self.security, self.initial_key = proposed, k_gnb
        self.chaining_count, self.next_hop = 0, b""
        self.bearers.protect_srb(1, proposed, ciphers_sent=False)
        self.send_message(security.security_mode_complete(transaction))
        self.bearers.protect_srb(1, proposed)

    def _downlink_nas(self, message: rrc.Message) -> None:
        for octets in rrc.nas_of(message):
            self.ue.receive_nas(octets)

    def _capability(self, message: rrc.Message) -> None:
        answer = security.capability_information(message.transaction or 0, security.nr_capability())
        self.send_message(answer)

    def _counter_check(self, message: rrc.Message) -> None:
        """Report the DRBs whose COUNTs differ from the gNB's (5.3.6.3)."""
        here = {
            identity: rrc.DrbCount(
                identity,
                max(each.transmitter.next_count - 1, 0),
                max(each.receiver.next_count - 1, 0),
            )
            for identity, each in self.bearers.drbs.items()
        }
        asked = {each.identity: each for each in security.checked_counts(message)}
        differing = [
            count
            for identity, count in here.items()
            if identity not in asked
            or count.uplink >> 7 != asked[identity].uplink >> 7
            or count.downlink >> 7 != asked[identity].downlink >> 7
        ]
        differing += [rrc.DrbCount(each, 0, 0) for each in asked if each not in here]
        answer = security.counter_check_response(message.transaction or 0, differing)
        self.send_message(answer)

    def _reconfigured(self, message: rrc.Message) -> None:
        """RRCReconfiguration (5.3.5.3): the answer first, then what is for NAS."""
        wanted = reconfiguration.read(message)
        transaction = message.transaction or 0
        if wanted.sync is not None and wanted.key_update is not None:
            if not ue_mobility.synchronise(self, wanted, wanted.sync, wanted.key_update):
                return
        elif self.security is not None:
            self.configure(wanted, self.security)
        self.send_message(reconfiguration.reconfiguration_complete(transaction))
        for octets in wanted.nas:
            self.ue.receive_nas(octets)

    def configure(self, wanted: rrc.Reconfiguration, protection: AsSecurity) -> None:
        """Bearers as a message has them, with this security (5.3.5.6)."""
        for identity in wanted.released_drbs:
            gone = self.bearers.remove_drb(identity)
            if gone is not None and gone.drb is not None:
                self.ue.user_plane(gone.drb.pdu_session_id, False)
        for identity in dict.fromkeys((*wanted.srbs, *wanted.reestablished_srbs)):
            self.bearers.add_srb(identity, protection)
        for drb in wanted.drbs:
            self.bearers.add_drb(drb, protection)
            self.ue.user_plane(drb.pdu_session_id, True)

    def _released(self, message: rrc.Message) -> None:
        """RRCRelease (5.3.8.3)."""
        config = establishment.suspend_config_of(message)
        if config is not None and self.security is not None:
            ue_mobility.suspend(self, config, self.security)
            return
        self.forget()
        self.ue.connection_released()

    def _resumed(self, message: rrc.Message) -> None:
        ue_mobility.resumed(self, message)


_HANDLERS: dict[str, Callable[[UeRrc, rrc.Message], None]] = {
    "dlInformationTransfer": UeRrc._downlink_nas,
    "ueCapabilityEnquiry": UeRrc._capability,
    "counterCheck": UeRrc._counter_check,
    "rrcReconfiguration": UeRrc._reconfigured,
    "rrcRelease": UeRrc._released,
    "rrcResume": UeRrc._resumed,
}
