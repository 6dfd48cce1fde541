"""Opening the bench of an application: the embedded one in memory, another one by sockets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from makmal.bench.application import embedded
from makmal.bench.application.bench import ApplicationBench
from makmal.bench.application.through_session import open_through_session
from makmal.bench.target import Target
from makmal.bench.target_addresses import EMBEDDED
from makmal.cloud.faults import FAULTS
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.streams import Connector, SocketConnector


@asynccontextmanager
async def opened_application(
    target: Target, recorder: Recorder, connector: Connector | None = None
) -> AsyncIterator[ApplicationBench]:
    """The bench of one test case. ``connector`` is what streams travel by; sockets within the
    scope unless given.
    """
    if target.product.attachment == EMBEDDED:
        policy = embedded.SOUND
        for fault in FAULTS:
            if fault.name in target.product.faults:
                policy = fault.apply(policy)
        opened = open_through_session if target.through_session else embedded.open_embedded
        async with opened(recorder, policy, target.features) as bench:
            yield bench
        return
    if target.application is None:
        raise TypeError("the target is no application")
    tap = StreamTap(connector or SocketConnector(target.scope), recorder, time.time_ns)
    bench = ApplicationBench(
        tap, recorder, time.time_ns, target.application, target.features, target.timers.answer
    )
    try:
        yield bench
    finally:
        bench.close()
