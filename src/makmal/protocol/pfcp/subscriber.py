"""Who the subscriber of a session is (TS 29.244, 8.2.101)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import EncodeError
from makmal.protocol.pfcp.octets import Reader, sized_octets, sized_text_octets


@dataclass(frozen=True, slots=True)
class UserId:
    """Who the subscriber is (8.2.101): digits for IMSI, IMEI and MSISDN, text for the others."""

    imsi: str | None = None
    imei: str | None = None
    msisdn: str | None = None
    nai: str | None = None
    supi: str | None = None
    gpsi: str | None = None
    pei: str | None = None


# TS 29.274, 8.3: digits of four bits, the low half of an octet first, 15 fills the last half.
_DIGITS = "0123456789*#abc"


def _digits(octets: bytes) -> str:
    halves = []
    for octet in octets:
        halves.append(octet & 0x0F)
        halves.append(octet >> 4)
    if halves and halves[-1] == 15:
        halves.pop()
    return "".join(_DIGITS[half] if half < 15 else "f" for half in halves)


def _digit_octets(digits: str, field: str) -> bytes:
    halves = [15 if digit == "f" else _DIGITS.find(digit) for digit in digits]
    if -1 in halves:
        raise EncodeError("PFCP", field, f"{digits!r} are not digits")
    if len(halves) % 2:
        halves.append(15)
    pairs = zip(halves[::2], halves[1::2], strict=True)
    return bytes(low | high << 4 for low, high in pairs)


def decode_user_id(data: bytes) -> UserId:
    """8.2.101. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return UserId(
        _digits(reader.sized(1)) if flags & 1 else None,
        _digits(reader.sized(1)) if flags & 2 else None,
        _digits(reader.sized(1)) if flags & 4 else None,
        reader.sized_text(1) if flags & 8 else None,
        reader.sized_text(1) if flags & 0x10 else None,
        reader.sized_text(1) if flags & 0x20 else None,
        reader.sized_text(1) if flags & 0x40 else None,
    )


def encode_user_id(value: UserId) -> bytes:
    """8.2.101. Raises EncodeError."""
    flags = 0
    octets = b""
    for bit, digits in enumerate((value.imsi, value.imei, value.msisdn)):
        if digits is not None:
            flags |= 1 << bit
            octets += sized_octets(_digit_octets(digits, "User ID"), 1, "User ID")
    for bit, text in enumerate((value.nai, value.supi, value.gpsi, value.pei), 3):
        if text is not None:
            flags |= 1 << bit
            octets += sized_text_octets(text, 1, "User ID")
    return bytes((flags,)) + octets
