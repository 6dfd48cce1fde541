"""OAuth 2.0 access tokens of the 5G core: JSON web tokens, signed (TS 29.510, 6.3.5.2.4).

Judges look at tokens that nobody should accept, so reading one judges no value: whether the
algorithm, the audience or the signature is right is asked for one by one. Only a claim whose type
is not that of TS 29.510, 6.3.5.2.4, makes a text no access token.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BinasciiError
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from hmac import digest as hmac_digest
from types import MappingProxyType
from typing import Any, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | bytes
VerifyingKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | bytes
_COORDINATE_OCTETS = 32
_LONGEST = 65_536
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class TokenError(Exception):
    """A text that is no JSON web token, and why."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it is, not yet believed. ``signing_input`` is what the signature covers."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signature: bytes
    signing_input: bytes

    @property
    def algorithm(self) -> str | None:
        """The ``alg`` of the header (RFC 7515, 4.1.1)."""
        return _text(self.header.get("alg"))

    @property
    def issuer(self) -> str | None:
        """The NRF instance that granted it."""
        return _text(self.claims.get("iss"))

    @property
    def subject(self) -> str | None:
        """The NF instance that it was granted to."""
        return _text(self.claims.get("sub"))

    @property
    def audience(self) -> str | tuple[str, ...] | None:
        """An NF type, or NF instance ids."""
        value = self.claims.get("aud")
        if isinstance(value, list):
            return tuple(entry for entry in value if isinstance(entry, str))
        return _text(value)

    @property
    def scope(self) -> frozenset[str]:
        """The service names that it opens."""
        return frozenset((_text(self.claims.get("scope")) or "").split())

    @property
    def expires(self) -> int | None:
        """When it ends, in seconds since 1970."""
        value = self.claims.get("exp")
        return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else None


def parse(text: str) -> AccessToken:
    """Read a token in compact serialisation (RFC 7515, 7.1).

    Raises TokenError for what is none, and for a claim of a wrong type; a claim may be missing.
    """
    if len(text) > _LONGEST:
        raise TokenError(f"a text of {len(text)} characters")
    parts = text.split(".")
    if len(parts) != 3:
        raise TokenError(f"{len(parts)} parts between dots, where a signed token has 3")
    header, claims = _object(parts[0], "header"), _object(parts[1], "claims")
    _check_types(header, claims)
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return AccessToken(header, claims, _octets(parts[2], "signature"), signing_input)


def sign(
    claims: dict[str, Any],
    key: SigningKey,
    algorithm: str,
    header: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """A token signed with ES256, RS256 or HS256. Raises ValueError if key and algorithm differ.

    ``header`` are further members of the header.
    """
    covered = _signing_input(claims, algorithm, header)
    if algorithm == "ES256" and _is_p256(key):
        signature = _es256(covered, key)
    elif algorithm == "RS256" and isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(covered, padding.PKCS1v15(), hashes.SHA256())
    elif algorithm == "HS256" and isinstance(key, bytes):
        signature = hmac_digest(key, covered, "sha256")
    else:
        raise ValueError(f"{algorithm} does not go with a key of type {type(key).__name__}")
    return f"{covered.decode()}.{_base64(signature)}"


@lru_cache(maxsize=1024)
def _es256(covered: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    # RFC 6979: the same claims get the same signature, so that a simulated run is the same twice.
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(covered, algorithm))
    return b"".join(number.to_bytes(_COORDINATE_OCTETS, "big") for number in (r, s))


def unsigned(claims: dict[str, Any]) -> str:
    """A token of the algorithm ``none``, which no producer may accept (RFC 7519, 6)."""
    return f"{_signing_input(claims, 'none').decode()}."


def verify(token: AccessToken, key: VerifyingKey) -> bool:
    """Whether the signature is of this key, by the algorithm that goes with the key."""
    signature = token.signature
    try:
        if isinstance(key, bytes):
            expected = hmac_digest(key, token.signing_input, "sha256")
            return token.algorithm == "HS256" and compare_digest(signature, expected)
        if isinstance(key, rsa.RSAPublicKey):
            if token.algorithm != "RS256":
                return False
            key.verify(signature, token.signing_input, padding.PKCS1v15(), hashes.SHA256())
            return True
        if token.algorithm != "ES256" or len(signature) != 2 * _COORDINATE_OCTETS:
            return False
        r, s = (
            int.from_bytes(signature[at : at + _COORDINATE_OCTETS], "big")
            for at in (0, _COORDINATE_OCTETS)
        )
        encoded = encode_dss_signature(r, s)
        key.verify(encoded, token.signing_input, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _is_p256(key: SigningKey) -> TypeGuard[ec.EllipticCurvePrivateKey]:
    # RFC 7518, 3.4: ES256 is ECDSA with P-256, never with another curve.
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def _check_types(header: dict[str, Any], claims: dict[str, Any]) -> None:
    for where, name in ((header, "alg"), (claims, "iss"), (claims, "sub"), (claims, "scope")):
        if name in where and not isinstance(where[name], str):
            raise TokenError(f"{name} is no text")
    audience = claims.get("aud", "")
    entries = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(entry, str) for entry in entries):
        raise TokenError("aud is neither a text nor a list of texts")
    expires = claims.get("exp", 0)
    # RFC 7519, 2: a NumericDate may have a fraction. To Python a truth value is a number, too.
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise TokenError("exp is no number")


def key_in_header(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """The header member that names a key (RFC 7515, 4.1.3): only the careless believe it."""
    numbers = key.public_numbers()
    x, y = (_base64(each.to_bytes(_COORDINATE_OCTETS, "big")) for each in (numbers.x, numbers.y))
    return {"jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}


def key_of_header(token: AccessToken) -> ec.EllipticCurvePublicKey | None:
    """The key that a token names itself; None where it names none."""
    named = token.header.get("jwk")
    if not isinstance(named, dict):
        return None
    try:
        x, y = (int.from_bytes(_octets(str(named.get(each)), each), "big") for each in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (TokenError, ValueError):
        return None


def _signing_input(
    claims: dict[str, Any], algorithm: str, header: Mapping[str, Any] = MappingProxyType({})
) -> bytes:
    parts = (
        json.dumps(part, separators=(",", ":")).encode()
        for part in ({"alg": algorithm, "typ": "JWT", **header}, claims)
    )
    return ".".join(_base64(part) for part in parts).encode()


def _base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str, what: str) -> bytes:
    if _BASE64URL.fullmatch(text) is None:
        raise TokenError(f"the {what} is not in base64url")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (BinasciiError, ValueError) as error:
        raise TokenError(f"the {what} is not in base64url: {error}") from error


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(_octets(text, what), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise TokenError(f"the {what} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise TokenError(f"the {what} is no JSON object")
    return value


def _refuse(constant: str) -> Any:
    # RFC 8259, 6: NaN and the infinities, which Python reads, are no JSON.
    raise ValueError(f"{constant} is no number")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
