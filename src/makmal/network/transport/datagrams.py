"""UDP sockets that are drained at each wake-up: a loop that takes one datagram a round is slow."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol

from makmal.network.scope import Scope
from makmal.network.taps import Passage
from makmal.trace.frame import Endpoint

_MOST_AT_ONCE = 128
_MOST_OCTETS = 65_536
_BUFFER = 1 << 22
_MOST_KNOWN = 10_000


class Passing(Protocol):
    """What a world does with datagrams on their way."""

    scope: Scope

    @property
    def only_passes(self) -> bool:
        """Whether nothing is recorded or tapped."""

    def datagram_passes(
        self, source: Endpoint, destination: Endpoint, payload: bytes, sent: bool
    ) -> list[Passage]:
        """What is to be delivered in place of a datagram, which is noted."""

    def forget_datagrams(self, local: Endpoint) -> None:
        """A port was closed."""


class DatagramSocket:
    """One UDP port. Raises OSError when it cannot be had."""

    def __init__(
        self, world: Passing, local: Endpoint, receive: Callable[[bytes, Endpoint], None]
    ) -> None:
        self._world, self._receive = world, receive
        family = socket.AF_INET6 if ip_address(local.address).version == 6 else socket.AF_INET
        self._socket: socket.socket | None = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            self._socket.bind((local.address, local.port))
        except OSError as error:
            self._socket.close()
            where = f"{local.address}:{local.port}"
            raise OSError(error.errno, f"{where}: {error.strerror}") from None
        name = self._socket.getsockname()
        # A port of 0 is one that the system chose.
        self.local = Endpoint(name[0], name[1])
        self._known: dict[tuple[str, int], Endpoint] = {}
        self._permitted: set[str] = set()
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        if self._socket is None:
            return
        take, receive, known = self._socket.recvfrom, self._receive, self._known
        only_passes = self._world.only_passes
        for _ in range(_MOST_AT_ONCE):
            if self._socket is None:
                return
            try:
                octets, address = take(_MOST_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error came: whoever waits for an answer finds out.
                continue
            source = known.get(address)
            if source is None:
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                source = known[address] = Endpoint(address[0], address[1])
            if only_passes:
                receive(octets, source)
                continue
            for each in self._world.datagram_passes(source, self.local, octets, False):
                receive(each.content, source)

    def send(self, payload: bytes, to: Endpoint) -> None:
        """Send one datagram. Raises OutOfScopeError."""
        if to.address not in self._permitted:
            self._world.scope.check(to.address)
            if len(self._permitted) >= _MOST_KNOWN:
                self._permitted.clear()
            self._permitted.add(to.address)
        if self._world.only_passes:
            self._out(payload, to)
            return
        for each in self._world.datagram_passes(self.local, to, payload, True):
            self._out(each.content, to)

    def _out(self, payload: bytes, to: Endpoint) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(payload, to)
        except OSError:
            # The buffer is full, or the kernel has no way there: lost, as datagrams are.
            return

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._world.forget_datagrams(self.local)
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
