"""The bench of one test case on an application, as procedures drive it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from makmal.bench.application.bodies import filled, identifier, pointed
from makmal.bench.application.examples import example
from makmal.bench.application.offering import client_context, offer
from makmal.bench.application.openapi import Operation
from makmal.bench.application.schema_inputs import Input, inputs
from makmal.bench.application.settings import ADMINISTRATOR, FIRST, ApplicationSettings, Login
from makmal.bench.not_done import NotDoneError
from makmal.network.http1_streams import Http1Client, ServerLimits, request, response, serve
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.streams import ByteStream
from makmal.network.world import Listening, UnreachableError
from makmal.protocol import tls
from makmal.protocol.sbi import HttpMessage
from makmal.testcases.reading import PREPARATION
from makmal.trace.frame import Endpoint
from makmal.trace.trace import NOT_DONE

_TOO_MANY, _MOST_PATIENCE, _MOST_TRIES = 429, 70.0, 4
_READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_IDLE = 2.0


class ApplicationBench:
    """Opened for one test case. ``now_ns`` gives the time of the trace."""

    def __init__(
        self,
        tap: StreamTap,
        recorder: Recorder,
        now_ns: Callable[[], int],
        settings: ApplicationSettings,
        features: frozenset[str] = frozenset(),
        answer_seconds: float = 5.0,
    ) -> None:
        self.tap, self.recorder, self.settings = tap, recorder, settings
        self.failures: list[BaseException] = []
        self.listened: list[Listening] = []
        self._now, self._features, self.seconds = now_ns, features, answer_seconds
        self._client: Http1Client | None = None
        self._tokens: dict[str, str] = {}
        self._objects: dict[str, str | None] = {}
        self._sent, self._used = 0, 0.0

    # What a campaign needs.

    @property
    def world(self) -> ApplicationBench:
        """Where it runs."""
        return self

    @property
    def lost_associations(self) -> tuple[str, ...]:
        """There are none on HTTP: a server may close a connection when it likes."""
        return ()

    async def probe(self) -> str | None:
        """None when the application takes a connection and answers on it; else what it does."""
        try:
            await self.request("GET", "/", patient=False)
        except UnreachableError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Let go of the application, and listen no longer."""
        if self._client is not None:
            self._client.close()
        for each in self.listened:
            each.close()
        self.tap.close()

    # Steps.

    def has(self, feature: str) -> bool:
        """Whether the product declares a feature."""
        return feature in self._features

    def mark(self, name: str) -> None:
        """A step begins."""
        self.recorder.step(self._now(), name)

    def not_done(self, reason: str) -> None:
        """Put into the trace what could not be done, and why."""
        self.mark(NOT_DONE + reason)

    @contextmanager
    def variant(self, name: str) -> Iterator[None]:
        """One variant of the test case. What keeps it from being run goes into the trace."""
        self.mark(name)
        try:
            yield
        except (NotDoneError, UnreachableError) as error:
            self.not_done(f"{name}: {error}")

    def preparing(self, name: str) -> None:
        """What comes now belongs to no variant."""
        self.mark(f"{PREPARATION}{name}")

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    # Requests.

    async def request(
        self,
        method: str,
        path: str,
        user: str | None = None,
        *,
        document: Any = None,
        body: bytes | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        token: str | None = None,
        patient: bool = True,
        seconds: float | None = None,
    ) -> HttpMessage:
        """One request and its response. ``user`` logs in first; ``token`` is used as it is.

        A patient one waits and asks again where too many requests are refused. Raises
        UnreachableError, NotDoneError.
        """
        if user is not None:
            token = await self.token(user)
        if body is None:
            body = b"" if document is None else json.dumps(document).encode()
        fixed = self._authorised(token) + headers
        if body and not any(name.lower() == "content-type" for name, _ in headers):
            fixed += (("Content-Type", "application/json"),)
        where = f"{self.settings.prefix}{path}"
        tries = _MOST_TRIES if patient else 1
        for left in reversed(range(tries)):
            message = request(method, where, self.settings.host, body, *fixed)
            answer = await self._exchange(message, seconds or self.seconds)
            if answer.status != _TOO_MANY or not left:
                break
            wait = answer.header("retry-after") or "1"
            await asyncio.sleep(min(float(wait) if wait.isdigit() else 1.0, _MOST_PATIENCE))
        return answer

    async def overwhelm(self, method: str, path: str, user: str, document: Any) -> None:
        """A request that the application may also end the connection on. Raises NotDoneError."""
        with suppress(UnreachableError):
            await self.request(method, path, user, document=document, seconds=30.0)

    def _authorised(self, token: str | None) -> tuple[tuple[str, str], ...]:
        if token is None:
            return ()
        kind, _, name = self.settings.authentication.partition(" ")
        if kind == "cookie":
            return (("Cookie", token),)
        if kind == "header":
            return ((name, token),)
        return (("Authorization", f"{kind.title()} {token}"),)

    async def _exchange(self, message: HttpMessage, seconds: float) -> HttpMessage:
        self._sent += 1
        if self._sent > self.settings.most_requests:
            raise NotDoneError(
                f"{self.settings.most_requests} requests were sent, and more may not be "
                "(most_requests in [application])"
            )
        loop = asyncio.get_running_loop()
        if self._client is not None and loop.time() - self._used > _LONGEST_IDLE:
            # Servers let go of idle connections without a word.
            self._client.close()
        for is_last in (False, True):
            fresh = self._client is None or not self._client.is_open
            if self._client is None or fresh:
                self._client = Http1Client(await self.stream())
            try:
                answer = await self._client.exchange(message, seconds)
                self._used = loop.time()
                return answer
            except UnreachableError:
                # A server may close a connection that it has kept open for long.
                if fresh or is_last or message.method not in _READ_ONLY:
                    raise
        raise UnreachableError("no answer")

    async def stream(self) -> ByteStream:
        """A connection of its own, with TLS if the application has it. Raises UnreachableError."""
        settings = self.settings
        if not settings.is_tls:
            return await self.tap.open(settings.address, self.seconds)
        return await self.tap.open_tls(
            settings.address, self.seconds, client_context(), settings.server_name
        )

    async def send_slowly(self, octets: bytes, seconds: float) -> None:
        """Send the beginning of a request, and wait until the server has enough of it, or for so
        long. Raises UnreachableError.
        """
        stream = await self.stream()
        try:
            async with asyncio.timeout(seconds):
                await stream.write(octets)
                while await stream.read():
                    pass
        except (TimeoutError, ConnectionError):
            return
        finally:
            stream.close()

    # Who asks.

    async def token(self, user: str) -> str:
        """The token of a user, who logs in when it is first needed. Raises NotDoneError."""
        if user not in self._tokens:
            self._tokens[user] = await self._log_in(user)
        return self._tokens[user]

    async def ready(self, *users: str) -> None:
        """Have users logged in before the first variant. Raises NotDoneError, UnreachableError."""
        self.preparing("the test case: logging in")
        for user in users:
            await self.token(user)

    def forget(self, user: str) -> None:
        """The user will log in anew."""
        self._tokens.pop(user, None)

    async def _log_in(self, user: str) -> str:
        known = self.settings.users.get(user)
        if known is None:
            raise NotDoneError(f"the target names no user {user} ([application.users.{user}])")
        if known.token:
            return known.token
        if self.settings.authentication == "basic":
            return base64.b64encode(f"{known.name}:{known.password}".encode()).decode()
        login = self.settings.login
        if login is None:
            raise NotDoneError("the target does not say how to log in ([application.login])")
        answer = await self.log_in_with(login, known.name, known.password)
        found = pointed(answer, login.token)
        if self.settings.authentication == "cookie":
            found = (answer.header("set-cookie") or "").partition(";")[0]
        if not 200 <= (answer.status or 0) < 300 or not found:
            raise NotDoneError(f"{user} could not log in: {answer.status} to {login.operation}")
        return found

    async def log_in_with(
        self, login: Login, name: str, password: str, *, patient: bool = True
    ) -> HttpMessage:
        """One attempt."""
        method, _, path = login.operation.partition(" ")
        document = filled(login.body, name, password)
        return await self.request(method, path, document=document, patient=patient)

    # What there is to ask.

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the description names."""
        return self.settings.description.operations

    def needs(self, value: Any, what: str) -> None:
        """Raise NotDoneError where the target file does not say something."""
        if not value:
            raise NotDoneError(f"the target does not name {what}")

    def protected_reading(self) -> Operation:
        """An operation that reads, takes no parameter in its path, and needs credentials."""
        declared = self.settings.description.find(self.settings.protected)
        if declared is not None:
            return declared
        for each in self.operations:
            is_free = each.method == "GET" and not each.path_parameters
            if is_free and not each.is_public and not self.is_administrative(each):
                return each
        raise NotDoneError(
            "the description has no GET without parameters that needs credentials: name one "
            "(protected in [application])"
        )

    def is_administrative(self, operation: Operation) -> bool:
        """Whether an operation is for administrators."""
        if self.settings.administration:
            return operation.name in self.settings.administration
        words = (*operation.tags, operation.path)
        return any("admin" in each.lower() for each in words)

    async def object_path(self, operation: Operation) -> str | None:
        """The path of an object of the first user's, made if need be; None where that cannot be."""
        if not operation.path_parameters:
            return None
        start = operation.path[: operation.path.index("}") + 1]
        if start not in self._objects:
            self._objects[start] = self.settings.objects.get(start) or await self._made(start)
        found = self._objects[start]
        if found is None or "{" in operation.path[len(start) :]:
            return None
        return found + operation.path[len(start) :]

    def forget_object(self, operation: Operation) -> None:
        """An object is gone: the next is made anew."""
        if operation.path_parameters:
            self._objects.pop(operation.path[: operation.path.index("}") + 1], None)

    async def _made(self, start: str) -> str | None:
        """Make an object where a collection says how."""
        collection, _, _ = start.rpartition("/")
        maker = self.settings.description.find(f"POST {collection}")
        if maker is None or maker.body is None or self.is_administrative(maker):
            return None
        answer = await self.request("POST", collection, FIRST, document=example(maker.body))
        location = (answer.header("location") or "").rpartition("/")[2]
        parameter = start.rpartition("/")[2][1:-1]
        found = location or identifier(answer, parameter)
        if not 200 <= (answer.status or 0) < 300 or not found:
            return None
        return f"{collection}/{found}"

    async def expendable(self, operation: Operation) -> str | None:
        """The path of something that may be lost; None where the target names nothing."""
        if len(operation.path_parameters) != 1:
            return None
        given = self.settings.objects.get(operation.path)
        registration = self.settings.registration
        if given is not None or registration is None:
            return given
        name = self.new_name("expendable")
        answer = await self.log_in_with(registration, name, f"Makmal-{name}-9z")
        if not 200 <= (answer.status or 0) < 300:
            return None
        return operation.path.replace(f"{{{operation.path_parameters[0]}}}", name)

    def new_name(self, what: str) -> str:
        """A name that nobody has yet."""
        return f"makmal-{what}-{os.urandom(4).hex()}"

    @property
    def logins(self) -> tuple[Login, ...]:
        """The operations that credentials go to."""
        known = (self.settings.login, self.settings.registration)
        return tuple(each for each in known if each is not None)

    async def fetch(self, url: str) -> HttpMessage:
        """Have the application fetch a URL. Raises NotDoneError, UnreachableError."""
        fetching = self.settings.fetching
        if fetching is None:
            raise NotDoneError("the target names no operation that fetches a URL")
        method, _, path = fetching.operation.partition(" ")
        operation = self.settings.description.find(fetching.operation)
        body = {} if operation is None else self.example_of(operation)
        document = {**(body if isinstance(body, dict) else {}), fetching.property: url}
        return await self.request(method, path, FIRST, document=document, seconds=30.0)

    @staticmethod
    def answer(status: int, body: bytes, *headers: tuple[str, str]) -> HttpMessage:
        """An answer of a listener of ours."""
        return response(status, body, ("Content-Type", "application/json"), *headers)

    def schema_inputs(self) -> tuple[Input, ...]:
        """Requests within and outside the schemas."""
        return inputs(self.settings.description, self.settings.inputs)

    def example_of(self, operation: Operation) -> Any:
        """A body that fits, None where it takes none."""
        return None if operation.body is None else example(operation.body)

    @property
    def administrator(self) -> str:
        """Who may use administrative operations."""
        return ADMINISTRATOR

    # TLS and listeners.

    async def offer(self, version: int, suites: tuple[int, ...]) -> None:
        """Send one ClientHello and take what comes of it. Raises UnreachableError."""
        hello = tls.client_hello(version, suites, os.urandom(32), self.settings.server_name)
        await offer(self.tap, self.settings.address, hello, self.seconds)

    async def clear_text(self, path: str) -> None:
        """Ask without TLS where TLS is expected."""
        client = Http1Client(await self.tap.open(self.settings.address, self.seconds))
        try:
            message = request("GET", f"{self.settings.prefix}{path}", self.settings.host)
            await client.exchange(message, self.seconds)
        except UnreachableError:
            # That nothing legible comes back is what is hoped for.
            return
        finally:
            client.close()

    async def listen(
        self, at: Endpoint, answers: Callable[[HttpMessage], Awaitable[HttpMessage]]
    ) -> None:
        """Serve HTTP on an end of ours, until the test case is over. Raises NotDoneError."""

        async def handler(message: HttpMessage, client: Endpoint) -> HttpMessage:
            del client
            return await answers(message)

        async def served(stream: ByteStream) -> None:
            try:
                await serve(stream, handler, ServerLimits(), lambda status: response(status))
            except ConnectionError:
                return
            finally:
                stream.close()

        try:
            self.listened.append(await self.tap.listen(at, served))
        except OSError as error:
            reason = error.strerror or str(error)
            raise NotDoneError(
                f"the listener at {at.address}:{at.port} cannot be opened: {reason}"
            ) from None
