"""The algorithms of IKEv2 and ESP by their numbers (IANA, "IKEv2 Parameters"), and which of them
nobody may use any more.
"""

from __future__ import annotations

from enum import IntEnum


class TransformType(IntEnum):
    """What a transform chooses (RFC 7296, 3.3.2)."""

    ENCRYPTION = 1
    PSEUDO_RANDOM_FUNCTION = 2
    INTEGRITY = 3
    DIFFIE_HELLMAN = 4
    EXTENDED_SEQUENCE_NUMBERS = 5


class Encryption(IntEnum):
    """Transform type 1."""

    ENCR_DES_IV64 = 1
    ENCR_DES = 2
    ENCR_3DES = 3
    ENCR_RC5 = 4
    ENCR_IDEA = 5
    ENCR_CAST = 6
    ENCR_BLOWFISH = 7
    ENCR_3IDEA = 8
    ENCR_DES_IV32 = 9
    ENCR_NULL = 11
    ENCR_AES_CBC = 12
    ENCR_AES_CTR = 13
    ENCR_AES_CCM_8 = 14
    ENCR_AES_CCM_12 = 15
    ENCR_AES_CCM_16 = 16
    ENCR_AES_GCM_8 = 18
    ENCR_AES_GCM_12 = 19
    ENCR_AES_GCM_16 = 20
    ENCR_NULL_AUTH_AES_GMAC = 21
    ENCR_CAMELLIA_CBC = 23
    ENCR_CHACHA20_POLY1305 = 28


class PseudoRandomFunction(IntEnum):
    """Transform type 2."""

    PRF_HMAC_MD5 = 1
    PRF_HMAC_SHA1 = 2
    PRF_HMAC_TIGER = 3
    PRF_AES128_XCBC = 4
    PRF_HMAC_SHA2_256 = 5
    PRF_HMAC_SHA2_384 = 6
    PRF_HMAC_SHA2_512 = 7
    PRF_AES128_CMAC = 8


class Integrity(IntEnum):
    """Transform type 3."""

    NONE = 0
    AUTH_HMAC_MD5_96 = 1
    AUTH_HMAC_SHA1_96 = 2
    AUTH_DES_MAC = 3
    AUTH_KPDK_MD5 = 4
    AUTH_AES_XCBC_96 = 5
    AUTH_HMAC_MD5_128 = 6
    AUTH_HMAC_SHA1_160 = 7
    AUTH_AES_CMAC_96 = 8
    AUTH_AES_128_GMAC = 9
    AUTH_AES_192_GMAC = 10
    AUTH_AES_256_GMAC = 11
    AUTH_HMAC_SHA2_256_128 = 12
    AUTH_HMAC_SHA2_384_192 = 13
    AUTH_HMAC_SHA2_512_256 = 14


class DiffieHellmanGroup(IntEnum):
    """Transform type 4."""

    NONE = 0
    MODP_768 = 1
    MODP_1024 = 2
    MODP_1536 = 5
    MODP_2048 = 14
    MODP_3072 = 15
    MODP_4096 = 16
    MODP_6144 = 17
    MODP_8192 = 18
    ECP_256 = 19
    ECP_384 = 20
    ECP_521 = 21
    MODP_1024_160 = 22
    MODP_2048_224 = 23
    MODP_2048_256 = 24
    CURVE25519 = 31
    CURVE448 = 32


_NAMES: dict[int, type[IntEnum]] = {
    TransformType.ENCRYPTION: Encryption,
    TransformType.PSEUDO_RANDOM_FUNCTION: PseudoRandomFunction,
    TransformType.INTEGRITY: Integrity,
    TransformType.DIFFIE_HELLMAN: DiffieHellmanGroup,
}
# "MUST NOT" of RFC 8247, 2, for IKE and of RFC 8221, 5 and 6, for ESP, which TS 33.210, 5.3 and
# 5.4, follow.
_FORBIDDEN: dict[int, frozenset[int]] = {
    TransformType.ENCRYPTION: frozenset({1, 2, 4, 5, 6, 7, 8, 9}),
    TransformType.PSEUDO_RANDOM_FUNCTION: frozenset({1, 3}),
    TransformType.INTEGRITY: frozenset({1, 3, 4, 6, 7}),
    TransformType.DIFFIE_HELLMAN: frozenset({1, 22}),
}


def transform_name(kind: int, identifier: int) -> str:
    """The name of an algorithm, or its number where it has none here."""
    names = _NAMES.get(kind)
    if names is not None and identifier in {each.value for each in names}:
        return names(identifier).name
    return f"transform {kind}/{identifier}"


def is_forbidden(kind: int, identifier: int) -> bool:
    """Whether no implementation may use it (RFC 8247, RFC 8221)."""
    return identifier in _FORBIDDEN.get(kind, frozenset())
