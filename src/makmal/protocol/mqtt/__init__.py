"""MQTT 3.1.1 control packets (OASIS Standard, 29 October 2014)."""

from makmal.protocol.mqtt.packet import Packet, PacketType, looks_like_mqtt
from makmal.protocol.mqtt.packets import (
    Connect,
    connect,
    connect_return_code,
    publish,
    publish_content,
    read_connect,
    suback_codes,
    subscribe,
)

__all__ = [
    "Connect",
    "Packet",
    "PacketType",
    "connect",
    "connect_return_code",
    "looks_like_mqtt",
    "publish",
    "publish_content",
    "read_connect",
    "suback_codes",
    "subscribe",
]
