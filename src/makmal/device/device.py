"""The reference IoT device: web page, MQTT, signed updates, factory reset.

Everything that it does about security is a choice of its policy.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from makmal.device import local_broker
from makmal.device.firmware import FirmwareError, verified
from makmal.device.policy import DevicePolicy
from makmal.device.telemetry import Telemetry
from makmal.network import http1_streams as http1
from makmal.network.streams import ByteStream, Connector
from makmal.network.tls_policy import certified, server_context
from makmal.network.tls_stream import TlsError, TlsStream
from makmal.network.world import Listening
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage
from makmal.security.laboratory_authority import Authority
from makmal.trace.frame import Endpoint

HTTPS, HTTP, MQTTS, DEBUG, SPARE = 443, 80, 8883, 23, 9100
USER = "owner"
_PAGE = b"<!DOCTYPE html><title>Room sensor</title><form><input type=password name=password></form>"
_MODEL, _SERIAL = "Room sensor RS-1", "RS1-4711-0815"
_LEAST_PASSWORD, _LONGEST_TEXT = 10, 64
_MOST_IMAGE = 1 << 20


@dataclass(slots=True)
class Memory:
    """What a factory reset erases."""

    password: str | None = None
    name: str = "Room sensor"
    broker: Endpoint | None = None
    notes: str = ""
    tokens: set[str] = field(default_factory=set)
    failures: list[float] = field(default_factory=list)


class _Refused(Exception):  # noqa: N818 - an answer, no error of ours
    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title


class Device:
    """``broker_authority`` is whose certificates brokers must have, ``manufacturer`` whose firmware
    it takes, ``broker_password`` its own secret at brokers. ``ports`` are where it listens.
    """

    def __init__(
        self,
        connector: Connector,
        address: str,
        manufacturer: Ed25519PublicKey,
        broker_authority: Authority,
        policy: DevicePolicy | None = None,
        authority: Authority | None = None,
        now: Callable[[], float] = time.time,
        ports: dict[int, int] | None = None,
    ) -> None:
        self.policy = policy or DevicePolicy()
        self.address, self._connector, self._now = address, connector, now
        self._manufacturer, self._ports = manufacturer, ports or {}
        self.memory = Memory()
        self.version = "1.4.2"
        self._telemetry = Telemetry(
            connector, self.policy, broker_authority.pem, "broker secret 9c21", self.reading
        )
        certificate = certified(
            authority or Authority(), self.policy.tls, address, "localhost", now=now()
        )
        self._tls = server_context(self.policy.tls, certificate)
        self._listening: list[Listening] = []
        self._task: asyncio.Task[None] | None = None

    # Life.

    async def start(self) -> None:
        """Listen, and begin to send telemetry. Raises OSError."""
        web = self._in_tls(self._web)
        mine: list[tuple[int, Callable[[ByteStream], Coroutine[Any, Any, None]]]] = [(HTTPS, web)]
        mine.append((MQTTS, self._in_tls(self._mqtt)))
        if self.policy.serves_clear_text:
            mine.append((HTTP, self._web))
        if self.policy.debug_port_open:
            mine.append((DEBUG, self._debug))
        if self.policy.spare_port_open:
            mine.append((SPARE, self._web))
        for port, serve in mine:
            local = Endpoint(self.address, self._ports.get(port, port))
            self._listening.append(await self._connector.listen(local, serve))
        self._task = asyncio.get_running_loop().create_task(self._telemetry.run())

    async def stop(self) -> None:
        """Power off."""
        for each in self._listening:
            each.close()
        self._listening.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def set_up(self, password: str, broker: Endpoint | None = None) -> None:
        """What its owner does first."""
        self.memory.password = password
        if broker is not None:
            self._use_broker(broker)

    def _use_broker(self, broker: Endpoint) -> None:
        self.memory.broker = broker
        self._telemetry.send_to(broker)

    def reading(self) -> dict[str, Any]:
        """What telemetry tells: with whose room it is, personal data."""
        return {"name": self.memory.name, "temperature": 21.5, "occupied": True}

    # Who.

    def admits(self, user: str, password: str) -> bool:
        """Whether name and password are right, of attempts that are not too many."""
        if self.policy.has_universal_password and (user, password) == ("admin", "admin"):
            return True
        most = self.policy.most_failed_logins
        if most is not None and self._pause() > 0:
            return False
        known = self.memory.password
        right = (
            user == USER
            and known is not None
            and hmac.compare_digest(known.encode(), password.encode("utf-8", "replace"))
        )
        if not right:
            self.memory.failures.append(self._now())
        else:
            self.memory.failures.clear()
        return right

    def _pause(self) -> float:
        most = self.policy.most_failed_logins
        since = self._now() - self.policy.login_pause
        recent = [each for each in self.memory.failures if each > since]
        self.memory.failures = recent
        if most is None or len(recent) < most:
            return 0.0
        return recent[-most] - since

    def state(self) -> dict[str, Any]:
        """What may be read by MQTT."""
        return {**self.reading(), "version": self.version}

    def command(self, content: bytes) -> None:
        """A command by MQTT. Raises ValueError."""
        document = json.loads(content)
        if isinstance(document, dict) and isinstance(document.get("name"), str):
            self.memory.name = document["name"][:_LONGEST_TEXT]

    # Streams.

    def _in_tls(
        self, serve: Callable[[ByteStream], Coroutine[Any, Any, None]]
    ) -> Callable[[ByteStream], Coroutine[Any, Any, None]]:
        async def served(stream: ByteStream) -> None:
            protected = TlsStream(stream, self._tls, server_side=True)
            try:
                await protected.handshake()
                await serve(protected)
            except (TlsError, ConnectionError, TimeoutError):
                return
            finally:
                stream.close()

        return served

    async def _web(self, stream: ByteStream) -> None:
        limits = http1.ServerLimits(_MOST_IMAGE, 10.0)
        try:
            await http1.serve(stream, self._answer, limits, lambda code: self._problem(code, "no"))
        except ConnectionError:
            return
        finally:
            stream.close()

    async def _mqtt(self, stream: ByteStream) -> None:
        await local_broker.serve(stream, self, lambda: self.policy.broker_needs_login)

    async def _debug(self, stream: ByteStream) -> None:
        """A shell that somebody has left in."""
        try:
            await stream.write(b"BusyBox v1.31.0 built-in shell\r\n# ")
            while octets := await stream.read():
                if b"cat" in octets:
                    secrets = f"owner password: {self.memory.password}\r\n# "
                    await stream.write(secrets.encode())
                else:
                    await stream.write(b"# ")
        except ConnectionError:
            return
        finally:
            stream.close()

    # The web page.

    async def _answer(self, message: HttpMessage, client: Endpoint) -> HttpMessage:
        try:
            answer = self._operation(message)
        except _Refused as refused:
            answer = self._problem(refused.status, refused.title)
        if self.policy.discloses_itself:
            answer.headers += (("Server", f"RoomSensor/{self.version} ({_SERIAL})"),)
        answer.headers += (
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
            ("Cache-Control", "no-store"),
        )
        return answer

    def _operation(self, message: HttpMessage) -> HttpMessage:
        policy = self.policy
        if not policy.works_without_network and not self._telemetry.is_connected:
            raise _Refused(503, "waiting for the cloud")
        path = (message.path or "").partition("?")[0]
        what = f"{message.method} {path}"
        if what == "GET /":
            return http1.response(200, _PAGE, ("Content-Type", "text/html"))
        if what == "POST /api/setup":
            return self._set_up(message)
        if what == "POST /api/login":
            return self._log_in(message)
        free = (
            (what == "GET /api/status" and not policy.status_needs_login)
            or (what in ("PUT /api/settings", "POST /api/reset") and not policy.settings_need_login)
            or (what == "POST /api/update" and not policy.update_needs_login)
        )
        if not free:
            self._authenticate(message)
        known = {
            "GET /api/status": self._status,
            "GET /api/settings": self._settings,
            "PUT /api/settings": self._change_settings,
            "PUT /api/password": self._change_password,
            "GET /api/notes": self._notes,
            "PUT /api/notes": self._change_notes,
            "GET /api/update": self._firmware,
            "POST /api/update": self._update,
            "POST /api/reset": self._reset,
        }
        if what not in known:
            raise _Refused(404, "there is nothing here")
        return known[what](message)

    def _authenticate(self, message: HttpMessage) -> None:
        if message.bearer_token not in self.memory.tokens:
            raise _Refused(401, "log in first")

    def _texts(self, message: HttpMessage, *names: str) -> list[str]:
        try:
            document = message.json().value
        except DecodeError:
            raise _Refused(400, "this is no JSON") from None
        if not self.policy.validates_input:
            try:
                return [document[name][:100_000] for name in names]
            except (TypeError, KeyError):
                raise _Refused(500, f"cannot use {document!r}"[:400]) from None
        values = [document.get(name) for name in names] if isinstance(document, dict) else [None]
        for value in values:
            if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
                raise _Refused(422, f"send the texts {', '.join(names)}")
        return [str(each) for each in values]

    def _set_up(self, message: HttpMessage) -> HttpMessage:
        if self.memory.password is not None:
            raise _Refused(403, "it was set up already")
        password = self._texts(message, "password")[0]
        if len(password) < _LEAST_PASSWORD:
            raise _Refused(422, "choose a longer password")
        self.memory.password = password
        return _json(201, {"user": USER})

    def _log_in(self, message: HttpMessage) -> HttpMessage:
        user, password = self._texts(message, "user", "password")
        pause = self._pause()
        if pause > 0:
            answer = self._problem(429, "too many attempts")
            answer.headers += (("Retry-After", str(int(pause) + 1)),)
            return answer
        if not self.admits(user, password):
            raise _Refused(401, "name or password are wrong")
        token = os.urandom(16).hex()
        self.memory.tokens.add(token)
        return _json(201, {"token": token})

    def _status(self, message: HttpMessage) -> HttpMessage:
        return _json(200, {**self.reading(), "model": _MODEL, "serial": _SERIAL})

    def _settings(self, message: HttpMessage) -> HttpMessage:
        broker = self.memory.broker
        text = "" if broker is None else f"{broker.address}:{broker.port}"
        return _json(200, {"name": self.memory.name, "broker": text})

    def _change_settings(self, message: HttpMessage) -> HttpMessage:
        name, broker = self._texts(message, "name", "broker")
        address, _, port = broker.rpartition(":")
        try:
            end = Endpoint(str(ip_address(address)), int(port))
        except ValueError:
            if self.policy.validates_input:
                raise _Refused(422, "broker is ADDRESS:PORT") from None
            raise _Refused(500, f"ValueError: {broker}"[:400]) from None
        self.memory.name = name
        self._use_broker(end)
        return self._settings(message)

    def _change_password(self, message: HttpMessage) -> HttpMessage:
        old, new = self._texts(message, "old", "new")
        if not self.policy.password_can_be_changed:
            raise _Refused(501, "not in this version")
        if not self.admits(USER, old):
            raise _Refused(403, "the old password is wrong")
        if len(new) < _LEAST_PASSWORD:
            raise _Refused(422, "choose a longer password")
        if self.policy.forgets_old_password:
            self.memory.password = new
        return http1.response(204)

    def _notes(self, message: HttpMessage) -> HttpMessage:
        return _json(200, {"notes": self.memory.notes})

    def _change_notes(self, message: HttpMessage) -> HttpMessage:
        self.memory.notes = self._texts(message, "notes")[0]
        return self._notes(message)

    def _firmware(self, message: HttpMessage) -> HttpMessage:
        return _json(200, {"version": self.version})

    def _update(self, message: HttpMessage) -> HttpMessage:
        policy = self.policy
        if not policy.can_be_updated:
            raise _Refused(501, "not in this version")
        try:
            firmware = verified(
                message.body,
                self._manufacturer,
                integrity=policy.verifies_integrity,
                signer=policy.verifies_signer,
            )
        except FirmwareError as error:
            raise _Refused(422, str(error)) from None
        self.version = firmware.version
        return self._firmware(message)

    def _reset(self, message: HttpMessage) -> HttpMessage:
        kept = self.memory
        self.memory = Memory()
        self._telemetry.to = None
        if not self.policy.reset_erases_data:
            self.memory.notes, self.memory.name = kept.notes, kept.name
        return http1.response(204)

    def _problem(self, status: int, title: str) -> HttpMessage:
        body = json.dumps({"title": title}).encode()
        return http1.response(status, body, ("Content-Type", "application/problem+json"))


def _json(status: int, document: Any) -> HttpMessage:
    content = ("Content-Type", "application/json")
    return http1.response(status, json.dumps(document).encode(), content)
