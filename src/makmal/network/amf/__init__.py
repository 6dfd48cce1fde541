"""The AMF of the reference network (TS 23.501, 6.2.1), with the policy that its faults alter."""

from makmal.network.amf.amf import Amf
from makmal.network.amf.policy import AmfPolicy, Timers

__all__ = ["Amf", "AmfPolicy", "Timers"]
