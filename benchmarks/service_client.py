"""Our client of the service-based interface against httpx: the same requests to the same server.

    python benchmarks/service_client.py [--requests 2000] [--at-once 32] [--rounds 3]

HTTP/2 with prior knowledge on loopback, the server in a process of its own. Ours records every
octet into a capture file meanwhile; httpx records nothing. Exit code 1 below 2 times.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing import Event, Process
from multiprocessing.synchronize import Event as EventType
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from makmal.network import service
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.wire_world import WireWorld
from makmal.protocol.sbi import HttpMessage
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.message import SbiMessage

WANTED_RATIO = 2
SERVER, CLIENT = Endpoint("127.0.0.61", 17861), Endpoint("127.0.0.62", 0)
PATH = "/nudm-sdm/v2/imsi-999700000000001/nssai"
ANSWER = {"defaultSingleNssais": [{"sst": 1}, {"sst": 2, "sd": "000002"}]}


def serve(is_up: EventType, is_over: EventType) -> None:
    """Answers until it is over."""

    async def answer(message: HttpMessage) -> HttpMessage:
        return service.response(200, service.json_body(ANSWER))

    async def work() -> None:
        world = WireWorld(carriage=Carriage.UDP)
        await world.serve(SERVER, answer)
        is_up.set()
        while not is_over.is_set():  # noqa: ASYNC110 - another process says so
            await asyncio.sleep(0.05)
        await world.close()

    asyncio.run(work())


async def rate(ask: Callable[[], Awaitable[None]], requests: int, at_once: int) -> float:
    """Requests per second."""
    await ask()
    left = requests

    async def some() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask()

    started = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(at_once)))
    return requests / (time.perf_counter() - started)


async def ours(requests: int, at_once: int, trace: Path) -> float:
    with trace.open("wb") as file:
        world = WireWorld(FrameRecorder(file), carriage=Carriage.UDP)

        async def ask() -> None:
            found = await world.request(CLIENT, SERVER, service.request("GET", PATH))
            assert found.status == 200  # noqa: S101

        try:
            return await rate(ask, requests, at_once)
        finally:
            await world.close()


async def theirs(requests: int, at_once: int) -> float:
    url = f"http://{SERVER.address}:{SERVER.port}{PATH}"
    transport = httpx.AsyncHTTPTransport(http1=False, http2=True, local_address=CLIENT.address)
    async with httpx.AsyncClient(transport=transport) as client:

        async def ask() -> None:
            found = await client.get(url)
            assert found.status_code == 200  # noqa: S101

        return await rate(ask, requests, at_once)


def recorded(trace: Path) -> int:
    """Responses that the trace has."""
    with open_capture(trace) as capture:
        dissector = Dissector()
        found = [each for frame in capture for each in dissector.feed(frame)]
    return sum(isinstance(each, SbiMessage) and each.http.status == 200 for each in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    is_up, is_over = Event(), Event()
    server = Process(target=serve, args=(is_up, is_over), daemon=True)
    server.start()
    is_up.wait(10)
    rates: dict[str, list[float]] = {"Makmal, recording": [], "httpx": []}
    try:
        with TemporaryDirectory() as directory:
            for number in range(options.rounds):
                trace = Path(directory) / f"{number}.pcapng"
                work = ours(options.requests, options.at_once, trace)
                rates["Makmal, recording"].append(asyncio.run(work))
                rates["httpx"].append(asyncio.run(theirs(options.requests, options.at_once)))
                found = recorded(trace)
                if found != options.requests + 1:
                    print(f"the trace has {found} responses, not {options.requests + 1}")
                    return 1
    finally:
        is_over.set()
        server.join(10)
    for name, found_rates in rates.items():
        print(f"{name:18} {median(found_rates):8,.0f} requests/s")
    mine, other = (median(each) for each in rates.values())
    print(f"{mine / other:.1f} times as many ({WANTED_RATIO} are wanted)")
    return 0 if mine >= WANTED_RATIO * other else 1


if __name__ == "__main__":
    sys.exit(main())
