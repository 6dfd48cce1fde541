"""The reference application and device as products on sockets, with the target files for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from makmal.bench.application.embedded import LOGIN_BODY, USERS, populate
from makmal.bench.device import embedded as device_parts
from makmal.bench.device.conformance import Conformance
from makmal.cloud import Application, CloudPolicy
from makmal.cloud import faults as cloud
from makmal.cloud.description import description
from makmal.device import Device, DevicePolicy
from makmal.device import device as ports
from makmal.device import faults as iot
from makmal.network.faults.fault import Fault
from makmal.network.streams import Connector
from makmal.network.tls_policy import TlsPolicy, certified
from makmal.security.laboratory_authority import Authority
from makmal.trace.frame import Endpoint
from makmal.trace.toml_file import nearest, quoted

Policy = TypeVar("Policy")
_APPLICATION_PORT, _PERMITTED_PORT, _FORBIDDEN_PORT = 8443, 18081, 18082
_DEVICE_PORTS = {ports.HTTPS: 9443, ports.MQTTS: 9883, ports.HTTP: 9080, ports.DEBUG: 2323}
_BROKER_PORT = 9884


def _with(policy: Policy, names: Iterable[str], faults: Sequence[Fault]) -> Policy:
    known = {each.name: each for each in faults}
    for name in names:
        if name not in known:
            instead = nearest(name, known, "the weaknesses are")
            raise ValueError(f"there is no weakness {name}; {instead}")
        policy = known[name].apply(policy)
    return policy


@asynccontextmanager
async def serve_application(
    connector: Connector, address: str, faults: Iterable[str]
) -> AsyncIterator[str]:
    """The application, with weaknesses if wanted; where it is. Raises ValueError, OSError."""
    policy = _with(CloudPolicy(), faults, cloud.FAULTS)
    local = Endpoint(address, _APPLICATION_PORT)
    permitted = frozenset({Endpoint(address, _PERMITTED_PORT)})
    application = Application(connector, local, policy, Authority(), permitted)
    populate(application)
    await application.start()
    try:
        yield f"https://{address}:{_APPLICATION_PORT}"
    finally:
        application.stop()


@asynccontextmanager
async def serve_device(
    connector: Connector, address: str, faults: Iterable[str]
) -> AsyncIterator[str]:
    """The device, set up, with weaknesses if wanted; where it is. Raises ValueError, OSError."""
    # It tries its broker again soon enough for an evaluation not to take all day.
    policy = _with(DevicePolicy(longest_retry=15.0), faults, iot.FAULTS)
    manufacturer = device_parts.manufacturer().public_key()
    authority = device_parts.broker_authority()
    device = Device(
        connector, address, manufacturer, authority, policy, Authority(), ports=_DEVICE_PORTS
    )
    device.set_up(device_parts.PASSWORD, Endpoint(address, _BROKER_PORT))
    await device.start()
    try:
        yield f"https://{address}:{_DEVICE_PORTS[ports.HTTPS]}"
    finally:
        await device.stop()


def write_application(directory: Path, address: str) -> Path:
    """The target file of the application and its OpenAPI file. Raises OSError."""
    text = json.dumps(description("sensors"), indent=2) + "\n"
    (directory / "cloud-openapi.json").write_text(text, "utf-8")
    users = "\n".join(
        f"{role} = {{ name = {quoted(user.name)}, password = {quoted(user.password)} }}"
        for role, user in USERS.items()
    )
    body = ", ".join(f"{key} = {quoted(value)}" for key, value in LOGIN_BODY.items())
    path = directory / "cloud.toml"
    path.write_text(
        f"""# The reference application, as makmal serve runs it. docs/cloud.md has every field.

[product]
name = "sensors"
vendor = "Makmal"
version = "0.1.0"
class = "application"

[application]
address = "https://{address}:{_APPLICATION_PORT}"
openapi = "cloud-openapi.json"
authentication = "bearer"
logout = "DELETE /v1/sessions"
largest_body = 131072

[application.users]
{users}

[application.login]
operation = "POST /v1/sessions"
body = {{ {body} }}
token = "/token"

[application.registration]
operation = "POST /v1/accounts"
body = {{ {body} }}

[application.fetching]
operation = "POST /v1/imports"
property = "url"
permitted = "{address}:{_PERMITTED_PORT}"
forbidden = "{address}:{_FORBIDDEN_PORT}"
content = "[20.5, 21.0]"

[scope]
networks = ["127.0.0.0/8"]
""",
        "utf-8",
    )
    return path


def write_device(directory: Path, address: str) -> Path:
    """The target file of the device and what belongs to it. Raises OSError."""
    good, foreign = device_parts.images()
    (directory / "room-sensor.img").write_bytes(good)
    (directory / "room-sensor-foreign.img").write_bytes(foreign)
    broker = certified(device_parts.broker_authority(), TlsPolicy(), address)
    (directory / "broker.pem").write_bytes(broker.chain_pem)
    (directory / "broker.key").write_bytes(broker.key_pem)
    text = statement_text(device_parts.statement())
    (directory / "conformance.toml").write_text(text, "utf-8")
    https, mqtts = _DEVICE_PORTS[ports.HTTPS], _DEVICE_PORTS[ports.MQTTS]
    end = f"{address}:{_BROKER_PORT}"
    path = directory / "device.toml"
    path.write_text(
        f"""# The reference device, as makmal serve device runs it. docs/device.md has every field.

[product]
name = "Room sensor RS-1"
vendor = "Makmal"
version = "1.4.2"
class = "device"

[device]
address = "https://{address}:{https}"
services = {{ {https} = "https", {mqtts} = "mqtts" }}
scan = "1-100,1883,2323,5555,8080,8883,9080-9100,9443,9883"
functions = ["GET /api/status", "GET /api/notes", "GET /api/settings"]
mqtt = "{address}:{mqtts}"
revealing = ["RS1-4711-0815", "1.4.2"]
conformance = "conformance.toml"
changes = [
    {{ operation = "PUT /api/settings", body = {{ name = "Room sensor", broker = "{end}" }} }},
]

[device.user]
name = {quoted(ports.USER)}
password = {quoted(device_parts.PASSWORD)}

[device.login]
operation = "POST /api/login"
body = {{ user = "{{name}}", password = "{{password}}" }}
token = "/token"

[device.password_change]
operation = "PUT /api/password"
body = {{ old = "{{old}}", new = "{{new}}" }}

[device.setup]
operation = "POST /api/setup"
body = {{ password = "{{password}}" }}

[device.reset]
operation = "POST /api/reset"

[device.data.write]
operation = "PUT /api/notes"
body = {{ notes = "{{text}}" }}

[device.data.read]
operation = "GET /api/notes"

[device.update]
operation = "POST /api/update"
version = "GET /api/update"
image = "room-sensor.img"
foreign_image = "room-sensor-foreign.img"

[device.broker]
listen = "{end}"
certificate = "broker.pem"
key = "broker.key"
wait = 30

[scope]
networks = ["127.0.0.0/8"]
""",
        "utf-8",
    )
    return path


def statement_text(statement: Conformance) -> str:
    """A conformance statement as its file has it."""
    lines = ["[statement]", f"by = {quoted(statement.by)}", f"date = {quoted(statement.date)}"]
    for identity, entry in statement.entries.items():
        lines += [
            "",
            f'[provision."{identity}"]',
            f"support = {quoted(entry.support)}",
            f"detail = {quoted(entry.detail)}",
            f"evidence = {quoted(entry.evidence)}",
            f"justification = {quoted(entry.justification)}",
        ]
    return "\n".join(lines) + "\n"
