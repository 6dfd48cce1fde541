"""One frame of a capture, and the units of payload that reassembly makes of frames."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from makmal.protocol.sbi import HttpMessage


class Frame(NamedTuple):
    """One captured frame.

    ``number`` counts as Wireshark does (the first is 1, over all interfaces of the file);
    ``time_ns`` is nanoseconds since 1970-01-01 UTC; ``link_type`` the LINKTYPE_ value of the
    pcap registry; ``original_length`` the octets that were on the wire, of which ``data`` may
    hold fewer (snap length); ``comment`` the pcapng comment, in which step marks travel.
    """

    number: int
    time_ns: int
    link_type: int
    data: bytes
    original_length: int
    interface: str = ""
    comment: str = ""


class Endpoint(NamedTuple):
    """One end of a transport: the IP address in text form, and the port."""

    address: str
    port: int


class UdpDatagram(NamedTuple):
    """One UDP payload. ``frames`` holds every frame that carried a part of it (IP fragments);
    the last is the one that Wireshark shows the payload at. ``truncated``: the capture holds
    fewer octets than were sent.
    """

    frames: tuple[int, ...]
    time_ns: int
    source: Endpoint
    destination: Endpoint
    payload: bytes
    truncated: bool


class SctpMessage(NamedTuple):
    """One SCTP user message, whole, each TSN once (RFC 9260).

    ``duplicate`` messages (a TSN that had been seen before: a retransmission) are not delivered.
    """

    frames: tuple[int, ...]
    time_ns: int
    source: Endpoint
    destination: Endpoint
    stream_id: int
    payload_protocol_id: int
    payload: bytes
    truncated: bool


class TcpChunk(NamedTuple):
    """The next octets of one direction of a TCP connection, in order and without repeats.

    ``connection`` is a number of its own for each connection of the trace. ``lost``: octets before
    these are missing (loss in the capture, or a connection joined in mid-stream: then the first
    chunk of the direction has it set), so a parser must find its footing anew. ``ended``: the
    direction was closed by FIN or RST; ``payload`` may then be empty.
    """

    frame: int
    time_ns: int
    source: Endpoint
    destination: Endpoint
    connection: int
    payload: bytes
    lost: bool
    ended: bool


class EspPacket(NamedTuple):
    """One IPsec ESP packet (RFC 4303), by itself or in UDP (RFC 3948); ports are 0.

    ``payload`` begins with the security parameters index.
    """

    frames: tuple[int, ...]
    time_ns: int
    source: Endpoint
    destination: Endpoint
    payload: bytes


class Gap(NamedTuple):
    """Packets that the capture lacks, as the numbering of SCTP and TCP tells.

    They travelled from ``source`` between ``since_ns`` and ``time_ns``; ``frame`` is the one that
    shows it. ``connection`` is that of TcpChunk, 0 for SCTP.
    """

    frame: int
    since_ns: int
    time_ns: int
    source: Endpoint
    destination: Endpoint
    connection: int


class PortOutcome(StrEnum):
    """What trying a port gave: it took the connection or answered; it was refused, by RST, ABORT or
    ICMP; nothing came.
    """

    OPEN = "open"
    CLOSED = "closed"
    SILENT = "no answer"


class Probe(NamedTuple):
    """A port was tried from ``source``. ``transport`` is "tcp", "udp" or "sctp"; ``sent`` and
    ``answer`` are octets of UDP. ``frame`` is 0 where it is yet to be numbered.
    """

    frame: int
    time_ns: int
    source: Endpoint
    destination: Endpoint
    transport: str
    outcome: PortOutcome
    sent: bytes = b""
    answer: bytes = b""


class HttpPayload(NamedTuple):
    """One HTTP message between two of our own functions, not made into TCP octets.

    ``connection`` tells the connections between the same ends apart.
    """

    frame: int
    time_ns: int
    source: Endpoint
    destination: Endpoint
    connection: int
    message: HttpMessage


class KeyLog(NamedTuple):
    """Secrets of TLS connections as lines of a key log, ahead of what they open."""

    octets: bytes


class EspKeys(NamedTuple):
    """Keys of ESP associations as lines (``trace/esp_secrets.py``), ahead of what they open."""

    octets: bytes


class ExportedPdu(NamedTuple):
    """A message without a transport of its own, which names Wireshark's dissector for it."""

    frame: int
    time_ns: int
    source: Endpoint
    destination: Endpoint
    dissector: str
    payload: bytes


class StepMark(NamedTuple):
    """A step of the procedure began. In a file it is the comment of a frame of its own."""

    frame: int
    time_ns: int
    name: str


Payload = (
    UdpDatagram
    | SctpMessage
    | TcpChunk
    | EspPacket
    | Gap
    | HttpPayload
    | ExportedPdu
    | Probe
    | KeyLog
    | EspKeys
    | StepMark
)
