"""Composing frames: what a capture at a switch would hold of packets that the laboratory makes.

Every length and checksum is right, so that any reader takes the frames for real ones. Time is the
composer's own: each frame comes a little after the one before, and ``wait`` lets time pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from struct import Struct

from makmal.protocol import sctp
from makmal.trace.checksum import internet_checksum
from makmal.trace.esp import EspTunnel
from makmal.trace.exported_pdu import EXPORTED_PDU, encode_exported
from makmal.trace.frame import Endpoint, Frame
from makmal.trace.link import ETHERNET

_ICMP, _TCP, _UDP, _ESP, _ICMP_V6, _SCTP = 1, 6, 17, 50, 58, 132
_IPV4 = Struct(">BBHHHBBH4s4s")
_IPV6 = Struct(">IHBB16s16s")
_TCP_HEADER = Struct(">HHIIBBHHH")
_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_SEGMENT_OCTETS = 1400
_TEXT_DISSECTOR = "syslog"
_WINDOW = 64240


class Composer:
    """Makes frames. ``start_ns`` is nanoseconds since 1970-01-01 UTC.

    Each frame goes to ``sink`` as soon as it is made; without one they are collected in ``frames``.
    """

    def __init__(
        self,
        start_ns: int,
        step_ns: int = 400_000,
        sink: Callable[[Frame], None] | None = None,
    ) -> None:
        self.frames: list[Frame] = []
        self._sink = sink or self.frames.append
        self._count = 0
        self._now = start_ns
        self._step = step_ns
        self._identification = 0
        self._comment = ""
        self._tunnels: dict[frozenset[str], EspTunnel] = {}

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += int(seconds * 1_000_000_000)

    def at(self, time_ns: int) -> None:
        """The next frame is of this time, unless a later one was made already."""
        self._now = max(self._now, time_ns)

    @property
    def now_ns(self) -> int:
        """The time of the next frame, in nanoseconds since 1970-01-01 UTC."""
        return self._now

    def mark(self, step: str) -> None:
        """The next frame begins this step: it carries the mark as its comment."""
        self._comment = step

    def protect(self, one: str, other: str, tunnel: EspTunnel) -> None:
        """From now on an IPsec tunnel carries everything between the two addresses."""
        self._tunnels[frozenset((one, other))] = tunnel

    def udp(self, source: Endpoint, destination: Endpoint, payload: bytes) -> int:
        """A UDP datagram; the number of its frame."""
        header = Struct(">HHHH").pack(source.port, destination.port, 8 + len(payload), 0)
        datagram = _with_checksum(header + payload, 6, source, destination, _UDP)
        return self.ip(source.address, destination.address, _UDP, datagram)

    def association(self, client: Endpoint, server: Endpoint) -> SctpAssociation:
        """An SCTP association, set up by its four messages (RFC 9260, 5.1)."""
        return SctpAssociation(self, client, server)

    def connection(self, client: Endpoint, server: Endpoint) -> TcpConnection:
        """A TCP connection, set up by its three segments (RFC 9293, 3.5)."""
        return TcpConnection(self, client, server)

    def no_connection(self, client: Endpoint, server: Endpoint, *, refused: bool) -> int:
        """A SYN that is refused, or not answered at all; the number of its frame."""
        sequence = _number(client, server)
        frame = self._tcp_packet(client, server, sequence, 0, _SYN)
        if refused:
            frame = self._tcp_packet(server, client, 0, sequence + 1, _RST | _ACK)
        return frame

    def _tcp_packet(
        self,
        source: Endpoint,
        destination: Endpoint,
        sequence: int,
        acknowledgement: int,
        flags: int,
    ) -> int:
        header = _TCP_HEADER.pack(
            source.port,
            destination.port,
            sequence & 0xFFFFFFFF,
            acknowledgement & 0xFFFFFFFF,
            5 << 4,
            flags,
            _WINDOW,
            0,
            0,
        )
        segment = _with_checksum(header, 16, source, destination, _TCP)
        return self.ip(source.address, destination.address, _TCP, segment)

    def ip(self, source: str, destination: str, protocol: int, payload: bytes) -> int:
        """An IP packet, in the tunnel between its ends if there is one; the number of its frame."""
        packet = self.ip_packet(source, destination, protocol, payload)
        tunnel = self._tunnels.get(frozenset((source, destination)))
        if tunnel is not None:
            packet = self.ip_packet(source, destination, _ESP, tunnel.protect(packet, source))
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        return self.frame(_mac(destination) + _mac(source) + kind + packet)

    def frame(self, data: bytes, link_type: int = ETHERNET, interface: str = "makmal") -> int:
        """A frame as it is; its number."""
        self._count += 1
        self._sink(
            Frame(self._count, self._now, link_type, data, len(data), interface, self._comment)
        )
        self._comment = ""
        self._now += self._step
        return self._count

    def step(self, text: str) -> int:
        """A frame that is a step mark and nothing else, legible in any reader; its number."""
        self._comment = text
        return self.frame(encode_exported(_TEXT_DISSECTOR, text.encode()), EXPORTED_PDU, "steps")

    def exported(
        self,
        dissector: str,
        payload: bytes,
        source: Endpoint | None = None,
        destination: Endpoint | None = None,
        interface: str = "",
    ) -> int:
        """A PDU with the name of the dissector that reads it, and its ends; its frame."""
        ends = None if source is None or destination is None else (source, destination)
        data = encode_exported(dissector, payload, ends)
        return self.frame(data, EXPORTED_PDU, interface)

    def port_unreachable(self, source: Endpoint, destination: Endpoint, payload: bytes) -> int:
        """ICMP about a UDP datagram to a port that nobody listens at (RFC 792; RFC 4443, 3.1); the
        number of its frame.
        """
        header = Struct(">HHHH").pack(source.port, destination.port, 8 + len(payload), 0)
        datagram = _with_checksum(header + payload, 6, source, destination, _UDP)
        undelivered = self.ip_packet(source.address, destination.address, _UDP, datagram)
        if ":" in source.address:
            message = b"\x01\x04" + bytes(6) + undelivered
            message = _with_checksum(message, 2, destination, source, _ICMP_V6)
            return self.ip(destination.address, source.address, _ICMP_V6, message)
        message = b"\x03\x03" + bytes(6) + undelivered
        checksum = internet_checksum(message).to_bytes(2, "big")
        message = message[:2] + checksum + message[4:]
        return self.ip(destination.address, source.address, _ICMP, message)

    def ip_packet(self, source: str, destination: str, protocol: int, payload: bytes) -> bytes:
        """An IP packet that is not sent."""
        ends = _packed(source), _packed(destination)
        if len(ends[0]) == 16:
            return _IPV6.pack(6 << 28, len(payload), protocol, 64, *ends) + payload
        self._identification = (self._identification + 1) & 0xFFFF
        fields = (0x45, 0, 20 + len(payload), self._identification, 0x4000, 64, protocol)
        checksum = internet_checksum(_IPV4.pack(*fields, 0, *ends))
        return _IPV4.pack(*fields, checksum, *ends) + payload


class SctpAssociation:
    """One association: ``send`` gives DATA and the other side's SACK."""

    def __init__(self, composer: Composer, client: Endpoint, server: Endpoint) -> None:
        self._composer = composer
        self.client = client
        self._ends = {True: client, False: server}
        # Whoever receives a packet is told by the tag that it chose itself.
        self._tags = {True: _number(client, server), False: _number(server, client)}
        self._tsn = {True: self._tags[True] ^ 0x5A5A, False: self._tags[False] ^ 0xA5A5}
        self._stream_sequence: dict[tuple[bool, int], int] = {}
        cookie = b"".join(tag.to_bytes(4, "big") for tag in self._tags.values()) * 8
        inits = {
            side: sctp.Init(kind, self._tags[side], 106_496, 10, 10, self._tsn[side], parameters)
            for side, kind, parameters in (
                (True, sctp.ChunkType.INIT, ()),
                (False, sctp.ChunkType.INIT_ACK, (sctp.Parameter(7, cookie),)),
            )
        }
        self._packet(True, inits[True], tag=0)
        self._packet(False, inits[False])
        self._packet(True, sctp.CookieEcho(cookie))
        self._packet(False, sctp.Unread(sctp.ChunkType.COOKIE_ACK, b""))

    def send(
        self, from_client: bool, payload: bytes, payload_protocol_id: int, stream_id: int = 0
    ) -> int:
        """A user message, in several chunks if it is long; the frame that completes it."""
        key = (from_client, stream_id)
        sequence = self._stream_sequence.get(key, 0)
        self._stream_sequence[key] = (sequence + 1) & 0xFFFF
        pieces = [
            payload[at : at + _SEGMENT_OCTETS] for at in range(0, len(payload), _SEGMENT_OCTETS)
        ]
        frame = 0
        for index, piece in enumerate(pieces):
            flags = (0x02 if index == 0 else 0) | (0x01 if index == len(pieces) - 1 else 0)
            tsn = self._tsn[from_client]
            self._tsn[from_client] = (tsn + 1) & 0xFFFFFFFF
            chunk = sctp.Data(tsn, stream_id, sequence, payload_protocol_id, piece, flags)
            frame = self._packet(from_client, chunk)
            self._packet(not from_client, sctp.Sack(tsn, 106_496))
        return frame

    def shutdown(self) -> None:
        """The client ends the association (RFC 9260, 9.2)."""
        last = (self._tsn[False] - 1) & 0xFFFFFFFF
        self._packet(True, sctp.Unread(sctp.ChunkType.SHUTDOWN, last.to_bytes(4, "big")))
        self._packet(False, sctp.Unread(sctp.ChunkType.SHUTDOWN_ACK, b""))
        self._packet(True, sctp.Unread(sctp.ChunkType.SHUTDOWN_COMPLETE, b""))

    def _packet(self, from_client: bool, chunk: sctp.Chunk, tag: int | None = None) -> int:
        source, destination = self._ends[from_client], self._ends[not from_client]
        if tag is None:
            tag = self._tags[not from_client]
        packet = sctp.encode(sctp.Packet(source.port, destination.port, tag, (chunk,)))
        return self._composer.ip(source.address, destination.address, _SCTP, packet)


class TcpConnection:
    """One connection: ``send`` gives segments and the other side's acknowledgement."""

    def __init__(self, composer: Composer, client: Endpoint, server: Endpoint) -> None:
        self._composer = composer
        self._is_closed = False
        self._ends = {True: client, False: server}
        self._sequence = {True: _number(client, server), False: _number(server, client)}
        self._segment(True, _SYN)
        self._advance(True, 1)
        self._segment(False, _SYN | _ACK)
        self._advance(False, 1)
        self._segment(True, _ACK)

    def send(self, from_client: bool, octets: bytes) -> int:
        """Some octets; the frame of the last."""
        frame = 0
        for at in range(0, len(octets), _SEGMENT_OCTETS):
            piece = octets[at : at + _SEGMENT_OCTETS]
            frame = self._segment(from_client, _PSH | _ACK, piece)
            self._advance(from_client, len(piece))
            self._segment(not from_client, _ACK)
        return frame

    def close(self, client_first: bool = True) -> None:
        """One side closes, then the other; again it means nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        for side in (client_first, not client_first):
            self._segment(side, _FIN | _ACK)
            self._advance(side, 1)
        self._segment(client_first, _ACK)

    def _advance(self, side: bool, octets: int) -> None:
        self._sequence[side] = (self._sequence[side] + octets) & 0xFFFFFFFF

    def _segment(self, from_client: bool, flags: int, payload: bytes = b"") -> int:
        source, destination = self._ends[from_client], self._ends[not from_client]
        acknowledgement = self._sequence[not from_client] if flags & _ACK else 0
        header = _TCP_HEADER.pack(
            source.port,
            destination.port,
            self._sequence[from_client],
            acknowledgement,
            5 << 4,
            flags,
            _WINDOW,
            0,
            0,
        )
        segment = _with_checksum(header + payload, 16, source, destination, _TCP)
        return self._composer.ip(source.address, destination.address, _TCP, segment)


def _with_checksum(
    segment: bytes, field: int, source: Endpoint, destination: Endpoint, protocol: int
) -> bytes:
    """The segment with its checksum over the pseudo-header (RFC 9293, 3.1; RFC 768)."""
    pseudo = _packed(source.address) + _packed(destination.address)
    pseudo += len(segment).to_bytes(4, "big") + protocol.to_bytes(4, "big")
    checksum = internet_checksum(pseudo + segment)
    # RFC 768: a UDP checksum that comes out as zero is sent as ones.
    checksum = checksum or (0xFFFF if protocol == _UDP else 0)
    return segment[:field] + checksum.to_bytes(2, "big") + segment[field + 2 :]


def _mac(address: str) -> bytes:
    """A locally administered MAC address for an IP address."""
    return b"\x02\x00" + _packed(address)[-4:]


def _number(one: Endpoint, other: Endpoint) -> int:
    """An initial number for a flow: any will do, but the same each time."""
    seed = f"{one.address}:{one.port}>{other.address}:{other.port}".encode()
    value = 2_166_136_261
    for octet in seed:
        value = (value ^ octet) * 16_777_619 & 0xFFFFFFFF
    return value or 1


@lru_cache(maxsize=4096)
def _packed(address: str) -> bytes:
    return ip_address(address).packed
