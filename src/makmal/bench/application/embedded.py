"""The reference cloud application as the target: all of it in memory, its policy ours to choose."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, lru_cache

from makmal.bench.application.bench import ApplicationBench
from makmal.bench.application.openapi import Description, read_description
from makmal.bench.application.settings import (
    ADMINISTRATOR,
    FIRST,
    SECOND,
    ApplicationSettings,
    Fetching,
    Login,
    User,
)
from makmal.cloud import Application, CloudPolicy
from makmal.cloud import accounts as cloud_accounts
from makmal.cloud.description import description
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.simulated_world import simulate
from makmal.network.streams import Connector, MemoryConnector
from makmal.security.laboratory_authority import Authority
from makmal.testcases.test_case import TestCase
from makmal.trace.capture_source import Source
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import Knowledge
from makmal.trace.pcapng import Reader
from makmal.trace.trace import Trace

FEATURES = frozenset({"registration", "fetching"})
# Test addresses of RFC 5737.
_APPLICATION, _TESTER = "198.51.100.10", "198.51.100.20"
_PERMITTED_PORT, _FORBIDDEN_PORT = 8081, 8082
# Quick enough for a proof of hundreds of runs; the application itself asks for more.
SOUND = CloudPolicy(password_cost=1 << 4)
USERS = {
    FIRST: User("alice", "correct horse 1"),
    SECOND: User("bob", "battery staple 2"),
    ADMINISTRATOR: User("carol", "admin of sensors 3"),
}
LOGIN_BODY = {"name": "{name}", "password": "{password}"}


@cache
def authority() -> Authority:
    """The laboratory's authority of this process."""
    return Authority()


@lru_cache(maxsize=4)
def reference_description(title: str) -> Description:
    """The description of the reference application."""
    import json

    return read_description(json.dumps(description(title)), "the embedded description")


def reference_settings(
    base: str, address: Endpoint, permitted: Endpoint, forbidden: Endpoint
) -> ApplicationSettings:
    """What a target file would say of the reference application."""
    return ApplicationSettings(
        base=base,
        address=address,
        description=reference_description("sensors"),
        users=USERS,
        login=Login("POST /v1/sessions", LOGIN_BODY),
        logout="DELETE /v1/sessions",
        registration=Login("POST /v1/accounts", LOGIN_BODY),
        fetching=Fetching("POST /v1/imports", "url", forbidden, permitted, "[20.5, 21.0]"),
        largest_body=1 << 17,
    )


def populate(application: Application) -> None:
    """The three users of the reference application."""
    for role, user in USERS.items():
        rank = cloud_accounts.ADMINISTRATOR if role == ADMINISTRATOR else cloud_accounts.USER
        application.accounts.create(user.name, user.password, rank)


def application_at(
    connector: Connector, local: Endpoint, policy: CloudPolicy, now: Callable[[], float]
) -> Application:
    """The reference application with its users, not started yet."""
    permitted = frozenset({Endpoint(_TESTER, _PERMITTED_PORT)})
    application = Application(connector, local, policy, authority(), permitted, now)
    populate(application)
    return application


def settings_at(local: Endpoint, tester: str) -> ApplicationSettings:
    """What is known of it; we listen at ``tester``."""
    permitted, forbidden = (Endpoint(tester, port) for port in (_PERMITTED_PORT, _FORBIDDEN_PORT))
    return reference_settings(f"https://{local.address}", local, permitted, forbidden)


@asynccontextmanager
async def open_embedded(
    recorder: Recorder, policy: CloudPolicy = SOUND, features: frozenset[str] = FEATURES
) -> AsyncIterator[ApplicationBench]:
    """The application in memory, and the bench in front of it. Runs in virtual time or in ours."""
    begin, loop = time.time_ns(), asyncio.get_running_loop()
    started = loop.time()

    def now_ns() -> int:
        return begin + int((loop.time() - started) * 1_000_000_000)

    theirs = MemoryConnector(_APPLICATION)
    application = application_at(
        theirs, Endpoint(_APPLICATION, 443), policy, lambda: now_ns() / 1_000_000_000
    )
    await application.start()
    settings = settings_at(application.local, _TESTER)
    tap = StreamTap(MemoryConnector(_TESTER, theirs), recorder, now_ns)
    bench = ApplicationBench(tap, recorder, now_ns, settings, features)
    try:
        yield bench
    finally:
        bench.close()
        application.stop()
        await theirs.finish()


def read_recorded(stream: io.BytesIO, test_case: TestCase, knowledge: Knowledge) -> Trace:
    """The trace that was recorded, read back as from a file."""
    stream.seek(0)
    file = Reader(Source(stream, []))
    dissector = test_case.reader(knowledge, file.secrets)
    messages = [message for frame in file for message in dissector.feed(frame)]
    return Trace(tuple(messages + dissector.finish()), knowledge)


def trace_of(
    test_case: TestCase, policy: CloudPolicy = SOUND, features: frozenset[str] = FEATURES
) -> Trace:
    """The trace of a procedure on the embedded application, simulated."""
    stream = io.BytesIO()

    async def run() -> None:
        async with open_embedded(FrameRecorder(stream), policy, features) as bench:
            await test_case.procedure(bench)

    simulate(run())
    return read_recorded(stream, test_case, Knowledge())
