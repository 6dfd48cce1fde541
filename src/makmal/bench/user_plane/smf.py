"""An SMF in the tester's hands: sessions at the product, and whatever else one may ask of N4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

from makmal.bench.not_done import NotDoneError
from makmal.network import n4_messages
from makmal.network.pfcp_node import OpenDatagrams, PfcpNode, PfcpTimers
from makmal.network.plan import NetworkPlan
from makmal.network.world import ServiceTimeoutError, World
from makmal.protocol import pfcp
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import ElementSpec
from makmal.trace.frame import Endpoint

_KIND = pfcp.MessageType
_RATES = pfcp.BitRates(500_000, 1_000_000)


@dataclass(slots=True, eq=False)
class TesterSession:
    """A session at the product. ``uplink`` is its end on N3 with the TEID, ``downlink_teid`` our
    gNB's; ``outer`` its end on N9 where it forwards to another UPF.
    """

    # For pytest: this is no class of tests.
    __test__: ClassVar[bool] = False

    smf: TesterSmf
    smf_seid: int
    upf_seid: int
    address: str
    uplink: tuple[Endpoint, int]
    downlink_teid: int
    outer: tuple[Endpoint, int] | None = None
    tunnels: tuple[tuple[Endpoint, int], ...] = field(default=())


class TesterSmf:
    """One end of N4. ``answer`` is how long it waits for a response, in seconds."""

    # For pytest: this is no class of tests.
    __test__ = False

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        name: str,
        answer: float,
        open_datagrams: OpenDatagrams | None = None,
    ) -> None:
        self.world, self.plan, self.name = world, plan, name
        self.reports: list[pfcp.Message] = []
        self.sessions: list[TesterSession] = []
        self._numbers = count(1)
        timers = PfcpTimers(t1=answer / 3)
        first = int.from_bytes(world.random_octets(3), "big")
        self.node = PfcpNode(
            world,
            plan.n4(name),
            self._asked,
            timers,
            first_number=first,
            open_datagrams=open_datagrams,
        )
        self._is_open = False

    @property
    def product(self) -> Endpoint:
        """Where the product speaks PFCP."""
        return self.plan.n4("UPF")

    async def open(self) -> None:
        """Open the port. Raises OSError."""
        if not self._is_open:
            await self.node.open()
            self._is_open = True

    def close(self) -> None:
        """Give it back."""
        self.node.close()

    def _asked(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message | None:
        del source
        if message.message_type == _KIND.HEARTBEAT_REQUEST:
            return n4_messages.heartbeat(self.node.started, message.sequence_number, True)
        if message.message_type == _KIND.SESSION_REPORT_REQUEST:
            self.reports.append(message)
            known = next((each for each in self.sessions if each.smf_seid == message.seid), None)
            return n4_messages.accepted(
                _KIND.SESSION_REPORT_RESPONSE,
                0 if known is None else known.upf_seid,
                message.sequence_number,
            )
        return None

    async def request(
        self,
        kind: pfcp.MessageType,
        elements: Sequence[ElementSpec] | pfcp.Elements = (),
        seid: int | None = None,
    ) -> pfcp.Message | None:
        """One request; the response, or None where none came."""
        await self.open()
        try:
            return await self.node.request(kind, self.product, elements, seid)
        except ServiceTimeoutError:
            return None

    async def associate(self) -> pfcp.Message | None:
        """PFCP association setup (TS 29.244, 6.2.6); the response."""
        here = self.plan.n4(self.name).address
        elements = n4_messages.association_elements(here, self.node.started)
        return await self.request(_KIND.ASSOCIATION_SETUP_REQUEST, elements)

    async def heartbeat(self) -> pfcp.Message | None:
        """Is the product there?"""
        elements: list[ElementSpec] = [(ie.RECOVERY_TIME_STAMP, self.node.started)]
        return await self.request(_KIND.HEARTBEAT_REQUEST, elements)

    def rules(self, address: str) -> n4_messages.SessionRules:
        """What a plain session of a UE asks for."""
        sst, sd = self.plan.slices[0]
        is_ipv6 = ":" in address
        return n4_messages.SessionRules(
            f"imsi-{self.plan.plmn}{next(self._numbers):0{15 - len(self.plan.plmn)}d}",
            self.plan.dnns[0],
            sst,
            None if sd is None else int(sd, 16),
            pfcp.PdnType.IPV6 if is_ipv6 else pfcp.PdnType.IPV4,
            None if is_ipv6 else address,
            address if is_ipv6 else None,
            _RATES,
            (n4_messages.FlowRule(1),),
        )

    async def establish(
        self, address: str, gnb: Endpoint, downlink_teid: int, peer: tuple[Endpoint, int] | None
    ) -> TesterSession:
        """A session of a UE with this address, to our gNB; to another UPF where ``peer`` names
        its tunnel. Raises NotDoneError where the product refuses it.
        """
        here = self.plan.n4(self.name).address
        smf_seid = next(self._numbers)
        rules = self.rules(address)
        if peer is None:
            elements = n4_messages.establishment_elements(here, smf_seid, rules)
        else:
            elements = n4_messages.roaming_elements(
                here, smf_seid, rules, (gnb.address, downlink_teid), (peer[0].address, peer[1])
            )
        answer = await self.request(_KIND.SESSION_ESTABLISHMENT_REQUEST, elements, 0)
        session = self._established(answer, smf_seid, address, downlink_teid)
        self.sessions.append(session)
        if peer is None:
            forward = n4_messages.forward_downlink(gnb.address, downlink_teid)
            changed = await self.modify(session, [forward])
            if changed is None or not changed.is_accepted:
                raise NotDoneError("the product did not take the gNB's end of a tunnel")
        elif len(session.tunnels) > 1:
            session.outer = session.tunnels[1]
        return session

    async def request_session(self, address: str) -> pfcp.Message | None:
        """Ask for a session and do nothing with it; the response."""
        here = self.plan.n4(self.name).address
        elements = n4_messages.establishment_elements(
            here, next(self._numbers), self.rules(address)
        )
        return await self.request(_KIND.SESSION_ESTABLISHMENT_REQUEST, elements, 0)

    def _established(
        self, answer: pfcp.Message | None, smf_seid: int, address: str, downlink_teid: int
    ) -> TesterSession:
        if answer is None:
            raise NotDoneError("the product did not answer a PFCP session establishment request")
        if not answer.is_accepted:
            cause = answer.get(ie.CAUSE)
            raise NotDoneError(f"the product refused a PFCP session: cause {cause}")
        remote = answer.get(ie.F_SEID)
        tunnels = []
        for created in answer.all(ie.CREATED_PDR):
            tunnel = created.get(ie.F_TEID)
            if tunnel is not None and tunnel.teid is not None:
                end = Endpoint(tunnel.ipv4 or tunnel.ipv6 or "", self.plan.n3("UPF").port)
                tunnels.append((end, tunnel.teid))
        if remote is None or not tunnels:
            raise NotDoneError("the product's response names no SEID or no tunnel")
        return TesterSession(
            self,
            smf_seid,
            remote.seid,
            address,
            tunnels[0],
            downlink_teid,
            tunnels=tuple(dict.fromkeys(tunnels)),
        )

    async def modify(
        self, session: TesterSession, elements: Sequence[ElementSpec]
    ) -> pfcp.Message | None:
        """A session modification; the response."""
        return await self.request(_KIND.SESSION_MODIFICATION_REQUEST, elements, session.upf_seid)

    async def delete(self, upf_seid: int) -> pfcp.Message | None:
        """A session deletion, of whosever session; the response."""
        return await self.request(_KIND.SESSION_DELETION_REQUEST, (), upf_seid)
