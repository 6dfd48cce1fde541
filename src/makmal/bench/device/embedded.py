"""The reference device as the target: all of it in memory, its policy ours to choose."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makmal.bench.application.embedded import authority, read_recorded
from makmal.bench.application.openapi import Description
from makmal.bench.application.settings import FIRST, ApplicationSettings, Login, User
from makmal.bench.device.bench import DeviceBench
from makmal.bench.device.conformance import NO, YES, Conformance, Entry
from makmal.bench.device.settings import (
    BrokerSettings,
    DeviceSettings,
    UpdateSettings,
    WebOperation,
)
from makmal.catalogue.provisions import provisions
from makmal.device import Device, DevicePolicy
from makmal.device import device as ports
from makmal.device.firmware import Firmware, sign
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.simulated_world import simulate
from makmal.network.streams import Connector, MemoryConnector
from makmal.network.tls_policy import TlsPolicy, certified, server_context
from makmal.security.laboratory_authority import Authority
from makmal.testcases.test_case import TestCase
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace

SOUND = DevicePolicy()
FEATURES: frozenset[str] = frozenset()
# Test addresses of RFC 5737.
_DEVICE, _TESTER = "192.0.2.10", "192.0.2.20"
_BROKER = Endpoint(_TESTER, 8883)
PASSWORD = "a room with a view 7"  # noqa: S105 - of the reference device, a secret to nobody
_SCAN = (*range(20, 26), 53, 69, 80, 443, 502, 554, 1883, 1900, 2323, 5555, 8080, 8883, 9100, 9999)


@cache
def manufacturer() -> Ed25519PrivateKey:
    """The key of the manufacturer of the reference device."""
    return Ed25519PrivateKey.generate()


@cache
def images() -> tuple[bytes, bytes]:
    """A good image, and the same signed by somebody else."""
    firmware = Firmware("1.4.3", b"\x7fELF room sensor " * 200)
    return sign(firmware, manufacturer()), sign(firmware, Ed25519PrivateKey.generate())


@cache
def broker_authority() -> Authority:
    """Whose certificates the reference device takes brokers for."""
    return Authority("Makmal broker authority")


@cache
def broker_settings(listen: Endpoint) -> BrokerSettings:
    """Our broker, right and wrong."""
    policy = TlsPolicy()
    right = certified(broker_authority(), policy, listen.address)
    wrong = certified(Authority("Somebody else"), policy, listen.address)
    return BrokerSettings(listen, server_context(policy, right), server_context(policy, wrong))


def statement(denied: tuple[str, ...] = ()) -> Conformance:
    """The conformance statement of the reference device."""
    entries = {
        identity: Entry(
            NO if identity in denied else YES,
            f"reference device: {each.title}",
            "docs/device.md",
            "",
        )
        for identity, each in provisions().items()
    }
    return Conformance("Makmal", "2026-01-31", entries)


def reference_settings(
    address: str, broker: Endpoint, denied: tuple[str, ...] = (), scan: tuple[int, ...] = _SCAN
) -> DeviceSettings:
    """What a target file would say of the reference device."""
    end = f"{broker.address}:{broker.port}"
    good, foreign = images()
    web = ApplicationSettings(
        base=f"https://{address}",
        address=Endpoint(address, ports.HTTPS),
        description=Description("device", (), {}),
        users={FIRST: User(ports.USER, PASSWORD)},
        login=Login("POST /api/login", {"user": "{name}", "password": "{password}"}),
    )
    return DeviceSettings(
        web=web,
        services={ports.HTTPS: "https", ports.MQTTS: "mqtts"},
        scan=scan,
        functions=("GET /api/status", "GET /api/notes", "GET /api/settings"),
        changes=(WebOperation("PUT /api/settings", {"name": "Room sensor", "broker": end}),),
        password_change=WebOperation("PUT /api/password", {"old": "{old}", "new": "{new}"}),
        setup=WebOperation("POST /api/setup", {"password": "{password}"}),
        reset=WebOperation("POST /api/reset"),
        data=(
            WebOperation("PUT /api/notes", {"notes": "{text}"}),
            WebOperation("GET /api/notes"),
        ),
        update=UpdateSettings("POST /api/update", "GET /api/update", good, foreign),
        mqtt=Endpoint(address, ports.MQTTS),
        broker=broker_settings(broker),
        revealing=("RS1-4711-0815", "1.4.2"),
        conformance=statement(denied),
    )


def device_at(
    connector: Connector, address: str, policy: DevicePolicy, now: Callable[[], float]
) -> Device:
    """The reference device, neither set up nor started."""
    key = manufacturer().public_key()
    return Device(connector, address, key, broker_authority(), policy, authority(), now)


@asynccontextmanager
async def open_embedded(
    recorder: Recorder, policy: DevicePolicy = SOUND, features: frozenset[str] = FEATURES
) -> AsyncIterator[DeviceBench]:
    """The device in memory, set up by its owner, and the bench in front of it."""
    begin, loop = time.time_ns(), asyncio.get_running_loop()
    started = loop.time()

    def now_ns() -> int:
        return begin + int((loop.time() - started) * 1_000_000_000)

    theirs = MemoryConnector(_DEVICE)
    device = device_at(theirs, _DEVICE, policy, lambda: now_ns() / 1_000_000_000)
    device.set_up(PASSWORD, _BROKER)
    await device.start()
    tap = StreamTap(MemoryConnector(_TESTER, theirs), recorder, now_ns)
    settings = reference_settings(_DEVICE, _BROKER, policy.denied_provisions)
    bench = DeviceBench(tap, recorder, now_ns, settings, features)
    try:
        if not policy.works_without_network:
            # Such a device does nothing before it has met its broker.
            await bench.open_broker()
            await bench.pause(3.0)
        yield bench
    finally:
        bench.close()
        await device.stop()
        await theirs.finish()


def trace_of(
    test_case: TestCase, policy: DevicePolicy = SOUND, features: frozenset[str] = FEATURES
) -> Trace:
    """The trace of a procedure on the embedded device, simulated."""
    stream = io.BytesIO()

    async def run() -> None:
        async with open_embedded(FrameRecorder(stream), policy, features) as bench:
            await test_case.procedure(bench)

    simulate(run())
    return read_recorded(stream, test_case, Knowledge())
