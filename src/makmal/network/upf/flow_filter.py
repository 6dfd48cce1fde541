"""IPFilterRules of SDF filters, read and applied (TS 29.244, 8.2.5; TS 29.212, 5.4.2; RFC 6733)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from makmal.network.upf import packets

_PREFIX = ("permit", "out")
_PORTS = range(65536)


class FilterError(ValueError):
    """A text that is no filter which this UPF knows."""


@dataclass(frozen=True, slots=True)
class FlowFilter:
    """A filter worded for the downlink: from the remote end to the UE. None means any."""

    protocol: int | None
    remote: IPv4Network | IPv6Network | None
    remote_ports: tuple[range, ...] = ()
    local: IPv4Network | IPv6Network | None = None
    local_ports: tuple[range, ...] = ()

    def matches(self, packet: bytes, *, uplink: bool) -> bool:
        """Whether a packet is of this flow; uplink packets are read with the ends swapped."""
        if self.protocol is not None and packets.protocol(packet) != self.protocol:
            return False
        ends = packets.source(packet), packets.destination(packet)
        local, remote = ends if uplink else ends[::-1]
        if not _within(remote, self.remote) or not _within(local, self.local):
            return False
        if not self.remote_ports and not self.local_ports:
            return True
        pair = packets.ports(packet)
        if pair is None:
            return False
        local_port, remote_port = pair if uplink else pair[::-1]
        return _among(remote_port, self.remote_ports) and _among(local_port, self.local_ports)


def _within(address: bytes, network: IPv4Network | IPv6Network | None) -> bool:
    if network is None:
        return True
    if len(address) * 8 != network.max_prefixlen:
        return False
    return int.from_bytes(address, "big") & int(network.netmask) == int(network.network_address)


def _among(port: int, ranges: tuple[range, ...]) -> bool:
    return not ranges or any(port in each for each in ranges)


def parse(text: str) -> FlowFilter:
    """Read "permit out 17 from 198.51.100.0/24 53 to assigned". Raises FilterError."""
    words = text.split()
    if tuple(words[:2]) != _PREFIX or "from" not in words or "to" not in words:
        raise FilterError(f"{text!r} is no filter of the form 'permit out ... from ... to ...'")
    at, to = words.index("from"), words.index("to")
    if at != 3 or to < 5 or to + 1 >= len(words):
        raise FilterError(f"{text!r} is no filter of the form 'permit out ... from ... to ...'")
    try:
        protocol = None if words[2] == "ip" else int(words[2])
        remote, remote_ports = _end(words[at + 1 : to])
        local, local_ports = _end(words[to + 1 :])
    except ValueError as error:
        raise FilterError(f"{text!r}: {error}") from None
    return FlowFilter(protocol, remote, remote_ports, local, local_ports)


def _end(words: Sequence[str]) -> tuple[IPv4Network | IPv6Network | None, tuple[range, ...]]:
    if len(words) > 2:
        raise ValueError("options of IPFilterRules are not known here")
    network = None if words[0] in ("any", "assigned") else ip_network(words[0], strict=False)
    if len(words) == 1:
        return network, ()
    return network, tuple(_range(each) for each in words[1].split(","))


def _range(text: str) -> range:
    low, _, high = text.partition("-")
    first, last = int(low), int(high or low)
    if first not in _PORTS or last not in _PORTS or last < first:
        raise ValueError(f"{text} are no ports")
    return range(first, last + 1)
