"""Security associations of ESP in tunnel mode (RFC 4303) with AES-GCM (RFC 4106), or, for who
encrypts nothing, AES-GMAC (RFC 4543). Keys are set by hand: there is no IKE here.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_HEADER, _VECTOR, _TAG = 8, 8, 16
_IPV4, _IPV6 = 4, 41
_REPLAY_WINDOW = 64


class EspError(Exception):
    """A packet that is none of this association, or not to be taken: one sentence."""


@dataclass(frozen=True, slots=True)
class EspChoices:
    """What an end does; the default is what TS 33.210, 5.3, demands."""

    encrypts: bool = True
    checks_integrity: bool = True
    checks_replay: bool = True


class OutboundAssociation:
    """Packets out. ``key`` is 16 octets of AES key and 4 of salt."""

    def __init__(self, index: int, key: bytes, choices: EspChoices) -> None:
        self._index, self._salt, self._choices = index, key[16:], choices
        self._cipher = AESGCM(key[:16])
        self._number = 0

    def protect(self, packet: bytes) -> bytes:
        """The ESP packet, from its SPI on, around an IP packet."""
        self._number += 1
        header = self._index.to_bytes(4, "big") + self._number.to_bytes(4, "big")
        vector = self._number.to_bytes(_VECTOR, "big")
        padding = -(len(packet) + 2) % 4
        next_header = _IPV4 if packet[0] >> 4 == 4 else _IPV6
        content = packet + bytes(range(1, padding + 1)) + bytes((padding, next_header))
        nonce = self._salt + vector
        if not self._choices.encrypts:
            tag = self._cipher.encrypt(nonce, b"", header + vector + content)
            return header + vector + content + tag
        return header + vector + self._cipher.encrypt(nonce, content, header)


class InboundAssociation:
    """Packets in, each once."""

    def __init__(self, index: int, key: bytes, choices: EspChoices) -> None:
        self._index, self._key, self._salt = index, key[:16], key[16:]
        self._choices = choices
        self._cipher = AESGCM(key[:16])
        self._highest = 0
        self._seen = 0

    def open(self, octets: bytes) -> bytes:
        """The IP packet inside. Raises EspError."""
        if len(octets) < _HEADER + _VECTOR + _TAG + 2:
            raise EspError(f"{len(octets)} octets are no ESP packet")
        if int.from_bytes(octets[:4], "big") != self._index:
            raise EspError("an unknown SPI")
        number = int.from_bytes(octets[4:8], "big")
        if self._choices.checks_replay and self._is_repeated(number):
            raise EspError(f"sequence number {number} was there before, or is too old")
        content = self._content(octets)
        self._note(number)
        padding, next_header = content[-2], content[-1]
        if next_header not in (_IPV4, _IPV6) or padding + 2 > len(content):
            raise EspError("no IP packet inside")
        return content[: len(content) - padding - 2]

    def _content(self, octets: bytes) -> bytes:
        header, vector = octets[:_HEADER], octets[_HEADER : _HEADER + _VECTOR]
        body = octets[_HEADER + _VECTOR :]
        nonce = self._salt + vector
        try:
            return self._cipher.decrypt(nonce, body, header)
        except InvalidTag:
            pass
        try:
            # One that authenticates only, as two ends may have agreed.
            self._cipher.decrypt(nonce, body[-_TAG:], octets[:-_TAG])
            return body[:-_TAG]
        except InvalidTag:
            if self._choices.checks_integrity:
                raise EspError("the integrity check failed") from None
        # GCM is counter mode; its first block of text has the counter 2 (NIST SP 800-38D, 7.2).
        counter = modes.CTR(nonce + b"\0\0\0\2")
        decryptor = Cipher(algorithms.AES(self._key), counter).decryptor()
        return decryptor.update(body[:-_TAG]) + decryptor.finalize()

    def _is_repeated(self, number: int) -> bool:
        if number > self._highest:
            return False
        distance = self._highest - number
        return distance >= _REPLAY_WINDOW or bool(self._seen >> distance & 1)

    def _note(self, number: int) -> None:
        if number > self._highest:
            self._seen = self._seen << (number - self._highest) & ((1 << _REPLAY_WINDOW) - 1)
            self._highest = number
        if self._highest - number < _REPLAY_WINDOW:
            self._seen |= 1 << (self._highest - number)
