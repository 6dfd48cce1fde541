"""Accounts, passwords and tokens of the cloud application."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from makmal.cloud.policy import CloudPolicy

USER, ADMINISTRATOR = "user", "administrator"
TOKEN_SECONDS = 3600
_COMMON = ("password", "12345678", "qwertyuiop", "administrator", "letmein123")


@dataclass(slots=True)
class Account:
    """Somebody who may log in."""

    name: str
    salt: bytes
    password_hash: bytes
    role: str = USER
    display_name: str = ""
    failures: list[float] = field(default_factory=list)


class Accounts:
    """All of them. ``now`` gives seconds."""

    def __init__(self, policy: CloudPolicy, now: Callable[[], float]) -> None:
        self._policy, self._now = policy, now
        self._key = os.urandom(32)
        self._ended: set[str] = set()
        self.by_name: dict[str, Account] = {}

    def create(self, name: str, password: str, role: str = USER) -> Account:
        """A new account."""
        salt = os.urandom(16)
        account = Account(name, salt, self._hash(password, salt), role)
        self.by_name[name] = account
        return account

    def accepts(self, password: str) -> bool:
        """Whether a password is strong enough."""
        if len(password) < self._policy.least_password:
            return False
        return self._policy.least_password < 8 or password.lower() not in _COMMON

    def pause(self, name: str) -> float:
        """For how many seconds no further attempt is taken for a name."""
        account, most = self.by_name.get(name), self._policy.most_failed_logins
        if account is None or most is None:
            return 0.0
        since = self._now() - self._policy.login_pause
        account.failures = [each for each in account.failures if each > since]
        if len(account.failures) < most:
            return 0.0
        return account.failures[-most] - since

    def log_in(self, name: str, password: str) -> str | None:
        """A token, or None. Unknown names cost the same time as wrong passwords."""
        account = self.by_name.get(name)
        if account is None:
            self._hash(password, b"nobody's salt...")
            return None
        if not hmac.compare_digest(self._hash(password, account.salt), account.password_hash):
            account.failures.append(self._now())
            return None
        account.failures.clear()
        return self._token(account)

    def of_token(self, token: str) -> Account | None:
        """Whose token it is, if it is good."""
        parts = token.split(".")
        if len(parts) != 3:
            return None
        header, claims = _decoded(parts[0]), _decoded(parts[1])
        if header is None or claims is None or token in self._ended:
            return None
        unsigned = header.get("alg") == "none" and not parts[2]
        if unsigned:
            if self._policy.refuses_unsigned_tokens:
                return None
        elif self._policy.verifies_token_signature and not hmac.compare_digest(
            parts[2].encode(), self._signature(f"{parts[0]}.{parts[1]}")
        ):
            return None
        expiry = claims.get("exp")
        if not isinstance(expiry, (int, float)) or expiry < self._now():
            return None
        return self.by_name.get(str(claims.get("sub")))

    def end(self, token: str) -> None:
        """Log out."""
        if self._policy.ends_token_at_logout:
            self._ended.add(token)

    def _token(self, account: Account) -> str:
        claims = {
            "sub": account.name,
            "exp": int(self._now()) + TOKEN_SECONDS,
            "jti": os.urandom(8).hex(),
        }
        text = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{text}.{self._signature(text).decode()}"

    def _signature(self, text: str) -> bytes:
        octets = hmac.digest(self._key, text.encode(), "sha256")
        return base64.urlsafe_b64encode(octets).rstrip(b"=")

    def _hash(self, password: str, salt: bytes) -> bytes:
        return hashlib.scrypt(
            password.encode("utf-8", "surrogatepass"),
            salt=salt,
            n=self._policy.password_cost,
            r=8,
            p=1,
        )


def _encoded(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any] | None:
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        document = json.loads(octets)
    except (Base64Error, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
