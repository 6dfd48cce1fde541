"""The ZUC stream cipher (TS 35.222)."""

from __future__ import annotations

_MASK31 = 0x7FFFFFFF
_MASK32 = 0xFFFFFFFF

# TS 35.222, 3.4.2: S0 and S1.
_S0 = bytes.fromhex(
    "3e725b47cae0003304d1549809b96dcb7b1bf932af9d6aa5b82dfc1d08530390"
    "4d4e8499e4ced991ddb685488b296eaccdc1f81e734369c6b5bdfd396320d438"
    "767db2a7cfed57c5f32cbb142106559be3ef5e314f7f5aa40d8251495fba581c"
    "4a16d517a892241f8cffd8ae2e01d3ad3b4bda46ebc9de9a8f87d73a806f2fc8"
    "b1b437f70a2213287ccc3c89c7c3965607bf7ef00b2b975235417961a64c10fe"
    "bc2695888ab0a3fbc01894f2e1e5e95dd0dc1166645cec59427512f5749caa23"
    "0e86abbe2a02e767e644a26cc2939ff1f6fa36d250689e6271153dd640c4e20f"
    "8e83776b25053f0c30ea70b7a1e8a9658d271adb81b3a0f4457a19dfee783460"
)
_S1 = bytes.fromhex(
    "55c263713bc847869f3cda5b29aafd778cc5940ca61a1300e3a8167240f9f842"
    "4426689681d9453e1076c6a78b3943e13ab5562ac06db3052266bfdc0bfa6248"
    "dd20110636c9c1cff62752bb69f5d4877f844cd29c57a4bc4f9adffed68d7aeb"
    "2b53d85ca11417fb23d57d3067730809eeb7703f61b2198e4ee54b938f5ddba9"
    "adf1ae2ecb0dfcf42d466e1d97e8d1e94d37a5755e839eab829db91ce0cd4989"
    "01b6bd5824a25f387899159050b895e4d091c7ceed0fb46fa0ccf0024a79c3de"
    "a3efea51e66b18ec1b2c80f774e7ff215a6a541e41319235c433070aba7e0e34"
    "88b1987cf33d606c7bcad31f3265042864be859b2f598ad7b025acaf1203e2f2"
)
# 3.6: the constants between the octets of key and initialisation vector.
_CONSTANTS = (
    *(0x44D7, 0x26BC, 0x626B, 0x135E, 0x5789, 0x35E2, 0x7135, 0x09AF),
    *(0x4D78, 0x2F13, 0x6BC4, 0x1AF1, 0x5E26, 0x3C4D, 0x789A, 0x47AC),
)


def _rotate(word: int, places: int) -> int:
    return (word << places | word >> (32 - places)) & _MASK32


def _substitute(word: int) -> int:
    return (
        _S0[word >> 24] << 24
        | _S1[word >> 16 & 0xFF] << 16
        | _S0[word >> 8 & 0xFF] << 8
        | _S1[word & 0xFF]
    )


def _l1(word: int) -> int:
    return word ^ _rotate(word, 2) ^ _rotate(word, 10) ^ _rotate(word, 18) ^ _rotate(word, 24)


def _l2(word: int) -> int:
    return word ^ _rotate(word, 8) ^ _rotate(word, 14) ^ _rotate(word, 22) ^ _rotate(word, 30)


def _feedback(state: list[int], addend: int) -> None:
    """One step of the shift register over GF(2^31 - 1) (3.2)."""
    value = state[0] + addend
    for index, places in ((0, 8), (4, 20), (10, 21), (13, 17), (15, 15)):
        word = state[index]
        value += (word << places | word >> (31 - places)) & _MASK31
    while value >> 31:
        value = (value & _MASK31) + (value >> 31)
    del state[0]
    state.append(value or _MASK31)


def keystream(key: bytes, initialisation_vector: bytes, words: int) -> list[int]:
    """So many 32-bit words of keystream (3.6); both arguments are 16 octets."""
    state = [
        key[index] << 23 | _CONSTANTS[index] << 8 | initialisation_vector[index]
        for index in range(16)
    ]
    r1 = r2 = 0
    stream: list[int] = []
    for step in range(32 + 1 + words):
        # Bit reorganisation (3.3).
        x0 = (state[15] & 0x7FFF8000) << 1 | state[14] & 0xFFFF
        x1 = (state[11] & 0xFFFF) << 16 | state[9] >> 15
        x2 = (state[7] & 0xFFFF) << 16 | state[5] >> 15
        word = ((x0 ^ r1) + r2) & _MASK32
        w1, w2 = (r1 + x1) & _MASK32, r2 ^ x2
        r1 = _substitute(_l1((w1 << 16 | w2 >> 16) & _MASK32))
        r2 = _substitute(_l2((w2 << 16 | w1 >> 16) & _MASK32))
        if step < 32:
            _feedback(state, word >> 1)
            continue
        if step > 32:
            x3 = (state[2] & 0xFFFF) << 16 | state[0] >> 15
            stream.append(word ^ x3)
        _feedback(state, 0)
    return stream
