"""Values that say which packets, and what is done with them (TS 29.244, 8.2).

A field is None when its flag says that it is absent.
"""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp.enumerations import FlowDirection, RedirectAddressType, member
from makmal.protocol.pfcp.octets import (
    Reader,
    address_octets,
    sized_octets,
    sized_text_octets,
    small,
    uint_octets,
)


class SdfFilter(NamedTuple):
    """A service data flow (8.2.5).

    ``flow_description`` is an IPFilterRule; ``tos_traffic_class`` a value (high octet) and its
    mask; ``sdf_filter_id`` names the filter for use in both directions.
    """

    flow_description: str | None = None
    tos_traffic_class: int | None = None
    security_parameter_index: int | None = None
    flow_label: int | None = None
    sdf_filter_id: int | None = None


def decode_sdf_filter(data: bytes) -> SdfFilter:
    """8.2.5. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(2) >> 8
    return SdfFilter(
        reader.sized_text(2) if flags & 1 else None,
        reader.uint(2) if flags & 2 else None,
        reader.uint(4) if flags & 4 else None,
        reader.uint(3) & 0xFFFFF if flags & 8 else None,
        reader.uint(4) if flags & 0x10 else None,
    )


def encode_sdf_filter(value: SdfFilter) -> bytes:
    """8.2.5. Raises EncodeError."""
    flags = 0
    octets = b"\0"
    if value.flow_description is not None:
        flags |= 1
        octets += sized_text_octets(value.flow_description, 2, "SDF Filter")
    if value.tos_traffic_class is not None:
        flags |= 2
        octets += uint_octets(value.tos_traffic_class, 2, "SDF Filter ToS")
    if value.security_parameter_index is not None:
        flags |= 4
        octets += uint_octets(value.security_parameter_index, 4, "SDF Filter SPI")
    if value.flow_label is not None:
        flags |= 8
        label = small(value.flow_label, 20, "SDF Filter flow label")
        octets += uint_octets(label, 3, "SDF Filter flow label")
    if value.sdf_filter_id is not None:
        flags |= 0x10
        octets += uint_octets(value.sdf_filter_id, 4, "SDF Filter ID")
    return bytes((flags,)) + octets


class OuterHeaderDescription(IntFlag):
    """Which outer header is made (8.2.56); octet 5 of the element is the low octet."""

    GTP_U_UDP_IPV4 = 1 << 0
    GTP_U_UDP_IPV6 = 1 << 1
    UDP_IPV4 = 1 << 2
    UDP_IPV6 = 1 << 3
    IPV4 = 1 << 4
    IPV6 = 1 << 5
    C_TAG = 1 << 6
    S_TAG = 1 << 7
    N19 = 1 << 8
    N6 = 1 << 9
    LOW_LAYER_SSM_AND_C_TEID = 1 << 10


_TEID = OuterHeaderDescription.GTP_U_UDP_IPV4 | OuterHeaderDescription.GTP_U_UDP_IPV6
_UDP = OuterHeaderDescription.UDP_IPV4 | OuterHeaderDescription.UDP_IPV6
_IPV4 = 0x15
_IPV6 = 0x2A


class OuterHeaderCreation(NamedTuple):
    """The outer header put before a packet (8.2.56): a GTP-U tunnel, UDP, IP, VLAN tags."""

    description: OuterHeaderDescription
    teid: int | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    port: int | None = None
    c_tag: bytes | None = None
    s_tag: bytes | None = None


def decode_outer_header_creation(data: bytes) -> OuterHeaderCreation:
    """8.2.56. Raises DecodeError."""
    reader = Reader(data)
    flags = int.from_bytes(reader.take(2), "little")
    return OuterHeaderCreation(
        OuterHeaderDescription(flags),
        reader.uint(4) if flags & _TEID else None,
        reader.ipv4() if flags & _IPV4 else None,
        reader.ipv6() if flags & _IPV6 else None,
        reader.uint(2) if flags & _UDP else None,
        reader.take(3) if flags & OuterHeaderDescription.C_TAG else None,
        reader.take(3) if flags & OuterHeaderDescription.S_TAG else None,
    )


def encode_outer_header_creation(value: OuterHeaderCreation) -> bytes:
    """8.2.56. Raises EncodeError, also for fields that the description does not announce."""
    name = "Outer Header Creation"
    flags = int(value.description)
    present = (
        (_TEID, value.teid),
        (_IPV4, value.ipv4),
        (_IPV6, value.ipv6),
        (_UDP, value.port),
        (OuterHeaderDescription.C_TAG, value.c_tag),
        (OuterHeaderDescription.S_TAG, value.s_tag),
    )
    for bits, field in present:
        if bool(flags & bits) != (field is not None):
            raise EncodeError("PFCP", name, "its fields are not those of its description")
    octets = small(flags, 16, name).to_bytes(2, "little")
    if value.teid is not None:
        octets += uint_octets(value.teid, 4, name)
    octets += address_octets(value.ipv4, value.ipv6, name)
    if value.port is not None:
        octets += uint_octets(value.port, 2, name)
    for tag in (value.c_tag, value.s_tag):
        if tag is not None:
            if len(tag) != 3:
                raise EncodeError("PFCP", name, "a tag has three octets")
            octets += tag
    return octets


class OuterHeaderRemoval(NamedTuple):
    """The outer header taken off a packet (8.2.64).

    ``description`` is an OuterHeader; ``extension_header_deletion`` a bit mask, 1 for the PDU
    session container, None where its octet is absent.
    """

    description: int
    extension_header_deletion: int | None = None


class RedirectInformation(NamedTuple):
    """Where packets are redirected to (8.2.20).

    ``type`` is a RedirectAddressType; ``other_server_address`` the IPv6 address beside an IPv4 one.
    """

    type: int
    server_address: str
    other_server_address: str | None = None
    port: int | None = None


def decode_redirect_information(data: bytes) -> RedirectInformation:
    """8.2.20. Raises DecodeError."""
    reader = Reader(data)
    address_type = member(RedirectAddressType, reader.uint(1) & 0x0F)
    address = reader.sized_text(2)
    other = reader.sized_text(2) if address_type in (4, 8) else None
    return RedirectInformation(
        address_type, address, other, reader.uint(2) if 5 <= address_type <= 8 else None
    )


def encode_redirect_information(value: RedirectInformation) -> bytes:
    """8.2.20. Raises EncodeError."""
    name = "Redirect Information"
    octets = bytes((small(value.type, 4, name),))
    octets += sized_text_octets(value.server_address, 2, name)
    if value.type in (4, 8):
        octets += sized_text_octets(value.other_server_address or "", 2, name)
    if 5 <= value.type <= 8:
        octets += uint_octets(value.port or 0, 2, name)
    return octets


class FlowInformation(NamedTuple):
    """A flow that an application was found in (8.2.61); ``direction`` is a FlowDirection."""

    direction: int
    flow_description: str


def decode_flow_information(data: bytes) -> FlowInformation:
    """8.2.61. Raises DecodeError."""
    reader = Reader(data)
    direction = member(FlowDirection, reader.uint(1) & 0x07)
    return FlowInformation(direction, reader.sized_text(2))


def encode_flow_information(value: FlowInformation) -> bytes:
    """8.2.61. Raises EncodeError."""
    direction = bytes((small(value.direction, 3, "Flow Information"),))
    return direction + sized_text_octets(value.flow_description, 2, "Flow Information")


class HeaderEnrichment(NamedTuple):
    """A header field put into application messages (8.2.67); ``header_type`` 0 is HTTP."""

    header_type: int
    field_name: bytes
    field_value: bytes


def decode_header_enrichment(data: bytes) -> HeaderEnrichment:
    """8.2.67. Raises DecodeError."""
    reader = Reader(data)
    return HeaderEnrichment(reader.uint(1) & 0x1F, reader.sized(1), reader.sized(1))


def encode_header_enrichment(value: HeaderEnrichment) -> bytes:
    """8.2.67. Raises EncodeError."""
    name = "Header Enrichment"
    octets = bytes((small(value.header_type, 5, name),))
    return (
        octets + sized_octets(value.field_name, 1, name) + sized_octets(value.field_value, 1, name)
    )


class DlFlowLevelMarking(NamedTuple):
    """How downlink packets are marked (8.2.66): value and mask of ToS, service class indicator."""

    tos_traffic_class: int | None = None
    service_class_indicator: int | None = None


def decode_dl_flow_level_marking(data: bytes) -> DlFlowLevelMarking:
    """8.2.66. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    tos = reader.uint(2) if flags & 1 else None
    return DlFlowLevelMarking(tos, reader.uint(2) if flags & 2 else None)


def encode_dl_flow_level_marking(value: DlFlowLevelMarking) -> bytes:
    """8.2.66. Raises EncodeError."""
    flags = 0
    octets = b""
    if value.tos_traffic_class is not None:
        flags |= 1
        octets += uint_octets(value.tos_traffic_class, 2, "DL Flow Level Marking")
    if value.service_class_indicator is not None:
        flags |= 2
        octets += uint_octets(value.service_class_indicator, 2, "DL Flow Level Marking")
    return bytes((flags,)) + octets


class DownlinkDataServiceInformation(NamedTuple):
    """What a downlink packet was that the UP function buffered (8.2.27)."""

    paging_policy_indication: int | None = None
    qfi: int | None = None


def decode_downlink_data_service_information(data: bytes) -> DownlinkDataServiceInformation:
    """8.2.27. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    ppi = reader.uint(1) & 0x3F if flags & 1 else None
    return DownlinkDataServiceInformation(ppi, reader.uint(1) & 0x3F if flags & 2 else None)


def encode_downlink_data_service_information(value: DownlinkDataServiceInformation) -> bytes:
    """8.2.27. Raises EncodeError."""
    name = "Downlink Data Service Information"
    flags = 0
    octets = []
    for bit, number in enumerate(value):
        if number is not None:
            flags |= 1 << bit
            octets.append(small(number, 6, name))
    return bytes((flags, *octets))


class PfdContents(NamedTuple):
    """What an application's packets look like (8.2.39). The last three hold several entries."""

    flow_description: bytes | None = None
    url: bytes | None = None
    domain_name: bytes | None = None
    custom_content: bytes | None = None
    domain_name_protocol: bytes | None = None
    additional_flow_descriptions: tuple[bytes, ...] | None = None
    additional_urls: tuple[bytes, ...] | None = None
    additional_domain_names_and_protocols: tuple[bytes, ...] | None = None


def _sized_list(reader: Reader) -> tuple[bytes, ...]:
    start = reader.at + 2
    inner = Reader(reader.sized(2))
    entries = []
    try:
        while inner.at < len(inner.data):
            entries.append(inner.sized(2))
    except DecodeError as error:
        raise error.shifted(start) from None
    return tuple(entries)


def decode_pfd_contents(data: bytes) -> PfdContents:
    """8.2.39. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(2) >> 8
    return PfdContents(
        reader.sized(2) if flags & 1 else None,
        reader.sized(2) if flags & 2 else None,
        reader.sized(2) if flags & 4 else None,
        reader.sized(2) if flags & 8 else None,
        reader.sized(2) if flags & 0x10 else None,
        _sized_list(reader) if flags & 0x20 else None,
        _sized_list(reader) if flags & 0x40 else None,
        _sized_list(reader) if flags & 0x80 else None,
    )


def encode_pfd_contents(value: PfdContents) -> bytes:
    """8.2.39. Raises EncodeError."""
    name = "PFD contents"
    flags = 0
    octets = b"\0"
    for bit, content in enumerate(value):
        if content is None:
            continue
        flags |= 1 << bit
        if isinstance(content, tuple):
            content = b"".join(sized_octets(entry, 2, name) for entry in content)
        octets += sized_octets(content, 2, name)
    return bytes((flags,)) + octets


class Replacement(NamedTuple):
    """IP Address and Port Number Replacement (8.2.200)."""

    destination_ipv4: str | None = None
    destination_ipv6: str | None = None
    destination_port: int | None = None
    source_ipv4: str | None = None
    source_ipv6: str | None = None
    source_port: int | None = None


def decode_replacement(data: bytes) -> Replacement:
    """8.2.200. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return Replacement(
        reader.ipv4() if flags & 1 else None,
        reader.ipv6() if flags & 2 else None,
        reader.uint(2) if flags & 4 else None,
        reader.ipv4() if flags & 8 else None,
        reader.ipv6() if flags & 0x10 else None,
        reader.uint(2) if flags & 0x20 else None,
    )


def encode_replacement(value: Replacement) -> bytes:
    """8.2.200. Raises EncodeError."""
    name = "IP Address and Port Number Replacement"
    flags = sum((field is not None) << bit for bit, field in enumerate(value))
    octets = address_octets(value.destination_ipv4, value.destination_ipv6, name)
    if value.destination_port is not None:
        octets += uint_octets(value.destination_port, 2, name)
    octets += address_octets(value.source_ipv4, value.source_ipv6, name)
    if value.source_port is not None:
        octets += uint_octets(value.source_port, 2, name)
    return bytes((flags,)) + octets
