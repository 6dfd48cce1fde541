"""From frames to ports that were tried: TCP SYN, UDP datagrams, SCTP INIT, and what came back.

Closed ports are many, so those of one step come as one message when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.trace.frame import Endpoint, Frame, PortOutcome
from makmal.trace.link import ip_offset
from makmal.trace.message import Message, PortProbe, Step
from makmal.trace.user_packet import UserPacket, read_user_packet

_ICMP, _TCP, _UDP, _ICMP_V6, _SCTP = 1, 6, 17, 58, 132
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_INIT, _INIT_ACK, _ABORT = 1, 2, 6
_TRANSPORTS = {_TCP: "tcp", _UDP: "udp", _SCTP: "sctp"}
# Destination unreachable: protocol and port (RFC 792); port (RFC 4443, 3.1).
_UNREACHABLE = {_ICMP: (b"\x03\x02", b"\x03\x03"), _ICMP_V6: (b"\x01\x04",)}
_ICMP_HEADER, _SCTP_HEADER = 8, 12

_Ends = tuple[str, Endpoint, Endpoint]


@dataclass(slots=True)
class _Closed:
    """Ports of one address that were closed."""

    time_ns: int
    source: Endpoint
    frames: list[int]
    ports: dict[int, None] = field(default_factory=dict)


class ProbeReading:
    """Feed it the frames of a trace in order; it gives steps and the ports that were tried."""

    def __init__(self) -> None:
        self._unanswered: dict[_Ends, tuple[int, int]] = {}
        self._closed: dict[tuple[str, str], _Closed] = {}

    def feed(self, frame: Frame) -> list[Message]:
        """What this frame tells, after the step that it begins."""
        found: list[Message] = []
        if frame.comment:
            found += self.finish()
            found.append(Step(frame.number, frame.time_ns, frame.comment))
        offset = ip_offset(frame.link_type, frame.data)
        packet = read_user_packet(frame.data[offset:]) if offset >= 0 else None
        if packet is not None:
            told = self._read(frame, packet)
            if told is not None:
                found.append(told)
        return found

    def finish(self) -> list[Message]:
        """What was held back until its step ended: closed ports, and those that did not answer."""
        found: list[Message] = [
            PortProbe(
                (each.frames[0], each.frames[-1]),
                each.time_ns,
                each.source,
                Endpoint(address, min(each.ports)),
                transport,
                PortOutcome.CLOSED,
                tuple(each.ports),
            )
            for (transport, address), each in self._closed.items()
        ]
        for (transport, source, destination), (number, time_ns) in self._unanswered.items():
            ports = (destination.port,)
            found.append(
                PortProbe(
                    (number,), time_ns, source, destination, transport, PortOutcome.SILENT, ports
                )
            )
        self._closed.clear()
        self._unanswered.clear()
        return found

    def _read(self, frame: Frame, packet: UserPacket) -> PortProbe | None:
        if packet.protocol in _UNREACHABLE:
            return self._refused(frame, packet)
        transport = _TRANSPORTS.get(packet.protocol)
        ports = packet.ports
        if packet.protocol == _SCTP and len(packet.content) > _SCTP_HEADER:
            ports = _ports(packet.content)
        if transport is None or ports is None:
            return None
        source = Endpoint(packet.source, ports[0])
        destination = Endpoint(packet.destination, ports[1])
        asks, outcome = _meaning(packet, (transport, destination, source) in self._unanswered)
        if asks:
            tried = (transport, source, destination)
            self._unanswered.setdefault(tried, (frame.number, frame.time_ns))
        elif outcome is not None:
            return self._answered(frame, (transport, destination, source), outcome)
        return None

    def _refused(self, frame: Frame, packet: UserPacket) -> PortProbe | None:
        """What ICMP says of a packet that it holds the beginning of."""
        if packet.content[:2] not in _UNREACHABLE[packet.protocol]:
            return None
        about = read_user_packet(packet.content[_ICMP_HEADER:])
        transport = None if about is None else _TRANSPORTS.get(about.protocol)
        if about is None or transport is None:
            return None
        if about.ports is None and len(about.content) < _ICMP_HEADER:
            return None
        ports = about.ports or _ports(about.content)
        source, destination = (
            Endpoint(about.source, ports[0]),
            Endpoint(about.destination, ports[1]),
        )
        return self._answered(frame, (transport, source, destination), PortOutcome.CLOSED)

    def _answered(self, frame: Frame, tried: _Ends, outcome: PortOutcome) -> PortProbe | None:
        began = self._unanswered.pop(tried, None)
        if began is None:
            return None
        transport, source, destination = tried
        if outcome is PortOutcome.OPEN:
            frames, ports = (began[0], frame.number), (destination.port,)
            return PortProbe(frames, frame.time_ns, source, destination, transport, outcome, ports)
        closed = self._closed.setdefault(
            (transport, destination.address), _Closed(began[1], source, [began[0]])
        )
        closed.ports[destination.port] = None
        closed.frames[1:] = [frame.number]
        return None


def _ports(header: bytes) -> tuple[int, int]:
    """Those that every transport begins with."""
    return int.from_bytes(header[:2], "big"), int.from_bytes(header[2:4], "big")


def _meaning(packet: UserPacket, is_awaited: bool) -> tuple[bool, PortOutcome | None]:
    """Whether a packet tries a port, and what it says of one that was tried."""
    if packet.protocol == _UDP:
        return not is_awaited, PortOutcome.OPEN if is_awaited else None
    if packet.protocol == _TCP:
        flags = packet.content[13] if len(packet.content) > 13 else 0
        if flags & _RST:
            return False, PortOutcome.CLOSED
        return flags & (_SYN | _ACK) == _SYN, PortOutcome.OPEN if flags & _SYN else None
    kind = packet.content[_SCTP_HEADER]
    answers = {_INIT_ACK: PortOutcome.OPEN, _ABORT: PortOutcome.CLOSED}
    return kind == _INIT, answers.get(kind)
