"""Which ports of a host are open, on sockets; and a listener that notices whoever connects.

TCP and SCTP answer at an open port, so that silence there is a closed one. UDP need not: a port
counts as open when something comes back, as closed when ICMP says so, and is silent otherwise.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address

from makmal.network.transport.sctp_kernel import connect as kernel_connect
from makmal.network.transport.sctp_stack import SctpStack
from makmal.network.world import Heard, PortScan, UnreachableError
from makmal.trace.frame import Endpoint

_AT_ONCE = {"tcp": 256, "udp": 512, "sctp": 512}
_SECONDS = 1.0
_HEARD_OCTETS = 512
# What is not answered at once will not be: what came is noted, and the connection closed.
_HEARD_SECONDS = 0.5


async def scan_tcp(local: str, address: str, ports: Iterable[int]) -> PortScan:
    """Connect to each port. Raises UnreachableError where nothing can be sent at all."""

    async def is_open(port: int) -> bool | None:
        family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.setblocking(False)
            try:
                end.bind((local, 0))
                async with asyncio.timeout(_SECONDS):
                    await asyncio.get_running_loop().sock_connect(end, (address, port))
                # A socket that met itself is no server.
                return bool(end.getsockname()[:2] != end.getpeername()[:2])
            except TimeoutError:
                return False
            except ConnectionRefusedError:
                return False
            except OSError as error:
                raise UnreachableError(f"{address} cannot be scanned: {error.strerror}") from None

    return await _scan("tcp", is_open, ports)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Something came back."""
        if not self.answer.done():
            self.answer.set_result(True)

    def error_received(self, exc: Exception) -> None:
        """ICMP: nothing is there."""
        if not self.answer.done():
            self.answer.set_result(False)


async def scan_udp(local: str, address: str, ports: Iterable[int]) -> PortScan:
    """Send one octet to each port."""

    async def is_open(port: int) -> bool | None:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            _Datagrams, local_addr=(local, 0), remote_addr=(address, port)
        )
        try:
            transport.sendto(b"\0")
            async with asyncio.timeout(_SECONDS):
                return await protocol.answer
        except TimeoutError:
            return None
        finally:
            transport.close()

    return await _scan("udp", is_open, ports)


async def scan_sctp(stack: SctpStack, address: str, ports: Iterable[int]) -> PortScan:
    """Set up an association with each port, with our own SCTP."""

    async def is_open(port: int) -> bool | None:
        try:
            link = await stack.connect(Endpoint(address, port), 0, _SECONDS)
        except UnreachableError:
            return False
        link.abort()
        return True

    return await _scan("sctp", is_open, ports)


async def scan_kernel_sctp(local: str, address: str, ports: Iterable[int]) -> PortScan:
    """The same with the kernel's."""

    async def is_open(port: int) -> bool | None:
        try:
            link = await kernel_connect(Endpoint(local, 0), Endpoint(address, port), _SECONDS)
        except UnreachableError:
            return False
        link.abort()
        return True

    return await _scan("sctp", is_open, ports)


async def _scan(
    transport: str, is_open: Callable[[int], Awaitable[bool | None]], ports: Iterable[int]
) -> PortScan:
    waiting = list(ports)
    found: list[int] = []
    silent: list[int] = []
    at_once = _AT_ONCE[transport]
    for start in range(0, len(waiting), at_once):
        batch = waiting[start : start + at_once]
        for port, answer in zip(batch, await asyncio.gather(*map(is_open, batch)), strict=True):
            if answer:
                found.append(port)
            elif answer is None:
                silent.append(port)
    return PortScan(tuple(found), tuple(silent))


class AnythingListening:
    """A TCP port that takes whatever comes."""

    def __init__(self, local: Endpoint, server: asyncio.Server) -> None:
        self.local, self._server = local, server

    @classmethod
    async def open(cls, local: Endpoint, heard: Heard) -> AnythingListening:
        """Listen. Raises OSError."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            octets = b""
            try:
                async with asyncio.timeout(_HEARD_SECONDS):
                    octets = await reader.read(_HEARD_OCTETS)
            except (TimeoutError, OSError):
                octets = b""
            heard(str(writer.get_extra_info("peername", ("somebody",))[0]), octets)
            writer.close()

        return cls(local, await asyncio.start_server(accept, local.address, local.port))

    def close(self) -> None:
        """Stop listening."""
        self._server.close()
