"""Values that say which Ethernet frames (TS 29.244, 8.2.93 to 8.2.104).

A field is None when its flag says that it is absent.
"""

from __future__ import annotations

from typing import NamedTuple

from makmal.protocol.errors import EncodeError
from makmal.protocol.pfcp.octets import Reader, sized_octets, small, uint_octets


class MacAddresses(NamedTuple):
    """The MAC addresses that an Ethernet frame is matched against, six octets each (8.2.93)."""

    source: bytes | None = None
    destination: bytes | None = None
    upper_source: bytes | None = None
    upper_destination: bytes | None = None


def decode_mac_addresses(data: bytes) -> MacAddresses:
    """8.2.93. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return MacAddresses(*(reader.take(6) if flags & 1 << bit else None for bit in range(4)))


def encode_mac_addresses(value: MacAddresses) -> bytes:
    """8.2.93. Raises EncodeError."""
    flags = 0
    octets = b""
    for bit, address in enumerate(value):
        if address is not None:
            if len(address) != 6:
                raise EncodeError("PFCP", "MAC address", "an address has six octets")
            flags |= 1 << bit
            octets += address
    return bytes((flags,)) + octets


class SeenMacAddresses(NamedTuple):
    """MAC addresses that came or went (8.2.103, 8.2.104), and the tags of their frames."""

    addresses: tuple[bytes, ...]
    c_tag: bytes | None = None
    s_tag: bytes | None = None


def decode_seen_mac_addresses(data: bytes) -> SeenMacAddresses:
    """8.2.103, 8.2.104. Raises DecodeError."""
    reader = Reader(data)
    addresses = tuple(reader.take(6) for _ in range(reader.uint(1)))
    c_tag = reader.sized(1) if reader.at < len(data) else None
    return SeenMacAddresses(addresses, c_tag, reader.sized(1) if reader.at < len(data) else None)


def encode_seen_mac_addresses(value: SeenMacAddresses) -> bytes:
    """8.2.103, 8.2.104. Raises EncodeError."""
    name = "MAC Addresses"
    if any(len(address) != 6 for address in value.addresses):
        raise EncodeError("PFCP", name, "an address has six octets")
    octets = uint_octets(len(value.addresses), 1, name) + b"".join(value.addresses)
    if value.c_tag is None and value.s_tag is None:
        return octets
    octets += sized_octets(value.c_tag or b"", 1, name)
    return octets if value.s_tag is None else octets + sized_octets(value.s_tag, 1, name)


class VlanTag(NamedTuple):
    """The fields of a C-TAG (8.2.94) or S-TAG (8.2.95) that are to match."""

    priority_code_point: int | None = None
    drop_eligible: bool | None = None
    vlan_id: int | None = None


def decode_vlan_tag(data: bytes) -> VlanTag:
    """8.2.94, 8.2.95. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    high = reader.uint(1)
    low = reader.uint(1)
    return VlanTag(
        high & 7 if flags & 1 else None,
        high & 8 != 0 if flags & 2 else None,
        (high >> 4) << 8 | low if flags & 4 else None,
    )


def encode_vlan_tag(value: VlanTag) -> bytes:
    """8.2.94, 8.2.95. Raises EncodeError."""
    flags = high = low = 0
    if value.priority_code_point is not None:
        flags |= 1
        high |= small(value.priority_code_point, 3, "VLAN tag PCP")
    if value.drop_eligible is not None:
        flags |= 2
        high |= value.drop_eligible << 3
    if value.vlan_id is not None:
        flags |= 4
        vlan_id = small(value.vlan_id, 12, "VLAN tag VID")
        high |= vlan_id >> 8 << 4
        low = vlan_id & 0xFF
    return bytes((flags, high, low))
