"""What the target file says of an application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from makmal.bench.application.openapi import Description
from makmal.trace.frame import Endpoint

FIRST, SECOND, ADMINISTRATOR = "first", "second", "administrator"
USERS = (FIRST, SECOND, ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in, or who has a token already."""

    name: str = ""
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """How credentials become a token: an operation, its body with {name} and {password} in it, and
    where in the answer the token is (a JSON pointer).
    """

    operation: str
    body: Mapping[str, Any]
    token: str = "/token"  # noqa: S105 - a place in JSON


@dataclass(frozen=True, slots=True)
class Fetching:
    """An operation that fetches a URL: which property of its body names it, the end of ours that
    it may fetch from, and one of ours that it must not.
    """

    operation: str
    property: str
    forbidden: Endpoint
    permitted: Endpoint | None = None
    content: str = "[]"


@dataclass(frozen=True, slots=True)
class ApplicationSettings:
    """``address`` is where the scheme, host and port of ``base`` lead. ``authentication`` is
    "bearer", "basic", "cookie" or "header NAME". Operations are written as "GET /path";
    ``protected`` is one that reads, needs credentials, and has no parameter in its path.
    """

    base: str
    address: Endpoint
    description: Description
    users: Mapping[str, User] = field(default_factory=dict)
    authentication: str = "bearer"
    login: Login | None = None
    logout: str = ""
    protected: str = ""
    registration: Login | None = None
    administration: tuple[str, ...] = ()
    objects: Mapping[str, str] = field(default_factory=dict)
    fetching: Fetching | None = None
    largest_body: int = 1 << 20
    burst: int = 150
    login_attempts: int = 20
    slow_seconds: float = 30.0
    most_requests: int = 2000
    inputs: int = 4

    @property
    def is_tls(self) -> bool:
        """Whether it is reached by TLS."""
        return self.base.startswith(("https:", "mqtts:"))

    @property
    def host(self) -> str:
        """Host and port as the Host header has them."""
        return urlsplit(self.base).netloc

    @property
    def server_name(self) -> str | None:
        """The host name, None for an address."""
        name = urlsplit(self.base).hostname or ""
        return None if ":" in name or name.replace(".", "").isdigit() else name

    @property
    def prefix(self) -> str:
        """The path that all paths of the description begin behind."""
        return urlsplit(self.base).path.rstrip("/")
