"""Packet filters of QoS rules (TS 24.501, 9.11.4.13, figures 9.11.4.13.2 to 9.11.4.13.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import need


class Direction(IntEnum):
    """Packet filter direction."""

    RESERVED = 0
    DOWNLINK_ONLY = 1
    UPLINK_ONLY = 2
    BIDIRECTIONAL = 3


class ComponentType(IntEnum):
    """Packet filter component types (table 9.11.4.13.1)."""

    MATCH_ALL = 0x01
    IPV4_REMOTE_ADDRESS = 0x10
    IPV4_LOCAL_ADDRESS = 0x11
    IPV6_REMOTE_ADDRESS_AND_PREFIX_LENGTH = 0x21
    IPV6_LOCAL_ADDRESS_AND_PREFIX_LENGTH = 0x23
    PROTOCOL_IDENTIFIER_OR_NEXT_HEADER = 0x30
    SINGLE_LOCAL_PORT = 0x40
    LOCAL_PORT_RANGE = 0x41
    SINGLE_REMOTE_PORT = 0x50
    REMOTE_PORT_RANGE = 0x51
    SECURITY_PARAMETER_INDEX = 0x60
    TYPE_OF_SERVICE_OR_TRAFFIC_CLASS = 0x70
    FLOW_LABEL = 0x80
    DESTINATION_MAC_ADDRESS = 0x81
    SOURCE_MAC_ADDRESS = 0x82
    C_TAG_VLAN_IDENTIFIER = 0x83
    S_TAG_VLAN_IDENTIFIER = 0x84
    C_TAG_PRIORITY = 0x85
    S_TAG_PRIORITY = 0x86
    ETHERTYPE = 0x87
    DESTINATION_MAC_ADDRESS_RANGE = 0x88
    SOURCE_MAC_ADDRESS_RANGE = 0x89


@dataclass(frozen=True, slots=True)
class PacketFilterComponent:
    """One condition of a filter.

    ``value`` is a number (protocol, port, SPI, flow label, VLAN fields with their spare bits), or a
    text: "address/mask", "address/prefix length", "low-high", "value/mask" in hexadecimal for the
    traffic class, a MAC address; None for match-all. Of a type that the specification does not
    have, which tells no length either, all the octets that are left in the filter.
    """

    type: ComponentType | int
    value: int | str | bytes | None = None


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """A packet filter; without direction and components where only its identifier is sent.

    ``spare`` are the spare bits of its first octet, None as long as they are zero.
    """

    identifier: int
    direction: Direction | None = None
    components: tuple[PacketFilterComponent, ...] = ()
    spare: int | None = None


def _ipv4(octets: bytes) -> str:
    return f"{IPv4Address(octets[:4])}/{IPv4Address(octets[4:])}"


def _ipv4_octets(value: str) -> bytes:
    return b"".join(IPv4Address(part).packed for part in value.split("/"))


def _ipv6(octets: bytes) -> str:
    return f"{IPv6Address(octets[:16])}/{octets[16]}"


def _ipv6_octets(value: str) -> bytes:
    address, _, prefix_length = value.partition("/")
    return IPv6Address(address).packed + bytes((int(prefix_length),))


def _ports(octets: bytes) -> str:
    return f"{int.from_bytes(octets[:2], 'big')}-{int.from_bytes(octets[2:], 'big')}"


def _ports_octets(value: str) -> bytes:
    return b"".join(int(port).to_bytes(2, "big") for port in value.split("-"))


def _traffic_class(octets: bytes) -> str:
    return f"0x{octets[0]:02x}/0x{octets[1]:02x}"


def _traffic_class_octets(value: str) -> bytes:
    return bytes(int(part, 16) for part in value.split("/"))


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _mac_octets(value: str) -> bytes:
    return bytes.fromhex(value.replace(":", " "))


def _macs(octets: bytes) -> str:
    return f"{_mac(octets[:6])}-{_mac(octets[6:])}"


def _macs_octets(value: str) -> bytes:
    return b"".join(_mac_octets(address) for address in value.split("-"))


_Text = tuple[Callable[[bytes], str], Callable[[str], bytes]]
_IPV4: _Text = (_ipv4, _ipv4_octets)
_IPV6: _Text = (_ipv6, _ipv6_octets)
_PORTS: _Text = (_ports, _ports_octets)
_TRAFFIC_CLASS: _Text = (_traffic_class, _traffic_class_octets)
_MAC: _Text = (_mac, _mac_octets)
_MACS: _Text = (_macs, _macs_octets)

# Component type -> (number of octets, how they are written as text; None for a number).
_FORMS: dict[int, tuple[int, _Text | None]] = {
    ComponentType.MATCH_ALL: (0, None),
    ComponentType.IPV4_REMOTE_ADDRESS: (8, _IPV4),
    ComponentType.IPV4_LOCAL_ADDRESS: (8, _IPV4),
    ComponentType.IPV6_REMOTE_ADDRESS_AND_PREFIX_LENGTH: (17, _IPV6),
    ComponentType.IPV6_LOCAL_ADDRESS_AND_PREFIX_LENGTH: (17, _IPV6),
    ComponentType.PROTOCOL_IDENTIFIER_OR_NEXT_HEADER: (1, None),
    ComponentType.SINGLE_LOCAL_PORT: (2, None),
    ComponentType.LOCAL_PORT_RANGE: (4, _PORTS),
    ComponentType.SINGLE_REMOTE_PORT: (2, None),
    ComponentType.REMOTE_PORT_RANGE: (4, _PORTS),
    ComponentType.SECURITY_PARAMETER_INDEX: (4, None),
    ComponentType.TYPE_OF_SERVICE_OR_TRAFFIC_CLASS: (2, _TRAFFIC_CLASS),
    ComponentType.FLOW_LABEL: (3, None),
    ComponentType.DESTINATION_MAC_ADDRESS: (6, _MAC),
    ComponentType.SOURCE_MAC_ADDRESS: (6, _MAC),
    ComponentType.C_TAG_VLAN_IDENTIFIER: (2, None),
    ComponentType.S_TAG_VLAN_IDENTIFIER: (2, None),
    ComponentType.C_TAG_PRIORITY: (1, None),
    ComponentType.S_TAG_PRIORITY: (1, None),
    ComponentType.ETHERTYPE: (2, None),
    ComponentType.DESTINATION_MAC_ADDRESS_RANGE: (12, _MACS),
    ComponentType.SOURCE_MAC_ADDRESS_RANGE: (12, _MACS),
}


def _decode_components(data: bytes, position: int, end: int) -> tuple[PacketFilterComponent, ...]:
    components = []
    while position < end:
        number = data[position]
        position += 1
        form = _FORMS.get(number)
        if form is None:
            components.append(PacketFilterComponent(number, data[position:end]))
            break
        length, text = form
        octets = data[position : min(position + length, end)]
        if len(octets) < length:
            raise DecodeError("NAS", position, f"component 0x{number:02x} needs {length} octets")
        value: int | str | None
        if text is not None:
            value = text[0](octets)
        else:
            value = int.from_bytes(octets, "big") if length else None
        components.append(PacketFilterComponent(ComponentType(number), value))
        position += length
    return tuple(components)


def _encode_component(component: PacketFilterComponent) -> bytes:
    value = component.value
    length, text = _FORMS.get(component.type, (None, None))
    try:
        if isinstance(value, bytes):
            octets = value
        elif isinstance(value, str) and text is not None:
            octets = text[1](value)
        else:
            octets = int(value or 0).to_bytes(length or 0, "big")
    except (ValueError, OverflowError):
        octets = None
    if octets is None or (length is not None and len(octets) != length):
        raise EncodeError(
            "NAS", "packet filter", f"{value!r} is no value of component 0x{component.type:02x}"
        )
    return bytes((component.type,)) + octets


def decode_packet_filter(data: bytes, position: int) -> tuple[PacketFilter, int]:
    """The packet filter at ``position``, and where it ends. Raises DecodeError."""
    need(data, position + 2, "a packet filter")
    end = position + 2 + data[position + 1]
    need(data, end, "a packet filter")
    first = data[position]
    made = PacketFilter(
        first & 0x0F,
        Direction(first >> 4 & 3),
        _decode_components(data, position + 2, end),
        first >> 6 or None,
    )
    return made, end


def encode_packet_filter(value: PacketFilter) -> bytes:
    """The octets of a packet filter. Raises EncodeError."""
    contents = b"".join(_encode_component(component) for component in value.components)
    if len(contents) > 0xFF:
        raise EncodeError("NAS", "packet filter", "has more than 255 octets")
    first = (value.spare or 0) << 6 | (value.direction or 0) << 4 | value.identifier & 0x0F
    return bytes((first, len(contents))) + contents


def decode_filter_identifier(octet: int) -> PacketFilter:
    """A packet filter to delete: its identifier alone."""
    return PacketFilter(octet & 0x0F, spare=octet >> 4 or None)


def encode_filter_identifier(value: PacketFilter) -> bytes:
    """The reverse."""
    return bytes(((value.spare or 0) << 4 | value.identifier & 0x0F,))
