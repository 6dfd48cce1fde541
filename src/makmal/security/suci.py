"""Concealing the SUPI: the null scheme, and ECIES profiles A and B (TS 33.501, annex C)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from makmal.security.primitives import counter_mode, hmac_sha256

NULL_SCHEME, PROFILE_A, PROFILE_B = 0, 1, 2
_MAC_OCTETS = 8
_PRIVATE_KEY_OCTETS = 32
_PUBLIC_KEY_OCTETS = {PROFILE_A: 32, PROFILE_B: 33}
_ENC_OCTETS, _COUNTER_OCTETS, _MAC_KEY_OCTETS = 16, 16, 32


class SuciError(Exception):
    """A scheme output that cannot be opened, or a key that is none."""


@lru_cache(maxsize=64)
def public_key(scheme: int, private_key: bytes) -> bytes:
    """The public key to a private one of 32 octets: 32 octets, or 33 compressed. SuciError."""
    if scheme == PROFILE_A:
        return _private_a(private_key).public_key().public_bytes_raw()
    if scheme == PROFILE_B:
        return _compressed(_private_b(private_key).public_key())
    raise SuciError(f"protection scheme {scheme} has no keys that are known")


def conceal(
    scheme: int,
    home_network_public_key: bytes,
    plain: bytes,
    ephemeral_private_key: bytes | None = None,
) -> bytes:
    """The scheme output for a scheme input (C.3.2). Raises SuciError.

    The ephemeral key is made anew unless it is given, which is for test data.
    """
    if scheme == NULL_SCHEME:
        return plain
    if scheme == PROFILE_A:
        private_a = (
            X25519PrivateKey.generate()
            if ephemeral_private_key is None
            else _private_a(ephemeral_private_key)
        )
        ephemeral = private_a.public_key().public_bytes_raw()
        shared = _exchange_a(private_a, home_network_public_key)
    elif scheme == PROFILE_B:
        private_b = (
            ec.generate_private_key(ec.SECP256R1())
            if ephemeral_private_key is None
            else _private_b(ephemeral_private_key)
        )
        ephemeral = _compressed(private_b.public_key())
        shared = _exchange_b(private_b, home_network_public_key)
    else:
        raise SuciError(f"protection scheme {scheme} is not known")
    encryption_key, counter, mac_key = _derive(shared, ephemeral)
    text = counter_mode(encryption_key, counter, plain)
    return ephemeral + text + hmac_sha256(mac_key, text)[:_MAC_OCTETS]


def deconceal(scheme: int, private_key: bytes, scheme_output: bytes) -> bytes:
    """The scheme input of a scheme output, with the home network's key (C.3.3). SuciError."""
    if scheme == NULL_SCHEME:
        return scheme_output
    size = _PUBLIC_KEY_OCTETS.get(scheme)
    if size is None:
        raise SuciError(f"protection scheme {scheme} is not known")
    if len(scheme_output) < size + _MAC_OCTETS:
        raise SuciError(f"a scheme output of {len(scheme_output)} octets is too short")
    ephemeral = scheme_output[:size]
    text, mac = scheme_output[size:-_MAC_OCTETS], scheme_output[-_MAC_OCTETS:]
    if scheme == PROFILE_A:
        shared = _exchange_a(_private_a(private_key), ephemeral)
    else:
        shared = _exchange_b(_private_b(private_key), ephemeral)
    encryption_key, counter, mac_key = _derive(shared, ephemeral)
    if not compare_digest(hmac_sha256(mac_key, text)[:_MAC_OCTETS], mac):
        raise SuciError("the MAC tag is wrong: another key, or an altered SUCI")
    return counter_mode(encryption_key, counter, text)


def _exchange_a(private_key: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return private_key.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise SuciError(f"not a public key of profile A: {error}") from error


def _exchange_b(private_key: ec.EllipticCurvePrivateKey, public: bytes) -> bytes:
    return private_key.exchange(ec.ECDH(), _point(public))


# Every UE uses the home network's key; what one UE made, the UDM and the judge read.
@lru_cache(maxsize=64)
def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError as error:
        raise SuciError("not a public key of profile B: no point of the curve") from error


# A home network has few keys, and each opens many identities.
@lru_cache(maxsize=64)
def _private_a(private_key: bytes) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(private_key)
    except ValueError as error:
        raise SuciError(f"not a private key of profile A: {error}") from error


@lru_cache(maxsize=64)
def _private_b(private_key: bytes) -> ec.EllipticCurvePrivateKey:
    if len(private_key) != _PRIVATE_KEY_OCTETS:
        raise SuciError(f"not a private key of profile B: {len(private_key)} octets")
    try:
        return ec.derive_private_key(int.from_bytes(private_key, "big"), ec.SECP256R1())
    except ValueError as error:
        raise SuciError(f"not a private key of profile B: {error}") from error


def _compressed(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )


def _derive(shared: bytes, ephemeral: bytes) -> tuple[bytes, int, bytes]:
    """ANSI X9.63 with SHA-256; the ephemeral public key is the shared information (C.3.4)."""
    wanted = _ENC_OCTETS + _COUNTER_OCTETS + _MAC_KEY_OCTETS
    derived = b""
    counter = 1
    while len(derived) < wanted:
        derived += sha256(shared + counter.to_bytes(4, "big") + ephemeral).digest()
        counter += 1
    return (
        derived[:_ENC_OCTETS],
        int.from_bytes(derived[_ENC_OCTETS : _ENC_OCTETS + _COUNTER_OCTETS], "big"),
        derived[_ENC_OCTETS + _COUNTER_OCTETS : wanted],
    )
