"""The subscriptions of a network and the keys of their home network.

Those of the reference network are its own and secret to nobody: numbers of no other use.
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
class HomeNetworkKey:
    """A key pair of the home network for SUCI: ``scheme`` 1 is profile A, 2 is B (33.501, C)."""

    identifier: int
    scheme: int
    private_key: bytes

    @property
    def public_key(self) -> bytes:
        """What the USIM holds."""
        return suci.public_key(self.scheme, self.private_key)


HOME_NETWORK_KEYS = (
    HomeNetworkKey(HOME_NETWORK_KEY_IDENTIFIER, suci.PROFILE_A, HOME_NETWORK_PRIVATE_KEY),
    HomeNetworkKey(2, suci.PROFILE_B, bytes(range(0x60, 0x80))),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What USIM and UDM share (TS 33.501, 6.1; TS 29.505, 5.2.2).

    ``opc`` is OPc, or TOPc with ``algorithm_set`` "tuak". ``method`` is "5G_AKA" or
    "EAP_AKA_PRIME". ``slices`` are (SST, SD or None); those of ``authenticated_slices`` need
    network slice-specific authentication (TS 33.501, 16). ``scheme`` is how the SUPI is concealed.
    """

    supi: str
    key: bytes
    opc: bytes
    algorithm_set: str = "milenage"
    method: str = "5G_AKA"
    scheme: int = suci.PROFILE_A
    slices: tuple[tuple[int, str | None], ...] = ((1, None),)
    authenticated_slices: tuple[tuple[int, str | None], ...] = ()
    dnns: tuple[str, ...] = ("internet",)
    up_integrity: str = "REQUIRED"
    up_confidentiality: str = "REQUIRED"


SUBSCRIPTIONS = tuple(
    Subscription(
        f"imsi-{PLMN}{number:010d}",
        bytes((0x10 * number + index) & 0xFF for index in range(16)),
        bytes((0xE0 - 0x11 * number - index) & 0xFF for index in range(16)),
    )
    for number in range(1, 5)
)


def suci_of(
    subscription: Subscription,
    scheme: int | None = None,
    home_network_keys: tuple[HomeNetworkKey, ...] = HOME_NETWORK_KEYS,
    ephemeral_private_key: bytes | None = None,
    mnc_length: int = len(MNC),
) -> nas.Suci:
    """The SUCI that the UE makes (TS 33.501, 6.12.2); the subscription's scheme unless another
    is given. Raises ValueError when there is no home network key for the scheme.
    """
    scheme = subscription.scheme if scheme is None else scheme
    plain = nas.null_scheme_suci(subscription.supi, mnc_length=mnc_length)
    if scheme == suci.NULL_SCHEME:
        return plain
    key = next((each for each in home_network_keys if each.scheme == scheme), None)
    if key is None:
        raise ValueError(f"no home network key for SUCI protection scheme {scheme}")
    output = suci.conceal(scheme, key.public_key, plain.scheme_output, ephemeral_private_key)
    return nas.concealed(plain, scheme, key.identifier, output)


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
