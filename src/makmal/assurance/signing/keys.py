"""Signing keys: Ed25519, in PEM files that a passphrase encrypts (PKCS #8, RFC 5958)."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.pkcs11_key import TokenKey, is_token_uri, public_key_of_token
from makmal.assurance.verification.verifier import key_id

# Short ones are guessed from a stolen file.
LEAST_PASSPHRASE = 8


def create_key(path: Path, passphrase: str) -> Ed25519PublicKey:
    """Make a key: PATH for its owner only, and PATH.pub for everyone. Raises AssuranceError."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise AssuranceError(
            f"the passphrase has {len(passphrase)} characters: it needs {LEAST_PASSPHRASE} at least"
        )
    key = Ed25519PrivateKey.generate()
    octets = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    write_secret(path, octets)
    public = public_pem(key.public_key())
    _public_path(path).write_text(public, "ascii")
    return key.public_key()


def write_secret(path: Path, octets: bytes) -> None:
    """A new file that its owner alone can read. Raises AssuranceError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(octets)
    except FileExistsError:
        raise AssuranceError(
            f"{path} exists already: a key is never overwritten; name another file"
        ) from None
    except OSError as error:
        raise AssuranceError(f"{path}: {error.strerror or error}") from None


def load_key(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """The key of a file, or of a token where a PKCS #11 URI is given; its passphrase is the PIN
    then. Raises AssuranceError.
    """
    if is_token_uri(path):
        return TokenKey(str(path), passphrase)
    key = load_private(path, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise AssuranceError(f"{path} holds no Ed25519 key: makmal key create makes one")
    return key


def load_private(path: Path, passphrase: str) -> object:
    """A private key of any kind. Raises AssuranceError."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise AssuranceError(
            f"{path}: the key is not there; a lost key cannot be restored: make a new one with "
            "makmal key create, and have the old one marked as revoked in the trust anchors"
        ) from None
    except OSError as error:
        raise AssuranceError(f"{path}: {error.strerror or error}") from None
    try:
        return serialization.load_pem_private_key(octets, passphrase.encode() or None)
    except TypeError:
        what = "needs a passphrase" if not passphrase else "is not encrypted; it must be"
        raise AssuranceError(f"{path} {what}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise AssuranceError(
            f"{path} cannot be opened: the passphrase is wrong, or the file is damaged"
        ) from None


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as PEM."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def load_public(path: Path) -> Ed25519PublicKey:
    """A public key, of its own file, of the private key beside it, or in a token. Raises
    AssuranceError.
    """
    if is_token_uri(path):
        return public_key_of_token(str(path))
    place = path if path.suffix == ".pub" else _public_path(path)
    try:
        key = serialization.load_pem_public_key(place.read_bytes())
    except OSError as error:
        raise AssuranceError(f"{place}: {error.strerror or error}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise AssuranceError(f"{place} holds no public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise AssuranceError(f"{place} holds no Ed25519 public key")
    return key


def _public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


__all__ = ["create_key", "key_id", "load_key", "load_private", "load_public", "public_pem"]
