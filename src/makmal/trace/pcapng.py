"""pcapng files (draft-ietf-opsawg-pcapng): read any, write what Makmal records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO

from makmal import __version__
from makmal.trace.capture_source import LONGEST_FRAME, CaptureError, Source
from makmal.trace.frame import Frame

MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_INTERFACE_DESCRIPTION = 1
_PACKET = 2
_SIMPLE_PACKET = 3
_ENHANCED_PACKET = 6
_DECRYPTION_SECRETS = 10
_SECTION_HEADER = 0x0A0D0D0A

_END_OF_OPTIONS = 0
_COMMENT = 1
_IF_NAME = 2
_IF_TIME_RESOLUTION = 9
_IF_TIME_OFFSET = 14
_APPLICATION = 4

# So many damaged blocks are told one by one; of more, their number.
_MOST_DAMAGED_TOLD = 100


@dataclass(slots=True)
class _Interface:
    link_type: int
    snap_length: int = 0
    name: str = ""
    units_per_second: int = 1_000_000
    offset_seconds: int = 0

    def time_ns(self, stamp: int) -> int:
        if self.units_per_second == 1_000_000_000:
            return stamp + self.offset_seconds * 1_000_000_000
        return stamp * 1_000_000_000 // self.units_per_second + self.offset_seconds * 1_000_000_000


class Reader:
    """The frames of one pcapng file, over all of its sections and interfaces."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.secrets: list[tuple[int, bytes]] = []
        self.comment = ""
        self._interfaces: list[_Interface] = []
        self._damaged = 0
        self._set_byte_order("<")
        header = source.take(8, "its header")
        self._section(header)

    def _set_byte_order(self, order: str) -> None:
        self._order = order
        self._two = Struct(order + "II")
        self._enhanced = Struct(order + "IIIII")
        self._option = Struct(order + "HH")

    def _section(self, header: bytes) -> None:
        magic = self._source.take(4, "a section header")
        order = _BYTE_ORDERS.get(magic)
        if order is None:
            raise CaptureError(
                f"octet {self._source.offset - 12}: a section header without a byte order mark: "
                "the file is damaged, or is no pcapng file"
            )
        self._set_byte_order(order)
        length = self._two.unpack(header)[1]
        if length % 4 or not 28 <= length <= LONGEST_FRAME:
            raise CaptureError(
                f"octet {self._source.offset - 12}: a section header that claims {length} octets: "
                "the file is damaged"
            )
        body = self._source.take(length - 12, "a section header")
        self._interfaces = []
        for code, value in self._options(body, 12, len(body) - 4):
            if code == _COMMENT and not self.comment:
                self.comment = value.decode("utf-8", "replace")

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._frames()
        finally:
            if self._damaged > _MOST_DAMAGED_TOLD:
                self._source.problems.append(
                    f"{self._damaged} packet blocks are damaged; the first {_MOST_DAMAGED_TOLD} "
                    "of them are listed"
                )

    def _frames(self) -> Iterator[Frame]:
        source, number = self._source, 0
        while True:
            start = source.offset
            header = source.take_or_end(8, f"the block after frame {number}")
            if header is None:
                return
            if header[:4] == MAGIC:
                self._section(header)
                continue
            kind, length = self._two.unpack(header)
            if length % 4 or not 12 <= length <= LONGEST_FRAME + 1024:
                source.problems.append(
                    f"octet {start}: a block that claims {length} octets: the file is damaged "
                    f"there, and only the {number} frames before it were read"
                )
                return
            body = source.take(length - 8, f"the block after frame {number}")
            if body[-4:] != header[4:]:
                source.problems.append(
                    f"octet {start}: a block whose two lengths differ: the file is damaged there, "
                    f"and only the {number} frames before it were read"
                )
                return
            frame = None
            if kind == _ENHANCED_PACKET:
                frame = self._enhanced_packet(body, number + 1)
            elif kind == _SIMPLE_PACKET:
                frame = self._simple_packet(body, number + 1)
            elif kind == _PACKET:
                frame = self._packet(body, number + 1)
            elif kind == _INTERFACE_DESCRIPTION:
                self._interface(body)
            elif kind == _DECRYPTION_SECRETS and len(body) >= 12:
                secrets_type, size = self._two.unpack_from(body)
                self.secrets.append((secrets_type, body[8 : 8 + min(size, len(body) - 12)]))
            if kind in (_ENHANCED_PACKET, _SIMPLE_PACKET, _PACKET):
                number += 1
                if frame is not None:
                    yield frame
                    continue
                self._damaged += 1
                if self._damaged <= _MOST_DAMAGED_TOLD:
                    source.problems.append(f"frame {number}, octet {start}: a damaged packet block")

    def _options(self, body: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        while start + 4 <= end:
            code, length = self._option.unpack_from(body, start)
            if code == _END_OF_OPTIONS or start + 4 + length > end:
                return
            yield code, body[start + 4 : start + 4 + length]
            start += 4 + length + (-length % 4)

    def _interface(self, body: bytes) -> None:
        if len(body) < 12:
            self._interfaces.append(_Interface(-1))
            return
        link_type, _ = self._option.unpack_from(body)
        _, snap_length = self._two.unpack_from(body)
        interface = _Interface(link_type, snap_length)
        for code, value in self._options(body, 8, len(body) - 4):
            if code == _IF_NAME:
                interface.name = value.decode("utf-8", "replace")
            elif code == _IF_TIME_RESOLUTION and value:
                exponent = value[0] & 0x7F
                interface.units_per_second = (2 if value[0] & 0x80 else 10) ** exponent
            elif code == _IF_TIME_OFFSET and len(value) == 8:
                interface.offset_seconds = int.from_bytes(
                    value, "little" if self._order == "<" else "big", signed=True
                )
        self._interfaces.append(interface)

    def _enhanced_packet(self, body: bytes, number: int) -> Frame | None:
        if len(body) < 24:
            return None
        index, high, low, length, original_length = self._enhanced.unpack_from(body)
        end = 20 + length
        if end > len(body) - 4 or index >= len(self._interfaces):
            return None
        interface = self._interfaces[index]
        comment = ""
        padded = end + (-length % 4)
        if padded < len(body) - 4:
            comment = "\n".join(
                value.decode("utf-8", "replace")
                for code, value in self._options(body, padded, len(body) - 4)
                if code == _COMMENT
            )
        return Frame(
            number,
            interface.time_ns(high << 32 | low),
            interface.link_type,
            body[20:end],
            max(original_length, length),
            interface.name,
            comment,
        )

    def _simple_packet(self, body: bytes, number: int) -> Frame | None:
        if len(body) < 8 or not self._interfaces:
            return None
        original_length = int(self._two.unpack_from(body + b"\0" * 4)[0])
        interface = self._interfaces[0]
        length = min(original_length, len(body) - 8, interface.snap_length or LONGEST_FRAME)
        return Frame(
            number, 0, interface.link_type, body[4 : 4 + length], original_length, interface.name
        )

    def _packet(self, body: bytes, number: int) -> Frame | None:
        # The obsolete packet block: its interface number is 16 bits, followed by a drop count.
        if len(body) < 24:
            return None
        index = self._option.unpack_from(body)[0]
        _, high, low, length, original_length = self._enhanced.unpack_from(body)
        if 20 + length > len(body) - 4 or index >= len(self._interfaces):
            return None
        interface = self._interfaces[index]
        return Frame(
            number,
            interface.time_ns(high << 32 | low),
            interface.link_type,
            body[20 : 20 + length],
            max(original_length, length),
            interface.name,
        )


class Writer:
    """Writes frames as pcapng with nanoseconds and comments; the same frames, the same octets."""

    def __init__(self, stream: BinaryIO, comment: str = "") -> None:
        self._stream = stream
        self._interfaces: dict[tuple[str, int], int] = {}
        self._block = Struct("<II")
        body = Struct("<IHHq").pack(0x1A2B3C4D, 1, 0, -1)
        options = [(_COMMENT, comment.encode())] if comment else []
        options.append((_APPLICATION, f"Makmal {__version__}".encode()))
        self._write_block(_SECTION_HEADER, body + self._encode_options(options))

    def write(self, frame: Frame) -> None:
        """Append one frame; its number is given by its place in the file."""
        key = (frame.interface, frame.link_type)
        index = self._interfaces.get(key)
        if index is None:
            index = self._interfaces[key] = len(self._interfaces)
            options = [(_IF_TIME_RESOLUTION, b"\x09")]
            if frame.interface:
                options.insert(0, (_IF_NAME, frame.interface.encode()))
            body = Struct("<HHI").pack(frame.link_type, 0, 0)
            self._write_block(_INTERFACE_DESCRIPTION, body + self._encode_options(options))
        data = frame.data
        body = Struct("<IIIII").pack(
            index,
            frame.time_ns >> 32,
            frame.time_ns & 0xFFFFFFFF,
            len(data),
            max(frame.original_length, len(data)),
        )
        body += data + b"\0" * (-len(data) % 4)
        if frame.comment:
            body += self._encode_options([(_COMMENT, frame.comment.encode())])
        self._write_block(_ENHANCED_PACKET, body)

    def write_secrets(self, secrets_type: int, secrets: bytes) -> None:
        """Append decryption secrets (0x544c534b: a TLS key log), for the frames that follow."""
        body = self._block.pack(secrets_type, len(secrets)) + secrets
        self._write_block(_DECRYPTION_SECRETS, body + b"\0" * (-len(secrets) % 4))

    @staticmethod
    def _encode_options(options: list[tuple[int, bytes]]) -> bytes:
        encoded = b"".join(
            Struct("<HH").pack(code, len(value)) + value + b"\0" * (-len(value) % 4)
            for code, value in options
        )
        return encoded + b"\0\0\0\0" if options else b""

    def _write_block(self, kind: int, body: bytes) -> None:
        length = len(body) + 12
        self._stream.write(self._block.pack(kind, length) + body + length.to_bytes(4, "little"))
