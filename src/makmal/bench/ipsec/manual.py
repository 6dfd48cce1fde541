"""IPsec with keys set by hand, as the embedded UPF has it: ESP in UDP, and no IKE."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from makmal.bench.ipsec.peer import IpsecPeer, altered
from makmal.bench.not_done import NotDoneError
from makmal.bench.steps import Controls
from makmal.network.plan import NetworkPlan
from makmal.network.security_gateway import GatewayChoices, SecurityGateway
from makmal.network.world import DatagramEnd, DatagramReceiver, World
from makmal.trace.frame import Endpoint


class ManualPeer:
    """Our end of one interface."""

    ike_offers: Sequence[str] = ()
    esp_offers: Sequence[str] = ()

    def __init__(self, gateway: SecurityGateway, product: str) -> None:
        self._gateway, self._product = gateway, product

    def send_in_clear(self, local: Endpoint, octets: bytes, to: Endpoint) -> None:
        """Send a datagram without protection. Raises OutOfScopeError."""
        self._gateway.send_in_clear(local.port, octets, to)

    async def send_and_keep(self, local: Endpoint, octets: bytes, to: Endpoint) -> bytes:
        """Send a datagram in ESP; the ESP packet. Raises OutOfScopeError."""
        esp = self._gateway.seal(local, to, octets)
        self._gateway.send_sealed(esp, to.address)
        return esp

    def send_again(self, esp: bytes) -> None:
        """Send an ESP packet that was kept. Raises OutOfScopeError."""
        self._gateway.send_sealed(esp, self._product)

    def send_altered(self, esp: bytes) -> None:
        """Send it altered. Raises OutOfScopeError."""
        self.send_again(altered(esp))

    async def offer_ike(self, name: str) -> None:
        """There is no IKE, and nothing to offer."""
        raise NotDoneError(f"{name} cannot be offered: there is no IKE")

    def offering_esp(self, name: str) -> AbstractAsyncContextManager[None]:
        """There is no IKE, and nothing to offer."""
        raise NotDoneError(f"{name} cannot be offered: there is no IKE")


class ManualIpsec:
    """``interfaces`` are those on which the product has it, and switches it on by its controls."""

    missing = ""

    def __init__(
        self, world: World, plan: NetworkPlan, controls: Controls, interfaces: frozenset[str]
    ) -> None:
        self._controls, self._interfaces = controls, interfaces
        self._product = {
            "n3": plan.n3("UPF").address,
            "n4": plan.n4("UPF").address,
            "n9": plan.n9("UPF").address,
        }
        ours = {"n3": plan.n3("gNB"), "n4": plan.n4("SMF"), "n9": plan.n9("UPF-2")}
        self._ours = {interface: end.address for interface, end in ours.items()}
        self._gateways = {
            interface: SecurityGateway(world, address, lambda peer: GatewayChoices(demands=False))
            for interface, address in self._ours.items()
        }
        self._world = world

    def down(self, interface: str) -> str:
        """There is nothing that could fail to come up."""
        del interface
        return ""

    async def open(self) -> None:
        """Each end is opened when it is wanted."""

    async def open_datagrams(
        self, interface: str, local: Endpoint, receive: DatagramReceiver
    ) -> DatagramEnd:
        """A datagram end of ours; of the first of several functions, protected on demand."""
        if local.address == self._ours[interface]:
            return await self._gateways[interface].open_datagrams(local, receive)
        return await self._world.open_datagrams(local, receive)

    @asynccontextmanager
    async def protected(self, interface: str) -> AsyncIterator[IpsecPeer]:
        """IPsec between the product and us. Raises NotDoneError."""
        if interface not in self._interfaces:
            raise NotDoneError(
                f"the target declares no IPsec on {interface.upper()} that the bench could be the "
                f"other end of ([ipsec.{interface}])"
            )
        gateway, product = self._gateways[interface], self._product[interface]
        await gateway.open()
        gateway.peers = frozenset({product})
        await self._controls.configure({"ipsec_interfaces": frozenset({interface})})
        try:
            yield ManualPeer(gateway, product)
        finally:
            await self._controls.restore()
            gateway.peers = frozenset()

    def note(self) -> None:
        """The world notes what passes."""

    async def close(self) -> None:
        """Give the ports back."""
        for gateway in self._gateways.values():
            gateway.close()
