"""An IKE_SA_INIT request that offers one proposal and nothing else (RFC 7296, 1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from makmal.protocol.ike.algorithms import DiffieHellmanGroup, TransformType
from makmal.protocol.ike.message import ExchangeType, PayloadType, Transform

_HEADER = Struct(">8s8sBBBBII")
_IKE = 1
_INITIATOR = 0x08
# Octets of a public value: of the MODP groups as long as the prime, of curves two coordinates.
_PUBLIC_VALUE = {
    DiffieHellmanGroup.MODP_768: 96,
    DiffieHellmanGroup.MODP_1024: 128,
    DiffieHellmanGroup.MODP_1024_160: 128,
    DiffieHellmanGroup.MODP_2048: 256,
    DiffieHellmanGroup.CURVE25519: 32,
}


def initial_request(spi: bytes, transforms: Sequence[Transform], random: bytes) -> bytes:
    """The message, from its header on.

    ``spi`` is 8 octets; ``random`` at least 32, which become the nonce and, repeated, the public
    value: in a MODP group any number below the prime is one. Raises ValueError for a group
    without one here.
    """
    group = next(
        (each.identifier for each in transforms if each.kind == TransformType.DIFFIE_HELLMAN), 0
    )
    size = _PUBLIC_VALUE.get(DiffieHellmanGroup(group))
    if size is None:
        raise ValueError(f"no public value can be made up for group {group}")
    # The primes begin with 64 ones: a leading zero keeps the number below them.
    public = (b"\0" + random * (size // len(random) + 1))[:size]
    body = b"".join(
        each.encode(is_last=number == len(transforms)) for number, each in enumerate(transforms, 1)
    )
    proposal = b"\0\0" + (8 + len(body)).to_bytes(2, "big") + bytes((1, _IKE, 0, len(transforms)))
    payloads = (
        _payload(PayloadType.KEY_EXCHANGE, proposal + body)
        + _payload(PayloadType.NONCE, group.to_bytes(2, "big") + b"\0\0" + public)
        + _payload(0, random[:32])
    )
    header = _HEADER.pack(
        spi,
        bytes(8),
        PayloadType.SECURITY_ASSOCIATION,
        0x20,
        ExchangeType.IKE_SA_INIT,
        _INITIATOR,
        0,
        _HEADER.size + len(payloads),
    )
    return header + payloads


def _payload(following: int, content: bytes) -> bytes:
    return bytes((following, 0)) + (4 + len(content)).to_bytes(2, "big") + content
