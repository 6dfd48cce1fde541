"""PDCP of NR (TS 38.323): PDUs, the entities of a radio bearer, and Wireshark's framing of PDUs."""

from makmal.protocol.pdcp.entity import (
    Delivery,
    IntegrityFailure,
    Protection,
    Receiver,
    Replayed,
    Transmitter,
)
from makmal.protocol.pdcp.framing import Bearer, FramedPdu, is_framed, unframe
from makmal.protocol.pdcp.pdu import (
    MAC_OCTETS,
    ControlPdu,
    ControlType,
    DataPdu,
    Plane,
    StatusReport,
    decode,
)

__all__ = [
    "MAC_OCTETS",
    "Bearer",
    "ControlPdu",
    "ControlType",
    "DataPdu",
    "Delivery",
    "FramedPdu",
    "IntegrityFailure",
    "Plane",
    "Protection",
    "Receiver",
    "Replayed",
    "StatusReport",
    "Transmitter",
    "decode",
    "is_framed",
    "unframe",
]
