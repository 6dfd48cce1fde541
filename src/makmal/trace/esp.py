"""IPsec ESP: making it, and telling ESP that encrypts from ESP that only authenticates.

The latter (RFC 2410) is told in the way of RFC 5879. An observer does not know the algorithm, but
octets that happen to be a whole IP, UDP or SCTP packet, with lengths, checksum or trailer that fit,
are no cipher text: by chance that comes about once in 2^23 packets and less.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from makmal.protocol.sctp.packet import checksum as sctp_checksum
from makmal.trace.checksum import internet_checksum

_HEADER_OCTETS = 8
# Without an initialisation vector, and with one of 8 (AES-GMAC, RFC 4543) or 16 octets.
_VECTOR_OCTETS = (0, 8, 16)
_PORTS = frozenset({2152, 8805, 38412})
_SHORTEST_CHECK_VALUE = 8
# Of the integrity algorithms in use (RFC 8221; RFC 2404, 4868, 4543).
_CHECK_VALUE_OCTETS = (8, 12, 16, 24, 32)
_IPV6, _SCTP = 41, 132


def is_legible(packet: bytes) -> bool:
    """Whether the payload of an ESP packet (from its SPI on) can be read without a key."""
    return any(
        _is_ipv4(packet[start:])
        or _is_transport(packet[start:])
        or _is_ipv6_or_sctp(packet[start:])
        for start in (_HEADER_OCTETS + octets for octets in _VECTOR_OCTETS)
    )


def _is_ipv4(octets: bytes) -> bool:
    if len(octets) < 20 or octets[0] != 0x45:
        return False
    total = int.from_bytes(octets[2:4], "big")
    return 20 <= total <= len(octets) and internet_checksum(octets[:20]) == 0


def _is_transport(octets: bytes) -> bool:
    if len(octets) < 8:
        return False
    source, destination, length = (int.from_bytes(octets[at : at + 2], "big") for at in (0, 2, 4))
    if not {source, destination} & _PORTS:
        return False
    # What follows a UDP datagram: padding up to four octets, its length, the next header, and the
    # integrity check value.
    rest = len(octets) - length
    return length >= 8 and 2 + _SHORTEST_CHECK_VALUE <= rest <= 5 + 32


def _is_ipv6_or_sctp(octets: bytes) -> bool:
    """An IPv6 header has no checksum, and SCTP no length: the ESP trailer tells where they end."""
    for check_value in _CHECK_VALUE_OCTETS:
        end = len(octets) - check_value - 2
        if end < 12 or octets[end + 1] not in (_IPV6, _SCTP):
            continue
        padding = octets[end]
        inner = octets[: max(end - padding, 0)]
        # RFC 4303, 2.4: the padding is 1, 2, 3 and so on.
        if octets[len(inner) : end] != bytes(range(1, padding + 1)):
            continue
        if octets[end + 1] == _SCTP:
            if len(inner) >= 16 and sctp_checksum(inner) == int.from_bytes(inner[8:12], "big"):
                return True
        elif inner[:1] and inner[0] >> 4 == 6 and _ipv6_length(inner) == len(inner):
            return True
    return False


def _ipv6_length(packet: bytes) -> int:
    return 40 + int.from_bytes(packet[4:6], "big")


class EspTunnel:
    """Makes ESP packets in tunnel mode with AES-GCM (RFC 4303, RFC 4106).

    ``key`` is the AES key followed by 4 octets of salt.
    """

    def __init__(self, key: bytes, security_parameters_index: int) -> None:
        self._cipher = AESGCM(key[:-4])
        self._salt = key[-4:]
        self._index = security_parameters_index
        self._numbers: dict[str, int] = {}

    def protect(self, packet: bytes, source: str) -> bytes:
        """The ESP payload for a whole IP packet that ``source`` sends."""
        # Each direction is a security association of its own, with its own index.
        first = next(iter(self._numbers), source)
        index = self._index + (source != first)
        number = self._numbers[source] = self._numbers.get(source, 0) + 1
        header = index.to_bytes(4, "big") + number.to_bytes(4, "big")
        vector = index.to_bytes(4, "big") + number.to_bytes(4, "big")
        padding = -(len(packet) + 2) % 4
        next_header = 4 if packet[0] >> 4 == 4 else 41
        trailer = bytes(range(1, padding + 1)) + bytes((padding, next_header))
        return header + vector + self._cipher.encrypt(self._salt + vector, packet + trailer, header)
