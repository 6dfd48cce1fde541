"""Composing the packets of a port that was tried, of what a socket told of it.

A socket says that a port is open, closed, or silent; what travelled follows from that by the
transport's own rules, and is made here. Sequence numbers, tags and cookies are made up.
"""

from __future__ import annotations

from makmal.protocol import sctp
from makmal.trace.compose import Composer
from makmal.trace.frame import Endpoint, PortOutcome, Probe

_SCTP = 132
_WINDOW = 106_496


def compose_probe(composer: Composer, probe: Probe) -> None:
    """The packets of one probe and its answer, if there was one."""
    tell = {"tcp": _tcp, "udp": _udp, "sctp": _sctp}[probe.transport]
    tell(composer, probe.source, probe.destination, probe)


def _tcp(composer: Composer, source: Endpoint, destination: Endpoint, probe: Probe) -> None:
    if probe.outcome is PortOutcome.OPEN:
        composer.connection(source, destination).close()
    else:
        refused = probe.outcome is PortOutcome.CLOSED
        composer.no_connection(source, destination, refused=refused)


def _udp(composer: Composer, source: Endpoint, destination: Endpoint, probe: Probe) -> None:
    composer.udp(source, destination, probe.sent)
    if probe.outcome is PortOutcome.OPEN:
        composer.udp(destination, source, probe.answer)
    elif probe.outcome is PortOutcome.CLOSED:
        composer.port_unreachable(source, destination, probe.sent)


def _sctp(composer: Composer, source: Endpoint, destination: Endpoint, probe: Probe) -> None:
    if probe.outcome is PortOutcome.OPEN:
        composer.association(source, destination).shutdown()
        return
    tag = 0x6D616B00 | source.port & 0xFF
    init = sctp.Init(sctp.ChunkType.INIT, tag, _WINDOW, 10, 10, 1, ())
    packet = sctp.encode(sctp.Packet(source.port, destination.port, 0, (init,)))
    composer.ip(source.address, destination.address, _SCTP, packet)
    if probe.outcome is PortOutcome.CLOSED:
        abort = sctp.Unread(sctp.ChunkType.ABORT, b"")
        packet = sctp.encode(sctp.Packet(destination.port, source.port, tag, (abort,)))
        composer.ip(destination.address, source.address, _SCTP, packet)
