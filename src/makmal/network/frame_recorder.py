"""Recording into a capture file that Wireshark opens, in both worlds.

In the simulated world the packets are made around the messages: SCTP, UDP, TCP with HTTP/2. On the
wire the SCTP packets and the octets of TCP are those that travelled. Frames are written as they
come, so that a run that is killed has lost nothing but its end.
"""

from __future__ import annotations

from typing import BinaryIO

from h2.config import H2Configuration
from h2.connection import H2Connection

from makmal.network.recorder import TcpNote
from makmal.protocol.sbi import HttpMessage
from makmal.trace.compose import Composer, SctpAssociation, TcpConnection
from makmal.trace.compose_probes import compose_probe
from makmal.trace.esp_secrets import ESP_KEYS
from makmal.trace.frame import Endpoint, Frame, Probe
from makmal.trace.pcapng import Writer
from makmal.trace.tls_secrets import TLS_KEY_LOG

_PPID_NGAP, _NGAP_PORT, _SCTP = 60, 38412, 132
# Between frames that one message is made of, in nanoseconds.
_STEP_NS = 1000


class FrameRecorder:
    """Writes to an open file; ``frames`` is how many frames it has."""

    def __init__(self, stream: BinaryIO, comment: str = "Recorded by Makmal") -> None:
        self._stream = stream
        self._writer = Writer(stream, comment)
        self._composer = Composer(0, _STEP_NS, self._write)
        self._associations: dict[frozenset[Endpoint], SctpAssociation] = {}
        self._conversations: dict[tuple[int, frozenset[Endpoint]], _Conversation] = {}
        self._connections: dict[tuple[Endpoint, Endpoint], TcpConnection] = {}
        self.frames = 0

    def _write(self, frame: Frame) -> None:
        self.frames = frame.number
        self._writer.write(frame)
        self._stream.flush()

    def step(self, time_ns: int, name: str) -> None:
        """A step of the procedure begins: a frame of its own, with the name as its comment."""
        self._composer.at(time_ns)
        self._composer.step(name)

    # Messages, around which the packets are made.

    def n2(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        stream_id: int = 0,
    ) -> None:
        """An NGAP PDU passed."""
        self._composer.at(time_ns)
        key = frozenset((source, destination))
        association = self._associations.get(key)
        if association is None:
            server_first = source.port == _NGAP_PORT
            ends = (destination, source) if server_first else (source, destination)
            association = self._associations[key] = self._composer.association(*ends)
        from_client = source == association.client
        association.send(from_client, payload, _PPID_NGAP, stream_id)

    def datagram(
        self, time_ns: int, source: Endpoint, destination: Endpoint, payload: bytes
    ) -> None:
        """A UDP datagram passed."""
        self._composer.at(time_ns)
        self._composer.udp(source, destination, payload)

    def exported(
        self, time_ns: int, source: Endpoint, destination: Endpoint, dissector: str, payload: bytes
    ) -> None:
        """An RRC message without PDCP passed: a frame that names its dissector."""
        self._composer.at(time_ns)
        self._composer.exported(dissector, payload, source, destination, "Uu")

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """An HTTP message passed: as HTTP/2 with prior knowledge."""
        self._composer.at(time_ns)
        key = (connection, frozenset((source, destination)))
        conversation = self._conversations.get(key)
        if conversation is None:
            ends = (source, destination) if message.is_request else (destination, source)
            tcp = self._composer.connection(*ends)
            conversation = self._conversations[key] = _Conversation(tcp)
        conversation.send(message)

    # Packets and octets as they were.

    def sctp_packet(self, time_ns: int, source: str, destination: str, packet: bytes) -> None:
        """An SCTP packet passed, checksum and all."""
        self._composer.at(time_ns)
        self._composer.ip(source, destination, _SCTP, packet)

    def key_log(self, lines: bytes) -> None:
        """Secrets of TLS connections, into a block that Wireshark reads."""
        self._writer.write_secrets(TLS_KEY_LOG, lines)
        self._stream.flush()

    def esp_keys(self, lines: bytes) -> None:
        """Keys of ESP associations, into a block of our own."""
        self._writer.write_secrets(ESP_KEYS, lines)
        self._stream.flush()

    def no_connection(
        self, time_ns: int, client: Endpoint, server: Endpoint, *, refused: bool
    ) -> None:
        """Somebody wanted to connect, and was refused or not answered."""
        self._composer.at(time_ns)
        self._composer.no_connection(client, server, refused=refused)

    def probe(self, probe: Probe) -> None:
        """A port was tried: the packets that follow from what the socket told of it."""
        self._composer.at(probe.time_ns)
        compose_probe(self._composer, probe)

    def tcp(self, time_ns: int, client: Endpoint, server: Endpoint) -> TcpNote:
        """A TCP connection was made; what to call with its octets as they pass."""
        self._composer.at(time_ns)
        connection = self._composer.connection(client, server)

        def note(time_ns: int, from_client: bool, octets: bytes | None) -> None:
            self._composer.at(time_ns)
            if octets is None:
                connection.close(from_client)
            else:
                connection.send(from_client, octets)

        return note


class _Conversation:
    """One HTTP/2 connection, both ends of it, into the segments of one TCP connection."""

    def __init__(self, tcp: TcpConnection) -> None:
        self._tcp = tcp
        self._ends = {
            side: H2Connection(H2Configuration(client_side=side, header_encoding="utf-8"))
            for side in (True, False)
        }
        self._streams: dict[int, int] = {}
        for side in (True, False):
            self._ends[side].initiate_connection()
            self._flush(side)
        self._flush(True)

    def send(self, message: HttpMessage) -> None:
        """One message, as frames."""
        if message.is_request:
            side = True
            stream_id = self._ends[True].get_next_available_stream_id()
            self._streams[id(message)] = stream_id
            headers = [
                (":method", message.method or "GET"),
                (":scheme", message.scheme or "http"),
                (":authority", message.authority or ""),
                (":path", message.path or "/"),
            ]
        else:
            side = False
            stream_id = self._streams.pop(id(message.request), 0)
            if stream_id == 0:
                return
            headers = [(":status", str(message.status or 500))]
        headers += message.headers
        end = self._ends[side]
        end.send_headers(stream_id, headers, end_stream=not message.body)
        self._flush(side)
        if message.body:
            self._send_body(side, stream_id, message.body)

    def _send_body(self, side: bool, stream_id: int, body: bytes) -> None:
        end, other = self._ends[side], self._ends[not side]
        position = 0
        while position < len(body):
            size = min(end.max_outbound_frame_size, end.local_flow_control_window(stream_id))
            piece = body[position : position + size]
            position += len(piece)
            end.send_data(stream_id, piece, end_stream=position >= len(body))
            self._flush(side)
            other.acknowledge_received_data(len(piece), stream_id)
            self._flush(not side)

    def _flush(self, side: bool) -> None:
        octets = self._ends[side].data_to_send()
        if octets:
            self._tcp.send(side, octets)
            self._ends[not side].receive_data(octets)
