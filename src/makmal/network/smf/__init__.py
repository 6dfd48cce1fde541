"""The SMF (TS 23.501, 6.2.2; TS 29.502): sessions between the AMF, the UPF and the UDM."""

from makmal.network.smf.policy import SmfPolicy
from makmal.network.smf.smf import Smf

__all__ = ["Smf", "SmfPolicy"]
