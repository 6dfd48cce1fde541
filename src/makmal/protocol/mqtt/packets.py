"""The packets that a laboratory sends and reads (MQTT 3.1.1, 3)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import Packet, PacketType

_USER_NAME, _PASSWORD, _WILL, _CLEAN = 0x80, 0x40, 0x04, 0x02


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT (3.1): client identifier, user name and password."""

    client_identifier: str
    user_name: str | None
    password: bytes | None


def _text(value: str | bytes) -> bytes:
    octets = value.encode() if isinstance(value, str) else value
    return len(octets).to_bytes(2, "big") + octets


def connect(
    client_identifier: str, user_name: str | None = None, password: str | bytes | None = None
) -> Packet:
    """A CONNECT for a clean session with a keep-alive of 60 s."""
    flags = _CLEAN
    payload = _text(client_identifier)
    if user_name is not None:
        flags |= _USER_NAME
        payload += _text(user_name)
    if password is not None:
        flags |= _PASSWORD
        payload += _text(password)
    return Packet(PacketType.CONNECT, 0, _text("MQTT") + bytes((4, flags)) + b"\x00\x3c" + payload)


def read_connect(packet: Packet) -> Connect:
    """A CONNECT. Raises DecodeError."""
    reader = _Reader(packet.body)
    reader.vector()
    reader.take(1)
    flags = reader.take(1)[0]
    reader.take(2)
    identifier = reader.vector().decode("utf-8", "replace")
    if flags & _WILL:
        reader.vector()
        reader.vector()
    user = reader.vector().decode("utf-8", "replace") if flags & _USER_NAME else None
    return Connect(identifier, user, reader.vector() if flags & _PASSWORD else None)


def connack(code: int) -> Packet:
    """A CONNACK (3.2): 0 accepted, 4 wrong user name or password, 5 not authorised."""
    return Packet(PacketType.CONNACK, 0, bytes((0, code)))


def connect_return_code(packet: Packet) -> int | None:
    """The return code of a CONNACK."""
    return packet.body[1] if packet.kind is PacketType.CONNACK and len(packet.body) >= 2 else None


def publish(topic: str, content: bytes) -> Packet:
    """A PUBLISH (3.3) that expects no acknowledgement."""
    return Packet(PacketType.PUBLISH, 0, _text(topic) + content)


def publish_content(packet: Packet) -> tuple[str, bytes]:
    """Topic and content of a PUBLISH. Raises DecodeError."""
    reader = _Reader(packet.body)
    topic = reader.vector().decode("utf-8", "replace")
    if packet.flags & 0x06:
        reader.take(2)
    return topic, packet.body[reader.position :]


def subscribe(identifier: int, *topics: str) -> Packet:
    """A SUBSCRIBE (3.8) at quality of service 0."""
    body = identifier.to_bytes(2, "big") + b"".join(_text(each) + b"\0" for each in topics)
    return Packet(PacketType.SUBSCRIBE, 2, body)


def read_subscribe(packet: Packet) -> tuple[int, tuple[str, ...]]:
    """Identifier and topics of a SUBSCRIBE. Raises DecodeError."""
    reader = _Reader(packet.body)
    identifier = int.from_bytes(reader.take(2), "big")
    topics = []
    while reader.position < len(packet.body):
        topics.append(reader.vector().decode("utf-8", "replace"))
        reader.take(1)
    return identifier, tuple(topics)


def suback(identifier: int, *codes: int) -> Packet:
    """A SUBACK (3.9): 0x80 for a topic that is refused."""
    return Packet(PacketType.SUBACK, 0, identifier.to_bytes(2, "big") + bytes(codes))


def suback_codes(packet: Packet) -> tuple[int, ...]:
    """The return codes of a SUBACK."""
    return tuple(packet.body[2:]) if packet.kind is PacketType.SUBACK else ()


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.position = octets, 0

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.octets):
            raise DecodeError("MQTT", self.position, f"{count} octets are cut off")
        taken = self.octets[self.position : end]
        self.position = end
        return taken

    def vector(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))
