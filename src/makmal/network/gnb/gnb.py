"""The gNB: its associations with AMFs, its UE contexts, and who handles what (TS 38.413).

The procedures are in the files beside, as functions of the gNB and a UE context.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from makmal.network.gnb import (
    causes,
    connections,
    interface,
    mobility,
    n2,
    sessions,
    user_plane,
)
from makmal.network.gnb.access import Access
from makmal.network.gnb.context import AmfAssociation, SessionResources, UeContext
from makmal.network.gnb.direct_access import DIRECT
from makmal.network.gnb.policy import GnbPolicy
from makmal.network.inbox import Inbox
from makmal.network.plan import NetworkPlan
from makmal.network.ue.access import ConnectionRequest, RadioConnection, Terminal
from makmal.network.world import DatagramEnd, UnreachableError, World
from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import ie
from makmal.trace.frame import Endpoint

_Handler = Callable[["Gnb", AmfAssociation, ngap.Pdu], None]
_INITIATING = ngap.Kind.INITIATING_MESSAGE
# TS 38.412, 7: stream 0 is for what concerns no UE.
_COMMON_STREAM, _UE_STREAM = 0, 1
_UE_IDS = (ie.RAN_UE_NGAP_ID.identifier, ie.AMF_UE_NGAP_ID.identifier)
_GNB_ID_BITS, _CELL_BITS = 24, 12


def _access(world: World, plan: NetworkPlan) -> Access:
    """How the plan has it; the modules of Uu are loaded when somebody is on the air."""
    if not plan.radio:
        return DIRECT
    from makmal.network.radio.access import radio_access

    return radio_access(world)


class Gnb:
    """``received`` holds every NGAP message that came; ``log`` what a product's log would say."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        name: str = "gNB",
        policy: GnbPolicy | None = None,
        access: Access | None = None,
    ) -> None:
        self.world, self.plan, self.name = world, plan, name
        self.access: Access = access or _access(world, plan)
        self.policy = policy or GnbPolicy()
        self.received: list[ngap.Pdu] = []
        self.log: list[str] = []
        self.inbox: Inbox[ngap.Pdu] = Inbox()
        self.associations: list[AmfAssociation] = []
        self.contexts: dict[int, UeContext] = {}
        self.tunnels: dict[int, tuple[UeContext, int]] = {}
        self.arriving: dict[bytes, UeContext] = {}
        self.user_plane: DatagramEnd | None = None
        self._camping: dict[int, Terminal] = {}
        self._next_id = 1
        self._next_teid = 1
        # "gNB" is the first, "gNB-2" the second: identities of a network differ.
        number = int(name.rpartition("-")[2]) if name[-1:].isdigit() else 1
        plmn = self.policy.plmn or plan.plmn
        self.plmn = plmn
        self.node_id = ngap.GlobalGnbId(plmn, (number, _GNB_ID_BITS))
        self.cell = ngap.NrCgi(plmn, number << _CELL_BITS | 1)
        tac = plan.tac if self.policy.tac is None else self.policy.tac
        self.area = ngap.TrackingArea(plmn, tac)
        self.location = n2.encoded_location(self.cell, self.area)

    # What a test procedure asks for.

    async def set_up(self, remote: Endpoint, seconds: float | None = None) -> AmfAssociation:
        """Set up an association and NG with an AMF. Raises UnreachableError, NgSetupError."""
        return await interface.set_up(self, remote, seconds or self.policy.patience)

    async def path_switch(
        self,
        terminal: Terminal,
        source: Gnb,
        capabilities: nas.UESecurityCapability | None = None,
        security: ngap.SecurityIndication | None = None,
    ) -> ngap.Pdu | None:
        """Take a UE over from another gNB by Xn, and tell the AMF; its answer. The AMF is told
        ``capabilities`` in place of those that the source gNB handed over, and the SMF ``security``
        as the user plane policy, where one is given.
        """
        return await mobility.path_switch(self, terminal, source, capabilities, security)

    async def handover(self, terminal: Terminal, target: Gnb) -> bool:
        """Hand a UE over to another gNB by way of the core; whether it went."""
        return await mobility.hand_over(self, terminal, target)

    async def suspend(self, terminal: Terminal) -> bool:
        """Let a CIoT UE sleep with its context kept; whether the AMF agreed."""
        return await mobility.suspend(self, terminal)

    async def reset(self, contexts: list[UeContext] | None = None) -> ngap.Pdu | None:
        """NG RESET of all UEs or some; the acknowledge."""
        return await interface.reset(self, contexts)

    def send(self, pdu: ngap.Pdu | bytes, amf: AmfAssociation | None = None) -> None:
        """Send a PDU, or octets that are one or not, to an AMF or the first."""
        association = amf or self._first()
        if isinstance(pdu, bytes):
            association.link.send(pdu, _COMMON_STREAM)
            return
        is_of_ue = any(element[0] in _UE_IDS for element in pdu.elements)
        association.link.send(pdu.encode(), _UE_STREAM if is_of_ue else _COMMON_STREAM)

    async def expect(
        self,
        procedure_code: int,
        kind: ngap.Kind = _INITIATING,
        seconds: float = 5.0,
        *further: ngap.Kind,
    ) -> ngap.Pdu | None:
        """The next message of a procedure that was not handed out yet; None if none comes."""
        kinds = frozenset((int(procedure_code), each) for each in (kind, *further))
        return await self.inbox.expect(kinds, seconds)

    def context(self, terminal: Terminal) -> UeContext:
        """The connection of a UE. Raises LookupError."""
        for context in self.contexts.values():
            if self.access.is_of(context.terminal, terminal):
                return context
        raise LookupError(f"the UE has no connection at {self.name}")

    async def open_user_plane(self) -> None:
        """Open N3. Raises OSError."""
        if self.user_plane is None:
            local = self.plan.n3(self.name)
            self.user_plane = await self.world.open_datagrams(
                local, partial(user_plane.received, self)
            )

    def close(self) -> None:
        """End the associations."""
        for association in self.associations:
            association.link.close()
        self.associations.clear()
        if self.user_plane is not None:
            self.user_plane.close()
            self.user_plane = None

    @property
    def is_connected(self) -> bool:
        """Whether an AMF is there."""
        return any(each.closed is None for each in self.associations)

    # The gNB as a UE sees it.

    @property
    def tracking_area(self) -> nas.TrackingArea:
        """What its cell broadcasts."""
        return nas.TrackingArea(self.area.plmn_identity, self.area.tac)

    @property
    def cell_identity(self) -> int:
        """36 bits."""
        return self.cell.nr_cell_identity

    def camp(self, terminal: Terminal) -> None:
        """The UE listens to paging from now on."""
        self._camping[id(terminal)] = terminal

    def leave(self, terminal: Terminal) -> None:
        """It no longer does."""
        self._camping.pop(id(terminal), None)

    def connect(self, terminal: Terminal, request: ConnectionRequest) -> RadioConnection:
        """A connection for a UE that was idle."""
        return self.access.connect(self, terminal, request)

    def resume(self, terminal: Terminal) -> None:
        """Wake a connection that sleeps."""
        self.access.resume(self, terminal)

    def page(self, identity: nas.FiveGSTmsi) -> None:
        """Call a UE in the cell."""
        self.access.page(self, tuple(self._camping.values()), identity)

    # What the procedures share.

    def received_pdu(self, amf: AmfAssociation, octets: bytes, stream_id: int) -> None:
        """A message of an AMF."""
        del stream_id
        try:
            pdu = ngap.decode_recent(octets)
            self.received.append(pdu)
            handler = _HANDLERS.get((pdu.procedure_code, pdu.kind))
            if handler is not None:
                handler(self, amf, pdu)
        except DecodeError as error:
            self.log.append(f"undecodable message on N2: {error}")
            if self.policy.reports_errors:
                self.send(n2.error_indication(None, None, causes.TRANSFER_SYNTAX_ERROR), amf)
            return
        self.inbox.put((int(pdu.procedure_code), pdu.kind), pdu)

    def _first(self) -> AmfAssociation:
        for association in self.associations:
            if association.closed is None:
                return association
        raise UnreachableError(f"{self.name} has no association with an AMF")

    def select_amf(self, guami: ngap.Guami | None) -> AmfAssociation:
        """The AMF that serves a UE's 5G-GUTI, else the first (TS 38.410; TS 23.501, 6.3.5).

        Raises UnreachableError.
        """
        if guami is not None:
            for association in self.associations:
                if association.closed is None and association.serves(
                    guami.amf_set_id, guami.amf_pointer
                ):
                    return association
        return self._first()

    def new_context(self, amf: AmfAssociation, terminal: Terminal | None) -> UeContext:
        """A UE-associated connection with a RAN UE NGAP id of its own."""
        context = UeContext(self._next_id, amf, terminal)
        self._next_id += 1
        self.contexts[context.ran_ue_ngap_id] = context
        return context

    def find_context(
        self, amf: AmfAssociation, amf_ue_ngap_id: int | None, ran_ue_ngap_id: int | None
    ) -> UeContext | None:
        """The connection with these ids; that of the AMF is enough."""
        if ran_ue_ngap_id is not None:
            context = self.contexts.get(ran_ue_ngap_id)
            return context if context is not None and context.amf is amf else None
        for context in self.contexts.values():
            if context.amf is amf and context.amf_ue_ngap_id == amf_ue_ngap_id:
                return context
        return None

    def context_of(self, amf: AmfAssociation, pdu: ngap.Pdu) -> UeContext | None:
        """The connection that a message is about; ids that do not fit are answered (10.6)."""
        amf_id, ran_id = pdu.get(ie.AMF_UE_NGAP_ID), pdu.get(ie.RAN_UE_NGAP_ID)
        context = self.find_context(amf, amf_id, ran_id)
        cause = causes.UNKNOWN_LOCAL_ID
        if context is not None:
            if context.amf_ue_ngap_id is None:
                context.amf_ue_ngap_id = amf_id
                held, context.held_uplink = context.held_uplink, []
                for octets in held:
                    connections.uplink(self, context, octets)
            if context.amf_ue_ngap_id == amf_id:
                return context
            cause = causes.INCONSISTENT_REMOTE_ID
        if self.policy.reports_errors:
            self.send(n2.error_indication(amf_id, ran_id, cause), amf)
        return None

    def remove_context(self, context: UeContext) -> None:
        """Forget a connection and its tunnels."""
        self.contexts.pop(context.ran_ue_ngap_id, None)
        for resources in context.sessions.values():
            self.tunnels.pop(resources.downlink_teid, None)

    def next_teid(self) -> int:
        """A TEID of ours that is not in use."""
        teid = self._next_teid
        self._next_teid += 1
        return teid

    def tunnel(self, resources: SessionResources) -> ngap.GTPTunnel:
        """Our end of a session's tunnel."""
        return ngap.GTPTunnel(self.plan.n3(self.name).address, resources.downlink_teid)

    def with_user_plane(self, wanted: bool, answer: Callable[[], None]) -> None:
        """Answer at once, or once N3 is open where a session needs it."""
        if not wanted or self.user_plane is not None:
            answer()
            return

        async def open_first() -> None:
            await self.open_user_plane()
            answer()

        self.world.spawn(open_first())


_SUCCESSFUL, _UNSUCCESSFUL = ngap.Kind.SUCCESSFUL_OUTCOME, ngap.Kind.UNSUCCESSFUL_OUTCOME
_CODE = ngap.ProcedureCode
_HANDLERS: dict[tuple[int, ngap.Kind], _Handler] = {
    (_CODE.DOWNLINK_NAS_TRANSPORT, _INITIATING): connections.downlink,
    (_CODE.INITIAL_CONTEXT_SETUP, _INITIATING): connections.set_up,
    (_CODE.UE_CONTEXT_MODIFICATION, _INITIATING): connections.modify,
    (_CODE.UE_CONTEXT_RELEASE, _INITIATING): connections.release,
    (_CODE.REROUTE_NAS_REQUEST, _INITIATING): connections.reroute,
    (_CODE.PDU_SESSION_RESOURCE_SETUP, _INITIATING): sessions.set_up,
    (_CODE.PDU_SESSION_RESOURCE_MODIFY, _INITIATING): sessions.modify,
    (_CODE.PDU_SESSION_RESOURCE_RELEASE, _INITIATING): sessions.release,
    (_CODE.PAGING, _INITIATING): interface.paging,
    (_CODE.NG_RESET, _INITIATING): interface.reset_by_amf,
    (_CODE.AMF_CONFIGURATION_UPDATE, _INITIATING): interface.amf_configuration_update,
    (_CODE.OVERLOAD_START, _INITIATING): interface.overload_start,
    (_CODE.OVERLOAD_STOP, _INITIATING): interface.overload_stop,
    (_CODE.ERROR_INDICATION, _INITIATING): interface.error_indication,
    (_CODE.HANDOVER_RESOURCE_ALLOCATION, _INITIATING): mobility.requested,
    (_CODE.CONNECTION_ESTABLISHMENT_INDICATION, _INITIATING): mobility.established_elsewhere,
}
