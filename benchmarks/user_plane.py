"""GTP-U packets a second of the UPF and of the tester: against scapy, and a plain UDP echo.

    python benchmarks/user_plane.py [--packets 100000]

In memory: an uplink G-PDU is read, checked against the session, and its packet answered in a
downlink G-PDU; scapy takes the same octets apart and makes the same answer, with no session to look
up. On sockets of the loopback interface: the same in a process of its own, against the shortest
echo that Python can do in its place, with the same client. Exit code 1 below 50 times and one half.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from makmal.bench.embedded_plan import embedded_plan
from makmal.bench.user_plane.smf import TesterSmf
from makmal.network.scope import Scope
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.upf import Upf, UpfPolicy, packets
from makmal.network.wire_world import WireWorld
from makmal.protocol import gtpu

WANTED_RATIO, WANTED_SHARE = 50.0, 0.5
UE, HOST = ip_address("10.60.0.9").packed, ip_address("198.51.100.7").packed
CONTENT = bytes(64)
UNDER_WAY = 160
ROUNDS = 5


def request(teid: int) -> bytes:
    """What the gNB sends: an echo request of the UE, in its tunnel."""
    packet = packets.udp_packet(UE, HOST, 40_000, 7, CONTENT)
    flow = gtpu.UlPduSessionInformation(qfi=1)
    header = [(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, flow)]
    return gtpu.build(gtpu.MessageType.G_PDU, teid, packet, extension_headers=header).encode()


def rate(work: Callable[[int], None], count: int) -> float:
    """The best of some rounds, in packets a second of processor time."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.process_time()
        work(count)
        best = max(best, count / (time.process_time() - began))
    return best


def check(holds: bool) -> None:
    """A measure of something else than was meant is none."""
    if not holds:
        raise SystemExit("what was measured did not do what it should")


def in_memory(count: int) -> tuple[float, float]:
    """The UPF's rate of packets through and back, and the tester's of packets built and read."""
    found: list[float] = []

    async def run() -> None:
        world, plan = SimulatedWorld(), embedded_plan()
        # No limit of rate: the virtual clock stands still.
        upf = Upf(world, plan)
        smf = TesterSmf(world, plan, "SMF", 3.0)
        await upf.start()
        await smf.associate()
        session = await smf.establish("10.60.0.9", plan.n3("gNB"), 0x1001, None)
        for each in upf.sessions.values():
            for rule in each.enforcement.values():
                rule.uplink = rule.downlink = None
        octets, source = request(session.uplink[1]), plan.n3("gNB")
        answers: list[bytes] = []
        upf.user_plane._send = lambda answer, to: answers.append(answer)

        def through(times: int) -> None:
            datagram = upf.user_plane.datagram
            for _ in range(times):
                datagram(octets, source)
            check(len(answers) == times and gtpu.decode(answers[-1]).teid == 0x1001)
            answers.clear()

        found.append(rate(through, count))
        await upf.stop()

    simulate(run())

    def build_and_read(times: int) -> None:
        for _ in range(times):
            message = gtpu.decode(request(7))
            check(message.teid == 7)

    found.append(rate(build_and_read, count // 4))
    return found[0], found[1]


def with_scapy(count: int) -> float:
    """Scapy's rate for the same octets in and out."""
    logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
    from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
    from scapy.layers.inet import IP, UDP

    octets = request(7)

    def through(times: int) -> None:
        for _ in range(times):
            message = GTP_U_Header(octets)
            inner = message[IP]
            answer = (
                GTP_U_Header(teid=0x1001)
                / GTPPDUSessionContainer(type=0, QFI=1)
                / IP(src=inner.dst, dst=inner.src)
                / UDP(sport=inner[UDP].dport, dport=inner[UDP].sport)
                / bytes(inner[UDP].payload)
            )
            made = bytes(answer)
        check(made.endswith(CONTENT))

    return rate(through, count)


def plain_echo(address: str) -> None:
    """The shortest echo: what the second measure compares with."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 2152))
    print("ready", flush=True)
    while True:
        octets, source = server.recvfrom(65_536)
        server.sendto(octets, source)


def serving_upf(address: str, smf_address: str, gnb_address: str) -> None:
    """A UPF on sockets, with a session for the client; it prints its TEID."""
    plan = embedded_plan()
    places = {**plan.addresses, "UPF": address, "SMF": smf_address, "gNB": gnb_address}
    plan = replace(plan, addresses=places)

    async def run() -> None:
        world = WireWorld(scope=Scope())
        upf = Upf(world, plan, UpfPolicy())
        smf = TesterSmf(world, plan, "SMF", 3.0)
        await upf.start()
        await smf.associate()
        session = await smf.establish("10.60.0.9", plan.n3("gNB"), 0x1001, None)
        for each in upf.sessions.values():
            for rule in each.enforcement.values():
                rule.uplink = rule.downlink = None
        print(session.uplink[1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


def one_round(end: socket.socket, to: str, octets: bytes, count: int) -> float:
    """Answers a second to so many requests, with some under way; lost ones are sent again."""
    came = 0
    for _ in range(UNDER_WAY):
        end.sendto(octets, (to, 2152))
    began = time.perf_counter()
    while came < count:
        try:
            end.recv(65_536)
        except TimeoutError:
            for _ in range(UNDER_WAY):
                end.sendto(octets, (to, 2152))
            continue
        came += 1
        end.sendto(octets, (to, 2152))
    seconds = time.perf_counter() - began
    # What is under way is none of the next round.
    try:
        while True:
            end.recv(65_536)
    except TimeoutError:
        return count / seconds


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """What a process has used so far."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def on_sockets(count: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """The UPF's rates and the plain echo's, in turns, so that both have the same machine: answers
    a second that the client saw, and answers a second of the server's processor time.
    """
    base = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}."
    upf, smf, gnb, echo, other = (f"{base}{number}" for number in range(1, 6))
    runs = []
    try:
        for arguments, local, to in (
            (["upf", upf, smf, gnb], gnb, upf),
            (["echo", echo], other, echo),
        ):
            process = subprocess.Popen(
                [sys.executable, __file__, "--serve", *arguments], stdout=subprocess.PIPE, text=True
            )
            said = process.stdout.readline().strip() if process.stdout else ""
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            end.bind((local, 2152))
            end.settimeout(0.3)
            runs.append((process, end, to, request(int(said) if said.isdigit() else 7)))
        seen, used = [0.0, 0.0], [0.0, 0.0]
        for _ in range(ROUNDS):
            for at, (process, end, to, octets) in enumerate(runs):
                before = processor_seconds(process)
                seen[at] = max(seen[at], one_round(end, to, octets, count))
                spent = max(processor_seconds(process) - before, 0.01)
                used[at] = max(used[at], count / spent)
    finally:
        for process, end, _, _ in runs:
            end.close()
            process.kill()
            process.wait()
    return (seen[0], used[0]), (seen[1], used[1])


def main() -> int:
    """Measure, print, and say by the exit code whether it is enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=100_000)
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve = {"echo": plain_echo, "upf": serving_upf}[arguments.serve[0]]
        serve(*arguments.serve[1:])
    upf, tester = in_memory(arguments.packets)
    scapy = with_scapy(max(arguments.packets // 100, 200))
    (wire, upf_used), (echo, echo_used) = on_sockets(arguments.packets)
    print(f"in memory, packets of {len(CONTENT)} octets through the UPF and back:")
    print(f"  UPF       {upf:>12,.0f} a second   {upf / scapy:6.1f} times scapy")
    print(
        f"  tester    {tester:>12,.0f} a second   {tester / scapy:6.1f} times scapy (built, read)"
    )
    print(f"  scapy     {scapy:>12,.0f} a second")
    print("on sockets of the loopback interface, in a process of its own:")
    print(f"  UPF       {wire:>12,.0f} a second   {wire / echo:6.2f} of a plain UDP echo")
    print(f"  UDP echo  {echo:>12,.0f} a second")
    share = upf_used / echo_used
    print("the same, a second of the server's processor time (what others use does not count):")
    print(f"  UPF       {upf_used:>12,.0f} a second   {share:6.2f} of a plain UDP echo")
    print(f"  UDP echo  {echo_used:>12,.0f} a second")
    return 0 if upf / scapy >= WANTED_RATIO and wire / echo >= WANTED_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
