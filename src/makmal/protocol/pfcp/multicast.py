"""Values of the 5G multicast and broadcast service (TS 29.244, 8.2.206, 8.2.207, 8.2.209)."""

from __future__ import annotations

from typing import NamedTuple

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp.octets import (
    Reader,
    address_octets,
    ipv4_octets,
    ipv6_octets,
    uint_octets,
)


class SourceSpecificMulticastAddress(NamedTuple):
    """Where packets of a multicast session go to, and where they come from (8.2.207)."""

    distribution_address: str
    source_address: str


class MbsSessionIdentifier(NamedTuple):
    """Which multicast session (8.2.206): the six octets of a TMGI, addresses, those of a NID."""

    tmgi: bytes | None = None
    source_specific_address: SourceSpecificMulticastAddress | None = None
    nid: bytes | None = None


class MulticastTransportInformation(NamedTuple):
    """The low layer multicast tunnel of a session (8.2.207)."""

    common_teid: int
    source_specific_address: SourceSpecificMulticastAddress


def _address(reader: Reader) -> str:
    # Two bits of address type, six of length; the two must go together.
    kind = reader.uint(1)
    if kind == 4:
        return reader.ipv4()
    if kind == 0x40 | 16:
        return reader.ipv6()
    raise DecodeError("PFCP", reader.at - 1, f"address type and length {kind:#04x}")


def _address_octets(address: str, field: str) -> bytes:
    if ":" in address:
        return b"\x50" + ipv6_octets(address, field)
    return b"\x04" + ipv4_octets(address, field)


def _addresses(reader: Reader) -> SourceSpecificMulticastAddress:
    return SourceSpecificMulticastAddress(_address(reader), _address(reader))


def _addresses_octets(value: SourceSpecificMulticastAddress, field: str) -> bytes:
    distribution = _address_octets(value.distribution_address, field)
    return distribution + _address_octets(value.source_address, field)


def decode_mbs_session_identifier(data: bytes) -> MbsSessionIdentifier:
    """8.2.206. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return MbsSessionIdentifier(
        reader.take(6) if flags & 1 else None,
        _addresses(reader) if flags & 2 else None,
        reader.take(6) if flags & 4 else None,
    )


def encode_mbs_session_identifier(value: MbsSessionIdentifier) -> bytes:
    """8.2.206. Raises EncodeError."""
    name = "MBS Session Identifier"
    for octets in (value.tmgi, value.nid):
        if octets is not None and len(octets) != 6:
            raise EncodeError("PFCP", name, "a TMGI and a NID have six octets")
    flags = sum((field is not None) << bit for bit, field in enumerate(value))
    addresses = b""
    if value.source_specific_address is not None:
        addresses = _addresses_octets(value.source_specific_address, name)
    return bytes((flags,)) + (value.tmgi or b"") + addresses + (value.nid or b"")


def decode_multicast_transport_information(data: bytes) -> MulticastTransportInformation:
    """8.2.207. Raises DecodeError."""
    reader = Reader(data)
    reader.take(1)
    return MulticastTransportInformation(reader.uint(4), _addresses(reader))


def encode_multicast_transport_information(value: MulticastTransportInformation) -> bytes:
    """8.2.207. Raises EncodeError."""
    name = "Multicast Transport Information"
    common_teid = uint_octets(value.common_teid, 4, name)
    return b"\0" + common_teid + _addresses_octets(value.source_specific_address, name)


class LocalIngressTunnel(NamedTuple):
    """A UDP/IP tunnel into the UP function (8.2.209); ``choose`` asks it to allocate one."""

    port: int | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    choose: bool = False
    choose_ipv4: bool = False
    choose_ipv6: bool = False


def decode_local_ingress_tunnel(data: bytes) -> LocalIngressTunnel:
    """8.2.209. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    if flags & 4:
        return LocalIngressTunnel(None, None, None, True, flags & 1 != 0, flags & 2 != 0)
    port = reader.uint(2)
    ipv4 = reader.ipv4() if flags & 1 else None
    return LocalIngressTunnel(port, ipv4, reader.ipv6() if flags & 2 else None)


def encode_local_ingress_tunnel(value: LocalIngressTunnel) -> bytes:
    """8.2.209. Raises EncodeError."""
    name = "Local Ingress Tunnel"
    if value.choose:
        return bytes((4 | value.choose_ipv4 | value.choose_ipv6 << 1,))
    if value.port is None:
        raise EncodeError("PFCP", name, "neither a port nor CHOOSE")
    flags = (value.ipv4 is not None) | (value.ipv6 is not None) << 1
    octets = bytes((flags,)) + uint_octets(value.port, 2, name)
    return octets + address_octets(value.ipv4, value.ipv6, name)
