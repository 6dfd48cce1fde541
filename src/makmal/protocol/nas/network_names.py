"""Network name (TS 24.008, 10.5.3.5a), time zone (10.5.3.8) and universal time (10.5.3.9)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import gsm_alphabet
from makmal.protocol.nas.octets import need

GSM_7_BIT, UCS2 = 0, 1


@dataclass(frozen=True, slots=True)
class NetworkName:
    """A full or short name for the network, as text.

    ``coding_scheme``: 0 GSM default alphabet, 1 UCS2. ``first_octet`` and ``octets`` are None, and
    what came only where ``text`` alone does not give it back: another coding, odd fillers.
    """

    text: str
    coding_scheme: int = GSM_7_BIT
    add_country_initials: bool = False
    first_octet: int | None = None
    octets: bytes | None = None


def decode_network_name(data: bytes) -> NetworkName:
    """Raises DecodeError."""
    need(data, 1, "a network name")
    first, octets = data[0], data[1:]
    scheme = first >> 4 & 7
    if scheme == GSM_7_BIT:
        text = gsm_alphabet.unpack(octets, max(len(octets) * 8 - (first & 7), 0) // 7)
    elif scheme == UCS2:
        text = octets.decode("utf-16-be", "replace")
    else:
        text = ""
    name = NetworkName(text, scheme, bool(first & 8))
    if _encode_text(name) == data:
        return name
    return NetworkName(text, scheme, bool(first & 8), first, octets)


def _encode_text(value: NetworkName) -> bytes | None:
    octets: bytes | None = None
    spare_bits = 0
    if value.coding_scheme == GSM_7_BIT:
        octets = gsm_alphabet.pack(value.text)
        spare_bits = -len(value.text) * 7 % 8
    elif value.coding_scheme == UCS2:
        octets = value.text.encode("utf-16-be", "replace")
    if octets is None:
        return None
    first = 0x80 | value.coding_scheme << 4 | value.add_country_initials << 3 | spare_bits
    return bytes((first,)) + octets


def encode_network_name(value: NetworkName) -> bytes:
    """The octets of a name. Raises EncodeError."""
    if value.first_octet is not None and value.octets is not None:
        return bytes((value.first_octet,)) + value.octets
    encoded = _encode_text(value)
    if encoded is None:
        raise EncodeError(
            "NAS", "network name", f"{value.text!r} is no text of coding {value.coding_scheme}"
        )
    return encoded


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The offset of local time from universal time, as "+02:00"; quarters of an hour."""

    offset: str


def decode_time_zone(data: bytes) -> TimeZone:
    """From one octet: two digits with the tens first, the sign in bit 4. Raises DecodeError."""
    need(data, 1, "a time zone")
    tens, units = data[0] & 0x07, data[0] >> 4
    if units > 9:
        raise DecodeError("NAS", 0, f"0x{data[0]:02x} is no number of quarters of an hour")
    hours, quarters = divmod(tens * 10 + units, 4)
    sign = "-" if data[0] & 0x08 else "+"
    return TimeZone(f"{sign}{hours:02d}:{quarters * 15:02d}")


def encode_time_zone(value: TimeZone) -> bytes:
    """To one octet. Raises EncodeError."""
    try:
        hours, minutes = (int(part) for part in value.offset[1:].split(":"))
    except ValueError:
        raise EncodeError("NAS", "time zone", f"{value.offset!r} is no offset") from None
    quarters = hours * 4 + minutes // 15
    if value.offset[0] not in "+-" or minutes % 15 or not 0 <= quarters <= 79:
        raise EncodeError("NAS", "time zone", f"{value.offset!r} is no offset")
    tens, units = divmod(quarters, 10)
    return bytes((units << 4 | (value.offset[0] == "-") << 3 | tens,))


@dataclass(frozen=True, slots=True)
class UniversalTime:
    """Universal time as "YY-MM-DD hh:mm:ss", whose year has two digits, and the local time zone."""

    time: str
    time_zone: TimeZone


def decode_universal_time(data: bytes) -> UniversalTime:
    """From seven octets, the low half of each the first digit. Raises DecodeError."""
    need(data, 7, "universal time")
    digits = [f"{octet & 0x0F:x}{octet >> 4:x}" for octet in data[:6]]
    for index, pair in enumerate(digits):
        if not pair.isdigit():
            raise DecodeError("NAS", index, f"0x{data[index]:02x} is no number of two digits")
    try:
        zone = decode_time_zone(data[6:7])
    except DecodeError as error:
        raise error.shifted(6) from None
    return UniversalTime(f"{'-'.join(digits[:3])} {':'.join(digits[3:])}", zone)


def encode_universal_time(value: UniversalTime) -> bytes:
    """To seven octets. Raises EncodeError."""
    pairs = value.time.replace(" ", "-").replace(":", "-").split("-")
    if len(pairs) != 6 or not all(len(pair) == 2 and pair.isdigit() for pair in pairs):
        raise EncodeError("NAS", "universal time", f"{value.time!r} is no YY-MM-DD hh:mm:ss")
    octets = bytes(int(pair[1]) << 4 | int(pair[0]) for pair in pairs)
    return octets + encode_time_zone(value.time_zone)
