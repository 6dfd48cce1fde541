"""Keys of ESP associations, and what they open (RFC 4303).

They travel in a trace as lines of text, in a Decryption Secrets Block of a type of our own, which
Wireshark passes over: the security parameters index, the address that the packets go to, the
encryption and its key, the integrity algorithm and its key, "-" where there is none.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from makmal.protocol import ike

# "ESPS": the type of a Decryption Secrets Block that holds such lines.
ESP_KEYS = 0x45535053
_HEADER = 8
_SALT, _GCM_VECTOR, _GCM_TAG = 4, 8, 16
_BLOCK = 16
_IPV4, _IPV6 = 4, 41
_MOST_ASSOCIATIONS = 10_000
# The hash, and how many octets of it are the integrity check value (RFC 2404, RFC 4868).
_HASHES = {
    "AUTH_HMAC_SHA1_96": ("sha1", 12),
    "AUTH_HMAC_SHA2_256_128": ("sha256", 16),
    "AUTH_HMAC_SHA2_384_192": ("sha384", 24),
    "AUTH_HMAC_SHA2_512_256": ("sha512", 32),
}
_NONE = "-"


@dataclass(frozen=True, slots=True)
class EspAssociation:
    """One direction between two ends. ``receiver`` is the address that the packets go to;
    algorithms have their names of the IANA registry, "" where there is none.
    """

    index: int
    receiver: str
    encryption: str
    encryption_key: bytes
    integrity: str = ""
    integrity_key: bytes = b""

    @property
    def algorithms(self) -> str:
        """Both algorithms, in words."""
        return f"{self.encryption} {self.integrity}".rstrip()

    @property
    def is_weak(self) -> bool:
        """Whether no implementation may use one of its algorithms (RFC 8221)."""
        return _is_forbidden(ike.TransformType.ENCRYPTION, self.encryption) or _is_forbidden(
            ike.TransformType.INTEGRITY, self.integrity
        )

    def line(self) -> bytes:
        """As a line of text."""
        parts = (
            f"{self.index:08x}",
            self.receiver,
            self.encryption,
            self.encryption_key.hex() or _NONE,
            self.integrity or _NONE,
            self.integrity_key.hex() or _NONE,
        )
        return " ".join(parts).encode() + b"\n"

    def open(self, packet: bytes) -> bytes | None:
        """The IP packet in an ESP packet (from its SPI on); None where it is none of these two
        ends', or made with algorithms that are not read here.
        """
        content = self._content(packet)
        if content is None or len(content) < 2:
            return None
        padding, following = content[-2], content[-1]
        if following not in (_IPV4, _IPV6) or padding + 2 > len(content):
            return None
        return content[: len(content) - padding - 2]

    def _content(self, packet: bytes) -> bytes | None:
        header, body = packet[:_HEADER], packet[_HEADER:]
        if self.encryption in ("ENCR_AES_GCM_16", "ENCR_NULL_AUTH_AES_GMAC"):
            return self._combined(header, body)
        if self.integrity not in _HASHES:
            return None
        name, size = _HASHES[self.integrity]
        value = hmac.digest(self.integrity_key, packet[:-size], name)[:size]
        if not hmac.compare_digest(value, packet[-size:]):
            return None
        body = body[:-size]
        if self.encryption == "ENCR_NULL":
            return body
        if self.encryption != "ENCR_AES_CBC" or len(body) < 2 * _BLOCK or len(body) % _BLOCK:
            return None
        cipher = Cipher(algorithms.AES(self.encryption_key), modes.CBC(body[:_BLOCK]))
        decryptor = cipher.decryptor()
        return decryptor.update(body[_BLOCK:]) + decryptor.finalize()

    def _combined(self, header: bytes, body: bytes) -> bytes | None:
        if len(body) < _GCM_VECTOR + _GCM_TAG:
            return None
        cipher = AESGCM(self.encryption_key[:-_SALT])
        vector, rest = body[:_GCM_VECTOR], body[_GCM_VECTOR:]
        nonce = self.encryption_key[-_SALT:] + vector
        try:
            if self.encryption == "ENCR_AES_GCM_16":
                return cipher.decrypt(nonce, rest, header)
            cipher.decrypt(nonce, rest[-_GCM_TAG:], header + vector + rest[:-_GCM_TAG])
        except InvalidTag:
            return None
        return rest[:-_GCM_TAG]


class EspSecrets:
    """Associations by their index and receiver. ``blocks`` may grow while it is in use."""

    def __init__(self, blocks: Sequence[tuple[int, bytes]] = ()) -> None:
        self._associations: OrderedDict[tuple[int, str], EspAssociation] = OrderedDict()
        self._blocks, self._read = blocks, 0

    def add(self, text: bytes) -> None:
        """Take lines; what is none is passed over."""
        for line in text.splitlines():
            try:
                association = _association(line.decode("ascii").split())
            except ValueError:
                continue
            self._associations[association.index, association.receiver] = association
        while len(self._associations) > _MOST_ASSOCIATIONS:
            self._associations.popitem(last=False)

    def of(self, packet: bytes, receiver: str) -> EspAssociation | None:
        """The association that an ESP packet says it is of."""
        while self._read < len(self._blocks):
            kind, octets = self._blocks[self._read]
            self._read += 1
            if kind == ESP_KEYS:
                self.add(octets)
        return self._associations.get((int.from_bytes(packet[:4], "big"), receiver))


def _association(parts: Sequence[str]) -> EspAssociation:
    index, receiver, encryption, key, integrity, integrity_key = parts
    if key == _NONE and encryption != "ENCR_NULL":
        raise ValueError(f"no key of {encryption}")
    found = EspAssociation(
        int(index, 16),
        receiver,
        encryption,
        b"" if key == _NONE else bytes.fromhex(key),
        "" if integrity == _NONE else integrity,
        b"" if integrity_key == _NONE else bytes.fromhex(integrity_key),
    )
    if encryption.startswith(("ENCR_AES_GCM", "ENCR_NULL_AUTH")):
        AESGCM(found.encryption_key[:-_SALT])
    elif encryption == "ENCR_AES_CBC":
        algorithms.AES(found.encryption_key)
    return found


def _is_forbidden(kind: ike.TransformType, name: str) -> bool:
    names = ike.Encryption if kind is ike.TransformType.ENCRYPTION else ike.Integrity
    return name in names.__members__ and ike.is_forbidden(kind, names[name])
