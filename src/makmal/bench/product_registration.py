"""The registration of a surrounded product at our NRF, from one test case to the next.

Each test case has an NRF of its own, but the product registered long ago and sees no reason to do
it again at once. So what it registered is handed on, as a network that has run for a while knows
it. The first test case waits until the product has come: by its heartbeats it finds out that an NRF
of an earlier campaign is gone, or that this one does not know it (TS 29.510, 5.2.2.3.2).
"""

from __future__ import annotations

import asyncio
from typing import Any

from makmal.bench.hooks import Hooks
from makmal.bench.target import Target
from makmal.bench.target_addresses import SURROUNDED
from makmal.network.nf_profiles import addresses_of
from makmal.network.nrf import Nrf
from makmal.network.reference_network import ReferenceNetwork

# How often our NRF wants to hear of a product, in seconds.
PRODUCT_HEART_BEAT = 5
# A product that finds no NRF tries again after a time of its own: 10 s is common.
_SECONDS, _BETWEEN_LOOKS = 20.0, 0.05


class ProductRegistration:
    """Of one product, in one campaign. ``hooks`` tell whether it was started meanwhile: then it is
    another instance, and awaited again.
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._profile: dict[str, Any] | None = None
        # After how many starts of the product it was last awaited, and last known.
        self._awaited = self._known = -1

    async def hand_on(self, target: Target, network: ReferenceNetwork) -> str | None:
        """Have our NRF know the product. A sentence when it did not register; None when it did,
        or when that is of no concern.
        """
        nrf = network.functions.get("NRF")
        if not isinstance(nrf, Nrf) or target.product.attachment != SURROUNDED:
            return None
        if "sbi" not in target.addresses.ends:
            return None
        if self._profile is not None and self._known == self._hooks.starts:
            nrf.admit(self._profile, nrf.world.now_ns)
            return None
        if self._awaited == self._hooks.starts:
            return None
        self._awaited = self._hooks.starts
        try:
            async with asyncio.timeout(_SECONDS):
                while _registered(target, nrf) is None:  # noqa: ASYNC110 - it is the NRF's to know
                    await asyncio.sleep(_BETWEEN_LOOKS)
        except TimeoutError:
            return f"the product did not register at our NRF within {_SECONDS:g} s"
        return None

    def take(self, target: Target, network: ReferenceNetwork) -> None:
        """Remember what the product registered last."""
        nrf = network.functions.get("NRF")
        profile = _registered(target, nrf) if isinstance(nrf, Nrf) else None
        if profile is not None:
            self._profile, self._known = profile, self._hooks.starts


def _registered(target: Target, nrf: Nrf) -> dict[str, Any] | None:
    """The last profile of the product's type at one of its addresses, if there is one."""
    found = None
    for instance in nrf.instances.values():
        profile = instance.profile
        if profile.get("nfType") == target.product.product_class and (
            target.addresses.all.intersection(addresses_of(profile))
        ):
            found = profile
    return found
