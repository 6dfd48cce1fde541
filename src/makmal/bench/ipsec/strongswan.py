"""IPsec with strongSwan as our end: each interface of the target file in a tunnel of its own."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

from makmal.bench.ipsec.charon import MARK, Charon, what_is_missing
from makmal.bench.ipsec.offers import ESP_OFFERS, IKE_OFFERS
from makmal.bench.ipsec.peer import IpsecPeer, altered
from makmal.bench.ipsec.settings import IpsecSettings, Tunnel
from makmal.bench.ipsec.vici import Value, ViciError
from makmal.bench.ipsec.wire import Datagram, Wire, interface_towards
from makmal.bench.not_done import NotDoneError
from makmal.network.wire_world import WireWorld
from makmal.network.world import DatagramEnd, DatagramReceiver
from makmal.protocol import ike
from makmal.trace.frame import Endpoint
from makmal.trace.transport import ESP_OVER_UDP_PORT, is_esp_over_udp

_IKE_PORT = 500
_ESTABLISH_SECONDS = 5.0
# How long an offer waits for its answer; that none came is told from the trace.
_ANSWER_SECONDS = 1.0
_WEAK = "weak"


class StrongswanIpsec:
    """``quiet`` is how long to wait for a reaction, in seconds."""

    def __init__(self, world: WireWorld, settings: IpsecSettings, quiet: float) -> None:
        self.world, self.settings, self._quiet = world, settings, quiet
        self.charon = Charon()
        self._missing = ""
        # Why the tunnel of an interface did not come up, where it did not.
        self._down: dict[str, str] = {}
        self._wires: dict[str, Wire] = {}
        # The last ESP packet to each end of the product's, and the frame of it.
        self._sent: dict[str, Datagram] = {}
        self._sent_event = asyncio.Event()
        self._ends: dict[Endpoint, DatagramEnd] = {}

    @property
    def missing(self) -> str:
        """What this machine lacks, so that nothing can be sent to the product: one sentence."""
        return self._missing

    def down(self, interface: str) -> str:
        """Why the tunnel of an interface is not up, where it is not: one sentence."""
        return self._down.get(interface, "")

    # Opening and closing.

    async def open(self) -> None:
        """Start charon, watch the wire, and bring each tunnel up."""
        missing = what_is_missing()
        if missing is not None:
            self._missing = missing
            return
        try:
            for peer in {each.peer for each in self.settings.tunnels.values()}:
                await self._watch(peer)
            await self.charon.start()
            await self._load_credentials()
            await self._establish_all()
        except (NotDoneError, ViciError) as error:
            self._missing = f"the other end of IPsec could not be brought up: {error}"

    async def _watch(self, peer: str) -> None:
        tunnels = [each for each in self.settings.tunnels.values() if each.peer == peer]
        networks = [
            network for each in tunnels for network in (*each.our_networks, *each.peer_networks)
        ]
        inner = {str(each.network_address) for each in networks if each.num_addresses == 1}
        addresses = frozenset({self.settings.local, peer, *inner})
        interface = await interface_towards(self.settings.local, peer)
        self._wires[peer] = Wire(interface, addresses, self._passed)
        for one in inner:
            for other in inner - {one}:
                self.world.seen_on_the_wire.add((one, other))

    def _passed(self, datagram: Datagram) -> None:
        """A datagram passed on the wire."""
        recorder, now = self.world.recorder, self.world.now_ns
        ports = datagram.source.port, datagram.destination.port
        if ESP_OVER_UDP_PORT in ports and is_esp_over_udp(datagram.payload):
            # charon has logged the keys before the first packet under them.
            self._note_keys()
            if datagram.outgoing:
                self._sent[datagram.destination.address] = datagram
                self._sent_event.set()
        recorder.datagram(now, datagram.source, datagram.destination, datagram.payload)

    def _note_keys(self) -> None:
        lines = [each.line() for each in self.charon.new_associations()]
        if lines:
            self.world.recorder.esp_keys(b"".join(lines))

    async def close(self) -> None:
        """End charon, and watch the wire no more."""
        self.note()
        await self.charon.stop()
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()

    def note(self) -> None:
        """Take down what has passed until now."""
        for wire in self._wires.values():
            wire.drain()

    # charon.

    async def _load_credentials(self) -> None:
        settings, vici = self.settings, self.charon.vici
        if settings.pre_shared_key:
            await vici.request("load-shared", {"type": "IKE", "data": settings.pre_shared_key})
            return
        for path, kind in ((settings.certificate, "NONE"), (settings.authority, "CA")):
            if path is not None:
                certificate: dict[str, Value] = {"type": "X509", "flag": kind}
                await vici.request("load-cert", certificate | {"data": _read(path)})
        if settings.private_key is not None:
            key: dict[str, Value] = {"type": "any", "data": _read(settings.private_key)}
            await vici.request("load-key", key)

    def _connection(self, peer: str, proposals: Sequence[str], interfaces: Sequence[str]) -> Value:
        settings = self.settings
        local: dict[str, Value] = {"auth": "psk"}
        remote: dict[str, Value] = {"auth": "psk"}
        if settings.certificate is not None:
            local = {"auth": "pubkey", "certs": [_read(settings.certificate)]}
            remote = {"auth": "pubkey"}
            if not settings.peer_identity:
                remote["id"] = "%any"
        if settings.identity or settings.pre_shared_key:
            local["id"] = settings.identity or settings.local
        if settings.peer_identity or settings.pre_shared_key:
            remote["id"] = settings.peer_identity or peer
        return {
            "version": "2",
            "local_addrs": [settings.local],
            "remote_addrs": [peer],
            # ESP in user space travels in UDP (RFC 3948).
            "encap": "yes",
            "mobike": "no",
            "unique": "never",
            "proposals": list(settings.ike_proposals),
            "local": local,
            "remote": remote,
            "children": {each: _child(settings.tunnels[each], proposals) for each in interfaces},
        }

    def _interfaces(self, peer: str) -> list[str]:
        return [name for name, each in self.settings.tunnels.items() if each.peer == peer]

    async def _establish_all(self) -> None:
        for peer in self._wires:
            connection = self._connection(peer, self.settings.esp_proposals, self._interfaces(peer))
            await self.charon.vici.request("load-conn", {_name(peer): connection})
            await self.establish(peer)

    async def establish(self, peer: str) -> None:
        """Bring the tunnels of one end of the product's up; what fails is remembered."""
        for interface in self._interfaces(peer):
            reason = await self._initiate(_name(peer), interface)
            if reason is None:
                self._down.pop(interface, None)
            else:
                self._down[interface] = (
                    f"IPsec on {interface.upper()} between {self.settings.local} and {peer} did "
                    f"not come up: {reason}"
                )

    async def _initiate(self, connection: str, child: str) -> str | None:
        """Why a tunnel did not come up; None when it did."""
        before = len(self.charon.log.reasons)
        wanted = {
            "child": child,
            "ike": connection,
            "timeout": f"{_ESTABLISH_SECONDS * 1000:.0f}",
            "loglevel": "-1",
        }
        try:
            await self.charon.vici.request("initiate", wanted, _ESTABLISH_SECONDS + 5.0)
        except ViciError as error:
            self._note_keys()
            reasons = self.charon.log.reasons[before:]
            return reasons[-1] if reasons else str(error)
        self._note_keys()
        return None

    async def terminate(self, connection: str) -> None:
        """End a connection, if it is there."""
        wanted = {"ike": connection, "force": "yes", "timeout": "1000", "loglevel": "-1"}
        with suppress(ViciError):
            await self.charon.vici.request("terminate", wanted)

    # What the bench asks for.

    async def open_datagrams(
        self, interface: str, local: Endpoint, receive: DatagramReceiver
    ) -> DatagramEnd:
        """A datagram end of ours: routes lead into the tunnel. Raises OSError."""
        del interface
        end = self._ends[local] = await self.world.open_datagrams(local, receive)
        return end

    @asynccontextmanager
    async def protected(self, interface: str) -> AsyncIterator[IpsecPeer]:
        """IPsec between the product and us, which is always there. Raises NotDoneError."""
        reason = self._missing or self._down.get(interface)
        if reason:
            raise NotDoneError(reason)
        tunnel = self.settings.tunnels.get(interface)
        if tunnel is None:
            raise NotDoneError(
                f"the target declares no IPsec on {interface.upper()} that the bench could be the "
                f"other end of ([ipsec.{interface}])"
            )
        yield StrongswanPeer(self, interface, tunnel.peer)

    # What a peer needs.

    def send(self, local: Endpoint, octets: bytes, to: Endpoint) -> None:
        """Send from an end that was opened. Raises OutOfScopeError."""
        self._ends[local].send(octets, to)

    def wire(self, peer: str) -> Wire:
        """The wire towards one end of the product's."""
        return self._wires[peer]

    def last_sent(self, peer: str) -> Datagram | None:
        """The last ESP packet to it."""
        self.note()
        return self._sent.get(peer)

    async def next_sent(self, peer: str, before: Datagram | None) -> Datagram:
        """The first ESP packet after another. Raises NotDoneError when none goes out."""
        try:
            async with asyncio.timeout(self._quiet + 1.0):
                while (found := self.last_sent(peer)) is None or found is before:
                    self._sent_event.clear()
                    await self._sent_event.wait()
        except TimeoutError:
            raise NotDoneError(f"no ESP packet to {peer} went out: is it routed there?") from None
        return found

    @asynccontextmanager
    async def offering(self, peer: str, interface: str, proposal: str) -> AsyncIterator[None]:
        """One proposal of ESP and no other, on one interface, for the time of a block."""
        await self.terminate(_name(peer))
        try:
            connection = self._connection(peer, [proposal], [interface])
            try:
                await self.charon.vici.request("load-conn", {_WEAK: connection})
            except ViciError as error:
                raise NotDoneError(f"charon cannot offer {proposal}: {error}") from None
            # That it is refused is what is hoped for.
            await self._initiate(_WEAK, interface)
            yield
        finally:
            await self.terminate(_WEAK)
            with suppress(ViciError):
                await self.charon.vici.request("unload-conn", {"name": _WEAK})
            await self.establish(peer)


class StrongswanPeer:
    """Our end of one interface."""

    ike_offers: Sequence[str] = tuple(IKE_OFFERS)
    esp_offers: Sequence[str] = tuple(ESP_OFFERS)

    def __init__(self, ipsec: StrongswanIpsec, interface: str, peer: str) -> None:
        self._ipsec, self._interface, self._peer = ipsec, interface, peer

    def send_in_clear(self, local: Endpoint, octets: bytes, to: Endpoint) -> None:
        """Send a datagram past IPsec: between the ends of the interface, and between those of
        IPsec, should the product listen there too. Raises NotDoneError, OutOfScopeError.
        """
        ends = [(local, to)]
        outer = self._ipsec.settings.local, self._peer
        if outer != (local.address, to.address):
            ends.append((Endpoint(outer[0], local.port), Endpoint(outer[1], to.port)))
        for source, destination in ends:
            self._send(source, destination, octets)

    def _send(self, source: Endpoint, destination: Endpoint, octets: bytes) -> None:
        self._ipsec.world.scope.check(destination.address)
        sent = self._ipsec.last_sent(self._peer)
        if sent is None:
            raise NotDoneError(f"no ESP packet to {self._peer} went out yet")
        self._ipsec.wire(self._peer).send(sent.link, source, destination, octets)

    async def send_and_keep(self, local: Endpoint, octets: bytes, to: Endpoint) -> bytes:
        """Send a datagram in ESP; the ESP packet. Raises NotDoneError, OutOfScopeError."""
        before = self._ipsec.last_sent(self._peer)
        self._ipsec.send(local, octets, to)
        return (await self._ipsec.next_sent(self._peer, before)).payload

    def send_again(self, esp: bytes) -> None:
        """Send an ESP packet that was kept. Raises NotDoneError, OutOfScopeError."""
        sent = self._ipsec.last_sent(self._peer)
        if sent is None:
            raise NotDoneError(f"no ESP packet to {self._peer} went out yet")
        self._send(sent.source, sent.destination, esp)

    def send_altered(self, esp: bytes) -> None:
        """Send it altered. Raises NotDoneError, OutOfScopeError."""
        self.send_again(altered(esp))

    async def offer_ike(self, name: str) -> None:
        """An IKE_SA_INIT request that offers this and nothing else. Raises NotDoneError."""
        self._ipsec.world.scope.check(self._peer)
        request = ike.initial_request(os.urandom(8), IKE_OFFERS[name], os.urandom(32))
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ip_address(self._peer).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as end:
            end.setblocking(False)
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
                end.bind((self._ipsec.settings.local, 0))
                await loop.sock_sendto(end, request, (self._peer, _IKE_PORT))
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await loop.sock_recv(end, 65_536)
            except TimeoutError:
                return
            except OSError as error:
                raise NotDoneError(f"{self._peer} cannot be reached: {error.strerror}") from None

    @asynccontextmanager
    async def offering_esp(self, name: str) -> AsyncIterator[None]:
        """ESP is offered with this and nothing else. Raises NotDoneError."""
        async with self._ipsec.offering(self._peer, self._interface, ESP_OFFERS[name]):
            yield


def _name(peer: str) -> str:
    return f"product-{peer}"


def _child(tunnel: Tunnel, proposals: Sequence[str]) -> Value:
    return {
        "mode": "tunnel",
        "local_ts": [str(each) for each in tunnel.our_networks],
        "remote_ts": [str(each) for each in tunnel.peer_networks],
        "esp_proposals": list(proposals),
    }


def _read(path: os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise NotDoneError(f"{path} cannot be read: {error.strerror}") from None
