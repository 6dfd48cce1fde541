"""The server's side of the handshake, without state (RFC 9260, 5.1.3 to 5.1.5).

What is to be remembered of an INIT travels in the cookie, under a MAC; only who echoes it gets an
association.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest, digest
from struct import Struct

from makmal.protocol.sctp.association import Association, Event
from makmal.protocol.sctp.chunk import ChunkType
from makmal.protocol.sctp.packet import checksum

_COMMON = Struct(">HHII")
_CHUNK = Struct(">BBH")
_INIT = Struct(">BBHIIHHI")
# Times in milliseconds; both ports; peer tag, TSN and window; own tag and TSN.
_COOKIE = Struct(">QHHIIIII")
_MAC_OCTETS = 20
_WINDOW, _STREAMS = 262_144, 16
# RFC 9260, 16: Valid.Cookie.Life, in seconds.
_COOKIE_LIFE = 60.0
_COOKIE_PARAMETER = 7


class Listener:
    """Answers INIT at a port. ``random`` gives that many octets."""

    def __init__(self, port: int, random: Callable[[int], bytes]) -> None:
        self.port = port
        self._random = random
        self._secret = random(32)

    def receive_packet(
        self, packet: bytes, now: float, where: bytes
    ) -> bytes | tuple[Association, list[Event]] | None:
        """A packet that is of no association: a packet to answer with, or a new association with
        what came bundled to its cookie, or None. ``where`` is the peer's address.
        """
        if len(packet) < 16:
            return None
        remote_port, port, tag, _ = _COMMON.unpack_from(packet)
        given = int.from_bytes(packet[8:12], "big")
        if port != self.port or checksum(packet) != given:
            return None
        kind, _, length = _CHUNK.unpack_from(packet, 12)
        value = packet[16 : 12 + length]
        if kind == ChunkType.INIT and tag == 0 and len(value) >= 16:
            return self._init_ack(remote_port, value, now, where)
        if kind == ChunkType.COOKIE_ECHO:
            association = self._association(remote_port, tag, value, now, where)
            if association is not None:
                new, events = association
                return new, events + new.receive_packet(packet, now)
            return None
        if kind in (ChunkType.ABORT, ChunkType.SHUTDOWN_COMPLETE, ChunkType.INIT):
            return None
        # 8.4: a packet out of the blue; the T bit says that the tag is the sender's own.
        return _packet(self.port, remote_port, tag, _CHUNK.pack(ChunkType.ABORT, 1, 4))

    def _init_ack(self, remote_port: int, value: bytes, now: float, where: bytes) -> bytes | None:
        peer_tag = int.from_bytes(value[:4], "big")
        if peer_tag == 0:
            return None
        window, peer_tsn = int.from_bytes(value[4:8], "big"), int.from_bytes(value[12:16], "big")
        own_tag = int.from_bytes(self._random(4), "big") or 1
        own_tsn = int.from_bytes(self._random(4), "big")
        content = _COOKIE.pack(
            int(now * 1000), self.port, remote_port, peer_tag, peer_tsn, window, own_tag, own_tsn
        )
        cookie = content + self._mac(content, where)
        size = 4 + len(cookie)
        parameter = _COOKIE_PARAMETER.to_bytes(2, "big") + size.to_bytes(2, "big") + cookie
        chunk = _INIT.pack(
            ChunkType.INIT_ACK,
            0,
            20 + len(parameter),
            own_tag,
            _WINDOW,
            _STREAMS,
            _STREAMS,
            own_tsn,
        )
        padded = parameter + b"\0" * (-len(parameter) % 4)
        return _packet(self.port, remote_port, peer_tag, chunk + padded)

    def _mac(self, content: bytes, where: bytes) -> bytes:
        return digest(self._secret, content + where, "sha256")[:_MAC_OCTETS]

    def _association(
        self, remote_port: int, tag: int, value: bytes, now: float, where: bytes
    ) -> tuple[Association, list[Event]] | None:
        cookie = value[: _COOKIE.size + _MAC_OCTETS]
        content, mac = cookie[: _COOKIE.size], cookie[_COOKIE.size :]
        if len(content) < _COOKIE.size or not compare_digest(mac, self._mac(content, where)):
            return None
        made, port, peer_port, peer_tag, peer_tsn, window, own_tag, own_tsn = _COOKIE.unpack(
            content
        )
        if (port, peer_port, own_tag) != (self.port, remote_port, tag):
            return None
        if now - made / 1000 > _COOKIE_LIFE:
            return None
        association = Association(self.port, remote_port, own_tag, own_tsn)
        return association, association.accept(peer_tag, peer_tsn, window)


def _packet(local_port: int, remote_port: int, tag: int, chunks: bytes) -> bytes:
    packet = _COMMON.pack(local_port, remote_port, tag, 0) + chunks
    return packet[:8] + checksum(packet).to_bytes(4, "big") + packet[12:]
