"""The proof of the test cases: evaluations a second of one core, and pycrate for comparison.

    python benchmarks/prove.py [--standard "TS 33.512" | --all] [--rounds 3] [--every 7]

An evaluation is a whole network in the simulated world, built, driven and recorded, and the trace
dissected and judged; UEs register in it with full cryptography. Two rates are measured. The first
is that of ``makmal prove``, which makes an evaluation once for all the products that do the same in
it (those whose difference the test case never comes to): the quickest of some runs counts, and the
exit code is 1 below 200 evaluations a second. The second is that of evaluations which are all made,
of every seventh. The peer does much less than one of those: pycrate (NGAP and NAS in Python, as
most 5G test tools have them) only decodes, once, the N2 messages that the evaluation recorded.
Measured are the test cases of TS 33.512, in which UEs register, unless another standard is named.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

from decode import pycrate

from makmal.bench.embedded_targets import EMBEDDED_TARGETS, targets_of
from makmal.bench.proof import RUNS_BETWEEN_COLLECTIONS, PlannedRun, planned_runs, prove
from makmal.network import recorder
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase

WANTED = 200
# pycrate is slow: it decodes the messages of one evaluation in so many.
SAMPLE = 10


@dataclass
class Measured:
    """Evaluations that were all made, and the peer: processor time in seconds."""

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
    """Evaluations, each made, and what the peer takes for their messages."""
    measured = Measured(len(runs))
    gc.collect()
    gc.freeze()
    gc.disable()
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
    gc.unfreeze()
    gc.enable()
    return measured


def chosen(standard: str | None) -> dict[str, list[TestCase]]:
    """The test cases of a standard, or all, by the product classes that they are for."""
    found: dict[str, list[TestCase]] = {}
    for kind in test_cases().values():
        test_case = kind()
        if standard in (None, test_case.requirement.reference.partition(",")[0]):
            for target in targets_of(test_case):
                found.setdefault(target.product_class, []).append(test_case)
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--standard", default="TS 33.512")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    decode = pycrate()
    runs, seconds = 0, 0.0
    for product_class, cases in chosen(None if arguments.all else arguments.standard).items():
        proofs = [prove(cases, product_class=product_class) for _ in range(arguments.rounds)]
        proof = min(proofs, key=lambda each: each.processor_seconds)
        runs, seconds = runs + len(proof.runs), seconds + proof.processor_seconds
        print(
            f"{product_class:12} {len(proof.runs):6} evaluations, of which {proof.shared} are the "
            f"sound product's: {len(proof.runs) / proof.processor_seconds:.0f} a second of one core"
        )
        target = EMBEDDED_TARGETS[product_class]
        planned = [run for each in cases for run in planned_runs(each, target)]
        made = measure(planned[:: arguments.every], decode, arguments.rounds)
        print(
            f"{'':12} {made.runs:6} evaluations, all made: "
            f"{made.seconds / made.runs * 1000:.2f} ms each, "
            f"{made.runs / made.seconds:.0f} a second of one core"
        )
        if made.messages:
            print(
                f"{'':12} {made.messages / made.sampled:.0f} N2 messages each; pycrate takes "
                f"{made.peer_seconds / made.sampled * 1000:.2f} ms only to decode them: "
                f"ratio {made.sampled_seconds / made.peer_seconds:.2f}"
            )
    print(f"{runs} evaluations: {runs / seconds:.0f} a second of one core ({WANTED} are wanted)")
    return 0 if runs / seconds >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
