"""Signing keys that never leave their token: Ed25519 by PKCS #11, named by URI (RFC 7512).

``pkcs11:token=Laboratory;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so``. The module
can also be given by the environment variable PKCS11_MODULE. python-pkcs11 is loaded when such a key
is named; without it, one sentence says what to install.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from makmal.assurance.errors import AssuranceError

SCHEME = "pkcs11:"
MODULE = "PKCS11_MODULE"
_POINT_OCTETS = 32


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is: the token and the object by their labels, and the module that finds them."""

    token: str
    label: str
    module: str


def is_token_uri(place: object) -> bool:
    """Whether a key is named by a URI of PKCS #11."""
    return str(place).startswith(SCHEME)


def read_uri(text: str) -> TokenUri:
    """A URI of RFC 7512, as far as it names one key. Raises AssuranceError."""
    path, _, query = text.removeprefix(SCHEME).partition("?")
    attributes = _attributes(path, ";") | _attributes(query, "&")
    module = attributes.get("module-path") or os.environ.get(MODULE, "")
    for name in ("token", "object"):
        if not attributes.get(name):
            raise AssuranceError(
                f"{text}: name the {name}, as in pkcs11:token=TOKEN;object=KEY?module-path=FILE"
            )
    if not module:
        raise AssuranceError(
            f"{text}: which module? add ?module-path=FILE, or set {MODULE} to the library of the "
            "token"
        )
    return TokenUri(attributes["token"], attributes["object"], module)


def _attributes(text: str, separator: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in text.split(separator) if each)
    return {name: unquote(value) for name, _, value in pairs}


class TokenKey(Ed25519PrivateKey):
    """A key in a token, opened with its PIN. Raises AssuranceError when it cannot be."""

    def __init__(self, text: str, pin: str) -> None:
        self._text = text
        uri = read_uri(text)
        self._library = _library()
        kinds = self._library.ObjectClass
        try:
            token = self._library.lib(uri.module).get_token(token_label=uri.token)
            self._session: Any = self._opened(token, pin)
            self._key: Any = self._session.get_key(kinds.PRIVATE_KEY, label=uri.label)
            self._public: Any = self._session.get_key(kinds.PUBLIC_KEY, label=uri.label)
        except (self._library.PKCS11Error, RuntimeError, OSError) as error:
            reason = (
                _in_words(error) if isinstance(error, self._library.PKCS11Error) else str(error)
            )
            raise AssuranceError(f"{text} cannot be opened: {reason}") from None

    def _opened(self, token: Any, pin: str) -> Any:
        try:
            return token.open(user_pin=pin)
        except self._library.UserAlreadyLoggedIn:
            # PKCS #11 3.0, 5.6.8: a login is the application's, for all of its sessions.
            return token.open()

    def sign(self, data: Any) -> bytes:
        """Sign inside the token. Raises AssuranceError."""
        try:
            signature: bytes = self._key.sign(bytes(data), mechanism=self._library.Mechanism.EDDSA)
        except self._library.PKCS11Error as error:
            raise AssuranceError(f"{self._text} did not sign: {_in_words(error)}") from None
        return signature

    def public_key(self) -> Ed25519PublicKey:
        """Its public half."""
        return self._public_key

    @cached_property
    def _public_key(self) -> Ed25519PublicKey:
        return _read_public(self._public, self._text, self._library)

    def private_bytes(self, *unused: Any, **further: Any) -> bytes:
        """There is no way to get them. Raises AssuranceError."""
        raise AssuranceError(f"{self._text} does not leave its token")

    def private_bytes_raw(self) -> bytes:
        """There is no way to get them. Raises AssuranceError."""
        return self.private_bytes()

    def __copy__(self) -> TokenKey:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> TokenKey:
        return self


def public_key_of_token(text: str) -> Ed25519PublicKey:
    """The public half of a key in a token, for which no PIN is needed. Raises AssuranceError."""
    uri, library = read_uri(text), _library()
    try:
        token = library.lib(uri.module).get_token(token_label=uri.token)
        with token.open() as session:
            public = session.get_key(library.ObjectClass.PUBLIC_KEY, label=uri.label)
            return _read_public(public, text, library)
    except (library.PKCS11Error, RuntimeError, OSError) as error:
        reason = _in_words(error) if isinstance(error, library.PKCS11Error) else str(error)
        raise AssuranceError(f"{text} cannot be read: {reason}") from None


def _read_public(public: Any, text: str, library: Any) -> Ed25519PublicKey:
    # CKA_EC_POINT is a DER OCTET STRING around the point (PKCS #11 3.0, 2.3.5).
    point = bytes(public[library.Attribute.EC_POINT])[-_POINT_OCTETS:]
    try:
        return Ed25519PublicKey.from_public_bytes(point)
    except ValueError:
        raise AssuranceError(f"{text} is no Ed25519 key") from None


def _library() -> Any:
    try:
        return import_module("pkcs11")
    except ImportError:
        raise AssuranceError(
            "keys in tokens need the package python-pkcs11: pip install python-pkcs11"
        ) from None


def _in_words(error: Exception) -> str:
    """The errors of the library are their names: PinIncorrect, NoSuchKey."""
    name = type(error).__name__
    return "".join(f" {each.lower()}" if each.isupper() else each for each in name).strip()
