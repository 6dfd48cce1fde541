"""Recording a trace: every message that passes, in order, with the marks of the steps.

The quick recorder keeps payloads; it is what the proof runs on. The frame recorder (trace/compose)
makes the packets of a capture file of the same payloads. Both number what Wireshark would number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import (
    Endpoint,
    EspKeys,
    ExportedPdu,
    HttpPayload,
    KeyLog,
    Payload,
    Probe,
    SctpMessage,
    StepMark,
    TcpChunk,
    UdpDatagram,
)

_PPID_NGAP = 60
# Takes the octets of a connection as they pass: the time, whether they are the client's, and the
# octets, None when that end has closed.
TcpNote = Callable[[int, bool, bytes | None], None]


class Recorder(Protocol):
    """Takes down what passes. Times are nanoseconds since 1970-01-01 UTC."""

    def step(self, time_ns: int, name: str) -> None:
        """A step of the procedure begins."""

    def n2(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        stream_id: int = 0,
    ) -> None:
        """An NGAP PDU passed."""

    def datagram(
        self, time_ns: int, source: Endpoint, destination: Endpoint, payload: bytes
    ) -> None:
        """A UDP datagram passed."""

    def exported(
        self, time_ns: int, source: Endpoint, destination: Endpoint, dissector: str, payload: bytes
    ) -> None:
        """An RRC message without PDCP passed; Wireshark's dissector for it is named."""

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """An HTTP message passed."""

    def tcp(self, time_ns: int, client: Endpoint, server: Endpoint) -> TcpNote:
        """A TCP connection was made; what to call with its octets as they pass."""

    def probe(self, probe: Probe) -> None:
        """A port was tried."""

    def key_log(self, lines: bytes) -> None:
        """Secrets of TLS connections, as lines of a key log, ahead of what they open."""

    def esp_keys(self, lines: bytes) -> None:
        """Keys of ESP associations (``trace/esp_secrets.py``), ahead of what they open."""


class NoRecorder:
    """Keeps nothing: for a network that only serves."""

    def step(self, time_ns: int, name: str) -> None:
        """Nothing."""

    def n2(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        stream_id: int = 0,
    ) -> None:
        """Nothing."""

    def datagram(
        self, time_ns: int, source: Endpoint, destination: Endpoint, payload: bytes
    ) -> None:
        """Nothing."""

    def exported(
        self, time_ns: int, source: Endpoint, destination: Endpoint, dissector: str, payload: bytes
    ) -> None:
        """Nothing."""

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """Nothing."""

    def tcp(self, time_ns: int, client: Endpoint, server: Endpoint) -> TcpNote:
        """Nothing."""
        return lambda time_ns, from_client, octets: None

    def probe(self, probe: Probe) -> None:
        """Nothing."""

    def key_log(self, lines: bytes) -> None:
        """Nothing."""

    def esp_keys(self, lines: bytes) -> None:
        """Nothing."""


class PayloadRecorder:
    """Keeps payloads in memory, one number for each."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []
        self._frame = 0
        self._connection = 0

    def _next(self) -> int:
        self._frame += 1
        return self._frame

    def step(self, time_ns: int, name: str) -> None:
        """A step of the procedure begins: a frame of its own."""
        self.payloads.append(StepMark(self._next(), time_ns, name))

    def n2(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        payload: bytes,
        stream_id: int = 0,
    ) -> None:
        """An NGAP PDU passed."""
        self.payloads.append(
            SctpMessage(
                (self._next(),), time_ns, source, destination, stream_id, _PPID_NGAP, payload, False
            )
        )

    def datagram(
        self, time_ns: int, source: Endpoint, destination: Endpoint, payload: bytes
    ) -> None:
        """A UDP datagram passed."""
        self.payloads.append(
            UdpDatagram((self._next(),), time_ns, source, destination, payload, False)
        )

    def exported(
        self, time_ns: int, source: Endpoint, destination: Endpoint, dissector: str, payload: bytes
    ) -> None:
        """An RRC message without PDCP passed."""
        self.payloads.append(
            ExportedPdu(self._next(), time_ns, source, destination, dissector, payload)
        )

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """An HTTP message passed."""
        self.payloads.append(
            HttpPayload(self._next(), time_ns, source, destination, connection, message)
        )

    def tcp(self, time_ns: int, client: Endpoint, server: Endpoint) -> TcpNote:
        """A TCP connection was made."""
        self._connection += 1
        connection = self._connection

        def note(time_ns: int, from_client: bool, octets: bytes | None) -> None:
            ends = (client, server) if from_client else (server, client)
            ended = octets is None
            self.payloads.append(
                TcpChunk(self._next(), time_ns, *ends, connection, octets or b"", False, ended)
            )

        return note

    def probe(self, probe: Probe) -> None:
        """A port was tried."""
        self.payloads.append(probe._replace(frame=self._next()))

    def key_log(self, lines: bytes) -> None:
        """Secrets of TLS connections."""
        self.payloads.append(KeyLog(lines))

    def esp_keys(self, lines: bytes) -> None:
        """Keys of ESP associations."""
        self.payloads.append(EspKeys(lines))
