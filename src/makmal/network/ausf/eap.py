"""EAP-AKA' as the server speaks it (RFC 9048; RFC 4187, 9; TS 33.501, 6.1.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from makmal.network.service import ServiceError
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas.eap import (
    EapAttribute,
    EapAttributeType,
    EapCode,
    EapMethod,
    EapPacket,
    EapSubtype,
    decode_eap,
    encode_eap,
)
from makmal.security import eap_aka_prime
from makmal.security.eap_aka_prime import EapAkaPrimeKeys

_MAC_OCTETS = 16
_AUTS_OCTETS = 14
_UNIT = 4
# RFC 9048, 3.2: the only key derivation function.
_KDF = 1


@dataclass(frozen=True, slots=True)
class Challenge:
    """An EAP-Request/AKA'-Challenge, and what its answer is held against."""

    packet: bytes
    identifier: int
    rand: bytes
    xres: bytes
    k_aut: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What the peer answered: the proof, or an AUTS, or neither."""

    identifier: int
    passed: bool = False
    auts: bytes | None = None


def challenge(
    identifier: int,
    rand: bytes,
    autn: bytes,
    network_name: str,
    derived: EapAkaPrimeKeys,
    xres: bytes,
) -> Challenge:
    """RFC 9048, 3: AT_KDF_INPUT carries the name of the serving network."""
    name = network_name.encode()
    attributes = (
        EapAttribute(EapAttributeType.AT_RAND, b"\0\0" + rand),
        EapAttribute(EapAttributeType.AT_AUTN, b"\0\0" + autn),
        EapAttribute(EapAttributeType.AT_KDF, _KDF.to_bytes(2, "big")),
        EapAttribute(EapAttributeType.AT_KDF_INPUT, _padded(len(name).to_bytes(2, "big") + name)),
        EapAttribute(EapAttributeType.AT_MAC, bytes(2 + _MAC_OCTETS)),
    )
    packet = encode_eap(
        EapPacket(
            EapCode.REQUEST, identifier, EapMethod.AKA_PRIME, EapSubtype.CHALLENGE, attributes
        )
    )
    # AT_MAC is the last attribute, and its value the last octets of the packet.
    packet = packet[:-_MAC_OCTETS] + eap_aka_prime.at_mac(derived.k_aut, packet)
    return Challenge(packet, identifier, rand, xres, derived.k_aut)


def _padded(octets: bytes) -> bytes:
    """Filled up so that type, length and value come to units of 4 octets."""
    return octets + bytes(-(len(octets) + 2) % _UNIT)


def read_response(
    octets: bytes, given: Challenge, *, verifies_mac: bool = True, compares_res: bool = True
) -> Reading:
    """What the peer answers to the challenge. Raises ServiceError 400 for what is no answer."""
    try:
        packet = decode_eap(octets)
    except DecodeError as error:
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", f"eapPayload: {error}") from None
    if packet.code != EapCode.RESPONSE or packet.identifier != given.identifier:
        # RFC 3748, 4.1: it belongs to no request of ours.
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "eapPayload answers no request")
    if packet.method != EapMethod.AKA_PRIME:
        return Reading(packet.identifier)
    if packet.subtype == EapSubtype.SYNCHRONIZATION_FAILURE:
        auts = packet.attribute(EapAttributeType.AT_AUTS)
        if auts is not None and len(auts) == _AUTS_OCTETS:
            return Reading(packet.identifier, auts=auts)
        return Reading(packet.identifier)
    if packet.subtype != EapSubtype.CHALLENGE:
        return Reading(packet.identifier)
    passed = (not verifies_mac or _mac_is_right(octets, packet, given)) and (
        not compares_res or compare_digest(_res(packet), given.xres)
    )
    return Reading(packet.identifier, passed)


def _mac_is_right(octets: bytes, packet: EapPacket, given: Challenge) -> bool:
    value = packet.attribute(EapAttributeType.AT_MAC)
    if value is None:
        return False
    try:
        expected = eap_aka_prime.at_mac(given.k_aut, octets[: len(octets) - len(packet.trailing)])
    except ValueError:
        return False
    return compare_digest(value[2:], expected)


def _res(packet: EapPacket) -> bytes:
    """RFC 4187, 10.8: RES after its length in bits."""
    value = packet.attribute(EapAttributeType.AT_RES) or b""
    return value[2 : 2 + int.from_bytes(value[:2], "big") // 8]


def result(identifier: int, passed: bool) -> bytes:
    """EAP-Success or EAP-Failure, with the identifier of what it answers (RFC 3748, 4.2)."""
    return encode_eap(EapPacket(EapCode.SUCCESS if passed else EapCode.FAILURE, identifier))
