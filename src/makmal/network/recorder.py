"""Recording a trace: every message that passes, in order, with the marks of the steps.

The quick recorder keeps payloads; it is what the proof runs on. The frame recorder (trace/compose)
makes the packets of a capture file of the same payloads. Both number what Wireshark would number.
"""

from __future__ import annotations

from typing import Protocol

from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint, HttpPayload, Payload, SctpMessage, StepMark, UdpDatagram

_PPID_NGAP = 60


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

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """An HTTP message passed."""


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

    def http(
        self,
        time_ns: int,
        source: Endpoint,
        destination: Endpoint,
        message: HttpMessage,
        connection: int,
    ) -> None:
        """Nothing."""


class PayloadRecorder:
    """Keeps payloads in memory, one number for each."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []
        self._frame = 0

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
