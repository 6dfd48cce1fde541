"""The ciphering and integrity algorithms of NAS and AS (TS 33.501, annex D; TS 33.401, annex B)."""

from __future__ import annotations

from enum import IntEnum

from makmal.security import snow3g, zuc
from makmal.security.binary_polynomials import multiples, product
from makmal.security.primitives import aes, cmac, counter_mode

_KEY_OCTETS = 16
_MASK64 = (1 << 64) - 1
# Of a message at once in EIA3: a product of so many bits is quick.
_PIECE_BITS = 128


class Direction(IntEnum):
    """The DIRECTION input: 0 for uplink."""

    UPLINK = 0
    DOWNLINK = 1


def cipher(
    algorithm: int,
    key: bytes,
    count: int,
    bearer: int,
    direction: Direction,
    data: bytes,
    bit_length: int | None = None,
) -> bytes:
    """Encipher or decipher with 128-NEA ``algorithm``; 0 is the null algorithm.

    ``count`` is 32 bits, ``bearer`` 5. Of the data ``bit_length`` bits count, the rest come out
    as zeros. Raises ValueError for an unknown algorithm, a key that is not of 16 octets, a count
    or bearer that is too large, or a length beyond the data.
    """
    bits = len(data) * 8 if bit_length is None else bit_length
    _check(key, count, bearer, len(data), bits)
    size = (bits + 7) // 8
    data = data[:size]
    if algorithm == 0:
        result = data
    elif algorithm == 1:
        vector = _snow3g_vector(count, bearer << 27 | direction << 26)
        result = _combine(data, snow3g.keystream(key, vector, (size + 3) // 4))
    elif algorithm == 2:
        result = counter_mode(key, count << 96 | bearer << 91 | direction << 90, data)
    elif algorithm == 3:
        half = count.to_bytes(4, "big") + bytes((bearer << 3 | direction << 2, 0, 0, 0))
        result = _combine(data, zuc.keystream(key, half * 2, (size + 3) // 4))
    else:
        raise ValueError(f"there is no ciphering algorithm 128-NEA{algorithm}")
    if bits % 8:
        result = result[:-1] + bytes((result[-1] & 0xFF00 >> bits % 8 & 0xFF,))
    return result


def integrity(
    algorithm: int,
    key: bytes,
    count: int,
    bearer: int,
    direction: Direction,
    data: bytes,
    bit_length: int | None = None,
) -> bytes:
    """The 4 octets of MAC of 128-NIA ``algorithm``; the null algorithm gives zeros.

    Arguments and errors as for ``cipher``.
    """
    bits = len(data) * 8 if bit_length is None else bit_length
    _check(key, count, bearer, len(data), bits)
    data = data[: (bits + 7) // 8]
    if bits % 8:
        data = data[:-1] + bytes((data[-1] & 0xFF00 >> bits % 8 & 0xFF,))
    if algorithm == 0:
        return bytes(4)
    if algorithm == 1:
        # FRESH is BEARER and zeros (TS 33.401, B.2.2).
        return uia2(key, count, bearer << 27, direction, data, bits)
    if algorithm == 2:
        return _eia2(key, count, bearer, direction, data, bits)
    if algorithm == 3:
        return _eia3(key, count, bearer, direction, data, bits)
    raise ValueError(f"there is no integrity algorithm 128-NIA{algorithm}")


def _check(key: bytes, count: int, bearer: int, octets: int, bits: int) -> None:
    if len(key) != _KEY_OCTETS:
        raise ValueError(f"a key of {_KEY_OCTETS} octets is needed, not of {len(key)}")
    # TS 33.401, B.1.1: the sizes of the inputs. A larger one would run into its neighbour.
    if not 0 <= count < 1 << 32:
        raise ValueError(f"the count {count} is not of 32 bits")
    if not 0 <= bearer < 1 << 5:
        raise ValueError(f"the bearer {bearer} is not of 5 bits")
    if not 0 <= bits <= octets * 8:
        raise ValueError(f"{octets} octets of data have no {bits} bits")


def _combine(data: bytes, stream: list[int]) -> bytes:
    size = len(data)
    octets = b"".join([word.to_bytes(4, "big") for word in stream])[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(octets, "big")).to_bytes(size, "big")


def _snow3g_vector(count: int, word: int) -> bytes:
    half = count.to_bytes(4, "big") + word.to_bytes(4, "big")
    return half + half


def uia2(key: bytes, count: int, fresh: int, direction: int, data: bytes, bit_length: int) -> bytes:
    """UIA2, 4 octets (TS 35.215, 4); ``fresh`` is 32 bits. 128-NIA1 is this with BEARER in it."""
    words = (count, fresh, count ^ direction << 31, fresh ^ direction << 15)
    vector = b"".join(word.to_bytes(4, "big") for word in words)
    z1, z2, z3, z4, z5 = snow3g.keystream(key, vector, 5)
    factors = multiples(z1 << 32 | z2)
    value = 0
    for at in range(0, len(data), 8):
        block = int.from_bytes(data[at : at + 8].ljust(8, b"\0"), "big")
        value = _times(value ^ block, factors)
    value = _times(value ^ bit_length, multiples(z3 << 32 | z4))
    return ((value >> 32) ^ z5).to_bytes(4, "big")


def _times(one: int, multiples_of_other: tuple[int, ...]) -> int:
    """MUL of TS 35.215, 4.3.2: the product in GF(2^64) with the polynomial 0x1b."""
    result = 0
    for octet in one.to_bytes(8, "big"):
        result = result << 8 ^ multiples_of_other[octet >> 4] << 4 ^ multiples_of_other[octet & 15]
    # What is beyond 64 bits comes back times 0x1b; what of it is beyond them again, once more.
    for _ in range(2):
        beyond = result >> 64
        result = (result & _MASK64) ^ beyond ^ beyond << 1 ^ beyond << 3 ^ beyond << 4
    return result


def _eia2(key: bytes, count: int, bearer: int, direction: int, data: bytes, bits: int) -> bytes:
    """AES-CMAC over COUNT, BEARER, DIRECTION and the message (TS 33.401, B.2.3)."""
    header = (count << 32 | bearer << 27 | direction << 26).to_bytes(8, "big")
    if bits % 8 == 0:
        return cmac(key, header + data)[:4]
    return _cmac_of_bits(key, header + data, 64 + bits)[:4]


def _cmac_of_bits(key: bytes, data: bytes, bits: int) -> bytes:
    """AES-CMAC (NIST SP 800-38B) of a message that does not end with an octet.

    Such a message is always padded, and so its last block is masked with K2. CMAC of octets masks
    a block that is whole with K1; changing the mask beforehand makes the one into the other.
    """
    padded = bytearray(data)
    padded[-1] |= 0x80 >> bits % 8
    padded += bytes(-len(padded) % 16)
    k1 = _doubled(int.from_bytes(aes(key)(bytes(16)), "big"))
    mask = (k1 ^ _doubled(k1)).to_bytes(16, "big")
    padded[-16:] = bytes(a ^ b for a, b in zip(padded[-16:], mask, strict=True))
    return cmac(key, bytes(padded))


def _doubled(value: int) -> int:
    return (value << 1 ^ (0x87 if value >> 127 else 0)) & ((1 << 128) - 1)


def _eia3(key: bytes, count: int, bearer: int, direction: int, data: bytes, bits: int) -> bytes:
    """128-EIA3 (TS 35.221, 4)."""
    head = count.to_bytes(4, "big") + bytes((bearer << 3, 0, 0, 0))
    tail = bytearray(head)
    tail[0] ^= direction << 7
    tail[6] ^= direction << 7
    words = (bits + 31) // 32 + 2
    stream = zuc.keystream(key, head + bytes(tail), words)
    joined = int.from_bytes(b"".join([word.to_bytes(4, "big") for word in stream]), "big")
    message = int.from_bytes(data, "big") >> -bits % 8
    # Where the message, and a 1 behind it, has a 1, the 32 bits of keystream from there count. In a
    # piece of it their sum is the middle of a product: of the piece backwards, and the keystream.
    digits = f"{message << 1 | 1:0{bits + 1}b}"
    value = 0
    for at in range(0, bits + 1, _PIECE_BITS):
        piece = digits[at : at + _PIECE_BITS]
        last = len(piece) - 1
        window = joined >> 32 * (words - 1) - at - last & (1 << 32 + last) - 1
        value ^= product(int(piece[::-1], 2), window) >> last
    return ((value ^ stream[-1]) & 0xFFFFFFFF).to_bytes(4, "big")
