"""Which session a PFCP message speaks of, and which request a response answers (TS 29.244)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from makmal.protocol import pfcp
from makmal.trace.frame import Endpoint
from makmal.trace.user_equipment import UserEquipment

_MOST_PENDING = 10_000
_MOST_SESSIONS = 500_000


@dataclass(slots=True, eq=False, weakref_slot=True)
class N4Session:
    """One PFCP session: the control plane function and its SEID, the UPF and its SEID."""

    control_plane: str
    control_plane_seid: int
    user_plane: str
    user_plane_seid: int | None = None
    tunnels: set[tuple[str, int]] = field(default_factory=set)
    supi: str | None = None
    user_equipment: UserEquipment | None = None
    live: bool = True


@dataclass(slots=True)
class FollowedPfcp:
    """What following adds to a PFCP message: its session, and the request that it answers."""

    session: N4Session | None = None
    request: pfcp.Message | None = None
    retransmission: bool = False
    ended_sessions: int = 0


@dataclass(slots=True)
class _Pending:
    request: pfcp.Message
    session: N4Session | None
    answered: bool = False


class N4Sessions:
    """Follows the PFCP messages of a trace, in order."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[str, str, int, int], _Pending] = OrderedDict()
        self._by_seid: OrderedDict[tuple[str, int], N4Session] = OrderedDict()
        self._by_tunnel: OrderedDict[tuple[str, int], N4Session] = OrderedDict()
        self._recovery: dict[str, bytes] = {}

    def follow(self, pdu: pfcp.Message, source: Endpoint, destination: Endpoint) -> FollowedPfcp:
        """Bring the sessions up to date with one message. Raises DecodeError."""
        recovery = pdu.raw(pfcp.ie.RECOVERY_TIME_STAMP.identifier)
        ended = 0
        if recovery is not None:
            # TS 29.244, 6.2.2 and 23.007: a new time stamp means that the node lost its sessions.
            if self._recovery.get(source.address, recovery) != recovery:
                ended = self._end_all(source.address)
            self._recovery[source.address] = recovery
        if pdu.is_request:
            followed = self._request(pdu, source.address, destination.address)
        else:
            followed = self._response(pdu, source.address, destination.address)
        followed.ended_sessions += ended
        return followed

    def link(self, tunnel: tuple[str, int], user_equipment: UserEquipment) -> None:
        """N2 shows whose tunnel this is: so its N4 session is that UE's too."""
        session = self._by_tunnel.get(tunnel)
        if session is not None:
            session.user_equipment = user_equipment

    def _request(self, pdu: pfcp.Message, source: str, destination: str) -> FollowedPfcp:
        key = (source, destination, pdu.message_type, pdu.sequence_number)
        known = self._pending.get(key)
        if known is not None and known.request.encode() == pdu.encode():
            return FollowedPfcp(known.session, retransmission=True)
        session = None
        if pdu.message_type == pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST:
            control_plane = pdu.get(pfcp.ie.F_SEID)
            seid = 0 if control_plane is None else control_plane.seid
            session = N4Session(source, seid, destination)
            user_id = pdu.get(pfcp.ie.USER_ID)
            if user_id is not None and user_id.imsi is not None:
                session.supi = f"imsi-{user_id.imsi}"
        elif pdu.seid:
            session = self._by_seid.get((destination, pdu.seid))
        self._pending[key] = _Pending(pdu, session)
        if len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return FollowedPfcp(session)

    def _response(self, pdu: pfcp.Message, source: str, destination: str) -> FollowedPfcp:
        key = (destination, source, pdu.message_type - 1, pdu.sequence_number)
        pending = self._pending.get(key)
        if pending is None:
            session = self._by_seid.get((destination, pdu.seid)) if pdu.seid else None
            return FollowedPfcp(session)
        repeated, pending.answered = pending.answered, True
        followed = FollowedPfcp(pending.session, pending.request, repeated)
        if not repeated and pdu.is_accepted:
            self._accepted(pdu, source, followed)
        return followed

    def _accepted(self, pdu: pfcp.Message, source: str, followed: FollowedPfcp) -> None:
        session = followed.session
        if pdu.message_type == pfcp.MessageType.ASSOCIATION_RELEASE_RESPONSE:
            followed.ended_sessions += self._end_all(source)
        if session is None:
            return
        if pdu.message_type == pfcp.MessageType.SESSION_ESTABLISHMENT_RESPONSE:
            user_plane = pdu.get(pfcp.ie.F_SEID)
            if user_plane is not None:
                session.user_plane_seid = user_plane.seid
                self._by_seid[session.user_plane, user_plane.seid] = session
            self._by_seid[session.control_plane, session.control_plane_seid] = session
            self._forget_oldest()
        if pdu.message_type == pfcp.MessageType.SESSION_DELETION_RESPONSE:
            self._end(session)
            return
        for tunnel in allocated_tunnels(pdu, followed.request):
            session.tunnels.add(tunnel)
            self._by_tunnel[tunnel] = session

    def _forget_oldest(self) -> None:
        while len(self._by_seid) > 2 * _MOST_SESSIONS:
            _, session = self._by_seid.popitem(last=False)
            self._end(session)

    def _end_all(self, address: str) -> int:
        ended = {
            id(session): session
            for session in self._by_seid.values()
            if address in (session.user_plane, session.control_plane)
        }
        for session in ended.values():
            self._end(session)
        return len(ended)

    def _end(self, session: N4Session) -> None:
        session.live = False
        self._forget(self._by_seid, (session.control_plane, session.control_plane_seid), session)
        if session.user_plane_seid is not None:
            self._forget(self._by_seid, (session.user_plane, session.user_plane_seid), session)
        for tunnel in session.tunnels:
            self._forget(self._by_tunnel, tunnel, session)

    @staticmethod
    def _forget(
        index: OrderedDict[tuple[str, int], N4Session], key: tuple[str, int], session: N4Session
    ) -> None:
        if index.get(key) is session:
            del index[key]


def allocated_tunnels(
    response: pfcp.Message, request: pfcp.Message | None
) -> list[tuple[str, int]]:
    """The UPF's F-TEIDs that an accepted exchange put into use: (address, TEID).

    The UPF's own choice stands in Created PDR; where the control plane function chose, its choice
    stands in the PDI of Create PDR (TS 29.244, 5.5).
    """
    found = [created.get(pfcp.ie.F_TEID) for created in response.all(pfcp.ie.CREATED_PDR)]
    if request is not None:
        for create in request.all(pfcp.ie.CREATE_PDR):
            pdi = create.get(pfcp.ie.PDI)
            found.append(None if pdi is None else pdi.get(pfcp.ie.F_TEID))
    tunnels = []
    for f_teid in found:
        if f_teid is None or f_teid.teid is None:
            continue
        for address in (f_teid.ipv4, f_teid.ipv6):
            if address is not None and (str(address), f_teid.teid) not in tunnels:
                tunnels.append((str(address), f_teid.teid))
    return tunnels
