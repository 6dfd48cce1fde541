"""How long verification takes, and how the register grows.

    python benchmarks/assurance.py [CURVE.svg]

Verifies and judges again the evidence of the whole AMF suite on one core, and fills a register
with 100,000 entries, measuring appends and proofs on the way. Exit code 1 when verification takes
more than 10 s, or an operation of the full register reads more hashes than logarithmically many.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import seal_evidence
from makmal.assurance.register.log import Register, append_leaves
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.signing.time_stamps import create_authority
from makmal.assurance.signing.trust_file import trust_authority, trust_key
from makmal.assurance.storage.database import Database, open_database
from makmal.assurance.verification.verifier import (
    LABORATORY,
    check_consistency,
    check_inclusion,
    leaf_hash,
    read_trust,
    roots_at,
    verify,
)
from makmal.bench.rejudge import rejudge
from makmal.chart import svg
from makmal.cli.main import app
from makmal.testcases.registry import test_cases

ENTRIES = 100_000
SIZES = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
SAMPLES = 25
MOST_SECONDS = 10.0
TARGET = Path(__file__).parent.parent / "examples" / "embedded.toml"


def one_core() -> None:
    """Let this process have one core only, as the figure promises."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def verification(place: Path) -> float:
    """How long it takes to verify the evidence of a campaign, and to judge it again."""
    evidence = place / "evidence"
    arguments = ["evaluate", str(TARGET), "--evidence", str(evidence), "--json"]
    with open(os.devnull, "w") as nowhere:
        kept, sys.stdout = sys.stdout, nowhere
        try:
            app(arguments, standalone_mode=False)
        except SystemExit:
            pass
        except BaseException as error:
            if type(error).__name__ != "Exit":
                raise
        finally:
            sys.stdout = kept
    now = datetime.now(UTC)
    key = Ed25519PrivateKey.generate()
    authority = create_authority(place / "clock.pem", "Clock", "a passphrase", now)
    trust_key(place / "trust.toml", key.public_key(), LABORATORY, "Laboratory", now)
    trust_authority(place / "trust.toml", authority.certificate, "Clock")
    bundle = load_bundle(evidence)
    seal_evidence(bundle, Seal(key, authority), "Laboratory", "Benchmark")
    size = sum(path.stat().st_size for path in evidence.rglob("*") if path.is_file())
    begun, processor = time.perf_counter(), time.process_time()
    found, _ = verify(str(evidence), read_trust(place / "trust.toml"), datetime.now(UTC))
    verified = time.perf_counter() - begun
    again = rejudge(evidence, test_cases())
    whole = time.perf_counter() - begun
    if found.exit_code or again.exit_code:
        raise SystemExit(f"the evidence does not hold: {found.checks}")
    print(
        f"evidence of the AMF suite: {len(again.results)} test cases, {size / 1e6:.1f} MB; "
        f"verified in {verified:.2f} s, verified and judged again in {whole:.2f} s "
        f"({time.process_time() - processor:.2f} s of one core); the limit is {MOST_SECONDS:g} s"
    )
    return whole


@dataclass
class Measured:
    """One kind of operation: its median time in milliseconds of processor, and the most subtree
    hashes that one of them read and wrote.
    """

    milliseconds: float
    hashes: int


class Counter:
    """Counts the hashes that go to the database and come from it."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        event.listen(database.engine, "before_cursor_execute", self._executed)

    def _executed(self, *arguments: Any) -> None:
        statement, parameters = arguments[2], arguments[3]
        if "register_node" in statement:
            is_many = isinstance(parameters, list)
            self.count += len(parameters) if is_many else 1

    def measure(self, action: Callable[[int], object], numbers: range) -> Measured:
        """Do something for each number."""
        times, most = [], 0
        for number in numbers:
            self.count, begun = 0, time.process_time()
            action(number)
            times.append((time.process_time() - begun) * 1000)
            most = max(most, self.count)
        return Measured(statistics.median(times), most)


Row = tuple[int, Measured, Measured, Measured]


def register(place: Path) -> list[Row]:
    """Fill a register, and measure on the way."""
    database = open_database(str(place / "register.db"))
    counter = Counter(database)
    log = Register(database, Ed25519PrivateKey.generate())
    rows: list[Row] = []
    size = 0
    filler = "x" * 1500
    print("            append            inclusion proof   consistency proof")
    for wanted in SIZES:
        while size < wanted - SAMPLES:
            count = min(5_000, wanted - SAMPLES - size)
            leaves = [f'{{"n":{size + n},"x":"{filler}"}}'.encode() for n in range(count)]
            with database.writing() as connection:
                append_leaves(connection, size, leaves)
            size += count
        append = counter.measure(lambda n: log.append({"n": n, "x": filler}), range(size, wanted))
        size = wanted
        step = max(1, size // SAMPLES)
        included = partial(log.inclusion_proof, size=size)
        continued = partial(log.consistency_proof, second=size)
        inclusion = counter.measure(included, range(0, size, step))
        consistency = counter.measure(continued, range(1, size, step))
        rows.append((size, append, inclusion, consistency))
        cells = "  ".join(
            f"{each.milliseconds:6.2f} ms {each.hashes:3} hashes" for each in rows[-1][1:]
        )
        print(f"{size:>8}  {cells}")
    check(log, size)
    database.close()
    return rows


def check(log: Register, size: int) -> None:
    """The proofs that were measured are proofs: against the roots of all leaves."""
    begun = time.perf_counter()
    leaves = [leaf_hash(entry) for entry in log.entries()]
    firsts = range(1, size, size // 10)
    roots = roots_at(leaves, (*firsts, size))
    print(f"all {size} entries read and hashed in {time.perf_counter() - begun:.2f} s")
    for first in firsts:
        check_inclusion(first, size, leaves[first], log.inclusion_proof(first, size), roots[size])
        proof = log.consistency_proof(first, size)
        check_consistency(first, roots[first], size, roots[size], proof)


def draw(rows: list[Row]) -> str:
    """The curve: hashes read and written over the number of entries, on a logarithmic axis."""
    width, height, left, bottom = 760.0, 390.0, 64.0, 320.0
    right = width - 180
    most = math.ceil(max(each.hashes for row in rows for each in row[1:]) / 8) * 8
    low, high = math.log10(rows[0][0]), math.log10(rows[-1][0])

    def x(size: float) -> float:
        return left + (math.log10(size) - low) / (high - low) * (right - left)

    def y(value: float) -> float:
        return bottom - value / most * (bottom - 62)

    parts = [
        svg.text(left - 40, 28, "One operation on the register reads and writes so many hashes",
                 size=15, bold=True, anchor="start")
    ]  # fmt: skip
    for value in range(0, most + 1, 8):
        parts.append(svg.line(left, y(value), right, y(value)))
        parts.append(svg.text(left - 10, y(value) + 4, str(value), size=10, anchor="end"))
    for size in (100, 1_000, 10_000, 100_000):
        parts.append(svg.line(x(size), bottom, x(size), bottom + 5, stroke=svg.INK))
        parts.append(svg.text(x(size), bottom + 20, f"{size:,}", size=10))
    parts.append(svg.text((left + right) / 2, bottom + 44, "entries (logarithmic)", size=11))
    for column, name, colour in (
        (1, "append and sign", "#14507a"),
        (3, "consistency proof", "#9a6208"),
        (2, "inclusion proof", "#1d7a46"),
    ):
        points = [(x(row[0]), y(cast(Measured, row[column]).hashes)) for row in rows]
        for (x1, y1), (x2, y2) in pairwise(points):
            parts.append(svg.line(x1, y1, x2, y2, stroke=colour, width=2.2))
        parts += [
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points
        ]
        px, py = points[-1]
        parts.append(svg.text(px + 10, py + 4, name, size=11, fill=colour, anchor="start"))
    return svg.drawing(width, height, "hashes of one operation over the register's size", parts)


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        rows = register(Path(name))
        if len(sys.argv) > 1:
            Path(sys.argv[1]).write_text(draw(rows), "utf-8")
            print(f"the curve is in {sys.argv[1]}")
        one_core()
        seconds = verification(Path(name))
    most = max(each.hashes for each in rows[-1][1:])
    logarithmic = 3 * math.log2(rows[-1][0])
    return 0 if seconds < MOST_SECONDS and most < logarithmic else 1


if __name__ == "__main__":
    sys.exit(main())
