"""The checksum of IP, UDP and TCP (RFC 1071)."""

from __future__ import annotations


def internet_checksum(octets: bytes) -> int:
    """The ones' complement of the ones' complement sum of 16-bit words; 0 over a sound header."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
