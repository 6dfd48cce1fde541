"""Lists of areas, slices and sessions with reasons (TS 24.501, 9.11.3.43, 9.11.3.49, 9.11.3.75)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import decode_plmn, encode_plmn, need
from makmal.protocol.nas.values import (
    SNssai,
    TrackingArea,
    decode_s_nssai,
    decode_tai,
    encode_s_nssai,
    encode_tai,
)

_SAME_PLMN, _CONSECUTIVE, _ANY_PLMN, _WHOLE_PLMN = range(4)


@dataclass(frozen=True, slots=True)
class ServiceAreas:
    """A partial service area list (9.11.3.49).

    ``list_type``: 0 areas of one PLMN, 1 consecutive ones of one PLMN, 2 areas of any PLMN, 3 all
    of ``plmn``, which is set then alone; ``count`` is then the number that came, of no meaning.
    """

    is_allowed: bool
    list_type: int
    areas: tuple[TrackingArea, ...] = ()
    plmn: str | None = None
    count: int | None = None


def decode_service_area_list(data: bytes) -> tuple[ServiceAreas, ...]:
    """The partial lists, consecutive areas written out. Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        first = data[position]
        is_allowed, kind, count = not first & 0x80, first >> 5 & 3, (first & 0x1F) + 1
        position += 1
        areas: tuple[TrackingArea, ...]
        if kind == _ANY_PLMN:
            need(data, position + 6 * count, "a list of tracking areas")
            areas = tuple(decode_tai(data[position + 6 * n :]) for n in range(count))
            position += 6 * count
            found.append(ServiceAreas(is_allowed, kind, areas))
            continue
        plmn = decode_plmn(data, position)
        position += 3
        if kind == _WHOLE_PLMN:
            number = None if count == 1 else count
            found.append(ServiceAreas(is_allowed, kind, (), plmn, number))
            continue
        written = 1 if kind == _CONSECUTIVE else count
        need(data, position + 3 * written, "a list of tracking area codes")
        codes = [
            int.from_bytes(data[position + 3 * n : position + 3 * n + 3], "big")
            for n in range(written)
        ]
        if kind == _CONSECUTIVE:
            codes = list(range(codes[0], codes[0] + count))
        position += 3 * written
        areas = tuple(TrackingArea(plmn, code) for code in codes)
        found.append(ServiceAreas(is_allowed, kind, areas))
    return tuple(found)


def encode_service_area_list(value: tuple[ServiceAreas, ...]) -> bytes:
    """The octets of partial lists. Raises EncodeError."""
    octets = b""
    for part in value:
        count = (part.count or 1) if part.list_type == _WHOLE_PLMN else len(part.areas)
        if not 1 <= count <= 32:
            raise EncodeError("NAS", "service area list", "a partial list holds 1 to 32 areas")
        octets += bytes(((not part.is_allowed) << 7 | part.list_type << 5 | count - 1,))
        if part.list_type == _WHOLE_PLMN:
            octets += encode_plmn(part.plmn or "")
        elif part.list_type == _ANY_PLMN:
            octets += b"".join(encode_tai(area) for area in part.areas)
        else:
            written = part.areas[:1] if part.list_type == _CONSECUTIVE else part.areas
            octets += encode_plmn(part.areas[0].plmn)
            octets += b"".join(area.tac.to_bytes(3, "big") for area in written)
    return octets


@dataclass(frozen=True, slots=True)
class RejectedSlice:
    """An S-NSSAI of an extended rejected NSSAI, with what it maps to at home, and its cause."""

    cause: int
    s_nssai: SNssai


@dataclass(frozen=True, slots=True)
class RejectedSlices:
    """A partial extended rejected NSSAI list; ``back_off_timer`` as a GPRS timer 3 octet."""

    slices: tuple[RejectedSlice, ...]
    back_off_timer: int | None = None


def decode_extended_rejected_nssai(data: bytes) -> tuple[RejectedSlices, ...]:
    """The partial lists (9.11.3.75). Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        kind, count = data[position] >> 4, (data[position] & 0x0F) + 1
        if kind > 1:
            raise DecodeError("NAS", position, f"type of list {kind} is reserved")
        position += 1
        timer = None
        if kind == 1:
            need(data, position + 1, "a back-off timer")
            timer = data[position]
            position += 1
        slices = []
        for _ in range(count):
            need(data, position + 1, "a rejected S-NSSAI")
            end = position + 1 + (data[position] >> 4)
            need(data, end, "a rejected S-NSSAI")
            try:
                s_nssai = decode_s_nssai(data[position + 1 : end])
            except DecodeError as error:
                raise error.shifted(position + 1) from None
            slices.append(RejectedSlice(data[position] & 0x0F, s_nssai))
            position = end
        found.append(RejectedSlices(tuple(slices), timer))
    return tuple(found)


def encode_extended_rejected_nssai(value: tuple[RejectedSlices, ...]) -> bytes:
    """The octets of partial lists. Raises EncodeError."""
    octets = b""
    for part in value:
        if not 1 <= len(part.slices) <= 16:
            raise EncodeError("NAS", "extended rejected NSSAI", "a list holds 1 to 16 S-NSSAIs")
        has_timer = part.back_off_timer is not None
        octets += bytes((has_timer << 4 | len(part.slices) - 1,))
        if part.back_off_timer is not None:
            octets += bytes((part.back_off_timer,))
        for rejected in part.slices:
            encoded = encode_s_nssai(rejected.s_nssai)
            octets += bytes((len(encoded) << 4 | rejected.cause & 0x0F,)) + encoded
    return octets


@dataclass(frozen=True, slots=True)
class SessionCause:
    """A PDU session whose reactivation failed, and the 5GMM cause (9.11.3.43)."""

    pdu_session_id: int
    cause: int


def decode_session_causes(data: bytes) -> tuple[SessionCause, ...]:
    """Pairs of octets. Raises DecodeError."""
    if len(data) % 2:
        raise DecodeError("NAS", len(data), "a PDU session without a cause")
    return tuple(SessionCause(*data[n : n + 2]) for n in range(0, len(data), 2))


def encode_session_causes(value: tuple[SessionCause, ...]) -> bytes:
    """The reverse."""
    return b"".join(bytes((each.pdu_session_id, each.cause)) for each in value)


def decode_plmn_list(data: bytes) -> tuple[str, ...]:
    """PLMN identities of three octets (TS 24.008, 10.5.1.13). Raises DecodeError."""
    if len(data) % 3:
        raise DecodeError("NAS", len(data), "a PLMN identity is cut short")
    return tuple(decode_plmn(data, at) for at in range(0, len(data), 3))


def encode_plmn_list(value: tuple[str, ...]) -> bytes:
    """The reverse. Raises EncodeError."""
    return b"".join(encode_plmn(plmn) for plmn in value)
