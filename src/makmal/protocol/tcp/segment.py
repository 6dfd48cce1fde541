"""TCP segments (RFC 9293, 3.1). The checksum is the business of who knows the addresses."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from makmal.protocol.errors import DecodeError

_HEADER = Struct(">HHIIBBHHH")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_END, _NOTHING, _MAXIMUM_SEGMENT_SIZE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Segment:
    """``maximum_segment_size`` is the option's value, None without it."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    window: int
    payload: bytes = b""
    maximum_segment_size: int | None = None

    @property
    def length(self) -> int:
        """What it takes of the sequence space: SYN and FIN count."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def encode(self) -> bytes:
        """The octets, with a checksum of zero at offset 16."""
        options = b""
        if self.maximum_segment_size is not None:
            options = b"\x02\x04" + self.maximum_segment_size.to_bytes(2, "big")
        words = 5 + len(options) // 4
        header = _HEADER.pack(
            self.source_port,
            self.destination_port,
            self.sequence,
            self.acknowledgment,
            words << 4,
            self.flags,
            self.window,
            0,
            0,
        )
        return header + options + self.payload


def decode(octets: bytes) -> Segment:
    """A segment. Raises DecodeError for one that is cut."""
    if len(octets) < 20:
        raise DecodeError("TCP", 0, f"a segment of {len(octets)} octets")
    source, destination, sequence, acknowledgment, words, flags, window, _, _ = _HEADER.unpack_from(
        octets
    )
    start = (words >> 4) * 4
    if not 20 <= start <= len(octets):
        raise DecodeError("TCP", 12, f"a header of {start} octets in {len(octets)}")
    return Segment(
        source,
        destination,
        sequence,
        acknowledgment,
        flags & 0x3F,
        window,
        octets[start:],
        _size_option(octets[20:start]),
    )


def _size_option(options: bytes) -> int | None:
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == _END:
            break
        if kind == _NOTHING:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            break
        if kind == _MAXIMUM_SEGMENT_SIZE and length == 4:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += length
    return None
