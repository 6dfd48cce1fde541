"""The device as an MQTT client: readings go to a broker, over TLS, again and again."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from makmal.device.policy import DevicePolicy
from makmal.network.streams import ByteStream, Connector
from makmal.network.tls_stream import TlsStream
from makmal.network.world import UnreachableError
from makmal.protocol import mqtt
from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import decode
from makmal.trace.frame import Endpoint

_SECONDS, _BETWEEN_READINGS = 5.0, 20.0
CLIENT, USER = "room-sensor-4711", "room-sensor-4711"


class Telemetry:
    """Runs until cancelled. ``reading`` gives what is published; ``to`` may be changed."""

    def __init__(
        self,
        connector: Connector,
        policy: DevicePolicy,
        authority: bytes,
        password: str,
        reading: Callable[[], dict[str, Any]],
    ) -> None:
        self._connector, self._policy, self._password = connector, policy, password
        self._authority, self._reading = authority, reading
        self.to: Endpoint | None = None
        self.is_connected = False
        self._changed = asyncio.Event()

    def send_to(self, broker: Endpoint) -> None:
        """From now on to this broker."""
        self.to = broker
        self._changed.set()

    async def run(self) -> None:
        """Connect, publish, and connect again, ever later."""
        policy = self._policy
        wait = policy.first_retry
        while True:
            broker = self.to
            self._changed.clear()
            if broker is not None:
                if await self._publish(broker):
                    wait = policy.first_retry
                if not policy.reconnects:
                    broker = None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if broker is None else wait):
                    await self._changed.wait()
                    wait = policy.first_retry / 2
            wait = min(wait * 2, policy.longest_retry)

    async def _publish(self, broker: Endpoint) -> bool:
        """Publish until the connection ends; whether it came about."""
        stream: ByteStream | None = None
        try:
            stream = await self._connect(broker)
            user, password = USER, self._password
            await stream.write(mqtt.connect(CLIENT, user, password).encode())
            async with asyncio.timeout(_SECONDS):
                if await _return_code(stream) != 0:
                    return False
            self.is_connected = True
            while self.to == broker:
                octets = json.dumps(self._reading()).encode()
                await stream.write(mqtt.publish(f"sensors/{CLIENT}", octets).encode())
                try:
                    async with asyncio.timeout(_BETWEEN_READINGS):
                        if not await stream.read():
                            return True
                except TimeoutError:
                    continue
        except (UnreachableError, ConnectionError, TimeoutError, DecodeError):
            return self.is_connected
        finally:
            self.is_connected = False
            if stream is not None:
                stream.close()
        return True

    async def _connect(self, broker: Endpoint) -> ByteStream:
        stream = await self._connector.open(broker, _SECONDS)
        if not self._policy.telemetry_in_tls:
            return stream
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self._policy.verifies_broker
        if self._policy.verifies_broker:
            context.load_verify_locations(cadata=self._authority.decode())
        else:
            context.verify_mode = ssl.CERT_NONE
        protected = TlsStream(stream, context, server_name=broker.address)
        try:
            async with asyncio.timeout(_SECONDS):
                await protected.handshake()
        except BaseException:
            stream.close()
            raise
        return protected


async def _return_code(stream: ByteStream) -> int | None:
    received = b""
    while octets := await stream.read():
        received += octets
        found = decode(received)
        if found is not None:
            return mqtt.connect_return_code(found[0])
    return None
