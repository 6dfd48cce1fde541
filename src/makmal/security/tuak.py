"""TUAK, the second set of authentication functions (TS 35.231)."""

from __future__ import annotations

from makmal.security.keccak import permute

_NAME = b"TUAK1.0"
# INSTANCE, 6.1 to 6.5: which function is computed.
_F1, _F1_STAR, _F2_TO_F5, _F5_STAR = 0x00, 0x80, 0x40, 0xC0
_LENGTH_BITS = {4: 0x00, 8: 0x08, 16: 0x10, 32: 0x20}


def _core(
    topc: bytes,
    instance: int,
    rand: bytes,
    amf: bytes,
    sqn: bytes,
    key: bytes,
    iterations: int = 1,
) -> bytes:
    """The 200 octets of Keccak's output (6); fields go in with their last octet first."""
    if len(key) == 32:
        instance |= 0x01
    state = topc[::-1] + bytes((instance,)) + _NAME[::-1]
    state += rand[::-1] + amf[::-1] + sqn[::-1] + key[::-1].ljust(32, b"\0")
    state += b"\x1f" + bytes(38) + b"\x80"
    state = state.ljust(200, b"\0")
    for _ in range(iterations):
        state = permute(state)
    return state


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
    """MAC-A of 8, 16 or 32 octets (6.2)."""
    instance = _F1 | _LENGTH_BITS[mac_octets]
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
    """MAC-S of 8, 16 or 32 octets (6.3)."""
    instance = _F1_STAR | _LENGTH_BITS[mac_octets]
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
) -> tuple[bytes, bytes, bytes, bytes]:
    """RES (4, 8, 16 or 32 octets), CK, IK (16 or 32) and AK (6) (6.4)."""
    instance = _F2_TO_F5 | _LENGTH_BITS[res_octets]
    instance |= 0x04 if ck_octets == 32 else 0
    instance |= 0x02 if ik_octets == 32 else 0
    out = _core(topc, instance, rand, bytes(2), bytes(6), key, iterations)
    return (
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
    _, ck, ik, _ = f2_to_f5(key, topc, rand)
    return ck, ik


def generate_autn(key: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """AUTN, 16 octets: SQN xor AK, AMF, MAC-A (TS 33.102, 6.3.2)."""
    ak = f2_to_f5(key, topc, rand)[3]
    return _xor(sqn, ak) + amf + f1(key, topc, rand, sqn, amf)


def verifies_autn(key: bytes, topc: bytes, rand: bytes, autn: bytes) -> bool:
    """Whether the home network of this subscription made the challenge (TS 33.102, 6.3.3)."""
    ak = f2_to_f5(key, topc, rand)[3]
    return generate_autn(key, topc, rand, _xor(autn[:6], ak), autn[6:8]) == autn


def auts(key: bytes, topc: bytes, rand: bytes, sqn: bytes) -> bytes:
    """AUTS, 14 octets, that tells the home network the USIM's SQN (TS 33.102, 6.3.3)."""
    return _xor(sqn, f5_star(key, topc, rand)) + f1_star(key, topc, rand, sqn, b"\0\0")


def sqn_of_auts(key: bytes, topc: bytes, rand: bytes, token: bytes) -> bytes | None:
    """The USIM's SQN, None when the AUTS is not this USIM's (TS 33.102, 6.3.5)."""
    sqn = _xor(token[:6], f5_star(key, topc, rand))
    return sqn if auts(key, topc, rand, sqn) == token else None


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
