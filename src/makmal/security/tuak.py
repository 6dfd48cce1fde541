"""TUAK, the second set of authentication functions (TS 35.231)."""

from __future__ import annotations

from hashlib import shake_256

from makmal.security.authentication import (
    AUTN_OCTETS,
    AUTS_OCTETS,
    AuthenticationResult,
    check_length,
    xor,
)
from makmal.security.keccak import permute

_NAME = b"TUAK1.0"
_BLOCK_OCTETS = 136
# INSTANCE, 6.1 to 6.5: which function is computed.
_F1, _F1_STAR, _F2_TO_F5, _F5_STAR = 0x00, 0x80, 0x40, 0xC0
# The bits of INSTANCE that tell a length, in octets, of MAC and of RES (6.2 to 6.4).
_MAC_BITS = {8: 0x08, 16: 0x10, 32: 0x20}
_RES_BITS = {4: 0x00} | _MAC_BITS
_CK_BITS = {16: 0x00, 32: 0x04}
_IK_BITS = {16: 0x00, 32: 0x02}
_KEY_BITS = {16: 0x00, 32: 0x01}


def _bits(lengths: dict[int, int], octets: int, name: str) -> int:
    if octets not in lengths:
        raise ValueError(f"TUAK has no {name} of {octets} octets")
    return lengths[octets]


def _core(
    topc: bytes,
    instance: int,
    rand: bytes,
    amf: bytes,
    sqn: bytes,
    key: bytes,
    iterations: int = 1,
) -> bytes:
    """The first 136 octets of Keccak's output (6); fields go in with their last octet first.

    Raises ValueError when an input is not of its length.
    """
    instance |= _bits(_KEY_BITS, len(key), "K")
    check_length("TOP or TOPc", topc, 32)
    check_length("RAND", rand, 16)
    check_length("AMF", amf, 2)
    check_length("SQN", sqn, 6)
    state = topc[::-1] + bytes((instance,)) + _NAME[::-1]
    state += rand[::-1] + amf[::-1] + sqn[::-1] + key[::-1].ljust(32, b"\0")
    if iterations == 1:
        # The padding of TS 35.231, 7, is that of SHAKE256: one iteration is its first block.
        return shake_256(state).digest(_BLOCK_OCTETS)
    state += b"\x1f" + bytes(38) + b"\x80"
    state = state.ljust(200, b"\0")
    for _ in range(iterations):
        state = permute(state)
    return state[:_BLOCK_OCTETS]


def compute_topc(key: bytes, top: bytes, iterations: int = 1) -> bytes:
    """TOPc, 32 octets, from K (16 or 32 octets) and the operator's TOP (32 octets) (6.1)."""
    return _core(top, 0, bytes(16), bytes(2), bytes(6), key, iterations)[:32][::-1]


def f1(
    key: bytes,
    topc: bytes,
    rand: bytes,
    sqn: bytes,
    amf: bytes,
    *,
    mac_octets: int = 8,
    iterations: int = 1,
) -> bytes:
    """MAC-A of 8, 16 or 32 octets (6.2). ValueError for other lengths, of inputs too."""
    instance = _F1 | _bits(_MAC_BITS, mac_octets, "MAC")
    return _core(topc, instance, rand, amf, sqn, key, iterations)[:mac_octets][::-1]


def f1_star(
    key: bytes,
    topc: bytes,
    rand: bytes,
    sqn: bytes,
    amf: bytes,
    *,
    mac_octets: int = 8,
    iterations: int = 1,
) -> bytes:
    """MAC-S of 8, 16 or 32 octets (6.3). ValueError for other lengths, of inputs too."""
    instance = _F1_STAR | _bits(_MAC_BITS, mac_octets, "MAC")
    return _core(topc, instance, rand, amf, sqn, key, iterations)[:mac_octets][::-1]


def f2_to_f5(
    key: bytes,
    topc: bytes,
    rand: bytes,
    *,
    res_octets: int = 8,
    ck_octets: int = 16,
    ik_octets: int = 16,
    iterations: int = 1,
) -> AuthenticationResult:
    """RES (4, 8, 16 or 32 octets), CK, IK (16 or 32) and AK (6) (6.4).

    Raises ValueError for other lengths, of inputs too.
    """
    instance = _F2_TO_F5 | _bits(_RES_BITS, res_octets, "RES")
    instance |= _bits(_CK_BITS, ck_octets, "CK") | _bits(_IK_BITS, ik_octets, "IK")
    out = _core(topc, instance, rand, bytes(2), bytes(6), key, iterations)
    return AuthenticationResult(
        out[:res_octets][::-1],
        out[32 : 32 + ck_octets][::-1],
        out[64 : 64 + ik_octets][::-1],
        out[96:102][::-1],
    )


def f5_star(key: bytes, topc: bytes, rand: bytes, *, iterations: int = 1) -> bytes:
    """AK for resynchronisation, 6 octets (6.5)."""
    out = _core(topc, _F5_STAR, rand, bytes(2), bytes(6), key, iterations)
    return out[96:102][::-1]


def ck_ik(key: bytes, topc: bytes, rand: bytes) -> tuple[bytes, bytes]:
    """CK and IK of 16 octets each."""
    result = f2_to_f5(key, topc, rand)
    return result.ck, result.ik


def generate_autn(key: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """AUTN, 16 octets: SQN xor AK, AMF, MAC-A (TS 33.102, 6.3.2)."""
    ak = f2_to_f5(key, topc, rand).ak
    return xor(sqn, ak) + amf + f1(key, topc, rand, sqn, amf)


def verifies_autn(key: bytes, topc: bytes, rand: bytes, autn: bytes) -> bool:
    """Whether the home network of this subscription made the challenge (TS 33.102, 6.3.3)."""
    if len(autn) != AUTN_OCTETS:
        return False
    ak = f2_to_f5(key, topc, rand).ak
    return generate_autn(key, topc, rand, xor(autn[:6], ak), autn[6:8]) == autn


def auts(key: bytes, topc: bytes, rand: bytes, sqn: bytes) -> bytes:
    """AUTS, 14 octets, that tells the home network the USIM's SQN (TS 33.102, 6.3.3)."""
    return xor(sqn, f5_star(key, topc, rand)) + f1_star(key, topc, rand, sqn, b"\0\0")


def sqn_of_auts(key: bytes, topc: bytes, rand: bytes, token: bytes) -> bytes | None:
    """The USIM's SQN, None when the AUTS is not this USIM's (TS 33.102, 6.3.5)."""
    if len(token) != AUTS_OCTETS:
        return None
    sqn = xor(token[:6], f5_star(key, topc, rand))
    return sqn if auts(key, topc, rand, sqn) == token else None
