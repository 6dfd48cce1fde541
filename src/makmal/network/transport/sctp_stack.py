"""The SCTP of one local address: its associations, listeners and timers on asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from ipaddress import ip_address

from makmal.network.transport.sctp_paths import PacketPath
from makmal.network.world import UnreachableError
from makmal.protocol.sctp.association import (
    Association,
    Closed,
    Established,
    Event,
    MessageReceived,
    State,
)
from makmal.protocol.sctp.listener import Listener
from makmal.trace.frame import Endpoint

# What notes each packet: whether we sent it, the addresses, the packet.
PacketNote = Callable[[bool, str, str, bytes], None]
_EPHEMERAL = 49_152


class SctpLink:
    """One end of an association."""

    def __init__(self, stack: SctpStack, association: Association, remote: Endpoint) -> None:
        self.local = Endpoint(stack.address, association.local_port)
        self.remote = remote
        self.association = association
        self.on_message: Callable[[bytes, int, int], None] | None = None
        self.on_close: Callable[[str], None] | None = None
        self.established: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stack = stack

    def send(self, payload: bytes, stream_id: int = 0, payload_protocol_id: int = 0) -> None:
        """Send a user message."""
        if self.association.state is not State.CLOSED:
            self.association.send(payload, stream_id, payload_protocol_id)
            self._stack.flush_soon(self)

    def close(self) -> None:
        """End the association in order."""
        self.association.close(self._stack.now)
        self._stack.flush_soon(self)

    def abort(self) -> None:
        """End it at once."""
        self.association.abort()
        self._stack.flush_soon(self)


class SctpStack:
    """``path`` is set once it is open; ``note`` is called with every packet."""

    def __init__(self, address: str, note: PacketNote | None = None) -> None:
        self.address = address
        self.path: PacketPath | None = None
        self._note = note
        self._loop = asyncio.get_running_loop()
        self._links: dict[tuple[str, int, int], SctpLink] = {}
        self._listeners: dict[int, tuple[Listener, Callable[[SctpLink], None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._dirty: dict[SctpLink, None] = {}
        self._next_port = _EPHEMERAL + int.from_bytes(os.urandom(2), "big") % 8192

    @property
    def now(self) -> float:
        """The loop's time."""
        return self._loop.time()

    def listen(self, port: int, accept: Callable[[SctpLink], None]) -> None:
        """Take associations at a port. Raises OSError when somebody does already."""
        if port in self._listeners:
            raise OSError(f"SCTP port {port} at {self.address} is taken already")
        self._listeners[port] = (Listener(port, os.urandom), accept)

    def unlisten(self, port: int) -> None:
        """Take no more."""
        self._listeners.pop(port, None)

    async def connect(self, remote: Endpoint, port: int, seconds: float) -> SctpLink:
        """Set up an association. Raises UnreachableError."""
        if port == 0:
            self._next_port += 1
            port = self._next_port
        tag = int.from_bytes(os.urandom(4), "big") or 1
        association = Association(port, remote.port, tag, int.from_bytes(os.urandom(4), "big"))
        link = SctpLink(self, association, remote)
        self._links[remote.address, remote.port, port] = link
        association.connect(self.now)
        self._flush(link)
        try:
            async with asyncio.timeout(seconds):
                await link.established
        except TimeoutError:
            self._forget(link)
            raise UnreachableError(
                f"no answer to SCTP INIT from {remote.address}:{remote.port} within {seconds:g} s: "
                "is it up, and is this its N2 address?"
            ) from None
        return link

    def received(self, packet: bytes, address: str) -> None:
        """A packet came."""
        if len(packet) < 16:
            return
        source_port = int.from_bytes(packet[:2], "big")
        port = int.from_bytes(packet[2:4], "big")
        link = self._links.get((address, source_port, port))
        is_new = packet[12] in (1, 10)
        if link is None and port not in self._listeners:
            return
        if self._note is not None:
            self._note(False, address, self.address, packet)
        if link is not None and not (is_new and port in self._listeners):
            self._deliver(link, link.association.receive_packet(packet, self.now))
            self._flush(link)
            return
        self._at_listener(packet, address, source_port, port, link)

    def _at_listener(
        self, packet: bytes, address: str, source_port: int, port: int, old: SctpLink | None
    ) -> None:
        if old is not None and packet[12] == 10:
            # A COOKIE ECHO of an association that we have: its COOKIE ACK was lost.
            tag = int.from_bytes(packet[4:8], "big")
            if tag == old.association.tag:
                self._deliver(old, old.association.receive_packet(packet, self.now))
                self._flush(old)
                return
        listener, accept = self._listeners[port]
        made = listener.receive_packet(packet, self.now, ip_address(address).packed)
        if isinstance(made, bytes):
            self._send(made, address)
            return
        if made is None:
            return
        if old is not None:
            # RFC 9260, 5.2: the peer restarted.
            self._deliver(old, [Closed("the peer restarted the association")])
        association, events = made
        link = SctpLink(self, association, Endpoint(address, source_port))
        self._links[address, source_port, port] = link
        link.established.set_result(None)
        accept(link)
        self._deliver(link, [each for each in events if not isinstance(each, Established)])
        self._flush(link)

    def _deliver(self, link: SctpLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, MessageReceived):
                if link.on_message is not None:
                    link.on_message(event.payload, event.stream_id, event.payload_protocol_id)
            elif isinstance(event, Established):
                if not link.established.done():
                    link.established.set_result(None)
            else:
                self._closed(link, event)

    def _closed(self, link: SctpLink, event: Closed) -> None:
        remote = link.remote
        if not link.established.done():
            what = "refused the association" if event.refused else event.reason
            link.established.set_exception(
                UnreachableError(f"{remote.address}:{remote.port}: {what}")
            )
        elif link.on_close is not None:
            link.on_close(event.reason)
        self._flush(link)
        self._forget(link)

    def _forget(self, link: SctpLink) -> None:
        key = (link.remote.address, link.remote.port, link.association.local_port)
        if self._links.get(key) is link:
            del self._links[key]
        if not link.established.done():
            link.established.cancel()

    def flush_soon(self, link: SctpLink) -> None:
        """Send what is due once the present work is done: several messages share a packet."""
        if not self._dirty:
            self._loop.call_soon(self._flush_all)
        self._dirty[link] = None

    def _flush_all(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for link in dirty:
            self._flush(link)

    def _flush(self, link: SctpLink) -> None:
        for packet in link.association.packets_to_send(self.now):
            self._send(packet, link.remote.address)
        self._set_timer(link.association.next_timer)

    def _send(self, packet: bytes, address: str) -> None:
        if self._note is not None:
            self._note(True, self.address, address, packet)
        if self.path is not None:
            self.path.send(packet, address)

    def _set_timer(self, when: float | None) -> None:
        if when is None or (self._timer is not None and self._timer.when() <= when):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._expired)

    def _expired(self) -> None:
        self._timer = None
        now = self.now
        for link in list(self._links.values()):
            timer = link.association.next_timer
            if timer is not None and timer <= now:
                self._deliver(link, link.association.handle_timer(now))
                self._flush(link)
            elif timer is not None:
                self._set_timer(timer)

    async def close(self) -> None:
        """Abort what is still there, and give the socket back."""
        for link in list(self._links.values()):
            link.association.abort()
            self._flush(link)
        self._links.clear()
        self._listeners.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self.path is not None:
            self.path.close()
            # A datagram transport closes in the next turn of the loop.
            await asyncio.sleep(0)
