"""Trying the ports of a host, on sockets; and a listener that notices whoever connects.

TCP and SCTP answer at an open port, so that silence there is a closed one. UDP need not: a port
counts as open when something comes back, as closed when ICMP says so, and is silent otherwise.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Protocol

from makmal.network.transport.sctp_kernel import RefusedError
from makmal.network.transport.sctp_kernel import connect as kernel_connect
from makmal.network.transport.sctp_stack import SctpStack
from makmal.network.world import Heard, UnreachableError
from makmal.trace.frame import Endpoint, PortOutcome

_AT_ONCE = {"tcp": 256, "udp": 512, "sctp": 512}
_SECONDS = 1.0
_UDP_SENT = b"\0"
_HEARD_OCTETS = 512
# What is not answered at once will not be: what came is noted, and the connection closed.
_HEARD_SECONDS = 0.5


class Note(Protocol):
    """Takes down what came of a port: from which end of ours it was tried, and the octets of UDP
    that were sent and answered.
    """

    def __call__(self, local: Endpoint, port: int, outcome: PortOutcome, *octets: bytes) -> None:
        """One port."""


async def scan_tcp(local: str, address: str, ports: Iterable[int], note: Note) -> None:
    """Connect to each port. Raises UnreachableError where nothing can be sent at all."""

    async def tried(port: int) -> None:
        family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.setblocking(False)
            outcome = PortOutcome.OPEN
            try:
                end.bind((local, 0))
                own = Endpoint(*end.getsockname()[:2])
                async with asyncio.timeout(_SECONDS):
                    await asyncio.get_running_loop().sock_connect(end, (address, port))
                if tuple(own) == end.getpeername()[:2]:
                    # A socket that met itself is no server.
                    outcome = PortOutcome.CLOSED
            except TimeoutError:
                outcome = PortOutcome.SILENT
            except ConnectionRefusedError:
                outcome = PortOutcome.CLOSED
            except OSError as error:
                raise UnreachableError(f"{address} cannot be scanned: {error.strerror}") from None
            note(own, port, outcome)

    await _in_batches("tcp", tried, ports)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Something came back."""
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """ICMP: nothing is there."""
        if not self.answer.done():
            self.answer.set_result(None)


async def scan_udp(local: str, address: str, ports: Iterable[int], note: Note) -> None:
    """Send one octet to each port."""

    async def tried(port: int) -> None:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            _Datagrams, local_addr=(local, 0), remote_addr=(address, port)
        )
        own = Endpoint(*transport.get_extra_info("sockname")[:2])
        try:
            transport.sendto(_UDP_SENT)
            async with asyncio.timeout(_SECONDS):
                answer = await protocol.answer
        except TimeoutError:
            note(own, port, PortOutcome.SILENT, _UDP_SENT)
        else:
            outcome = PortOutcome.CLOSED if answer is None else PortOutcome.OPEN
            note(own, port, outcome, _UDP_SENT, answer or b"")
        finally:
            transport.close()

    await _in_batches("udp", tried, ports)


async def scan_sctp(stack: SctpStack, address: str, ports: Iterable[int]) -> None:
    """Set up an association with each port, with our own SCTP, which notes its packets."""

    async def tried(port: int) -> None:
        try:
            link = await stack.connect(Endpoint(address, port), 0, _SECONDS)
        except UnreachableError:
            return
        link.abort()

    await _in_batches("sctp", tried, ports)


async def scan_kernel_sctp(local: str, address: str, ports: Iterable[int], note: Note) -> None:
    """The same with the kernel's."""

    async def tried(port: int) -> None:
        own = Endpoint(local, 0)
        try:
            link = await kernel_connect(own, Endpoint(address, port), _SECONDS)
        except RefusedError:
            note(own, port, PortOutcome.CLOSED)
        except UnreachableError:
            note(own, port, PortOutcome.SILENT)
        else:
            note(link.local, port, PortOutcome.OPEN)
            link.abort()

    await _in_batches("sctp", tried, ports)


async def _in_batches(
    transport: str, tried: Callable[[int], Awaitable[None]], ports: Iterable[int]
) -> None:
    waiting, at_once = list(ports), _AT_ONCE[transport]
    for start in range(0, len(waiting), at_once):
        await asyncio.gather(*map(tried, waiting[start : start + at_once]))


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
