"""What no product may take: algorithms that are offered alone, in IKE and in ESP.

Each offer is as strong as TS 33.210, 5.4, wants, but for the algorithms that it is named after.
"""

from __future__ import annotations

from collections.abc import Mapping

from makmal.protocol import ike

_KIND = ike.TransformType
_SOUND = {
    _KIND.ENCRYPTION: ike.Transform(_KIND.ENCRYPTION, ike.Encryption.ENCR_AES_CBC, 128),
    _KIND.PSEUDO_RANDOM_FUNCTION: ike.Transform(
        _KIND.PSEUDO_RANDOM_FUNCTION, ike.PseudoRandomFunction.PRF_HMAC_SHA2_256
    ),
    _KIND.INTEGRITY: ike.Transform(_KIND.INTEGRITY, ike.Integrity.AUTH_HMAC_SHA2_256_128),
    _KIND.DIFFIE_HELLMAN: ike.Transform(_KIND.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.MODP_2048),
}


def _with(*weak: ike.Transform) -> tuple[ike.Transform, ...]:
    return tuple((_SOUND | {_KIND(each.kind): each for each in weak}).values())


_DES = ike.Transform(_KIND.ENCRYPTION, ike.Encryption.ENCR_DES)
_MD5 = (
    ike.Transform(_KIND.PSEUDO_RANDOM_FUNCTION, ike.PseudoRandomFunction.PRF_HMAC_MD5),
    ike.Transform(_KIND.INTEGRITY, ike.Integrity.AUTH_HMAC_MD5_96),
)
_MODP_768 = ike.Transform(_KIND.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.MODP_768)

# The transforms of each offer.
IKE_OFFERS: Mapping[str, tuple[ike.Transform, ...]] = {
    "ENCR_DES": _with(_DES),
    "PRF_HMAC_MD5 and AUTH_HMAC_MD5_96": _with(*_MD5),
    "MODP_768": _with(_MODP_768),
    # A product that takes weak algorithms together only is no better.
    "ENCR_DES, PRF_HMAC_MD5, AUTH_HMAC_MD5_96 and MODP_768": _with(_DES, *_MD5, _MODP_768),
}
# The proposal of each offer in strongSwan's notation.
ESP_OFFERS: Mapping[str, str] = {
    "ENCR_DES": "des-sha256",
    "AUTH_HMAC_MD5_96": "aes128-md5",
}
