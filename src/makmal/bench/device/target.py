"""[device] of the target file: what a device is, where, and how its user meets it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from makmal.bench import target_fields
from makmal.bench.application.openapi import Description
from makmal.bench.application.settings import FIRST, ApplicationSettings, User
from makmal.bench.application.target import (
    read_address,
    read_authentication,
    read_login,
    read_operation,
    read_secret,
)
from makmal.bench.device.conformance import Conformance, ConformanceError, load_conformance
from makmal.bench.device.settings import (
    USUAL_PORTS,
    BrokerSettings,
    DeviceSettings,
    UpdateSettings,
    WebOperation,
)
from makmal.network.scope import Scope
from makmal.network.tls_policy import TlsPolicy, certified, server_context
from makmal.security.laboratory_authority import Authority
from makmal.trace import toml_file
from makmal.trace.frame import Endpoint
from makmal.trace.toml_file import Table

_SERVICES = ("https", "http", "mqtts", "mqtt", "tls", "telnet", "ftp", "ssh", "other")
_WELL_KNOWN, _MOST_PORTS = 1024, 65_536


def read_device(table: Table, directory: Path, scope: Scope) -> DeviceSettings:
    """The table; files are beside the target file. Raises the file's error."""
    table.only(
        "address",
        "host",
        "authentication",
        "user",
        "login",
        "services",
        "scan",
        "functions",
        "changes",
        "password_change",
        "setup",
        "reset",
        "data",
        "update",
        "mqtt",
        "broker",
        "revealing",
        "default_credentials",
        "conformance",
        "most_requests",
    )
    base, address = read_address(table, scope, ("https", "http", "mqtts"))
    user = table.table("user", "name", "password")
    web = ApplicationSettings(
        base=base,
        address=address,
        description=Description("device", (), {}),
        users={FIRST: User(user.take("name", read_secret), user.take("password", read_secret))},
        authentication=table.take("authentication", read_authentication, "bearer"),
        login=read_login(table, "login"),
        most_requests=table.take("most_requests", toml_file.number(100, 100_000), 2000),
    )
    return DeviceSettings(
        web=web,
        services=table.take("services", _services),
        scan=table.take("scan", _ports, (*range(1, _WELL_KNOWN), *USUAL_PORTS)),
        functions=tuple(table.take("functions", _operations, ())),
        changes=tuple(_operation(each) for each in _several(table, "changes")),
        password_change=_optional(table, "password_change"),
        setup=_optional(table, "setup"),
        reset=_optional(table, "reset"),
        data=_data(table),
        update=_update(table, directory),
        mqtt=_end(table, scope, "mqtt", 8883) or (None if base.startswith("http") else address),
        broker=_broker(table, directory, scope),
        revealing=table.take("revealing", _texts, ()),
        default_credentials=table.take("default_credentials", _pairs, ()),
        conformance=_conformance(table, directory),
    )


def _end(table: Table, scope: Scope, key: str, port: int) -> Endpoint | None:
    end = table.optional(key, target_fields.end(port))
    if end is not None and not scope.permits(end.address):
        raise table.fail(key, f"{end.address} is outside the scope: nothing was sent to it")
    return end


def _several(table: Table, key: str) -> list[Table]:
    values = table.values.get(key, [])
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise table.fail(key, f'must be a list of {{operation = "PUT /path", body = {{}}}} ({key})')
    return [Table(table.file, table.section, each) for each in values]


def _operation(table: Table) -> WebOperation:
    for key in table.values:
        if key not in ("operation", "body"):
            raise table.fail(key, "no such entry; known here: operation, body")
    return WebOperation(table.take("operation", read_operation), table.take("body", _mapping, {}))


def _optional(table: Table, key: str) -> WebOperation | None:
    return _operation(table.table(key)) if key in table else None


def _data(table: Table) -> tuple[WebOperation, WebOperation] | None:
    if "data" not in table:
        return None
    one = table.table("data", "write", "read")
    return _operation(one.table("write")), _operation(one.table("read"))


def _update(table: Table, directory: Path) -> UpdateSettings | None:
    if "update" not in table:
        return None
    one = table.table("update", "operation", "version", "image", "foreign_image")
    image = _octets(one, directory, "image")
    foreign = _octets(one, directory, "foreign_image") if "foreign_image" in one else b""
    operation, version = (one.take(key, read_operation) for key in ("operation", "version"))
    return UpdateSettings(operation, version, image, foreign)


def _octets(table: Table, directory: Path, key: str) -> bytes:
    path = directory / table.take(key, toml_file.text)
    try:
        found = path.read_bytes()
    except OSError as error:
        raise table.fail(key, f"{path.name}: {error.strerror or error}") from None
    if len(found) < 32:
        raise table.fail(key, f"{path.name} is too short for a firmware image")
    return found


def _broker(table: Table, directory: Path, scope: Scope) -> BrokerSettings | None:
    if "broker" not in table:
        return None
    one = table.table("broker", "listen", "certificate", "key", "wait")
    listen = _end(one, scope, "listen", 8883)
    if listen is None:
        raise one.fail("listen", "is missing: where our broker listens for the device")
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = (one.take(each, toml_file.text) for each in ("certificate", "key"))
    try:
        trusted.load_cert_chain(directory / certificate, directory / key)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        raise one.fail("certificate", f"no certificate and key in PEM there: {reason}") from None
    policy = TlsPolicy()
    stranger = certified(Authority("Somebody else"), policy, listen.address)
    wait = one.take("wait", target_fields.seconds, 75.0)
    return BrokerSettings(listen, trusted, server_context(policy, stranger), wait)


def _conformance(table: Table, directory: Path) -> Conformance:
    if "conformance" not in table:
        return Conformance()
    path = directory / table.take("conformance", toml_file.text)
    try:
        return load_conformance(path)
    except ConformanceError as error:
        raise table.fail("conformance", str(error)) from None


def _services(value: Any) -> dict[int, str]:
    wanted = 'must be TCP ports and what they serve, such as {443 = "https", 8883 = "mqtts"}'
    if not isinstance(value, dict) or not value:
        raise ValueError(wanted)
    found = {}
    for port, name in value.items():
        if not port.isdigit() or not 0 < int(port) < _MOST_PORTS or name not in _SERVICES:
            raise ValueError(f"{wanted}; services are {', '.join(_SERVICES)}")
        found[int(port)] = str(name)
    return found


def _ports(value: Any) -> tuple[int, ...]:
    """Ports and ranges of them, such as "1-1024,8080"."""
    wanted = 'must be ports and ranges of them, such as "1-1024,8080"'
    if not isinstance(value, str):
        raise ValueError(wanted)
    found: dict[int, None] = {}
    for part in value.split(","):
        first, _, last = part.strip().partition("-")
        last = last or first
        if not (first.isdigit() and last.isdigit() and 0 < int(first) <= int(last) < _MOST_PORTS):
            raise ValueError(wanted)
        found |= dict.fromkeys(range(int(first), int(last) + 1))
    return tuple(found)


def _operations(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError('must be a list such as ["GET /api/status"]')
    return [read_operation(each) for each in value]


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    fits = isinstance(value, list) and all(
        isinstance(each, list) and len(each) == 2 and all(isinstance(text, str) for text in each)
        for each in value
    )
    if not fits:
        raise ValueError('must be names and passwords, such as [["admin", "admin"]]')
    return tuple((each[0], each[1]) for each in value)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    return value
