"""Aligned packed encoding rules (ITU-T X.691), as far as NGAP uses them."""

from __future__ import annotations

from makmal.protocol.errors import DecodeError, EncodeError

# X.691, 10.9.3.8: a longer value comes in fragments of 16 K octets.
_FRAGMENT = 16_384


class Reader:
    """Reads bits from octets. Every method raises DecodeError when the octets run out."""

    __slots__ = ("_bits", "_data", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._bits = len(data) * 8
        self.position = 0

    @property
    def octet(self) -> int:
        """The octet that the position is in."""
        return self.position >> 3

    def fail(self, reason: str) -> DecodeError:
        """An error at the present position."""
        return DecodeError("NGAP", self.octet, reason)

    def bits(self, count: int) -> int:
        """The next bits as a number, the first the most significant."""
        position = self.position
        end = position + count
        if end > self._bits:
            raise self.fail(f"{count} bits are needed, {self._bits - position} are left")
        last = (end + 7) >> 3
        value = int.from_bytes(self._data[position >> 3 : last], "big") >> (last * 8 - end)
        self.position = end
        return value & ((1 << count) - 1)

    def align(self) -> None:
        """Go on to the next octet boundary."""
        self.position = (self.position + 7) & ~7

    def octets(self, count: int) -> bytes:
        """Whole octets, from the next boundary."""
        self.align()
        start = self.position >> 3
        if start + count > len(self._data):
            raise self.fail(f"{count} octets are needed, {len(self._data) - start} are left")
        self.position += count * 8
        return self._data[start : start + count]

    def whole_number(self, low: int, high: int) -> int:
        """A constrained whole number (10.5.7)."""
        span = high - low
        if span < 255:
            value = self.bits(span.bit_length())
        elif span == 255:
            value = self.octets(1)[0]
        elif span < 65_536:
            value = int.from_bytes(self.octets(2), "big")
        else:
            longest = (span.bit_length() + 7) // 8
            length = self.bits((longest - 1).bit_length()) + 1
            value = int.from_bytes(self.octets(length), "big")
        if value > span:
            raise self.fail(f"{low + value} is beyond {high}")
        return low + value

    def length(self) -> int:
        """A length determinant below 16 K (10.9.3.6 and 10.9.3.7)."""
        first = self.octets(1)[0]
        if first < 0x80:
            return first
        if first < 0xC0:
            return (first & 0x3F) << 8 | self.octets(1)[0]
        raise self.fail("a fragmented length where none can be")

    def open_type(self) -> bytes:
        """Octets behind an unconstrained length, fragments put together (10.9.3.8)."""
        first = self.octets(1)[0]
        if first < 0x80:
            return self.octets(first)
        if first < 0xC0:
            return self.octets((first & 0x3F) << 8 | self.octets(1)[0])
        joined = bytearray()
        while first >= 0xC0:
            multiple = first & 0x3F
            if not 1 <= multiple <= 4:
                raise self.fail(f"a fragment of {multiple} times 16 K octets")
            joined += self.octets(multiple * _FRAGMENT)
            first = self.octets(1)[0]
        last = first if first < 0x80 else (first & 0x3F) << 8 | self.octets(1)[0]
        return bytes(joined + self.octets(last))

    def small_number(self) -> int:
        """A normally small non-negative whole number (10.6)."""
        if not self.bits(1):
            return self.bits(6)
        return int.from_bytes(self.octets(self.length()), "big")


class Writer:
    """Writes bits into octets."""

    __slots__ = ("_bits", "_octets")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._bits = 0

    def bits(self, value: int, count: int) -> None:
        """The lowest ``count`` bits of ``value``."""
        value &= (1 << count) - 1
        # What fits goes into the last octet, the rest behind it.
        rest = count - (-self._bits & 7)
        self._bits += count
        if rest <= 0:
            if value:
                self._octets[-1] |= value << -rest
            return
        if rest < count:
            self._octets[-1] |= value >> rest
            value &= (1 << rest) - 1
        size = (rest + 7) >> 3
        self._octets += (value << size * 8 - rest).to_bytes(size, "big")

    def align(self) -> None:
        """Go on to the next octet boundary, with zeros."""
        self._bits = len(self._octets) * 8

    def octets(self, value: bytes) -> None:
        """Whole octets, from the next boundary."""
        self._octets += value
        self._bits = len(self._octets) * 8

    def whole_number(self, value: int, low: int, high: int, field: str = "number") -> None:
        """A constrained whole number. Raises EncodeError outside of the bounds."""
        if not low <= value <= high:
            raise EncodeError("NGAP", field, f"{value} is not within {low} and {high}")
        span, offset = high - low, value - low
        if span < 255:
            self.bits(offset, span.bit_length())
        elif span == 255:
            self.octets(bytes((offset,)))
        elif span < 65_536:
            self.octets(offset.to_bytes(2, "big"))
        else:
            longest = (span.bit_length() + 7) // 8
            length = max((offset.bit_length() + 7) // 8, 1)
            self.bits(length - 1, (longest - 1).bit_length())
            self.octets(offset.to_bytes(length, "big"))

    def length(self, value: int) -> None:
        """A length determinant. Raises EncodeError from 16 K on."""
        if value < 0x80:
            self.octets(bytes((value,)))
        elif value < _FRAGMENT:
            self.octets((0x8000 | value).to_bytes(2, "big"))
        else:
            raise EncodeError("NGAP", "length", f"{value} needs fragments")

    def open_type(self, value: bytes) -> None:
        """Octets behind an unconstrained length, in fragments where they are many."""
        position = 0
        while len(value) - position >= _FRAGMENT:
            multiple = min((len(value) - position) // _FRAGMENT, 4)
            end = position + multiple * _FRAGMENT
            self.octets(bytes((0xC0 | multiple,)) + value[position:end])
            position = end
        self.length(len(value) - position)
        self.octets(value[position:])

    def small_number(self, value: int) -> None:
        """A normally small non-negative whole number."""
        if value < 64:
            self.bits(value, 7)
        else:
            self.bits(1, 1)
            octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
            self.length(len(octets))
            self.octets(octets)

    def finish(self) -> bytes:
        """The octets, the last one filled with zeros; at least one (10.1.3)."""
        return bytes(self._octets) or b"\0"
