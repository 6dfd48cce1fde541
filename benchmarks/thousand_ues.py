"""A thousand UEs in the embedded network on the wire: each registered, each with a PDU session.

    python benchmarks/thousand_ues.py [--count 1000] [--at-once 32]

UEs, gNB and the whole core run in this one process, and meet through sockets on loopback: SCTP in
UDP (RFC 6951), HTTP/2, PFCP and GTP-U. The memory is what the process grows by from the first
registration to the last session, for both sides together; so is the processor time. Exit code 1
when a UE is not registered or has no session.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, process_time

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.network.gnb import Gnb
from makmal.network.plan import FUNCTIONS
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.ue import Ue
from makmal.network.wire_world import WireWorld

WARM_UP = 8


@dataclass
class Measured:
    """What came of it; times in seconds, memory in octets."""

    registered: int = 0
    sessions: int = 0
    wall: float = 0.0
    processor: float = 0.0
    memory: int = 0
    failures: list[str] = field(default_factory=list)


def resident() -> int:
    """The resident memory of this process, in octets."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def measure(count: int, at_once: int) -> Measured:
    """Bring them all in, so many at a time."""
    plan = embedded_plan()
    plan = replace(
        plan,
        addresses={name: f"127.0.0.{number}" for number, name in enumerate(FUNCTIONS, 60)},
    )
    subscriptions = embedded_subscriptions(plan, count + WARM_UP)
    world = WireWorld(carriage=Carriage.UDP)
    network = ReferenceNetwork(world, plan, subscriptions)
    measured = Measured()
    await network.start(warm=True)
    gnb = Gnb(world, plan)
    ues = []

    async def bring_in(ue: Ue) -> None:
        result = await ue.register()
        if not result.accepted:
            measured.failures.append(f"{ue.subscription.supi}: {result}")
            return
        measured.registered += 1
        opened = await ue.establish_session()
        if opened.established:
            measured.sessions += 1
        else:
            measured.failures.append(f"{ue.subscription.supi}: {opened}")

    try:
        await gnb.set_up(plan.n2("AMF"))
        # What is set up for the first UEs, such as connections between functions, is nobody's.
        for subscription in subscriptions[count:]:
            await bring_in(Ue(world, plan, subscription, cell=gnb))
        measured.registered = measured.sessions = 0
        gc.collect()
        memory, wall, processor = resident(), perf_counter(), process_time()
        places = asyncio.Semaphore(at_once)

        async def in_turn(ue: Ue) -> None:
            async with places:
                await bring_in(ue)

        ues = [Ue(world, plan, each, cell=gnb) for each in subscriptions[:count]]
        await asyncio.gather(*map(in_turn, ues))
        measured.wall, measured.processor = perf_counter() - wall, process_time() - processor
        gc.collect()
        measured.memory = resident() - memory
        measured.failures += [repr(each) for each in world.failures]
    finally:
        gnb.close()
        await asyncio.sleep(0.05)
        await network.stop()
        await world.close()
    return measured


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=32)
    arguments = parser.parse_args()
    measured = asyncio.run(measure(arguments.count, arguments.at_once))
    count = arguments.count
    print(f"{measured.registered} of {count} registered, {measured.sessions} with a PDU session")
    print(
        f"{count / measured.wall:.0f} a second, "
        f"{measured.processor / count * 1000:.1f} ms of processor time each (UE, gNB and core)"
    )
    print(f"memory: {measured.memory / count / 1024:.1f} KiB a UE (UE, gNB and core)")
    for failure in measured.failures[:10]:
        print(f"failed: {failure}", file=sys.stderr)
    return 0 if measured.registered == measured.sessions == count else 1


if __name__ == "__main__":
    sys.exit(main())
