"""Reading the octets of NAS elements, with errors that name the octet."""

from __future__ import annotations

from makmal.protocol.errors import DecodeError, EncodeError


def need(data: bytes, length: int, what: str) -> None:
    """Raise DecodeError unless ``data`` has at least ``length`` octets."""
    if len(data) < length:
        raise DecodeError("NAS", len(data), f"{what} needs {length} octets, and has {len(data)}")


def decode_plmn(data: bytes, offset: int = 0) -> str:
    """The PLMN identity in three octets, as MCC and MNC digits (TS 24.501, 9.11.3.4)."""
    if len(data) < offset + 3:
        raise DecodeError("NAS", len(data), "a PLMN identity needs 3 octets")
    first, second, third = data[offset : offset + 3]
    mcc = f"{first & 15:x}{first >> 4:x}{second & 15:x}"
    mnc = f"{third & 15:x}{third >> 4:x}"
    return mcc + mnc if second >> 4 == 15 else mcc + mnc + f"{second >> 4:x}"


def encode_plmn(plmn: str) -> bytes:
    """Five or six digits to three octets. Raises EncodeError on anything else."""
    try:
        digits = [int(digit, 16) for digit in plmn]
    except ValueError:
        raise EncodeError("NAS", "PLMN identity", f"{plmn!r} is no row of digits") from None
    if len(digits) not in (5, 6):
        raise EncodeError("NAS", "PLMN identity", f"{plmn!r} has not 5 or 6 digits")
    last = digits[5] if len(digits) == 6 else 15
    return bytes((digits[1] << 4 | digits[0], last << 4 | digits[2], digits[4] << 4 | digits[3]))


def decode_digits(data: bytes) -> str:
    """BCD digits, the low half first; a half octet of ones is a filler at the end."""
    text = data.hex()
    swapped = "".join(text[i + 1] + text[i] for i in range(0, len(text), 2))
    return swapped[:-1] if swapped.endswith("f") else swapped


def encode_digits(digits: str) -> bytes:
    """The reverse, with a filler where the number of digits is odd. Raises EncodeError."""
    padded = digits if len(digits) % 2 == 0 else digits + "f"
    try:
        return bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2))
    except ValueError:
        raise EncodeError("NAS", "digits", f"{digits!r} is no row of digits") from None
