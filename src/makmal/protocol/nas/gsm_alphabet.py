"""The GSM 7 bit default alphabet, packed (TS 23.038, 6.1.2 and 6.2.1)."""

from __future__ import annotations

_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_NUMBERS = {character: number for number, character in enumerate(_ALPHABET)}


def unpack(octets: bytes, count: int) -> str:
    """The first ``count`` characters; the escape to the extension table stays as it is."""
    bits = int.from_bytes(octets, "little")
    return "".join(_ALPHABET[bits >> 7 * index & 0x7F] for index in range(count))


def pack(text: str) -> bytes | None:
    """The octets of a text, zeros where it ends before the octet; None if the alphabet lacks it."""
    bits = 0
    for index, character in enumerate(text):
        number = _NUMBERS.get(character)
        if number is None:
            return None
        bits |= number << 7 * index
    return bits.to_bytes((len(text) * 7 + 7) // 8, "little")
