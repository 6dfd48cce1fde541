"""Keys and record protection of TLS 1.2 (RFC 5246, 6.2.3 and 6.3) and TLS 1.3 (RFC 8446, 5.2, 7.1).

A protection opens the records of one direction, in their order, from the secrets of the connection.
"""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MASTER_OCTETS = 48
_APPLICATION_DATA = 23
_VERSION_1_2 = b"\x03\x03"


class ProtectionError(Exception):
    """A record that these keys do not open: it was altered, or the keys are of another one."""


@dataclass(frozen=True, slots=True)
class SuiteKeys:
    """What a cipher suite needs for its records. ``cipher`` is "gcm", "ccm", "ccm8", "chacha20",
    "cbc" or "null"; ``mac_hash`` that of the records where the cipher does not authenticate;
    ``hash_name`` that of key derivation.
    """

    cipher: str
    key_octets: int
    hash_name: str = "sha256"
    mac_hash: str = ""

    @property
    def iv_octets(self) -> int:
        """Octets of the implicit nonce in the key block of TLS 1.2."""
        return {"gcm": 4, "ccm": 4, "ccm8": 4, "chacha20": 12}.get(self.cipher, 0)


def _suites() -> dict[int, SuiteKeys]:
    table: list[tuple[SuiteKeys, tuple[int, ...]]] = [
        (
            SuiteKeys("gcm", 16),
            (0x1301, 0x009C, 0x009E, 0x00A2, 0x00A6, 0xC02B, 0xC02D, 0xC02F, 0xC031),
        ),
        (
            SuiteKeys("gcm", 32, "sha384"),
            (0x1302, 0x009D, 0x009F, 0x00A3, 0x00A7, 0xC02C, 0xC02E, 0xC030, 0xC032),
        ),
        (SuiteKeys("chacha20", 32), (0x1303, 0xCCA8, 0xCCA9, 0xCCAA)),
        (SuiteKeys("ccm", 16), (0x1304, 0xC09C, 0xC09E, 0xC0AC)),
        (SuiteKeys("ccm", 32), (0xC09D, 0xC09F, 0xC0AD)),
        (SuiteKeys("ccm8", 16), (0x1305, 0xC0A0, 0xC0A2, 0xC0AE)),
        (SuiteKeys("ccm8", 32), (0xC0A1, 0xC0A3, 0xC0AF)),
        (SuiteKeys("cbc", 16, mac_hash="sha1"), (0x002F, 0x0033, 0x0034, 0xC009, 0xC013, 0xC018)),
        (SuiteKeys("cbc", 32, mac_hash="sha1"), (0x0035, 0x0039, 0x003A, 0xC00A, 0xC014, 0xC019)),
        (SuiteKeys("cbc", 16, mac_hash="sha256"), (0x003C, 0x0067, 0xC023, 0xC027)),
        (SuiteKeys("cbc", 32, mac_hash="sha256"), (0x003D, 0x006B)),
        (SuiteKeys("cbc", 32, "sha384", "sha384"), (0xC024, 0xC028)),
        (SuiteKeys("null", 0, mac_hash="md5"), (0x0001,)),
        (SuiteKeys("null", 0, mac_hash="sha1"), (0x0002, 0xC006, 0xC010, 0xC015)),
        (SuiteKeys("null", 0, mac_hash="sha256"), (0x003B,)),
    ]
    return {number: keys for keys, numbers in table for number in numbers}


SUITES = _suites()


class RecordProtection(ABC):
    """One direction of a connection: it counts the records that it opens."""

    def __init__(self) -> None:
        self._sequence = 0

    def open(self, content_type: int, fragment: bytes) -> tuple[int, bytes]:
        """Content type and content of a record. Raises ProtectionError, and does not count it."""
        opened = self._open(content_type, fragment, self._sequence.to_bytes(8, "big"))
        self._sequence += 1
        return opened

    @abstractmethod
    def _open(self, content_type: int, fragment: bytes, sequence: bytes) -> tuple[int, bytes]:
        """The same, given the number of the record."""


class _Aead13(RecordProtection):
    """TLS 1.3 (RFC 8446, 5.2 and 5.3)."""

    def __init__(self, keys: SuiteKeys, secret: bytes) -> None:
        super().__init__()
        self._aead = _aead(keys, expand_label(keys.hash_name, secret, "key", b"", keys.key_octets))
        self._iv = expand_label(keys.hash_name, secret, "iv", b"", 12)

    def _open(self, content_type: int, fragment: bytes, sequence: bytes) -> tuple[int, bytes]:
        header = bytes((content_type,)) + _VERSION_1_2 + len(fragment).to_bytes(2, "big")
        padded = _decrypted(self._aead, _masked(self._iv, sequence), fragment, header)
        content = padded.rstrip(b"\0")
        if not content:
            raise ProtectionError("a record without a content type")
        return content[-1], content[:-1]


class _Aead12(RecordProtection):
    """GCM and CCM (RFC 5288, 3; RFC 6655, 3) and ChaCha20-Poly1305 (RFC 7905, 2) in TLS 1.2."""

    def __init__(self, keys: SuiteKeys, key: bytes, iv: bytes) -> None:
        super().__init__()
        self._aead, self._iv = _aead(keys, key), iv
        self._tag = 8 if keys.cipher == "ccm8" else 16

    def _open(self, content_type: int, fragment: bytes, sequence: bytes) -> tuple[int, bytes]:
        if len(self._iv) == 12:
            nonce, sealed = _masked(self._iv, sequence), fragment
        else:
            nonce, sealed = self._iv + fragment[:8], fragment[8:]
        length = len(sealed) - self._tag
        if length < 0:
            raise ProtectionError("a record shorter than its tag")
        header = sequence + bytes((content_type,)) + _VERSION_1_2 + length.to_bytes(2, "big")
        return content_type, _decrypted(self._aead, nonce, sealed, header)


class _Mac12(RecordProtection):
    """CBC and NULL with HMAC in TLS 1.2 (RFC 5246, 6.2.3.1 and 6.2.3.2), the MAC over the content
    or over the ciphertext (RFC 7366).
    """

    def __init__(self, keys: SuiteKeys, key: bytes, mac_key: bytes, mac_last: bool) -> None:
        super().__init__()
        self._key, self._mac_key, self._hash, self._mac_last = key, mac_key, keys.mac_hash, mac_last

    def _open(self, content_type: int, fragment: bytes, sequence: bytes) -> tuple[int, bytes]:
        size = hashlib.new(self._hash, usedforsecurity=False).digest_size
        if not self._key:
            content, mac = fragment[:-size], fragment[-size:]
            self._check(sequence, content_type, content, mac)
            return content_type, content
        if self._mac_last:
            fragment, mac = fragment[:-size], fragment[-size:]
            self._check(sequence, content_type, fragment, mac)
        if len(fragment) < 32 or len(fragment) % 16:
            raise ProtectionError("a record that is no whole number of blocks")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(fragment[:16])).decryptor()
        plain = decryptor.update(fragment[16:]) + decryptor.finalize()
        padding = plain[-1] + 1
        if padding > len(plain) or plain[-padding:] != plain[-1:] * padding:
            raise ProtectionError("a record with wrong padding")
        plain = plain[:-padding]
        if not self._mac_last:
            plain, mac = plain[:-size], plain[-size:]
            self._check(sequence, content_type, plain, mac)
        return content_type, plain

    def _check(self, sequence: bytes, content_type: int, content: bytes, mac: bytes) -> None:
        header = sequence + bytes((content_type,)) + _VERSION_1_2 + len(content).to_bytes(2, "big")
        if not hmac.compare_digest(hmac.digest(self._mac_key, header + content, self._hash), mac):
            raise ProtectionError("a record with a wrong MAC")


def protection_1_3(suite: int, secret: bytes) -> RecordProtection | None:
    """Opens the records under one traffic secret; None for a suite that is not of TLS 1.3."""
    keys = SUITES.get(suite)
    return None if keys is None or suite >> 8 != 0x13 else _Aead13(keys, secret)


def next_traffic_secret(suite: int, secret: bytes) -> bytes:
    """The secret after a key update (RFC 8446, 7.2)."""
    hash_name = SUITES[suite].hash_name
    size = hashlib.new(hash_name).digest_size
    return expand_label(hash_name, secret, "traffic upd", b"", size)


def protections_1_2(
    suite: int,
    master_secret: bytes,
    client_random: bytes,
    server_random: bytes,
    encrypt_then_mac: bool = False,
) -> tuple[RecordProtection, RecordProtection] | None:
    """What opens the client's records and the server's; None for a suite that is not known."""
    keys = SUITES.get(suite)
    if keys is None or suite >> 8 == 0x13:
        return None
    mac = hashlib.new(keys.mac_hash, usedforsecurity=False).digest_size if keys.mac_hash else 0
    seed = server_random + client_random
    needed = 2 * (mac + keys.key_octets + keys.iv_octets)
    block = prf(keys.hash_name, master_secret, b"key expansion", seed, needed)
    parts = []
    for size in (mac, mac, keys.key_octets, keys.key_octets, keys.iv_octets, keys.iv_octets):
        parts.append(block[:size])
        block = block[size:]

    def end(server: int) -> RecordProtection:
        if keys.mac_hash:
            return _Mac12(keys, parts[2 + server], parts[server], encrypt_then_mac)
        return _Aead12(keys, parts[2 + server], parts[4 + server])

    return end(0), end(1)


def prf(hash_name: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudorandom function of TLS 1.2 (RFC 5246, 5)."""
    seed = label + seed
    out, chained = b"", seed
    while len(out) < length:
        chained = hmac.digest(secret, chained, hash_name)
        out += hmac.digest(secret, chained + seed, hash_name)
    return out[:length]


def expand_label(hash_name: str, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446, 7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes((len(name),)) + name + bytes((len(context),)) + context
    algorithm = hashes.SHA384() if hash_name == "sha384" else hashes.SHA256()
    return HKDFExpand(algorithm, length, info).derive(secret)


def _aead(keys: SuiteKeys, key: bytes) -> AESGCM | AESCCM | ChaCha20Poly1305:
    if keys.cipher == "chacha20":
        return ChaCha20Poly1305(key)
    if keys.cipher == "gcm":
        return AESGCM(key)
    return AESCCM(key, 8 if keys.cipher == "ccm8" else 16)


def _masked(iv: bytes, sequence: bytes) -> bytes:
    masked = int.from_bytes(iv, "big") ^ int.from_bytes(sequence, "big")
    return masked.to_bytes(len(iv), "big")


def _decrypted(
    aead: AESGCM | AESCCM | ChaCha20Poly1305, nonce: bytes, sealed: bytes, header: bytes
) -> bytes:
    try:
        return aead.decrypt(nonce, sealed, header)
    except (InvalidTag, ValueError):
        raise ProtectionError("a record that these keys do not open") from None
