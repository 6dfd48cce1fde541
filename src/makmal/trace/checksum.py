"""The checksum of IP, UDP and TCP (RFC 1071)."""

from __future__ import annotations


def internet_checksum(octets: bytes) -> int:
    """The ones' complement of the ones' complement sum of 16-bit words; 0 over a sound header."""
    if len(octets) % 2:
        octets += b"\0"
    # A number and the sum of its digits leave the same rest when divided by one less than the base;
    # the rest of 0 stands for the sum 0xFFFF, but of zeros only for 0.
    number = int.from_bytes(octets, "big")
    return (number % 0xFFFF or (0xFFFF if number else 0)) ^ 0xFFFF
