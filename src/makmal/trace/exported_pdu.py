"""Wireshark's exported PDUs: tags that say who dissects what follows (epan/exported_pdu.h).

So messages travel in a capture that have no transport of their own, such as RRC on the common
channels.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from makmal.trace.frame import Endpoint

EXPORTED_PDU = 252
_END, _DISSECTOR_NAME = 0, 12
_IPV4_SOURCE, _IPV4_DESTINATION, _IPV6_SOURCE, _IPV6_DESTINATION = 20, 21, 22, 23
_PORT_TYPE, _SOURCE_PORT, _DESTINATION_PORT = 24, 25, 26
_UDP_PORTS = 3
_NOWHERE = Endpoint("0.0.0.0", 0)  # noqa: S104 - no address of ours, but that there is none


class Exported(NamedTuple):
    """One exported PDU; the ends are 0.0.0.0 where it does not name them."""

    source: Endpoint
    destination: Endpoint
    dissector: str
    payload: bytes


def encode_exported(
    dissector: str, payload: bytes, ends: tuple[Endpoint, Endpoint] | None = None
) -> bytes:
    """The data of a frame of link type 252."""
    name = dissector.encode()
    # A value is filled up to four octets.
    tags = [(_DISSECTOR_NAME, name + bytes(-len(name) % 4))]
    if ends is not None:
        source, destination = ends
        addresses = ip_address(source.address), ip_address(destination.address)
        kinds = (
            (_IPV4_SOURCE, _IPV4_DESTINATION)
            if addresses[0].version == 4
            else (_IPV6_SOURCE, _IPV6_DESTINATION)
        )
        tags += [(kind, each.packed) for kind, each in zip(kinds, addresses, strict=True)]
        tags += [
            (_PORT_TYPE, _UDP_PORTS.to_bytes(4, "big")),
            (_SOURCE_PORT, source.port.to_bytes(4, "big")),
            (_DESTINATION_PORT, destination.port.to_bytes(4, "big")),
        ]
    tags.append((_END, b""))
    head = b"".join(
        tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for tag, value in tags
    )
    return head + payload


def decode_exported(data: bytes) -> Exported | None:
    """Read the data of a frame of link type 252; None where no dissector is named."""
    at, values = 0, dict[int, bytes]()
    while True:
        if at + 4 > len(data):
            return None
        tag, size = int.from_bytes(data[at : at + 2], "big"), data[at + 2] << 8 | data[at + 3]
        at += 4
        if tag == _END:
            break
        values[tag] = data[at : at + size]
        at += size
    name = values.get(_DISSECTOR_NAME)
    if name is None:
        return None
    source = _endpoint(values, (_IPV4_SOURCE, _IPV6_SOURCE), _SOURCE_PORT)
    destination = _endpoint(values, (_IPV4_DESTINATION, _IPV6_DESTINATION), _DESTINATION_PORT)
    text = name.rstrip(b"\0").decode("ascii", "replace")
    return Exported(source, destination, text, data[at + size :])


def _endpoint(values: dict[int, bytes], kinds: tuple[int, int], port: int) -> Endpoint:
    number = int.from_bytes(values.get(port, b""), "big")
    four, six = values.get(kinds[0], b""), values.get(kinds[1], b"")
    if len(four) == 4:
        return Endpoint(str(IPv4Address(four)), number)
    if len(six) == 16:
        return Endpoint(str(IPv6Address(six)), number)
    return Endpoint(_NOWHERE.address, number)
