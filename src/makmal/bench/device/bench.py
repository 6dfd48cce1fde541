"""The bench of one test case on a device, as procedures drive it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from makmal.bench.application.bench import ApplicationBench
from makmal.bench.application.offering import client_context, offer
from makmal.bench.application.settings import FIRST
from makmal.bench.device.settings import BrokerSettings, DeviceSettings, WebOperation
from makmal.bench.not_done import NotDoneError
from makmal.network.http1_streams import Http1Client, request
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.streams import ByteStream, RefusedError
from makmal.network.world import Listening, UnreachableError
from makmal.protocol import mqtt, tls
from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import Packet, PacketType, decode
from makmal.protocol.mqtt.packets import connack
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

_SCAN_SECONDS, _AT_ONCE, _GREETING_SECONDS = 1.0, 50, 1.0


class DeviceBench(ApplicationBench):
    """Opened for one test case; the web interface is driven as an application is."""

    def __init__(
        self,
        tap: StreamTap,
        recorder: Recorder,
        now_ns: Callable[[], int],
        device: DeviceSettings,
        features: frozenset[str] = frozenset(),
        answer_seconds: float = 5.0,
    ) -> None:
        super().__init__(tap, recorder, now_ns, device.web, features, answer_seconds)
        self.device = device
        self._broker: Listening | None = None
        self._broker_streams: set[ByteStream] = set()

    async def probe(self) -> str | None:
        """None when the device takes a connection where it declares a service."""
        for port in self.device.services:
            try:
                (await self.tap.open(self.at(port), self.seconds)).close()
            except UnreachableError as error:
                return str(error)
        return None

    def at(self, port: int) -> Endpoint:
        """A port of the device."""
        return Endpoint(self.settings.address.address, port)

    def statement(self, provision: str) -> str:
        """What the conformance statement says, as a step has it."""
        return json.dumps(self.device.conformance.as_marks(provision))

    # The web interface.

    async def operate(self, operation: WebOperation, user: str | None = FIRST) -> HttpMessage:
        """One operation. Raises UnreachableError, NotDoneError."""
        document = dict(operation.body) or None
        return await self.request(operation.method, operation.path, user, document=document)

    async def operate_with(
        self, operation: WebOperation, user: str | None = None, **texts: str
    ) -> HttpMessage:
        """The same with {name} in its texts filled in."""
        document = filled_with(operation.body, texts)
        return await self.request(operation.method, operation.path, user, document=document)

    async def log_in_as(self, name: str, password: str, *, patient: bool = False) -> HttpMessage:
        """One attempt to log in on the web. Raises NotDoneError, UnreachableError."""
        login = self.settings.login
        if login is None:
            raise NotDoneError("the target does not say how to log in ([device.login])")
        return await self.log_in_with(login, name, password, patient=patient)

    async def send_image(self, image: bytes, user: str | None = FIRST) -> HttpMessage:
        """Send firmware. Raises NotDoneError, UnreachableError."""
        update = self.device.update
        if update is None:
            raise NotDoneError("the target names no update ([device.update])")
        method, _, path = update.operation.partition(" ")
        content = (("Content-Type", "application/octet-stream"),)
        return await self.request(method, path, user, body=image, headers=content, seconds=60.0)

    async def read_version(self) -> None:
        """Ask for the version of the firmware."""
        if self.device.update is not None:
            method, _, path = self.device.update.version.partition(" ")
            await self.request(method, path, FIRST)

    # Ports.

    async def scan(self, ports: tuple[int, ...]) -> None:
        """Try to connect to ports, some at a time."""
        for start in range(0, len(ports), _AT_ONCE):
            await asyncio.gather(*(self._try(each) for each in ports[start : start + _AT_ONCE]))

    async def _try(self, port: int) -> None:
        with suppress(UnreachableError):
            (await self.tap.open(self.at(port), _SCAN_SECONDS)).close()

    async def listen_to(self, port: int, ask: bytes = b"\r\n") -> None:
        """Connect, and take what a service says by itself and on an empty line."""
        try:
            stream = await self.tap.open(self.at(port), self.seconds)
        except UnreachableError:
            return
        try:
            for octets in (b"", ask):
                with suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(_GREETING_SECONDS):
                        if octets:
                            await stream.write(octets)
                        await stream.read()
        finally:
            stream.close()

    async def ask_in_clear(self, port: int, message: HttpMessage) -> None:
        """One HTTP request without TLS, if the port is open."""
        try:
            client = Http1Client(await self.tap.open(self.at(port), self.seconds))
        except RefusedError:
            return
        try:
            with suppress(UnreachableError):
                await client.exchange(message, self.seconds)
        finally:
            client.close()

    def clear_login(self) -> HttpMessage:
        """A request to log in, to be sent without TLS; the password is none."""
        login = self.settings.login
        operation = "GET /" if login is None else login.operation
        method, _, path = operation.partition(" ")
        body = b""
        if login is not None:
            body = json.dumps(filled_with(login.body, {"name": "x", "password": "y"})).encode()
        content = ("Content-Type", "application/json")
        return request(method, path, self.settings.host, body, content)

    async def offer_to(self, port: int, version: int, suites: tuple[int, ...]) -> None:
        """Send one ClientHello to a port. Raises UnreachableError."""
        hello = tls.client_hello(version, suites, os.urandom(32), self.settings.server_name)
        await offer(self.tap, self.at(port), hello, self.seconds)

    # MQTT, the device as the server.

    async def mqtt(
        self, user: str | None, password: str | None, *packets: Packet, octets: bytes = b""
    ) -> int | None:
        """Connect with MQTT and send packets; the return code of the CONNACK. Raises NotDoneError,
        UnreachableError.
        """
        end = self.device.mqtt
        if end is None:
            raise NotDoneError("the target names no MQTT service ([device.mqtt])")
        stream = await self.tap.open_tls(
            end, self.seconds, client_context(), self.settings.server_name
        )
        received = bytearray()
        code: int | None = None
        try:
            async with asyncio.timeout(self.seconds):
                first = mqtt.connect(self.new_name("mqtt")[:23], user, password)
                await stream.write(first.encode())
                code = await _return_code(stream, received)
                if code == 0:
                    for each in packets:
                        await stream.write(each.encode())
                    if octets:
                        await stream.write(octets)
                    if packets or octets:
                        await _listen(stream)
        except (TimeoutError, ConnectionError, DecodeError):
            return code
        finally:
            stream.close()
        return code

    # MQTT, the device as the client.

    async def open_broker(self, *, trusted: bool = True) -> None:
        """Our broker listens, with a certificate that the device trusts or with another. Raises
        NotDoneError.
        """
        self.close_broker()
        broker = self._settings_of_broker()
        context = broker.trusted if trusted else broker.foreign
        try:
            self._broker = await self.tap.listen(broker.listen, self._serve_broker, context)
        except OSError as error:
            reason = error.strerror or str(error)
            raise NotDoneError(f"our broker cannot listen: {reason}") from None
        self.listened.append(self._broker)

    async def open_clear_broker(self) -> None:
        """Our broker listens without TLS. Raises NotDoneError."""
        broker = self._settings_of_broker()
        try:
            self._broker = await self.tap.listen(broker.listen, self._serve_broker)
        except OSError as error:
            raise NotDoneError(f"our broker cannot listen: {error}") from None
        self.listened.append(self._broker)

    async def open_refusing_broker(self) -> None:
        """Our broker takes connections and ends them at once. Raises NotDoneError."""
        broker = self._settings_of_broker()

        async def refuse(stream: ByteStream) -> None:
            stream.close()

        try:
            self._broker = await self.tap.listen(broker.listen, refuse, broker.trusted)
        except OSError as error:
            raise NotDoneError(f"our broker cannot listen: {error}") from None
        self.listened.append(self._broker)

    async def await_device(self) -> None:
        """Wait for as long as the device may take to try our broker. Raises NotDoneError."""
        await self.pause(self._settings_of_broker().wait)

    def close_broker(self) -> None:
        """Our broker is gone, as after an outage."""
        if self._broker is not None:
            self._broker.close()
            self._broker = None
        for each in list(self._broker_streams):
            each.close()

    def _settings_of_broker(self) -> BrokerSettings:
        if self.device.broker is None:
            raise NotDoneError("the target names no broker for the device ([device.broker])")
        return self.device.broker

    async def _serve_broker(self, stream: ByteStream) -> None:
        """Take every connection and every message."""
        self._broker_streams.add(stream)
        buffer = bytearray()
        try:
            while octets := await stream.read():
                buffer += octets
                while (found := decode(buffer)) is not None:
                    packet, length = found
                    del buffer[:length]
                    if packet.kind is PacketType.CONNECT:
                        await stream.write(connack(0).encode())
                    elif packet.kind is PacketType.PINGREQ:
                        await stream.write(Packet(PacketType.PINGRESP, 0).encode())
        except (ConnectionError, DecodeError):
            return
        finally:
            self._broker_streams.discard(stream)
            stream.close()


async def _listen(stream: ByteStream) -> None:
    """Take what comes within a moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_GREETING_SECONDS):
            while await stream.read():
                pass


async def _return_code(stream: ByteStream, received: bytearray) -> int | None:
    while octets := await stream.read():
        received += octets
        found = decode(received)
        if found is not None:
            return mqtt.connect_return_code(found[0])
    return None


def filled_with(body: Any, texts: dict[str, str]) -> Any:
    """A body with {name} in its texts replaced."""
    if isinstance(body, str):
        for name, value in texts.items():
            body = body.replace(f"{{{name}}}", value)
        return body
    if isinstance(body, dict):
        return {key: filled_with(value, texts) for key, value in body.items()}
    return body
