"""``makmal audit`` against ``tshark -V`` on one large capture: time, and memory as it grows.

    python benchmarks/audit.py [--frames 200000]

Both read every message to the point where its fields are known; Makmal also judges. Exit code 1
when Makmal is slower, or needs more than 500 MB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from repeated_capture import source_frames, write_repeated

MOST_MEGABYTES = 500


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    wanted = parser.parse_args().frames
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not installed (Debian: apt-get install tshark)")
        return 2
    name, frames = source_frames()
    repetitions = -(-wanted // len(frames))
    with TemporaryDirectory() as directory:
        half, whole = Path(directory) / "half.pcapng", Path(directory) / "whole.pcapng"
        count = write_repeated(whole, frames, repetitions)
        write_repeated(half, frames, repetitions // 2)
        print(f"{name}, {repetitions} times: {count} frames, {whole.stat().st_size >> 20} MB")
        audit = [sys.executable, "-m", "makmal", "audit", "--json"]
        _, half_memory = run([*audit, str(half)])
        seconds, memory = run([*audit, str(whole)])
        peer_seconds, peer_memory = run([tshark, "-V", "-r", str(whole)])
    print(f"makmal audit {seconds:7.1f} s {memory:6.0f} MB  ({half_memory:.0f} MB on half of it)")
    print(f"tshark -V    {peer_seconds:7.1f} s {peer_memory:6.0f} MB")
    print(f"time, makmal to tshark: {seconds / peer_seconds:.2f} (1 or less is wanted)")
    print(f"memory, whole to half: {memory / half_memory:.2f} (2 or less is wanted)")
    return 0 if seconds <= peer_seconds and memory < MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
