"""PDCP PDUs: data with sequence numbers of 12 or 18 bits, and control (TS 38.323, 6.2 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from makmal.protocol.errors import DecodeError, EncodeError

_PROTOCOL = "PDCP"
# The MAC-I (6.3.4): always there on SRBs, on DRBs where integrity protection is configured.
MAC_OCTETS = 4
_DATA = 0x80
_TYPE_MASK = 0x70
_FMC_OCTETS = 4


class Plane(IntEnum):
    """What a bearer carries: signalling (SRB) or user data (DRB)."""

    SIGNALLING = 1
    USER = 2


class ControlType(IntEnum):
    """PDU type of a control PDU (6.3.8)."""

    STATUS_REPORT = 0
    ROHC_FEEDBACK = 1
    EHC_FEEDBACK = 2
    UDC_FEEDBACK = 3


@dataclass(frozen=True, slots=True)
class DataPdu:
    """A PDCP Data PDU. ``payload`` is the data part with the MAC-I where there is one, as it
    travels; ``reserved`` the reserved bits of the first octet, which should be zeros.
    """

    plane: Plane
    sequence_bits: int
    sequence_number: int
    payload: bytes
    reserved: int = 0

    @property
    def header(self) -> bytes:
        """The PDCP header: 2 octets, or 3 with 18 bits of sequence number."""
        size = header_octets(self.sequence_bits)
        first = self.reserved << self.sequence_bits | self.sequence_number
        if self.plane is Plane.USER:
            first |= _DATA << 8 * (size - 1)
        return first.to_bytes(size, "big")

    def encode(self) -> bytes:
        """Raises EncodeError for a sequence number that has no room."""
        if not 0 <= self.sequence_number < 1 << self.sequence_bits:
            raise EncodeError(
                _PROTOCOL,
                "PDCP SN",
                f"{self.sequence_number} is not of {self.sequence_bits} bits",
            )
        return self.header + self.payload


@dataclass(frozen=True, slots=True)
class ControlPdu:
    """A PDCP Control PDU of a DRB; ``content`` follows the first octet, which ends ``reserved``."""

    control_type: int
    content: bytes
    reserved: int = 0

    def encode(self) -> bytes:
        """The octets."""
        return bytes((self.control_type << 4 | self.reserved,)) + self.content

    @property
    def status_report(self) -> StatusReport | None:
        """What a status report says; None for another control PDU. Raises DecodeError."""
        if self.control_type != ControlType.STATUS_REPORT:
            return None
        if len(self.content) < _FMC_OCTETS:
            raise DecodeError(_PROTOCOL, 1, "a status report needs 4 octets of FMC")
        first = int.from_bytes(self.content[:_FMC_OCTETS], "big")
        return StatusReport(first, self.content[_FMC_OCTETS:])


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A PDCP status report (6.2.3.1): the first missing COUNT, and a bit for each one after it,
    set where the SDU came.
    """

    first_missing: int
    bitmap: bytes = b""

    @staticmethod
    def of(first_missing: int, received: Iterable[int]) -> StatusReport:
        """The report on these COUNT values, all of them above the first missing one."""
        bits = 0
        highest = -1
        for count in received:
            place = count - first_missing - 1
            if place < 0:
                raise EncodeError(_PROTOCOL, "bitmap", f"{count} is not after the first missing")
            bits |= 1 << place
            highest = max(highest, place)
        size = (highest + 8) // 8
        text = bytearray(size)
        for place in range(highest + 1):
            if bits >> place & 1:
                text[place // 8] |= 0x80 >> place % 8
        return StatusReport(first_missing, bytes(text))

    @property
    def received(self) -> tuple[int, ...]:
        """The COUNT values after the first missing one that came."""
        return tuple(
            self.first_missing + 1 + index * 8 + place
            for index, octet in enumerate(self.bitmap)
            for place in range(8)
            if octet & 0x80 >> place
        )

    def encode(self) -> bytes:
        """The control PDU."""
        content = self.first_missing.to_bytes(_FMC_OCTETS, "big") + self.bitmap
        return ControlPdu(ControlType.STATUS_REPORT, content).encode()


def header_octets(sequence_bits: int) -> int:
    """The size of a data PDU's header. Raises ValueError for a size that PDCP does not have."""
    if sequence_bits == 12:
        return 2
    if sequence_bits == 18:
        return 3
    raise ValueError(f"PDCP sequence numbers have 12 or 18 bits, not {sequence_bits}")


def decode(octets: bytes, plane: Plane, sequence_bits: int = 12) -> DataPdu | ControlPdu:
    """Read one PDU of a bearer; on SRBs sequence numbers have 12 bits. Raises DecodeError."""
    if not octets:
        raise DecodeError(_PROTOCOL, 0, "no octets")
    if plane is Plane.USER and not octets[0] & _DATA:
        return ControlPdu((octets[0] & _TYPE_MASK) >> 4, octets[1:], octets[0] & 0x0F)
    size = header_octets(sequence_bits)
    if len(octets) < size:
        raise DecodeError(
            _PROTOCOL, len(octets), f"the header has {size} octets, not {len(octets)}"
        )
    if plane is Plane.SIGNALLING and len(octets) < size + MAC_OCTETS:
        raise DecodeError(_PROTOCOL, len(octets), "a PDU of an SRB ends with 4 octets of MAC-I")
    head = int.from_bytes(octets[:size], "big")
    number = head & (1 << sequence_bits) - 1
    reserved = head >> sequence_bits
    if plane is Plane.USER:
        reserved &= (1 << size * 8 - 1 - sequence_bits) - 1
    return DataPdu(plane, sequence_bits, number, octets[size:], reserved)
