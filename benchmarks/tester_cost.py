"""What a registration on the wire costs the tester, against what it costs the AMF under test.

    python benchmarks/tester_cost.py
    python benchmarks/tester_cost.py --target TARGET.toml --pid PID [--pid PID]

The tester is a gNB and UEs of Makmal in this process: NG Setup, then complete registrations (SUCI,
5G AKA, security mode, Registration Complete), over SCTP. Its processor time and that of the AMF are
taken over the same registrations of the same run.

Without a target the AMF is the embedded one, in a process of its own. A target file names a
product: a whole core, which must know the file's subscribers, or a surrounded AMF, whose neighbours
are then ours and run in another process. --pid is a process of the AMF.

Exit code 1 when the tester needs more than the AMF.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from makmal.bench.network_namespace import enter
from makmal.bench.opening import policy_of
from makmal.bench.target import Target, load_target, parse_target
from makmal.bench.target_addresses import WHOLE_CORE
from makmal.collector import collect_rarely
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.gnb import Gnb
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.recorder import NoRecorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.subscription import Subscription
from makmal.network.ue import Ue
from makmal.network.wire_world import WireWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first ones make connections and fill caches, on both sides.
WARM_UP = 20
READY = "ready"
EMBEDDED = """
[product]
name = "the embedded AMF"
vendor = "Makmal"
version = "this one"
class = "AMF"
attachment = "surrounded"
[network]
mcc = "999"
mnc = "70"
tac = 1
slices = ["1"]
dnns = ["internet"]
[addresses]
n2 = "127.0.3.2"
sbi = "127.0.3.2"
[laboratory]
first_address = "127.0.3.10"
[scope]
networks = ["127.0.0.0/8"]
[[subscriber]]
supi = "imsi-999700000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
suci_scheme = "A"
[[home_network_key]]
identifier = 1
profile = "A"
private_key = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
[features]
oauth2 = true
"""


def target_of(path: Path | None) -> Target:
    """The target of the file; the embedded AMF without one."""
    return parse_target(EMBEDDED) if path is None else load_target(path)


def subscriptions_of(target: Target, count: int) -> tuple[Subscription, ...]:
    """So many subscribers: where our UDM serves them, more than the file names if needed."""
    found = target.subscriptions
    if len(found) >= count:
        return found[:count]
    if target.product.attachment == WHOLE_CORE:
        raise SystemExit(f"the target names {len(found)} subscribers; {count} are needed")
    first, digits = found[0], found[0].supi.removeprefix("imsi-")
    return tuple(
        replace(first, supi=f"imsi-{int(digits) + number:0{len(digits)}d}")
        for number in range(count)
    )


def processor_seconds(pids: list[int]) -> float:
    """User and system time of processes, all of their threads (proc(5))."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


# The other processes.


async def serve(target: Target, what: str, count: int) -> None:
    """Run the neighbours of the AMF, or the embedded AMF, until standard input ends."""
    plan: NetworkPlan = target.plan()
    if what == "amf":
        plan = replace(plan, absent=frozenset(FUNCTIONS) - {"AMF"})
    world = WireWorld(NoRecorder(), target.scope)
    network = ReferenceNetwork(world, plan, subscriptions_of(target, count), policy_of(target))
    await network.start(warm=what != "amf")
    print(READY, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await network.stop()
    await world.close()


@contextmanager
def served(what: str, target: Path | None, count: int) -> Iterator[int]:
    """Have another process serve; its process id."""
    command = [sys.executable, __file__, "--serve", what, "--count", str(count)]
    if target is not None:
        command += ["--target", str(target)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        output: IO[str] = process.stdout  # type: ignore[assignment]
        if output.readline().strip() != READY:
            raise SystemExit(f"what should serve ({what}) did not start")
        try:
            yield process.pid
        finally:
            process.communicate()


# The tester.


async def register(
    target: Target, pids: list[int], count: int, at_a_time: int, capture: Path | None
) -> tuple[int, float, float, float]:
    """Registered UEs, and the seconds that passed, that the tester took and that the AMF took."""
    plan, stream = target.plan(), None if capture is None else capture.open("wb")
    recorder = NoRecorder() if stream is None else FrameRecorder(stream)
    world = WireWorld(recorder, target.scope)
    gnb = Gnb(world, plan)
    await gnb.set_up(plan.n2("AMF"))
    waiting = list(reversed(subscriptions_of(target, count + WARM_UP)))
    registered = 0

    async def some(until: int) -> None:
        nonlocal registered
        while len(waiting) > until:
            ue = Ue(world, plan, waiting.pop(), cell=gnb)
            result = await ue.register()
            registered += result.accepted

    try:
        await some(count)
        await asyncio.sleep(0.5)
        registered = 0
        began, ours, theirs = time.perf_counter(), time.process_time(), processor_seconds(pids)
        await asyncio.gather(*(some(0) for _ in range(at_a_time)))
        # What follows a registration belongs to it.
        await asyncio.sleep(0.5)
        theirs = processor_seconds(pids) - theirs
        ours = time.process_time() - ours
        passed = time.perf_counter() - began - 0.5
        if world.failures:
            raise world.failures[0]
        return registered, passed, ours, theirs
    finally:
        gnb.close()
        await asyncio.sleep(0.05)
        await world.close()
        if stream is not None:
            stream.close()


def measure(options: argparse.Namespace, target: Target, pids: list[int]) -> int:
    """Measure, print, and tell whether the tester is the cheaper side."""
    count = options.count
    registered, passed, ours, theirs = asyncio.run(
        register(target, pids, count, options.at_a_time, options.capture)
    )
    print(f"{target.product.name} {target.product.version}, SCTP: {WireWorld().describe()}")
    print(f"{registered} of {count} registered in {passed:.2f} s, {options.at_a_time} at a time")
    if registered < count:
        return 2
    print(f"the AMF            {theirs / count * 1000:7.3f} ms of processor time a registration")
    print(f"gNB and UE, Makmal {ours / count * 1000:7.3f} ms of processor time a registration")
    print(f"tester to AMF: {ours / theirs:.2f} (below 1 is wanted)")
    return 0 if ours < theirs else 1


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", type=Path, help="a product to measure against")
    parser.add_argument("--pid", type=int, action="append", help="a process of the AMF")
    parser.add_argument("--count", type=int, default=500, help="how many registrations")
    parser.add_argument("--at-a-time", type=int, default=1, help="how many at a time")
    parser.add_argument("--capture", type=Path, help="record them too, into this pcapng file")
    parser.add_argument("--serve", choices=("neighbours", "amf"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    target = target_of(options.target)
    # As the makmal command does.
    collect_rarely()
    if target.laboratory.network_namespace:
        enter(target.laboratory.network_namespace)
    if options.serve:
        asyncio.run(serve(target, options.serve, options.count))
        return 0
    if options.target is not None and not options.pid:
        parser.error("--pid: whose processor time is to be measured?")
    everyone = options.count + WARM_UP
    if target.product.attachment == WHOLE_CORE:
        return measure(options, target, options.pid)
    with served("neighbours", options.target, everyone):
        if options.target is not None:
            return measure(options, target, options.pid)
        with served("amf", None, everyone) as pid:
            return measure(options, target, [pid])


if __name__ == "__main__":
    sys.exit(main())
