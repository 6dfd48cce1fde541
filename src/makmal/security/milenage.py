"""Milenage, the example set of authentication functions (TS 35.206).

Every function raises ValueError when an input is not of its length; an AUTN or AUTS of another
length, which comes from outside, is only not verified.
"""

from __future__ import annotations

from makmal.security.authentication import (
    AUTN_OCTETS,
    AUTS_OCTETS,
    AuthenticationResult,
    check_length,
    xor,
)
from makmal.security.primitives import aes

# TS 35.206, 4.1: the constants c and the rotations r, in bits, of OUT1 to OUT5.
_CONSTANTS = (0, 1, 2, 4, 8)
_ROTATIONS = (64, 0, 32, 64, 96)
_MASK = (1 << 128) - 1


def _encrypt(key: bytes, block: int) -> int:
    check_length("K", key, 16)
    return int.from_bytes(aes(key)(block.to_bytes(16, "big")), "big")


def _rotated(value: int, places: int) -> int:
    return (value << places | value >> (128 - places)) & _MASK


def compute_opc(key: bytes, op: bytes) -> bytes:
    """OPc, 16 octets, from K and the operator's OP (8.2). ValueError for wrong lengths."""
    check_length("OP", op, 16)
    number = int.from_bytes(op, "big")
    return (_encrypt(key, number) ^ number).to_bytes(16, "big")


def _temporary(key: bytes, opc: bytes, rand: bytes) -> tuple[int, int]:
    """TEMP and OPc as numbers (4.1)."""
    check_length("OPc", opc, 16)
    check_length("RAND", rand, 16)
    constant = int.from_bytes(opc, "big")
    return _encrypt(key, int.from_bytes(rand, "big") ^ constant), constant


def _out(number: int, key: bytes, opc: bytes, rand: bytes) -> bytes:
    return _out_of(number, key, *_temporary(key, opc, rand))


def _out_of(number: int, key: bytes, temporary: int, constant: int) -> bytes:
    value = _rotated(temporary ^ constant, _ROTATIONS[number - 1]) ^ _CONSTANTS[number - 1]
    return (_encrypt(key, value) ^ constant).to_bytes(16, "big")


def _out1(key: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    check_length("SQN", sqn, 6)
    check_length("AMF", amf, 2)
    temporary, constant = _temporary(key, opc, rand)
    value = _rotated(int.from_bytes((sqn + amf) * 2, "big") ^ constant, _ROTATIONS[0])
    return (_encrypt(key, temporary ^ value ^ _CONSTANTS[0]) ^ constant).to_bytes(16, "big")


def f1(key: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """MAC-A, 8 octets; ``sqn`` is 6 octets, ``amf`` 2."""
    return _out1(key, opc, rand, sqn, amf)[:8]


def f1_star(key: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """MAC-S, 8 octets."""
    return _out1(key, opc, rand, sqn, amf)[8:]


def f2(key: bytes, opc: bytes, rand: bytes) -> bytes:
    """RES, 8 octets."""
    return _out(2, key, opc, rand)[8:]


def f3(key: bytes, opc: bytes, rand: bytes) -> bytes:
    """CK, 16 octets."""
    return _out(3, key, opc, rand)


def f4(key: bytes, opc: bytes, rand: bytes) -> bytes:
    """IK, 16 octets."""
    return _out(4, key, opc, rand)


def f5(key: bytes, opc: bytes, rand: bytes) -> bytes:
    """AK, 6 octets."""
    return _out(2, key, opc, rand)[:6]


def f2_to_f5(key: bytes, opc: bytes, rand: bytes) -> AuthenticationResult:
    """RES, CK, IK and AK of one challenge."""
    temporary, constant = _temporary(key, opc, rand)
    out2, out3, out4 = (_out_of(number, key, temporary, constant) for number in (2, 3, 4))
    return AuthenticationResult(out2[8:], out3, out4, out2[:6])


def f5_star(key: bytes, opc: bytes, rand: bytes) -> bytes:
    """AK for resynchronisation, 6 octets."""
    return _out(5, key, opc, rand)[:6]


def ck_ik(key: bytes, opc: bytes, rand: bytes) -> tuple[bytes, bytes]:
    """CK and IK."""
    return f3(key, opc, rand), f4(key, opc, rand)


def generate_autn(key: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """AUTN, 16 octets: SQN xor AK, AMF, MAC-A (TS 33.102, 6.3.2)."""
    return xor(sqn, f5(key, opc, rand)) + amf + f1(key, opc, rand, sqn, amf)


def verifies_autn(key: bytes, opc: bytes, rand: bytes, autn: bytes) -> bool:
    """Whether the home network of this subscription made the challenge (TS 33.102, 6.3.3)."""
    if len(autn) != AUTN_OCTETS:
        return False
    sqn = xor(autn[:6], f5(key, opc, rand))
    return f1(key, opc, rand, sqn, autn[6:8]) == autn[8:]


def auts(key: bytes, opc: bytes, rand: bytes, sqn: bytes) -> bytes:
    """AUTS, 14 octets, that tells the home network the USIM's SQN (TS 33.102, 6.3.3)."""
    concealed = xor(sqn, f5_star(key, opc, rand))
    return concealed + f1_star(key, opc, rand, sqn, b"\0\0")


def sqn_of_auts(key: bytes, opc: bytes, rand: bytes, token: bytes) -> bytes | None:
    """The USIM's SQN, None when the AUTS is not this USIM's (TS 33.102, 6.3.5)."""
    if len(token) != AUTS_OCTETS:
        return None
    sqn = xor(token[:6], f5_star(key, opc, rand))
    return sqn if auts(key, opc, rand, sqn) == token else None
