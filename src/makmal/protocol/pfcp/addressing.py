"""Values that say who and where: nodes, sessions, tunnels, addresses (TS 29.244, 8.2).

Addresses are text; a field is None when its flag says that it is absent.
"""

from __future__ import annotations

from typing import NamedTuple

from makmal.protocol.errors import EncodeError
from makmal.protocol.pfcp.domain_names import labels_to_name, name_to_labels
from makmal.protocol.pfcp.enumerations import NodeIdType
from makmal.protocol.pfcp.octets import (
    Reader,
    address_octets,
    ipv4_octets,
    ipv6_octets,
    sized_octets,
    small,
    text_octets,
    uint_octets,
)


class NodeId(NamedTuple):
    """The identity of a CP or UP function (8.2.38).

    ``value`` is an address or an FQDN in text form; the octets that came for an unknown type or
    for an FQDN that is not DNS labels.
    """

    type: int
    value: str | bytes


def decode_node_id(data: bytes) -> NodeId:
    """8.2.38. Raises DecodeError."""
    reader = Reader(data)
    node_id_type = reader.uint(1) & 0x0F
    if node_id_type == NodeIdType.IPV4:
        return NodeId(NodeIdType.IPV4, reader.ipv4())
    if node_id_type == NodeIdType.IPV6:
        return NodeId(NodeIdType.IPV6, reader.ipv6())
    octets = reader.rest()
    if node_id_type == NodeIdType.FQDN:
        name = labels_to_name(octets)
        return NodeId(NodeIdType.FQDN, octets if name is None else name)
    return NodeId(node_id_type, octets)


def encode_node_id(value: NodeId) -> bytes:
    """8.2.38. Raises EncodeError."""
    head = bytes((small(value.type, 4, "Node ID type"),))
    if isinstance(value.value, bytes):
        return head + value.value
    if value.type == NodeIdType.IPV4:
        return head + ipv4_octets(value.value, "Node ID")
    if value.type == NodeIdType.IPV6:
        return head + ipv6_octets(value.value, "Node ID")
    return head + name_to_labels(value.value, "Node ID")


class FSeid(NamedTuple):
    """A session endpoint identifier and the address of the node that chose it (8.2.37)."""

    seid: int
    ipv4: str | None = None
    ipv6: str | None = None


def decode_f_seid(data: bytes) -> FSeid:
    """8.2.37. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    seid = reader.uint(8)
    return FSeid(seid, reader.ipv4() if flags & 2 else None, reader.ipv6() if flags & 1 else None)


def encode_f_seid(value: FSeid) -> bytes:
    """8.2.37. Raises EncodeError."""
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1
    seid = uint_octets(value.seid, 8, "F-SEID")
    return bytes((flags,)) + seid + address_octets(value.ipv4, value.ipv6, "F-SEID")


class FTeid(NamedTuple):
    """A GTP-U tunnel endpoint (8.2.3).

    ``choose`` asks the UP function to allocate it: then there is no ``teid`` and no address, and
    ``choose_ipv4`` and ``choose_ipv6`` say which addresses are wanted. PDRs with one ``choose_id``
    share one endpoint.
    """

    teid: int | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    choose: bool = False
    choose_id: int | None = None
    choose_ipv4: bool = False
    choose_ipv6: bool = False


def decode_f_teid(data: bytes) -> FTeid:
    """8.2.3. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    if flags & 4:
        choose_id = reader.uint(1) if flags & 8 else None
        return FTeid(None, None, None, True, choose_id, flags & 1 != 0, flags & 2 != 0)
    teid = reader.uint(4)
    ipv4 = reader.ipv4() if flags & 1 else None
    return FTeid(teid, ipv4, reader.ipv6() if flags & 2 else None)


def encode_f_teid(value: FTeid) -> bytes:
    """8.2.3. Raises EncodeError."""
    allocated = (value.teid, value.ipv4, value.ipv6) != (None, None, None)
    chosen = value.choose_ipv4 or value.choose_ipv6 or value.choose_id is not None
    if (allocated and value.choose) or (chosen and not value.choose):
        raise EncodeError("PFCP", "F-TEID", "CHOOSE and an allocated tunnel exclude each other")
    if value.choose:
        flags = 4 | value.choose_ipv4 | value.choose_ipv6 << 1
        if value.choose_id is None:
            return bytes((flags,))
        return bytes((flags | 8,)) + uint_octets(value.choose_id, 1, "F-TEID CHOOSE ID")
    if value.teid is None:
        raise EncodeError("PFCP", "F-TEID", "neither a TEID nor CHOOSE")
    flags = (value.ipv4 is not None) | (value.ipv6 is not None) << 1
    teid = uint_octets(value.teid, 4, "F-TEID")
    return bytes((flags,)) + teid + address_octets(value.ipv4, value.ipv6, "F-TEID")


class UeIpAddress(NamedTuple):
    """The addresses of a UE (8.2.62).

    ``destination`` (S/D flag): in a PDI, they are the destination of packets, not the source.
    ``choose_ipv4`` and ``choose_ipv6`` ask the UP function to allocate them.
    ``ipv6_prefix_delegation_bits`` and ``ipv6_prefix_length`` are numbers of bits.
    """

    ipv4: str | None = None
    ipv6: str | None = None
    destination: bool = False
    ipv6_prefix_delegation_bits: int | None = None
    ipv6_prefix_length: int | None = None
    choose_ipv4: bool = False
    choose_ipv6: bool = False


def decode_ue_ip_address(data: bytes) -> UeIpAddress:
    """8.2.62. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return UeIpAddress(
        reader.ipv4() if flags & 2 else None,
        reader.ipv6() if flags & 1 else None,
        flags & 4 != 0,
        reader.uint(1) if flags & 8 else None,
        reader.uint(1) if flags & 0x40 else None,
        flags & 0x10 != 0,
        flags & 0x20 != 0,
    )


def encode_ue_ip_address(value: UeIpAddress) -> bytes:
    """8.2.62. Raises EncodeError."""
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1 | value.destination << 2
    flags |= value.choose_ipv4 << 4 | value.choose_ipv6 << 5
    octets = address_octets(value.ipv4, value.ipv6, "UE IP Address")
    if value.ipv6_prefix_delegation_bits is not None:
        flags |= 8
        octets += uint_octets(value.ipv6_prefix_delegation_bits, 1, "UE IP Address IPv6D")
    if value.ipv6_prefix_length is not None:
        flags |= 0x40
        octets += uint_octets(value.ipv6_prefix_length, 1, "UE IP Address IP6PL")
    return bytes((flags,)) + octets


class NodeAddresses(NamedTuple):
    """The addresses of a node: alternative SMF, CP PFCP entity, CP (8.2.129, 8.2.135, 8.2.199).

    ``preferred`` is the PPE flag of Alternative SMF IP Address.
    """

    ipv4: str | None = None
    ipv6: str | None = None
    preferred: bool = False


def decode_node_addresses(data: bytes) -> NodeAddresses:
    """8.2.129, 8.2.135, 8.2.199. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    ipv4 = reader.ipv4() if flags & 2 else None
    return NodeAddresses(ipv4, reader.ipv6() if flags & 1 else None, flags & 4 != 0)


def encode_node_addresses(value: NodeAddresses) -> bytes:
    """8.2.129, 8.2.135, 8.2.199. Raises EncodeError."""
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1 | value.preferred << 2
    return bytes((flags,)) + address_octets(value.ipv4, value.ipv6, "IP Address")


def decode_lone_address(data: bytes) -> str:
    """An address whose family its length tells (8.2.188, 8.2.193, 8.2.194). Raises DecodeError."""
    reader = Reader(data)
    return reader.ipv6() if len(data) >= 16 else reader.ipv4()


def encode_lone_address(value: str) -> bytes:
    """An IPv4 or IPv6 address alone. Raises EncodeError."""
    return ipv6_octets(value, "Address") if ":" in value else ipv4_octets(value, "Address")


class SourceIpAddress(NamedTuple):
    """The source of multicast packets (8.2.138). ``prefix_length`` counts bits."""

    ipv4: str | None = None
    ipv6: str | None = None
    prefix_length: int | None = None


def decode_source_ip_address(data: bytes) -> SourceIpAddress:
    """8.2.138. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return SourceIpAddress(
        reader.ipv4() if flags & 2 else None,
        reader.ipv6() if flags & 1 else None,
        reader.uint(1) if flags & 4 else None,
    )


def encode_source_ip_address(value: SourceIpAddress) -> bytes:
    """8.2.138. Raises EncodeError."""
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1
    octets = address_octets(value.ipv4, value.ipv6, "Source IP Address")
    if value.prefix_length is not None:
        flags |= 4
        octets += uint_octets(value.prefix_length, 1, "Source IP Address")
    return bytes((flags,)) + octets


class IpMulticastAddress(NamedTuple):
    """A multicast address or a range of them; ``any``: every multicast address (8.2.137)."""

    ipv4: str | None = None
    ipv6: str | None = None
    last_ipv4: str | None = None
    last_ipv6: str | None = None
    any: bool = False


def decode_ip_multicast_address(data: bytes) -> IpMulticastAddress:
    """8.2.137. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    if flags & 8:
        return IpMulticastAddress(any=True)
    ipv4 = reader.ipv4() if flags & 2 else None
    ipv6 = reader.ipv6() if flags & 1 else None
    last_ipv4 = reader.ipv4() if flags & 6 == 6 else None
    return IpMulticastAddress(ipv4, ipv6, last_ipv4, reader.ipv6() if flags & 5 == 5 else None)


def encode_ip_multicast_address(value: IpMulticastAddress) -> bytes:
    """8.2.137. Raises EncodeError."""
    name = "IP Multicast Address"
    if value.any:
        return b"\x08"
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1
    octets = address_octets(value.ipv4, value.ipv6, name)
    if value.last_ipv4 is not None or value.last_ipv6 is not None:
        flags |= 4
        octets += address_octets(value.last_ipv4, value.last_ipv6, name)
    return bytes((flags,)) + octets


class RemoteGtpuPeer(NamedTuple):
    """The other end of a GTP-U path (8.2.70)."""

    ipv4: str | None = None
    ipv6: str | None = None
    destination_interface: int | None = None
    network_instance: bytes | None = None


def decode_remote_gtpu_peer(data: bytes) -> RemoteGtpuPeer:
    """8.2.70. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    ipv4 = reader.ipv4() if flags & 2 else None
    ipv6 = reader.ipv6() if flags & 1 else None
    interface: int | None = None
    if flags & 4:
        interface = Reader(reader.sized(2)).uint(1) & 0x0F
    return RemoteGtpuPeer(ipv4, ipv6, interface, reader.sized(2) if flags & 8 else None)


def encode_remote_gtpu_peer(value: RemoteGtpuPeer) -> bytes:
    """8.2.70. Raises EncodeError."""
    name = "Remote GTP-U Peer"
    flags = (value.ipv6 is not None) | (value.ipv4 is not None) << 1
    octets = address_octets(value.ipv4, value.ipv6, name)
    if value.destination_interface is not None:
        flags |= 4
        octets += sized_octets(bytes((small(value.destination_interface, 4, name),)), 2, name)
    if value.network_instance is not None:
        flags |= 8
        octets += sized_octets(value.network_instance, 2, name)
    return bytes((flags,)) + octets


class FqCsid(NamedTuple):
    """A fully qualified PDN connection set identifier (8.2.43).

    ``node_address`` is an address in text form, or the four octets of an identifier made of MCC,
    MNC and a number; ``node_type`` is None where the octet of Release 15 is missing.
    """

    node_address: str | bytes
    csids: tuple[int, ...]
    node_type: int | None = None


def decode_fq_csid(data: bytes) -> FqCsid:
    """8.2.43. Raises DecodeError."""
    reader = Reader(data)
    head = reader.uint(1)
    address_type = head >> 4
    node_address: str | bytes
    if address_type == 0:
        node_address = reader.ipv4()
    elif address_type == 1:
        node_address = reader.ipv6()
    else:
        node_address = reader.take(4)
    csids = tuple(reader.uint(2) for _ in range(head & 0x0F))
    node_type = reader.uint(1) & 0x0F if reader.at < len(data) else None
    return FqCsid(node_address, csids, node_type)


def encode_fq_csid(value: FqCsid) -> bytes:
    """8.2.43. Raises EncodeError."""
    address = value.node_address
    if isinstance(address, bytes):
        if len(address) != 4:
            raise EncodeError("PFCP", "FQ-CSID", "a node address of octets has four")
        address_type, octets = 2, address
    else:
        address_type, octets = (1 if ":" in address else 0), encode_lone_address(address)
    head = address_type << 4 | small(len(value.csids), 4, "FQ-CSID")
    octets += b"".join(uint_octets(csid, 2, "FQ-CSID") for csid in value.csids)
    if value.node_type is not None:
        octets += bytes((small(value.node_type, 4, "FQ-CSID node type"),))
    return bytes((head,)) + octets


class SNssai(NamedTuple):
    """A network slice (8.2.176). ``sd`` is 0xFFFFFF where there is none."""

    sst: int
    sd: int = 0xFFFFFF


def decode_s_nssai(data: bytes) -> SNssai:
    """8.2.176. Raises DecodeError."""
    reader = Reader(data)
    return SNssai(reader.uint(1), reader.uint(3))


def encode_s_nssai(value: SNssai) -> bytes:
    """8.2.176. Raises EncodeError."""
    return uint_octets(value.sst, 1, "S-NSSAI SST") + uint_octets(value.sd, 3, "S-NSSAI SD")


def decode_smf_set_id(data: bytes) -> str | bytes:
    """The FQDN of an SMF set behind a spare octet (8.2.131). Raises DecodeError."""
    reader = Reader(data)
    reader.uint(1)
    octets = reader.rest()
    name = labels_to_name(octets)
    return octets if name is None else name


def encode_smf_set_id(value: str | bytes) -> bytes:
    """8.2.131. Raises EncodeError."""
    octets = value if isinstance(value, bytes) else name_to_labels(value, "SMF Set ID")
    return b"\0" + octets


def decode_pool_identity(data: bytes) -> str:
    """UE IP address Pool Identity (8.2.128). Raises DecodeError."""
    return Reader(data).sized_text(2)


def encode_pool_identity(value: str) -> bytes:
    """8.2.128. Raises EncodeError."""
    return sized_octets(text_octets(value, "UE IP address Pool Identity"), 2, "Pool Identity")
