"""HPACK (RFC 7541) as an observer reads it: also from the middle of a connection.

The ``hpack`` library decodes what an endpoint receives, and rightly gives up on a reference to an
entry that it never saw. An observer that joined late must go on instead, and must know which header
it cannot tell. Here each field also keeps how it was represented, so that a block can be written
again octet by octet.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from hpack.exceptions import HPACKDecodingError
from hpack.hpack import decode_integer, encode_integer
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi.message import UNKNOWN

_STATIC = tuple(
    (name.decode("ascii"), value.decode("ascii")) for name, value in HeaderTable.STATIC_TABLE
)
_DEFAULT_TABLE_SIZE = 4096
# RFC 7541, 4.1: what an entry counts beside its octets.
_ENTRY_OVERHEAD = 32
_HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


class Representation(Enum):
    """How a field was written: the pattern of its first octet, and its prefix in bits.

    RFC 7541, 6.
    """

    INDEXED = (0x80, 7)
    INCREMENTAL_INDEXING = (0x40, 6)
    WITHOUT_INDEXING = (0x00, 4)
    NEVER_INDEXED = (0x10, 4)
    TABLE_SIZE_UPDATE = (0x20, 5)


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal: its octets, and whether they travel Huffman coded (RFC 7541, 5.2)."""

    octets: bytes
    huffman: bool = True

    def encode(self) -> bytes:
        """As it travels."""
        coded = _HUFFMAN.encode(self.octets) if self.huffman else self.octets
        length = encode_integer(len(coded), 7)
        if self.huffman:
            length[0] |= 0x80
        return bytes(length) + coded


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a block.

    ``index`` is the table index of the field or of its name (0: a literal name), or the new size
    of a table size update. ``name`` and ``value`` are what the two mean; UNKNOWN where they refer
    to an entry that was made before the observer came.
    """

    representation: Representation
    index: int
    name: str = ""
    value: str = ""
    literal_name: Text | None = None
    literal_value: Text | None = None

    def encode(self) -> bytes:
        """The same octets that it was read from."""
        pattern, prefix = self.representation.value
        head = encode_integer(self.index, prefix)
        head[0] |= pattern
        out = bytes(head)
        if self.literal_name is not None:
            out += self.literal_name.encode()
        if self.literal_value is not None:
            out += self.literal_value.encode()
        return out


def encode_block(fields: list[Field]) -> bytes:
    """The header block of these fields."""
    return b"".join(field.encode() for field in fields)


class HeaderBlocks:
    """Reads the header blocks of one direction of a connection, in order.

    ``from_start`` tells whether the direction has been seen from its first block on.
    """

    def __init__(self, from_start: bool) -> None:
        self._entries: deque[tuple[str, str]] = deque()
        self._size = 0
        self._most = _DEFAULT_TABLE_SIZE
        self._whole = from_start

    def lost(self) -> None:
        """Blocks were lost: the indices of all entries may have moved."""
        self._entries.clear()
        self._size = 0
        self._whole = False

    def read(self, block: bytes) -> list[Field]:
        """The fields of a block. Raises DecodeError."""
        fields = []
        position = 0
        while position < len(block):
            try:
                field, position = self._field(block, position)
            except (HPACKDecodingError, IndexError, UnicodeDecodeError) as error:
                raise DecodeError("HPACK", position, "a malformed header field") from error
            fields.append(field)
        return fields

    def _field(self, block: bytes, position: int) -> tuple[Field, int]:
        first = block[position]
        if first & 0x80:
            index, position = _integer(block, position, 7)
            name, value = self._entry(index, position)
            return Field(Representation.INDEXED, index, name, value), position
        if first & 0xE0 == 0x20:
            size, position = _integer(block, position, 5)
            self._most = min(size, 1 << 20)
            self._evict()
            return Field(Representation.TABLE_SIZE_UPDATE, size), position
        if first & 0x40:
            representation, prefix = Representation.INCREMENTAL_INDEXING, 6
        elif first & 0x10:
            representation, prefix = Representation.NEVER_INDEXED, 4
        else:
            representation, prefix = Representation.WITHOUT_INDEXING, 4
        index, position = _integer(block, position, prefix)
        literal_name = None
        if index:
            name = self._entry(index, position)[0]
        else:
            literal_name, position = _text(block, position)
            name = literal_name.octets.decode("latin-1")
        literal_value, position = _text(block, position)
        value = literal_value.octets.decode("latin-1")
        if representation is Representation.INCREMENTAL_INDEXING:
            self._entries.appendleft((name, value))
            self._size += len(name) + len(value) + _ENTRY_OVERHEAD
            self._evict()
        return Field(representation, index, name, value, literal_name, literal_value), position

    def _entry(self, index: int, position: int) -> tuple[str, str]:
        if index == 0:
            raise DecodeError("HPACK", position, "index 0")
        if index <= len(_STATIC):
            return _STATIC[index - 1]
        dynamic = index - len(_STATIC) - 1
        if dynamic < len(self._entries):
            return self._entries[dynamic]
        if self._whole:
            raise DecodeError("HPACK", position, f"index {index} is beyond the table")
        return UNKNOWN, UNKNOWN

    def _evict(self) -> None:
        while self._size > self._most and self._entries:
            name, value = self._entries.pop()
            self._size -= len(name) + len(value) + _ENTRY_OVERHEAD


def _integer(block: bytes, position: int, prefix: int) -> tuple[int, int]:
    # Five octets after the prefix hold any number that a sane sender uses; more is an attack.
    value, used = decode_integer(block[position : position + 6], prefix)
    return value, position + used


def _text(block: bytes, position: int) -> tuple[Text, int]:
    huffman = bool(block[position] & 0x80)
    length, position = _integer(block, position, 7)
    octets = block[position : position + length]
    if len(octets) != length:
        raise DecodeError("HPACK", position, f"a string of {length} octets is cut off")
    return Text(decode_huffman(octets) if huffman else octets, huffman), position + length
