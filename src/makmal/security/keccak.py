"""The permutation Keccak-f[1600] (FIPS 202, 3.3), which TUAK is built from.

``hashlib`` has the hash functions that are made of it, but not the permutation itself.
"""

from __future__ import annotations

_MASK = (1 << 64) - 1
_ROUNDS = 24


def _round_constants() -> list[int]:
    """FIPS 202, 3.2.5: bits of a shift register at the places 2^j - 1."""
    constants, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for exponent in range(7):
            if register & 1:
                constant |= 1 << (1 << exponent) - 1
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        constants.append(constant)
    return constants


def _rotations() -> list[int]:
    """FIPS 202, 3.2.2: how far each lane is turned, by x + 5y."""
    turns = [0] * 25
    x, y = 1, 0
    for step in range(24):
        turns[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return turns


_CONSTANTS = _round_constants()
_TURNS = _rotations()


def _turned(lane: int, places: int) -> int:
    return (lane << places | lane >> (64 - places)) & _MASK


def permute(state: bytes) -> bytes:
    """The permutation of 200 octets."""
    lanes = [int.from_bytes(state[at : at + 8], "little") for at in range(0, 200, 8)]
    for constant in _CONSTANTS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        mixed = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for y in range(5):
            for x in range(5):
                index = x + 5 * y
                moved[y + 5 * ((2 * x + 3 * y) % 5)] = _turned(
                    lanes[index] ^ mixed[x], _TURNS[index]
                )
        lanes = [
            moved[index]
            ^ (~moved[index - index % 5 + (index + 1) % 5] & _MASK)
            & moved[index - index % 5 + (index + 2) % 5]
            for index in range(25)
        ]
        lanes[0] ^= constant
    return b"".join(lane.to_bytes(8, "little") for lane in lanes)
