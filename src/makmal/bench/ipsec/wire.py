"""The wire between the ends of IPsec: what passes on it, as it is, and frames sent past the kernel.

A packet socket sees what the interface sends and receives, before and after whatever the kernel
and charon do with it. What is sent through it goes out as it is, around every route and policy.
"""

from __future__ import annotations

import asyncio
import json
import socket
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from struct import Struct

from makmal.bench.not_done import NotDoneError
from makmal.network.upf import packets
from makmal.trace.frame import Endpoint
from makmal.trace.link import ETHERNET, ip_offset

_ALL_PROTOCOLS = 0x0003
_ETHERNET_HEADER = 14
_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
_OUTGOING = 4
_MOST_OCTETS = 65_536
_MOST_AT_ONCE = 4096
_BUFFER = 1 << 22
_UDP = 17
_MORE_FRAGMENTS = 0x20
_UDP_HEADER = Struct(">HHHH")


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram on the wire. ``link`` is the Ethernet header that it came with."""

    source: Endpoint
    destination: Endpoint
    payload: bytes
    link: bytes
    outgoing: bool


async def interface_towards(local: str, peer: str) -> str:
    """The network interface by which ``peer`` is reached from ``local``. Raises NotDoneError."""
    command = ("ip", "-json", "route", "get", peer, "from", local)
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        written, complaint = await process.communicate()
        found = json.loads(written) if process.returncode == 0 else []
    except (OSError, ValueError) as error:
        raise NotDoneError(f"the way to {peer} is not known: {error}") from None
    device = found[0].get("dev") if found and isinstance(found[0], dict) else None
    if not isinstance(device, str):
        said = complaint.decode("utf-8", "replace").strip().splitlines()
        raise NotDoneError(
            f"there is no way from {local} to {peer}{f': {said[-1]}' if said else ''}; give this "
            "machine (or [laboratory] network_namespace) the address of [ipsec] local"
        )
    if device == "lo":
        raise NotDoneError(
            f"{local} and {peer} are both addresses of this machine: IPsec between them is seen "
            "nowhere; put the product into a network namespace or machine of its own"
        )
    return device


class Wire:
    """``note`` is told of each datagram between two of ``addresses``, when ``drain`` is called."""

    def __init__(
        self, interface: str, addresses: frozenset[str], note: Callable[[Datagram], None]
    ) -> None:
        self._addresses, self._note = addresses, note
        try:
            self._socket: socket.socket | None = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS)
            )
        except OSError as error:
            raise NotDoneError(
                f"the wire cannot be watched: {error.strerror}; run as root"
            ) from None
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.bind((interface, _ALL_PROTOCOLS))
        except OSError as error:
            self._socket.close()
            raise NotDoneError(f"{interface} cannot be watched: {error.strerror}") from None
        asyncio.get_running_loop().add_reader(self._socket, self.drain)

    def drain(self) -> None:
        """Take what has passed until now."""
        for _ in range(_MOST_AT_ONCE):
            if self._socket is None:
                return
            try:
                frame, place = self._socket.recvfrom(_MOST_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                continue
            found = datagram_of(frame, outgoing=place[2] == _OUTGOING)
            if found is not None and self._is_wanted(found):
                self._note(found)

    def _is_wanted(self, found: Datagram) -> bool:
        return {found.source.address, found.destination.address} <= self._addresses

    def send(self, link: bytes, source: Endpoint, destination: Endpoint, payload: bytes) -> None:
        """Send a UDP datagram behind an Ethernet header. Raises NotDoneError."""
        ends = ip_address(source.address).packed, ip_address(destination.address).packed
        packet = packets.udp_packet(*ends, source.port, destination.port, payload)
        header = link[:12] + _ETHERTYPES[packet[0] >> 4]
        if self._socket is None:
            raise NotDoneError("the wire is not watched any more")
        try:
            self._socket.send(header + packet)
        except OSError as error:
            raise NotDoneError(f"a frame could not be sent: {error.strerror}") from None
        # A packet socket does not hear itself.
        self._note(Datagram(source, destination, payload, header, outgoing=True))

    def close(self) -> None:
        """Watch no more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None


def datagram_of(frame: bytes, *, outgoing: bool) -> Datagram | None:
    """The whole UDP datagram in an Ethernet frame; None for anything else."""
    at = ip_offset(ETHERNET, frame)
    if at < 0:
        return None
    packet = frame[at:]
    if packets.version(packet) == 0 or packets.protocol(packet) != _UDP:
        return None
    if packet[0] >> 4 == 4 and packet[6] & _MORE_FRAGMENTS:
        return None
    ends = packets.ports(packet)
    start = packets.payload_at(packet)
    if ends is None or len(packet) < start + _UDP_HEADER.size:
        return None
    length = _UDP_HEADER.unpack_from(packet, start)[2]
    return Datagram(
        Endpoint(str(ip_address(packets.source(packet))), ends[0]),
        Endpoint(str(ip_address(packets.destination(packet))), ends[1]),
        packet[start + _UDP_HEADER.size : start + length],
        frame[:_ETHERNET_HEADER],
        outgoing,
    )
