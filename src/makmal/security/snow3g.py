"""The SNOW 3G stream cipher (TS 35.216).

The tables are computed from their definitions: the Rijndael S-box, the Dickson polynomial of SQ,
and the powers of the field that the feedback multiplies in.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def _times_x(value: int, polynomial: int) -> int:
    """MULx of TS 35.216, 3.1.1."""
    return ((value << 1) ^ polynomial) & 0xFF if value & 0x80 else value << 1


def _times_x_power(value: int, power: int, polynomial: int) -> int:
    for _ in range(power):
        value = _times_x(value, polynomial)
    return value


def _product(one: int, other: int, polynomial: int) -> int:
    result = 0
    while other:
        if other & 1:
            result ^= one
        one = _times_x(one, polynomial)
        other >>= 1
    return result


def _power(value: int, exponent: int, polynomial: int) -> int:
    result = 1
    while exponent:
        if exponent & 1:
            result = _product(result, value, polynomial)
        value = _product(value, value, polynomial)
        exponent >>= 1
    return result


def _rijndael_box() -> list[int]:
    """SR, TS 35.216, 3.3.1: inversion in GF(2^8), then the affine map of FIPS 197."""
    box = []
    for value in range(256):
        inverse = _power(value, 254, 0x1B)
        mapped = 0x63
        for turn in range(5):
            mapped ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xFF
        box.append(mapped)
    return box


def _dickson_box() -> list[int]:
    """SQ, TS 35.216, 3.3.2: the Dickson polynomial g49 over GF(2^8), plus 0x25."""
    exponents = (1, 9, 13, 15, 33, 41, 45, 47, 49)
    box = []
    for value in range(256):
        result = 0x25
        for exponent in exponents:
            result ^= _power(value, exponent, 0x69)
        box.append(result)
    return box


def _word_tables(box: list[int], polynomial: int) -> tuple[list[int], ...]:
    """S1 or S2 (3.3.1, 3.3.2) as four tables, one for each octet of the word."""
    tables: tuple[list[int], ...] = ([], [], [], [])
    for value in box:
        twice = _times_x(value, polynomial)
        column = (twice, twice ^ value, value, value)
        for place, table in enumerate(tables):
            octets = (column[-place % 4], column[(1 - place) % 4], column[(2 - place) % 4])
            last = column[(3 - place) % 4]
            table.append(octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | last)
    return tables


def _alpha(powers: tuple[int, int, int, int]) -> list[int]:
    """MULalpha or DIValpha (3.4.2, 3.4.3)."""
    table = []
    for value in range(256):
        word = 0
        for power in powers:
            word = word << 8 | _times_x_power(value, power, 0xA9)
        table.append(word)
    return table


_S1 = _word_tables(_rijndael_box(), 0x1B)
_S2 = _word_tables(_dickson_box(), 0x69)
_MUL_ALPHA = _alpha((23, 245, 48, 239))
_DIV_ALPHA = _alpha((16, 39, 6, 64))


def keystream(key: bytes, initialisation_vector: bytes, words: int) -> list[int]:
    """So many 32-bit words of keystream (TS 35.216, 4).

    Both arguments are 16 octets and begin with the words k3 and IV3, as UEA2 and UIA2 fill them
    (TS 35.215, 3.4 and 4.4). Written out in one loop: this runs for every message, and a call costs
    more than what it does.
    """
    k3, k2, k1, k0 = (int.from_bytes(key[at : at + 4], "big") for at in (0, 4, 8, 12))
    v3, v2, v1, v0 = (
        int.from_bytes(initialisation_vector[at : at + 4], "big") for at in (0, 4, 8, 12)
    )
    ones = _MASK
    state = [
        *(k0 ^ ones, k1 ^ ones, k2 ^ ones, k3 ^ ones),
        *(k0, k1, k2, k3),
        *(k0 ^ ones, k1 ^ ones ^ v3, k2 ^ ones ^ v2, k3 ^ ones),
        *(k0 ^ v1, k1, k2, k3 ^ v0),
    ]
    mul_alpha, div_alpha = _MUL_ALPHA, _DIV_ALPHA
    (s1a, s1b, s1c, s1d), (s2a, s2b, s2c, s2d) = _S1, _S2
    r1 = r2 = r3 = 0
    stream = []
    # The shift register never forgets: its cells are the last 16 of the list.
    for step in range(32 + 1 + words):
        first, eleventh = state[step], state[step + 11]
        # The finite state machine (3.4.6): the boxes work on R1 and R2 as they were.
        word = ((state[step + 15] + r1) & _MASK) ^ r2
        r1, r2, r3 = (
            (r2 + (r3 ^ state[step + 5])) & _MASK,
            s1a[r1 >> 24] ^ s1b[r1 >> 16 & 255] ^ s1c[r1 >> 8 & 255] ^ s1d[r1 & 255],
            s2a[r2 >> 24] ^ s2b[r2 >> 16 & 255] ^ s2c[r2 >> 8 & 255] ^ s2d[r2 & 255],
        )
        # The shift register (3.4.4 and 3.4.5).
        following = (
            (first << 8 & _MASK)
            ^ mul_alpha[first >> 24]
            ^ state[step + 2]
            ^ eleventh >> 8
            ^ div_alpha[eleventh & 255]
        )
        if step < 32:
            following ^= word
        elif step > 32:
            stream.append(word ^ first)
        state.append(following)
    return stream
