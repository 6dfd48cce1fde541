"""The NRF (TS 23.501, 6.2.6; TS 29.510): who is there, who finds whom, who may ask whom."""

from makmal.network.nrf.nrf import Nrf
from makmal.network.nrf.policy import NrfPolicy

__all__ = ["Nrf", "NrfPolicy"]
