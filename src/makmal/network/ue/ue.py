"""The UE: what it remembers, its connection, and which procedure takes which message (TS 24.501).

The procedures are in the files beside, as functions of the UE. What comes from the network is
answered at once, as the policy has it; what a test procedure starts, it can wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from makmal.network import slices
from makmal.network.inbox import Inbox
from makmal.network.nas_security import NasSecurity
from makmal.network.plan import NetworkPlan
from makmal.network.subscription import Subscription
from makmal.network.ue import (
    authentication,
    configuration,
    deregistration,
    handover,
    identities,
    ipv6_prefix,
    protection,
    reception,
    registration,
    security_mode,
    service,
    session_commands,
    sessions,
    slice_authentication,
)
from makmal.network.ue.access import Cell, ConnectionRequest, NoUserPlaneError, RadioConnection
from makmal.network.ue.policy import UePolicy
from makmal.network.ue.state import (
    NO_KEY,
    Exchanged,
    PartialContext,
    PduSession,
    ProcedureResult,
    Registered,
    RegistrationResult,
)
from makmal.network.ue.usim import Usim
from makmal.network.world import World
from makmal.protocol import nas, ngap
from makmal.security import keys

M = nas.MessageType
Cause = ngap.RrcEstablishmentCause


class Ue:
    """A UE with its USIM; without a subscription it has none, and can only call for help.

    ``sent`` and ``received`` are its NAS messages in order. ``policy`` may be replaced at any
    time. ``on_packet`` is called with each packet of user data.
    """

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        subscription: Subscription | None,
        policy: UePolicy | None = None,
        *,
        cell: Cell | None = None,
    ) -> None:
        self.world, self.plan, self.subscription = world, plan, subscription
        self.usim = None if subscription is None else Usim(subscription)
        self.policy = policy or UePolicy()
        self.sent: list[Exchanged] = []
        self.received: list[Exchanged] = []
        self.inbox: Inbox[nas.Message] = Inbox()
        self.on_packet: Callable[[PduSession, bytes], None] | None = None

        self.cell: Cell | None = None
        self.connection: RadioConnection | None = None
        self.suspended = False
        # TS 24.501, 4.4.2.5: whether the secure exchange of NAS messages is established.
        self.secured = False

        self.guti: nas.FiveGGuti | None = None
        self.security: NasSecurity | None = None
        self.key_set_identifier = NO_KEY
        self.partial: PartialContext | None = None
        # The context of a security mode command that is being looked at.
        self.proposed: NasSecurity | None = None
        self.registered = False
        self.emergency = False
        self.registration = Registered()
        self.sessions: dict[int, PduSession] = {}
        # The uplink COUNT that KgNB is derived with (TS 33.501, A.9).
        self.k_gnb_count = 0
        self.challenges = authentication.Challenges()
        # The whole request of the registration, and whether only a part of it could be sent.
        self.initial_message: nas.Message | None = None
        self.sent_in_part = False
        self.ending: dict[str, asyncio.Future[ProcedureResult]] = {}
        self.transactions: dict[int, asyncio.Future[nas.Message | None]] = {}
        self.next_transaction = 1
        if cell is not None:
            self.camp(cell)

    # What a test procedure asks for.

    def camp(self, cell: Cell) -> None:
        """Go to a cell while idle."""
        if self.cell is not None:
            self.cell.leave(self)
        self.cell = cell
        cell.camp(self)

    async def register(
        self,
        *,
        emergency: bool = False,
        identity: nas.MobileIdentity | None = None,
        seconds: float | None = None,
    ) -> RegistrationResult:
        """Initial or emergency registration; ``identity`` in place of what the UE would show."""
        kind = registration.EMERGENCY if emergency else registration.INITIAL
        return await registration.register(self, kind, identity, seconds)

    async def update_registration(
        self, *, periodic: bool = False, identity: nas.MobileIdentity | None = None
    ) -> RegistrationResult:
        """Mobility or periodic registration update."""
        kind = registration.PERIODIC if periodic else registration.MOBILITY
        return await registration.register(self, kind, identity, None)

    async def deregister(self, *, switch_off: bool = False) -> ProcedureResult:
        """Leave the network."""
        return await deregistration.deregister(self, switch_off)

    async def service_request(
        self, *, service_type: int = service.SIGNALLING, sessions: tuple[int, ...] = ()
    ) -> ProcedureResult:
        """Connect again, and bring up the user plane of these sessions."""
        return await service.request(self, service_type, sessions)

    async def release_connection(self, seconds: float = 5.0) -> bool:
        """Become idle by inactivity: the gNB asks the AMF. Whether the connection ended."""
        if self.connection is None:
            return True
        ended = self.ends("connection")
        self.connection.request_release()
        try:
            async with asyncio.timeout(seconds):
                await ended
        except TimeoutError:
            return False
        return True

    async def establish_session(
        self,
        identity: int = 1,
        dnn: str | None = None,
        s_nssai: slices.Slice | None = None,
        *,
        session_type: int = sessions.IPV4,
    ) -> PduSession:
        """Ask for a PDU session; see its ``established``."""
        return await sessions.establish(self, identity, dnn, s_nssai, session_type)

    async def modify_session(self, session: PduSession) -> nas.Message | None:
        """Ask for a modification that changes nothing; the command or reject, None for none."""
        return await sessions.modify(self, session)

    async def release_session(self, session: PduSession) -> bool:
        """Ask for the release of a session; whether it ended."""
        return await sessions.release(self, session)

    def send_packet(self, session: PduSession, packet: bytes) -> None:
        """Send user data. Raises NoUserPlaneError."""
        if self.connection is None or not session.user_plane:
            raise NoUserPlaneError(f"PDU session {session.identity} has no user plane")
        self.connection.send_packet(session.identity, packet)

    # Messages as a test procedure wants them.

    def send(self, message: nas.Message | bytes) -> bytes:
        """Send a message as the state demands it to be protected, or octets; what was sent."""
        if isinstance(message, bytes):
            self.send_octets(message)
            return message
        return protection.send(self, message)

    def send_protected(
        self,
        message: nas.Message | bytes,
        header_type: nas.SecurityHeaderType = (
            nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
        ),
        *,
        count: int | None = None,
        mac: bytes | None = None,
    ) -> bytes:
        """Send a message protected in just this way; the octets that were sent."""
        return protection.send_protected(self, message, header_type, count, mac)

    def send_octets(
        self,
        octets: bytes,
        message: nas.Message | None = None,
        session_message: nas.Message | None = None,
        cause: Cause = Cause.MO_SIGNALLING,
    ) -> None:
        """Send octets, on a new connection if the UE is idle."""
        self.sent.append(Exchanged(octets, message, session_message))
        if self.connection is not None:
            self.connection.send_nas(octets)
            return
        if self.cell is None:
            raise RuntimeError("the UE camps on no cell: use camp(gnb) or Ue(..., cell=gnb)")
        identity = None if self.guti is None else identities.five_g_s_tmsi(self.guti)
        guami = None if self.guti is None else identities.guami(self.guti)
        request = ConnectionRequest(octets, cause, identity, guami)
        self.connection = self.cell.connect(self, request)

    def last_sent(self, message_type: int) -> bytes:
        """The octets that carried the last message of this type. Raises LookupError."""
        for each in reversed(self.sent):
            if message_type in (
                each.message and each.message.message_type,
                each.session_message and each.session_message.message_type,
            ):
                return each.octets
        raise LookupError(f"the UE has sent no {M(message_type).name}")

    async def expect(self, *kinds: int, seconds: float = 5.0) -> nas.Message | None:
        """The next message of these types, once its security checks passed; None if none comes."""
        return await self.inbox.expect(frozenset(int(kind) for kind in kinds), seconds)

    # The UE as the radio access sees it.

    @property
    def radio_capability(self) -> bytes:
        """The UE Radio Access Capability Information container (TS 38.331, 11.2.2)."""
        return identities.RADIO_CAPABILITY

    @property
    def k_gnb(self) -> bytes:
        """The key that the gNB was given (TS 33.501, 6.8.1.2.2). Raises RuntimeError."""
        if self.security is None:
            raise RuntimeError("the UE has no security context")
        return keys.k_gnb(self.security.k_amf, self.k_gnb_count)

    @property
    def k_amf(self) -> bytes:
        """KAMF of the context in use. Raises RuntimeError."""
        if self.security is None:
            raise RuntimeError("the UE has no security context")
        return self.security.k_amf

    def connection_fell_back(self) -> None:
        """The connection that slept is gone, and a new one is there (TS 24.501, 5.3.1.4)."""
        self.connection_released()
        if self.registered and self.guti is not None:
            service.send(self, service.SIGNALLING)

    def receive_nas(self, octets: bytes) -> None:
        """A downlink NAS message."""
        opened = reception.opened(self, octets)
        self.received.append(opened)
        message = opened.message
        if message is None or not opened.acceptable:
            return
        self.inbox.put(message.message_type, message)
        handler = _HANDLERS.get(message.message_type)
        if handler is not None:
            handler(self, message)
        elif self.secured:
            protection.status(self, protection.MESSAGE_TYPE_UNKNOWN)

    def paged(self, identity: nas.FiveGSTmsi) -> None:
        """Somebody is looked for in the cell."""
        if self.guti is None or identities.five_g_s_tmsi(self.guti) != identity:
            return
        if self.suspended and self.cell is not None:
            # TS 24.501, 5.3.1.4: a connection that sleeps is resumed, not set up anew.
            self.cell.resume(self)
        else:
            service.answer_paging(self)

    def connection_released(self, suspended: bool = False) -> None:
        """The connection has ended, or sleeps."""
        self.connection = None
        self.suspended = suspended
        if not suspended:
            self.secured = False
            self.challenges.forget_answer()
        for session in self.sessions.values():
            session.user_plane = False
        self.end_all(registration.RELEASED)

    def connection_resumed(self, connection: RadioConnection) -> None:
        """A connection that slept is there again."""
        self.connection = connection
        self.suspended = False

    def handed_over(
        self, cell: Cell, connection: RadioConnection, nas_container: bytes | None
    ) -> None:
        """The UE is in another cell."""
        if self.cell is not None:
            self.cell.leave(self)
        self.cell, self.connection = cell, connection
        cell.camp(self)
        if nas_container is not None:
            handover.take_into_use(self, nas_container)

    def user_plane(self, pdu_session_id: int, active: bool) -> None:
        """A session got radio resources, or lost them."""
        session = self.sessions.get(pdu_session_id)
        if session is not None:
            session.user_plane = active

    def receive_packet(self, pdu_session_id: int, packet: bytes) -> None:
        """User data."""
        session = self.sessions.get(pdu_session_id)
        if session is None or ipv6_prefix.received(session, packet):
            return
        if self.on_packet is not None:
            self.on_packet(session, packet)

    # What the procedures share.

    def let_go(self) -> None:
        """Release the connection locally (TS 24.501, 5.3.1.3)."""
        connection = self.connection
        if connection is not None:
            self.connection_released()
            connection.lose()

    def ends(self, procedure: str) -> asyncio.Future[ProcedureResult]:
        """What is done when a procedure ends. One that was waited for before is superseded."""
        old = self.ending.pop(procedure, None)
        if old is not None and not old.done():
            old.set_result(registration.RELEASED)
        future: asyncio.Future[ProcedureResult] = asyncio.get_running_loop().create_future()
        self.ending[procedure] = future
        return future

    def end(self, procedure: str, result: ProcedureResult) -> bool:
        """A procedure has ended: whether somebody waited for that."""
        future = self.ending.pop(procedure, None)
        if future is None or future.done():
            return False
        self.inbox.clear()
        future.set_result(result)
        return True

    def end_all(self, result: ProcedureResult) -> None:
        """Whatever was under way has ended."""
        for procedure in list(self.ending):
            self.end(procedure, result)
        for future in self.transactions.values():
            if not future.done():
                future.set_result(None)
        self.transactions.clear()

    def forget(self) -> None:
        """Forget the identity and the keys that the network gave (TS 24.501, 5.5.1.2.5)."""
        self.guti = self.security = self.partial = None
        self.key_set_identifier = NO_KEY
        self.secured = self.registered = False
        self.registration = Registered()


_HANDLERS: dict[int, Callable[[Ue, nas.Message], None]] = {
    M.REGISTRATION_ACCEPT: registration.accepted,
    M.REGISTRATION_REJECT: registration.rejected,
    M.DEREGISTRATION_ACCEPT_UE_ORIGINATING: deregistration.accepted,
    M.DEREGISTRATION_REQUEST_UE_TERMINATED: deregistration.demanded,
    M.SERVICE_ACCEPT: service.accepted,
    M.SERVICE_REJECT: service.rejected,
    M.CONFIGURATION_UPDATE_COMMAND: configuration.updated,
    M.AUTHENTICATION_REQUEST: authentication.requested,
    M.AUTHENTICATION_REJECT: authentication.rejected,
    M.AUTHENTICATION_RESULT: authentication.result,
    M.IDENTITY_REQUEST: identities.requested,
    M.SECURITY_MODE_COMMAND: security_mode.commanded,
    M.DL_NAS_TRANSPORT: session_commands.transported,
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMMAND: slice_authentication.commanded,
    M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_RESULT: slice_authentication.result,
    M.FIVE_GMM_STATUS: protection.status_received,
    M.NOTIFICATION: service.notified,
}
