"""Firmware images with a signature, and their verification."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAGIC, _HASH, _SIGNATURE = b"MKMLFW1\n", 32, 64


class FirmwareError(Exception):
    """The image is not installed: one sentence."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What an image holds."""

    version: str
    content: bytes


def sign(firmware: Firmware, key: Ed25519PrivateKey) -> bytes:
    """An image: magic, length of the version, version, SHA-256, signature, content."""
    version = firmware.version.encode()
    head = _MAGIC + bytes((len(version),)) + version + sha256(firmware.content).digest()
    return head + key.sign(head) + firmware.content


def verified(
    image: bytes, key: Ed25519PublicKey, *, integrity: bool = True, signer: bool = True
) -> Firmware:
    """The firmware in an image. Raises FirmwareError when it is not one of ours, as far as it is
    verified.
    """
    start = len(_MAGIC) + 1
    if not image.startswith(_MAGIC) or len(image) < start:
        raise FirmwareError("this is no firmware image")
    end = start + image[len(_MAGIC)]
    head, signature = image[: end + _HASH], image[end + _HASH : end + _HASH + _SIGNATURE]
    content = image[end + _HASH + _SIGNATURE :]
    if signer:
        try:
            key.verify(signature, head)
        except InvalidSignature:
            raise FirmwareError("the signature is not the manufacturer's") from None
    if integrity and sha256(content).digest() != head[-_HASH:]:
        raise FirmwareError("the content was altered")
    return Firmware(image[start:end].decode("utf-8", "replace"), content)
