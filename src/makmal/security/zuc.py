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


# The boxes as tables, one for each octet of a word, shifted to its place.
_S0_HIGH = tuple(octet << 24 for octet in _S0)
_S1_HIGH = tuple(octet << 16 for octet in _S1)
_S0_LOW = tuple(octet << 8 for octet in _S0)
_S1_LOW = tuple(_S1)


def keystream(key: bytes, initialisation_vector: bytes, words: int) -> list[int]:
    """So many 32-bit words of keystream (3.6); both arguments are 16 octets.

    Written out in one loop: this runs for every message, and a call costs more than what it does.
    """
    # The shift register never forgets: its cells are the last 16 of this list.
    state = [
        key[index] << 23 | _CONSTANTS[index] << 8 | initialisation_vector[index]
        for index in range(16)
    ]
    s0_high, s1_high, s0_low, s1_low = _S0_HIGH, _S1_HIGH, _S0_LOW, _S1_LOW
    r1 = r2 = 0
    stream: list[int] = []
    for step in range(32 + 1 + words):
        first, tenth, last = state[step], state[step + 9], state[step + 15]
        # Bit reorganisation (3.3).
        x0 = (last & 0x7FFF8000) << 1 | state[step + 14] & 0xFFFF
        x1 = (state[step + 11] & 0xFFFF) << 16 | tenth >> 15
        x2 = (state[step + 7] & 0xFFFF) << 16 | state[step + 5] >> 15
        word = ((x0 ^ r1) + r2) & _MASK32
        # The nonlinear function F (3.4): L1 and L2 are sums of rotations, taken from the word
        # written twice; then the boxes.
        w1, w2 = (r1 + x1) & _MASK32, r2 ^ x2
        u = (w1 << 16 | w2 >> 16) & _MASK32
        twice = u << 32 | u
        u = (u ^ twice >> 30 ^ twice >> 22 ^ twice >> 14 ^ twice >> 8) & _MASK32
        v = (w2 << 16 | w1 >> 16) & _MASK32
        twice = v << 32 | v
        v = (v ^ twice >> 24 ^ twice >> 18 ^ twice >> 10 ^ twice >> 2) & _MASK32
        r1 = s0_high[u >> 24] | s1_high[u >> 16 & 255] | s0_low[u >> 8 & 255] | s1_low[u & 255]
        r2 = s0_high[v >> 24] | s1_high[v >> 16 & 255] | s0_low[v >> 8 & 255] | s1_low[v & 255]
        if step > 32:
            stream.append(word ^ ((state[step + 2] & 0xFFFF) << 16 | first >> 15))
        # One step of the shift register over GF(2^31 - 1) (3.2), where a shift is a rotation.
        value = (
            (first << 8)
            + first
            + (state[step + 4] << 20)
            + (state[step + 10] << 21)
            + (state[step + 13] << 17)
            + (last << 15)
        )
        if step < 32:
            value += word >> 1
        value = (value & _MASK31) + (value >> 31)
        value = (value & _MASK31) + (value >> 31)
        state.append(value or _MASK31)
    return stream
