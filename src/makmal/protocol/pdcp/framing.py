"""PDCP PDUs in UDP, in the framing of tags that Wireshark reads (its packet-pdcp-nr.h).

PDCP has no port and no mark of its own. In this framing the PDU comes after a signature and what
a reader has to be told: the bearer, the direction, the size of sequence numbers. Wireshark reads
it when the heuristic ``pdcp_nr_udp`` is enabled.
"""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pdcp.pdu import Plane

_SIGNATURE = b"pdcp-nr"
(
    _PAYLOAD, _SEQUENCE_BITS, _DIRECTION, _BEARER_TYPE, _BEARER_ID, _UE_ID,
) = range(1, 7)  # fmt: skip
_MAC_PRESENT, _SDAP_HEADER = 0x0F, 0x10
# Octets of the values of tags; those of ROHC are read over.
_SIZES = {
    _SEQUENCE_BITS: 1, _DIRECTION: 1, _BEARER_TYPE: 1, _BEARER_ID: 1, _UE_ID: 2, 7: 0, 8: 1, 9: 0,
    10: 0, 11: 1, 12: 0, 13: 0, 14: 2, _MAC_PRESENT: 0, _SDAP_HEADER: 1,
}  # fmt: skip
_DCCH = 1
_SDAP_UPLINK = 1
# TS 38.331, 6.3.2: DRBs have identities up to 32, SRBs up to 4 or 5.
_LAST_IDENTITY = 32


@dataclass(frozen=True, slots=True)
class Bearer:
    """A radio bearer of a UE. ``identity`` is that of the SRB or DRB; ``ue_id`` tells UEs apart.

    ``mac_present``: its PDUs end with a MAC-I. ``sdap_header``: uplink SDUs begin with one.
    """

    plane: Plane
    identity: int
    ue_id: int
    sequence_bits: int = 12
    mac_present: bool = True
    sdap_header: bool = False


@dataclass(frozen=True, slots=True)
class FramedPdu:
    """One PDU and all that is said of it."""

    bearer: Bearer
    uplink: bool
    pdu: bytes

    def encode(self) -> bytes:
        """The UDP payload. Raises EncodeError."""
        bearer = self.bearer
        if not 0 <= bearer.ue_id <= 0xFFFF:
            raise EncodeError("PDCP framing", "UE id", f"{bearer.ue_id} is not of 16 bits")
        parts = [_SIGNATURE, bytes((bearer.plane, _SEQUENCE_BITS, bearer.sequence_bits))]
        parts.append(bytes((_DIRECTION, 0 if self.uplink else 1)))
        if bearer.plane is Plane.SIGNALLING:
            parts.append(bytes((_BEARER_TYPE, _DCCH)))
        parts.append(bytes((_BEARER_ID, bearer.identity)))
        parts.append(bytes((_UE_ID,)) + bearer.ue_id.to_bytes(2, "big"))
        if bearer.mac_present:
            parts.append(bytes((_MAC_PRESENT,)))
        if bearer.sdap_header:
            parts.append(bytes((_SDAP_HEADER, _SDAP_UPLINK)))
        return b"".join((*parts, bytes((_PAYLOAD,)), self.pdu))


def is_framed(payload: bytes) -> bool:
    """Whether a UDP payload begins with the signature."""
    return payload.startswith(_SIGNATURE)


def unframe(payload: bytes) -> FramedPdu:
    """Read the framing. Raises DecodeError."""
    at = len(_SIGNATURE)
    if not is_framed(payload) or len(payload) <= at:
        raise DecodeError("PDCP framing", 0, "no signature")
    if payload[at] not in (Plane.SIGNALLING, Plane.USER):
        raise DecodeError("PDCP framing", at, f"there is no plane {payload[at]}")
    plane = Plane(payload[at])
    at += 1
    values: dict[int, int] = {_SEQUENCE_BITS: 12 if plane is Plane.SIGNALLING else 0}
    while True:
        if at >= len(payload):
            raise DecodeError("PDCP framing", at, "there is no PDU in it")
        tag = payload[at]
        at += 1
        if tag == _PAYLOAD:
            break
        size = _SIZES.get(tag)
        if size is None or at + size > len(payload):
            raise DecodeError("PDCP framing", at - 1, f"the tag {tag} is unknown or cut short")
        values[tag] = int.from_bytes(payload[at : at + size], "big")
        at += size
    if values[_SEQUENCE_BITS] not in (12, 18):
        raise DecodeError("PDCP framing", at, "the size of sequence numbers is neither 12 nor 18")
    identity = values.get(_BEARER_ID, 0)
    if not 1 <= identity <= _LAST_IDENTITY:
        raise DecodeError("PDCP framing", at, f"there is no bearer identity {identity}")
    bearer = Bearer(
        plane,
        identity,
        values.get(_UE_ID, 0),
        values[_SEQUENCE_BITS],
        _MAC_PRESENT in values or plane is Plane.SIGNALLING,
        bool(values.get(_SDAP_HEADER, 0) & _SDAP_UPLINK),
    )
    return FramedPdu(bearer, values.get(_DIRECTION, 0) == 0, payload[at:])
