"""A UE of the reference network, and what the AMF holds of it."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.network.nas_security import NasSecurity
from makmal.network.subscription import Subscription
from makmal.protocol import nas

CAPABILITY = nas.UESecurityCapability.of((0, 1, 2, 3), (0, 1, 2, 3))


@dataclass(slots=True)
class Device:
    """``sequence_number`` is SQN as the home network counts it (TS 33.102, 6.3)."""

    subscription: Subscription
    capability: nas.UESecurityCapability = CAPABILITY
    ran_ue_ngap_id: int = 0
    amf_ue_ngap_id: int = 0
    security: NasSecurity | None = None
    guti: nas.FiveGGuti | None = None
    sequence_number: int = 0x20

    @property
    def context(self) -> NasSecurity:
        """The security context of a registered UE. Raises RuntimeError for another."""
        if self.security is None:
            raise RuntimeError(f"{self.subscription.supi} has no security context yet")
        return self.security
