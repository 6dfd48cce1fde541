"""IPsec for the datagrams of one address: ESP in UDP (RFC 3948), so that it takes no rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import shake_256
from ipaddress import ip_address

from makmal.network.esp import EspChoices, EspError, InboundAssociation, OutboundAssociation
from makmal.network.upf import packets
from makmal.network.world import DatagramEnd, DatagramReceiver, World
from makmal.trace.esp_secrets import EspAssociation
from makmal.trace.frame import Endpoint

ESP_PORT = 4500


@dataclass(frozen=True, slots=True)
class GatewayChoices:
    """``esp`` is how it protects; ``demands``: what comes in clear from a peer that it protects
    itself towards is dropped (RFC 4301, 5.2); ``sends_protected`` is false for who only listens.
    """

    esp: EspChoices = field(default_factory=EspChoices)
    demands: bool = True
    sends_protected: bool = True


def association_key(one: str, other: str) -> tuple[int, bytes]:
    """SPI and key of the association from one address to another, in a laboratory without IKE."""
    octets = shake_256(f"makmal esp {one} {other}".encode()).digest(24)
    return int.from_bytes(octets[:4], "big") | 0x100, octets[4:]


class SecurityGateway:
    """Opens datagram ends of ``address`` as a World does, and protects what goes to ``peers``."""

    def __init__(
        self,
        world: World,
        address: str,
        choices: Callable[[str], GatewayChoices] = lambda peer: GatewayChoices(),
    ) -> None:
        self.address = address
        self.log: list[str] = []
        self.peers: frozenset[str] = frozenset()
        self._world, self._choices = world, choices
        self._receivers: dict[int, DatagramReceiver] = {}
        self._out: dict[str, OutboundAssociation] = {}
        self._in: dict[str, InboundAssociation] = {}
        self._clear: dict[int, DatagramEnd] = {}
        self._end: DatagramEnd | None = None

    async def open(self) -> None:
        """Open the port of ESP. Raises OSError."""
        if self._end is None:
            self._end = await self._world.open_datagrams(
                Endpoint(self.address, ESP_PORT), self._received
            )

    def close(self) -> None:
        """Give it back."""
        if self._end is not None:
            self._end.close()
            self._end = None

    async def open_datagrams(self, local: Endpoint, receive: DatagramReceiver) -> DatagramEnd:
        """A datagram end, protected where its peer is. Raises OSError."""
        self._receivers[local.port] = receive

        def in_clear(octets: bytes, source: Endpoint) -> None:
            if source.address in self.peers and self._choices(source.address).demands:
                self.log.append(f"clear text of {source.address} was dropped")
                return
            receive(octets, source)

        clear = await self._world.open_datagrams(local, in_clear)
        self._clear[local.port] = clear
        return _ProtectedEnd(self, clear)

    def is_protected(self, address: str) -> bool:
        """Whether what goes to an address is to be protected."""
        return address in self.peers and self._choices(address).sends_protected

    def send_in_clear(self, port: int, octets: bytes, to: Endpoint) -> None:
        """Send a datagram without protection, whoever it is for. Raises OutOfScopeError."""
        self._clear[port].send(octets, to)

    def seal(self, local: Endpoint, to: Endpoint, octets: bytes) -> bytes:
        """The ESP packet around a datagram, as it would be sent."""
        association = self._out.get(to.address)
        if association is None:
            key = association_key(self.address, to.address)
            choices = self._choices(to.address).esp
            association = self._out[to.address] = OutboundAssociation(*key, choices)
            encryption = "ENCR_AES_GCM_16" if choices.encrypts else "ENCR_NULL_AUTH_AES_GMAC"
            known = EspAssociation(key[0], to.address, encryption, key[1])
            self._world.recorder.esp_keys(known.line())
        ends = ip_address(local.address).packed, ip_address(to.address).packed
        return association.protect(packets.udp_packet(*ends, local.port, to.port, octets))

    def send_sealed(self, esp: bytes, to: str) -> None:
        """Send an ESP packet. Raises OutOfScopeError."""
        if self._end is not None:
            self._end.send(esp, Endpoint(to, ESP_PORT))

    def _received(self, esp: bytes, source: Endpoint) -> None:
        if source.address not in self.peers:
            return
        association = self._in.get(source.address)
        if association is None:
            key = association_key(source.address, self.address)
            association = self._in[source.address] = InboundAssociation(
                *key, self._choices(source.address).esp
            )
        try:
            packet = association.open(esp)
        except EspError as error:
            self.log.append(f"ESP of {source.address} was dropped: {error}")
            return
        ends = packets.ports(packet) if packets.version(packet) else None
        receive = None if ends is None else self._receivers.get(ends[1])
        if ends is not None and receive is not None:
            content = packet[packets.payload_at(packet) + 8 :]
            receive(content, Endpoint(str(ip_address(packets.source(packet))), ends[0]))


class _ProtectedEnd:
    def __init__(self, gateway: SecurityGateway, clear: DatagramEnd) -> None:
        self.local = clear.local
        self._gateway, self._clear = gateway, clear

    def send(self, payload: bytes, to: Endpoint) -> None:
        """One datagram, in ESP where its receiver is protected. Raises OutOfScopeError."""
        gateway = self._gateway
        if not gateway.peers or not gateway.is_protected(to.address):
            self._clear.send(payload, to)
            return
        self._gateway.send_sealed(self._gateway.seal(self.local, to, payload), to.address)

    def close(self) -> None:
        """Give the port back."""
        self._clear.close()
