"""[application] of the target file: what an application is, and who may use it how."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from makmal.bench import target_fields
from makmal.bench.application.openapi import DescriptionError, read_description
from makmal.bench.application.settings import (
    USERS,
    ApplicationSettings,
    Fetching,
    Login,
    User,
)
from makmal.network.scope import Scope
from makmal.trace import toml_file
from makmal.trace.frame import Endpoint
from makmal.trace.toml_file import Table, TomlError

_PORTS = {"https": 443, "http": 80, "mqtts": 8883}
_VARIABLE = "$"


def read_application(table: Table, directory: Path, scope: Scope) -> ApplicationSettings:
    """The table; the OpenAPI file is beside the target file. Raises the file's error."""
    table.only(
        "address",
        "host",
        "openapi",
        "authentication",
        "logout",
        "protected",
        "administration",
        "users",
        "login",
        "registration",
        "objects",
        "fetching",
        "largest_body",
        "burst",
        "login_attempts",
        "slow_seconds",
        "most_requests",
        "inputs",
    )
    usual = ApplicationSettings.__dataclass_fields__
    base, address = read_address(table, scope)
    name = table.take("openapi", toml_file.text)
    text = toml_file.read_text(directory / name, _error(table, "openapi"))
    try:
        description = read_description(text, name)
    except DescriptionError as error:
        raise table.fail("openapi", str(error)) from None
    users = table.table("users", *USERS)
    settings = ApplicationSettings(
        base=base,
        address=address,
        description=description,
        users={
            name: _user(users.table(name, "name", "password", "token")) for name in users.values
        },
        authentication=table.take("authentication", read_authentication, "bearer"),
        login=read_login(table, "login"),
        logout=table.optional("logout", read_operation) or "",
        protected=table.optional("protected", read_operation) or "",
        registration=read_login(table, "registration"),
        administration=table.take("administration", _operations, ()),
        objects=table.take("objects", _objects, {}),
        fetching=_fetching(table, scope),
        largest_body=table.take(
            "largest_body", toml_file.number(1024, 1 << 24), usual["largest_body"].default
        ),
        burst=table.take("burst", toml_file.number(50, 5000), usual["burst"].default),
        login_attempts=table.take(
            "login_attempts", toml_file.number(10, 200), usual["login_attempts"].default
        ),
        slow_seconds=table.take("slow_seconds", target_fields.seconds, 30.0),
        most_requests=table.take(
            "most_requests", toml_file.number(100, 100_000), usual["most_requests"].default
        ),
        inputs=table.take("inputs", toml_file.number(1, 100), usual["inputs"].default),
    )
    for key in ("login", "registration", "fetching"):
        part = getattr(settings, key)
        if part is not None and description.find(part.operation) is None:
            raise table.table(key).fail(
                "operation", f"{part.operation} is not an operation of {name}"
            )
    for each in (settings.logout, settings.protected, *settings.administration):
        if each and description.find(each) is None:
            key = "protected" if each == settings.protected else "administration"
            raise table.fail(key, f"{each} is not an operation of {name}")
    return settings


def _error(table: Table, key: str) -> type[TomlError]:
    line = table.fail(key, "").args[0]

    class FileError(table.file.error):  # type: ignore[name-defined, misc] # the class is a value here
        """The error of the target file, with the line of the entry that names the other file."""

        def __init__(self, reason: str) -> None:
            super().__init__(f"{line}{reason}")

    return FileError


def read_address(
    table: Table, scope: Scope, schemes: tuple[str, ...] = ("https", "http")
) -> tuple[str, Endpoint]:
    """``address``, and ``host`` where that is a name. Raises the file's error."""
    base = table.take("address", toml_file.text).rstrip("/")
    try:
        parts = urlsplit(base)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = parts.hostname or ""
    except ValueError:
        parts, port, host = urlsplit(""), 0, ""
    if not port or not host or parts.scheme not in schemes:
        raise table.fail("address", 'must be a URL such as "https://10.77.0.5:8443"')
    host = table.take("host", target_fields.address, "") if "host" in table else host
    try:
        ip_address(host)
    except ValueError:
        raise table.fail(
            "address",
            f"{host} is a name, which could stand for any address: write its IP address in host "
            "beside it",
        ) from None
    if not scope.permits(host):
        raise table.fail("address", f"{host} is outside the scope: nothing was sent to it")
    return base, Endpoint(host, port)


def _user(table: Table) -> User:
    return User(
        table.optional("name", read_secret) or "",
        table.optional("password", read_secret) or "",
        table.optional("token", read_secret) or "",
    )


def read_secret(value: Any) -> str:
    """A text, or the environment variable that it names after a dollar sign."""
    text = toml_file.text(value)
    if not text.startswith(_VARIABLE):
        return text
    found = os.environ.get(text[1:])
    if not found:
        raise ValueError(f"the environment variable {text[1:]} is not set")
    return found


def read_operation(value: Any) -> str:
    """A method and a path. Raises ValueError."""
    method, _, path = toml_file.text(value).partition(" ")
    if not method.isupper() or not path.startswith("/"):
        raise ValueError('must be a method and a path, such as "POST /v1/sessions"')
    return f"{method} {path}"


def _operations(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('must be a list such as ["GET /v1/admin/users"]')
    return tuple(read_operation(each) for each in value)


def _objects(value: Any) -> dict[str, str]:
    fits = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if not fits or not all(each.startswith("/") for each in (*value, *value.values())):
        raise ValueError('must be paths such as {"/v1/notes/{note}" = "/v1/notes/17"}')
    return dict(value)


def read_authentication(value: Any) -> str:
    """How a token is presented. Raises ValueError."""
    text = toml_file.text(value)
    kind, _, name = text.partition(" ")
    if kind not in ("bearer", "basic", "cookie", "header") or (kind == "header") != bool(name):
        raise ValueError('must be "bearer", "basic", "cookie" or "header NAME"')
    return text


def read_login(table: Table, key: str) -> Login | None:
    """How credentials become a token, None where that is not said. Raises the file's error."""
    if key not in table:
        return None
    one = table.table(key, "operation", "body", "token")
    body = one.take("body", _body, {"name": "{name}", "password": "{password}"})
    return Login(
        one.take("operation", read_operation), body, one.take("token", toml_file.text, "/token")
    )


def _body(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError('must be a table such as {user = "{name}", password = "{password}"}')
    return value


def _fetching(table: Table, scope: Scope) -> Fetching | None:
    if "fetching" not in table:
        return None
    one = table.table("fetching", "operation", "property", "forbidden", "permitted", "content")
    ends = {}
    for key in ("forbidden", "permitted"):
        if key in one or key == "forbidden":
            ends[key] = one.take(key, target_fields.end(8081))
            if not scope.permits(ends[key].address):
                raise one.fail(key, f"{ends[key].address} is outside the scope")
    return Fetching(
        one.take("operation", read_operation),
        one.take("property", toml_file.text),
        ends["forbidden"],
        ends.get("permitted"),
        one.take("content", toml_file.text, "[]"),
    )
