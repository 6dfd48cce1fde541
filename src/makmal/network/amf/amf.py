"""The AMF: its associations with gNBs, its UE contexts, and who handles what.

TS 23.501, 6.2.1. The procedures are in the files beside, as functions of the AMF and a UE context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from makmal.network.amf import (
    connections,
    handover,
    mobility,
    n1n2_transfer,
    n2,
    nas_dispatch,
    peer_amf,
    slice_authentication,
    status_subscriptions,
)
from makmal.network.amf.context import GnbAssociation, UeConnection, UeContext
from makmal.network.amf.policy import AmfPolicy
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.slices import Slice
from makmal.network.world import Listening, N2Link, World
from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError

_Handler = Callable[["Amf", GnbAssociation, ngap.Pdu], None]
_PROTOCOL, _TRANSFER_SYNTAX_ERROR = ngap.CauseGroup.PROTOCOL, 0


class Amf(NetworkFunction):
    """``log`` is what a product's log would say, one line for each event of security."""

    nf_type = "AMF"
    services = ("namf-comm",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: AmfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or AmfPolicy()
        self.log: list[str] = []
        self.gnbs: list[GnbAssociation] = []
        self.connections: dict[int, UeConnection] = {}
        self.contexts: dict[int, UeContext] = {}
        self.by_supi: dict[str, UeContext] = {}
        self.by_tmsi: dict[int, UeContext] = {}
        self.handovers: dict[int, handover.Handover] = {}
        self.blocked: set[Slice] = set()
        # AMFs of one network differ in their pointer (TS 23.003, 2.10.1).
        self.pointer = plan.amf_pointer + (1 if self.name.endswith("-2") else 0)
        self.guami = ngap.Guami(plan.plmn, plan.amf_region, plan.amf_set, self.pointer)
        self._next_id = 1
        self._next_context = 1
        self._next_tmsi = 0x0100_0000
        self._n2: Listening | None = None
        self.status_subscribers: dict[str, dict[str, Any]] = {}
        n1n2_transfer.serve(self)
        status_subscriptions.serve(self)
        peer_amf.serve(self)
        slice_authentication.serve(self)
        mobility.serve(self)
        handover.serve(self)

    @property
    def profile(self) -> dict[str, Any]:
        """With what other AMFs and SMFs find it by (TS 29.510, 6.1.6.2.11)."""
        plan = self.plan
        plmn = {"mcc": plan.mcc, "mnc": plan.mnc}
        identifier = f"{plan.amf_region:02x}{plan.amf_set << 6 | self.pointer:04x}"
        return {
            **super().profile,
            "amfInfo": {
                "amfSetId": f"{plan.amf_set:03x}",
                "amfRegionId": f"{plan.amf_region:02x}",
                "guamiList": [{"plmnId": plmn, "amfId": identifier}],
                "taiList": [{"plmnId": plmn, "tac": f"{plan.tac:06x}"}],
            },
        }

    async def start(self) -> None:
        """Listen for gNBs, serve, and register. Raises OSError, UnreachableError."""
        await self.listen()
        await super().start()

    async def listen(self) -> None:
        """Listen for gNBs. Raises OSError."""
        self._n2 = await self.world.listen_n2(self.plan.n2(self.name), self._accept)

    async def stop(self) -> None:
        """Stop listening and serving."""
        if self._n2 is not None:
            self._n2.close()
        for gnb in self.gnbs:
            gnb.link.close()
        await super().stop()

    # Associations with gNBs.

    def _accept(self, link: N2Link) -> None:
        gnb = GnbAssociation(link)
        self.gnbs.append(gnb)
        link.on_message = partial(self._received, gnb)
        link.on_close = partial(self._lost, gnb)

    def _lost(self, gnb: GnbAssociation, reason: str) -> None:
        del reason
        if gnb in self.gnbs:
            self.gnbs.remove(gnb)
        for connection in list(gnb.connections.values()):
            self.forget_connection(connection)

    def _received(self, gnb: GnbAssociation, octets: bytes, stream_id: int) -> None:
        del stream_id
        cause = ngap.Cause(_PROTOCOL, _TRANSFER_SYNTAX_ERROR)
        try:
            pdu = ngap.decode_recent(octets)
            handler = _HANDLERS.get((pdu.procedure_code, pdu.kind))
            if handler is not None:
                handler(self, gnb, pdu)
        except DecodeError as error:
            # TS 38.413, 10.2: what cannot be read is answered with an Error Indication.
            self.log.append(f"undecodable message on N2: {error}")
            gnb.link.send(n2.error_indication((None, None), cause).encode())

    # UE contexts and connections.

    def connect(self, gnb: GnbAssociation, ran_ue_ngap_id: int) -> UeConnection:
        """A new UE-associated connection."""
        connection = UeConnection(gnb, ran_ue_ngap_id, self._next_id)
        self._next_id += 1
        gnb.connections[ran_ue_ngap_id] = connection
        self.connections[connection.amf_ue_ngap_id] = connection
        return connection

    def forget_connection(self, connection: UeConnection) -> None:
        """The connection is gone, the context stays."""
        connection.released = True
        self.connections.pop(connection.amf_ue_ngap_id, None)
        if connection.gnb.connections.get(connection.ran_ue_ngap_id) is connection:
            del connection.gnb.connections[connection.ran_ue_ngap_id]
        context = connection.context
        if context is not None and context.connection is connection:
            context.connection = None
            context.abandon()

    def new_context(self) -> UeContext:
        """A context of a UE that nothing is known of yet."""
        context = UeContext(self._next_context)
        self._next_context += 1
        self.contexts[context.number] = context
        return context

    def attach(self, connection: UeConnection, context: UeContext) -> None:
        """This connection is that UE's; an older one of it is dropped."""
        old = context.connection
        if old is not None and old is not connection:
            self.send_n2(old, n2.ue_context_release_command(_ids(old), connections.SUPERSEDED))
            self.forget_connection(old)
        connection.context = context
        context.connection = connection

    def identify(self, context: UeContext, supi: str) -> None:
        """The UE is known by its SUPI: an older context of it ends (TS 24.501, 5.5.1.2.8)."""
        old = self.by_supi.get(supi)
        if old is not None and old is not context:
            context.sessions.update(old.sessions)
            self.remove_context(old)
        context.supi = supi
        self.by_supi[supi] = context

    def remove_context(self, context: UeContext) -> None:
        """Forget a UE."""
        self.contexts.pop(context.number, None)
        if context.supi is not None and self.by_supi.get(context.supi) is context:
            del self.by_supi[context.supi]
        for guti in (context.guti, context.old_guti):
            if guti is not None and self.by_tmsi.get(guti.tmsi) is context:
                del self.by_tmsi[guti.tmsi]
        if context.procedure is not None and not context.procedure.done():
            context.procedure.cancel()

    def assign_guti(self, context: UeContext) -> nas.FiveGGuti:
        """A new 5G-GUTI. The old one stays valid until the UE has taken the new one."""
        if self.policy.guti_is_random:
            # TS 33.501, 6.12.3: a 5G-TMSI that cannot be foreseen.
            tmsi = int.from_bytes(self.world.random_octets(4), "big")
            while tmsi in self.by_tmsi:
                tmsi = int.from_bytes(self.world.random_octets(4), "big")
        else:
            self._next_tmsi += 1
            tmsi = self._next_tmsi
        plan = self.plan
        guti = nas.FiveGGuti(plan.mcc, plan.mnc, plan.amf_region, plan.amf_set, self.pointer, tmsi)
        if context.old_guti is not None and self.by_tmsi.get(context.old_guti.tmsi) is context:
            del self.by_tmsi[context.old_guti.tmsi]
        context.old_guti, context.guti = context.guti, guti
        self.by_tmsi[tmsi] = context
        return guti

    def with_tmsi(self, tmsi: int) -> UeContext | None:
        """The UE that was given this 5G-TMSI."""
        return self.by_tmsi.get(tmsi)

    # Sending.

    def send_n2(self, connection: UeConnection, pdu: ngap.Pdu) -> None:
        """An NGAP message about a UE."""
        connection.gnb.link.send(pdu.encode(), 1)

    def page(self, context: UeContext) -> None:
        """Ask every gNB for a UE that is idle (TS 38.413, 8.5.1)."""
        guti = context.guti
        if guti is None:
            return
        identity = ngap.FiveGSTmsi(guti.amf_set_id, guti.amf_pointer, guti.tmsi)
        area = ngap.TrackingArea(self.plan.plmn, self.plan.tac)
        pdu = n2.paging(identity, (area,)).encode()
        context.paged = True
        for gnb in self.gnbs:
            gnb.link.send(pdu)

    def other_gnb(self, node_id: ngap.GlobalGnbId) -> GnbAssociation | None:
        """The gNB of this identity, if it is connected here."""
        return next((gnb for gnb in self.gnbs if gnb.node_id == node_id), None)

    def supported(self, wanted: Iterable[Slice]) -> tuple[Slice, ...]:
        """Those of the slices that the network has."""
        return tuple(each for each in wanted if each in self.plan.slices)


def _ids(connection: UeConnection) -> tuple[int, int]:
    return connection.amf_ue_ngap_id, connection.ran_ue_ngap_id


_INITIATING, _SUCCESSFUL = ngap.Kind.INITIATING_MESSAGE, ngap.Kind.SUCCESSFUL_OUTCOME
_UNSUCCESSFUL = ngap.Kind.UNSUCCESSFUL_OUTCOME
_CODE = ngap.ProcedureCode
_HANDLERS: dict[tuple[int, ngap.Kind], _Handler] = {
    (_CODE.NG_SETUP, _INITIATING): connections.ng_setup,
    (_CODE.NG_RESET, _INITIATING): connections.ng_reset,
    (_CODE.RAN_CONFIGURATION_UPDATE, _INITIATING): connections.ran_configuration_update,
    (_CODE.ERROR_INDICATION, _INITIATING): connections.error_indication,
    (_CODE.INITIAL_UE_MESSAGE, _INITIATING): nas_dispatch.initial_ue_message,
    (_CODE.UPLINK_NAS_TRANSPORT, _INITIATING): nas_dispatch.uplink_nas_transport,
    (_CODE.INITIAL_CONTEXT_SETUP, _SUCCESSFUL): connections.initial_context_setup_response,
    (_CODE.INITIAL_CONTEXT_SETUP, _UNSUCCESSFUL): connections.initial_context_setup_failure,
    (_CODE.UE_CONTEXT_RELEASE_REQUEST, _INITIATING): connections.release_request,
    (_CODE.UE_CONTEXT_RELEASE, _SUCCESSFUL): connections.release_complete,
    (_CODE.UE_CONTEXT_SUSPEND, _INITIATING): connections.suspend_request,
    (_CODE.UE_CONTEXT_RESUME, _INITIATING): connections.resume_request,
    (_CODE.PDU_SESSION_RESOURCE_SETUP, _SUCCESSFUL): n1n2_transfer.resources_set_up,
    (_CODE.PDU_SESSION_RESOURCE_MODIFY, _SUCCESSFUL): n1n2_transfer.resources_modified,
    (_CODE.PDU_SESSION_RESOURCE_RELEASE, _SUCCESSFUL): n1n2_transfer.resources_released,
    (_CODE.PATH_SWITCH_REQUEST, _INITIATING): mobility.path_switch_request,
    (_CODE.RAN_CP_RELOCATION_INDICATION, _INITIATING): mobility.relocation_indication,
    (_CODE.HANDOVER_PREPARATION, _INITIATING): handover.required,
    (_CODE.HANDOVER_RESOURCE_ALLOCATION, _SUCCESSFUL): handover.acknowledged,
    (_CODE.HANDOVER_RESOURCE_ALLOCATION, _UNSUCCESSFUL): handover.failed,
    (_CODE.HANDOVER_NOTIFICATION, _INITIATING): handover.notified,
    (_CODE.HANDOVER_CANCEL, _INITIATING): handover.cancelled,
}
