"""The AUSF (TS 23.501, 6.2.8; TS 29.509): 5G AKA and EAP-AKA' in the home network."""

from makmal.network.ausf.ausf import Ausf
from makmal.network.ausf.policy import AusfPolicy

__all__ = ["Ausf", "AusfPolicy"]
