"""EAP between a UE and the AAA server of a slice (TS 33.501, 16.3; RFC 3748).

The method is the slice owner's choice and no matter of the network. The reference network takes
the simplest of RFC 3748 that needs a secret, MD5-Challenge (5.4): no verdict rests on its strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5, sha256
from hmac import compare_digest

from makmal.network.slices import Slice
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas.eap import EapCode, EapMethod, EapPacket, decode_eap, encode_eap

# RFC 3748, 5.4.
MD5_CHALLENGE = 4
_VALUE_OCTETS = 16


@dataclass(frozen=True, slots=True)
class SliceCredential:
    """Who a UE is to the AAA server of a slice, and what both know."""

    identity: str
    secret: bytes


def credential_of(supi: str, s_nssai: Slice) -> SliceCredential:
    """What the reference UE and the reference AAA server share: secret to nobody."""
    sst, sd = s_nssai
    name = f"{sst}-{sd}" if sd else str(sst)
    digits = supi.partition("-")[2]
    # TS 33.501, 16.3: the identity that EAP names is not the SUPI.
    identity = f"user{sha256(digits.encode()).hexdigest()[:12]}@slice{name}.example"
    return SliceCredential(identity, sha256(f"{digits}/{name}".encode()).digest()[:16])


def identity_request(identifier: int) -> bytes:
    """EAP-Request/Identity (RFC 3748, 5.1)."""
    return encode_eap(EapPacket(EapCode.REQUEST, identifier, EapMethod.IDENTITY))


def challenge(identifier: int, value: bytes) -> bytes:
    """EAP-Request/MD5-Challenge with a random value."""
    return encode_eap(
        EapPacket(EapCode.REQUEST, identifier, MD5_CHALLENGE, data=bytes((len(value),)) + value)
    )


def result(identifier: int, success: bool) -> bytes:
    """EAP-Success or EAP-Failure."""
    return encode_eap(EapPacket(EapCode.SUCCESS if success else EapCode.FAILURE, identifier))


def answer(request: bytes, credential: SliceCredential) -> bytes | None:
    """What the UE answers: its identity, the proof of its secret, or a Nak to another method.

    None where there is nothing to answer: success, failure, and what is no EAP request.
    """
    try:
        packet = decode_eap(request)
    except DecodeError:
        return None
    if packet.code != EapCode.REQUEST or packet.method is None:
        return None
    if packet.method == EapMethod.IDENTITY:
        data = credential.identity.encode()
    elif packet.method == MD5_CHALLENGE and packet.data:
        value = packet.data[1 : 1 + packet.data[0]]
        data = bytes((_VALUE_OCTETS,)) + _proof(packet.identifier, credential.secret, value)
    else:
        return encode_eap(
            EapPacket(
                EapCode.RESPONSE, packet.identifier, EapMethod.NAK, data=bytes((MD5_CHALLENGE,))
            )
        )
    return encode_eap(EapPacket(EapCode.RESPONSE, packet.identifier, packet.method, data=data))


def proves(response: EapPacket, value: bytes, secret: bytes) -> bool:
    """Whether a response to the challenge of this value shows the secret."""
    if response.code != EapCode.RESPONSE or response.method != MD5_CHALLENGE:
        return False
    if response.data[:1] != bytes((_VALUE_OCTETS,)):
        return False
    given = response.data[1 : 1 + _VALUE_OCTETS]
    return compare_digest(given, _proof(response.identifier, secret, value))


def _proof(identifier: int, secret: bytes, value: bytes) -> bytes:
    """RFC 1994, 4.1."""
    text = bytes((identifier,)) + secret + value
    return md5(text, usedforsecurity=False).digest()
