"""What the authentication functions of Milenage and of TUAK have in common (TS 33.102, 6.3)."""

from __future__ import annotations

from dataclasses import dataclass

# TS 33.102, 6.3.2 and 6.3.3.
AUTN_OCTETS, AUTS_OCTETS = 16, 14


@dataclass(frozen=True, slots=True)
class AuthenticationResult:
    """What f2, f3, f4 and f5 derive from one challenge; lengths are those of the algorithm set."""

    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes


def xor(one: bytes, other: bytes) -> bytes:
    """The bitwise sum of strings of one length, as of SQN and AK. ValueError if lengths differ."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def check_length(name: str, value: bytes, *octets: int) -> None:
    """Raise ValueError unless the input is of one of these lengths.

    The functions join their inputs, so that a wrong one would give a plausible, wrong result.
    """
    if len(value) not in octets:
        raise ValueError(f"{name} of {len(value)} octets")
