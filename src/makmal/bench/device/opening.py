"""Opening the bench of a device: the embedded one in memory, another one by sockets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from makmal.bench.device import embedded
from makmal.bench.device.behind_ue import open_behind_ue
from makmal.bench.device.bench import DeviceBench
from makmal.bench.target import Target
from makmal.bench.target_addresses import EMBEDDED
from makmal.device.faults import FAULTS
from makmal.network.recorded_streams import StreamTap
from makmal.network.recorder import Recorder
from makmal.network.streams import Connector, SocketConnector


@asynccontextmanager
async def opened_device(
    target: Target, recorder: Recorder, connector: Connector | None = None
) -> AsyncIterator[DeviceBench]:
    """The bench of one test case. ``connector`` is what streams travel by; sockets within the
    scope unless given.
    """
    if target.product.attachment == EMBEDDED:
        policy = embedded.SOUND
        for fault in FAULTS:
            if fault.name in target.product.faults:
                policy = fault.apply(policy)
        opened = open_behind_ue if target.through_session else embedded.open_embedded
        async with opened(recorder, policy, target.features) as bench:
            yield bench
        return
    if target.device is None:
        raise TypeError("the target is no device")
    tap = StreamTap(connector or SocketConnector(target.scope), recorder, time.time_ns)
    bench = DeviceBench(
        tap, recorder, time.time_ns, target.device, target.features, target.timers.answer
    )
    try:
        yield bench
    finally:
        bench.close()
