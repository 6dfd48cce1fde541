"""The reference device behind a UE of the embedded network: everything travels on N3."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from makmal.bench.device.bench import DeviceBench
from makmal.bench.device.embedded import FEATURES, PASSWORD, SOUND, device_at, reference_settings
from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.not_done import NotDoneError
from makmal.device import Device, DevicePolicy
from makmal.network.gnb import Gnb
from makmal.network.packet_connector import PacketConnector, host_connector, session_connector
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld
from makmal.network.streams import MemoryConnector
from makmal.network.ue import Ue
from makmal.network.upf.address_translation import AddressTranslation
from makmal.trace.frame import Endpoint

# A test address of RFC 5737: our host in the data network, from which the device is evaluated.
_HOST, _BROKER_PORT = "198.51.100.20", 8883


@asynccontextmanager
async def open_behind_ue(
    recorder: Recorder, policy: DevicePolicy = SOUND, features: frozenset[str] = FEATURES
) -> AsyncIterator[DeviceBench]:
    """A UE registers and gets a PDU session, and the device has its address; the bench is a host of
    the data network. Raises NotDoneError.
    """
    world, plan = SimulatedWorld(recorder, seed="behind a UE"), embedded_plan()
    data_network = AddressTranslation(world, plan.address("UPF"), MemoryConnector(_HOST))
    subscriptions = embedded_subscriptions(plan)
    network = ReferenceNetwork(world, plan, subscriptions, data_network=data_network)
    world.products.add(plan.address("UPF"))
    connectors: list[PacketConnector] = []
    device: Device | None = None
    bench: DeviceBench | None = None
    try:
        await network.start(warm=True)
        gnb = Gnb(world, plan)
        await gnb.set_up(plan.n2())
        ue = Ue(world, plan, subscriptions[0], cell=gnb)
        if not (await ue.register()).accepted or not (await ue.establish_session()).established:
            raise NotDoneError("the UE got no PDU session")
        theirs = session_connector(ue, next(iter(ue.sessions.values())))
        ours = host_connector(world, data_network, _HOST)
        connectors = [theirs, ours]
        broker = Endpoint(_HOST, _BROKER_PORT)
        device = device_at(theirs, theirs.address, policy, lambda: world.now_ns / 1_000_000_000)
        device.set_up(PASSWORD, broker)
        await device.start()
        tap = StreamTap(ours, recorder, lambda: world.now_ns)
        settings = reference_settings(theirs.address, broker, policy.denied_provisions)
        bench = DeviceBench(tap, recorder, lambda: world.now_ns, settings, features)
        yield bench
    finally:
        if bench is not None:
            bench.close()
        if device is not None:
            await device.stop()
        for each in connectors:
            each.close()
        await network.stop()
        await world.close()
