"""Small values of their own shape, and those of rarer features: ATSSS, L2TP (TS 29.244, 8.2).

A field is None when its flag says that it is absent.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from makmal.protocol.errors import EncodeError
from makmal.protocol.pfcp.enumerations import Gate, OuterHeader, TimerUnit, member
from makmal.protocol.pfcp.measurement import GateStatus, Timer
from makmal.protocol.pfcp.octets import (
    Reader,
    address_octets,
    sized_octets,
    sized_text_octets,
    small,
    uint_octets,
)
from makmal.protocol.pfcp.traffic import OuterHeaderRemoval


def decode_gate_status(data: bytes) -> GateStatus:
    """8.2.7. Raises DecodeError."""
    gates = Reader(data).uint(1)
    return GateStatus(member(Gate, gates >> 2 & 3), member(Gate, gates & 3))


def encode_gate_status(value: GateStatus) -> bytes:
    """8.2.7. Raises EncodeError."""
    uplink = small(value.uplink, 2, "Gate Status")
    return bytes((uplink << 2 | small(value.downlink, 2, "Gate Status"),))


def decode_timer(data: bytes) -> Timer:
    """8.2.29, 8.2.35, 8.2.78. Raises DecodeError."""
    octet = Reader(data).uint(1)
    return Timer(member(TimerUnit, octet >> 5), octet & 0x1F)


def encode_timer(value: Timer) -> bytes:
    """8.2.29, 8.2.35, 8.2.78. Raises EncodeError."""
    return bytes((small(value.unit, 3, "Timer") << 5 | small(value.value, 5, "Timer"),))


def decode_forwarding_policy(data: bytes) -> bytes:
    """The identifier of a forwarding policy (8.2.23). Raises DecodeError."""
    return Reader(data).sized(1)


def encode_forwarding_policy(value: bytes) -> bytes:
    """8.2.23. Raises EncodeError."""
    return sized_octets(value, 1, "Forwarding Policy")


def decode_packet_count(data: bytes) -> int:
    """8.2.30: a number as long as the element. Raises DecodeError."""
    return Reader(data).uint(min(max(len(data), 1), 2))


def encode_packet_count(value: int) -> bytes:
    """8.2.30: one octet, or two where it needs them. Raises EncodeError."""
    return uint_octets(value, 1 if value < 256 else 2, "DL Buffering Suggested Packet Count")


def decode_outer_header_removal(data: bytes) -> OuterHeaderRemoval:
    """8.2.64. Raises DecodeError."""
    reader = Reader(data)
    description = member(OuterHeader, reader.uint(1))
    return OuterHeaderRemoval(description, reader.uint(1) if len(data) > 1 else None)


def encode_outer_header_removal(value: OuterHeaderRemoval) -> bytes:
    """8.2.64. Raises EncodeError."""
    octets = uint_octets(value.description, 1, "Outer Header Removal")
    if value.extension_header_deletion is None:
        return octets
    return octets + uint_octets(value.extension_header_deletion, 1, "Outer Header Removal")


class UserPlaneIpResource(NamedTuple):
    """Addresses and TEIDs that a UP function offers (8.2.82; until Release 16.3).

    The TEIDs are those whose ``teid_range_bits`` first bits are those of the octet ``teid_range``;
    ``network_instance`` are the octets of its name.
    """

    ipv4: str | None = None
    ipv6: str | None = None
    teid_range_bits: int = 0
    teid_range: int | None = None
    network_instance: bytes | None = None
    source_interface: int | None = None


def decode_user_plane_ip_resource(data: bytes) -> UserPlaneIpResource:
    """8.2.82. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    bits = flags >> 2 & 7
    teid_range = reader.uint(1) if bits else None
    ipv4 = reader.ipv4() if flags & 1 else None
    ipv6 = reader.ipv6() if flags & 2 else None
    instance = None
    if flags & 0x20:
        rest = reader.rest()
        # The name has no length of its own: the source interface is the element's last octet.
        if flags & 0x40:
            reader = Reader(rest[-1:])
            rest = rest[:-1]
        instance = rest
    interface = reader.uint(1) & 0x0F if flags & 0x40 else None
    return UserPlaneIpResource(ipv4, ipv6, bits, teid_range, instance, interface)


def encode_user_plane_ip_resource(value: UserPlaneIpResource) -> bytes:
    """8.2.82. Raises EncodeError."""
    name = "User Plane IP Resource Information"
    flags = (value.ipv4 is not None) | (value.ipv6 is not None) << 1
    flags |= small(value.teid_range_bits, 3, name) << 2
    octets = b""
    if value.teid_range_bits:
        octets += uint_octets(value.teid_range or 0, 1, name)
    octets += address_octets(value.ipv4, value.ipv6, name)
    if value.network_instance is not None:
        flags |= 0x20
        octets += value.network_instance
    if value.source_interface is not None:
        flags |= 0x40
        octets += bytes((small(value.source_interface, 4, name),))
    return bytes((flags,)) + octets


class TraceInformation(NamedTuple):
    """What is traced, and for whom (8.2.108, TS 32.422): the octets of its fields.

    ``plmn`` are the three octets of MCC and MNC; ``collection_entity`` those of an address.
    """

    plmn: bytes
    trace_id: int
    triggering_events: bytes
    session_trace_depth: int
    interfaces: bytes
    collection_entity: bytes


def decode_trace_information(data: bytes) -> TraceInformation:
    """8.2.108. Raises DecodeError."""
    reader = Reader(data)
    plmn = reader.take(3)
    trace_id = reader.uint(3)
    events = reader.sized(1)
    depth = reader.uint(1)
    interfaces = reader.sized(1)
    return TraceInformation(plmn, trace_id, events, depth, interfaces, reader.sized(1))


def encode_trace_information(value: TraceInformation) -> bytes:
    """8.2.108. Raises EncodeError."""
    name = "Trace Information"
    if len(value.plmn) != 3:
        raise EncodeError("PFCP", name, "a PLMN has three octets")
    return b"".join(
        (
            value.plmn,
            uint_octets(value.trace_id, 3, name),
            sized_octets(value.triggering_events, 1, name),
            uint_octets(value.session_trace_depth, 1, name),
            sized_octets(value.interfaces, 1, name),
            sized_octets(value.collection_entity, 1, name),
        )
    )


def decode_user_plane_node(data: bytes) -> bytes | None:
    """5GS User Plane Node: the bridge's or router's ID, if it is there (8.2.143)."""
    reader = Reader(data)
    return reader.take(8) if reader.uint(1) & 1 else None


def encode_user_plane_node(value: bytes | None) -> bytes:
    """8.2.143. Raises EncodeError."""
    if value is None:
        return b"\0"
    if len(value) != 8:
        raise EncodeError("PFCP", "5GS User Plane Node", "an ID has eight octets")
    return b"\1" + value


class AccessAvailability(NamedTuple):
    """Whether an access can be used (8.2.153): type 0 is 3GPP, 1 not; status 1 is available."""

    access_type: int
    availability_status: int


def decode_access_availability(data: bytes) -> AccessAvailability:
    """8.2.153. Raises DecodeError."""
    octet = Reader(data).uint(1)
    return AccessAvailability(octet & 3, octet >> 2 & 3)


def encode_access_availability(value: AccessAvailability) -> bytes:
    """8.2.153. Raises EncodeError."""
    name = "Access Availability Information"
    status = small(value.availability_status, 2, name)
    return bytes((status << 2 | small(value.access_type, 2, name),))


class PmfControl(NamedTuple):
    """Which measurements of accesses are wanted (8.2.156).

    ``flags``: 1 PMFI, 2 DRTTI, 4 PQPM; with the last, ``qfis`` are the QoS flows concerned.
    """

    flags: int
    qfis: tuple[int, ...] = ()


def decode_pmf_control(data: bytes) -> PmfControl:
    """8.2.156. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    if not flags & 4:
        return PmfControl(flags)
    return PmfControl(flags, tuple(reader.uint(1) for _ in range(reader.uint(1))))


def encode_pmf_control(value: PmfControl) -> bytes:
    """8.2.156. Raises EncodeError."""
    name = "PMF Control Information"
    octets = uint_octets(value.flags, 1, name)
    if value.flags & 4:
        octets += uint_octets(len(value.qfis), 1, name)
        octets += b"".join(uint_octets(qfi, 1, name) for qfi in value.qfis)
    elif value.qfis:
        raise EncodeError("PFCP", name, "QoS flows go with the flag PQPM")
    return octets


class MptcpAddress(NamedTuple):
    """The UP function's MPTCP proxy (8.2.157)."""

    proxy_type: int
    port: int
    ipv4: str | None = None
    ipv6: str | None = None


def decode_mptcp_address(data: bytes) -> MptcpAddress:
    """8.2.157. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    proxy_type = reader.uint(1)
    port = reader.uint(2)
    ipv4 = reader.ipv4() if flags & 1 else None
    return MptcpAddress(proxy_type, port, ipv4, reader.ipv6() if flags & 2 else None)


def encode_mptcp_address(value: MptcpAddress) -> bytes:
    """8.2.157. Raises EncodeError."""
    name = "MPTCP Address Information"
    flags = (value.ipv4 is not None) | (value.ipv6 is not None) << 1
    octets = bytes((flags,)) + uint_octets(value.proxy_type, 1, name)
    return octets + uint_octets(value.port, 2, name) + address_octets(value.ipv4, value.ipv6, name)


class LinkSpecificAddresses(NamedTuple):
    """The addresses of a UE on each of two accesses (8.2.158)."""

    ipv4: str | None = None
    ipv6: str | None = None
    non_3gpp_ipv4: str | None = None
    non_3gpp_ipv6: str | None = None


def decode_link_specific_addresses(data: bytes) -> LinkSpecificAddresses:
    """8.2.158. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return LinkSpecificAddresses(
        reader.ipv4() if flags & 1 else None,
        reader.ipv6() if flags & 2 else None,
        reader.ipv4() if flags & 4 else None,
        reader.ipv6() if flags & 8 else None,
    )


def encode_link_specific_addresses(value: LinkSpecificAddresses) -> bytes:
    """8.2.158. Raises EncodeError."""
    name = "UE Link-Specific IP Address"
    flags = sum((address is not None) << bit for bit, address in enumerate(value))
    octets = address_octets(value.ipv4, value.ipv6, name)
    octets += address_octets(value.non_3gpp_ipv4, value.non_3gpp_ipv6, name)
    return bytes((flags,)) + octets


class PmfAddress(NamedTuple):
    """Where the UP function measures accesses (8.2.159)."""

    ipv4: str | None = None
    ipv6: str | None = None
    port: int | None = None
    non_3gpp_port: int | None = None
    mac: bytes | None = None
    non_3gpp_mac: bytes | None = None


def decode_pmf_address(data: bytes) -> PmfAddress:
    """8.2.159. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return PmfAddress(
        reader.ipv4() if flags & 1 else None,
        reader.ipv6() if flags & 2 else None,
        reader.uint(2) if flags & 3 else None,
        reader.uint(2) if flags & 3 else None,
        reader.take(6) if flags & 4 else None,
        reader.take(6) if flags & 4 else None,
    )


def encode_pmf_address(value: PmfAddress) -> bytes:
    """8.2.159. Raises EncodeError."""
    name = "PMF Address Information"
    flags = (value.ipv4 is not None) | (value.ipv6 is not None) << 1
    octets = address_octets(value.ipv4, value.ipv6, name)
    if flags:
        octets += uint_octets(value.port or 0, 2, name)
        octets += uint_octets(value.non_3gpp_port or 0, 2, name)
    if value.mac is not None and value.non_3gpp_mac is not None:
        if len(value.mac) != 6 or len(value.non_3gpp_mac) != 6:
            raise EncodeError("PFCP", name, "an address has six octets")
        flags |= 4
        octets += value.mac + value.non_3gpp_mac
    return bytes((flags,)) + octets


def decode_nf_instance_id(data: bytes) -> str:
    """A UUID in text form (8.2.175). Raises DecodeError."""
    return str(UUID(bytes=Reader(data).take(16)))


def encode_nf_instance_id(value: str) -> bytes:
    """8.2.175. Raises EncodeError."""
    try:
        return UUID(value).bytes
    except ValueError as error:
        raise EncodeError("PFCP", "NF Instance ID", str(error)) from None


class L2tpUserAuthentication(NamedTuple):
    """How the user authenticated at the LAC (8.2.187, RFC 2661)."""

    authentication_type: int
    name: bytes | None = None
    challenge: bytes | None = None
    response: bytes | None = None
    identifier: int | None = None


def decode_l2tp_user_authentication(data: bytes) -> L2tpUserAuthentication:
    """8.2.187. Raises DecodeError."""
    reader = Reader(data)
    authentication_type = reader.uint(2)
    flags = reader.uint(1)
    return L2tpUserAuthentication(
        authentication_type,
        reader.sized(1) if flags & 1 else None,
        reader.sized(1) if flags & 2 else None,
        reader.sized(1) if flags & 4 else None,
        reader.uint(1) if flags & 8 else None,
    )


def encode_l2tp_user_authentication(value: L2tpUserAuthentication) -> bytes:
    """8.2.187. Raises EncodeError."""
    name = "L2TP User Authentication"
    flags = 0
    octets = b""
    for bit, field in enumerate((value.name, value.challenge, value.response)):
        if field is not None:
            flags |= 1 << bit
            octets += sized_octets(field, 1, name)
    if value.identifier is not None:
        flags |= 8
        octets += uint_octets(value.identifier, 1, name)
    return uint_octets(value.authentication_type, 2, name) + bytes((flags,)) + octets


class Thresholds(NamedTuple):
    """When traffic is steered to the other access (8.2.196): milliseconds and per cent."""

    round_trip_time: int | None = None
    packet_loss_rate: int | None = None


def decode_thresholds(data: bytes) -> Thresholds:
    """8.2.196. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    time = reader.uint(2) if flags & 1 else None
    return Thresholds(time, reader.uint(1) if flags & 2 else None)


def encode_thresholds(value: Thresholds) -> bytes:
    """8.2.196. Raises EncodeError."""
    flags = 0
    octets = b""
    if value.round_trip_time is not None:
        flags |= 1
        octets += uint_octets(value.round_trip_time, 2, "Thresholds")
    if value.packet_loss_rate is not None:
        flags |= 2
        octets += uint_octets(value.packet_loss_rate, 1, "Thresholds")
    return bytes((flags,)) + octets


def decode_dns_query_filter(data: bytes) -> str:
    """The pattern of domain names (8.2.201). Raises DecodeError."""
    return Reader(data).sized_text(2)


def encode_dns_query_filter(value: str) -> bytes:
    """8.2.201. Raises EncodeError."""
    return sized_text_octets(value, 2, "DNS Query Filter")


class DscpToPpiMapping(NamedTuple):
    """The paging policy indication that stands for some DSCPs (8.2.214)."""

    paging_policy_indication: int
    dscps: tuple[int, ...]


def decode_dscp_to_ppi_mapping(data: bytes) -> DscpToPpiMapping:
    """8.2.214. Raises DecodeError."""
    reader = Reader(data)
    return DscpToPpiMapping(reader.uint(1) & 7, tuple(dscp & 0x3F for dscp in reader.rest()))


def encode_dscp_to_ppi_mapping(value: DscpToPpiMapping) -> bytes:
    """8.2.214. Raises EncodeError."""
    name = "DSCP to PPI Mapping Information"
    indication = small(value.paging_policy_indication, 3, name)
    return bytes((indication, *(small(dscp, 6, name) for dscp in value.dscps)))
