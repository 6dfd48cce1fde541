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
    for _ in range(exponent):
        result = _product(result, value, polynomial)
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
    (TS 35.215, 3.4 and 4.4).
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
    registers = (0, 0, 0)
    for _ in range(32):
        word, registers = _clock_fsm(state, registers)
        _clock_lfsr(state, word)
    _, registers = _clock_fsm(state, registers)
    _clock_lfsr(state, 0)
    stream = []
    for _ in range(words):
        word, registers = _clock_fsm(state, registers)
        stream.append(word ^ state[0])
        _clock_lfsr(state, 0)
    return stream


def _clock_fsm(
    state: list[int], registers: tuple[int, int, int]
) -> tuple[int, tuple[int, int, int]]:
    r1, r2, r3 = registers
    word = ((state[15] + r1) & _MASK) ^ r2
    following = (r2 + (r3 ^ state[5])) & _MASK
    return word, (following, _substitute(_S1, r1), _substitute(_S2, r2))


def _substitute(tables: tuple[list[int], ...], word: int) -> int:
    return (
        tables[0][word >> 24]
        ^ tables[1][word >> 16 & 0xFF]
        ^ tables[2][word >> 8 & 0xFF]
        ^ tables[3][word & 0xFF]
    )


def _clock_lfsr(state: list[int], word: int) -> None:
    first, eleventh = state[0], state[11]
    new = (
        (first << 8 & _MASK)
        ^ _MUL_ALPHA[first >> 24]
        ^ state[2]
        ^ (eleventh >> 8)
        ^ _DIV_ALPHA[eleventh & 0xFF]
        ^ word
    )
    del state[0]
    state.append(new)
