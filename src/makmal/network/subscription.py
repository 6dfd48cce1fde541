"""The subscriptions of the reference network and the keys of their home network.

These are the network's own and secret to nobody: the keys are numbers of no other use.
"""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol import nas
from makmal.security import suci

MCC, MNC = "999", "70"
PLMN = MCC + MNC
HOME_NETWORK_KEY_IDENTIFIER = 1
HOME_NETWORK_PRIVATE_KEY = bytes(range(0x40, 0x60))


@dataclass(frozen=True, slots=True)
class Subscription:
    """What USIM and UDM share: SUPI, K and OPc (TS 33.501, 6.1)."""

    supi: str
    key: bytes
    opc: bytes


SUBSCRIPTIONS = tuple(
    Subscription(
        f"imsi-{PLMN}{number:010d}",
        bytes((0x10 * number + index) & 0xFF for index in range(16)),
        bytes((0xE0 - 0x11 * number - index) & 0xFF for index in range(16)),
    )
    for number in range(1, 5)
)


def suci_of(subscription: Subscription, scheme: int) -> nas.Suci:
    """The SUCI that the UE makes with a protection scheme (TS 33.501, 6.12.2)."""
    plain = nas.null_scheme_suci(subscription.supi, mnc_length=len(MNC))
    if scheme == 0:
        return plain
    public_key = suci.public_key(scheme, HOME_NETWORK_PRIVATE_KEY)
    output = suci.conceal(scheme, public_key, plain.scheme_output)
    return nas.concealed(plain, scheme, HOME_NETWORK_KEY_IDENTIFIER, output)


def suci_text(identity: nas.Suci) -> str:
    """The SUCI as the service-based interface writes it (TS 23.003, 28.7.3; TS 29.571, 5.3.2)."""
    scheme = identity.protection_scheme
    output = identity.scheme_output.hex()
    if scheme == 0 and identity.supi is not None:
        output = identity.supi.removeprefix(f"imsi-{identity.mcc}{identity.mnc}")
    return (
        f"suci-0-{identity.mcc}-{identity.mnc}-{identity.routing_indicator}-{scheme}-"
        f"{identity.home_network_public_key_identifier}-{output}"
    )
