"""Many sessions of a UPF in one campaign: time and memory, and whether they grow linearly.

    python benchmarks/sessions.py [--sessions 10000]

The bench's SMF establishes so many sessions at the embedded UPF, for each of two test cases:
uniqueness of TEIDs (TS 33.513, 4.2.2.6), and their predictability. The verdicts are those on the
stored evidence. A quarter and half of the sessions are measured as well. Exit code 1 when a verdict
is not pass, or when four times the sessions take more than six times the time or memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = ("TC_TEID_ID_UNIQUENESS_UPF", "MAKMAL_UPF_IDENTIFIER_PREDICTABILITY")
MOST_GROWTH = 6.0
TARGET = """
[product]
class = "UPF"
attachment = "embedded"
[laboratory]
sessions = {sessions}
[network]
ue_pool = "10.0.0.0/8"
[timers]
test_case = 3600
"""


def campaign(sessions: int) -> tuple[float, float, float, list[str]]:
    """Seconds, seconds of processor time, MB at most, and the verdicts of one campaign."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "sessions.toml"
        target.write_text(TARGET.format(sessions=sessions))
        command = [sys.executable, __file__, "--run", str(target), f"{directory}/evidence"]
        began = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
    measured = json.loads(output.stderr.splitlines()[-1])
    verdicts = [each["verdict"] for each in json.loads(output.stdout)["verdicts"]]
    return seconds, measured["processor"], measured["memory"], verdicts


def run(target: str, evidence: str) -> None:
    """The campaign itself, in a process of its own; what it used is its last word."""
    from makmal.cli.main import app

    arguments = ["evaluate", target, "--evidence", evidence, "--json"]
    for name in CASES:
        arguments += ["--test-case", name]
    try:
        app(arguments)
    finally:
        used = resource.getrusage(resource.RUSAGE_SELF)
        measured = {
            "processor": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss / 1024,
        }
        print(json.dumps(measured), file=sys.stderr)


def main() -> int:
    """Measure, print, and say by the exit code whether it is enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(*arguments.run)
        return 0
    counts = [arguments.sessions // 4, arguments.sessions // 2, arguments.sessions]
    rows = []
    print(f"{'sessions':>10} {'seconds':>9} {'processor':>10} {'MB':>7}  verdicts")
    for count in counts:
        rows.append(campaign(count))
        seconds, processor, memory, verdicts = rows[-1]
        print(f"{count:>10,} {seconds:>9.1f} {processor:>10.1f} {memory:>7.0f}  {verdicts}")
    growth = rows[-1][1] / rows[0][1], rows[-1][2] / rows[0][2]
    print(f"four times the sessions: {growth[0]:.1f} times the time, {growth[1]:.1f} the memory")
    passed = all(verdict == "pass" for row in rows for verdict in row[3])
    return 0 if passed and max(growth) <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
