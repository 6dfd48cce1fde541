"""SDAP headers (TS 37.324, 6.2.2): which QoS flow an uplink packet of a DRB is of."""

from __future__ import annotations

from makmal.protocol.errors import DecodeError, EncodeError

_DATA, _QFI_MASK = 0x80, 0x3F


def uplink_header(qfi: int) -> bytes:
    """The header of an uplink data PDU. Raises EncodeError."""
    if not 0 <= qfi <= _QFI_MASK:
        raise EncodeError("SDAP", "QFI", f"{qfi} is not of 6 bits")
    return bytes((_DATA | qfi,))


def read_uplink(octets: bytes) -> tuple[int | None, bytes]:
    """The QFI and the packet; None for a control PDU (end marker). Raises DecodeError."""
    if not octets:
        raise DecodeError("SDAP", 0, "no header")
    first = octets[0]
    if not first & _DATA:
        return None, b""
    return first & _QFI_MASK, octets[1:]
