"""How the packets of our user-space SCTP travel: on IP as protocol 132, or in UDP (RFC 6951)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from typing import Protocol, cast

from makmal.network.world import UnreachableError

UDP_PORT = 9899
IPPROTO_SCTP = 132
# What a packet that came is given to, with its sender's address.
Receiver = Callable[[bytes, str], None]


class Carriage(StrEnum):
    """Whose SCTP it is, and what carries ours."""

    KERNEL = "kernel"
    IP = "ip"
    UDP = "udp"


# As target files name them.
CARRIAGES = {"kernel": Carriage.KERNEL, "raw": Carriage.IP, "udp": Carriage.UDP}


class PacketPath(Protocol):
    """Sends packets from one local address, and gives those that come to its receiver."""

    def send(self, packet: bytes, address: str) -> None:
        """Send one packet to the address."""

    def close(self) -> None:
        """Give the socket back."""


class IpPath:
    """A raw socket: it needs the right to one (root, CAP_NET_RAW)."""

    def __init__(self, local: str, receive: Receiver) -> None:
        version = ip_address(local).version
        self._is_ipv4 = version == 4
        self._receive = receive
        family = socket.AF_INET if self._is_ipv4 else socket.AF_INET6
        try:
            self._socket = socket.socket(family, socket.SOCK_RAW, IPPROTO_SCTP)
        except PermissionError:
            raise UnreachableError(
                "raw sockets need root or CAP_NET_RAW: run as root, or carry SCTP in UDP "
                '(sctp = "udp") if the other side does'
            ) from None
        self._socket.setblocking(False)
        try:
            self._socket.bind((local, 0))
        except OSError as error:
            self._socket.close()
            raise UnreachableError(
                f"{local} is no address of this machine: {error.strerror}"
            ) from None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def _readable(self) -> None:
        for _ in range(64):
            try:
                octets, address = self._socket.recvfrom(65_536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                return
            if self._is_ipv4:
                octets = octets[(octets[0] & 0x0F) * 4 :]
            self._receive(octets, address[0])

    def send(self, packet: bytes, address: str) -> None:
        """Send one packet; what the kernel cannot take now is lost, and SCTP sends it again."""
        try:
            self._socket.sendto(packet, (address, 0))
        except OSError:
            return

    def close(self) -> None:
        """Give the socket back."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class UdpPath(asyncio.DatagramProtocol):
    """A UDP socket at the port of RFC 6951, or any other."""

    def __init__(self, receive: Receiver, remote_port: int) -> None:
        self._receive = receive
        self._remote_port = remote_port
        self._transport: asyncio.DatagramTransport | None = None
        self._ports: dict[str, int] = {}

    @classmethod
    async def open(cls, local: str, receive: Receiver, port: int = UDP_PORT) -> UdpPath:
        """Raises UnreachableError when the port cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            _, path = await loop.create_datagram_endpoint(
                lambda: cls(receive, port), local_addr=(local, port)
            )
        except OSError as error:
            raise UnreachableError(
                f"UDP port {port} at {local} cannot be had for SCTP: {error.strerror}"
            ) from None
        return path

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        # Python 3.11's datagram transport is one, but does not say so.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A packet came: answers go to the port that it came from (RFC 6951, 5.4)."""
        self._ports[addr[0]] = addr[1]
        self._receive(data, addr[0])

    def error_received(self, exc: Exception) -> None:
        """An ICMP error came: SCTP finds out by itself."""

    def send(self, packet: bytes, address: str) -> None:
        """Send one packet."""
        if self._transport is not None:
            self._transport.sendto(packet, (address, self._ports.get(address, self._remote_port)))

    def close(self) -> None:
        """Give the socket back."""
        if self._transport is not None:
            self._transport.close()


def may_use_raw_sockets() -> bool:
    """Whether this process may send on IP as protocol 132."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


def kernel_has_sctp() -> bool:
    """Whether the kernel speaks SCTP itself: then raw sockets would quarrel with it."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
    except OSError:
        return False
    return True
