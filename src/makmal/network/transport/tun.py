"""TUN interfaces: IP packets of this machine's applications, in and out of this process.

The kernel gives one to who has CAP_NET_ADMIN: root, or anyone inside a user namespace of his own.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Sequence

_DEVICE = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,15}")
# What GTP-U, UDP and IP add fits into an Ethernet frame beside it (TS 29.281, 5.1).
MTU = 1400
_MOST_AT_ONCE = 64
_MOST_OCTETS = 65_536
_WITHOUT = (
    "it takes root, or a user namespace of your own (unshare -Urn); without it the session still "
    "carries what runs inside of makmal"
)


class TunError(Exception):
    """There is no TUN interface to be had: one sentence, with what to do."""


class Tun:
    """``take`` is called with each packet that the kernel sends to the interface."""

    def __init__(self, name: str, take: Callable[[bytes], None]) -> None:
        self.name = name
        self.dropped = 0
        self._take = take
        self._descriptor: int | None = None

    async def open(
        self, addresses: Sequence[str], namespace: str = "", routes: Sequence[str] = ()
    ) -> None:
        """Make the interface, give it addresses ("10.60.0.2/32"), and routes ("default").

        With ``namespace``, it is put into that network namespace. Raises TunError.
        """
        self._descriptor = _made(self.name)
        try:
            if namespace:
                await _ip(self.name, "link", "set", self.name, "netns", namespace)
            inside = ("-n", namespace) if namespace else ()
            await _ip(self.name, *inside, "link", "set", self.name, "mtu", str(MTU), "up")
            for address in addresses:
                await _ip(self.name, *inside, "addr", "add", address, "dev", self.name, "nodad")
            for route in routes:
                family = ("-6",) if ":" in route else ()
                await _ip(self.name, *inside, *family, "route", "add", route, "dev", self.name)
        except TunError:
            self.close()
            raise
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """The interface is gone with its descriptor."""
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def send(self, packet: bytes) -> None:
        """A packet to the kernel, which drops what it cannot use."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, packet)
        except OSError:
            self.dropped += 1

    def _read(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            if self._descriptor is None:
                return
            try:
                packet = os.read(self._descriptor, _MOST_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self._take(packet)


def _made(name: str) -> int:
    if not _NAME.fullmatch(name):
        raise TunError(f"{name!r} is no name of an interface: letters and digits, 15 at most")
    try:
        descriptor = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise TunError(
            f"no TUN interface can be made: {_DEVICE}: {error.strerror}; {_WITHOUT}"
        ) from None
    try:
        request = struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(descriptor, _TUNSETIFF, request)
    except OSError as error:
        os.close(descriptor)
        raise TunError(
            f"no TUN interface {name} can be made: {error.strerror}; {_WITHOUT}"
        ) from None
    return descriptor


async def _ip(name: str, *arguments: str) -> None:
    """Run ip(8). Raises TunError."""
    try:
        process = await asyncio.create_subprocess_exec(
            "ip", *arguments, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
    except OSError as error:
        raise TunError(
            f"the interface {name} cannot be set up: ip: {error.strerror}; install iproute2"
        ) from None
    _, errors = await process.communicate()
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines()
        reason = said[0] if said else f"exit code {process.returncode}"
        raise TunError(f"the interface {name} cannot be set up: ip {' '.join(arguments)}: {reason}")
