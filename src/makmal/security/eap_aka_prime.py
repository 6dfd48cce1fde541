"""Keys and message authentication of EAP-AKA' (RFC 9048, 3.3 and 3.4; TS 33.501, 6.1.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.security.primitives import hmac_sha256

_K_ENCR, _K_AUT, _K_RE, _MSK, _EMSK = 16, 32, 32, 64, 64
_AT_MAC, _MAC_OCTETS = 11, 16
_AT_MAC_OCTETS = 20
_LABEL = b"EAP-AKA'"


@dataclass(frozen=True, slots=True)
class EapAkaPrimeKeys:
    """The parts of the master key MK."""

    k_encr: bytes
    k_aut: bytes
    k_re: bytes
    msk: bytes
    emsk: bytes


def prf_prime(key: bytes, seed: bytes, octets: int) -> bytes:
    """PRF', as long as wanted (RFC 9048, 3.4)."""
    out, block = b"", b""
    number = 1
    while len(out) < octets:
        block = hmac_sha256(key, block + seed + bytes((number,)))
        out += block
        number += 1
    return out[:octets]


def derive_keys(ik_prime: bytes, ck_prime: bytes, identity: str) -> EapAkaPrimeKeys:
    """The keys of full authentication; ``identity`` is the peer's, as it was sent (3.3)."""
    sizes = (_K_ENCR, _K_AUT, _K_RE, _MSK, _EMSK)
    master = prf_prime(ik_prime + ck_prime, _LABEL + identity.encode(), sum(sizes))
    parts = []
    position = 0
    for size in sizes:
        parts.append(master[position : position + size])
        position += size
    return EapAkaPrimeKeys(*parts)


def at_mac(k_aut: bytes, packet: bytes) -> bytes:
    """The value of AT_MAC, 16 octets, over an EAP packet in which it counts as zeros.

    RFC 9048, 3.4: HMAC-SHA-256-128. Raises ValueError when the packet has no whole AT_MAC.
    """
    position = 8
    while position + 4 <= len(packet):
        size = packet[position + 1] * 4
        if packet[position] == _AT_MAC:
            # RFC 4187, 10.15: the attribute is always 20 octets long.
            if size != _AT_MAC_OCTETS or position + size > len(packet):
                raise ValueError("the AT_MAC of the EAP packet is not of 20 octets")
            start = position + 4
            cleared = packet[:start] + bytes(_MAC_OCTETS) + packet[start + _MAC_OCTETS :]
            return hmac_sha256(k_aut, cleared)[:_MAC_OCTETS]
        if size == 0:
            break
        position += size
    raise ValueError("the EAP packet has no AT_MAC")


def peer_identity(supi: str) -> str:
    """The identity that keys are derived of in 5G, whatever the UE sent (TS 33.501, F.3).

    An IMSI as its digits (TS 23.003, 2.2), any other SUPI as its NAI (28.7.2, 28.15.2, 28.16.2).
    """
    return supi.partition("-")[2]
