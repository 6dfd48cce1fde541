"""Which UE an NGAP message speaks of: the UE-associated logical connections of N2.

A connection is known by the RAN UE NGAP id on its association, and by the AMF UE NGAP id at its
AMF (TS 38.413, 4.1 and 9.3.3). Path switch and handover carry it to another gNB.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from makmal.protocol import ngap
from makmal.trace.frame import Endpoint
from makmal.trace.user_equipment import UserEquipment

NGAP_PORT = 38412
_MOST_CONNECTIONS = 200_000

# TS 38.413, 8: the messages that only an NG-RAN node sends, by kind and procedure code, are told
# apart from those of the AMF by their name.
_FROM_ACCESS_NETWORK = frozenset(
    {
        "InitialUEMessage",
        "UplinkNASTransport",
        "NASNonDeliveryIndication",
        "NGSetupRequest",
        "InitialContextSetupResponse",
        "InitialContextSetupFailure",
        "PDUSessionResourceSetupResponse",
        "PDUSessionResourceModifyResponse",
        "PDUSessionResourceReleaseResponse",
        "PDUSessionResourceNotify",
        "PDUSessionResourceModifyIndication",
        "UEContextReleaseRequest",
        "UEContextReleaseComplete",
        "UEContextModificationResponse",
        "UEContextModificationFailure",
        "UERadioCapabilityInfoIndication",
        "UERadioCapabilityCheckResponse",
        "PathSwitchRequest",
        "HandoverRequired",
        "HandoverRequestAcknowledge",
        "HandoverFailure",
        "HandoverNotify",
        "HandoverCancel",
        "UplinkRANStatusTransfer",
        "RANConfigurationUpdate",
        "RANCPRelocationIndication",
        "UEContextResumeRequest",
        "UEContextSuspendRequest",
    }
)


@dataclass(slots=True)
class _Connection:
    user_equipment: UserEquipment
    access_node: Endpoint
    amf: Endpoint
    ran_ue_ngap_id: int | None
    amf_ue_ngap_id: int | None


class N2Connections:
    """Follows the NGAP messages of a trace, in order.

    ``new_user_equipment`` makes the UE of a connection that begins; ``released`` is called with
    the UE when its connection has ended.
    """

    def __init__(
        self,
        new_user_equipment: Callable[[], UserEquipment],
        released: Callable[[UserEquipment], None],
    ) -> None:
        self._new_user_equipment = new_user_equipment
        self._released = released
        self._by_ran_id: OrderedDict[tuple[Endpoint, Endpoint, int], _Connection] = OrderedDict()
        self._by_amf_id: dict[tuple[Endpoint, int], _Connection] = {}
        self._handovers: OrderedDict[bytes, _Connection] = OrderedDict()

    def from_access_network(self, pdu: ngap.Pdu, source: Endpoint, destination: Endpoint) -> bool:
        """Whether an NG-RAN node sent this: told by the AMF's port, else by the message."""
        if (destination.port == NGAP_PORT) != (source.port == NGAP_PORT):
            return destination.port == NGAP_PORT
        return pdu.name in _FROM_ACCESS_NETWORK

    def follow(self, pdu: ngap.Pdu, access_node: Endpoint, amf: Endpoint) -> UserEquipment | None:
        """The UE that the message speaks of, or None for a node-level message.

        Raises DecodeError when an identifier in the message cannot be read.
        """
        code = pdu.procedure_code
        if code == ngap.ProcedureCode.NG_SETUP and pdu.kind is ngap.Kind.INITIATING_MESSAGE:
            self._release_all(access_node, amf)
            return None
        if code == ngap.ProcedureCode.NG_RESET:
            if pdu.kind is ngap.Kind.INITIATING_MESSAGE:
                self._reset(pdu, access_node, amf)
            return None
        ran_id = pdu.get(ngap.ie.RAN_UE_NGAP_ID)
        amf_id = pdu.get(ngap.ie.AMF_UE_NGAP_ID)
        if code == ngap.ProcedureCode.INITIAL_UE_MESSAGE and ran_id is not None:
            return self._begin(access_node, amf, ran_id, None).user_equipment
        if code == ngap.ProcedureCode.UE_CONTEXT_RELEASE:
            return self._context_release(pdu, access_node, amf, ran_id, amf_id)
        if code == ngap.ProcedureCode.PATH_SWITCH_REQUEST:
            return self._path_switch(pdu, access_node, amf, ran_id, amf_id)
        if code == ngap.ProcedureCode.HANDOVER_RESOURCE_ALLOCATION:
            return self._handover_resource_allocation(pdu, access_node, amf, ran_id, amf_id)
        connection = self._find(access_node, amf, ran_id, amf_id)
        if connection is None:
            if ran_id is None or amf_id is None:
                return None
            # The capture began after the connection did.
            connection = self._begin(access_node, amf, ran_id, amf_id)
        if code == ngap.ProcedureCode.HANDOVER_PREPARATION:
            self._handover_preparation(pdu, connection)
        return connection.user_equipment

    def rename(self, before: UserEquipment, after: UserEquipment) -> None:
        """A connection turned out to be of a UE that the trace already knows."""
        for connection in reversed(self._by_ran_id.values()):
            if connection.user_equipment is before:
                connection.user_equipment = after
                return

    def _begin(
        self, access_node: Endpoint, amf: Endpoint, ran_id: int, amf_id: int | None
    ) -> _Connection:
        previous = self._by_ran_id.get((access_node, amf, ran_id))
        if previous is not None:
            self._end(previous)
        user_equipment = self._new_user_equipment()
        user_equipment.connected = True
        connection = _Connection(user_equipment, access_node, amf, ran_id, None)
        self._by_ran_id[access_node, amf, ran_id] = connection
        if amf_id is not None:
            self._name_at_amf(connection, amf_id)
        if len(self._by_ran_id) > _MOST_CONNECTIONS:
            self._end(next(iter(self._by_ran_id.values())))
        return connection

    def _find(
        self, access_node: Endpoint, amf: Endpoint, ran_id: int | None, amf_id: int | None
    ) -> _Connection | None:
        connection = None
        if ran_id is not None:
            connection = self._by_ran_id.get((access_node, amf, ran_id))
        if connection is not None:
            if amf_id is not None and connection.amf_ue_ngap_id != amf_id:
                if connection.amf_ue_ngap_id is not None:
                    return self._by_amf_id.get((amf, amf_id))
                self._name_at_amf(connection, amf_id)
            return connection
        return None if amf_id is None else self._by_amf_id.get((amf, amf_id))

    def _name_at_amf(self, connection: _Connection, amf_id: int) -> None:
        if connection.amf_ue_ngap_id is not None:
            key = (connection.amf, connection.amf_ue_ngap_id)
            if self._by_amf_id.get(key) is connection:
                del self._by_amf_id[key]
        connection.amf_ue_ngap_id = amf_id
        self._by_amf_id[connection.amf, amf_id] = connection

    def _move(
        self, connection: _Connection, access_node: Endpoint, amf: Endpoint, ran_id: int
    ) -> None:
        if connection.ran_ue_ngap_id is not None:
            key = (connection.access_node, connection.amf, connection.ran_ue_ngap_id)
            if self._by_ran_id.get(key) is connection:
                del self._by_ran_id[key]
        amf_id = connection.amf_ue_ngap_id
        if amf != connection.amf and amf_id is not None:
            self._by_amf_id.pop((connection.amf, amf_id), None)
            self._by_amf_id[amf, amf_id] = connection
        connection.access_node, connection.amf = access_node, amf
        connection.ran_ue_ngap_id = ran_id
        self._by_ran_id[access_node, amf, ran_id] = connection

    def _end(self, connection: _Connection) -> None:
        if connection.ran_ue_ngap_id is not None:
            key = (connection.access_node, connection.amf, connection.ran_ue_ngap_id)
            if self._by_ran_id.get(key) is connection:
                del self._by_ran_id[key]
        if connection.amf_ue_ngap_id is not None:
            amf_key = (connection.amf, connection.amf_ue_ngap_id)
            if self._by_amf_id.get(amf_key) is connection:
                del self._by_amf_id[amf_key]
        user_equipment = connection.user_equipment
        user_equipment.connected = user_equipment.secured = False
        self._released(user_equipment)

    def _release_all(self, access_node: Endpoint, amf: Endpoint) -> None:
        # TS 38.413, 8.7.1.1: NG Setup erases all that the two nodes had between them.
        for connection in list(self._by_ran_id.values()):
            if connection.access_node == access_node and connection.amf == amf:
                self._end(connection)

    def _reset(self, pdu: ngap.Pdu, access_node: Endpoint, amf: Endpoint) -> None:
        reset = pdu.get(ngap.ie.RESET_TYPE)
        if reset is None:
            return
        if reset.part_of_ng_interface is None:
            self._release_all(access_node, amf)
            return
        for item in reset.part_of_ng_interface:
            connection = self._find(access_node, amf, item.ran_ue_ngap_id, item.amf_ue_ngap_id)
            if connection is not None:
                self._end(connection)

    def _context_release(
        self,
        pdu: ngap.Pdu,
        access_node: Endpoint,
        amf: Endpoint,
        ran_id: int | None,
        amf_id: int | None,
    ) -> UserEquipment | None:
        identifiers = pdu.get(ngap.ie.UE_NGAP_IDS)
        if identifiers is not None:
            ran_id, amf_id = identifiers.ran_ue_ngap_id, identifiers.amf_ue_ngap_id
        connection = self._find(access_node, amf, ran_id, amf_id)
        if connection is None:
            return None
        # After a handover the old gNB releases a connection that now lives at the new one.
        is_here = (connection.access_node, connection.ran_ue_ngap_id) == (access_node, ran_id)
        if pdu.kind is ngap.Kind.SUCCESSFUL_OUTCOME and is_here:
            self._end(connection)
        return connection.user_equipment

    def _path_switch(
        self,
        pdu: ngap.Pdu,
        access_node: Endpoint,
        amf: Endpoint,
        ran_id: int | None,
        amf_id: int | None,
    ) -> UserEquipment | None:
        source_id = pdu.get(ngap.ie.SOURCE_AMF_UE_NGAP_ID)
        if pdu.kind is ngap.Kind.INITIATING_MESSAGE and source_id is not None:
            connection = self._by_amf_id.get((amf, source_id))
            if ran_id is None:
                return None if connection is None else connection.user_equipment
            if connection is None:
                connection = self._begin(access_node, amf, ran_id, source_id)
            else:
                self._move(connection, access_node, amf, ran_id)
            return connection.user_equipment
        found = self._find(access_node, amf, ran_id, amf_id)
        return None if found is None else found.user_equipment

    def _handover_preparation(self, pdu: ngap.Pdu, connection: _Connection) -> None:
        container = pdu.raw(ngap.ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER.identifier)
        if pdu.kind is ngap.Kind.INITIATING_MESSAGE and container:
            self._handovers[container] = connection
            if len(self._handovers) > 1000:
                self._handovers.popitem(last=False)

    def _handover_resource_allocation(
        self,
        pdu: ngap.Pdu,
        access_node: Endpoint,
        amf: Endpoint,
        ran_id: int | None,
        amf_id: int | None,
    ) -> UserEquipment | None:
        if amf_id is None:
            return None
        connection = self._by_amf_id.get((amf, amf_id))
        if pdu.kind is ngap.Kind.INITIATING_MESSAGE:
            # The AMF hands the container through unread (TS 38.413, 9.3.1.20): it tells which
            # Handover Required this request belongs to.
            container = pdu.raw(ngap.ie.SOURCE_TO_TARGET_TRANSPARENT_CONTAINER.identifier)
            source = self._handovers.pop(container, None) if container else None
            if source is not None and source is not connection:
                self._by_amf_id[amf, amf_id] = connection = source
        elif pdu.kind is ngap.Kind.SUCCESSFUL_OUTCOME and connection and ran_id is not None:
            connection.amf_ue_ngap_id = amf_id
            self._move(connection, access_node, amf, ran_id)
        return None if connection is None else connection.user_equipment
