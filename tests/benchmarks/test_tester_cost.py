"""What measures the tester's cost: whose time it takes, and for which subscribers."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from makmal.bench.target import parse_target

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
try:
    from tester_cost import EMBEDDED, processor_seconds, subscriptions_of, target_of
finally:
    sys.path.remove(str(ROOT / "benchmarks"))


def test_processor_time_is_that_of_the_process_and_grows() -> None:
    before, own = processor_seconds([os.getpid()]), time.process_time()
    while time.process_time() < own + 0.05:
        pass
    grown = processor_seconds([os.getpid()]) - before
    assert 0.03 <= grown <= 0.2
    assert processor_seconds([os.getpid()]) == pytest.approx(time.process_time(), abs=0.1)
    with pytest.raises(FileNotFoundError):
        processor_seconds([1 << 22])


def test_as_many_subscribers_as_are_needed() -> None:
    target = target_of(None)
    found = subscriptions_of(target, 30)
    assert len({each.supi for each in found}) == 30
    assert found[29].supi == "imsi-999700000000030"
    assert replace(found[29], supi=found[0].supi) == target.subscriptions[0]


def test_a_whole_core_must_know_them_all() -> None:
    text = EMBEDDED.replace('"surrounded"', '"whole core"')
    target = parse_target(text)
    assert subscriptions_of(target, 1) == target.subscriptions
    with pytest.raises(SystemExit, match="the target names 1 subscribers; 2 are needed"):
        subscriptions_of(target, 2)


def test_the_example_of_a_product_can_be_measured() -> None:
    path = ROOT / "examples" / "open5gs-amf.toml"
    assert target_of(path).addresses.ends["n2"].port == 38412
