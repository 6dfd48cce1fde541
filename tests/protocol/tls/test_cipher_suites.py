"""The list of allowed suites beside OpenSSL's description of the same code points."""

from __future__ import annotations

import re
import ssl

from makmal.protocol.tls import cipher_suite_name, is_suite_allowed

# OpenSSL's words for AES in GCM and in CCM with a whole tag, and for ChaCha20.
_AUTHENTICATED = re.compile(r"Enc=(AESGCM|AESCCM|CHACHA20/POLY1305)\(\d+\)")
_EPHEMERAL = re.compile(r"Kx=(ECDH|DH|any) +Au=(RSA|ECDSA|any) ")


def _described() -> dict[int, tuple[str, str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return {
        each["id"] & 0xFFFF: (each["name"], each["description"]) for each in context.get_ciphers()
    }


def test_allowed_is_what_openssl_calls_authenticated_and_ephemeral() -> None:
    described = _described()
    assert len(described) > 50
    for suite, (_, text) in described.items():
        sound = bool(_AUTHENTICATED.search(text) and _EPHEMERAL.search(text))
        assert is_suite_allowed(suite) == sound, text


def test_the_suites_with_dhe_have_the_code_points_of_openssl() -> None:
    names = {
        cipher_suite_name(suite).removeprefix("TLS_").replace("_WITH_", "_").replace("_", "-")
        for suite, (name, _) in _described().items()
        if name.startswith("DHE-RSA-") and is_suite_allowed(suite)
    }
    assert names == {
        "DHE-RSA-AES-128-GCM-SHA256",
        "DHE-RSA-AES-256-GCM-SHA384",
        "DHE-RSA-AES-128-CCM",
        "DHE-RSA-AES-256-CCM",
        "DHE-RSA-CHACHA20-POLY1305-SHA256",
    }
