"""The UDM (TS 23.501, 6.2.7; TS 29.503): authentication, registrations, subscriber data."""

from makmal.network.udm.policy import UdmPolicy
from makmal.network.udm.udm import Udm

__all__ = ["Udm", "UdmPolicy"]
