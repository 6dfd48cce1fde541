"""ESP that encrypts and ESP that does not, and making the former."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from random import Random
from struct import pack

import google_crc32c
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.protocol import sctp
from makmal.trace.checksum import internet_checksum
from makmal.trace.compose import Composer
from makmal.trace.esp import EspTunnel, is_legible
from makmal.trace.frame import Endpoint, EspPacket, UdpDatagram
from makmal.trace.transport import Reassembler

V4 = ("192.0.2.1", "192.0.2.2")
V6 = ("2001:db8::1", "2001:db8::2")
KEY = bytes(range(20))
# The check values of HMAC-SHA-1-96, AES-GMAC, HMAC-SHA2-256, -384 and -512 (RFC 2404, 4543, 4868).
CHECK_VALUES = [12, 16, 24, 32]
VECTORS = [0, 8, 16]

Make = Callable[[int], bytes]


def packet(ends: tuple[str, str], protocol: int, payload: bytes) -> bytes:
    composer = Composer(0)
    composer.ip(*ends, protocol, payload)
    return composer.frames[0].data[14:]


def udp(size: int, ports: tuple[int, int] = (2152, 2152)) -> bytes:
    return pack(">HHHH", *ports, 8 + size, 0) + bytes(n * 31 % 256 for n in range(size))


def sctp_packet(size: int, ports: tuple[int, int] = (50_000, 38412)) -> bytes:
    chunk = sctp.Data(1, 0, 0, 60, bytes(n * 31 % 256 for n in range(size + 1)))
    return sctp.encode(sctp.Packet(*ports, 0xDEADBEEF, (chunk,)))


INNER: dict[str, tuple[int, Make]] = {
    "tunnel of IPv4": (4, lambda size: packet(V4, 17, udp(size))),
    "tunnel of IPv4 with SCTP": (4, lambda size: packet(V4, 132, sctp_packet(size))),
    "tunnel of IPv6": (41, lambda size: packet(V6, 17, udp(size))),
    "tunnel of IPv6 with SCTP": (41, lambda size: packet(V6, 132, sctp_packet(size))),
    "GTP-U in transport mode": (17, lambda size: udp(size)),
    "PFCP in transport mode": (17, lambda size: udp(size, (40_000, 8805))),
    "NGAP in transport mode": (132, sctp_packet),
    "NGAP of the AMF in transport mode": (132, lambda size: sctp_packet(size, (38412, 9))),
}


def null_esp(inner: bytes, next_header: int, vector: int, check_value: int) -> bytes:
    """RFC 2410: the octets as they are, with the padding, and a check value that is random."""
    random = Random(len(inner) * vector + check_value)
    padding = -(len(inner) + 2) % 4
    trailer = bytes(range(1, padding + 1)) + bytes((padding, next_header))
    head = random.randbytes(8) + random.randbytes(vector)
    return head + inner + trailer + random.randbytes(check_value)


@pytest.mark.parametrize("name", INNER)
@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("check_value", CHECK_VALUES)
def test_null_encryption_is_legible(name: str, vector: int, check_value: int) -> None:
    next_header, make = INNER[name]
    for size in (*range(9), 100, 1300):
        esp = null_esp(make(size), next_header, vector, check_value)
        assert is_legible(esp), size


@pytest.mark.parametrize("name", INNER)
def test_the_same_octets_encrypted_are_not_legible(name: str) -> None:
    _, make = INNER[name]
    tunnel = EspTunnel(KEY, 1)
    assert not any(is_legible(tunnel.protect(make(size), V4[0])) for size in range(100))


def test_real_esp_is_not_legible() -> None:
    random = Random(5)
    tunnel = EspTunnel(random.randbytes(20), 0x1000)
    for number in range(2000):
        ends = V6 if number % 4 == 0 else V4
        inner = packet(ends, 17, udp(random.randrange(1300)))
        assert not is_legible(tunnel.protect(inner, ends[number % 2]))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_random_octets_are_not_legible(octets: bytes) -> None:
    assert not is_legible(octets)


def test_chance_is_small() -> None:
    random = Random(8)
    legible = sum(is_legible(random.randbytes(random.randrange(24, 200))) for _ in range(20_000))
    assert legible == 0


@pytest.mark.parametrize("name", INNER)
def test_damage_of_the_headers_makes_it_illegible(name: str) -> None:
    next_header, make = INNER[name]
    esp = null_esp(make(40), next_header, 0, 16)
    for at in (8, 12):
        damaged = esp[:at] + bytes(octet ^ 0x5A for octet in esp[at : at + 4]) + esp[at + 4 :]
        assert not is_legible(damaged)


@pytest.mark.parametrize("size", range(31))
def test_short_packets(size: int) -> None:
    assert not is_legible(bytes(size))
    assert not is_legible(null_esp(udp(0), 17, 0, 0)[:size])


def test_tunnel_as_an_independent_reader_opens_it() -> None:
    tunnel = EspTunnel(KEY, 0x1000)
    cipher = AESGCM(KEY[:16])
    seen = set()
    for number in range(1, 6):
        for source, index in ((V4[0], 0x1000), (V4[1], 0x1001)):
            inner = packet(V4, 17, udp(number))
            esp = tunnel.protect(inner, source)
            assert esp[:8] == pack(">II", index, number)
            assert len(esp) % 4 == 0
            assert esp[8:16] not in seen
            seen.add(esp[8:16])
            plain = cipher.decrypt(KEY[16:] + esp[8:16], esp[16:], esp[:8])
            assert plain[: len(inner)] == inner
            padding = plain[-2]
            assert plain[len(inner) :] == bytes(range(1, padding + 1)) + bytes((padding, 4))
    inner = packet(V6, 17, udp(1))
    esp = tunnel.protect(inner, V4[0])
    assert cipher.decrypt(KEY[16:] + esp[8:16], esp[16:], esp[:8])[-1] == 41


@pytest.mark.parametrize("ends", [V4, V6])
@pytest.mark.parametrize("in_udp", [False, True])
def test_from_the_wire(ends: tuple[str, str], in_udp: bool) -> None:
    composer = Composer(0)
    bare = null_esp(packet(ends, 17, udp(30)), 4 if ends == V4 else 41, 0, 12)
    sealed = EspTunnel(KEY, 9).protect(packet(ends, 17, udp(30)), ends[0])
    for esp in (bare, sealed):
        if in_udp:
            composer.udp(Endpoint(ends[0], 4500), Endpoint(ends[1], 4500), esp)
        else:
            composer.ip(*ends, 50, esp)
    composer.udp(Endpoint(ends[0], 4500), Endpoint(ends[1], 4500), b"\xff")
    composer.udp(Endpoint(ends[0], 4500), Endpoint(ends[1], 4500), bytes(4) + b"an IKE message")
    reassembler = Reassembler()
    found = [one for frame in composer.frames for one in reassembler.feed(frame)]
    *found, ike = found
    assert isinstance(ike, UdpDatagram)
    assert ike.payload == bytes(4) + b"an IKE message"
    assert [type(one) for one in found] == [EspPacket] * 2
    assert [one.payload for one in found] == [bare, sealed]
    assert [is_legible(one.payload) for one in found] == [True, False]
    assert {one.source for one in found} == {Endpoint(ends[0], 0)}


def test_checksums_by_hand() -> None:
    # RFC 1071, 3: the sum of the example is ddf2.
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2 ^ 0xFFFF
    assert internet_checksum(b"") == 0xFFFF
    assert internet_checksum(b"\x01") == internet_checksum(b"\x01\x00")
    header = packet(V4, 17, b"")[:20]
    assert internet_checksum(header) == 0
    assert ip_address(header[12:16]) == ip_address(V4[0])
    assert google_crc32c.value(b"123456789") == 0xE3069283


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_checksum_as_by_the_definition(octets: bytes) -> None:
    total = 0
    for at in range(0, len(octets), 2):
        total += int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    assert internet_checksum(octets) == 0xFFFF - total
