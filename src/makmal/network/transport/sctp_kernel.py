"""SCTP sockets of the kernel, one association each (RFC 6458, 4: the one-to-one style).

Where the kernel has SCTP, it must be the kernel's: it answers packets of associations that it does
not know with ABORT, and so would end those of a user-space stack on the same address.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from makmal.network.transport.sctp_paths import IPPROTO_SCTP
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

# Socket options and ancillary data (RFC 6458, 8.1 and 5.3; their numbers are Linux's).
_INITMSG, _NODELAY, _RECVRCVINFO = 2, 3, 32
_SNDINFO, _RCVINFO = 2, 3
# struct sctp_initmsg: streams out and in, attempts and time of INIT as the kernel has them.
_INITIAL = struct.pack("@HHHH", 16, 16, 0, 0)
# struct sctp_sndinfo: stream, flags, payload protocol identifier (as on the wire), context and
# association.
_SEND = struct.Struct("@HH4sIi")
# struct sctp_rcvinfo: stream, sequence number, flags, payload protocol identifier, and the rest.
_RECEIVED = struct.Struct("@HHH2x4sIIIi")
_NOTIFICATION = 0x8000
_ANCILLARY_SPACE = socket.CMSG_SPACE(_RECEIVED.size)
_READ, _MOST_READS = 65_536, 64
_BACKLOG = 64
NOT_OFFERED = (
    "this machine's kernel has no SCTP (on Linux its module is called sctp): load it, or have SCTP "
    "carried by IP or UDP"
)

Ancillary = Sequence[tuple[int, int, bytes]]


def kernel_offers_sctp() -> bool:
    """Whether this machine's kernel has SCTP sockets."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


def send_information(stream_id: int, payload_protocol_id: int) -> Ancillary:
    """What goes beside a message (RFC 6458, 5.3.4)."""
    identifier = payload_protocol_id.to_bytes(4, "big")
    return [(IPPROTO_SCTP, _SNDINFO, _SEND.pack(stream_id, 0, identifier, 0, 0))]


def receive_information(ancillary: Ancillary) -> tuple[int, int]:
    """Stream and payload protocol identifier of a message that came (RFC 6458, 5.3.5); 0 and 0
    where the kernel told none.
    """
    for level, kind, octets in ancillary:
        if level == IPPROTO_SCTP and kind == _RCVINFO and len(octets) >= _RECEIVED.size:
            stream_id, _, _, identifier, *_ = _RECEIVED.unpack_from(octets)
            return stream_id, int.from_bytes(identifier, "big")
    return 0, 0


class KernelLink:
    """One association. ``end`` is its socket, connected and not blocking."""

    def __init__(self, end: socket.socket, local: Endpoint, remote: Endpoint) -> None:
        self.local, self.remote = local, remote
        self.on_message: Callable[[bytes, int, int], None] | None = None
        self.on_close: Callable[[str], None] | None = None
        self.is_closed = False
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[bytes, Ancillary]] = deque()
        self._closes = False
        # Of a message that the kernel gives in pieces (RFC 6458, 3.1.5).
        self._begun = bytearray()
        self._loop.add_reader(end.fileno(), self._readable)

    def send(self, payload: bytes, stream_id: int = 0, payload_protocol_id: int = 0) -> None:
        """Send a user message, after those that still wait."""
        if self.is_closed or self._closes:
            return
        self._waiting.append((payload, send_information(stream_id, payload_protocol_id)))
        if len(self._waiting) == 1:
            self._writable()

    def _writable(self) -> None:
        while self._waiting:
            payload, ancillary = self._waiting[0]
            try:
                self._end.sendmsg([payload], ancillary)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._end.fileno(), self._writable)
                return
            except OSError as error:
                self._ended(error.strerror or "the association broke")
                return
            self._waiting.popleft()
        self._loop.remove_writer(self._end.fileno())
        if self._closes:
            self._ended(None)

    def _readable(self) -> None:
        for _ in range(_MOST_READS):
            try:
                octets, ancillary, flags, _ = self._end.recvmsg(_READ, _ANCILLARY_SPACE)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionResetError:
                self._ended("the peer aborted the association")
                return
            except OSError as error:
                self._ended(error.strerror or "the association broke")
                return
            if flags & _NOTIFICATION:
                continue
            if not octets:
                self._ended("the peer ended the association")
                return
            self._begun += octets
            if flags & socket.MSG_EOR:
                payload, self._begun = bytes(self._begun), bytearray()
                if self.on_message is not None:
                    self.on_message(payload, *receive_information(ancillary))
            if self.is_closed:
                return

    def _ended(self, reason: str | None) -> None:
        """Give the socket back; ``reason`` is None when it was us who ended it."""
        if self.is_closed:
            return
        self.is_closed = True
        self._waiting.clear()
        self._loop.remove_reader(self._end.fileno())
        self._loop.remove_writer(self._end.fileno())
        self._end.close()
        if reason is not None and self.on_close is not None:
            self.on_close(reason)

    def close(self) -> None:
        """End the association in order (SHUTDOWN), once what waits was sent."""
        self._closes = True
        if not self._waiting:
            self._ended(None)

    def abort(self) -> None:
        """End it at once (ABORT; RFC 6458, 8.1.4)."""
        if not self.is_closed:
            self._end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
            self._ended(None)


class KernelListener:
    """A port at which associations are taken."""

    def __init__(
        self, end: socket.socket, local: Endpoint, accept: Callable[[KernelLink], None]
    ) -> None:
        self.local = local
        self._end, self._accept = end, accept
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            end, address = self._end.accept()
        except OSError:
            # It went before we took it.
            return
        end.setblocking(False)
        self._accept(KernelLink(end, self.local, Endpoint(address[0], address[1])))

    def close(self) -> None:
        """Take no more."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end.fileno())
            self._end.close()


class RefusedError(UnreachableError):
    """The peer answered with ABORT."""


async def connect(local: Endpoint, remote: Endpoint, seconds: float) -> KernelLink:
    """Set up an association from a local address. Raises UnreachableError."""
    end = _bound(local)
    where = f"{remote.address}:{remote.port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            await loop.sock_connect(end, tuple(remote))
    except TimeoutError:
        end.close()
        raise UnreachableError(
            f"no answer to SCTP INIT from {where} within {seconds:g} s: is it up, and is this its "
            "N2 address?"
        ) from None
    except ConnectionRefusedError:
        end.close()
        raise RefusedError(f"{where}: refused the association") from None
    except OSError as error:
        end.close()
        raise UnreachableError(f"{where} cannot be reached: {error.strerror or error}") from None
    except BaseException:
        end.close()
        raise
    name = end.getsockname()
    return KernelLink(end, Endpoint(name[0], name[1]), remote)


def listen(local: Endpoint, accept: Callable[[KernelLink], None]) -> KernelListener:
    """Take associations at a port. Raises OSError when it is taken, UnreachableError."""
    end = _bound(local)
    try:
        end.listen(_BACKLOG)
    except OSError:
        end.close()
        raise
    return KernelListener(end, local, accept)


def _bound(local: Endpoint) -> socket.socket:
    family = socket.AF_INET if ip_address(local.address).version == 4 else socket.AF_INET6
    try:
        end = socket.socket(family, socket.SOCK_STREAM, IPPROTO_SCTP)
    except OSError:
        raise UnreachableError(NOT_OFFERED) from None
    try:
        end.setblocking(False)
        end.setsockopt(IPPROTO_SCTP, _INITMSG, _INITIAL)
        end.setsockopt(IPPROTO_SCTP, _NODELAY, 1)
        end.setsockopt(IPPROTO_SCTP, _RECVRCVINFO, 1)
        if local.port:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end.bind(tuple(local))
    except OSError as error:
        end.close()
        raise UnreachableError(
            f"{local.address}:{local.port} cannot be had for SCTP: {error.strerror}"
        ) from None
    return end
