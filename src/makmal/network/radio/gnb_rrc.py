"""RRC of the gNB with one UE (TS 38.331, 5): what the gNB's procedures see as the terminal.

What changes a UE's configuration is done one after the other, in the order in which the gNB asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from makmal.network.gnb import causes, connections, user_plane
from makmal.network.gnb.access import RadioChange
from makmal.network.radio import algorithms, gnb_keys
from makmal.network.radio.air import CommonFrame, RadioFrame
from makmal.network.radio.bearers import Bearers, RadioBearer, Reception, signalling_bearer
from makmal.network.radio.end import RadioEnd
from makmal.network.ue.access import Cell, ConnectionRequest, NoUserPlaneError, RadioConnection
from makmal.network.world import UnreachableError
from makmal.protocol import nas, ngap, rrc, sdap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap.enumerations import ProtectionIndication
from makmal.protocol.pdcp import Protection
from makmal.protocol.rrc import establishment, reconfiguration, security
from makmal.security.as_security import AsSecurity
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import SessionResources, UeContext
    from makmal.network.radio.cell import RadioCell

_TRANSACTIONS = 4
_REQUIRED, _PREFERRED = ProtectionIndication.REQUIRED, ProtectionIndication.PREFERRED
_LAST_DRB = 32
Work = Callable[[], Awaitable[None]]


class GnbRrc(RadioEnd):
    """A UE under its C-RNTI. ``request`` is what it said in RRCSetupRequest.

    ``chaining_count`` is the NCC that the present key belongs to; ``used_drbs`` the identities of
    DRBs that this key has protected.
    """

    def __init__(self, cell: RadioCell, endpoint: Endpoint, c_rnti: int) -> None:
        policy = cell.gnb.policy
        super().__init__(
            Bearers(
                c_rnti,
                at_ue=False,
                signalling=Reception(
                    policy.drops_bad_rrc_mac,
                    policy.drops_rrc_replays,
                    not policy.drops_missing_rrc_mac,
                ),
                user=Reception(
                    policy.drops_bad_user_mac,
                    policy.drops_user_replays,
                    not policy.drops_missing_user_mac,
                ),
            ),
            at_ue=False,
        )
        self.cell, self.gnb, self.endpoint = cell, cell.gnb, endpoint
        self.context: UeContext | None = None
        self.security: AsSecurity | None = None
        self.chaining_count = 0
        self.capability: bytes | None = None
        self.used_drbs: set[int] = set()
        self.cause = ""
        self.part1: int | None = None
        # Of a UE that is inactive: its DRBs, and whether their security is known still.
        self.kept: dict[int, rrc.Drb] | None = None
        self.user_security_known = True
        self.i_rnti = 0
        self.arrival: asyncio.Future[bool] | None = None
        self._transaction = 0
        self._waiting: dict[int, tuple[tuple[str, ...], asyncio.Future[rrc.Message | None]]] = {}
        self._work: deque[Work] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._leaving = False

    # Frames.

    def _transmit(self, frame: RadioFrame) -> None:
        self.cell.transmit(self.endpoint, frame)

    def _noted(self, text: str) -> None:
        self.gnb.log.append(f"UE {self.bearers.ue_id:#06x}: {text}")

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
            self._protect(1)
        if message.transaction is not None:
            waiting = self._waiting.get(message.transaction)
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

    # One after the other.

    def enqueue(self, work: Work) -> None:
        """Do something when what was asked before has been done."""
        self._work.append(work)
        if self._worker is None:
            self._worker = self.gnb.world.spawn(self._run())

    def enqueue_first(self, work: Work) -> None:
        """Do something before what waits already."""
        self._work.appendleft(work)
        if self._worker is None:
            self._worker = self.gnb.world.spawn(self._run())

    async def _run(self) -> None:
        try:
            while self._work:
                await self._work.popleft()()
        finally:
            self._worker = None

    async def ask(
        self,
        make: Callable[[int], rrc.Message],
        *kinds: str,
        sent: Callable[[], None] = lambda: None,
    ) -> rrc.Message | None:
        """Send a message that is answered, and wait for the answer; None where none comes.

        ``sent`` is called as soon as it is on the air.
        """
        if self._leaving:
            return None
        transaction = self.next_transaction()
        future: asyncio.Future[rrc.Message | None] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = kinds, future
        self.send_message(make(transaction))
        sent()
        try:
            async with asyncio.timeout(self.gnb.policy.patience):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(transaction, None)

    def next_transaction(self) -> int:
        """RRC transaction identifiers go round."""
        transaction = self._transaction
        self._transaction = (transaction + 1) % _TRANSACTIONS
        return transaction

    # The UE, as the gNB's procedures see it: Terminal.

    @property
    def radio_capability(self) -> bytes:
        """The UE Radio Access Capability Information container (TS 38.331, 11.2.2)."""
        return security.radio_access_capability(self.capability or security.nr_capability())

    def receive_nas(self, octets: bytes) -> None:
        """A downlink NAS message."""
        if self.kept is not None:
            self.cell.page_inactive(self)
        if self._worker is None and self.kept is None:
            self._send_nas(octets)
            return

        async def later() -> None:
            self._send_nas(octets)

        if self.kept is None:
            self.enqueue(later)
        else:
            self._work.append(later)

    def _send_nas(self, octets: bytes) -> None:
        message = establishment.downlink_nas(self.next_transaction(), octets)
        self.send_message(message, signalling_bearer(self.bearers))

    def paged(self, identity: nas.FiveGSTmsi) -> None:
        """Paging goes by the cell."""

    def connection_released(self, suspended: bool = False) -> None:
        """RRCRelease; what is waited for does not come any more."""
        if not suspended:
            self._leaving = True
            for _, future in self._waiting.values():
                if not future.done():
                    future.set_result(None)

        async def leave() -> None:
            self.release(suspended)

        if self._worker is None:
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

    # AS security (5.3.4; TS 33.501, 6.7.4).

    def _protect(self, srb: int, *, activating: bool = False) -> None:
        """Protect an SRB as the policy has it; while security is activated, without ciphering."""
        if self.security is None:
            return
        policy = self.gnb.policy
        self.bearers.protect_srb(
            srb,
            self.security,
            ciphers_sent=policy.ciphers_rrc and not activating,
            deciphers_received=not activating,
            protects_sent=activating or policy.protects_rrc_integrity,
        )

    def add_srb(self, identity: int) -> None:
        """An SRB, protected from the first PDU on."""
        self.bearers.add_srb(identity)
        self._protect(identity)

    def secure(self, then: Callable[[bool], None]) -> None:
        """Security mode command, and the UE's capabilities where they are not known."""

        async def work() -> None:
            then(await self._secure())

        self.enqueue(work)

    async def _secure(self) -> bool:
        context = self.context
        if context is None or self._leaving:
            return False
        if self.security is not None:
            return True
        chosen = algorithms.select(self.gnb.policy, context.security_capabilities)
        self.security = AsSecurity(context.security_key, chosen.ciphering, chosen.integrity)
        self.chaining_count = 0
        # The command itself is protected, and read before it can be verified.
        self._protect(1, activating=True)
        answer = await self.ask(
            lambda transaction: security.security_mode_command(transaction, chosen),
            "securityModeComplete",
        )
        if answer is None:
            return False
        if self.gnb.policy.sends_radio_capability and self.capability is None:
            answer = await self.ask(security.capability_enquiry, "ueCapabilityInformation")
            if answer is not None:
                self.capability = security.nr_capability_of(answer)
        return True

    # Bearers (5.3.5).

    def configure(self, change: RadioChange, then: Callable[[], None]) -> None:
        """Set up and release bearers, and deliver NAS with that."""

        async def work() -> None:
            if self._leaving:
                return
            if await self._configure(change):
                then()
            else:
                self._noted("no answer to an RRCReconfiguration")
                if self.context is not None and not self._leaving:
                    connections.ask_for_release(self.gnb, self.context, causes.CONNECTION_LOST)

        self.enqueue(work)

    async def _configure(self, change: RadioChange) -> bool:
        released = [
            each.drb.identity
            for session in change.released
            if (each := self.bearers.drb_of_session(session)) is not None and each.drb is not None
        ]
        protection = self.security
        if protection is None or not (change.added or released or self._lacks_srb2):
            for octets in change.nas:
                self._send_nas(octets)
            return True
        drbs = []
        for resources in change.added:
            identity = self._free_drb()
            if identity is None:
                if not await self.refresh_key():
                    return False
                identity = self._free_drb()
            if identity is None:
                self._noted("every DRB identity is in use")
                continue
            self.used_drbs.add(identity)
            drbs.append(self.signalled_drb(identity, resources))
        wanted = rrc.Reconfiguration(
            srbs=(2,) if self._lacks_srb2 else (),
            drbs=tuple(drbs),
            released_drbs=tuple(released),
            nas=change.nas,
        )
        for drb in drbs:
            self.add_drb(drb)
        for identity in released:
            self.bearers.remove_drb(identity)

        def sent() -> None:
            if self._lacks_srb2:
                self.add_srb(2)

        answer = await self.ask(
            lambda transaction: reconfiguration.reconfiguration(transaction, wanted),
            "rrcReconfigurationComplete",
            sent=sent,
        )
        return answer is not None

    @property
    def _lacks_srb2(self) -> bool:
        return self.bearers.srb(2) is None

    def _free_drb(self) -> int | None:
        """An identity that the present key has not protected; with the fault, any that is free."""
        taken = set(self.bearers.drbs)
        if self.gnb.policy.refreshes_key_before_drb_reuse:
            taken |= self.used_drbs
        return next((each for each in range(1, _LAST_DRB + 1) if each not in taken), None)

    def signalled_drb(self, identity: int, resources: SessionResources) -> rrc.Drb:
        """How a session's DRB is to be protected: as the SMF's policy has it (33.501, 6.6.1)."""
        policy, wish = self.gnb.policy, resources.security
        integrity = ciphering = policy.protects_if_preferred
        if wish is not None:
            integrity = _active(
                wish.integrity_protection_indication,
                policy.integrity,
                policy.protects_if_preferred,
                policy.obeys_required_integrity,
                policy.obeys_unneeded_integrity,
            )
            ciphering = _active(
                wish.confidentiality_protection_indication,
                policy.confidentiality,
                policy.protects_if_preferred,
                policy.obeys_required_ciphering,
                policy.obeys_unneeded_ciphering,
            )
        return rrc.Drb(
            identity,
            resources.identity,
            resources.flows,
            integrity,
            ciphering,
            uplink_header=len(resources.flows) > 1,
        )

    def add_drb(self, drb: rrc.Drb) -> None:
        """The entities of a DRB: protected as signalled, unless the policy is faulty."""
        if self.security is None:
            return
        made = self.bearers.add_drb(drb, self.security)
        policy, protection = self.gnb.policy, made.transmitter.protection
        if not policy.protects_user_data_as_signalled:
            protection = Protection(None, protection.cipher)
        if not policy.ciphers_user_data_as_signalled:
            protection = Protection(protection.mac, None)
        made.transmitter.protection = protection

    # Keys.

    async def refresh_key(self) -> bool:
        """A new key in the same cell: reconfiguration with sync (33.501, 6.9.4.4)."""
        old = self.security
        if old is None:
            return False
        key, chaining_count = gnb_keys.next_key(self, self.cell.identity)
        drbs = tuple(
            replace(each.drb, reestablished=True)
            for each in self.bearers.drbs.values()
            if each.drb is not None
        )
        srbs = (1,) if self._lacks_srb2 else (1, 2)
        wanted = rrc.Reconfiguration(
            reestablished_srbs=srbs,
            drbs=drbs,
            key_update=rrc.KeyUpdate(chaining_count),
            sync=rrc.Sync(self.cell.identity, self.cell.random_access()),
        )

        def sent() -> None:
            self.chaining_count = chaining_count
            renewed = AsSecurity(key, old.ciphering, old.integrity)
            self.take_key(renewed, wanted, srbs)

        answer = await self.ask(
            lambda transaction: reconfiguration.reconfiguration(transaction, wanted),
            "rrcReconfigurationComplete",
            sent=sent,
        )
        return answer is not None

    def take_key(
        self, renewed: AsSecurity, wanted: rrc.Reconfiguration, srbs: tuple[int, ...]
    ) -> None:
        """Everything begins anew under a new key, and C-RNTI where the message gave one."""
        self.security = renewed
        c_rnti = self.bearers.ue_id if wanted.sync is None else wanted.sync.c_rnti
        self.cell.rename(self, c_rnti)
        for identity in srbs:
            self.add_srb(identity)
        for drb in wanted.drbs:
            self.add_drb(drb)
        self.used_drbs = {each.identity for each in wanted.drbs}

    async def counter_check(self) -> tuple[rrc.DrbCount, ...] | None:
        """The DRBs whose COUNTs differ at the UE (5.3.6; TS 33.501, 6.13); None for no answer."""
        counts = [
            rrc.DrbCount(
                identity,
                max(each.receiver.next_count - 1, 0),
                max(each.transmitter.next_count - 1, 0),
            )
            for identity, each in self.bearers.drbs.items()
        ]
        answer = await self.ask(
            lambda transaction: security.counter_check(transaction, counts),
            "counterCheckResponse",
        )
        return None if answer is None else security.differing_counts(answer)

    def common(self, message: rrc.Message) -> None:
        """A message on CCCH for this UE."""
        self._transmit(CommonFrame(message.channel, message.octets, self.bearers.ue_id))


def _active(
    wish: int, possible: bool, if_preferred: bool, obeys_required: bool, obeys_unneeded: bool
) -> bool:
    if wish == _REQUIRED:
        return obeys_required
    if wish == _PREFERRED:
        return possible and if_preferred
    return not obeys_unneeded
