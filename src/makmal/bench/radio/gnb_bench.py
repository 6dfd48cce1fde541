"""The bench around a gNB under test, as procedures drive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from makmal.bench.not_done import NotDoneError
from makmal.bench.steps import Controls, Steps
from makmal.bench.tester_ue import TesterUe
from makmal.network.gnb import Gnb, GnbPolicy
from makmal.network.plan import NetworkPlan
from makmal.network.radio.access import RadioAccess
from makmal.network.radio.state import State
from makmal.network.radio.ue_rrc import UeRrc
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.subscription import Subscription
from makmal.network.udr import Udr
from makmal.network.ue import PduSession, UePolicy
from makmal.network.upf import packets
from makmal.network.world import UnreachableError, World
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.protocol.rrc import establishment
from makmal.security.nas_algorithms import Direction

# A host of the data network that answers pings.
_SERVER = bytes((198, 51, 100, 1))
_OTHER_GNB = "gNB-2"
_POLL = 0.01


@dataclass(frozen=True, slots=True)
class GnbSettings:
    """What is said of the product. ``quiet``, ``settle`` and ``answer`` are in seconds."""

    features: frozenset[str] = frozenset()
    quiet: float = 0.5
    settle: float = 0.1
    answer: float = 5.0
    product: str = "gNB"


class GnbBench(Steps):
    """Opened for one test case: fresh UEs in the cell of the product, which serves our core."""

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        network: ReferenceNetwork,
        gnb: Gnb,
        access: RadioAccess,
        subscriptions: Iterator[Subscription],
        settings: GnbSettings,
        controls: Controls,
    ) -> None:
        super().__init__(world)
        self.plan, self.network, self.gnb, self.access = plan, network, gnb, access
        self.settings = settings
        self._controls = controls
        self._subscriptions = subscriptions
        self._other: Gnb | None = None
        self._token = 0

    async def open(self) -> None:
        """Start the core, and have the gNB set up NG with it. Raises OSError, UnreachableError."""
        await self.network.start(warm=True)
        await self.gnb.set_up(self.plan.n2())

    @property
    def lost_associations(self) -> tuple[str, ...]:
        """A sentence on each association that the product has ended."""
        return tuple(
            f"the product ended its association with the AMF: {each.closed}"
            for each in self.gnb.associations
            if each.closed is not None
        )

    async def probe(self) -> str | None:
        """None when a new UE can register in the product's cell; else what happens instead."""
        try:
            await self.registered()
        except (NotDoneError, UnreachableError) as error:
            return str(error)
        return None

    def has(self, feature: str) -> bool:
        """Whether the product declares a feature."""
        return feature in self.settings.features

    async def quiet(self) -> None:
        """Wait for as long as a reaction may take."""
        await asyncio.sleep(self.settings.quiet)

    @asynccontextmanager
    async def configured(self, **settings: Any) -> AsyncIterator[None]:
        """The product with other settings, for the time of a block. Raises NotDoneError."""
        await self._controls.configure(settings)
        try:
            yield
        finally:
            await self._controls.restore()

    # UEs.

    async def registered(
        self,
        *,
        integrity: str = "REQUIRED",
        ciphering: str = "REQUIRED",
        gnb: Gnb | None = None,
        algorithms: tuple[int, ...] = (0, 1, 2, 3),
    ) -> TesterUe:
        """A UE of its own in the cell, registered. ``integrity`` and ``ciphering`` are the UP
        security policy of its subscription (TS 29.571, 5.4.3.4); ``algorithms`` the numbers of
        those that it has. Raises NotDoneError.
        """
        subscription = next(self._subscriptions, None)
        if subscription is None:
            raise NotDoneError("the target names too few subscribers for this test case")
        subscription = replace(subscription, up_integrity=integrity, up_confidentiality=ciphering)
        udr = self.network.functions.get("UDR")
        if isinstance(udr, Udr):
            udr.subscribe(subscription)
        ue = TesterUe(
            self.world,
            self.plan,
            subscription,
            UePolicy(encryption=algorithms, integrity=algorithms),
        )
        ue.camp(gnb or self.gnb)
        result = await ue.register(seconds=self.settings.answer)
        await asyncio.sleep(self.settings.settle)
        if not result.accepted:
            raise NotDoneError(f"the UE could not be registered: {result.outcome.name.lower()}")
        return ue

    async def session(self, ue: TesterUe, identity: int = 1) -> PduSession:
        """A PDU session with a radio bearer. Raises NotDoneError."""
        session = await ue.establish_session(identity)
        await self._until(lambda: session.user_plane)
        if not session.established or not session.user_plane:
            raise NotDoneError("the UE got no PDU session with a user plane")
        return session

    async def end_session(self, ue: TesterUe, session: PduSession) -> None:
        """Release a PDU session. Raises NotDoneError."""
        if not await ue.release_session(session):
            raise NotDoneError("a PDU session was not released")
        await asyncio.sleep(self.settings.settle)

    async def _until(self, condition: Any) -> bool:
        try:
            async with asyncio.timeout(self.settings.answer):
                while not condition():  # noqa: ASYNC110 - it depends on several parties
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            return False
        return True

    def rrc(self, ue: TesterUe) -> UeRrc:
        """RRC of a UE, to send what no UE would."""
        return self.access.ue(ue)

    # User data.

    def packet(self, session: PduSession) -> bytes:
        """A ping to the data network, unlike any other."""
        if session.address is None:
            raise NotDoneError("the PDU session has no IPv4 address")
        self._token += 1
        ours = bytes(int(part) for part in session.address.split("."))
        return packets.echo_request(ours, _SERVER, self._token, b"makmal %06d" % self._token)

    async def ping(self, ue: TesterUe, session: PduSession) -> bool:
        """A packet to the data network; whether its answer came back to the UE."""
        came: list[bytes] = []
        ue.on_packet = lambda _, packet: came.append(packet)
        ue.send_packet(session, self.packet(session))
        return await self._until(lambda: came)

    def send_user_data(self, ue: TesterUe, session: PduSession, mac: bytes) -> None:
        """A packet with this MAC-I; b"" for none. Raises NotDoneError."""
        end = self.rrc(ue)
        bearer = end.bearers.drb_of_session(session.identity)
        if bearer is None or bearer.drb is None:
            raise NotDoneError("the PDU session has no radio bearer")
        end.send_user_data(bearer, end.sdu(bearer.drb, self.packet(session)), mac=mac)

    def repeat(self, ue: TesterUe) -> None:
        """Send the last PDU of a UE again, octet by octet. Raises NotDoneError."""
        end = self.rrc(ue)
        if not end.sent:
            raise NotDoneError("the UE has sent nothing yet")
        end.send_again(end.sent[-1])

    # Signalling.

    def nas_message(self, ue: TesterUe) -> bytes:
        """A NAS message that the AMF answers nothing to, protected. Raises NotDoneError."""
        if ue.security is None:
            raise NotDoneError("the UE has no NAS security context")
        status = nas.build(nas.MessageType.FIVE_GMM_STATUS, {ie.FIVE_GMM_CAUSE: 111})
        return ue.security.protect(status, Direction.UPLINK)

    def send_signalling(self, ue: TesterUe, mac: bytes | None = None) -> None:
        """An RRC message with a NAS message for the AMF; with this MAC-I if given."""
        message = establishment.uplink_nas(self.nas_message(ue))
        end = self.rrc(ue)
        if end.send_message(message, 2, mac=mac) is None:
            raise NotDoneError("the UE has no SRB2")

    # Mobility.

    async def other_gnb(self, **policy: Any) -> Gnb:
        """A gNB of ours beside the product. Raises UnreachableError."""
        if self._other is None:
            self._other = Gnb(self.world, self.plan, _OTHER_GNB, GnbPolicy(**policy), self.access)
            await self._other.set_up(self.plan.n2())
        return self._other

    async def hand_over_by_xn(self, ue: TesterUe, source: Gnb) -> None:
        """From a gNB of ours to the product. Raises NotDoneError."""
        if await self.gnb.path_switch(ue, source) is None:
            raise NotDoneError("the path was not switched")
        await asyncio.sleep(self.settings.settle)

    async def hand_over_by_n2(self, ue: TesterUe, source: Gnb) -> None:
        """The same by way of the core. Raises NotDoneError."""
        if not await source.handover(ue, self.gnb):
            raise NotDoneError("the UE was not handed over")
        await asyncio.sleep(self.settings.settle)

    async def deactivate(self, ue: TesterUe) -> None:
        """Have the product make a UE inactive. Raises NotDoneError."""
        self.access.deactivate(self.gnb, ue)
        if not await self._until(lambda: self.access.is_inactive(ue)):
            raise NotDoneError("the UE was not made inactive")

    def forget_user_security(self, ue: TesterUe) -> None:
        """Have the product lose the UP security of an inactive UE."""
        self.access.end(self.gnb, ue).user_security_known = False

    async def resume(self, ue: TesterUe) -> None:
        """The UE asks to resume; wait for what comes of it."""
        self.gnb.resume(ue)
        end = self.rrc(ue)
        await self._until(lambda: end.state is State.CONNECTED)
        await self.quiet()

    async def close(self) -> None:
        """End what runs."""
        self.gnb.close()
        if self._other is not None:
            self._other.close()
        await self.network.stop()
        await self.world.close()
