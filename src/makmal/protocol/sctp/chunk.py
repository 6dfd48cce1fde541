"""The chunks of SCTP (RFC 9260, 3.3; I-DATA of RFC 8260)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct, error

from makmal.protocol.errors import DecodeError, EncodeError


class ChunkType(IntEnum):
    """IANA registry of SCTP chunk types."""

    DATA = 0
    INIT = 1
    INIT_ACK = 2
    SACK = 3
    HEARTBEAT = 4
    HEARTBEAT_ACK = 5
    ABORT = 6
    SHUTDOWN = 7
    SHUTDOWN_ACK = 8
    ERROR = 9
    COOKIE_ECHO = 10
    COOKIE_ACK = 11
    ECNE = 12
    CWR = 13
    SHUTDOWN_COMPLETE = 14
    AUTH = 15
    I_DATA = 64
    ASCONF_ACK = 128
    RE_CONFIG = 130
    PAD = 132
    FORWARD_TSN = 192
    ASCONF = 193
    I_FORWARD_TSN = 194


_DATA = Struct(">IHHI")
_I_DATA = Struct(">IHHII")
_INIT = Struct(">IIHHI")
_SACK = Struct(">IIHH")
_PAIR = Struct(">HH")

_END, _BEGINNING, _UNORDERED, _IMMEDIATE = 0x01, 0x02, 0x04, 0x08


@dataclass(frozen=True, slots=True)
class Data:
    """A DATA chunk, or an I-DATA chunk when ``message_identifier`` is not None.

    ``stream_sequence_number`` is of DATA (and the reserved field of I-DATA); in I-DATA,
    ``fragment_sequence_number`` stands for the payload protocol identifier in all but the first
    fragment. ``flags`` are the flags as they travel.
    """

    tsn: int
    stream_id: int
    stream_sequence_number: int
    payload_protocol_id: int
    payload: bytes
    flags: int = _BEGINNING | _END
    message_identifier: int | None = None

    @property
    def chunk_type(self) -> int:
        """DATA or I-DATA."""
        return ChunkType.DATA if self.message_identifier is None else ChunkType.I_DATA

    @property
    def is_beginning(self) -> bool:
        """The first fragment of a user message."""
        return bool(self.flags & _BEGINNING)

    @property
    def is_end(self) -> bool:
        """The last fragment of a user message."""
        return bool(self.flags & _END)

    @property
    def is_unordered(self) -> bool:
        """Delivered without regard to its stream's order."""
        return bool(self.flags & _UNORDERED)

    def body(self) -> bytes:
        """The chunk value."""
        if self.message_identifier is None:
            head = _DATA.pack(
                self.tsn, self.stream_id, self.stream_sequence_number, self.payload_protocol_id
            )
        else:
            head = _I_DATA.pack(
                self.tsn,
                self.stream_id,
                self.stream_sequence_number,
                self.message_identifier,
                self.payload_protocol_id,
            )
        return head + self.payload


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of INIT, or an error cause: type and value (RFC 9260, 3.2.1 and 3.3.10).

    ``padding`` are the octets that fill it up to a multiple of four; zeros, from a sound sender.
    """

    parameter_type: int
    value: bytes
    padding: bytes | None = None

    def encode(self, last: bool) -> bytes:
        """With padding; after the last parameter the chunk's own padding takes its place."""
        out = _PAIR.pack(self.parameter_type, 4 + len(self.value)) + self.value
        if self.padding is not None:
            return out + self.padding
        return out if last else out + bytes(-len(out) % 4)


@dataclass(frozen=True, slots=True)
class Init:
    """INIT or INIT ACK."""

    chunk_type: int
    initiate_tag: int
    advertised_receiver_window_credit: int
    outbound_streams: int
    inbound_streams: int
    initial_tsn: int
    parameters: tuple[Parameter, ...] = ()
    flags: int = 0

    def body(self) -> bytes:
        """The chunk value."""
        return _INIT.pack(
            self.initiate_tag,
            self.advertised_receiver_window_credit,
            self.outbound_streams,
            self.inbound_streams,
            self.initial_tsn,
        ) + _encode_parameters(self.parameters)


@dataclass(frozen=True, slots=True)
class Sack:
    """SACK. Gap blocks are (start, end) offsets from the cumulative TSN."""

    cumulative_tsn: int
    advertised_receiver_window_credit: int
    gap_blocks: tuple[tuple[int, int], ...] = ()
    duplicate_tsns: tuple[int, ...] = ()
    flags: int = 0

    chunk_type = ChunkType.SACK

    def body(self) -> bytes:
        """The chunk value."""
        head = _SACK.pack(
            self.cumulative_tsn,
            self.advertised_receiver_window_credit,
            len(self.gap_blocks),
            len(self.duplicate_tsns),
        )
        gaps = b"".join(_PAIR.pack(*block) for block in self.gap_blocks)
        return head + gaps + b"".join(tsn.to_bytes(4, "big") for tsn in self.duplicate_tsns)


@dataclass(frozen=True, slots=True)
class Tlvs:
    """A chunk that is a list of parameters: HEARTBEAT, its ACK, ABORT and ERROR."""

    chunk_type: int
    parameters: tuple[Parameter, ...]
    flags: int = 0

    def body(self) -> bytes:
        """The chunk value."""
        return _encode_parameters(self.parameters)


@dataclass(frozen=True, slots=True)
class CookieEcho:
    """COOKIE ECHO."""

    cookie: bytes
    flags: int = 0

    chunk_type = ChunkType.COOKIE_ECHO

    def body(self) -> bytes:
        """The chunk value."""
        return self.cookie


@dataclass(frozen=True, slots=True)
class Unread:
    """Any other chunk: its value as it travelled."""

    chunk_type: int
    value: bytes
    flags: int = 0

    def body(self) -> bytes:
        """The chunk value."""
        return self.value


Chunk = Data | Init | Sack | Tlvs | CookieEcho | Unread


def encode_chunk(chunk: Chunk) -> bytes:
    """Header and value, without padding. Raises EncodeError."""
    try:
        body = chunk.body()
        return bytes((chunk.chunk_type, chunk.flags)) + (4 + len(body)).to_bytes(2, "big") + body
    except (error, OverflowError, ValueError) as problem:
        name = type(chunk).__name__
        raise EncodeError("SCTP", name, f"a number does not fit its field ({problem})") from problem


def decode_chunk(chunk_type: int, flags: int, value: bytes, offset: int) -> Chunk:
    """The chunk with this value; ``offset`` is where the value begins in the packet.

    Raises DecodeError.
    """
    try:
        if chunk_type == ChunkType.DATA:
            tsn, stream, sequence, protocol = _DATA.unpack_from(value)
            return Data(tsn, stream, sequence, protocol, value[_DATA.size :], flags)
        if chunk_type == ChunkType.I_DATA:
            tsn, stream, reserved, identifier, protocol = _I_DATA.unpack_from(value)
            return Data(tsn, stream, reserved, protocol, value[_I_DATA.size :], flags, identifier)
        if chunk_type in (ChunkType.INIT, ChunkType.INIT_ACK):
            tag, credit, outbound, inbound, tsn = _INIT.unpack_from(value)
            parameters = _parameters(value, _INIT.size, offset)
            return Init(chunk_type, tag, credit, outbound, inbound, tsn, parameters, flags)
        if chunk_type == ChunkType.SACK:
            return _sack(value, flags, offset)
    except error as problem:
        raise DecodeError("SCTP", offset, "the chunk is cut off") from problem
    if chunk_type in _PARAMETER_LISTS:
        return Tlvs(chunk_type, _parameters(value, 0, offset), flags)
    if chunk_type == ChunkType.COOKIE_ECHO:
        return CookieEcho(value, flags)
    return Unread(chunk_type, value, flags)


_PARAMETER_LISTS = frozenset(
    {ChunkType.HEARTBEAT, ChunkType.HEARTBEAT_ACK, ChunkType.ABORT, ChunkType.ERROR}
)


def _sack(value: bytes, flags: int, offset: int) -> Sack:
    cumulative, credit, gaps, duplicates = _SACK.unpack_from(value)
    if len(value) != _SACK.size + 4 * (gaps + duplicates):
        raise DecodeError("SCTP", offset + 8, f"{gaps} gap blocks and {duplicates} duplicates")
    blocks = tuple(_PAIR.unpack_from(value, _SACK.size + 4 * index) for index in range(gaps))
    start = _SACK.size + 4 * gaps
    tsns = tuple(
        int.from_bytes(value[start + 4 * index : start + 4 * index + 4], "big")
        for index in range(duplicates)
    )
    return Sack(cumulative, credit, blocks, tsns, flags)


def _parameters(value: bytes, position: int, offset: int) -> tuple[Parameter, ...]:
    found = []
    while position < len(value):
        if len(value) - position < 4:
            raise DecodeError("SCTP", offset + position, "a parameter is cut off")
        kind, length = _PAIR.unpack_from(value, position)
        end = position + length
        if length < 4 or end > len(value):
            raise DecodeError("SCTP", offset + position + 2, f"a parameter of length {length}")
        padded = min(end + -length % 4, len(value))
        padding = value[end:padded]
        # The padding of the last parameter is the chunk's, and not counted in its length; a sender
        # that counts it all the same is followed (RFC 9260, 3.2).
        is_usual = padding == (b"" if padded == len(value) else bytes(-length % 4))
        found.append(Parameter(kind, value[position + 4 : end], None if is_usual else padding))
        position = padded
    return tuple(found)


def _encode_parameters(parameters: tuple[Parameter, ...]) -> bytes:
    count = len(parameters)
    return b"".join(
        parameter.encode(index == count - 1) for index, parameter in enumerate(parameters)
    )
