"""AES, AES-CMAC and HMAC-SHA256 for the short inputs of 5G: what is set up for a key is kept.

Setting up a cipher costs ten times what a message of signalling then takes. The functions of one
subscriber, and the judge after them, use the same few keys again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.cmac import CMAC

_KEYS = 1024
_BLOCK_OCTETS = 16
_COUNTER_MASK = (1 << 128) - 1
# From here on the counter mode of the library is the quicker one, for all that it sets up.
_LONG_OCTETS = 256
_HASH_BLOCK_OCTETS = 64
_INNER = bytes(octet ^ 0x36 for octet in range(256))
_OUTER = bytes(octet ^ 0x5C for octet in range(256))


@lru_cache(maxsize=_KEYS)
def aes(key: bytes) -> Callable[[bytes], bytes]:
    """The block cipher itself, of whole blocks of 16 octets: what the modes below are made of."""
    # No message is enciphered in this mode (S305): it is the bare permutation.
    return Cipher(AES(key), ECB()).encryptor().update  # noqa: S305 - one block, as the algorithms want it


def counter_mode(key: bytes, counter: int, data: bytes) -> bytes:
    """AES in counter mode (NIST SP 800-38A, 6.5) from a first counter block of 128 bits."""
    size = len(data)
    if size > _LONG_OCTETS:
        encryptor = Cipher(AES(key), CTR(counter.to_bytes(_BLOCK_OCTETS, "big"))).encryptor()
        return encryptor.update(data) + encryptor.finalize()
    count = (size + _BLOCK_OCTETS - 1) // _BLOCK_OCTETS
    counters = b"".join(
        [
            ((counter + number) & _COUNTER_MASK).to_bytes(_BLOCK_OCTETS, "big")
            for number in range(count)
        ]
    )
    stream = int.from_bytes(aes(key)(counters)[:size], "big")
    return (int.from_bytes(data, "big") ^ stream).to_bytes(size, "big")


def cmac(key: bytes, data: bytes) -> bytes:
    """AES-CMAC, 16 octets (NIST SP 800-38B)."""
    code = _cmac(key).copy()
    code.update(data)
    return code.finalize()


@lru_cache(maxsize=_KEYS)
def _cmac(key: bytes) -> CMAC:
    return CMAC(AES(key))


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC with SHA-256, 32 octets (RFC 2104): the library's costs twice as much for a short
    input.
    """
    if len(key) > _HASH_BLOCK_OCTETS:
        key = sha256(key).digest()
    key = key.ljust(_HASH_BLOCK_OCTETS, b"\0")
    inner = sha256(key.translate(_INNER) + data).digest()
    return sha256(key.translate(_OUTER) + inner).digest()
