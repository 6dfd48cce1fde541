"""The proof of the test cases: evaluations a second of one core, and pycrate for comparison.

    python benchmarks/prove.py [--standard "TS 33.512" | --all] [--every 7] [--rounds 5]

An evaluation is a whole network in the simulated world, built, driven and recorded, and the trace
dissected and judged; UEs register in it with full cryptography. Every seventh is measured, and its
quickest run counts: what other programs take away is not Makmal's. The peer does much less: pycrate
(NGAP and NAS in Python, as most 5G test tools have them) only decodes, once, the N2 messages that
the evaluation recorded. Measured are the test cases of TS 33.512, in which UEs register, unless
another standard is named. Exit code 1 below 200 evaluations a second.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time

from decode import pycrate

from makmal.bench.embedded_targets import EMBEDDED_TARGETS, targets_of
from makmal.bench.proof import RUNS_BETWEEN_COLLECTIONS, PlannedRun, planned_runs
from makmal.network import recorder
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase

WANTED = 200
# pycrate is slow: it decodes the messages of one evaluation in so many.
SAMPLE = 10


@dataclass
class Measured:
    """One class of products: processor time in seconds."""

    runs: int = 0
    seconds: float = 0.0
    sampled: int = 0
    sampled_seconds: float = 0.0
    peer_seconds: float = 0.0
    messages: int = 0


def n2_messages_of(run: PlannedRun) -> list[bytes]:
    """The NGAP messages that an evaluation records."""
    found: list[bytes] = []
    keep = recorder.PayloadRecorder.n2

    def noting(self, time_ns, source, destination, payload, stream_id=0):
        found.append(payload)
        keep(self, time_ns, source, destination, payload, stream_id)

    recorder.PayloadRecorder.n2 = noting
    try:
        run.run()
    finally:
        recorder.PayloadRecorder.n2 = keep
    return found


def quickest(work: Callable[[], object], rounds: int) -> float:
    """Seconds of processor time of the quickest of some runs."""
    times = []
    for _ in range(rounds):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def measure(runs: list[PlannedRun], decode: Callable[[bytes], int], rounds: int) -> Measured:
    """Evaluations of one class."""
    measured = Measured(len(runs))
    for index, run in enumerate(runs):
        seconds = quickest(run.run, rounds)
        measured.seconds += seconds
        if index % SAMPLE == 0:
            messages = n2_messages_of(run)
            measured.sampled += 1
            measured.sampled_seconds += seconds
            measured.messages += len(messages)
            measured.peer_seconds += quickest(
                lambda messages=messages: [decode(each) for each in messages], rounds
            )
        if index % RUNS_BETWEEN_COLLECTIONS == 0:
            # As in makmal prove, but with the garbage of all the rounds.
            measured.seconds += quickest(gc.collect, 1) / rounds
    return measured


def groups(wanted: str | None) -> Iterator[tuple[str, list[PlannedRun]]]:
    """The evaluations of each standard on each product class."""
    known = [kind() for kind in test_cases().values()]
    of_standard: dict[str, list[TestCase]] = {}
    for each in known:
        of_standard.setdefault(each.requirement.reference.partition(",")[0], []).append(each)
    for standard, cases in of_standard.items():
        for name, target in EMBEDDED_TARGETS.items():
            tested = [each for each in cases if target in targets_of(each)]
            if tested and wanted in (None, standard):
                runs = [run for each in tested for run in planned_runs(each, target)]
                yield f"{standard} {name}", runs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--standard", default="TS 33.512")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    decode = pycrate()
    gc.collect()
    gc.freeze()
    gc.disable()
    runs, seconds = 0, 0.0
    for name, planned in groups(None if arguments.all else arguments.standard):
        measured = measure(planned[:: arguments.every], decode, arguments.rounds)
        runs, seconds = runs + measured.runs, seconds + measured.seconds
        print(
            f"{name:16} {measured.runs:5} evaluations, "
            f"{measured.seconds / measured.runs * 1000:6.2f} ms each, "
            f"{measured.runs / measured.seconds:6.0f} a second of one core"
        )
        if measured.messages:
            print(
                f"{'':16} {measured.messages / measured.sampled:.0f} N2 messages each; pycrate "
                f"takes {measured.peer_seconds / measured.sampled * 1000:.2f} ms only to decode "
                f"them: ratio {measured.sampled_seconds / measured.peer_seconds:.2f}"
            )
    print(f"{runs} evaluations: {runs / seconds:.0f} a second of one core ({WANTED} are wanted)")
    return 0 if runs / seconds >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
