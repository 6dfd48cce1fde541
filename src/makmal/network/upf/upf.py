"""The UPF: PFCP sessions on N4, tunnels on N3 and N9, a data network (TS 29.244; TS 29.281)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from makmal.network import n4_messages
from makmal.network.identifiers import Identifiers
from makmal.network.pfcp_node import PfcpNode
from makmal.network.plan import HOST_IPV6, NetworkPlan
from makmal.network.security_gateway import GatewayChoices, SecurityGateway
from makmal.network.upf.data_network import DataNetwork, EchoNetwork
from makmal.network.upf.policy import UpfPolicy
from makmal.network.upf.rules import Applied, RefusedError, RuleSetter, usage_report
from makmal.network.upf.session import DetectionRule, UpSession
from makmal.network.upf.user_plane import UserPlane
from makmal.network.world import DatagramEnd, DatagramReceiver, UnreachableError, World
from makmal.protocol import pfcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import ElementSpec
from makmal.trace.frame import Endpoint

_KIND = pfcp.MessageType
_CAUSE = pfcp.Cause
_FEATURES = (
    pfcp.UpFunctionFeatures.FTUP
    | pfcp.UpFunctionFeatures.EMPU
    | pfcp.UpFunctionFeatures.BUCP
    | pfcp.UpFunctionFeatures.DLBD
)
# Who is at the other end of an interface that IPsec protects.
_PEERS = {"n3": "gNB", "n4": "SMF", "n9": "UPF-2"}
# Names of a plan that are no functions of the network, but of the world outside.
_OUTSIDE = frozenset({"DN", HOST_IPV6})


class Upf:
    """``sessions`` by the UPF's SEID; ``data_network`` is N6, in memory unless given."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: UpfPolicy | None = None,
        name: str = "UPF",
        data_network: DataNetwork | None = None,
    ) -> None:
        self.world, self.plan, self.name = world, plan, name
        self._policy = policy or UpfPolicy()
        self.log: list[str] = []
        self.sessions: dict[int, UpSession] = {}
        self._seids = Identifiers(world.random_octets, 8, self._policy.seid_allocation)
        self._teids = Identifiers(world.random_octets, 4, self._policy.teid_allocation)
        self._gateway = SecurityGateway(world, plan.n3(name).address, self._ipsec_towards)
        self._gateway.peers = self._protected_peers()
        # Associated peers, with the time at which they started.
        self._peers: dict[str, int] = {}
        self._n4 = PfcpNode(
            world,
            plan.n4(name),
            self._asked,
            self._policy.timers,
            recognises_repeats=self._policy.recognises_repeated_requests,
            open_datagrams=self._open_datagrams,
        )
        outside = {plan.addresses.get(each) for each in _OUTSIDE}
        functions = [each for each in plan.addresses.values() if each not in outside]
        functions += [plan.n3(name).address, plan.n4(name).address]
        self.user_plane = UserPlane(
            self._policy,
            self._send,
            data_network or EchoNetwork(),
            plan.n3(name).address,
            functions,
            lambda: world.now_ns,
        )
        self.user_plane.log = self.log
        self.user_plane.on_waiting = self._report_waiting
        self.user_plane.on_error_indication = self._report_error_indication
        self.user_plane.on_threshold = self._report_usage
        self._n3: DatagramEnd | None = None
        self._handlers: dict[int, Callable[[pfcp.Message, Endpoint], pfcp.Message]] = {
            _KIND.HEARTBEAT_REQUEST: self._heartbeat,
            _KIND.ASSOCIATION_SETUP_REQUEST: self._associate,
            _KIND.ASSOCIATION_RELEASE_REQUEST: self._dissociate,
            _KIND.SESSION_ESTABLISHMENT_REQUEST: self._establish,
            _KIND.SESSION_MODIFICATION_REQUEST: self._modify,
            _KIND.SESSION_DELETION_REQUEST: self._delete,
        }

    @property
    def policy(self) -> UpfPolicy:
        """What it chooses; another one takes effect with the next message."""
        return self._policy

    @policy.setter
    def policy(self, policy: UpfPolicy) -> None:
        self._policy = self.user_plane.policy = policy

    async def start(self) -> None:
        """Open N4, N3 and N6. Raises OSError."""
        await self.user_plane.data_network.open()
        await self._n4.open()
        self._n3 = await self._open_datagrams(self.plan.n3(self.name), self.user_plane.datagram)

    async def stop(self) -> None:
        """Close them."""
        self._n4.close()
        if self._n3 is not None:
            self._n3.close()
            self._n3 = None
        self._gateway.close()
        self.user_plane.data_network.close()

    async def configure(self, policy: UpfPolicy) -> None:
        """Another configuration, as its operator would bring it into effect. Raises OSError."""
        self.policy = policy
        self._gateway.peers = self._protected_peers()
        if policy.ipsec_interfaces:
            await self._gateway.open()

    async def _open_datagrams(self, local: Endpoint, receive: DatagramReceiver) -> DatagramEnd:
        if self._policy.ipsec_interfaces:
            await self._gateway.open()
        if local.address != self._gateway.address:
            return await self.world.open_datagrams(local, receive)
        return await self._gateway.open_datagrams(local, receive)

    def _protected_peers(self) -> frozenset[str]:
        addresses = self.plan.addresses
        return frozenset(
            addresses[_PEERS[each]]
            for each in self._policy.ipsec_interfaces
            if _PEERS[each] in addresses
        )

    def _ipsec_towards(self, address: str) -> GatewayChoices:
        for interface, name in _PEERS.items():
            if self.plan.addresses.get(name) == address:
                return self._policy.ipsec(interface)
        return GatewayChoices()

    def _send(self, octets: bytes, to: Endpoint) -> None:
        if self._n3 is None:
            return
        try:
            self._n3.send(octets, to)
        except UnreachableError as error:
            self.log.append(f"nothing was sent on N3: {error}")

    # N4: what the SMF asks.

    def _asked(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message | None:
        handler = self._handlers.get(message.message_type)
        if handler is None or self.user_plane.is_broken:
            return None
        return handler(message, source)

    @property
    def _node(self) -> pfcp.NodeId:
        here = self._n4.local.address
        return pfcp.NodeId(1 if ":" in here else 0, here)

    def _heartbeat(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        started = message.get(ie.RECOVERY_TIME_STAMP)
        if started is not None and source.address in self._peers:
            self._note_start(source.address, started)
        return n4_messages.heartbeat(self._n4.started, message.sequence_number, True)

    def _note_start(self, address: str, started: int) -> None:
        """TS 23.527, 4.2: an SMF that started anew has lost its sessions."""
        before = self._peers.get(address, started)
        self._peers[address] = started
        if before != started and self._policy.forgets_sessions_of_restarted_smf:
            self._end_sessions_of(address)

    def _end_sessions_of(self, address: str) -> None:
        for session in [each for each in self.sessions.values() if each.smf.address == address]:
            self._end(session)

    def _associate(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        cause = _CAUSE.REQUEST_ACCEPTED
        if (
            self._policy.associates_with_known_smf_only
            and source.address != self.plan.n4("SMF").address
        ):
            cause = _CAUSE.REQUEST_REJECTED
        elif message.get(ie.NODE_ID) is None or message.get(ie.RECOVERY_TIME_STAMP) is None:
            cause = _CAUSE.MANDATORY_IE_MISSING
        else:
            if source.address in self._peers and self._policy.forgets_sessions_of_restarted_smf:
                # 6.2.6.2.2: a new association ends the one before, and its sessions.
                self._end_sessions_of(source.address)
            self._note_start(source.address, message.get(ie.RECOVERY_TIME_STAMP) or 0)
            self._n4.forget(source)
        elements = n4_messages.association_elements(
            self._n4.local.address, self._n4.started, cause, _FEATURES
        )
        return pfcp.build(_KIND.ASSOCIATION_SETUP_RESPONSE, None, message.sequence_number, elements)

    def _dissociate(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        known = self._peers.pop(source.address, None) is not None
        if known:
            self._end_sessions_of(source.address)
        cause = _CAUSE.REQUEST_ACCEPTED if known else _CAUSE.NO_ESTABLISHED_PFCP_ASSOCIATION
        elements: list[ElementSpec] = [(ie.NODE_ID, self._node), (ie.CAUSE, cause)]
        return pfcp.build(
            _KIND.ASSOCIATION_RELEASE_RESPONSE, None, message.sequence_number, elements
        )

    def _establish(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        kind, number = _KIND.SESSION_ESTABLISHMENT_RESPONSE, message.sequence_number
        remote = message.get(ie.F_SEID)
        try:
            session, applied = self._new_session(message, source)
        except RefusedError as error:
            self.log.append(f"{source.address}: session refused: {error}")
            refused: list[ElementSpec] = [(ie.NODE_ID, self._node), (ie.CAUSE, error.cause)]
            return pfcp.build(kind, 0 if remote is None else remote.seid, number, refused)
        self.sessions[session.seid] = session
        self.user_plane.enter(session)
        return pfcp.build(
            kind,
            session.smf_seid,
            number,
            [
                (ie.NODE_ID, self._node),
                (ie.CAUSE, _CAUSE.REQUEST_ACCEPTED),
                (ie.F_SEID, self._f_seid(session.seid)),
                *self._created(applied),
            ],
        )

    def _f_seid(self, seid: int) -> pfcp.FSeid:
        here = self._n4.local.address
        return pfcp.FSeid(seid, ipv6=here) if ":" in here else pfcp.FSeid(seid, ipv4=here)

    def _new_session(self, message: pfcp.Message, source: Endpoint) -> tuple[UpSession, Applied]:
        if self._policy.demands_association and source.address not in self._peers:
            raise RefusedError(
                _CAUSE.NO_ESTABLISHED_PFCP_ASSOCIATION, "there is no PFCP association"
            )
        remote = message.get(ie.F_SEID)
        if remote is None:
            raise RefusedError(_CAUSE.MANDATORY_IE_MISSING, "CP F-SEID is missing")
        if not message.all(ie.CREATE_PDR) or not message.all(ie.CREATE_FAR):
            raise RefusedError(_CAUSE.MANDATORY_IE_MISSING, "there is no PDR or no FAR")
        if len(self.sessions) >= self._policy.most_sessions:
            raise RefusedError(_CAUSE.NO_RESOURCES_AVAILABLE, "there are too many sessions")
        # Where it is told of what happens: the SMF's port, whatever this request came from.
        smf = Endpoint(remote.ipv4 or remote.ipv6 or source.address, pfcp.PORT)
        owner = smf if smf.address == source.address else source
        session = UpSession(self._seids.allocate(), remote.seid, owner)
        try:
            applied = RuleSetter(session, self._take_teid).apply(message)
            self._check_addresses(session)
        except (RefusedError, DecodeError) as error:
            self._give_back(session)
            if isinstance(error, DecodeError):
                raise RefusedError(_CAUSE.MANDATORY_IE_INCORRECT, str(error)) from None
            raise
        return session, applied

    def _take_teid(self, wanted: int | None) -> int:
        if wanted is None:
            return self._teids.allocate()
        if not wanted or not self._teids.take(wanted):
            raise RefusedError(
                _CAUSE.INVALID_F_TEID_ALLOCATION_OPTION, f"TEID {wanted:#x} is in use"
            )
        return wanted

    def _check_addresses(self, session: UpSession) -> None:
        if not self._policy.refuses_addresses_in_use:
            return
        for address in session.addresses:
            if self.user_plane.by_address.get(address, session) is not session:
                whole = address if len(address) == 4 else address + bytes(8)
                raise RefusedError(
                    _CAUSE.RULE_CREATION_MODIFICATION_FAILURE,
                    f"{ip_address(whole)} is the address of another session",
                )

    def _give_back(self, session: UpSession) -> None:
        self._seids.release(session.seid)
        for teid in session.teids:
            self._teids.release(teid)

    def _created(self, applied: Applied) -> list[ElementSpec]:
        here = self.plan.n3(self.name).address
        return [
            (ie.CREATED_PDR, [(ie.PDR_ID, rule), (ie.F_TEID, n4_messages.f_teid(here, teid))])
            for rule, teid in applied.created
        ]

    def _owned(self, message: pfcp.Message, source: Endpoint) -> UpSession | None:
        """The session of a request, if it is the sender's. Nobody learns of others' sessions."""
        session = self.sessions.get(message.seid or 0)
        if (
            session is not None
            and self._policy.guards_sessions_from_other_smfs
            and session.smf.address != source.address
        ):
            self.log.append(f"{source.address} asked for a session of {session.smf.address}")
            return None
        return session

    def _modify(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        kind, number = _KIND.SESSION_MODIFICATION_RESPONSE, message.sequence_number
        session = self._owned(message, source)
        if session is None:
            cause = _CAUSE.SESSION_CONTEXT_NOT_FOUND
            return pfcp.build(kind, 0, number, [(ie.CAUSE, cause)])
        flags = message.get(ie.PFCPSMREQ_FLAGS)
        if flags is not None and flags & pfcp.flags.PfcpSmReqFlags.DROBU:
            session.buffered.clear()
        try:
            applied = RuleSetter(session, self._take_teid).apply(message)
        except RefusedError as error:
            return pfcp.build(kind, session.smf_seid, number, [(ie.CAUSE, error.cause)])
        self.user_plane.enter(session)
        for peer, teid in applied.end_markers:
            self.user_plane.end_marker(peer, teid)
        if applied.resumed:
            self.user_plane.flush(session)
        elements: list[ElementSpec] = [
            (ie.CAUSE, _CAUSE.REQUEST_ACCEPTED),
            *self._created(applied),
        ]
        for queried in message.all(ie.QUERY_URR):
            rule = session.usage.get(queried.get(ie.URR_ID) or 0)
            if rule is not None:
                content = usage_report(rule, pfcp.UsageReportTrigger.IMMER)
                elements.append((ie.USAGE_REPORT_SESSION_MODIFICATION_RESPONSE, content))
        return pfcp.build(kind, session.smf_seid, number, elements)

    def _delete(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message:
        kind, number = _KIND.SESSION_DELETION_RESPONSE, message.sequence_number
        session = self._owned(message, source)
        if session is None:
            cause = _CAUSE.SESSION_CONTEXT_NOT_FOUND
            return pfcp.build(kind, 0, number, [(ie.CAUSE, cause)])
        self._end(session)
        reports: list[ElementSpec] = [
            (
                ie.USAGE_REPORT_SESSION_DELETION_RESPONSE,
                usage_report(rule, pfcp.UsageReportTrigger.TERMR),
            )
            for rule in session.usage.values()
        ]
        accepted: list[ElementSpec] = [(ie.CAUSE, _CAUSE.REQUEST_ACCEPTED), *reports]
        return pfcp.build(kind, session.smf_seid, number, accepted)

    def _end(self, session: UpSession) -> None:
        self.sessions.pop(session.seid, None)
        self._give_back(session)
        self.user_plane.remove(session)

    # N4: what the SMF is told.

    def _report(self, session: UpSession, kind: pfcp.ReportType, element: ElementSpec) -> None:
        elements: list[ElementSpec] = [(ie.REPORT_TYPE, kind), element]
        self.world.spawn(self._send_report(session, elements))

    async def _send_report(self, session: UpSession, elements: list[ElementSpec]) -> None:
        try:
            await self._n4.request(
                _KIND.SESSION_REPORT_REQUEST, session.smf, elements, session.smf_seid
            )
        except UnreachableError as error:
            self.log.append(f"a report was not taken: {error}")

    def _report_waiting(self, session: UpSession, rule: DetectionRule) -> None:
        """Downlink data report (7.5.8.2)."""
        content: list[ElementSpec] = [(ie.PDR_ID, rule.identifier)]
        self._report(session, pfcp.ReportType.DLDR, (ie.DOWNLINK_DATA_REPORT, content))

    def _report_error_indication(self, session: UpSession, peer: Endpoint, teid: int) -> None:
        """Error indication report (7.5.8.4; TS 23.527, 5.3.3)."""
        content: list[ElementSpec] = [(ie.F_TEID, n4_messages.f_teid(peer.address, teid))]
        self._report(session, pfcp.ReportType.ERIR, (ie.ERROR_INDICATION_REPORT, content))

    def _report_usage(self, session: UpSession, rule: int) -> None:
        """Usage report (7.5.8.3)."""
        content = usage_report(session.usage[rule], pfcp.UsageReportTrigger.VOLTH)
        self._report(session, pfcp.ReportType.USAR, (ie.USAGE_REPORT, content))
