"""What a procedure can do as the other end of IPsec, whoever does the cryptography."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from makmal.network.world import DatagramEnd, DatagramReceiver
from makmal.trace.frame import Endpoint

# Where RFC 4303, 2, has the sequence number.
_SEQUENCE_NUMBER = slice(4, 8)


class IpsecPeer(Protocol):
    """Our end of the IPsec of one interface.

    A packet that was kept is one whole ESP packet, from its security parameters index on.
    """

    @property
    def ike_offers(self) -> Sequence[str]:
        """The forbidden algorithms that can be offered alone to IKE: none where there is no IKE."""

    @property
    def esp_offers(self) -> Sequence[str]:
        """The same for ESP."""

    def send_in_clear(self, local: Endpoint, octets: bytes, to: Endpoint) -> None:
        """Send a datagram without protection. Raises NotDoneError, OutOfScopeError."""

    async def send_and_keep(self, local: Endpoint, octets: bytes, to: Endpoint) -> bytes:
        """Send a datagram in ESP; the ESP packet. Raises NotDoneError, OutOfScopeError."""

    def send_again(self, esp: bytes) -> None:
        """Send an ESP packet that was kept. Raises NotDoneError, OutOfScopeError."""

    def send_altered(self, esp: bytes) -> None:
        """Send it altered, as ``altered`` does. Raises NotDoneError, OutOfScopeError."""

    async def offer_ike(self, name: str) -> None:
        """Ask for an IKE association with this algorithm. Raises NotDoneError."""

    def offering_esp(self, name: str) -> AbstractAsyncContextManager[None]:
        """For the time of a block, we ask for ESP with this algorithm and with no other; then it
        is as before. Raises NotDoneError.
        """


class Ipsec(Protocol):
    """How a bench is the other end of IPsec, on the interfaces "n3", "n4" and "n9"."""

    @property
    def missing(self) -> str:
        """What this machine lacks, so that nothing can be sent to the product: one sentence, ""
        where it lacks nothing.
        """

    def down(self, interface: str) -> str:
        """Why the tunnel of an interface is not up, where it is not: one sentence."""

    async def open(self) -> None:
        """Begin. What cannot be done is told later. Raises OSError."""

    async def open_datagrams(
        self, interface: str, local: Endpoint, receive: DatagramReceiver
    ) -> DatagramEnd:
        """A datagram end of ours, protected where IPsec is. Raises OSError."""

    def protected(self, interface: str) -> AbstractAsyncContextManager[IpsecPeer]:
        """IPsec between the product and us, for the time of a block. Raises NotDoneError."""

    def note(self) -> None:
        """Take down what has passed on the wire until now."""

    async def close(self) -> None:
        """End what runs."""


def altered(esp: bytes) -> bytes:
    """The packet that an attacker makes of one that went by: it has the next sequence number, so
    that only the integrity check value tells that it is none of the sender's.
    """
    octets = bytearray(esp)
    number = int.from_bytes(octets[_SEQUENCE_NUMBER], "big") + 1 & 0xFFFFFFFF
    octets[_SEQUENCE_NUMBER] = number.to_bytes(4, "big")
    return bytes(octets)
