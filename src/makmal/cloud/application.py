"""The reference cloud application: accounts, sensors with readings, imports, administration.

Everything that it does about security is a choice of its policy.
"""

from __future__ import annotations

import json
import re
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from makmal.cloud.accounts import ADMINISTRATOR, TOKEN_SECONDS, Account, Accounts
from makmal.cloud.description import SCHEMAS, description
from makmal.cloud.fetching import FetchError, fetch_readings
from makmal.cloud.policy import CloudPolicy
from makmal.cloud.validation import problem
from makmal.network import http1_streams as http1
from makmal.network.peeked_stream import PeekedStream
from makmal.network.streams import ByteStream, Connector
from makmal.network.tls_policy import certified, server_context
from makmal.network.tls_stream import TlsError, TlsStream
from makmal.network.world import Listening
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage
from makmal.security.laboratory_authority import Authority
from makmal.trace.frame import Endpoint

_DEFAULT_PAGE = 20
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TLS_HANDSHAKE = 0x16


@dataclass(slots=True)
class Sensor:
    """Somebody's sensor."""

    identifier: str
    owner: str
    properties: dict[str, Any]
    readings: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As it is shown."""
        return {"id": self.identifier, **self.properties}


class Refused(Exception):  # noqa: N818 - an answer, no error of ours
    """A request that is answered with an error."""

    def __init__(self, status: int, title: str, *headers: tuple[str, str]) -> None:
        super().__init__(title)
        self.status, self.title, self.headers = status, title, headers


@dataclass(slots=True)
class _Call:
    """One request as the operations see it."""

    message: HttpMessage
    path: str
    query: dict[str, str]
    client: str
    account: Account | None = None
    is_old_version: bool = False

    @property
    def name(self) -> str:
        return "" if self.account is None else self.account.name


_Operation = Callable[["Application", _Call, str], Awaitable[HttpMessage]]


class Application:
    """Served on streams by ``start``. ``now`` gives seconds; ``permitted`` are the ends that
    imports may come from.
    """

    def __init__(
        self,
        connector: Connector,
        local: Endpoint,
        policy: CloudPolicy | None = None,
        authority: Authority | None = None,
        permitted: frozenset[Endpoint] = frozenset(),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.policy = policy or CloudPolicy()
        self.local, self._connector, self._permitted, self._now = local, connector, permitted, now
        self.authority = authority or Authority()
        self.accounts = Accounts(self.policy, now)
        self.sensors: dict[str, Sensor] = {}
        self._requests: dict[str, list[float]] = {}
        self._new_accounts: dict[str, list[float]] = {}
        certificate = certified(
            self.authority, self.policy.tls, local.address, "localhost", now=now()
        )
        self._tls = server_context(self.policy.tls, certificate)
        self._listening: Listening | None = None

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._listening = await self._connector.listen(self.local, self._serve)

    def stop(self) -> None:
        """Listen no longer."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def _serve(self, stream: ByteStream) -> None:
        limits = http1.ServerLimits(self.policy.most_body, self.policy.request_seconds)
        first = await PeekedStream.of(stream)
        served: ByteStream = first
        try:
            if not (self.policy.serves_clear_text and first.begins_otherwise(_TLS_HANDSHAKE)):
                protected = TlsStream(first, self._tls, server_side=True)
                await protected.handshake()
                served = protected
            await http1.serve(served, self.answer, limits, self._bare)
        except (TlsError, ConnectionError):
            return
        finally:
            stream.close()

    async def answer(self, message: HttpMessage, client: Endpoint) -> HttpMessage:
        """One request."""
        try:
            answer = await self._answered(message, client)
        except Refused as refused:
            answer = self._problem(refused.status, refused.title, *refused.headers)
        except Exception as error:  # a service answers, whatever breaks in it
            if self.policy.shows_errors:
                text = "".join(traceback.format_exception(error))
                plain = ("Content-Type", "text/plain")
                answer = http1.response(500, text.encode("utf-8", "replace"), plain)
            else:
                answer = self._problem(500, "something went wrong")
        answer.headers += self._headers(message)
        return answer

    async def _answered(self, message: HttpMessage, client: Endpoint) -> HttpMessage:
        policy = self.policy
        self._count(client.address)
        if message.method == "TRACE" and policy.answers_trace:
            lines = "".join(f"{name}: {value}\r\n" for name, value in message.headers)
            content = ("Content-Type", "message/http")
            return http1.response(200, lines.encode("latin-1"), content)
        target = urlsplit(message.path or "/")
        call = _Call(message, target.path, dict(parse_qsl(target.query)), client.address)
        if policy.old_version_alive and call.path.startswith("/v0/"):
            call.path, call.is_old_version = f"/v1/{call.path[4:]}", True
        if policy.debugging_path_alive and call.path == "/debug/vars":
            return _json(
                200, {"accounts": list(self.accounts.by_name), "sensors": len(self.sensors)}
            )
        allowed = []
        for method, pattern, public, operation in _ROUTES:
            match = re.fullmatch(pattern, call.path)
            if match is None:
                continue
            if method != message.method:
                allowed.append(method)
                continue
            if not public:
                self._authenticate(call)
            return await operation(self, call, match[1] if match.groups() else "")
        if allowed:
            raise Refused(405, "this method is not there", ("Allow", ", ".join(allowed)))
        raise Refused(404, "there is nothing here")

    # Who, and how much.

    def _count(self, client: str) -> None:
        most, window = self.policy.most_requests, self.policy.request_window
        if most is None:
            return
        since = self._now() - window
        recent = [each for each in self._requests.get(client, ()) if each > since]
        if len(recent) >= most:
            self._requests[client] = recent
            wait = max(int(recent[0] - since) + 1, 1)
            raise Refused(429, "too many requests", ("Retry-After", str(wait)))
        self._requests[client] = [*recent, self._now()]

    def _authenticate(self, call: _Call) -> None:
        token = call.message.bearer_token
        call.account = None if token is None else self.accounts.of_token(token)
        if call.account is None and self.policy.needs_token and not call.is_old_version:
            raise Refused(401, "log in first", ("WWW-Authenticate", "Bearer"))

    def _body(self, call: _Call, schema: str) -> dict[str, Any]:
        if call.message.content_type.partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "send application/json")
        try:
            value = call.message.json().value
        except DecodeError:
            raise Refused(400, "this is no JSON") from None
        policy = self.policy
        if not policy.survives_any_type and not isinstance(value, dict):
            return dict(value)
        if not policy.validates_bodies and isinstance(value, dict):
            return dict.fromkeys(SCHEMAS[schema]["properties"], "") | value
        unknown = not policy.rejects_unknown_properties or policy.ignores_unknown_properties
        wrong = problem(value, SCHEMAS[schema], unknown_allowed=unknown)
        if wrong is not None:
            raise Refused(422, f"the body {wrong}")
        if policy.ignores_unknown_properties:
            return {key: value[key] for key in SCHEMAS[schema]["properties"] if key in value}
        return dict(value)

    def _page(self, call: _Call) -> int:
        text = call.query.get("limit", str(_DEFAULT_PAGE))
        longest = self.policy.longest_page
        if not self.policy.validates_parameters:
            # As lenient as C's atoi.
            found = re.match(r"\d+", text)
            return int(found[0]) if found else _DEFAULT_PAGE
        if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= 1):
            raise Refused(422, "limit is not a number from 1 on")
        if longest is not None and int(text) > longest:
            if self.policy.clamps_pages:
                return longest
            raise Refused(422, f"limit is more than {longest}")
        return int(text)

    def _sensor(self, call: _Call, identifier: str, *, changes: bool) -> Sensor:
        sensor = self.sensors.get(identifier)
        if sensor is None:
            raise Refused(404, "there is no such sensor")
        policy = self.policy
        checks = policy.checks_owner_on_change if changes else policy.checks_owner_on_reading
        is_known = call.account is not None or policy.needs_token
        if checks and is_known and not call.is_old_version and sensor.owner != call.name:
            status = 404 if policy.hides_existence else 403
            raise Refused(status, "there is no such sensor" if status == 404 else "not yours")
        return sensor

    def _administrator(self, call: _Call, *, changes: bool) -> None:
        policy = self.policy
        checks = policy.checks_role_on_change if changes else policy.checks_role_on_reading
        if checks and (call.account is None or call.account.role != ADMINISTRATOR):
            raise Refused(403, "this is for administrators")

    # Operations.

    async def describe(self, call: _Call, unused: str) -> HttpMessage:
        """GET /openapi.json."""
        return _json(200, description(self.policy.name))

    async def create_account(self, call: _Call, unused: str) -> HttpMessage:
        """POST /v1/accounts."""
        most = self.policy.most_new_accounts
        since = self._now() - 60
        recent = [each for each in self._new_accounts.get(call.client, ()) if each > since]
        if most is not None and len(recent) >= most:
            raise Refused(429, "too many new accounts", ("Retry-After", "60"))
        body = self._body(call, "Credentials")
        name, password = str(body["name"]), str(body["password"])
        if not self.accounts.accepts(password):
            raise Refused(422, "choose a longer password that is not a common one")
        if name in self.accounts.by_name:
            raise Refused(409, "choose another name")
        self._new_accounts[call.client] = [*recent, self._now()]
        self.accounts.create(name, password)
        return _json(201, {"name": name})

    async def log_in(self, call: _Call, unused: str) -> HttpMessage:
        """POST /v1/sessions."""
        body = self._body(call, "Credentials")
        name, password = str(body["name"]), str(body["password"])
        pause = self.accounts.pause(name)
        if pause > 0:
            raise Refused(429, "too many attempts", ("Retry-After", str(int(pause) + 1)))
        token = self.accounts.log_in(name, password)
        if token is None:
            known = name in self.accounts.by_name
            if not known and not self.policy.same_answer_to_unknown_name:
                raise Refused(404, "there is no such account")
            raise Refused(401, "name or password are wrong")
        return _json(201, {"token": token, "expires_in": TOKEN_SECONDS})

    async def log_out(self, call: _Call, unused: str) -> HttpMessage:
        """DELETE /v1/sessions."""
        self.accounts.end(call.message.bearer_token or "")
        return http1.response(204)

    async def read_account(self, call: _Call, unused: str) -> HttpMessage:
        """GET /v1/account."""
        return _json(200, self._account_document(call))

    async def change_account(self, call: _Call, unused: str) -> HttpMessage:
        """PATCH /v1/account."""
        body = self._body(call, "AccountChange")
        if call.account is not None:
            call.account.display_name = str(body.get("display_name", call.account.display_name))
            if self.policy.role_can_be_set and body.get("role") in (ADMINISTRATOR, "user"):
                call.account.role = str(body["role"])
        return _json(200, self._account_document(call))

    def _account_document(self, call: _Call) -> dict[str, Any]:
        account = call.account
        if account is None:
            return {}
        found = {
            "name": account.name,
            "display_name": account.display_name,
            "role": account.role,
        }
        if self.policy.shows_password_hash:
            found["password_hash"] = account.password_hash.hex()
        return found

    async def list_sensors(self, call: _Call, unused: str) -> HttpMessage:
        """GET /v1/sensors."""
        mine = [each for each in self.sensors.values() if each.owner == call.name]
        return _json(200, {"sensors": [each.document() for each in mine[: self._page(call)]]})

    async def create_sensor(self, call: _Call, unused: str) -> HttpMessage:
        """POST /v1/sensors."""
        body = self._body(call, "Sensor")
        sensor = Sensor(str(uuid.uuid4()), call.name, body)
        self.sensors[sensor.identifier] = sensor
        where = ("Location", f"/v1/sensors/{sensor.identifier}")
        return _json(201, sensor.document(), where)

    async def read_sensor(self, call: _Call, identifier: str) -> HttpMessage:
        """GET /v1/sensors/{sensor}."""
        return _json(200, self._sensor(call, identifier, changes=False).document())

    async def change_sensor(self, call: _Call, identifier: str) -> HttpMessage:
        """PUT /v1/sensors/{sensor}."""
        sensor = self._sensor(call, identifier, changes=True)
        sensor.properties = self._body(call, "Sensor")
        return _json(200, sensor.document())

    async def remove_sensor(self, call: _Call, identifier: str) -> HttpMessage:
        """DELETE /v1/sensors/{sensor}."""
        self._sensor(call, identifier, changes=True)
        del self.sensors[identifier]
        return http1.response(204)

    async def list_readings(self, call: _Call, identifier: str) -> HttpMessage:
        """GET /v1/sensors/{sensor}/readings."""
        sensor = self._sensor(call, identifier, changes=False)
        return _json(200, {"readings": sensor.readings[-self._page(call) :]})

    async def add_reading(self, call: _Call, identifier: str) -> HttpMessage:
        """POST /v1/sensors/{sensor}/readings."""
        sensor = self._sensor(call, identifier, changes=True)
        body = self._body(call, "Reading")
        sensor.readings = [*sensor.readings[-999:], body]
        return _json(201, body)

    async def import_readings(self, call: _Call, unused: str) -> HttpMessage:
        """POST /v1/imports."""
        url = str(self._body(call, "Import")["url"])
        try:
            found = await fetch_readings(url, self._permitted, self.policy, self._connector)
        except FetchError as error:
            raise Refused(422 if error.refused else 502, str(error)) from None
        return _json(200, {"readings": found})

    async def list_accounts(self, call: _Call, unused: str) -> HttpMessage:
        """GET /v1/administration/accounts."""
        self._administrator(call, changes=False)
        return _json(200, {"accounts": sorted(self.accounts.by_name)})

    async def remove_account(self, call: _Call, name: str) -> HttpMessage:
        """DELETE /v1/administration/accounts/{account}."""
        self._administrator(call, changes=True)
        if self.accounts.by_name.pop(name, None) is None:
            raise Refused(404, "there is no such account")
        return http1.response(204)

    # Answers.

    def _bare(self, status: int) -> HttpMessage:
        answer = self._problem(status, "this request is not taken")
        answer.headers += (*self._headers(None), ("Connection", "close"))
        return answer

    def _problem(self, status: int, title: str, *headers: tuple[str, str]) -> HttpMessage:
        body = json.dumps({"title": title, "status": status}).encode()
        content = ("Content-Type", "application/problem+json")
        return http1.response(status, body, content, *headers)

    def _headers(self, message: HttpMessage | None) -> tuple[tuple[str, str], ...]:
        policy = self.policy
        found = []
        if policy.strict_transport_security:
            found.append(("Strict-Transport-Security", "max-age=31536000"))
        if policy.content_type_options:
            found.append(("X-Content-Type-Options", "nosniff"))
        if policy.frame_options:
            found.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
        if policy.no_store:
            found.append(("Cache-Control", "no-store"))
        if policy.shows_server_version:
            found.append(("Server", "sensors/1.0.3 Python/3.11.7"))
        origin = None if message is None else message.header("origin")
        if origin is not None and policy.allows_any_origin:
            found.append(("Access-Control-Allow-Origin", origin))
            found.append(("Access-Control-Allow-Credentials", "true"))
        return tuple(found)


def _json(status: int, document: Any, *headers: tuple[str, str]) -> HttpMessage:
    body = json.dumps(document).encode()
    return http1.response(status, body, ("Content-Type", "application/json"), *headers)


_SENSORS, _ACCOUNTS = "/v1/sensors", "/v1/administration/accounts"
# Method, path, whether it needs no token, operation.
_ROUTES: tuple[tuple[str, str, bool, _Operation], ...] = (
    ("GET", "/openapi.json", True, Application.describe),
    ("POST", "/v1/accounts", True, Application.create_account),
    ("POST", "/v1/sessions", True, Application.log_in),
    ("DELETE", "/v1/sessions", False, Application.log_out),
    ("GET", "/v1/account", False, Application.read_account),
    ("PATCH", "/v1/account", False, Application.change_account),
    ("GET", _SENSORS, False, Application.list_sensors),
    ("POST", _SENSORS, False, Application.create_sensor),
    ("GET", f"{_SENSORS}/({_UUID})", False, Application.read_sensor),
    ("PUT", f"{_SENSORS}/({_UUID})", False, Application.change_sensor),
    ("DELETE", f"{_SENSORS}/({_UUID})", False, Application.remove_sensor),
    ("GET", f"{_SENSORS}/({_UUID})/readings", False, Application.list_readings),
    ("POST", f"{_SENSORS}/({_UUID})/readings", False, Application.add_reading),
    ("POST", "/v1/imports", False, Application.import_readings),
    ("GET", _ACCOUNTS, False, Application.list_accounts),
    ("DELETE", f"{_ACCOUNTS}/([^/]+)", False, Application.remove_account),
)
