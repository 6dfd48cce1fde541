"""The information elements of GTP-U signalling messages (TS 29.281, 8)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple, TypeVar

from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError

T = TypeVar("T")

KEYS: dict[int, InformationElement[Any]] = {}

# Seconds from 1900-01-01, where NTP counts from (RFC 5905, 6), to 1970-01-01.
_NTP_EPOCH = 2_208_988_800


class TunnelStatus(IntFlag):
    """GTP-U Tunnel Status Information (8.7). SPOC: start of a pause of charging."""

    SPOC = 1


class PrivateExtension(NamedTuple):
    """A vendor's element (8.6); ``identifier`` is its IANA private enterprise number."""

    identifier: int
    value: bytes


def _key(
    identifier: int, name: str, decode: Callable[[bytes], T], encode: Callable[[T], bytes]
) -> InformationElement[T]:
    def checked_encode(value: T) -> bytes:
        try:
            return encode(value)
        except (TypeError, AttributeError, ValueError, OverflowError) as error:
            raise EncodeError("GTP-U", name, f"{value!r}: {error}") from None

    key = InformationElement(identifier, name, decode, checked_encode)
    KEYS[identifier] = key
    return key


def _number(identifier: int, name: str, octets: int) -> InformationElement[int]:
    def decode(data: bytes) -> int:
        if len(data) < octets:
            raise DecodeError("GTP-U", 0, f"{name} of {len(data)} octets")
        return int.from_bytes(data[:octets], "big")

    return _key(identifier, name, decode, lambda value: value.to_bytes(octets, "big"))


def _decode_address(data: bytes) -> str:
    if len(data) == 4:
        return str(IPv4Address(data))
    if len(data) == 16:
        return str(IPv6Address(data))
    raise DecodeError("GTP-U", 0, f"GTP-U Peer Address of {len(data)} octets")


def _encode_address(value: str) -> bytes:
    return ip_address(value).packed


def _decode_tunnel_status(data: bytes) -> TunnelStatus:
    if not data:
        raise DecodeError("GTP-U", 0, "GTP-U Tunnel Status Information of 0 octets")
    return TunnelStatus(data[0])


def _decode_time(data: bytes) -> int:
    if len(data) < 4:
        raise DecodeError("GTP-U", 0, f"Recovery Time Stamp of {len(data)} octets")
    seconds = int.from_bytes(data[:4], "big")
    # NTP's era ends in 2036: a first bit of 0 means a time from then on (RFC 4330, 3).
    return seconds - _NTP_EPOCH + (0 if seconds & 0x8000_0000 else 0x1_0000_0000)


def _encode_time(value: int) -> bytes:
    seconds = value + _NTP_EPOCH
    if not 0x8000_0000 <= seconds < 0x1_8000_0000:
        raise ValueError("not a time of the years 1968 to 2104")
    return (seconds & 0xFFFF_FFFF).to_bytes(4, "big")


def _decode_private_extension(data: bytes) -> PrivateExtension:
    if len(data) < 2:
        raise DecodeError("GTP-U", 0, f"Private Extension of {len(data)} octets")
    return PrivateExtension(int.from_bytes(data[:2], "big"), data[2:])


def _encode_private_extension(value: PrivateExtension) -> bytes:
    return value.identifier.to_bytes(2, "big") + value.value


# The restart counter, which a receiver ignores and a sender sets to 0 (8.2).
RECOVERY = _number(14, "Recovery", 1)
TEID_DATA_I = _number(16, "Tunnel Endpoint Identifier Data I", 4)
# An address in text form.
GTP_U_PEER_ADDRESS = _key(133, "GTP-U Peer Address", _decode_address, _encode_address)
# One extension header type an octet.
EXTENSION_HEADER_TYPE_LIST = _key(141, "Extension Header Type List", bytes, bytes)
GTP_U_TUNNEL_STATUS_INFORMATION = _key(
    230,
    "GTP-U Tunnel Status Information",
    _decode_tunnel_status,
    lambda value: int(value).to_bytes(1, "big"),
)
# In seconds since 1970-01-01 UTC.
RECOVERY_TIME_STAMP = _key(231, "Recovery Time Stamp", _decode_time, _encode_time)
PRIVATE_EXTENSION = _key(
    255, "Private Extension", _decode_private_extension, _encode_private_extension
)

# Types below 128 have no length; these lengths are TS 29.281's, the others are not known here.
FIXED_LENGTHS: dict[int, int] = {14: 1, 16: 4}


def element_name(element_type: int) -> str:
    """The element's name in TS 29.281, Table 8.1-1."""
    key = KEYS.get(element_type)
    return f"Unknown element {element_type}" if key is None else key.name


def split_elements(data: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
    """The types and values of the elements between two offsets (8.1).

    An unknown element without a length takes all that is left, since where it ends is not known.
    Raises DecodeError, its offset counted as ``start`` and ``end`` are.
    """
    pairs = []
    at = start
    while at < end:
        element_type = data[at]
        if element_type < 128:
            body = at + 1
            following = body + FIXED_LENGTHS.get(element_type, end - body)
        else:
            # The list of extension header types alone has a length of one octet (8.5).
            body = at + (2 if element_type == 141 else 3)
            following = body + int.from_bytes(data[at + 1 : body], "big")
        if body > end or following > end:
            name = element_name(element_type)
            raise DecodeError("GTP-U", at, f"{name} is longer than the {end - at} octets left")
        pairs.append((element_type, data[body:following]))
        at = following
    return pairs


def element_octets(element_type: int, value: bytes) -> bytes:
    """One element with type and length. Raises EncodeError for a value that is too long."""
    try:
        if element_type < 128:
            return bytes((element_type,)) + value
        length_octets = 1 if element_type == 141 else 2
        return bytes((element_type,)) + len(value).to_bytes(length_octets, "big") + value
    except (OverflowError, ValueError) as error:
        raise EncodeError("GTP-U", element_name(element_type), str(error)) from None
