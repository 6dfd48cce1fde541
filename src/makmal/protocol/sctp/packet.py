"""SCTP packets: the common header, the CRC32c checksum and the chunks (RFC 9260, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, error

import google_crc32c

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.sctp.chunk import Chunk, decode_chunk, encode_chunk

_HEADER = Struct(">HHI")
HEADER_OCTETS = 12


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet. ``padding`` is what fills each chunk up to four octets, where it is not zeros.

    ``checksum`` is the one that was sent, None for the right one.
    """

    source_port: int
    destination_port: int
    verification_tag: int
    chunks: tuple[Chunk, ...]
    checksum: int | None = None
    padding: tuple[bytes | None, ...] = ()

    @property
    def has_right_checksum(self) -> bool:
        """Whether the checksum is the CRC32c of the packet."""
        return self.checksum is None or self.checksum == checksum(encode(self))


def checksum(packet: bytes) -> int:
    """The CRC32c of a packet whose checksum field counts as zero (RFC 9260, appendix A)."""
    cleared = packet[:8] + bytes(4) + packet[HEADER_OCTETS:]
    return int.from_bytes(int(google_crc32c.value(cleared)).to_bytes(4, "little"), "big")


def decode(octets: bytes) -> Packet:
    """Decode a whole packet. Raises DecodeError."""
    if len(octets) < HEADER_OCTETS:
        raise DecodeError("SCTP", len(octets), "the common header is cut off")
    source, destination, tag = _HEADER.unpack_from(octets)
    found: list[Chunk] = []
    padding: list[bytes | None] = []
    position = HEADER_OCTETS
    while position < len(octets):
        if len(octets) - position < 4:
            raise DecodeError("SCTP", position, "a chunk header is cut off")
        length = int.from_bytes(octets[position + 2 : position + 4], "big")
        end = position + length
        if length < 4 or end > len(octets):
            raise DecodeError("SCTP", position + 2, f"a chunk of length {length}")
        found.append(
            decode_chunk(
                octets[position], octets[position + 1], octets[position + 4 : end], position + 4
            )
        )
        padded = min(end + -length % 4, len(octets))
        filling = octets[end:padded]
        padding.append(None if filling == bytes(-length % 4) else filling)
        position = padded
    sent = int.from_bytes(octets[8:12], "big")
    unusual = tuple(padding) if any(each is not None for each in padding) else ()
    packet = Packet(source, destination, tag, tuple(found), None, unusual)
    right = sent == checksum(octets)
    return packet if right else Packet(source, destination, tag, tuple(found), sent, unusual)


def encode(packet: Packet) -> bytes:
    """The octets of a packet. Raises EncodeError."""
    try:
        out = bytearray(
            _HEADER.pack(packet.source_port, packet.destination_port, packet.verification_tag)
        )
    except error as problem:
        raise EncodeError("SCTP", "common header", str(problem)) from problem
    out += bytes(4)
    for index, chunk in enumerate(packet.chunks):
        octets = encode_chunk(chunk)
        filling = packet.padding[index] if index < len(packet.padding) else None
        out += octets + (bytes(-len(octets) % 4) if filling is None else filling)
    sent = packet.checksum if packet.checksum is not None else checksum(bytes(out))
    out[8:12] = sent.to_bytes(4, "big")
    return bytes(out)
