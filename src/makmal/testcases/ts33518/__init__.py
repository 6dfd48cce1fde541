"""TS 33.518, 4.2.2, and what else TS 29.510 and TS 33.501 demand of an NRF."""
