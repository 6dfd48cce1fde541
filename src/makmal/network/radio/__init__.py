"""Uu: RRC and PDCP between UEs and gNBs, over a simulated air (TS 38.331, 38.323; TS 33.501, 6.5 to
6.9).
"""
