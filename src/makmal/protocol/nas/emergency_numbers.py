"""Emergency number list (TS 24.008, 10.5.3.13) and its extension (TS 24.301, 9.9.3.37A)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import gsm_alphabet
from makmal.protocol.nas.octets import decode_digits, encode_digits, need


@dataclass(frozen=True, slots=True)
class EmergencyNumber:
    """``digits``, and the bits of the services it calls: police 1, ambulance 2, fire 4, ..."""

    digits: str
    services: int


def decode_emergency_numbers(data: bytes) -> tuple[EmergencyNumber, ...]:
    """Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        length = data[position]
        if length < 1:
            raise DecodeError("NAS", position, "an emergency number has no octet")
        end = position + 1 + length
        need(data, end, "an emergency number")
        found.append(EmergencyNumber(decode_digits(data[position + 2 : end]), data[position + 1]))
        position = end
    return tuple(found)


def encode_emergency_numbers(value: tuple[EmergencyNumber, ...]) -> bytes:
    """The octets of a list. Raises EncodeError."""
    octets = b""
    for number in value:
        digits = encode_digits(number.digits)
        octets += bytes((len(digits) + 1, number.services)) + digits
    return octets


@dataclass(frozen=True, slots=True)
class ExtendedEmergencyNumber:
    """``digits``, and the part of a service URN behind "urn:service:sos." (RFC 5031).

    ``octets`` is the coded part, only where ``sub_services`` alone does not give it back.
    """

    digits: str
    sub_services: str
    octets: bytes | None = None


@dataclass(frozen=True, slots=True)
class ExtendedEmergencyNumbers:
    """The numbers; ``plmn_wide``: they hold in the PLMN that sent them, else in its country.

    ``spare`` is what came in bits 2 to 8 of the first octet, bit 2 the lowest.
    """

    plmn_wide: bool
    numbers: tuple[ExtendedEmergencyNumber, ...]
    spare: int = 0


def decode_extended_emergency_numbers(data: bytes) -> ExtendedEmergencyNumbers:
    """Raises DecodeError."""
    need(data, 1, "an extended emergency number list")
    found = []
    position = 1
    while position < len(data):
        end = position + 1 + data[position]
        need(data, end + 1, "an extended emergency number")
        last = end + 1 + data[end]
        need(data, last, "the services of an extended emergency number")
        number = decode_digits(data[position + 1 : end])
        found.append(_with_sub_services(number, data[end + 1 : last]))
        position = last
    return ExtendedEmergencyNumbers(bool(data[0] & 1), tuple(found), data[0] >> 1)


def _with_sub_services(digits: str, octets: bytes) -> ExtendedEmergencyNumber:
    # TS 24.301, 9.9.3.37A: in the GSM 7 bit alphabet. Seven characters and eight take as many
    # octets, and an eighth of only zeros is filling.
    text = gsm_alphabet.unpack(octets, len(octets) * 8 // 7)
    if len(text) % 8 == 0:
        text = text.removesuffix("@")
    lossless = gsm_alphabet.pack(text) == octets
    return ExtendedEmergencyNumber(digits, text, None if lossless else octets)


def encode_extended_emergency_numbers(value: ExtendedEmergencyNumbers) -> bytes:
    """The octets of a list. Raises EncodeError."""
    octets = bytes((value.spare << 1 | value.plmn_wide,))
    for number in value.numbers:
        services = number.octets
        if services is None:
            services = gsm_alphabet.pack(number.sub_services)
        if services is None:
            reason = f"{number.sub_services!r} is not in the GSM alphabet"
            raise EncodeError("NAS", "emergency number", reason)
        digits = encode_digits(number.digits)
        octets += bytes((len(digits),)) + digits + bytes((len(services),)) + services
    return octets
