"""The bench around a UPF, as the procedures of its test cases drive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Network, ip_address, ip_network
from itertools import count
from typing import Any

from makmal.bench.ipsec.peer import Ipsec, IpsecPeer
from makmal.bench.not_done import NotDoneError
from makmal.bench.steps import Controls, Steps
from makmal.bench.user_plane.data_host import DataHost
from makmal.bench.user_plane.smf import TesterSession, TesterSmf
from makmal.bench.user_plane.tunnels import TunnelEnd
from makmal.network import n4_messages
from makmal.network.plan import HOST_IPV6, NetworkPlan
from makmal.network.upf import packets, router
from makmal.network.world import World
from makmal.protocol import gtpu
from makmal.trace.frame import Endpoint

# The UEs' own port of every probe.
_UE_PORT = 40_000


@dataclass(frozen=True, slots=True)
class UpfSettings:
    """What the target file says of the product; times in seconds, as in BenchSettings."""

    features: frozenset[str] = frozenset()
    quiet: float = 1.0
    settle: float = 0.3
    answer: float = 5.0
    # How many sessions are established where a test case wants many.
    sessions: int = 64


class UpfBench(Steps):
    """Opened for one test case. ``smf`` is the one that the product knows, ``stranger`` another;
    ``gnb`` and ``other_gnb`` are on N3, ``peer`` on N9, ``host`` on N6.
    """

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        settings: UpfSettings,
        controls: Controls,
        ipsec: Ipsec,
    ) -> None:
        super().__init__(world)
        self.plan, self.settings = plan, settings
        self._controls = controls
        self._ipsec = ipsec
        n3, n4, n9 = (partial(ipsec.open_datagrams, each) for each in ("n3", "n4", "n9"))
        self.smf = TesterSmf(world, plan, "SMF", settings.answer, n4)
        self.stranger = TesterSmf(world, plan, "SMF-2", settings.answer, n4)
        self.gnb = TunnelEnd(world, plan.n3("gNB"), n3)
        self.other_gnb = TunnelEnd(world, plan.n3("gNB-2"), n3)
        self.peer = TunnelEnd(world, plan.n9("UPF-2"), n9)
        self.host = DataHost(world, plan.address("DN"))
        self._addresses = self._pool()
        self._prefixes = IPv6Network(plan.ue_pool_ipv6).subnets(new_prefix=64)
        # As of the addresses of IPv4.
        next(self._prefixes)
        self.host_ipv6: DataHost | None = None
        self._tokens = count(1)
        # Sequence numbers of PFCP far from those that our SMF uses.
        self._numbers = count(0xF00000)

    async def open(self) -> None:
        """Open our ends. Raises OSError."""
        await self._ipsec.open()
        for end in (self.gnb, self.other_gnb, self.peer, self.host, self.smf):
            await end.open()

    async def close(self) -> None:
        """End what runs."""
        for end in (self.gnb, self.other_gnb, self.peer, self.host, self.smf, self.stranger):
            end.close()
        if self.host_ipv6 is not None:
            self.host_ipv6.close()
        await self._ipsec.close()
        await self.world.close()

    def mark(self, name: str) -> None:
        """A step begins: what passed before it belongs to the one before."""
        self._ipsec.note()
        super().mark(name)

    def _pool(self) -> Iterator[str]:
        hosts = ip_network(self.plan.ue_pool).hosts()
        next(hosts)  # The first is the router's, in many a product.
        return (str(each) for each in hosts)

    # The product.

    @property
    def product(self) -> Endpoint:
        """Where the product speaks GTP-U with the gNB."""
        return self.plan.n3("UPF")

    @property
    def answer(self) -> float:
        """How long to wait for an answer."""
        return self.settings.answer

    async def quiet(self) -> None:
        """Wait for as long as a reaction may take."""
        await asyncio.sleep(self.settings.quiet)

    def has(self, feature: str) -> bool:
        """Whether the product declares a feature."""
        return feature in self.settings.features

    @asynccontextmanager
    async def configured(self, **settings: Any) -> AsyncIterator[None]:
        """The product with other settings, for the time of a block."""
        await self._controls.configure(settings)
        try:
            yield
        finally:
            await self._controls.restore()

    # IPsec.

    def protected(self, interface: str) -> AbstractAsyncContextManager[IpsecPeer]:
        """IPsec between the product and our end of "n3", "n4" or "n9". Raises NotDoneError."""
        return self._ipsec.protected(interface)

    async def good(self, interface: str, session: TesterSession) -> bool:
        """Something good on an interface, which has an answer or effect; whether it came."""
        if interface == "n3":
            return await self.round_trip(session)
        if interface == "n4":
            return await self.smf.heartbeat() is not None
        token = self.token("good")
        packet = self.downlink_packet(session.address, token)
        self.peer.send_packet(packet, session.outer or session.uplink, uplink=False)
        self.gnb.send_packet(self.packet(session.address, token), session.uplink)
        came = await self.gnb.expect(lambda message: token in message.payload, self.answer)
        return came and await self.peer.expect(
            lambda message: token in message.payload, self.answer
        )

    async def try_good(self, interface: str, session: TesterSession) -> None:
        """Send something good, and wait no longer than a reaction takes."""
        _, octets, to = self.message(interface, session)
        ends = {"n3": self.gnb.send, "n4": self.smf.node.send, "n9": self.peer.send}
        ends[interface](octets, to)
        await self.quiet()

    def message(self, interface: str, session: TesterSession) -> tuple[Endpoint, bytes, Endpoint]:
        """The octets of something good, from where to where; nothing is sent."""
        token = self.token("attack")
        if interface == "n4":
            heartbeat = n4_messages.heartbeat(self.smf.node.started, next(self._numbers))
            return self.smf.node.local, heartbeat.encode(), self.smf.product
        uplink = interface == "n3"
        end, teid = session.uplink if uplink else session.outer or session.uplink
        packet = self.packet(session.address, token)
        if not uplink:
            packet = self.downlink_packet(session.address, token)
        flow = gtpu.UlPduSessionInformation(1) if uplink else gtpu.DlPduSessionInformation(1)
        message = gtpu.build(
            gtpu.MessageType.G_PDU,
            teid,
            packet,
            extension_headers=[(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, flow)],
        )
        local = self.gnb.local if uplink else self.peer.local
        return local, message.encode(), end

    @property
    def lost_associations(self) -> tuple[str, ...]:
        """PFCP and GTP-U have no connections to lose."""
        return ()

    async def probe(self) -> str | None:
        """None when the product answers on N4; else a sentence.

        There are products that answer no heartbeat but to an SMF that they are associated with.
        """
        if self._ipsec.missing:
            # Whether it is there cannot be told: each test case says why.
            return None
        answer = await self.smf.heartbeat() or await self.smf.associate()
        if answer is None:
            where, down = self.smf.product, self._ipsec.down("n4")
            return (
                f"{where.address}:{where.port} answers neither a PFCP heartbeat nor an association"
                f"{f' ({down})' if down else ''}"
            )
        return None

    # Sessions.

    async def associated(self) -> None:
        """Associate our SMF with the product. Raises NotDoneError."""
        if self._ipsec.missing:
            raise NotDoneError(self._ipsec.missing)
        answer = await self.smf.associate()
        if answer is None:
            raise NotDoneError("the product did not answer a PFCP association setup request")
        if not answer.is_accepted:
            raise NotDoneError("the product refused the PFCP association of the SMF that it knows")
        # A product that has an association of this SMF already may learn only now that the SMF has
        # started anew (TS 29.244, 6.2.2), and then ends what was there: not in the test's midst.
        await self.smf.heartbeat()

    async def session(self, address: str | None = None) -> TesterSession:
        """A session of a UE that nobody has seen yet, to our gNB. Raises NotDoneError."""
        address = address or self.next_address()
        return await self.smf.establish(address, self.gnb.local, self.gnb.next_teid(), None)

    async def ipv6_session(self) -> TesterSession:
        """A session of IPv6, with a host of the data network to talk to. Raises NotDoneError."""
        if self.host_ipv6 is None:
            address = self.plan.addresses.get(HOST_IPV6)
            if address is None:
                raise NotDoneError(
                    f"there is no host of IPv6: name one as {HOST_IPV6} in [laboratory.addresses]"
                )
            host = DataHost(self.world, address)
            try:
                await host.open()
            except OSError as error:
                raise NotDoneError(f"the host of IPv6 cannot be opened: {error}") from None
            self.host_ipv6 = host
        return await self.session(self.next_ipv6_address())

    async def roaming_session(self) -> tuple[TesterSession, tuple[Endpoint, int]]:
        """A session through the UPF of another PLMN on N9, and that one's end of the tunnel.

        Raises NotDoneError.
        """
        tunnel = self.peer.local, self.peer.next_teid()
        session = await self.smf.establish(
            self.next_address(), self.gnb.local, self.gnb.next_teid(), tunnel
        )
        if session.outer is None:
            raise NotDoneError("the product chose no tunnel of its own on N9")
        return session, tunnel

    async def stranger_session(self) -> None:
        """The other SMF asks for a session, for an address that nobody has."""
        await self.stranger.request_session(self.next_address())

    async def redirect_by_stranger(self, session: TesterSession) -> None:
        """The other SMF asks that the downlink of a session go to another gNB."""
        local = self.other_gnb.local
        forward = n4_messages.forward_downlink(local.address, self.other_gnb.next_teid())
        await self.stranger.modify(session, [forward])

    def next_address(self) -> str:
        """An IPv4 address for a UE."""
        address = next(self._addresses, None)
        if address is None:
            raise NotDoneError(f"the pool of UE addresses {self.plan.ue_pool} is used up")
        return address

    def next_ipv6_address(self) -> str:
        """An IPv6 address for a UE, of a prefix that nobody else has."""
        prefix = next(self._prefixes, None)
        if prefix is None:
            raise NotDoneError(f"the pool of prefixes {self.plan.ue_pool_ipv6} is used up")
        return str(prefix[1])

    # Packets.

    def token(self, what: str) -> bytes:
        """Content that tells a packet from every other."""
        return f"makmal {what} {next(self._tokens)}".encode()

    def packet(self, source: str, token: bytes, to: Endpoint | None = None) -> bytes:
        """A datagram of a UE to our host of the same family, or somebody else."""
        host = self.host_ipv6 if ":" in source and self.host_ipv6 is not None else self.host
        receiver = to or host.endpoint
        return packets.udp_packet(
            ip_address(source).packed,
            ip_address(receiver.address).packed,
            _UE_PORT,
            receiver.port,
            token,
        )

    def downlink_packet(self, receiver: str, token: bytes) -> bytes:
        """A datagram of our host to a UE."""
        host = self.host.endpoint
        return packets.udp_packet(
            ip_address(host.address).packed,
            ip_address(receiver).packed,
            host.port,
            _UE_PORT,
            token,
        )

    @staticmethod
    def router_advertisement(receiver: str, prefix: str) -> bytes:
        """What a router tells its link (RFC 4861, 4.2), from a link-local address."""
        sender = ip_address("fe80::4d4b").packed
        return router.announcement(
            sender, ip_address(receiver).packed, ip_address(prefix).packed[:8]
        )

    async def round_trip(self, session: TesterSession, what: str = "good packet") -> bool:
        """A packet of the UE to our host, which sends it back; whether it came back."""
        token = self.token(what)
        self.gnb.send_packet(self.packet(session.address, token), session.uplink)
        return await self.gnb.expect(
            lambda message: message.teid == session.downlink_teid and token in message.payload,
            self.settings.answer,
        )

    async def echo(self, end: TunnelEnd) -> bool:
        """A GTP-U Echo Request from one of our ends; whether it was answered."""
        before = len(end.received)
        request = gtpu.build(gtpu.MessageType.ECHO_REQUEST, 0, sequence_number=1 + before)
        end.send(request.encode(), self.product)
        return await end.expect(
            lambda message: (
                message.message_type == gtpu.MessageType.ECHO_RESPONSE
                and message.sequence_number == 1 + before
            ),
            self.settings.answer,
        )
