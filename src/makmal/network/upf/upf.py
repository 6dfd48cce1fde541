"""The UPF: PFCP sessions on N4, tunnels on N3 (TS 29.244; TS 29.281)."""

from __future__ import annotations

from makmal.network import n4_messages
from makmal.network.identifiers import Identifiers
from makmal.network.pfcp_node import PfcpNode
from makmal.network.plan import NetworkPlan
from makmal.network.upf.policy import UpfPolicy
from makmal.network.world import DatagramEnd, World
from makmal.protocol import gtpu, pfcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import ElementSpec
from makmal.trace.frame import Endpoint

_KIND = pfcp.MessageType


class Upf:
    """``sessions``: the UPF's SEID to the SMF's and the TEID of the session."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: UpfPolicy | None = None,
        name: str = "UPF",
    ) -> None:
        self.world, self.plan, self.name = world, plan, name
        self.policy = policy or UpfPolicy()
        self.log: list[str] = []
        self.sessions: dict[int, tuple[int, int]] = {}
        self._seids = Identifiers(world.random_octets, 8, self.policy.seid_allocation)
        self._teids = Identifiers(world.random_octets, 4, self.policy.teid_allocation)
        self._peers: set[str] = set()
        self._n4 = PfcpNode(
            world,
            plan.n4(name),
            self._asked,
            self.policy.timers,
            recognises_repeats=self.policy.recognises_repeated_requests,
        )
        self._n3: DatagramEnd | None = None

    async def start(self) -> None:
        """Open N4 and N3. Raises OSError."""
        await self._n4.open()
        self._n3 = await self.world.open_datagrams(self.plan.n3(self.name), self._datagram)

    async def stop(self) -> None:
        """Close them."""
        self._n4.close()
        if self._n3 is not None:
            self._n3.close()
            self._n3 = None

    def _asked(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message | None:
        kind, number = message.message_type, message.sequence_number
        if kind == _KIND.HEARTBEAT_REQUEST:
            return n4_messages.heartbeat(self._n4.started, number, True)
        if kind == _KIND.ASSOCIATION_SETUP_REQUEST:
            self._peers.add(source.address)
            elements = n4_messages.association_elements(
                self._n4.local.address, self._n4.started, pfcp.Cause.REQUEST_ACCEPTED
            )
            return pfcp.build(_KIND.ASSOCIATION_SETUP_RESPONSE, None, number, elements)
        if kind == _KIND.SESSION_ESTABLISHMENT_REQUEST:
            return self._establish(message, source)
        if kind in (_KIND.SESSION_MODIFICATION_REQUEST, _KIND.SESSION_DELETION_REQUEST):
            return self._change(message)
        return None

    def _establish(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        kind, number = _KIND.SESSION_ESTABLISHMENT_RESPONSE, message.sequence_number
        here = self._n4.local.address
        remote = message.get(ie.F_SEID)
        if self.policy.demands_association and source.address not in self._peers:
            cause = pfcp.Cause.NO_ESTABLISHED_PFCP_ASSOCIATION
            refused: list[ElementSpec] = [(ie.NODE_ID, pfcp.NodeId(0, here)), (ie.CAUSE, cause)]
            return pfcp.build(kind, 0 if remote is None else remote.seid, number, refused)
        if remote is None:
            cause = pfcp.Cause.MANDATORY_IE_MISSING
            missing: list[ElementSpec] = [(ie.NODE_ID, pfcp.NodeId(0, here)), (ie.CAUSE, cause)]
            return pfcp.build(kind, 0, number, missing)
        seid, teid = self._seids.allocate(), self._teids.allocate()
        self.sessions[seid] = (remote.seid, teid)
        # The tunnel that the rules of one choice share (TS 29.244, 8.2.3, CHOOSE ID).
        tunnel = pfcp.FTeid(teid, ipv4=self.plan.n3(self.name).address)
        created = [(ie.PDR_ID, n4_messages.uplink_pdr(1)), (ie.F_TEID, tunnel)]
        return pfcp.build(
            kind,
            remote.seid,
            number,
            [
                (ie.NODE_ID, pfcp.NodeId(0, here)),
                (ie.CAUSE, pfcp.Cause.REQUEST_ACCEPTED),
                (ie.F_SEID, pfcp.FSeid(seid, ipv4=here)),
                (ie.CREATED_PDR, created),
            ],
        )

    def _change(self, message: pfcp.Message) -> pfcp.Message:
        kind = pfcp.MessageType(message.message_type + 1)
        found = self.sessions.get(message.seid or 0)
        if found is None:
            cause = pfcp.Cause.SESSION_CONTEXT_NOT_FOUND
            return pfcp.build(kind, 0, message.sequence_number, [(ie.CAUSE, cause)])
        smf_seid, teid = found
        if message.message_type == _KIND.SESSION_DELETION_REQUEST:
            del self.sessions[message.seid or 0]
            self._seids.release(message.seid or 0)
            self._teids.release(teid)
        return n4_messages.accepted(kind, smf_seid, message.sequence_number)

    def _datagram(self, octets: bytes, source: Endpoint) -> None:
        """N3: the path is asked for, or user data comes, which goes nowhere yet."""
        try:
            message = gtpu.decode(octets)
        except DecodeError as error:
            self.log.append(f"undecodable datagram on N3: {error}")
            return
        if message.message_type == gtpu.MessageType.ECHO_REQUEST and self._n3 is not None:
            answer = gtpu.build(
                gtpu.MessageType.ECHO_RESPONSE,
                0,
                sequence_number=message.sequence_number or 0,
                elements=[(gtpu.ie.RECOVERY, 0)],
            )
            self._n3.send(answer.encode(), source)
