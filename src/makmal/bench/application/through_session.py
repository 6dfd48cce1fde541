"""The reference application behind N6 of the embedded network, reached by a PDU session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from makmal.bench.application.bench import ApplicationBench
from makmal.bench.application.embedded import (
    FEATURES,
    SOUND,
    application_at,
    settings_at,
)
from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.not_done import NotDoneError
from makmal.cloud import CloudPolicy
from makmal.network.gnb import Gnb
from makmal.network.packet_connector import PacketConnector, session_connector
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld
from makmal.network.streams import ByteStream, Connector, MemoryConnector, Serve
from makmal.network.ue import Ue
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.world import Listening
from makmal.trace.frame import Endpoint

# Test addresses of RFC 5737: the application, and a host of ours beside it.
_APPLICATION, _HOST = "198.51.100.10", "198.51.100.20"


class _SessionAndHost(Connector):
    """Opens streams through a PDU session, and listens at a host of the data network."""

    def __init__(self, session: PacketConnector, host: Connector) -> None:
        self._session, self._host = session, host

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        return await self._session.open(to, seconds)

    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        return await self._host.listen(local, serve)


@asynccontextmanager
async def open_through_session(
    recorder: Recorder, policy: CloudPolicy = SOUND, features: frozenset[str] = FEATURES
) -> AsyncIterator[ApplicationBench]:
    """A UE registers and gets a PDU session; the bench's streams go through it. Raises
    NotDoneError.
    """
    world, plan = SimulatedWorld(recorder, seed="through a session"), embedded_plan()
    theirs = MemoryConnector(_APPLICATION)
    application = application_at(
        theirs, Endpoint(_APPLICATION, 443), policy, lambda: world.now_ns / 1_000_000_000
    )
    await application.start()
    data_network = AddressTranslation(world, plan.address("UPF"), theirs)
    subscriptions = embedded_subscriptions(plan)
    network = ReferenceNetwork(world, plan, subscriptions, data_network=data_network)
    world.products.add(plan.address("UPF"))
    session: PacketConnector | None = None
    bench: ApplicationBench | None = None
    try:
        await network.start(warm=True)
        gnb = Gnb(world, plan)
        await gnb.set_up(plan.n2())
        ue = Ue(world, plan, subscriptions[0], cell=gnb)
        if not (await ue.register()).accepted or not (await ue.establish_session()).established:
            raise NotDoneError("the UE got no PDU session")
        session = session_connector(ue, next(iter(ue.sessions.values())))
        connector = _SessionAndHost(session, MemoryConnector(_HOST, theirs))
        tap = StreamTap(connector, recorder, lambda: world.now_ns)
        settings = settings_at(application.local, _HOST)
        bench = ApplicationBench(tap, recorder, lambda: world.now_ns, settings, features)
        yield bench
    finally:
        if bench is not None:
            bench.close()
        if session is not None:
            session.close()
        application.stop()
        await network.stop()
        await world.close()
        await theirs.finish()
