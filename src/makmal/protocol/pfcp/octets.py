"""Reading and writing the fields of one information element, octet by octet (TS 29.244, 8.2)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from makmal.protocol.errors import DecodeError, EncodeError


class Reader:
    """Takes the fields of an element's value one after the other.

    Every method raises DecodeError when fewer octets are left than the field has. Octets that no
    method takes are those of a later release, which a receiver ignores (TS 29.244, 8.1.1).
    """

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` octets."""
        start = self.at
        end = start + count
        data = self.data
        if end > len(data):
            reason = f"needs {count} octets, {len(data) - start} are left"
            raise DecodeError("PFCP", start, reason)
        self.at = end
        return data[start:end]

    def uint(self, count: int) -> int:
        """The next ``count`` octets as an unsigned number."""
        return int.from_bytes(self.take(count), "big")

    def ipv4(self) -> str:
        """An IPv4 address in text form."""
        first, second, third, fourth = self.take(4)
        return f"{first}.{second}.{third}.{fourth}"

    def ipv6(self) -> str:
        """An IPv6 address in text form (RFC 5952)."""
        return str(IPv6Address(self.take(16)))

    def sized(self, length_octets: int) -> bytes:
        """Octets that stand behind their own number, which itself has ``length_octets``."""
        return self.take(self.uint(length_octets))

    def sized_text(self, length_octets: int) -> str:
        """UTF-8 text behind its number of octets."""
        start = self.at + length_octets
        return text_of(self.sized(length_octets), start)

    def rest(self) -> bytes:
        """All octets that are left."""
        data = self.data[self.at :]
        self.at = len(self.data)
        return data


def text_of(data: bytes, offset: int = 0) -> str:
    """UTF-8 text. Raises DecodeError for octets that are none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("PFCP", offset + error.start, "not UTF-8 text") from None


@lru_cache(maxsize=4096)
def ipv4_octets(address: str, field: str) -> bytes:
    """The four octets of an IPv4 address in text form. Raises EncodeError."""
    try:
        return IPv4Address(address).packed
    except ValueError as error:
        raise EncodeError("PFCP", field, str(error)) from None


@lru_cache(maxsize=4096)
def ipv6_octets(address: str, field: str) -> bytes:
    """The sixteen octets of an IPv6 address in text form. Raises EncodeError."""
    try:
        return IPv6Address(address).packed
    except ValueError as error:
        raise EncodeError("PFCP", field, str(error)) from None


def address_octets(ipv4: str | None, ipv6: str | None, field: str) -> bytes:
    """An IPv4 address and an IPv6 address, each when it is there, in this order."""
    octets = b"" if ipv4 is None else ipv4_octets(ipv4, field)
    return octets if ipv6 is None else octets + ipv6_octets(ipv6, field)


def uint_octets(value: int, count: int, field: str) -> bytes:
    """An unsigned number in ``count`` octets. Raises EncodeError when it does not fit."""
    try:
        return value.to_bytes(count, "big")
    except (OverflowError, AttributeError):
        raise EncodeError("PFCP", field, f"{value!r} does not fit {8 * count} bits") from None


def small(value: int, bits: int, field: str) -> int:
    """The value itself when it fits ``bits`` bits. Raises EncodeError otherwise."""
    if not 0 <= value < 1 << bits:
        raise EncodeError("PFCP", field, f"{value!r} does not fit {bits} bits")
    return value


def sized_octets(data: bytes, length_octets: int, field: str) -> bytes:
    """Octets behind their own number."""
    return uint_octets(len(data), length_octets, field) + data


def sized_text_octets(text: str, length_octets: int, field: str) -> bytes:
    """UTF-8 text behind its number of octets."""
    return sized_octets(text_octets(text, field), length_octets, field)


def text_octets(text: str, field: str) -> bytes:
    """The UTF-8 octets of a text. Raises EncodeError for lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError("PFCP", field, str(error)) from None
