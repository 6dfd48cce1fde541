"""TS 33.513, 4.2.2.6: tunnel endpoint and session identifiers are unique among live sessions."""

from __future__ import annotations

from weakref import WeakSet, WeakValueDictionary

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import ngap, pfcp
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import NgapMessage, PfcpMessage
from makmal.trace.n4_sessions import N4Session, allocated_tunnels
from makmal.trace.user_equipment import UserEquipment

_Identifier = tuple[str, int]


class IdentifierUniqueness(Judge):
    """No TEID or SEID is given out twice while the first session that has it is live."""

    test_case = "TC_TEID_ID_UNIQUENESS_UPF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._tunnels: WeakValueDictionary[_Identifier, N4Session] = WeakValueDictionary()
        self._seids: WeakValueDictionary[_Identifier, N4Session] = WeakValueDictionary()
        self._n2_tunnels: WeakValueDictionary[_Identifier, UserEquipment] = WeakValueDictionary()
        # Who holds tunnels of a UPF: only beside others of the same UPF can one be given twice.
        self._holders: dict[str, WeakSet[N4Session]] = {}
        self._n2_holders: dict[str, WeakSet[UserEquipment]] = {}
        self._alone: tuple[int, ...] = ()

    def on_pfcp(self, message: PfcpMessage) -> None:
        """Take the identifiers that an accepted exchange puts into use."""
        followed, pdu = message.followed, message.pdu
        session = followed.session
        if session is None or followed.retransmission or pdu.is_request or not pdu.is_accepted:
            return
        if pdu.message_type == pfcp.MessageType.SESSION_ESTABLISHMENT_RESPONSE:
            self._take_seids(message, session)
        for tunnel in allocated_tunnels(pdu, followed.request):
            holder = self._tunnels.get(tunnel)
            if holder is not None and holder is not session and holder.live:
                self.findings.violation(
                    "the UPF uses a TEID for a second session while the first is live",
                    message.frame,
                )
            elif holder is not session:
                holders = self._holders.setdefault(tunnel[0], WeakSet())
                self._own(
                    any(other.live and other is not session for other in holders),
                    "a TEID of its own for each N4 session",
                    message.frame,
                )
                holders.add(session)
            self._tunnels[tunnel] = session

    def _own(self, beside_others: bool, description: str, frame: int) -> None:
        """An identifier that no other live session has; an occasion only if there are others."""
        if beside_others:
            self.findings.conforming(description, frame)
        else:
            self._alone = self._alone or (frame,)

    def _take_seids(self, message: PfcpMessage, session: N4Session) -> None:
        ends = [("SMF", session.control_plane, session.control_plane_seid)]
        if session.user_plane_seid is not None:
            ends.append(("UPF", session.user_plane, session.user_plane_seid))
        for who, address, seid in ends:
            holder = self._seids.get((address, seid))
            if holder is not None and holder is not session and holder.live:
                self.findings.violation(
                    f"the {who} uses a SEID for a second session while the first is live",
                    message.frame,
                )
            self._seids[address, seid] = session

    def on_ngap(self, message: NgapMessage) -> None:
        """The same from N2, where the UPF's tunnels are handed to the gNB."""
        user_equipment = message.user_equipment
        if (
            user_equipment is None
            or message.from_access_network
            or message.pdu.procedure_code
            not in (
                ngap.ProcedureCode.PDU_SESSION_RESOURCE_SETUP,
                ngap.ProcedureCode.INITIAL_CONTEXT_SETUP,
            )
        ):
            return
        for session in user_equipment.sessions.values():
            tunnel = session.core_tunnel
            if tunnel is None:
                continue
            holder = self._n2_tunnels.get(tunnel)
            if holder is user_equipment:
                self._within_one_ue(message, user_equipment, tunnel)
                continue
            if holder is not None and any(
                other.core_tunnel == tunnel for other in holder.sessions.values()
            ):
                self.findings.violation(
                    "two UEs were given the same UPF tunnel on N2", message.frame
                )
            else:
                holders = self._n2_holders.setdefault(tunnel[0], WeakSet())
                self._own(
                    any(other is not user_equipment for other in holders),
                    "a UPF tunnel of its own for each UE",
                    message.frame,
                )
                holders.add(user_equipment)
            self._n2_tunnels[tunnel] = user_equipment

    def _within_one_ue(
        self, message: NgapMessage, user_equipment: UserEquipment, tunnel: _Identifier
    ) -> None:
        sharing = [s for s in user_equipment.sessions.values() if s.core_tunnel == tunnel]
        if len(sharing) > 1:
            self.findings.violation(
                "two PDU sessions of a UE were given the same UPF tunnel on N2", message.frame
            )

    def verdict(self) -> Verdict:
        """Fail when an identifier of a live session was given out again."""
        if self._alone and not self.findings.occasions:
            self.findings.doubt(
                "no two sessions were seen alive together, so that none could be given the "
                "identifier of another",
                *self._alone,
            )
        return self.conclude("no session was established on N4 or N2")
