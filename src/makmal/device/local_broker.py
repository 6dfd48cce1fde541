"""The device's own MQTT end, for apps in the same home: state to read, commands to give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

from makmal.network.streams import ByteStream
from makmal.protocol import mqtt
from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import Packet, PacketType, decode
from makmal.protocol.mqtt.packets import connack, read_subscribe, suback

STATE, COMMAND = "device/state", "device/set"
_ACCEPTED, _WRONG, _NOT_AUTHORISED = 0, 4, 5
_REFUSED = 0x80
_IDLE_SECONDS = 90.0


class Controlled(Protocol):
    """What the device lets the broker do."""

    def admits(self, user: str, password: str) -> bool:
        """Whether these are right (and not too many were wrong)."""

    def state(self) -> dict[str, Any]:
        """What may be read."""

    def command(self, content: bytes) -> None:
        """Obey. Raises ValueError for what is no command."""


async def serve(stream: ByteStream, device: Controlled, needs_login: Callable[[], bool]) -> None:
    """One connection, until it ends."""
    buffer = bytearray()
    admitted = False
    while True:
        async with asyncio.timeout(_IDLE_SECONDS):
            octets = await stream.read()
        if not octets:
            return
        buffer += octets
        try:
            while (found := decode(buffer)) is not None:
                packet, length = found
                del buffer[:length]
                if not admitted:
                    code = _admission(packet, device, needs_login())
                    await stream.write(connack(code).encode())
                    if code != _ACCEPTED:
                        return
                    admitted = True
                elif not await _obey(stream, packet, device):
                    return
        except (DecodeError, ValueError):
            # Malformed: the connection ends (MQTT 3.1.1, 4.8).
            return


def _admission(packet: Packet, device: Controlled, needs_login: bool) -> int:
    if packet.kind is not PacketType.CONNECT:
        raise DecodeError("MQTT", 0, "the first packet is no CONNECT")
    credentials = mqtt.read_connect(packet)
    if credentials.user_name is None and not needs_login:
        return _ACCEPTED
    if credentials.user_name is None or credentials.password is None:
        return _NOT_AUTHORISED
    password = credentials.password.decode("utf-8", "replace")
    return _ACCEPTED if device.admits(credentials.user_name, password) else _WRONG


async def _obey(stream: ByteStream, packet: Packet, device: Controlled) -> bool:
    if packet.kind is PacketType.SUBSCRIBE:
        identifier, topics = read_subscribe(packet)
        codes = [0 if each in (STATE, "#") else _REFUSED for each in topics]
        await stream.write(suback(identifier, *codes).encode())
        if 0 in codes:
            octets = json.dumps(device.state()).encode()
            await stream.write(mqtt.publish(STATE, octets).encode())
    elif packet.kind is PacketType.PUBLISH:
        topic, content = mqtt.publish_content(packet)
        if topic == COMMAND:
            device.command(content)
    elif packet.kind is PacketType.PINGREQ:
        await stream.write(Packet(PacketType.PINGRESP, 0).encode())
    else:
        return packet.kind is not PacketType.DISCONNECT
    return True
