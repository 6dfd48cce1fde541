"""Products of polynomials over GF(2), whose coefficients are the bits of a number."""

from __future__ import annotations

_MOST_TERMS = 255
_TO_TEXT = bytes(0x30 | octet & 1 for octet in range(256))
_TO_OCTETS = bytes(octet & 1 for octet in range(256))


def product(one: int, other: int) -> int:
    """The product, of which one factor has up to 255 bits. Raises ValueError.

    Each bit becomes an octet, so that a product of numbers adds up without a carry from one to the
    next, and the lowest bit of each sum is the sum over GF(2).
    """
    if one.bit_length() > _MOST_TERMS:
        raise ValueError(f"a factor of {one.bit_length()} bits, where {_MOST_TERMS} are the most")
    sums = _spread(one) * _spread(other)
    octets = sums.to_bytes((sums.bit_length() + 7) // 8 or 1, "big")
    return int(octets.translate(_TO_TEXT), 2)


def _spread(value: int) -> int:
    return int.from_bytes(f"{value:b}".encode().translate(_TO_OCTETS), "big")


def multiples(factor: int) -> tuple[int, ...]:
    """The products of a polynomial with the 16 of a degree below 4."""
    two, four, eight = factor << 1, factor << 2, factor << 3
    lower = (0, factor, two, two ^ factor)
    upper = (*lower, *[four ^ each for each in lower])
    return (*upper, *[eight ^ each for each in upper])
