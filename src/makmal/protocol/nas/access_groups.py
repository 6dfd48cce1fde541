"""Local data networks and closed access groups (TS 24.501, 9.11.3.18A, 9.11.3.29, 9.11.3.30)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import decode_plmn, encode_plmn, need
from makmal.protocol.nas.values import (
    TrackingArea,
    decode_dnn,
    decode_tai_list,
    encode_dnn,
    encode_tai_list,
)

_PLMN, _CAG = 3, 4


@dataclass(frozen=True, slots=True)
class LocalDataNetwork:
    """A LADN: its DNN and where it can be reached."""

    dnn: str
    tracking_areas: tuple[TrackingArea, ...]


def _value(data: bytes, position: int, what: str) -> tuple[bytes, int]:
    """What follows a length of one octet, and where the next begins."""
    need(data, position + 1, f"the length of {what}")
    end = position + 1 + data[position]
    need(data, end, what)
    return data[position + 1 : end], end


def _with_length(octets: bytes) -> bytes:
    if len(octets) > 255:
        raise EncodeError("NAS", "LADN", f"{len(octets)} octets do not fit into a length of one")
    return bytes((len(octets),)) + octets


def decode_ladn_information(data: bytes) -> tuple[LocalDataNetwork, ...]:
    """Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        start = position
        dnn, position = _value(data, position, "a DNN")
        areas, position = _value(data, position, "a list of tracking areas")
        try:
            name = decode_dnn(dnn)
        except DecodeError as error:
            raise error.shifted(start + 1) from None
        try:
            found.append(LocalDataNetwork(name, decode_tai_list(areas)))
        except DecodeError as error:
            raise error.shifted(position - len(areas)) from None
    return tuple(found)


def encode_ladn_information(value: tuple[LocalDataNetwork, ...]) -> bytes:
    """The octets of LADN information. Raises EncodeError."""
    return b"".join(
        _with_length(encode_dnn(each.dnn)) + _with_length(encode_tai_list(each.tracking_areas))
        for each in value
    )


def decode_ladn_indication(data: bytes) -> tuple[str, ...]:
    """The DNNs asked for; none asks for all. Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        start = position
        dnn, position = _value(data, position, "a DNN")
        try:
            found.append(decode_dnn(dnn))
        except DecodeError as error:
            raise error.shifted(start + 1) from None
    return tuple(found)


def encode_ladn_indication(value: tuple[str, ...]) -> bytes:
    """The octets of an LADN indication. Raises EncodeError."""
    return b"".join(_with_length(encode_dnn(dnn)) for dnn in value)


@dataclass(frozen=True, slots=True)
class ClosedAccessGroups:
    """The CAGs that a UE may use in a PLMN; ``only_cag_cells``: other cells are closed to it.

    ``spare`` is what came in bits 2 to 8 of that octet, bit 2 the lowest.
    """

    plmn: str
    only_cag_cells: bool
    identities: tuple[int, ...] = ()
    spare: int = 0


def decode_cag_information(data: bytes) -> tuple[ClosedAccessGroups, ...]:
    """Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        start = position
        entry, position = _value(data, position, "a CAG entry")
        if len(entry) < _PLMN + 1 or (len(entry) - _PLMN - 1) % _CAG:
            raise DecodeError("NAS", start, f"a CAG entry cannot have {len(entry)} octets")
        flags = entry[_PLMN]
        identities = tuple(
            int.from_bytes(entry[at : at + _CAG], "big")
            for at in range(_PLMN + 1, len(entry), _CAG)
        )
        found.append(
            ClosedAccessGroups(decode_plmn(entry), bool(flags & 1), identities, flags >> 1)
        )
    return tuple(found)


def encode_cag_information(value: tuple[ClosedAccessGroups, ...]) -> bytes:
    """The octets of a CAG information list. Raises EncodeError."""
    return b"".join(
        _with_length(
            encode_plmn(each.plmn)
            + bytes((each.spare << 1 | each.only_cag_cells,))
            + b"".join(identity.to_bytes(_CAG, "big") for identity in each.identities)
        )
        for each in value
    )
